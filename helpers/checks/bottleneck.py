"""The dense bottleneck: one function for each property of the contract.

Each takes the builder ``autoencoder(input_shape, filters, latent_dims)`` and prints or
raises as :func:`helpers.checks.report.check` says. Hidden tests call the same functions
with other sizes.
"""

from collections.abc import Callable, Sequence
from functools import partial

from helpers.checks import reference
from helpers.checks.builders import arguments_stay, auto_is_both
from helpers.checks.dense import inputs, last_activation_is
from helpers.checks.interface import Student
from helpers.checks.report import CheckFailed, check

import keras
import numpy as np
from keras import layers

Shape = tuple[int, int, int]


def _built(
    student: Student, input_shape: Shape, filters: Sequence[int], latent_dims: int
) -> Student:
    student.build(tuple(input_shape), list(filters), latent_dims)
    return student


def _maps(input_shape: Shape, filters: Sequence[int]) -> Shape:
    """Return the shape of the last feature maps."""
    height, width, _ = input_shape
    factor = 2 ** len(filters)
    return height // factor, width // factor, filters[-1]


def _encoder(
    input_shape: Shape,
    filters: Sequence[int],
    latent_dims: int,
    activation: str | None = "relu",
    pooling: Callable = layers.MaxPooling2D,
    before: Callable | None = None,
) -> keras.Model:
    """Return the contract's encoder, or one with a mistake.

    Args:
        activation: of the convolutions.
        before: what stands before ``Flatten``, nothing in the contract.
    """
    x = h = keras.Input(input_shape)
    for n in filters:
        h = layers.Conv2D(n, 3, padding="same", activation=activation)(h)
        h = pooling(2)(h)
    if before:
        h = before(h)
    return keras.Model(x, layers.Dense(latent_dims)(layers.Flatten()(h)))


def _decoder(
    input_shape: Shape,
    filters: Sequence[int],
    latent_dims: int,
    dense: str | None = "relu",
    activation: str | None = "relu",
) -> keras.Model:
    """Return the contract's decoder, without its sigmoid, or one with a mistake.

    Args:
        dense: activation of the dense layer.
        activation: that of the transposed convolutions.
    """
    maps = _maps(input_shape, filters)
    code = keras.Input((latent_dims,))
    h = layers.Dense(int(np.prod(maps)), activation=dense)(code)
    h = layers.Reshape(maps)(h)
    for n in reversed(filters):
        h = layers.Conv2DTranspose(
            n, 3, strides=2, padding="same", activation=activation
        )(h)
    x_hat = layers.Conv2D(input_shape[-1], 3, padding="same")(h)
    return keras.Model(code, x_hat)


@check("three models with the right shapes")
def shapes(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    _built(student, input_shape, filters, latent_dims)
    n = 5
    for part, given, wanted in (
        ("encoder", input_shape, (latent_dims,)),
        ("decoder", (latent_dims,), tuple(input_shape)),
        ("auto", input_shape, tuple(input_shape)),
    ):
        outputs = student.predict(part, inputs(n, given))
        found = [array.shape for array in outputs]
        if found != [(n, *wanted)]:
            raise CheckFailed(
                f"{part}: {n} of {reference.times(given)} give {n} of "
                f"{reference.times(wanted)}",
                ", ".join(map(str, found)),
                "the models are returned in another order than encoder, decoder, auto, "
                "or a size is written as a number: work out the feature maps' shape "
                "from the arguments, or read it from the tensor.",
            )


@check("the encoder ends in Flatten and one dense layer")
def encoder_layers(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """Convolutions and pooling as given, then a dense layer on all their numbers."""
    _built(student, input_shape, filters, latent_dims)
    encoder = partial(_encoder, input_shape, filters, latent_dims)
    linear = partial(layers.Dense, latent_dims)
    wide = int(np.prod(_maps(input_shape, filters)))
    reference.computes(
        student,
        "encoder",
        {
            "the contract": encoder,
            "average pooling instead of max pooling": partial(
                encoder, pooling=layers.AveragePooling2D
            ),
            "convolutions without ReLU": partial(encoder, activation=None),
            "only the mean of each feature map reaches the dense layer": (
                partial(encoder, before=layers.GlobalAveragePooling2D())
            ),
            "only the maximum of each feature map reaches the dense layer": (
                partial(encoder, before=layers.GlobalMaxPooling2D())
            ),
            "a second dense layer": partial(
                encoder, before=lambda h: linear(activation="relu")(layers.Flatten()(h))
            ),
            "a second dense layer, as wide as the feature maps": partial(
                encoder,
                before=lambda h: layers.Dense(wide, "relu")(layers.Flatten()(h)),
            ),
        },
        inputs(4, input_shape),
        "all numbers of the last feature maps go into one dense layer of latent_dims "
        "units, and it is the encoder's last",
        "what stands between the last feature maps and the code: it is Flatten, then "
        "one Dense, and nothing else.",
    )


@check("the code has no activation")
def code_is_linear(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """The encoder's last layer gives its weighted sums as they are."""
    _built(student, input_shape, filters, latent_dims)
    last_activation_is(
        student,
        "encoder",
        (tuple(input_shape), latent_dims),
        "no activation",
        "the activation of the dense layer with latent_dims units.",
    )


@check("the decoder opens the code with Dense and Reshape")
def decoder_layers(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """A dense layer with ReLU, feature maps, and the transposed convolutions."""
    _built(student, input_shape, filters, latent_dims)
    decoder = partial(_decoder, input_shape, filters, latent_dims)
    maps = _maps(input_shape, filters)
    reference.computes(
        student,
        "decoder",
        {
            "the contract": decoder,
            "no activation after the dense layer": partial(decoder, dense=None),
            "tanh after the dense layer": partial(decoder, dense="tanh"),
            "a sigmoid after the dense layer": partial(decoder, dense="sigmoid"),
            "transposed convolutions without ReLU": partial(decoder, activation=None),
        },
        reference.codes(4, (latent_dims,)),
        f"one dense layer of {reference.times(maps)} = {np.prod(maps)} units with "
        f"ReLU, reshaped to {reference.times(maps)}, then the transposed convolutions",
        "the Dense or the Reshape of the decoder, or filters that are not reversed.",
    )


@check("the output is a sigmoid")
def output_is_sigmoid(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """The decoder's last convolution ends in a sigmoid."""
    _built(student, input_shape, filters, latent_dims)
    last_activation_is(
        student,
        "decoder",
        (latent_dims, input_shape[-1]),
        "a sigmoid",
        "the activation of the last convolution.",
    )


@check("auto is the encoder followed by the decoder")
def shared_weights(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    _built(student, input_shape, filters, latent_dims)
    auto_is_both(
        student,
        {"encoder": input_shape, "decoder": latent_dims, "auto": input_shape},
    )


@check("the loss is the mean squared error")
def loss_is_mse(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """auto trains on the mean squared error of x and auto(x), and that alone."""
    _built(student, input_shape, filters, latent_dims)
    reference.loss_is_mse(student, input_shape)


@check("auto is compiled with Adam")
def optimizer_is_adam(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    _built(student, input_shape, filters, latent_dims)
    reference.adam_moves_all(student, input_shape)


@check("the arguments stay as they were")
def arguments_unchanged(
    student: Student,
    *,
    input_shape: Shape = (28, 28, 1),
    filters: Sequence[int] = (16, 8),
    latent_dims: int = 10,
) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    arguments_stay(student, [tuple(input_shape), list(filters), latent_dims], 1)
