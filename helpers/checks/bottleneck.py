"""The dense bottleneck: one function for each property of the contract.

Each takes the builder ``autoencoder(input_shape, filters, latent_dims)`` and prints or
raises as ``check`` says. Hidden tests call the same functions
with other sizes: fields of ``Sizes``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.checks.oracles import networks
from helpers.checks.oracles.dense import Size, inputs, last_activation_is
from helpers.checks.oracles.shared import arguments_stay, auto_is_both, shapes_are
from helpers.checks.property_check import check
from helpers.checks.student.interface import Student

import keras
import numpy as np
from keras import layers

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Sizes:
    """What the builder is called with."""

    input_shape: Shape = (28, 28, 1)
    filters: Sequence[int] = (16, 8)
    latent_dims: int = 10

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.input_shape), list(self.filters), self.latent_dims]

    @property
    def parts(self) -> dict[str, Size]:
        """Return the size of the inputs of each model."""
        image = tuple(self.input_shape)
        return {"encoder": image, "decoder": self.latent_dims, "auto": image}

    @property
    def maps(self) -> Shape:
        """Return the shape of the last feature maps."""
        height, width, _ = self.input_shape
        factor = 2 ** len(self.filters)
        return height // factor, width // factor, self.filters[-1]


def _built(student: Student, sizes: dict[str, Any]) -> Sizes:
    """Call the builder; return what it was called with."""
    called = Sizes(**sizes)
    student.build(*called.arguments)
    return called


def _encoder(
    called: Sizes,
    activation: str | None = "relu",
    pooling: Callable = layers.MaxPooling2D,
    before: Callable | None = None,
) -> keras.Model:
    """Return the contract's encoder, or one with a mistake.

    Args:
        activation: of the convolutions.
        before: what stands before ``Flatten``, nothing in the contract.
    """
    x = h = keras.Input(called.input_shape)
    for n in called.filters:
        h = layers.Conv2D(n, 3, padding="same", activation=activation)(h)
        h = pooling(2)(h)
    if before:
        h = before(h)
    return keras.Model(x, layers.Dense(called.latent_dims)(layers.Flatten()(h)))


def _decoder(
    called: Sizes,
    dense: str | None = "relu",
    activation: str | None = "relu",
) -> keras.Model:
    """Return the contract's decoder, without its sigmoid, or one with a mistake.

    Args:
        dense: activation of the dense layer.
        activation: that of the transposed convolutions.
    """
    code = keras.Input((called.latent_dims,))
    h = layers.Dense(int(np.prod(called.maps)), activation=dense)(code)
    h = layers.Reshape(called.maps)(h)
    for n in reversed(called.filters):
        h = layers.Conv2DTranspose(
            n, 3, strides=2, padding="same", activation=activation
        )(h)
    x_hat = layers.Conv2D(called.input_shape[-1], 3, padding="same")(h)
    return keras.Model(code, x_hat)


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    called = _built(student, sizes)
    image = tuple(called.input_shape)
    shapes_are(
        student,
        {
            "encoder": (image, [called.latent_dims]),
            "decoder": (called.latent_dims, [image]),
            "auto": (image, [image]),
        },
        "the models are returned in another order than encoder, decoder, auto, or a "
        "size is written as a number: work out the feature maps' shape from the "
        "arguments, or read it from the tensor.",
    )


@check("the encoder ends in Flatten and one dense layer")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """Convolutions and pooling as given, then a dense layer on all their numbers."""
    called = _built(student, sizes)
    encoder = partial(_encoder, called)
    linear = partial(layers.Dense, called.latent_dims)
    wide = int(np.prod(called.maps))
    networks.computes(
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
        inputs(4, called.input_shape),
        "all numbers of the last feature maps go into one dense layer of latent_dims "
        "units, and it is the encoder's last",
        "what stands between the last feature maps and the code: it is Flatten, then "
        "one Dense, and nothing else.",
    )


@check("the code has no activation")
def code_is_linear(student: Student, **sizes: Any) -> None:
    """The encoder's last layer gives its weighted sums as they are."""
    called = _built(student, sizes)
    last_activation_is(
        student,
        "encoder",
        (tuple(called.input_shape), called.latent_dims),
        "no activation",
        "the activation of the dense layer with latent_dims units.",
    )


@check("the decoder opens the code with Dense and Reshape")
def decoder_layers(student: Student, **sizes: Any) -> None:
    """A dense layer with ReLU, feature maps, and the transposed convolutions."""
    called = _built(student, sizes)
    maps = networks.times(called.maps)
    decoder = partial(_decoder, called)
    networks.computes(
        student,
        "decoder",
        {
            "the contract": decoder,
            "no activation after the dense layer": partial(decoder, dense=None),
            "tanh after the dense layer": partial(decoder, dense="tanh"),
            "a sigmoid after the dense layer": partial(decoder, dense="sigmoid"),
            "transposed convolutions without ReLU": partial(decoder, activation=None),
        },
        networks.codes(4, (called.latent_dims,)),
        f"one dense layer of {maps} = {np.prod(called.maps)} units with ReLU, reshaped "
        f"to {maps}, then the transposed convolutions",
        "the Dense or the Reshape of the decoder, or filters that are not reversed.",
    )


@check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The decoder's last convolution ends in a sigmoid."""
    called = _built(student, sizes)
    last_activation_is(
        student,
        "decoder",
        (called.latent_dims, called.input_shape[-1]),
        "a sigmoid",
        "the activation of the last convolution.",
    )


@check("auto is the encoder followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    called = _built(student, sizes)
    auto_is_both(student, called.parts)


@check("the loss is the mean squared error")
def loss_is_mse(student: Student, **sizes: Any) -> None:
    """auto trains on the mean squared error of x and auto(x), and that alone."""
    called = _built(student, sizes)
    networks.loss_is_mse(student, called.input_shape)


@check("auto is compiled with Adam")
def optimizer_is_adam(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    called = _built(student, sizes)
    networks.adam_moves_all(student, called.input_shape)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    arguments_stay(student, Sizes(**sizes).arguments, position=1)
