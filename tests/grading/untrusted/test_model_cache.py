"""What a student's process repeats: models as they were built, answers as they were."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from helpers.checks import vanilla
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.in_process import LocalStudent
from helpers.checks.student.interface import Student, StudentError

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager.context import context

from grading.runtime.job import Cell, Verdict
from grading.trusted.channel import Channel
from grading.trusted.judge import judge
from grading.untrusted.answer import serve
from grading.untrusted.model_cache import Memory, Stale

PARTS = ("auto",)
X = np.ones((4, 3), np.float32)


class Builder:
    """A builder of one model that counts its calls."""

    def __init__(self, make: Callable[..., keras.Model] = keras.Model) -> None:
        self.calls: list[int] = []
        self.make = make

    def __call__(self, units: int) -> keras.Model:
        self.calls.append(units)
        x = keras.Input(shape=(3,))
        auto = self.make(x, keras.layers.Dense(units)(x))
        auto.compile(optimizer="adam", loss="mse")
        return auto


class OwnStep(keras.Model):
    """Its training remembers in Python how often it was asked for."""

    steps = 0

    def train_step(self, data: Any) -> dict[str, Any]:
        self.steps += 1
        return super().train_step(data)


class Growing(keras.Model):
    """It makes variables when it is called."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        self.seen = keras.Variable(0.0, trainable=False)
        return super().call(inputs, training=training)


# --- operations -----------------------------------------------------------------------


@pytest.fixture
def as_functions() -> Callable[[bool], None]:
    """Turn on or off that TensorFlow makes a function of each operation."""
    context().ensure_initialized()
    switch = pywrap_tfe.TFE_ContextSetRunEagerOpAsFunction
    return lambda on: switch(context()._handle, on)


def _failing_operation() -> str:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.raw_ops.MatMul(a=tf.ones((2, 3)), b=tf.ones((2, 3)))
    return str(caught.value)


