"""What stands after a last layer is told by what a model does, not by what it says."""

from dataclasses import replace
from functools import partial

from helpers.checks.oracles.last_activation import (
    INVERSES,
    Ending,
    last_biases,
    name_of_last,
)
from helpers.checks.oracles.probes import ACTIVATIONS, beyond, draw_steady, inputs
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import use_seed

import numpy as np
import pytest

UNITS = 5


def ending(f, *, hidden=np.tanh, units=UNITS, unused=0, width=7):
    """Return a network of two layers whose last activation gets x, a and training."""
    shapes = [(9, width), (width,), (width, units), (units,), *[(units,)] * unused]
    weights = draw_steady([np.zeros(shape, np.float32) for shape in shapes])

    def answer(arrays, x, training):
        kernel, bias, last, last_bias = arrays[:4]
        a = hidden(x @ kernel + bias) @ last + last_bias
        return f(x, a, training).astype(np.float32)

    return Ending(
        answer, weights, last_biases(weights, units), units, beyond(inputs(7, 9))
    )


def plain(name, **options):
    return ending(lambda x, a, training: ACTIVATIONS[name](a), **options)


@pytest.fixture(autouse=True)
def _usual_numbers():
    yield
    use_seed(0)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", INVERSES)
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"hidden": lambda a: a},
        {"hidden": lambda a: 50 * a},
        {"hidden": lambda a: np.maximum(a, 0)},
        {"unused": 2},
        {"width": UNITS},
        {"units": 2},
        {"units": 40},
    ],
    ids=[
        "",
        "linear",
        "large",
        "ReLU",
        "unused biases",
        "as wide",
        "2 units",
        "40 units",
    ],
)
def test_an_activation_is_known_whatever_the_layers_before(name, how, seed):
    use_seed(seed)
    right = plain(name, **how)
    assert right.is_activation(name)
    assert right.is_activation(name, training=True)


@pytest.mark.parametrize("name", ["ReLU", "a sigmoid", "no activation"])
def test_a_last_layer_of_one_unit_is_known_too(name):
    assert plain(name, units=1).is_activation(name)


@pytest.mark.parametrize("wanted", INVERSES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_any_other_activation_is_refused(name, wanted):
    assert plain(name).is_activation(wanted) == (name == wanted)


DEGENERATE = {
    "right for one input at a time": lambda f, g, x, a: f(a) if len(a) == 1 else g(a),
    "right for up to three inputs": lambda f, g, x, a: f(a) if len(a) <= 3 else g(a),
    "right for many inputs": lambda f, g, x, a: f(a) if len(a) > 3 else g(a),
    "right up to 4": lambda f, g, x, a: np.where(np.abs(a) < 4, f(a), g(a)),
    "right from 4": lambda f, g, x, a: np.where(np.abs(a) > 4, f(a), g(a)),
    "right where rows are alike": lambda f, g, x, a: (
        f(a) if np.ptp(a, axis=0).max() < 1e-6 else g(a)
    ),
    "right for inputs in [0,1]": lambda f, g, x, a: (
        f(a) if x.min() >= 0 and x.max() <= 1 else g(a)
    ),
    "independent of the input": lambda f, g, x, a: f(a[:1] + 0 * a),
    "without the last bias": lambda f, g, x, a: f(a - a.mean(axis=0)),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("wanted", INVERSES)
@pytest.mark.parametrize("unused", [0, 1])
@pytest.mark.parametrize("behaviour", DEGENERATE)
def test_an_activation_that_is_right_only_there_is_refused(
    behaviour, unused, wanted, seed
):
    use_seed(seed)
    wrong = ACTIVATIONS["tanh"]
    right = ACTIVATIONS[wanted]
    made = ending(
        lambda x, a, training: DEGENERATE[behaviour](right, wrong, x, a), unused=unused
    )
    assert not made.is_activation(wanted)


def silent_at_first(name):
    """Return a network that answers all inputs alike with its first weights."""
    made = plain(name, hidden=lambda a: np.maximum(a, 0))
    others = partial(draw_steady, made.weights)
    silent = [array - 100 * (array.shape == (7,)) for array in made.weights]
    return replace(made, weights=silent, redraw=others)


@pytest.mark.parametrize("training", [False, True])
def test_weights_with_which_all_answers_are_alike_accuse_nobody(training):
    right, wrong = (silent_at_first(name) for name in ("a sigmoid", "tanh"))
    assert right.is_activation("a sigmoid", training=training)
    assert not wrong.is_activation("a sigmoid", training=training)
    assert not replace(right, redraw=None).is_activation("a sigmoid", training=training)


def test_another_activation_in_training_is_refused():
    sigmoid = ACTIVATIONS["a sigmoid"]
    made = ending(lambda x, a, training: a if training else sigmoid(a))
    assert made.is_activation("a sigmoid")
    assert not made.is_activation("a sigmoid", training=True)


def test_layers_that_draw_numbers_in_training_are_no_fault_of_the_last_one():
    rng = np.random.default_rng(0)
    relu = ACTIVATIONS["ReLU"]
    made = ending(lambda x, a, training: relu(a + training * rng.normal(size=a.shape)))
    assert made.is_activation("ReLU", training=True)


def test_a_bias_that_comes_after_the_activation_is_refused():
    sigmoid = ACTIVATIONS["a sigmoid"]
    right = plain("a sigmoid")

    def answer(arrays, x, training):
        *before, bias = arrays
        return sigmoid(np.tanh(x @ before[0] + before[1]) @ before[2]) + bias

    assert not replace(right, answer=answer).is_activation("a sigmoid")


@pytest.mark.parametrize("name", ["ReLU", "a sigmoid", "tanh", "a leaky ReLU"])
def test_the_name_of_another_activation_is_known_for_the_message(name):
    assert name_of_last(plain(name)) == name


def test_a_last_layer_without_a_bias_is_said():
    with pytest.raises(CheckFailed, match="a last layer of 3 units, with a bias"):
        last_biases([np.zeros((4, 3))], 3)
