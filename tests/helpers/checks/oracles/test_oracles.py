"""What checks take for an answer, and what they read from one."""

from functools import partial

from helpers.checks.oracles import networks, shared
from helpers.checks.oracles.probes import ACTIVATIONS, alike, name_of_activation, varies
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.in_process import LocalStudent
from helpers.checks.student.interface import StudentError

import keras
import numpy as np
import pytest
from keras import layers

from samples import degenerate

X = np.ones((3, 4), np.float32)
A = np.random.default_rng(0).normal(0, 3, (5, 7))


def student(answers=lambda arrays: arrays, optimizer="sgd", last="linear"):
    """Return a student of one dense layer whose arrays come out changed."""

    class Changed(LocalStudent):
        def _outputs(self, *arguments, **named):
            return answers(super()._outputs(*arguments, **named))

        def _weights(self, *arguments):
            return answers(super()._weights(*arguments))

    def builder():
        x = keras.Input((4,))
        model = keras.Model(x, layers.Dense(2, last)(x))
        model.compile(optimizer, "mse")
        return model

    built = Changed(builder, ("auto",))
    built.build()
    return built


def every(change):
    return lambda arrays: [change(array) for array in arrays]


FOREIGN = {
    "NaN": every(lambda a: a + np.nan),
    "infinite": every(lambda a: a + np.inf),
    "one NaN": every(lambda a: np.where(np.arange(a.shape[-1]) == 1, np.nan, a)),
    "complex": every(lambda a: a + 0j),
    "objects": every(lambda a: a.astype(object)),
    "strings": every(lambda a: a.astype(str)),
}


@pytest.mark.parametrize("answers", FOREIGN.values(), ids=FOREIGN)
def test_an_answer_that_is_no_finite_number_is_refused(answers):
    with pytest.raises(StudentError, match="auto gives"):
        student(answers).predict("auto", X)


@pytest.mark.parametrize("answers", FOREIGN.values(), ids=FOREIGN)
def test_a_weight_that_is_no_finite_number_is_refused(answers):
    with pytest.raises(StudentError, match="a weight of auto"):
        student(answers).get_weights("auto")


@pytest.mark.parametrize("answers", [lambda arrays: [], every(lambda a: a[:0])])
def test_an_answer_of_nothing_is_refused(answers):
    with pytest.raises(StudentError, match="no numbers"):
        student(answers).predict("auto", X)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16])
def test_numbers_of_other_types_are_taken_as_floats(dtype):
    (output,) = student(every(lambda a: a.astype(dtype))).predict("auto", X)
    assert output.dtype == np.float32


@pytest.mark.parametrize("rate", [np.nan, np.inf])
def test_a_learning_rate_that_is_no_number_shows_in_the_weights(rate):
    trained = student(optimizer=keras.optimizers.SGD(rate))
    trained.train(X, X[:, :2] - 9, epochs=1, batch_size=3)
    with pytest.raises(StudentError, match="a weight of auto"):
        trained.get_weights("auto")


def test_a_loss_that_is_no_number_is_refused():
    broken = student(last=lambda a: a * np.nan)
    with pytest.raises(StudentError, match="the training loss of auto is nan"):
        broken.training_loss(X, X[:, :2])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_known_activation_is_told_by_what_it_gives(name):
    output = ACTIVATIONS[name](A)
    told = name_of_activation(output.astype(np.float32), A)
    assert np.allclose(ACTIVATIONS[told](A), output, atol=1e-2)


@pytest.mark.parametrize("output", [np.zeros_like(A), np.ones_like(A), A + 1, A[:, :3]])
def test_numbers_that_no_activation_gives_have_no_name(output):
    assert name_of_activation(output, A) is None


def test_an_activation_that_makes_the_same_of_all_rows_has_no_name():
    assert name_of_activation(np.ones((5, 1)), A[:, :1]) is None  # a softmax


def test_a_small_row_beside_a_large_one_is_looked_at_too():
    a = np.stack([1e4 * A[0], A[1]])
    wrong = np.stack([1e4 * A[0], 0 * A[1]])
    assert name_of_activation(a, a) == "no activation"
    assert name_of_activation(wrong, a) is None


@pytest.mark.parametrize("output", [0 * A, 0 * A + 0.5, 0 * A + A[:1], 1e9 + A / 1e3])
def test_an_answer_that_is_the_same_for_all_rows_does_not_vary(output):
    assert not varies(output)
    assert varies(A)


def test_a_huge_number_does_not_make_the_others_alike():
    huge = np.concatenate([1e25 * A[:, :1], A[:, 1:]], axis=1)
    other = np.concatenate([1e25 * A[:, :1], A[::-1, 1:]], axis=1)
    assert alike(huge, huge * (1 + 1e-5))
    assert not alike(huge, other)


# --- what a model does again ----------------------------------------------------------


