"""Two ways to enlarge: one function for each property of the contract.

Each takes the builder ``decoder(code_shape, filters, channels, kind)`` and prints or
raises as ``check`` says. Hidden tests call the same functions with other sizes:
fields of ``DecoderSizes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from helpers.checks.contract import Contract, Sizes, keywords_too
from helpers.checks.oracles import networks, shared
from helpers.checks.oracles.probes import codes, times, weights_of
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import choice, distinct, each, whole
from helpers.checks.student.interface import ImageShape, Student

import keras
import numpy as np
from keras import layers

KINDS = ("transposed", "upsampled")


@dataclass(frozen=True)
class DecoderSizes(Sizes):
    """What the builder is called with."""

    code_shape: ImageShape = (7, 7, 8)
    filters: Sequence[int] = (16, 12)
    channels: int = 1
    kind: str = KINDS[0]

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [tuple(self.code_shape), list(self.filters), self.channels, self.kind]

    def codes(self, n: int) -> np.ndarray:
        """Return n random codes."""
        return codes(n, self.code_shape)


contract = Contract(
    DecoderSizes,
    ("decoder",),
    {
        "code_shape": each(whole(6, 9), whole(6, 9), choice(5, 6, 7, 9)),
        "filters": distinct(10, 18, 2),
        "channels": whole(2, 4),
        "kind": choice("pooled", "nearest", "dense", "bicubic", "strided"),
    },
)


other_filters_too = keywords_too(
    *({"code_shape": (6, 5, 7), "filters": filters} for filters in [(4,), (9, 8, 3)])
)


def _transposed(
    sizes: DecoderSizes,
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
    sizes: DecoderSizes,
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


# What the upsampled decoder may be, so that each mistake loses its own points only:
# first operation, interpolation and activation.
FAMILY = {
    ", ".join(map(str, choice)): choice
    for choice in product(
        ("upsampling", "convolution"), ("nearest", "bilinear"), ("relu", None)
    )
}


def _member(
    student: Student, sizes: dict[str, Any]
) -> tuple[DecoderSizes, tuple[str, str, str | None]]:
    """Build the upsampled decoder; return its sizes and which of FAMILY it is."""
    built = contract.build(student, kind="upsampled", **sizes)
    match = networks.matching(
        student,
        "decoder",
        {
            name: partial(
                _upsampled,
                built,
                activation=activation,
                interpolation=interpolation,
                first=first,
            )
            for name, (first, interpolation, activation) in FAMILY.items()
        },
        built.codes(3),
    )
    if match:
        return built, FAMILY[match[0]]
    wanted = _upsampled(built).get_weights()
    arrays = student.get_weights("decoder")
    other = {"other": partial(_transposed, built)}
    raise CheckFailed(
        "an upsampling and a 3×3 convolution for each filter, and a last convolution: "
        f"kernels of {networks.kernels(wanted)}",
        "transposed convolutions"
        if networks.matching(student, "decoder", other, built.codes(3))
        else f"{networks.kernels(arrays)}; {len(arrays)} weight arrays",
        "the branch for kind 'upsampled': its layers, their kernel size, padding or "
        "number.",
    )


@contract.check("both kinds give images of the right shape", filters=distinct(5, 12, 3))
@other_filters_too
def shapes(student: Student, **sizes: Any) -> None:
    """Height and width are doubled once for each number in filters."""
    n = 3
    for kind in KINDS:
        built = contract.build(student, kind=kind, **sizes)
        height, width, _ = built.code_shape
        factor = 2 ** len(built.filters)
        wanted = (n, height * factor, width * factor, built.channels)
        outputs = student.predict("decoder", built.codes(n))
        shapes = [array.shape for array in outputs]
        if shapes != [wanted]:
            raise CheckFailed(
                f"{kind}: {n} codes of {times(built.code_shape)} give one "
                f"array {wanted}",
                ", ".join(map(str, shapes)),
                "a step that does not double the size, valid padding, or a size "
                "written as a number.",
            )


@contract.check("both kinds have equally many weights")
def same_weights(student: Student, **sizes: Any) -> None:
    """The comparison is fair: only the way to enlarge differs."""
    counts = {}
    for kind in KINDS:
        built = contract.build(student, kind=kind, **sizes)
        arrays = weights_of(student, "decoder", built.code_shape)
        counts[kind] = sum(array.size for array in arrays)
    if len(set(counts.values())) > 1:
        raise CheckFailed(
            "the same number of weights for both kinds",
            ", ".join(f"{kind}: {count}" for kind, count in counts.items()),
            "a kernel that is not 3×3, or a layer that only one of them has.",
        )


@contract.check("transposed: transposed convolutions with ReLU")
@other_filters_too
def transposed_layers(student: Student, **sizes: Any) -> None:
    """A 3×3 transposed convolution of stride 2 with ReLU for each number in filters."""
    built = contract.build(student, kind="transposed", **sizes)
    networks.computes(
        student,
        "decoder",
        {
            "the contract": partial(_transposed, built),
            "transposed convolutions without ReLU": partial(
                _transposed, built, activation=None
            ),
            "upsampling and convolutions": partial(_upsampled, built),
        },
        built.codes(3),
        "a 3×3 transposed convolution of stride 2 with ReLU for each number in "
        "filters, and a last 3×3 convolution",
        "the branch for kind 'transposed': its layers, their kernel size, stride, "
        "padding, activation or number.",
    )


@contract.check("upsampled: convolutions with ReLU")
@other_filters_too
def upsampled_layers(student: Student, **sizes: Any) -> None:
    """Each step doubles the size by upsampling and has a 3×3 convolution with ReLU."""
    built, (first, interpolation, activation) = _member(student, sizes)
    if activation != "relu":
        raise CheckFailed(
            "ReLU after the convolution of each step",
            "convolutions without activation",
            "the activation of the Conv2D in the branch for kind 'upsampled'.",
        )
    # Other checks look at the order and the interpolation. Built once more, for weights
    # as the function makes them.
    contract.build(student, kind="upsampled", **sizes)
    same = partial(_upsampled, built, interpolation=interpolation, first=first)
    networks.computes(
        student,
        "decoder",
        {"the contract": same},
        built.codes(3),
        "an upsampling and a 3×3 convolution with ReLU for each number in filters",
        "something that depends on the codes, the weights, or on training.",
    )


@contract.check("upsampled: first upsampling, then convolution")
def upsampling_first(student: Student, **sizes: Any) -> None:
    """Within a step the size is doubled before the convolution, not after it."""
    _, (first, *_) = _member(student, sizes)
    if first != "upsampling":
        raise CheckFailed(
            "in each step, the convolution sees the enlarged feature maps",
            "it sees the small ones, and what it makes of them is enlarged",
            "the order of UpSampling2D and Conv2D.",
        )


@contract.check("upsampled: each value is repeated")
def nearest(student: Student, **sizes: Any) -> None:
    """Upsampling takes the nearest value and does not interpolate."""
    _, (_, interpolation, _) = _member(student, sizes)
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


def _spread_on_flat_code(student: Student, sizes: DecoderSizes) -> tuple[str, float]:
    """Return how the inner pixels that a flat code gives differ, in words and numbers.

    All weights are positive and equal within a layer, so that what is left of
    differences comes from how often a pixel is painted. They are shares of what another
    flat code changes: of a model that paints the same whatever it gets, none is known.
    """
    arrays = weights_of(student, "decoder", sizes.code_shape)
    even = [
        np.full_like(a, 1 / np.prod(a.shape[:-1]) if a.ndim > 1 else 0) for a in arrays
    ]
    student.set_weights("decoder", even)
    flat = np.ones((1, *sizes.code_shape), np.float32)
    inside, brighter = (
        _inside(student.predict("decoder", code)[0], len(sizes.filters))
        for code in (flat, 2 * flat)
    )
    change = float(np.abs(brighter - inside).max())
    if not 1e-3 < change < MAX_CHANGE:
        raise CheckFailed(
            "a code that is twice as large gives other pixels",
            f"they change by {change:.3g}",
            "an activation, or an operation at the end, that lets nothing through.",
        )
    low, high = float(inside.min()), float(inside.max())
    return f"inner pixels between {low:.5f} and {high:.5f}", (high - low) / change


# Of what a flat code changes: 1e-7 or so where every pixel is painted alike, and 0.3
# with kernels of 3 and a stride of 2.
MAX_FLAT, MIN_CHECKERED = 1e-4, 1e-3
MAX_CHANGE = 1e3


@contract.check("a flat code: checkerboard when transposed, flat when upsampled")
def flat_code(student: Student, **sizes: Any) -> None:
    """The two kinds differ in what lesson 05 measured."""
    spread = {}
    for kind in KINDS:
        built = contract.build(student, kind=kind, **sizes)
        spread[kind] = _spread_on_flat_code(student, built)
    inner, size = spread["upsampled"]
    if not size <= MAX_FLAT:
        raise CheckFailed(
            "upsampled: a flat code gives a flat image, apart from its border",
            inner,
            "the branch for kind 'upsampled' has a transposed convolution.",
        )
    inner, size = spread["transposed"]
    if not size >= MIN_CHECKERED:
        raise CheckFailed(
            "transposed: kernels of 3 with a stride of 2 paint pixels unequally often",
            inner,
            "a kernel size that the stride divides, or no transposed convolution for "
            "kind 'transposed'.",
        )


@contract.check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The last convolution ends in a sigmoid, for both kinds."""
    for kind in KINDS:
        built = contract.build(student, kind=kind, **sizes)
        shared.last_activation_is(
            student,
            "decoder",
            (tuple(built.code_shape), built.channels),
            "a sigmoid",
            f"the activation of the last convolution, for kind {kind!r}.",
        )


@contract.check("another kind is refused")
def unknown_kind(student: Student, *, kind: str = "bilinear") -> None:
    """A ValueError names the two kinds that there are."""
    shared.refuses(
        student,
        DecoderSizes(kind=kind),
        lambda text: all(word in text for word in KINDS),
        f"for kind={kind!r}, a ValueError whose text names {' and '.join(KINDS)}",
        "an else that takes whatever is left. End with: raise ValueError('kind must be "
        "transposed or upsampled, and not ...').",
    )


@contract.check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    for kind in KINDS:
        shared.arguments_stay(student, DecoderSizes(kind=kind, **sizes))
