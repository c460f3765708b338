"""The convolutional autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, filters, latent_dims)`` and prints or
raises as ``check`` says. Hidden tests call the same functions with other sizes:
fields of ``Sizes``.

What the layers must compute is computed here in NumPy, from the same weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from helpers.checks.contract import OTHERWISE, AutoencoderSizes, Contract, sizes_too
from helpers.checks.hints import cut, first_line
from helpers.checks.oracles import shared
from helpers.checks.oracles.convolution import (
    Chain,
    Compute,
    chain_is,
    convolve,
    pool,
    upsample,
)
from helpers.checks.oracles.probes import Function, Layer, inputs, relu, times
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import choice, distinct, each, whole
from helpers.checks.student.interface import ImageShape, Student, StudentError

import numpy as np


@dataclass(frozen=True)
class Sizes(AutoencoderSizes):
    """What the builder is called with; ``latent_dims`` follows from the others.

    Attributes:
        input_dims: height, width and channels of an image.
        filters: of the encoder's convolutions.
    """

    input_dims: ImageShape = (28, 28, 1)
    filters: Sequence[int] = (16, 8, 12)

    @property
    def latent_dims(self) -> ImageShape:
        """Return the code's shape: height and width halved and rounded up each time."""
        height, width, _ = self.input_dims
        cut = 2 ** len(self.filters)
        return -(-height // cut), -(-width // cut), self.filters[-1]

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.input_dims), list(self.filters), self.latent_dims]

    @property
    def input_size(self) -> ImageShape:
        """Return the shape of an image."""
        return self.input_dims

    @property
    def code_size(self) -> ImageShape:
        """Return the shape of a code."""
        return self.latent_dims


# --- what the layers compute, on images of shape (n, height, width, channels) ---------


def encode(
    images: np.ndarray,
    layers: Sequence[Layer],
    *,
    padding: str = "same",
    activation: Function = relu,
    pooling: Function = pool,
    pool_first: bool = False,
) -> np.ndarray:
    """Return the code; with options, what an encoder with that mistake gives."""
    for layer in layers:
        if pool_first:
            images = activation(convolve(pooling(images), layer, padding))
        else:
            images = pooling(activation(convolve(images, layer, padding)))
    return images


def decode(
    code: np.ndarray,
    layers: Sequence[Layer],
    *,
    activation: Function = relu,
    valid: Sequence[int] = (-2,),
    upsample_before: Sequence[str] = (),
) -> np.ndarray:
    """Return what reaches the last activation; options as in ``encode``.

    Args:
        code: shape (n, height, width, channels).
        layers: first layer first.
        activation: after each but the last.
        valid: positions of the convolutions with valid padding, from the end.
        upsample_before: the paddings whose convolutions get what is enlarged already.
    """
    for i, layer in enumerate(layers[:-1], -len(layers)):
        padding = "valid" if i in valid else "same"
        if padding in upsample_before:
            code = activation(convolve(upsample(code), layer, padding))
        else:
            code = upsample(activation(convolve(code, layer, padding)))
    return convolve(code, layers[-1], "valid" if -1 in valid else "same")


def _leave(a: np.ndarray) -> np.ndarray:
    """Return what is given, as no activation does."""
    return a


ENCODER_MISTAKES: dict[str, Compute] = {
    "convolutions without ReLU": partial(encode, activation=_leave),
    "average pooling instead of max pooling": partial(
        encode, pooling=partial(pool, take=np.nanmean)
    ),
    "tanh instead of ReLU": partial(encode, activation=np.tanh),
    "pooling before each convolution": partial(encode, pool_first=True),
    "convolutions with valid padding": partial(encode, padding="valid"),
}
DECODER_MISTAKES: dict[str, Compute] = {
    "convolutions without ReLU": partial(decode, activation=_leave),
    "tanh instead of ReLU": partial(decode, activation=np.tanh),
    "same padding in every convolution": partial(decode, valid=()),
    "valid padding in the last convolution": partial(decode, valid=(-1,)),
    "valid padding in the first convolution": partial(decode, valid=(-4,)),
    "valid padding in the third-to-last convolution": partial(decode, valid=(-3,)),
    "upsampling before each convolution": partial(
        decode, upsample_before=("same", "valid")
    ),
    "upsampling before the convolutions with same padding": partial(
        decode, upsample_before=("same",)
    ),
}


# --- the properties -------------------------------------------------------------------


contract = Contract(Sizes, draws={"filters": distinct(4, 16, 3)})


after_training_too = sizes_too({"filters": (6, 4, 3)})


def _heights(sizes: Sizes) -> dict[str, tuple[str, int]]:
    """Return the model and height of an image that a mistake makes, by its name."""
    encoded, decoded = _encoded_heights(sizes), _decoded_heights(sizes)
    return {
        **{name: ("encoder", height) for name, height in encoded.items()},
        **{name: ("decoder", height) for name, height in decoded.items()},
    }


def _encoded_heights(sizes: Sizes) -> dict[str, int]:
    height, n = sizes.input_dims[0], len(sizes.filters)

    def encoded(convolve: int = 0, up: int = 1, poolings: int = n) -> int:
        size = height
        for _ in range(poolings):
            size = (size - convolve + up) // 2
        return size

    return {
        "pooling with valid padding, which rounds down": encoded(up=0),
        "convolutions with valid padding": encoded(convolve=2),
        "a missing pooling": encoded(poolings=n - 1),
        "an extra pooling": encoded(poolings=n + 1),
    }


