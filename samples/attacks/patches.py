"""Attacks on what tests are made of: builtins, NumPy, Keras, checks, comparisons."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack

patch = partial(Attack, kind="patches")

WRONG_BUILDER = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    x = keras.Input(shape=(input_dims,))
    encoder = keras.Model(x, layers.Dense(3)(x))
    code = keras.Input(shape=(3,))
    decoder = keras.Model(code, layers.Dense(5)(code))
    auto = keras.Model(x, decoder(encoder(x)))
    return encoder, decoder, auto
"""

ATTACKS = [
    patch(
        "quiz_functions_patched",
        code="""
from helpers.checks import quiz
for name in ("form", "no_wrong_option", "every_right_option", "_letters"):
    setattr(quiz, name, lambda *a, **k: set())
""",
    ),
    patch(
        "builtins_patched",
        code="""
import builtins
builtins.set = lambda *a: frozenset()
builtins.all = lambda *a: True
builtins.isinstance = lambda *a: True
builtins.len = lambda *a: 1
builtins.repr = lambda *a: "a"
""",
        limits=replace(SMALL, wall_s=4),
    ),
    patch(
        "failure_class_patched",
        code="""
from helpers.checks import property_check, quiz
class Nothing(Warning):
    def __init__(self, *a, **k):
        pass
property_check.CheckFailed = quiz.CheckFailed = Nothing
property_check.NotDone = quiz.NotDone = Nothing
property_check.check = lambda *a, **k: (lambda f: f)
""",
    ),
    patch(
        "string_that_equals_everything",
        code="""
class Any(str):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return hash("b")
answer_1 = {Any("a")}
""",
        honest='answer_1 = {"a"}',
        after=False,
    ),
    patch(
        "set_that_is_never_wrong",
        code="""
class Right(set):
    def __iter__(self):
        return iter("a")
    def __sub__(self, other):
        return set()
    __rsub__ = __xor__ = __rxor__ = __sub__
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __bool__(self):
        return True
    __hash__ = None
answer_1 = Right("a")
""",
        honest='answer_1 = {"a"}',
        after=False,
    ),
    patch(
        "answer_that_changes",
        code="""
class Changing:
    n = 0
    def __iter__(self):
        Changing.n += 1
        return iter(["bc", "ab", "bd", "ac", "cd", "d"][Changing.n % 6])
answer_1 = answer_2 = answer_3 = Changing()
""",
        after=False,
    ),
    patch(
        "answer_that_prints_the_question",
        code="""
class Spy:
    def __iter__(self):
        import sys
        frame = sys._getframe()
        while frame:
            print(frame.f_code.co_name, repr(frame.f_locals)[:2000])
            frame = frame.f_back
        return iter("")
answer_1 = Spy()
""",
        after=False,
    ),
    patch(
        "names_of_the_course_redefined",
        code="""
class Everything:
    def __getattr__(self, name):
        return lambda *a, **k: None
quiz = vanilla = progress = ready = keras = Everything()
answer_1 = answer_2 = quiz
""",
    ),
    patch(
        "numpy_patched",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
import numpy as np
np.abs = lambda *a, **k: np.float32(0)
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
np.quantile = lambda *a, **k: (1, 1)
np.isfinite = lambda a: np.ones(np.shape(a), bool)
""",
    ),
    patch(
        "checks_patched",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
from helpers.checks import vanilla
from helpers.checks.oracles import dense, shared
dense.close = shared.close = lambda *a: True
for module in (shared, dense):
    for name in dir(module):
        if name.endswith(("_is", "_are", "_dense", "_relu", "_sigmoid", "_both")):
            setattr(module, name, lambda *a, **k: None)
for name in ("shapes", "encoder_layers", "code_is_relu", "optimizer_is_adam"):
    setattr(vanilla, name, lambda *a, **k: print("Holds: everything."))
""",
    ),
    patch(
        "keras_patched",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
keras.Model.count_params = lambda self: 1
keras.Model.get_weights = lambda self: []
keras.Model.__call__ = lambda self, x, training=False: x
keras.ops.convert_to_numpy = lambda x: x
keras.Model.train_step = lambda self, data: {"loss": 0.0}
""",
    ),
    patch(
        "local_student_patched",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
from helpers.checks.student import in_process
import numpy as np
class Liar(in_process.LocalStudent):
    def build(self, *arguments):
        return list(arguments)
    def facts(self, part):
        return {"class": "Model", "input_shape": [None, 784], "layers": [],
                "output_shape": [None, 784], "parameters": 1, "optimizer": "Adam"}
    def get_weights(self, part):
        return [np.zeros((784, 128), "float32")]
    def set_weights(self, part, arrays):
        pass
    def predict(self, part, x, training=False):
        return [x]
    def training_loss(self, x, y, part="auto"):
        return float("nan")
    def train(self, x, y, **how):
        return [0.0] * how["epochs"]
in_process.LocalStudent = Liar
""",
    ),
    patch(
        "answers_patched",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
import numpy as np
from grading.untrusted import answer, model_cache
def anything(self, part, x, training=False):
    return [np.random.default_rng().random(x.shape, np.float32)]
model_cache.ReusedStudent.predict = anything
model_cache.ReusedStudent.training_loss = lambda self, x, y, part="auto": 0.0
model_cache.Built.put_back = lambda self: True
answer._Answers.facts = lambda self, part: {
    "facts": {"class": "Model", "input_shape": [None, 784], "layers": [],
              "output_shape": [None, 784], "parameters": 1, "optimizer": "Adam"}
}
""",
    ),
    patch(
        "answers_that_are_said_to_be_known",
        assignment="vanilla",
        honest=WRONG_BUILDER,
        code="""
from grading.untrusted import model_cache
class Everything(dict):
    def get(self, key, default=None):
        return model_cache.Built(autoencoder, {}, [784, [128, 64], 32])
init = model_cache.ReusedStudent.__init__
def with_everything(self, builder, parts, built):
    init(self, builder, parts, Everything())
model_cache.ReusedStudent.__init__ = with_everything
""",
    ),
    patch(
        "builder_that_is_a_student",
        assignment="vanilla",
        code="""
from helpers.checks.student.interface import Student
class Mine(Student):
    def build(self, *arguments):
        return list(arguments)
    def __getattr__(self, name):
        return lambda *a, **k: None
    facts = get_weights = set_weights = predict = training_loss = train = (
        lambda self, *a, **k: None
    )
autoencoder = Mine()
""",
    ),
]
