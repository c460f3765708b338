"""The convolutional autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, filters, latent_dims)`` and prints or
raises as ``check`` says. Hidden tests call the same functions
with other sizes: fields of ``Sizes``.

What the layers must compute is computed here in NumPy, from the same weights.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from helpers.checks.oracles import shared
from helpers.checks.oracles.dense import (
    ACTIVATIONS,
    Size,
    close,
    draw,
    inputs,
    last_activation_is,
    orders,
    relu,
    weights_of,
)
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.interface import Student

import numpy as np

Layer = tuple[np.ndarray, np.ndarray]
"""Kernel, shape (3, 3, channels in, channels out), and bias, (channels out,)."""
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Sizes:
    """What the builder is called with; ``latent_dims`` follows from the others.

    Attributes:
        input_dims: height, width and channels of an image.
        filters: of the encoder's convolutions.
    """

    input_dims: tuple[int, int, int] = (28, 28, 1)
    filters: Sequence[int] = (16, 8, 8)

    @property
    def latent_dims(self) -> tuple[int, int, int]:
        """Return the code's shape: height and width halved and rounded up each time."""
        height, width, _ = self.input_dims
        cut = 2 ** len(self.filters)
        return -(-height // cut), -(-width // cut), self.filters[-1]

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.input_dims), list(self.filters), self.latent_dims]

    @property
    def parts(self) -> dict[str, Size]:
        """Return the size of the inputs of each model."""
        return {
            "encoder": self.input_dims,
            "decoder": self.latent_dims,
            "auto": self.input_dims,
        }


def _built(student: Student, sizes: dict[str, Any]) -> Sizes:
    """Call the builder; return what it was called with."""
    called = Sizes(**sizes)
    student.build(*called.arguments)
    return called


# --- what the layers compute, on images of shape (n, height, width, channels) ---------


def convolve(images: np.ndarray, layer: Layer, padding: str = "same") -> np.ndarray:
    """Return a 3×3 convolution with its bias."""
    kernel, bias = layer
    if padding == "same":
        images = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True) + bias