def _trained() -> list[np.ndarray]:
    """Return weights and answers after some training, in all of which is chance."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((32, 8), np.float32)
    image = keras.Input(shape=(8,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(16, "relu")(image))
    auto = keras.Model(image, keras.layers.Dense(8, "sigmoid")(hidden))
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    student = LocalStudent(lambda: auto, PARTS)
    student.build()
    losses = student.train(x, x, epochs=3, batch_size=8, seed=1)
    answers = student.predict("auto", x, training=True)
    return [*student.get_weights("auto"), *answers, np.array(losses)]


def test_operations_run_as_they_are_and_compute_the_same(
    as_functions: Callable[[bool], None],
) -> None:
    as_functions(True)
    assert "__wrapped__" in _failing_operation()
    wanted = _trained()

    Memory().student(Builder(), PARTS)

    assert "__wrapped__" not in _failing_operation()
    for found, one in zip(_trained(), wanted, strict=True):
        np.testing.assert_array_equal(found, one)


def test_without_the_switch_operations_run_all_the_same(
    as_functions: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_functions(True)
    monkeypatch.delattr(pywrap_tfe, "TFE_ContextSetRunEagerOpAsFunction")

    Memory().student(Builder(), PARTS).build(2)

    assert "__wrapped__" in _failing_operation()


# --- models ---------------------------------------------------------------------------


def test_a_builder_is_called_once_for_the_same_sizes() -> None:
    memory, builder = Memory(), Builder()

    for units in (2, 2, 5, 2):
        memory.student(builder, PARTS).build(units)

    assert builder.calls == [2, 5]


def test_models_are_handed_out_as_they_were_built() -> None:
    memory, builder = Memory(), Builder()
    first = memory.student(builder, PARTS)
    first.build(2)
    before = first.get_weights("auto")
    first.set_weights("auto", [array + 1 for array in before])
    first.training_loss(X, X[:, :2])

    again = memory.student(builder, PARTS)
    again.build(2)

    assert builder.calls == [2]
    for found, wanted in zip(again.get_weights("auto"), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_trained_models_are_not_handed_out_again() -> None:
    memory, builder = Memory(), Builder()
    student = memory.student(builder, PARTS)
    student.build(2)
    student.train(X, X[:, :2], epochs=1, batch_size=4)

    student.build(2)
    assert builder.calls == [2]
    student.get_weights("auto")

    assert builder.calls == [2, 2]


def test_models_that_are_trained_before_all_else_are_not_handed_out_again() -> None:
    memory, builder = Memory(), Builder()
    student = memory.student(builder, PARTS)
    for _ in range(2):
        student.build(2)
        student.train(X, X[:, :2], epochs=1, batch_size=4)

    student.build(2)
    student.get_weights("auto")

    assert builder.calls == [2, 2, 2]


@pytest.mark.parametrize("own", [OwnStep, Growing])
def test_models_that_may_remember_what_happened_are_not_handed_out_again(
    own: type[keras.Model],
) -> None:
    memory, builder = Memory(), Builder(own)
    student = memory.student(builder, PARTS)
    student.build(2)
    student.training_loss(X, X[:, :2])

    student.build(2)
    student.get_weights("auto")

    assert builder.calls == [2, 2]


def test_a_cell_that_is_no_test_may_change_what_a_builder_does() -> None:
    memory, builder = Memory(), Builder()
    memory.in_notebook("test")
    memory.student(builder, PARTS).build(2)
    memory.in_notebook(None)

    memory.student(builder, PARTS).build(2)

    assert builder.calls == [2, 2]


def test_two_builders_do_not_share_models() -> None:
    memory, one, other = Memory(), Builder(), Builder()

    for builder in (one, other):
        memory.student(builder, PARTS).build(2)

    assert (one.calls, other.calls) == ([2], [2])


# --- answers --------------------------------------------------------------------------


def asked(student: Student, units: int = 2) -> list[np.ndarray]:
    """Ask what a check asks; return the outputs."""
    student.build(units)
    student.set_weights("auto", [np.ones((3, units)), np.zeros(units)])
    return student.predict("auto", X)


def test_a_visible_test_gets_the_answers_that_it_got() -> None:
    memory, builder = Memory(), Builder()
    memory.in_notebook("test")
    (wanted,) = asked(memory.student(builder, PARTS))
    wanted = wanted.copy()
    builder.calls.clear()

    for _ in range(2):
        memory.in_verdict("test")
        (found,) = asked(memory.student(builder, PARTS))
        np.testing.assert_array_equal(found, wanted)
        found += 1  # as a check may do with what it gets

    assert not builder.calls


def test_an_error_is_an_answer_too() -> None:
    memory = Memory()
    calls = []

    def builder(units: int) -> None:
        calls.append(units)
        raise ValueError("my mistake")

    memory.in_notebook("test")
    with pytest.raises(StudentError, match="my mistake"):
        memory.student(builder, PARTS).build(2)
    memory.in_verdict("test")
    with pytest.raises(StudentError, match="my mistake"):
        memory.student(builder, PARTS).build(2)

    assert calls == [2]


@pytest.mark.parametrize(
    "question",
    [
        lambda student: student.build(3),
        lambda student: asked(student) and student.get_weights("auto"),
        lambda student: student.build(2) and student.predict("auto", X),
        lambda student: asked(student) and asked(student),
    ],
    ids=["other sizes", "one more", "another one", "one more build"],
)
def test_what_was_not_asked_in_the_notebook_has_no_answer(question: Callable) -> None:
    memory, builder = Memory(), Builder()
    memory.in_notebook("test")
    asked(memory.student(builder, PARTS))
    memory.in_verdict("test")

    with pytest.raises(Stale):
        question(memory.student(builder, PARTS))


def test_another_function_of_the_same_name_has_no_answer() -> None:
    memory = Memory()
    memory.in_notebook("test")
    asked(memory.student(Builder(), PARTS))
    memory.in_verdict("test")

    with pytest.raises(Stale):
        asked(memory.student(Builder(), PARTS))


def test_hidden_tests_are_answered_anew() -> None:
    memory, builder = Memory(), Builder()
    memory.in_notebook("test")
    asked(memory.student(builder, PARTS))
    memory.in_notebook(None)
    memory.in_verdict(None)

    asked(memory.student(builder, PARTS))

    assert builder.calls == [2, 2]


# --- in the verdict -------------------------------------------------------------------


@check("it gives ones", parts=PARTS)
def gives_ones(student: Student, units: int = 2) -> None:
    """With weights of 1 / 3, ones come back as ones."""
    student.build(units)
    student.set_weights("auto", [np.full((3, units), 1 / 3), np.zeros(units)])
    if not np.allclose(student.predict("auto", X)[0], 1):
        raise CheckFailed("ones", "something else", "the layer")


SETUP = "from tests.grading.untrusted.test_model_cache import gives_ones"
ABOUT: Any = {"kind": "code", "role": "test", "points": 2.0}


def verdict(memory: Memory, builder: Callable) -> tuple[Verdict, int]:
    """Return the verdict on a builder, and how many questions were put."""
    visible = "gives_ones(builder)"
    cells = [Cell("test", "test", source=visible, **ABOUT)]
    trusted = [
        Cell("test", "test", source=f"{visible}\ngives_ones(builder, units=5)", **ABOUT)
    ]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        names = {"builder": builder}
        threading.Thread(
            target=serve, args=(theirs, names, memory), daemon=True
        ).start()
        channel = Channel(ours, time.monotonic() + 60)
        return judge([SETUP], cells, trusted, channel), channel.asked


@pytest.fixture(autouse=True)
def logs_again() -> Iterator[None]:
    """Undo what serve does for its own process."""
    yield
    logging.disable(logging.NOTSET)


def test_the_verdict_repeats_the_notebook_and_asks_hidden_tests_anew() -> None:
    memory, builder = Memory(), Builder()
    memory.in_notebook("test")
    gives_ones(memory.student(builder, PARTS))
    memory.in_notebook(None)

    found, _ = verdict(memory, builder)

    assert found.marks == {"test": 2.0}
    assert builder.calls == [2, 5]


@pytest.mark.parametrize("ran", [False, True], ids=["never ran", "ran otherwise"])
def test_a_visible_test_without_its_answers_is_asked_anew(ran: bool) -> None:
    memory, builder = Memory(), Builder()
    if ran:
        memory.in_notebook("test")
        asked(memory.student(builder, PARTS))
        memory.in_notebook(None)
        builder.calls.clear()

    found, _ = verdict(memory, builder)

    assert found.marks == {"test": 2.0}
    assert builder.calls == [2, 5]


def test_whoever_always_lacks_an_answer_is_asked_twice_and_fails() -> None:
    class Forgetful(Memory):
        def student(self, *_: Any) -> Any:
            raise Stale

    found, questions = verdict(Forgetful(), Builder())

    assert found.marks == {"test": 0.0}
    assert not found.visible["test"]
    assert questions < 10


def test_the_checks_of_an_assignment_are_repeated_whole() -> None:
    """Their questions follow from the answers alone, so the same ones come again."""
    from samples.submissions.vanilla import REFERENCE

    names: dict[str, Any] = {"keras": keras, "layers": keras.layers}
    exec(REFERENCE, names)
    builder = names["autoencoder"]
    calls = []

    def counted(*sizes: Any) -> Any:
        calls.append(sizes)
        return builder(*sizes)

    checks = [one for one in vars(vanilla).values() if hasattr(one, "property")]
    memory = Memory()
    for one in checks:
        memory.in_notebook(one.property)
        one(memory.student(counted, ("encoder", "decoder", "auto")))
    calls.clear()

    for one in checks:
        memory.in_verdict(one.property)
        one(memory.student(counted, ("encoder", "decoder", "auto")))

    assert len(checks) == 9
    assert not calls
