"""What a student's process hands out again: models as they were built, no others."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from helpers.checks import vanilla
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.in_process import LocalStudent
from helpers.checks.student.interface import Student

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
from grading.untrusted.model_cache import ReusedStudent, run_operations_directly

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

    run_operations_directly()

    assert "__wrapped__" not in _failing_operation()
    for weights, expected in zip(_trained(), wanted, strict=True):
        np.testing.assert_array_equal(weights, expected)


def test_without_the_switch_operations_run_all_the_same(
    as_functions: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_functions(True)
    monkeypatch.delattr(pywrap_tfe, "TFE_ContextSetRunEagerOpAsFunction")

    run_operations_directly()

    assert "__wrapped__" in _failing_operation()


# --- models ---------------------------------------------------------------------------


def test_a_builder_is_called_once_for_the_same_sizes() -> None:
    built, builder = {}, Builder()

    for units in (2, 2, 5, 2):
        ReusedStudent(builder, PARTS, built).build(units)

    assert builder.calls == [2, 5]


def test_models_are_handed_out_as_they_were_built() -> None:
    built, builder = {}, Builder()
    first = ReusedStudent(builder, PARTS, built)
    first.build(2)
    before = first.get_weights("auto")
    first.set_weights("auto", [array + 1 for array in before])
    first.training_loss(X, X[:, :2])

    again = ReusedStudent(builder, PARTS, built)
    again.build(2)

    assert builder.calls == [2]
    for weights, wanted in zip(again.get_weights("auto"), before, strict=True):
        np.testing.assert_array_equal(weights, wanted)


def test_trained_models_are_not_handed_out_again() -> None:
    built, builder = {}, Builder()
    student = ReusedStudent(builder, PARTS, built)
    student.build(2)
    student.train(X, X[:, :2], epochs=1, batch_size=4)

    student.build(2)
    assert builder.calls == [2]
    student.get_weights("auto")

    assert builder.calls == [2, 2]


def test_models_that_are_trained_before_all_else_are_not_handed_out_again() -> None:
    built, builder = {}, Builder()
    student = ReusedStudent(builder, PARTS, built)
    for epochs in (1, 2):
        student.build(2)
        student.train(X, X[:, :2], epochs=epochs, batch_size=4)

    student.build(2)
    student.get_weights("auto")

    assert builder.calls == [2, 2, 2]


def test_models_are_handed_out_again_as_they_were_after_the_same_first_training() -> (
    None
):
    built, builder = {}, Builder(OwnStep)
    student = ReusedStudent(builder, PARTS, built)
    weights, losses = [], []
    for _ in range(3):
        student.build(2)
        losses.append(student.train(X, X[:, :2], epochs=2, batch_size=4))
        weights.append(student.get_weights("auto"))
        student.set_weights("auto", [array + 1 for array in weights[0]])

    assert builder.calls == [2]
    assert losses[0] == losses[1] == losses[2]
    np.testing.assert_array_equal(weights[2][0], weights[0][0])
    assert student.models["auto"].steps == 2


def test_models_trained_once_more_are_not_handed_out_as_after_the_first() -> None:
    built, builder = {}, Builder()
    student = ReusedStudent(builder, PARTS, built)
    for _ in range(2):
        student.build(2)
        for _ in range(2):
            student.train(X, X[:, :2], epochs=1, batch_size=4)

    assert builder.calls == [2, 2]


def test_a_training_from_other_weights_is_taken() -> None:
    student = ReusedStudent(Builder(), PARTS, {})
    losses = []
    for number in (0.1, 0.2):
        student.build(2)
        weights = [np.full_like(array, number) for array in student.get_weights("auto")]
        student.set_weights("auto", weights)
        losses += student.train(X, X[:, :2], epochs=1, batch_size=4)

    assert losses[0] != losses[1]


@pytest.mark.parametrize("own", [OwnStep, Growing])
def test_models_that_may_remember_what_happened_are_not_handed_out_again(
    own: type[keras.Model],
) -> None:
    built, builder = {}, Builder(own)
    student = ReusedStudent(builder, PARTS, built)
    student.build(2)
    student.training_loss(X, X[:, :2])

    student.build(2)
    student.get_weights("auto")

    assert builder.calls == [2, 2]


def test_two_builders_do_not_share_models() -> None:
    built, first, second = {}, Builder(), Builder()

    for builder in (first, second):
        ReusedStudent(builder, PARTS, built).build(2)

    assert (first.calls, second.calls) == ([2], [2])


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


def verdict(builder: Callable) -> tuple[Verdict, int]:
    """Return the verdict on a builder, and how many questions were put."""
    visible = "gives_ones(builder)"
    hidden = "gives_ones(builder, units=5)"
    cells = [Cell("test", "test", source=visible, **ABOUT)]
    full_tests = [Cell("test", "test", source=f"{visible}\n{hidden}", **ABOUT)]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        names = {"builder": builder}
        threading.Thread(target=serve, args=(theirs, names), daemon=True).start()
        channel = Channel(ours, time.monotonic() + 60)
        *_, said = judge([SETUP], cells, full_tests, channel)
        return said, channel.asked


@pytest.fixture(autouse=True)
def logs_again() -> Iterator[None]:
    """Undo what serve does for its own process."""
    yield
    logging.disable(logging.NOTSET)


def test_the_visible_and_the_hidden_test_build_once_each() -> None:
    builder = Builder()

    judged, questions = verdict(builder)

    assert judged.marks == {"test": 2.0}
    assert judged.printed == {"test": "Holds: it gives ones.\n"}
    assert builder.calls == [2, 5]
    assert questions < 10


def test_all_checks_of_an_assignment_build_few_models() -> None:
    from samples.submissions.vanilla import REFERENCE

    names: dict[str, Any] = {"keras": keras, "layers": keras.layers}
    exec(REFERENCE, names)
    calls = []

    def counted(*sizes: Any) -> Any:
        calls.append(sizes)
        return names["autoencoder"](*sizes)

    checks = [
        vanilla_check
        for vanilla_check in vars(vanilla).values()
        if hasattr(vanilla_check, "property")
    ]
    built: dict[Any, Any] = {}
    for vanilla_check in checks:
        vanilla_check(ReusedStudent(counted, ("encoder", "decoder", "auto"), built))

    assert len(checks) == 9
    assert len(calls) < len(checks)
