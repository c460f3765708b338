"""The axes of a code of several numbers: a slider for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.arrays import as_images, as_numbers
from helpers.explore import page
from helpers.explore.rounding import rounded
from helpers.explore.weights import packed, require_fit
from helpers.plots import validation
from helpers.plots.alt_text import number
from helpers.plots.figure import Picture
from helpers.plots.images import image_rows

import keras
import numpy as np
from numpy.typing import ArrayLike

MAX_AXES = 32  # more sliders nobody tries
MAX_STARTS = 10  # images to start from
UNUSED_NATS = 0.05  # an axis that tells less about an image is marked as unused
UNUSED_SHARE = 1e-3  # of the largest variance, where no divergence is given
PRIOR = 3.0  # spreads of N(0, 1): where a VAE's slider ends
STEPS = 7  # images of a row in the figure
ROWS = 6  # axes in the figure
PIXEL = 0.5 / 255  # how far rounded weights may move a pixel
SOME = 500  # codes of each kind, at which that is measured


@dataclass(frozen=True)
class Axis:
    """One number of a code.

    Attributes:
        index: its place in the code.
        low: where its slider begins.
        high: where its slider ends.
        tells: how much it tells about an image, in words.
        unused: whether that is next to nothing.
    """

    index: int
    low: float
    high: float
    tells: str
    unused: bool


def code_axes(
    decoder: keras.Model,
    codes: ArrayLike,
    images: ArrayLike,
    *,
    kl: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    title: str = "Move one number of the code: the decoder draws what changes",
) -> None:
    """Show a slider for each number of a code, the most telling first.

    One starts from the code of an image; the decoder that was passed draws in the
    browser what each move makes of it. Axes that tell next to nothing are marked.

    The weights go into the page as coarsely as they may, which takes a few seconds to
    find: with sliders in some 2,000 places no pixel moves by more than half a grey
    level of 255.

    Args:
        decoder: trained; from a code to an image, with values in [0, 1].
        codes: of the images, shape (n, k); of a VAE the means.
        images: shape (n, h, w), (n, h, w, 1) or (n, h, w, 3).
        kl: mean divergence of each axis from the prior, in nats, shape (k,). Without
            it, as for a plain autoencoder, axes are sorted by the variance of codes.
        labels: the images' classes, 0 to 9; one then starts from the first image of
            each, and else from the first ten.
        class_names: names of the classes, in the order of the labels.
        title: text above it.

    Raises:
        ExplorerError: the decoder holds a layer that an explorer does not know, or
            does not fit the arrays.
        ValueError: the arrays do not fit each other.
    """
    pictures, points = as_images(images), _codes(codes)
    validation.same_length({"codes": points, "images": pictures})
    require_fit(decoder, points.shape[1:], pictures.shape[1:])
    axes = _axes(points, kl)
    starts, names = _starts(len(points), labels, class_names)
    data: dict[str, Any] = {
        "title": title,
        "decoder": rounded(decoder, _reached(points, starts, axes), PIXEL),
        "codes": packed(points[starts]),
        "images": page.packed_images(pictures[starts]),
        "names": names,
        "axes": [{**vars(axis), "axis": axis.index} for axis in axes],
    }
    code = points[starts[0]]
    twin = _first_view(decoder, code, axes, pictures.shape[1:], names[0], title)
    page.show("code_axes", twin, "move the numbers of the code", data)


def _codes(codes: ArrayLike) -> np.ndarray:
    points = as_numbers(codes, "codes")
    if points.ndim != 2 or points.shape[1] > MAX_AXES:
        raise ValueError(
            f"codes has shape {points.shape}; expected (n, k), one row for each image, "
            f"with k at most {MAX_AXES}."
        )
    return points


def _axes(codes: np.ndarray, kl: ArrayLike | None) -> list[Axis]:
    """Return the axes, that which tells most first."""
    if kl is None:
        tells, unit = codes.var(axis=0), "variance"
        least = UNUSED_SHARE * float(tells.max())
    else:
        tells, unit, least = as_numbers(kl, "kl"), "KL", UNUSED_NATS
    if tells.shape != codes.shape[1:]:
        raise ValueError(
            f"kl has shape {tells.shape}; expected {codes.shape[1:]}, a number for "
            "each axis of the codes, averaged over the images."
        )
    axes = []
    for index in np.argsort(-tells, kind="stable").tolist():
        low, high = float(codes[:, index].min()), float(codes[:, index].max())
        if kl is not None:
            low, high, nats = min(low, -PRIOR), max(high, PRIOR), " nats"
        else:
            nats = ""
            if high - low < 1e-6:  # a dead unit's codes are all the same
                low, high = low - 1, high + 1
        value = float(tells[index])
        said = f"{unit} {f'{value:.2f}' if kl is not None else number(value)}{nats}"
        axes.append(Axis(index, low, high, said, bool(tells[index] < least)))
    return axes


def _reached(codes: np.ndarray, starts: list[int], axes: list[Axis]) -> np.ndarray:
    """Return codes that sliders may give, a third of them as far out as can be, (n, k).

    From an image's code some of its numbers were moved, or all.
    """
    generator = np.random.default_rng(0)
    by_place = sorted(axes, key=lambda axis: axis.index)
    low = np.array([axis.low for axis in by_place])
    high = np.array([axis.high for axis in by_place])
    shape = 3 * SOME, len(axes)
    anywhere = generator.uniform(low, high, shape)
    anywhere[:SOME] = np.where(generator.random((SOME, len(axes))) < 0.5, low, high)
    from_image = codes[generator.choice(starts, len(anywhere))]
    is_moved = generator.random(shape) < generator.random((len(anywhere), 1))
    moved = np.where(is_moved, anywhere, from_image)
    return np.concatenate([codes[:SOME], moved]).astype("float32")


def _starts(
    n: int, labels: ArrayLike | None, class_names: Sequence[str] | None
) -> tuple[list[int], list[str]]:
    """Return the images to start from, and what they are called."""
    if labels is None:
        starts = list(range(min(n, MAX_STARTS)))
        return starts, [f"image {k + 1}" for k in starts]
    classes = validation.classes(labels, n)
    names = validation.names_by_class(classes, class_names)
    starts = np.unique(classes, return_index=True)[1].tolist()
    return starts, [names[classes[k]] for k in starts]


def _first_view(
    decoder: keras.Model,
    code: np.ndarray,
    axes: list[Axis],
    shape: tuple[int, ...],
    name: str,
    title: str,
) -> Picture:
    """Draw what the decoder makes of each axis, from one end to the other."""
    shown = axes if len(axes) <= ROWS else [*axes[: ROWS - 1], axes[-1]]
    rows = {}
    for axis in shown:
        codes = np.repeat(code[np.newaxis], STEPS, axis=0).astype("float32")
        codes[:, axis.index] = np.linspace(axis.low, axis.high, STEPS)
        said = f"{axis.tells}, unused" if axis.unused else axis.tells
        images = np.asarray(decoder(codes)).reshape(STEPS, *shape)
        rows[f"z{axis.index + 1}: {said}"] = images
    picture = image_rows(rows, title=title)
    picture.alt = (
        f"{title.rstrip('.')}. Rows of {STEPS} decoded images, one for each of "
        f"{len(shown)} of {len(axes)} axes, from one end of the axis to the other; "
        f"the other numbers are the code of {name}. {'; '.join(rows)}."
    )
    return picture
