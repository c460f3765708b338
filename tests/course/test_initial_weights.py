"""No mark hangs on the initial weights, or on Adam's settings, that a student chose."""

from collections.abc import Callable

import keras
import pytest

from grading.untrusted.model_cache import run_operations_directly
from samples import degenerate
from samples.course import ASSIGNMENTS
from samples.degenerate import Behaviour, Change, Models, with_kernels

pytestmark = pytest.mark.slow

NAMES = [name for name in ASSIGNMENTS if name != "quiz"]


@pytest.fixture(scope="module", autouse=True)
def _direct():
    run_operations_directly()
    yield
    keras.backend.clear_session()


def initialized(kernel: Callable, bias: float = 0.0) -> Change:
    """Return a change of the weights that models begin with.

    Args:
        kernel: makes a kernel from its shape.
        bias: all numbers of a bias.
    """

    def change(models: Models) -> None:
        for model in models.values():
            for layer in with_kernels(model):
                for weight in layer.trainable_weights:
                    value = kernel(weight.shape) if len(weight.shape) > 1 else bias
                    weight.assign(value + keras.ops.zeros(weight.shape))

    return change


def last_layers_of_zero(models: Models) -> None:
    for model in models.values():
        for layer in with_kernels(model)[-1:]:
            layer.kernel.assign(keras.ops.zeros(layer.kernel.shape))


def adam(*arguments: float, **named: object) -> Change:
    return degenerate.optimizer(lambda: keras.optimizers.Adam(*arguments, **named))


CHOICES: dict[str, Change] = {
    "random_normal": initialized(keras.initializers.RandomNormal()),
    "random_uniform": initialized(keras.initializers.RandomUniform()),
    "a normal distribution of 0.01": initialized(
        keras.initializers.RandomNormal(0, 0.01)
    ),
    "a normal distribution of 0.5": initialized(
        keras.initializers.TruncatedNormal(0, 0.5)
    ),
    "orthogonal, biases of 1": initialized(keras.initializers.Orthogonal(), 1),
    "last layers of zero": last_layers_of_zero,
    "a rate of 0.1": adam(0.1),
    "a rate of 1": adam(1.0),
    "a rate of 1e-5": adam(1e-5),
    "AMSGrad, other betas": adam(1e-3, 0.8, 0.99, amsgrad=True),
}
BY_DAY = {
    ("convolutional", "last layers of zero"),
    ("stacked_classifier", "random_uniform"),
    ("variational", "random_normal"),
}
"""Choices that cost points once."""


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        pytest.param(
            name, choice, marks=() if (name, choice) in BY_DAY else pytest.mark.long
        )
        for name in NAMES
        for choice in CHOICES
    ],
)
def test_the_reference_keeps_its_points(name: str, choice: str) -> None:
    marks = degenerate.marks(name, "right", Behaviour(choice, CHOICES[choice]))

    assert marks == degenerate.without(name, "right")
