"""Two ways to enlarge: one function for each property of the contract.

Each takes the builder ``decoder(code_shape, filters, channels, kind)`` and prints or
raises as ``check`` says. Hidden tests call the same functions
with other sizes: fields of ``Sizes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from helpers.checks.hints import is_stub
from helpers.checks.oracles import networks
from helpers.checks.oracles.dense import close, last_activation_is, weights_of
from helpers.checks.oracles.shared import arguments_stay
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.interface import Student, StudentError

import keras
import numpy as np
from keras import layers

Shape = tuple[int, int, int]

KINDS = ("transposed", "upsampled")
PARTS = ("decoder",)


@dataclass(frozen=True)
class Sizes:
    """What the builder is called with, but for the kind."""

    code_shape: Shape = (7, 7, 8)
    filters: Sequence[int] = (16, 12)
    channels: int = 1

    def arguments(self, kind: str) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.code_shape), list(self.filters), self.channels, kind]

    def codes(self, n: int) -> np.ndarray:
        """Return n random codes."""
        return networks.codes(n, self.code_shape)


def _built(student: Student, sizes: Sizes, kind: str) -> None:
    student.build(*sizes.arguments(kind))


def _transposed(
    sizes: Sizes,
    activation: str | None = "relu",
) -> keras.Model:
    """Return the contract's transposed decoder, without its sigmoid."""
    code = h = keras.Input(sizes.code_shape)
    for n in sizes.filters:
        h = layers.Conv2DTranspose(
            n, 3, strides=2, padding="same", activation=activation
        )(h)
    return keras.Model(code, layers.Conv2D(sizes.channels, 3, padding="same")(h))


def _upsampled(
    sizes: Sizes,
    activation: str | None = "relu",
    interpolation: str = "nearest",
    first: str = "upsampling",
) -> keras.Model:
    """Return the contract's upsampled decoder, without its sigmoid, or a mistake."""
    code = h = keras.Input(sizes.code_shape)
    for n in sizes.filters:
        step = [
            layers.UpSampling2D(2, interpolation=interpolation),
            layers.Conv2D(n, 3, padding="same", activation=activation),
        ]
        for layer in step if first == "upsampling" else reversed(step):
            h = layer(h)
    return keras.Model(code, layers.Conv2D(sizes.channels, 3, padding="same")(h))


# What the upsampled decoder may be, so that each mistake loses its own points only.
FAMILY = {
    ", ".join(map(str, choice)): choice
    for choice in product(
        ("upsampling", "convolution"), ("nearest", "bilinear"), ("relu", None)
    )
}


def _member(student: Student, sizes: Sizes) -> tuple[str, str, str | None]:
    """Return first operation, interpolation and activation of the upsampled decoder."""
    _built(student, sizes, "upsampled")
    found = networks.matching(
        student,
        "decoder",
        {
            name: partial(
                _upsampled,
                sizes,
                activation=activation,
                interpolation=interpolation,
                first=first,
            )
            for name, (first, interpolation, activation) in FAMILY.items()
        },
        sizes.codes(3),
    )
    if found:
        return FAMILY[found[0]]
    wanted = _upsampled(sizes).get_weights()
    arrays = student.get_weights("decoder")
    other = {"other": partial(_transposed, sizes)}
    raise CheckFailed(
        "an upsampling and a 3×3 convolution for each number in filters, and a last "
        f"convolution; kernels of {networks.kernels(wanted)}, and a bias for each",
        "transposed convolutions"
        if networks.matching(student, "decoder", other, sizes.codes(3))
        else f"kernels of {networks.kernels(arrays)}; {len(arrays)} weight arrays in "
        "all, and other numbers than these layers give",
        "the branch for kind 'upsampled': its layers, their kernel size, padding or "
        "number.",
    )


@check("both kinds give images of the right shape", PARTS)
def shapes(student: Student, **sizes: Any) -> None:
    """Height and width are doubled once for each number in filters."""
    called = Sizes(**sizes)
    height, width, _ = called.code_shape
    factor = 2 ** len(called.filters)
    n = 3
    wanted = (n, height * factor, width * factor, called.channels)
    for kind in KINDS:
        _built(student, called, kind)
        outputs = student.predict("decoder", called.codes(n))
        found = [array.shape for array in outputs]
        if found != [wanted]:
            raise CheckFailed(
                f"{kind}: {n} codes of {networks.times(called.code_shape)} give one "
                f"array {wanted}",
                ", ".join(map(str, found)),
                "a step that does not double the size, valid padding, or a size that "
                "is written as a number instead of an argument.",
            )


@check("both kinds have equally many weights", PARTS)
def same_weights(student: Student, **sizes: Any) -> None:
    """The comparison is fair: only the way to enlarge differs."""
    called = Sizes(**sizes)
    counts = {}
    for kind in KINDS:
        _built(student, called, kind)
        arrays = weights_of(student, "decoder", called.code_shape)
        counts[kind] = sum(array.size for array in arrays)
    if len(set(counts.values())) > 1:
        raise CheckFailed(
            "the same number of weights for both kinds",
            ", ".join(f"{kind}: {count}" for kind, count in counts.items()),
            "a kernel that is not 3×3, or a layer that only one of them has.",
        )


@check("transposed: transposed convolutions with ReLU", PARTS)
def transposed_layers(student: Student, **sizes: Any) -> None:
    """A 3×3 transposed convolution of stride 2 with ReLU for each number in filters."""
    called = Sizes(**sizes)
    _built(student, called, "transposed")
    networks.computes(
        student,
        "decoder",
        {
            "the contract": partial(_transposed, called),
            "transposed convolutions without ReLU": partial(
                _transposed, called, activation=None
            ),
            "upsampling and convolutions": partial(_upsampled, called),
        },
        called.codes(3),
        "a 3×3 transposed convolution of stride 2 with ReLU for each number in "
        "filters, and a last 3×3 convolution",
        "the branch for kind 'transposed': its layers, their kernel size, stride, "
        "padding, activation or number.",
    )