class Batchwise(layers.Layer):
    """Gives its input to few rows, and half of it to more."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def call(self, x):
        return x if x.shape[0] is None or x.shape[0] <= self.most else x / 2


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_a_model_that_gives_few_inputs_something_else_is_refused(most):
    def builder():
        x = keras.Input((4,))
        return keras.Model(x, Batchwise(most)(layers.Dense(2)(x)))

    built = LocalStudent(builder, ("auto",))
    built.build()
    x = np.random.default_rng(0).random((6, 4), np.float32)
    shared.same_always(student(), "auto", x, "the same")
    with pytest.raises(CheckFailed, match="called again"):
        shared.same_always(built, "auto", x, "the same")


# --- optimizers -----------------------------------------------------------------------


def trained_by(optimizer):
    """Have a check look at the optimizer of a model of three layers."""

    def builder():
        x = h = keras.Input((4,))
        for units in (6, 5):
            h = layers.Dense(units, "relu")(h)
        model = keras.Model(x, layers.Dense(4, "sigmoid")(h))
        model.compile(optimizer, "mse")
        return model

    built = LocalStudent(builder, ("auto",))
    built.build()
    networks.adam_moves_all(built, (4,))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"learning_rate": 0.01},
        {"beta_1": 0.5},
        {"beta_1": 0.95, "beta_2": 0.99},
        {"amsgrad": True},
        {"clipnorm": 1.0},
        {"epsilon": 1e-8},
    ],
    ids=str,
)
def test_adam_is_known_with_many_settings(settings):
    trained_by(keras.optimizers.Adam(**settings))


@pytest.mark.parametrize(
    "name", [name for name in degenerate.OPTIMIZERS if "named" in name]
)
def test_what_only_bears_adams_name_is_refused(name):
    with pytest.raises((CheckFailed, StudentError)):
        trained_by(degenerate.OPTIMIZERS[name]())


@pytest.mark.parametrize("refused", [False, True])
def test_only_a_gradient_that_noise_does_not_turn_round_tells_a_step_up(refused):
    trained = student(optimizer="adam")
    signs = iter([-1] * 20 if refused else [-1, 1] * 10)
    measure = trained._gradients

    def turned(*arguments):
        sign = next(signs)
        return [sign * array for array in measure(*arguments)]

    trained._gradients = turned
    x = np.random.default_rng(0).random((8, 4), np.float32)
    before = [np.full_like(array, 0.5) for array in trained.get_weights("auto")]
    step = partial(shared.first_moves, trained, before, x, np.zeros((8, 2)))

    if refused:
        with pytest.raises(CheckFailed, match="one that goes up"):
            step()
    else:
        step()


class OnlyWhileTraining(layers.Layer):
    """An ending that acts in training alone."""

    def call(self, x, training=False):
        return keras.ops.sigmoid(x) if training else x


def ends_as_it_is(ending, dropout=None):
    """Return whether what is added to a network's last bias moves its output.

    Args:
        ending: what comes behind the last layer; its result is added to the input.
        dropout: a layer before the last one.
    """

    def builder():
        x = keras.Input((4,))
        h = layers.Dense(3, "relu")(x)
        h = dropout(h) if dropout else h
        return keras.Model(x, x + ending(layers.Dense(4)(h)))

    built = LocalStudent(builder, ("auto",))
    built.build()
    arrays = [np.abs(a) + 0.1 for a in built.get_weights("auto")]
    x = np.random.default_rng(1).random((2, 4), np.float32)
    return networks.moves_output(built, arrays, [3], 0.5, 0.5, [x])


def seldom(seed):
    return layers.Dropout(0.1, noise_shape=(None, 1), seed=seed)


def test_a_dropout_that_seldom_acts_is_no_other_ending():
    # With these seeds it acts once, after two answers that are alike.
    assert all(ends_as_it_is(layers.Identity(), seldom(k)) for k in (9, 22, 28))


def test_an_ending_that_acts_in_training_alone_is_told():
    for dropout in (None, seldom(1), layers.Dropout(0.5), layers.GaussianNoise(0.1)):
        assert not ends_as_it_is(OnlyWhileTraining(), dropout)
        assert ends_as_it_is(layers.Identity(), dropout)


def test_scales_of_a_normalisation_are_no_last_bias():
    x = keras.Input((6, 6, 1))
    h = layers.Conv2D(4, 3, padding="same")(layers.BatchNormalization()(x))
    model = keras.Model(x, layers.Conv2D(1, 3, padding="same")(h))
    arrays = model.get_weights()
    (place,) = networks.last_biases(arrays, 1)
    assert [a.shape for a in arrays[place - 1 : place + 1]] == [(3, 3, 4, 1), (1,)]


def test_a_last_bias_without_a_kernel_before_it_is_taken_all_the_same():
    arrays = [np.zeros(1), np.zeros((3, 3, 4, 1)), np.zeros(4)]
    assert networks.last_biases(arrays, 1) == [0]