def pool(images: np.ndarray, take: Callable = np.max) -> np.ndarray:
    """Return the largest of each 2×2 pixels; an odd edge makes smaller squares."""
    n, height, width, channels = images.shape
    fill = -np.inf if take is np.max else np.nan
    padded = np.pad(
        images,
        ((0, 0), (0, height % 2), (0, width % 2), (0, 0)),
        constant_values=fill,
    )
    squares = padded.reshape(n, -(-height // 2), 2, -(-width // 2), 2, channels)
    return take(squares, axis=(2, 4))


def upsample(images: np.ndarray) -> np.ndarray:
    """Return every pixel repeated as 2×2."""
    return images.repeat(2, axis=1).repeat(2, axis=2)


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
    return a


ENCODER_MISTAKES: dict[str, Callable[..., np.ndarray]] = {
    "convolutions without ReLU": partial(encode, activation=_leave),
    "average pooling instead of max pooling": partial(
        encode, pooling=partial(pool, take=np.nanmean)
    ),
    "tanh instead of ReLU": partial(encode, activation=np.tanh),
    "pooling before each convolution": partial(encode, pool_first=True),
    "convolutions with valid padding": partial(encode, padding="valid"),
}
DECODER_MISTAKES: dict[str, Callable[..., np.ndarray]] = {
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


def _chain_is(
    student: Student,
    part: str,
    size: Size,
    kernels: list[tuple[int, ...]],
    right: Callable[..., np.ndarray],
    mistakes: dict[str, Callable[..., np.ndarray]],
    expected: str,
    lasts: Collection[Function],
) -> None:
    """Check that a model computes what ``right`` does with the same weights.

    Args:
        kernels: shapes of the convolutions' kernels, first layer first.
        mistakes: what other layers compute, to name what was found.
        expected: the layers in words.
        lasts: what may follow in the model.
    """

    def agrees(a: np.ndarray) -> bool:
        return any(close(found, last(a)) for last in lasts)

    weights = weights_of(student, part, size)
    x = inputs(3, size)
    arrays = draw(weights, gain=1.4)
    student.set_weights(part, arrays)
    found = student.predict(part, x)[0]
    in_training = student.predict(part, x, training=True)[0]
    student.set_weights(part, weights)
    ways = [
        [(arrays[kernel], arrays[bias]) for kernel, bias in order]
        for order in orders(weights, kernels)
    ]
    if not ways:
        shapes = ", ".join(str(a.shape) for a in weights if a.ndim > 1)
        raise CheckFailed(
            f"{expected}, so kernels of shape {', '.join(map(str, kernels))}, each "
            "with a bias",
            f"kernels of shape {shapes or '(none)'}, {len(weights)} weight arrays in "
            "all",
            "a convolution is missing or extra, is not 3×3, has no bias or another "
            "number of filters; in the decoder, the filters are reversed.",
        )
    if any(agrees(right(x, layers)) for layers in ways):
        if close(in_training, found):
            return
        raise CheckFailed(
            expected,
            f"the {part} computes something else while it trains",
            "a layer that acts in training only, such as Dropout or noise.",
        )
    for name, mistake in mistakes.items():
        for layers in ways:
            try:
                same = agrees(mistake(x, layers))
            except ValueError:  # images that become too small for this mistake
                continue
            if same:
                raise CheckFailed(expected, f"numbers as from {name}", f"{name}.")
    shape = right(x[:1], ways[0]).shape[1:]
    if found.shape[1:] != shape:
        raise CheckFailed(
            f"{expected}, so outputs of shape {shape}",
            f"outputs of shape {found.shape[1:]}",
            "padding, strides, or a missing or extra pooling or upsampling.",
        )
    raise CheckFailed(
        expected,
        "other numbers than these layers give with the same weights",
        "an activation, the order of the layers, the size or stride of the pooling, "
        "the interpolation of the upsampling, or an operation between the layers.",
    )


# --- the properties -------------------------------------------------------------------


def _shapes_are(student: Student, called: Sizes) -> None:
    """Check the shapes of what each model gives."""
    code, image = called.latent_dims, called.input_dims
    shared.shapes_are(
        student,
        {
            "encoder": (image, [code]),
            "decoder": (code, [image]),
            "auto": (image, [image]),
        },
        "the models are returned in another order than encoder, decoder, auto; a "
        "padding; or a size that is written as a number instead of an argument.",
    )


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    _shapes_are(student, _built(student, sizes))


@check("other heights, widths and numbers of filters")
def other_sizes(
    student: Student,
    *,
    cases: Sequence[tuple[tuple[int, int, int], tuple[int, ...]]] = (
        ((12, 12, 1), (6, 5, 8)),
        ((20, 28, 1), (6, 5, 8)),
        ((12, 28, 1), (6, 5, 7, 9)),
    ),
) -> None:
    """Every size that the contract specifies comes back in its own shape."""
    for input_dims, filters in cases:
        called = _built(student, {"input_dims": input_dims, "filters": filters})
        _shapes_are(student, called)


@check("any number of channels")
def channels(student: Student, *, n: int = 3) -> None:
    """Images of n channels come back with n channels."""
    _shapes_are(student, _built(student, {"input_dims": (28, 28, n)}))


@check("the encoder's convolutions and max pooling")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """The encoder computes what 3×3 convolutions, ReLU and 2×2 max pooling do."""
    called = _built(student, sizes)
    channels = [called.input_dims[-1], *called.filters]
    _chain_is(
        student,
        "encoder",
        called.input_dims,
        [(3, 3, *pair) for pair in pairwise(channels)],
        encode,
        ENCODER_MISTAKES,
        f"3×3 convolutions with {', '.join(map(str, called.filters))} filters, each "
        "with same padding and ReLU, each followed by 2×2 max pooling",
        [_leave],
    )


@check("the decoder's convolutions and upsampling")
def decoder_layers(student: Student, **sizes: Any) -> None:
    """The decoder computes what its convolutions, ReLU and upsampling do.

    The last activation is left open.
    """
    called = _built(student, sizes)
    code, image = called.latent_dims, called.input_dims
    channels = [code[-1], *reversed(called.filters), image[-1]]
    _chain_is(
        student,
        "decoder",
        code,
        [(3, 3, *pair) for pair in pairwise(channels)],
        decode,
        DECODER_MISTAKES,
        f"3×3 convolutions with {', '.join(map(str, channels[1:]))} filters, valid "
        "padding in the second-to-last and same padding in the others, ReLU and 2×2 "
        "upsampling after each but the last",
        ACTIVATIONS.values(),
    )


@check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The decoder's last convolution ends in a sigmoid."""
    called = _built(student, sizes)
    last_activation_is(
        student,
        "decoder",
        (called.latent_dims, called.input_dims[-1]),
        "a sigmoid",
        "the activation of the last convolution.",
    )


@check("auto is the encoder followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    shared.auto_is_both(student, _built(student, sizes).parts)


@check("the loss is binary cross-entropy")
def loss_is_bce(student: Student, **sizes: Any) -> None:
    """auto trains on the mean binary cross-entropy of x and auto(x), and that alone."""
    shared.loss_is_bce(
        student,
        _built(student, sizes).input_dims,
        "the loss given to auto.compile, or a penalty added to it.",
    )


@check("auto is compiled with Adam")
def optimizer_is_adam(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    shared.optimizer_is_adam(student, _built(student, sizes).input_dims)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    shared.arguments_stay(student, Sizes(**sizes).arguments, position=1)