@check("upsampled: convolutions with ReLU", PARTS)
def upsampled_layers(student: Student, **sizes: Any) -> None:
    """Each step doubles the size by upsampling and has a 3×3 convolution with ReLU."""
    called = Sizes(**sizes)
    *_, activation = _member(student, called)
    if activation != "relu":
        raise CheckFailed(
            "ReLU after the convolution of each step",
            "convolutions without activation",
            "the activation of the Conv2D in the branch for kind 'upsampled'.",
        )
    x = called.codes(3)
    outputs = [student.predict("decoder", x, training=t)[0] for t in (False, True)]
    if not close(*outputs):
        raise CheckFailed(
            "the same numbers in training and in use",
            "the decoder computes something else while it trains",
            "a layer that acts in training only, such as Dropout or noise.",
        )


@check("upsampled: first upsampling, then convolution", PARTS)
def upsampling_first(student: Student, **sizes: Any) -> None:
    """Within a step the size is doubled before the convolution, not after it."""
    first, *_ = _member(student, Sizes(**sizes))
    if first != "upsampling":
        raise CheckFailed(
            "in each step, the convolution sees the enlarged feature maps",
            "it sees the small ones, and what it makes of them is enlarged",
            "the order of UpSampling2D and Conv2D.",
        )


@check("upsampled: each value is repeated", PARTS)
def nearest(student: Student, **sizes: Any) -> None:
    """Upsampling takes the nearest value and does not interpolate."""
    _, interpolation, _ = _member(student, Sizes(**sizes))
    if interpolation != "nearest":
        raise CheckFailed(
            "upsampling that repeats each value in a block of 2×2",
            f"{interpolation} interpolation between neighbours",
            "the argument interpolation of UpSampling2D: the contract wants 'nearest', "
            "which is Keras's default.",
        )


def _inside(outputs: np.ndarray, steps: int) -> np.ndarray:
    """Return the part of the images that no padding reaches.

    A convolution of up to 5×5 brings the border up to two pixels further in, and a
    doubling brings it twice as far.
    """
    border = 2 ** (steps + 1)
    return outputs[:, border:-border, border:-border]


def _spread_on_flat_code(student: Student, sizes: Sizes) -> tuple[float, float]:
    """Return the least and the greatest inner pixel that a flat code gives.

    All weights are positive and equal within a layer, so that what is left of
    differences comes from how often a pixel is painted.
    """
    arrays = weights_of(student, "decoder", sizes.code_shape)
    even = [
        np.full_like(a, 1 / np.prod(a.shape[:-1]) if a.ndim > 1 else 0) for a in arrays
    ]
    student.set_weights("decoder", even)
    flat = np.ones((1, *sizes.code_shape), np.float32)
    inside = _inside(student.predict("decoder", flat)[0], len(sizes.filters))
    return float(inside.min()), float(inside.max())


@check("a flat code: checkerboard when transposed, flat when upsampled", PARTS)
def flat_code(student: Student, **sizes: Any) -> None:
    """The two kinds differ in what lesson 05 measured."""
    called = Sizes(**sizes)
    spread = {}
    for kind in KINDS:
        _built(student, called, kind)
        low, high = _spread_on_flat_code(student, called)
        spread[kind] = f"inner pixels between {low:.5f} and {high:.5f}", high - low
    found, size = spread["upsampled"]
    if size > 1e-5:
        raise CheckFailed(
            "upsampled: a code that is the same everywhere gives an image that is the "
            "same everywhere, apart from its border",
            found,
            "the branch for kind 'upsampled' has a transposed convolution.",
        )
    found, size = spread["transposed"]
    if size < 1e-4:
        raise CheckFailed(
            "transposed: kernels of 3 with a stride of 2 paint pixels unequally often, "
            "which shows on a code that is the same everywhere",
            found,
            "the kernel size, which is divisible by the stride, or no transposed "
            "convolution at all in the branch for kind 'transposed'.",
        )


@check("the output is a sigmoid", PARTS)
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The last convolution ends in a sigmoid, for both kinds."""
    called = Sizes(**sizes)
    for kind in KINDS:
        _built(student, called, kind)
        last_activation_is(
            student,
            "decoder",
            (tuple(called.code_shape), called.channels),
            "a sigmoid",
            f"the activation of the last convolution, for kind {kind!r}.",
        )


@check("another kind is refused", PARTS)
def unknown_kind(student: Student, *, kind: str = "bilinear") -> None:
    """A ValueError names the two kinds that there are."""
    expected = f"for kind={kind!r}, a ValueError whose text names {' and '.join(KINDS)}"
    likely_cause = (
        "an else that takes whatever is left. End with: raise ValueError('kind must be "
        "transposed or upsampled, and not ...')."
    )
    try:
        student.build(*Sizes().arguments(kind))
    except StudentError as error:
        if is_stub(error):
            raise
        named = all(word in error.message for word in KINDS)
        if error.kind == "ValueError" and named:
            return
        found = f"{error.kind}: {error.message}"
    else:
        found = "a model, and no error"
    raise CheckFailed(expected, found, likely_cause)


@check("the arguments stay as they were", PARTS)
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    for kind in KINDS:
        arguments_stay(student, Sizes(**sizes).arguments(kind), position=1)
