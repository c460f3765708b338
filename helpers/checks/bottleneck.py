"""The dense bottleneck: one function for each property of the contract.

Each takes the builder ``autoencoder(input_shape, filters, latent_dims)`` and prints or
raises as ``check`` says. Hidden tests call the same functions with other
sizes: fields of ``Sizes``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.checks.contract import AutoencoderSizes, Contract, sizes_too
from helpers.checks.oracles import networks, shared
from helpers.checks.oracles.probes import codes, inputs, times
from helpers.checks.randomness import distinct, each, whole
from helpers.checks.student.interface import ImageShape, Student

import keras
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Sizes(AutoencoderSizes):
    """What the builder is called with."""

    input_shape: ImageShape = (28, 28, 1)
    filters: Sequence[int] = (16, 8)
    latent_dims: int = 10

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.input_shape), list(self.filters), self.latent_dims]

    @property
    def input_size(self) -> ImageShape:
        """Return the shape of an image."""
        height, width, channels = self.input_shape
        return height, width, channels

    @property
    def code_size(self) -> int:
        """Return how many numbers a code has."""
        return self.latent_dims

    @property
    def maps(self) -> ImageShape:
        """Return the shape of the last feature maps."""
        height, width, _ = self.input_shape
        factor = 2 ** len(self.filters)
        return height // factor, width // factor, self.filters[-1]


contract = Contract(
    Sizes,
    draws={
        "input_shape": each(whole(8, 24, step=4), whole(8, 24, step=4), whole(2, 3)),
        "filters": distinct(4, 12, 2),
        "latent_dims": whole(13, 30),
    },
)


other_sizes_too = sizes_too(
    {"input_shape": (14, 14, 1), "filters": (5,), "latent_dims": 7},
    {"input_shape": (56, 56, 1), "filters": (6, 4, 3), "latent_dims": 7},
)


def _encoder(
    sizes: Sizes,
    activation: str | None = "relu",
    pooling: Callable[..., Any] = layers.MaxPooling2D,
    before: Callable[..., Any] | None = None,
) -> keras.Model:
    """Return the contract's encoder, or one with a mistake.

    Args:
        sizes: what the builder is called with.
        activation: of the convolutions.
        pooling: the layer between convolutions.
        before: what stands before ``Flatten``, nothing in the contract.
    """
    x = h = keras.Input(sizes.input_shape)
    for n in sizes.filters:
        h = layers.Conv2D(n, 3, padding="same", activation=activation)(h)
        h = pooling(2)(h)
    if before:
        h = before(h)
    return keras.Model(x, layers.Dense(sizes.latent_dims)(layers.Flatten()(h)))


def _decoder(
    sizes: Sizes,
    dense: str | None = "relu",
    activation: str | None = "relu",
) -> keras.Model:
    """Return the contract's decoder, without its sigmoid, or one with a mistake.

    Args:
        sizes: what the builder is called with.
        dense: activation of the dense layer.
        activation: that of the transposed convolutions.
    """
    code = keras.Input((sizes.latent_dims,))
    h = layers.Dense(int(np.prod(sizes.maps)), activation=dense)(code)
    h = layers.Reshape(sizes.maps)(h)
    for n in reversed(sizes.filters):
        h = layers.Conv2DTranspose(
            n, 3, strides=2, padding="same", activation=activation
        )(h)
    x_hat = layers.Conv2D(sizes.input_shape[-1], 3, padding="same")(h)
    return keras.Model(code, x_hat)


@contract.check_built("three models with the right shapes")
def shapes(student: Student, sizes: Sizes) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    shared.three_models(
        student,
        sizes,
        "the models are returned in another order than encoder, decoder, auto, or a "
        "size is written as a number: work out the feature maps' shape from the "
        "arguments, or read it from the tensor.",
    )


@contract.check_built("the encoder ends in Flatten and one dense layer")
@other_sizes_too
def encoder_layers(student: Student, sizes: Sizes) -> None:
    """Convolutions and pooling as given, then a dense layer on all their numbers."""
    encoder = partial(_encoder, sizes)
    linear = partial(layers.Dense, sizes.latent_dims)
    wide = int(np.prod(sizes.maps))
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
        inputs(4, sizes.input_shape),
        "all numbers of the last feature maps go into one dense layer of latent_dims "
        "units, and it is the encoder's last",
        "what stands between the last feature maps and the code: it is Flatten, then "
        "one Dense, and nothing else.",
    )


@contract.check_built("the code has no activation")
@other_sizes_too
def code_is_linear(student: Student, sizes: Sizes) -> None:
    """The encoder's last layer gives its weighted sums as they are."""
    shared.last_activation_is(
        student,
        "encoder",
        (tuple(sizes.input_shape), sizes.latent_dims),
        "no activation",
        "the activation of the dense layer with latent_dims units.",
    )


@contract.check_built("the decoder opens the code with Dense and Reshape")
@other_sizes_too
def decoder_layers(student: Student, sizes: Sizes) -> None:
    """A dense layer with ReLU, feature maps, and the transposed convolutions."""
    maps = times(sizes.maps)
    decoder = partial(_decoder, sizes)
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
        codes(4, (sizes.latent_dims,)),
        f"one dense layer of {maps} = {np.prod(sizes.maps)} units with ReLU, reshaped "
        f"to {maps}, then the transposed convolutions",
        "the Dense or the Reshape of the decoder, or filters that are not reversed.",
    )


@contract.check_built("the output is a sigmoid")
@other_sizes_too
def output_is_sigmoid(student: Student, sizes: Sizes) -> None:
    """The decoder's last convolution ends in a sigmoid."""
    shared.last_activation_is(
        student,
        "decoder",
        (sizes.latent_dims, sizes.input_shape[-1]),
        "a sigmoid",
        "the activation of the last convolution.",
    )


shared_weights = contract.add(shared.auto_is_both)


@contract.check_built("the loss is the mean squared error")
def loss_is_mse(student: Student, sizes: Sizes) -> None:
    """Auto trains on the mean squared error of x and auto(x), and that alone."""
    networks.loss_is_mse(student, sizes.input_shape)


@contract.check_built("auto is compiled with Adam")
def optimizer_is_adam(student: Student, sizes: Sizes) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    networks.adam_moves_all(student, sizes.input_shape, graph=not sizes.usual)


arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