def _decoded_heights(sizes: Sizes) -> dict[str, int]:
    code, n = sizes.latent_dims[0], len(sizes.filters)

    def decoded(
        valid: Sequence[int], upsamplings: Sequence[int], kernel: int = 3
    ) -> int:
        size = code
        for i in range(-n - 1, 0):
            lost = (kernel - 1) * (i in valid)
            size = (size - lost) * (2 if i in upsamplings else 1)
        return size

    every = range(-n - 1, -1)
    and_last = range(-n - 1, 0)
    known = {
        "same padding in every convolution": decoded((), every),
        "kernels of 5×5 instead of 3×3": decoded((-2,), every, kernel=5),
        "valid padding in every convolution": decoded(and_last, every),
        "valid padding in every convolution but the last": decoded(every, every),
        "a missing upsampling after the valid padding": decoded((-2,), every[:-1]),
        "a missing upsampling before the valid padding": decoded((-2,), every[1:]),
        "an extra upsampling at the end": decoded((-2,), and_last),
        "valid padding in the last convolution too": decoded((-2, -1), every),
        "valid padding in the last convolution instead": decoded((-1,), every),
    }
    for i in range(-n - 1, -2):
        known[f"valid padding in convolution {i + n + 2} instead"] = decoded(
            (i,), every
        )
    return known


def _shapes_are(student: Student, sizes: Sizes) -> None:
    """Check the shapes of what each model gives."""
    causes: dict[str, str] = {}
    for part, size in sizes.parts.items():
        shape = student.predict(part, inputs(1, size))[0].shape
        names = [
            name
            for name, (of, height) in _heights(sizes).items()
            if of == part and len(shape) == 4 and shape[1] == height
        ]
        causes[part] = (
            f"{' or '.join(names[:2])}."
            if names
            else "models in another order; a padding, pooling or upsampling; or the "
            "last number of filters."
        )
    shared.three_models(student, sizes, causes)


@contract.check_built("three models with the right shapes")
def shapes(student: Student, sizes: Sizes) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    _shapes_are(student, sizes)


@contract.check(
    "other heights, widths and numbers of filters",
    cases=each(
        each(each(*[whole(12, 44, step=16)] * 2, whole(1, 1)), distinct(5, 16, 4)),
        each(each(*[whole(12, 44, step=8)] * 2, whole(1, 1)), distinct(5, 16, 3)),
    ),
)
def other_sizes(
    student: Student,
    *,
    cases: Sequence[tuple[ImageShape, tuple[int, ...]]] = (
        ((12, 12, 1), (6, 5, 8)),
        ((20, 28, 1), (6, 5, 8)),
        ((12, 28, 1), (6, 5, 7, 9)),
    ),
) -> None:
    """Every size that the contract specifies comes back in its own shape."""
    for input_dims, filters in cases:
        try:
            sizes = contract.build(student, input_dims=input_dims, filters=filters)
            _shapes_are(student, sizes)
        except StudentError as error:
            if "incompatible" not in error.message:
                raise
            raise CheckFailed(
                f"models for images of {times(input_dims)}, {len(filters)} filters",
                cut(first_line(error.message), 10),
                OTHERWISE,
            ) from None


@contract.check("any number of channels", n=choice(2, 4, 5, 6))
def channels(student: Student, *, n: int = 3) -> None:
    """Images of n channels come back with n channels."""
    _shapes_are(student, contract.build(student, input_dims=(28, 28, n)))


@contract.check_built("the encoder's convolutions and max pooling")
@after_training_too
def encoder_layers(student: Student, sizes: Sizes) -> None:
    """The encoder computes what 3×3 convolutions, ReLU and 2×2 max pooling do."""
    chain = Chain(
        _kernels([sizes.input_dims[-1], *sizes.filters]),
        encode,
        ENCODER_MISTAKES,
        f"3×3 convolutions of {', '.join(map(str, sizes.filters))} filters with "
        "same padding and ReLU, max pooling after each",
        open_end=False,
    )
    chain_is(student, "encoder", sizes.input_dims, chain)


@contract.check_built("the decoder's convolutions and upsampling")
@after_training_too
def decoder_layers(student: Student, sizes: Sizes) -> None:
    """The decoder computes what its convolutions, ReLU and upsampling do.

    The last activation is left open.
    """
    filters = [*reversed(sizes.filters), sizes.input_dims[-1]]
    chain = Chain(
        _kernels([sizes.latent_dims[-1], *filters]),
        decode,
        DECODER_MISTAKES,
        f"3×3 convolutions of {', '.join(map(str, filters))} filters, the "
        "second-to-last with valid padding; ReLU and upsampling after each but the "
        "last",
        open_end=True,
    )
    chain_is(student, "decoder", sizes.latent_dims, chain)


def _kernels(channels: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the shapes of 3×3 kernels from each number of channels to the next."""
    return [(3, 3, *pair) for pair in pairwise(channels)]


@contract.check_built("the output is a sigmoid")
@after_training_too
def output_is_sigmoid(student: Student, sizes: Sizes) -> None:
    """The decoder's last convolution ends in a sigmoid."""
    shared.last_activation_is(
        student,
        "decoder",
        (sizes.latent_dims, sizes.input_dims[-1]),
        "a sigmoid",
        "the activation of the last convolution.",
    )


shared_weights = contract.add(shared.auto_is_both)


@contract.check_built("the loss is binary cross-entropy")
def loss_is_bce(student: Student, sizes: Sizes) -> None:
    """Auto trains on the mean binary cross-entropy of x and auto(x), and that alone."""
    shared.loss_is_bce(
        student,
        sizes.input_dims,
        "the loss given to auto.compile, or a penalty added to it.",
    )


optimizer_is_adam = contract.add(shared.optimizer_is_adam)
arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
