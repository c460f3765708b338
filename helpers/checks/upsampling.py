"""Two ways to enlarge: one function for each property of the contract.

Each takes the builder ``decoder(code_shape, filters, channels, kind)`` and prints or
raises as :func:`helpers.checks.report.check` says. Hidden tests call the same functions
with other sizes.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product

from helpers.checks import reference
from helpers.checks.builders import arguments_stay
from helpers.checks.dense import close, last_activation_is, weights_of
from helpers.checks.hints import is_stub
from helpers.checks.interface import Student, StudentError
from helpers.checks.report import CheckFailed, check

import keras
import numpy as np
from keras import layers

Shape = tuple[int, int, int]

KINDS = ("transposed", "upsampled")
PARTS = ("decoder",)


def _built(
    student: Student,
    code_shape: Shape,
    filters: Sequence[int],
    channels: int,
    kind: str,
) -> Student:
    student.build(tuple(code_shape), list(filters), channels, kind)
    return student


def _transposed(
    code_shape: Shape,
    filters: Sequence[int],
    channels: int,
    activation: str | None = "relu",
) -> keras.Model:
    """Return the contract's transposed decoder, without its sigmoid."""
    code = h = keras.Input(code_shape)
    for n in filters:
        h = layers.Conv2DTranspose(
            n, 3, strides=2, padding="same", activation=activation
        )(h)
    return keras.Model(code, layers.Conv2D(channels, 3, padding="same")(h))


def _upsampled(
    code_shape: Shape,
    filters: Sequence[int],
    channels: int,
    activation: str | None = "relu",
    interpolation: str = "nearest",
    first: str = "upsampling",
) -> keras.Model:
    """Return the contract's upsampled decoder, without its sigmoid, or a mistake."""
    code = h = keras.Input(code_shape)
    for n in filters:
        step = [
            layers.UpSampling2D(2, interpolation=interpolation),
            layers.Conv2D(n, 3, padding="same", activation=activation),
        ]
        for layer in step if first == "upsampling" else reversed(step):
            h = layer(h)
    return keras.Model(code, layers.Conv2D(channels, 3, padding="same")(h))


# What the upsampled decoder may be, so that each mistake loses its own points only.
FAMILY = {
    ", ".join(map(str, choice)): choice
    for choice in product(
        ("upsampling", "convolution"), ("nearest", "bilinear"), ("relu", None)
    )
}


def _member(
    student: Student, code_shape: Shape, filters: Sequence[int], channels: int
) -> tuple[str, str, str | None]:
    """Return first operation, interpolation and activation of the upsampled decoder."""
    _built(student, code_shape, filters, channels, "upsampled")
    found = reference.matching(
        student,
        "decoder",
        {
            name: partial(
                _upsampled,
                code_shape,
                filters,
                channels,
                activation=activation,
                interpolation=interpolation,
                first=first,
            )
            for name, (first, interpolation, activation) in FAMILY.items()
        },
        reference.codes(3, code_shape),
    )
    if found:
        return FAMILY[found[0]]
    wanted = _upsampled(code_shape, filters, channels).get_weights()
    arrays = student.get_weights("decoder")
    other = {"other": partial(_transposed, code_shape, filters, channels)}
    raise CheckFailed(
        "an upsampling and a 3×3 convolution for each number in filters, and a last "
        f"convolution; kernels of {reference.kernels(wanted)}, and a bias for each",
        "transposed convolutions"
        if reference.matching(student, "decoder", other, reference.codes(3, code_shape))
        else f"kernels of {reference.kernels(arrays)}; {len(arrays)} weight arrays in "
        "all, and other numbers than these layers give",
        "the branch for kind 'upsampled': its layers, their kernel size, padding or "
        "number.",
    )


