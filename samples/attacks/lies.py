"""Answers that make the process that judges work, wait, or misread."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack
from samples.attacks.neighbours import lies
from samples.attacks.outputs import RAW

value = partial(Attack, kind="hostile values")
LONG = replace(SMALL, wall_s=10)
SAYS = """
from grading.untrusted import answer
def lie(self, name):
    return {"kind": "value", "value": @VALUE@}
answer._Answers.value = lie
"""


def says(id: str, code: str, **how) -> Attack:
    """Return an attack whose process answers every name with a value of its own."""
    return value(id, code=SAYS.replace("@VALUE@", code), **how)


ATTACKS = [
    says(
        "sets_of_numbers_that_collide",
        """{
        "kind": "set", "items": [n * (2 ** 61 - 1) for n in range(19_000)]}""",
        limits=LONG,
    ),
    says(
        "keys_that_collide",
        """{
        "kind": "dict", "items": [[n * (2 ** 61 - 1), 0] for n in range(9_900)]}""",
        limits=LONG,
    ),
    says(
        "sets_in_sets",
        """(lambda f: f(f, 15))(lambda f, n: {
        "kind": "frozenset", "items": [f(f, n - 1)] * 2 if n else []})""",
    ),
    says(
        "items_of_another_form",
        '{"kind": "dict", "items": [1, "ab", [1], [[], 1], {"a": 1, "b": 2}]}',
    ),
    says("letters_in_a_long_text", '{"kind": "list", "items": ["b" * 20_000] * 40}'),
    value(
        "array_of_another_class",
        code="""
import numpy as np
class Evil(np.ndarray):
    def tolist(self):
        return {"b", "c"} if self.ndim else (_ for _ in iter(int, 1))
    def __array_finalize__(self, other):
        raise SystemExit
    def __eq__(self, other):
        return True
    __hash__ = lambda self: hash("b")
answer_1 = np.ndarray.__new__(Evil, (2,)) if False else np.array(["a"], object)
answer_2 = answer_3 = np.ma.masked_all((3,), "U1")
""",
    ),
    value(
        "numbers_that_are_no_numbers",
        code="""
class Number(int):
    def __int__(self):
        raise SystemExit
    __float__ = __index__ = __repr__ = __str__ = __int__
class Word(str):
    def __str__(self):
        return 7
answer_1, answer_2, answer_3 = Number(3), Word("a"), {Word("b"), Number(1)}
""",
    ),
    lies(
        "facts_nested_deeply",
        "facts",
        """
    nested = 0
    for _ in range(450):
        nested = [nested]
    return {"facts": {"class": "Model", "input_shape": nested, "output_shape": nested,
            "parameters": True, "optimizer": "Adam",
            "layers": [{"class": "Dense", "name": "x", "units": nested}] * 100}}
""",
    ),
    lies(
        "facts_of_thousands_of_layers",
        "facts",
        """
    layer = {"class": "Dense", "name": "", "units": 1e308, "activation": None}
    return {"facts": {"class": "Model", "input_shape": 1, "output_shape": {},
            "parameters": -1, "optimizer": None, "layers": [layer] * 9_000}}
""",
    ),
    lies(
        "answers_in_every_type",
        "predict",
        """
    lie.calls = getattr(lie, "calls", 0) + 1
    kinds = ("bool", "int8", "int64", "uint64", "float16", "float64", "bfloat16",
             "complex64", "datetime64[s]", "U3", "O", ">f8")
    kind = kinds[lie.calls % len(kinds)]
    if kind == "bfloat16":
        import ml_dtypes
        kind = ml_dtypes.bfloat16
    return [np.ones((5, 5)).astype(kind)]
""",
    ),
    lies(
        "answers_of_odd_shapes",
        "predict",
        """
    lie.calls = getattr(lie, "calls", 0) + 1
    shapes = ((), (1,) * 8, (0,), (5, 0, 10**6), (1,) * 30, (5, 10**6), (10**6, 5))
    return [np.zeros(shapes[lie.calls % len(shapes)], np.float32)]
""",
    ),
    lies(
        "numbers_next_to_zero",
        "get_weights",
        "    return [np.full((1 << 10, 1 << 11), 1e-45, np.float32)] * 2",
        limits=LONG,
    ),
    value(
        "answers_letter_by_letter",
        code=RAW
        + """
import threading, time
def drip():
    questions.recv(1, socket.MSG_PEEK)
    while True:
        questions.sendall(b"\\0")
        time.sleep(0.5)
threading.Thread(target=drip, daemon=True).start()
""",
        limits=replace(SMALL, wall_s=6),
    ),
    lies(
        "errors_that_pose_as_the_course_s",
        "build",
        """
    from helpers.checks.student.interface import StudentError
    error = StudentError("NotImplementedError", "Layer " * 900, "NotImplementedError")
    error.raised_in = "add_loss"
    error.number = error.property = error.likely_cause = "Holds: everything."
    raise error
""",
    ),
]
