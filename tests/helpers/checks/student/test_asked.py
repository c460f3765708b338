"""A model is asked for outputs in a graph and without one; both must be the same."""

from helpers.checks.oracles import shared
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.asked import EAGER_EVERY, EAGER_FIRST, Asked
from helpers.checks.student.in_process import LocalStudent

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

MANY = EAGER_FIRST + 2 * EAGER_EVERY
X = np.linspace(0, 1, 12, dtype="float32").reshape(3, 4)


class Where(keras.Model):
    """Adds 1 in a graph, and keeps in which kind of call it was."""

    def __init__(self):
        super().__init__()
        self.graphs = []

    def call(self, x):
        self.graphs.append(tf.inside_function())
        return x + float(self.graphs[-1])


def test_the_first_answers_come_without_a_graph_and_some_later_ones():
    asked = Asked(Where(), False)
    added = [float(asked(X)[0, 0]) for _ in range(MANY)]
    assert not any(added[:EAGER_FIRST])
    assert 0 < sum(added) == len(added) - EAGER_FIRST - 2
    assert asked.model.graphs.count(True) == 1


def test_one_graph_answers_for_batches_of_any_length():
    asked = Asked(Where(), False)
    for n in range(1, MANY):
        assert len(asked(X[:1].repeat(n, axis=0))) == n
    assert asked.model.graphs.count(True) == 1


def test_a_graph_may_be_asked_for_at_once():
    assert float(Asked(Where(), False)(X, graph=True)[0, 0]) == 1


def test_a_model_made_to_run_without_a_graph_gets_none():
    model = Where()
    model.compile("adam", "mse", run_eagerly=True)
    asked = Asked(model, False)
    assert not any(float(asked(X, graph=True)[0, 0]) for _ in range(MANY))


def test_a_model_that_fails_in_a_graph_answers_without_one():
    class NumPy(keras.Model):
        def call(self, x):
            return ops.convert_to_tensor(np.asarray(x) * 2)

    asked = Asked(NumPy(), False)
    for _ in range(MANY):
        np.testing.assert_allclose(asked(X), 2 * X)


@pytest.fixture
def autoencoder():
    """Return a function that builds a student's model with a loss."""

    def build(loss="mse"):
        model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
        model.compile("adam", loss)
        student = LocalStudent(lambda: model, ("auto",))
        student.build()
        student.set_weights("auto", [np.eye(4, dtype="float32") / 2, X[1]])
        return student

    return build


def test_gradients_are_those_of_the_loss_and_change_nothing(autoencoder):
    student = autoencoder()
    before = student.get_weights("auto")
    kernel, bias = student.gradients(X, X)
    off = before[1] + X / 2 - X
    np.testing.assert_allclose(bias, 2 * off.sum(axis=0) / X.size, rtol=1e-4)
    np.testing.assert_allclose(kernel, 2 * X.T @ off / X.size, rtol=1e-3, atol=1e-6)
    for old, new in zip(before, student.get_weights("auto"), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("loss", ["mse", "mae", "log_cosh"])
def test_training_that_follows_its_loss_goes_down(autoencoder, loss):
    shared.goes_down(autoencoder(loss), X, X + 1)


def half_stopped(y, y_pred):
    """Return the mean squared error, with the gradient of a half of it."""
    loss = ops.mean((y - y_pred) ** 2)
    return ops.stop_gradient(loss / 2) + loss / 2


@pytest.mark.parametrize(
    "loss",
    [
        half_stopped,
        lambda y, p: ops.stop_gradient(ops.mean((y - p) ** 2)) + 0 * ops.mean(p),
        lambda y, p: (
            2 * ops.stop_gradient(ops.mean((y - p) ** 2)) - ops.mean((y - p) ** 2)
        ),
    ],
    ids=["a half", "none", "the other way"],
)
def test_a_loss_whose_gradient_is_another_is_refused(autoencoder, loss):
    with pytest.raises(CheckFailed, match="gradient of the loss"):
        shared.goes_down(autoencoder(loss), X, X + 1)


def test_a_fit_of_its_own_is_what_trains():
    class Lazy(keras.Sequential):
        def fit(self, *args, **kwargs):
            return None

    model = Lazy([keras.Input((4,)), layers.Dense(4)])
    model.compile("adam", "mse")
    student = LocalStudent(lambda: model, ("auto",))
    student.build()
    before = student.get_weights("auto")
    student.train(X, X, epochs=1, batch_size=3)
    for old, new in zip(before, student.get_weights("auto"), strict=True):
        np.testing.assert_array_equal(old, new)