@check("both kinds give images of the right shape", PARTS)
def shapes(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """Height and width are doubled once for each number in filters."""
    factor = 2 ** len(filters)
    n = 3
    wanted = (n, code_shape[0] * factor, code_shape[1] * factor, channels)
    for kind in KINDS:
        _built(student, code_shape, filters, channels, kind)
        outputs = student.predict("decoder", reference.codes(n, code_shape))
        found = [array.shape for array in outputs]
        if found != [wanted]:
            raise CheckFailed(
                f"{kind}: {n} codes of {reference.times(code_shape)} give one array "
                f"{wanted}",
                ", ".join(map(str, found)),
                "a step that does not double the size, valid padding, or a size that "
                "is written as a number instead of an argument.",
            )


@check("both kinds have equally many weights", PARTS)
def same_weights(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """The comparison is fair: only the way to enlarge differs."""
    counts = {}
    for kind in KINDS:
        _built(student, code_shape, filters, channels, kind)
        arrays = weights_of(student, "decoder", code_shape)
        counts[kind] = sum(array.size for array in arrays)
    if len(set(counts.values())) > 1:
        raise CheckFailed(
            "the same number of weights for both kinds",
            ", ".join(f"{kind}: {count}" for kind, count in counts.items()),
            "a kernel that is not 3×3, or a layer that only one of them has.",
        )


@check("transposed: transposed convolutions with ReLU", PARTS)
def transposed_layers(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """A 3×3 transposed convolution of stride 2 with ReLU for each number in filters."""
    _built(student, code_shape, filters, channels, "transposed")
    sizes = (code_shape, filters, channels)
    reference.computes(
        student,
        "decoder",
        {
            "the contract": partial(_transposed, *sizes),
            "transposed convolutions without ReLU": partial(
                _transposed, *sizes, activation=None
            ),
            "upsampling and convolutions": partial(_upsampled, *sizes),
        },
        reference.codes(3, code_shape),
        "a 3×3 transposed convolution of stride 2 with ReLU for each number in "
        "filters, and a last 3×3 convolution",
        "the branch for kind 'transposed': its layers, their kernel size, stride, "
        "padding, activation or number.",
    )


@check("upsampled: convolutions with ReLU", PARTS)
def upsampled_layers(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """Each step doubles the size by upsampling and has a 3×3 convolution with ReLU."""
    *_, activation = _member(student, code_shape, filters, channels)
    if activation != "relu":
        raise CheckFailed(
            "ReLU after the convolution of each step",
            "convolutions without activation",
            "the activation of the Conv2D in the branch for kind 'upsampled'.",
        )
    x = reference.codes(3, code_shape)
    outputs = [student.predict("decoder", x, training=t)[0] for t in (False, True)]
    if not close(*outputs):
        raise CheckFailed(
            "the same numbers in training and in use",
            "the decoder computes something else while it trains",
            "a layer that acts in training only, such as Dropout or noise.",
        )


@check("upsampled: first upsampling, then convolution", PARTS)
def upsampling_first(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """Within a step the size is doubled before the convolution, not after it."""
    first, *_ = _member(student, code_shape, filters, channels)
    if first != "upsampling":
        raise CheckFailed(
            "in each step, the convolution sees the enlarged feature maps",
            "it sees the small ones, and what it makes of them is enlarged",
            "the order of UpSampling2D and Conv2D.",
        )


@check("upsampled: each value is repeated", PARTS)
def nearest(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """Upsampling takes the nearest value and does not interpolate."""
    _, interpolation, _ = _member(student, code_shape, filters, channels)
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


def _spread_on_flat_code(
    student: Student, code_shape: Shape, filters: Sequence[int]
) -> tuple[float, float]:
    """Return the least and the greatest inner pixel that a flat code gives.

    All weights are positive and equal within a layer, so that what is left of
    differences comes from how often a pixel is painted.
    """
    arrays = weights_of(student, "decoder", code_shape)
    even = [
        np.full_like(a, 1 / np.prod(a.shape[:-1]) if a.ndim > 1 else 0) for a in arrays
    ]
    student.set_weights("decoder", even)
    flat = np.ones((1, *code_shape), np.float32)
    inside = _inside(student.predict("decoder", flat)[0], len(filters))
    return float(inside.min()), float(inside.max())


@check("a flat code: checkerboard when transposed, flat when upsampled", PARTS)
def flat_code(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """The two kinds differ in what lesson 05 measured."""
    spread = {}
    for kind in KINDS:
        _built(student, code_shape, filters, channels, kind)
        low, high = _spread_on_flat_code(student, code_shape, filters)
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
def output_is_sigmoid(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """The last convolution ends in a sigmoid, for both kinds."""
    for kind in KINDS:
        _built(student, code_shape, filters, channels, kind)
        last_activation_is(
            student,
            "decoder",
            (tuple(code_shape), channels),
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
        student.build((7, 7, 8), [16, 12], 1, kind)
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
def arguments_unchanged(
    student: Student,
    *,
    code_shape: Shape = (7, 7, 8),
    filters: Sequence[int] = (16, 12),
    channels: int = 1,
) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    for kind in KINDS:
        arguments = [tuple(code_shape), list(filters), channels, kind]
        arguments_stay(student, arguments, 1)
