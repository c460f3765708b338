"""Boxes with text and arrows between them; what a model's layers do with one image."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.arrays import as_images, as_numbers
from helpers.plots import validation
from helpers.plots.alt_text import count, listed
from helpers.plots.figure import (
    COLOURS,
    DPI,
    Picture,
    describe,
    fit_to_labels,
    pixel_axes,
    put_image,
    set_title,
    styled,
)

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import ArrayLike

PADDING = np.array([20, 16])  # pixels: how much a box is larger than its text
HOURGLASS_STEP, HOURGLASS_HEIGHT = 170, 300  # pixels: from column to column, and up


@styled
def diagram(
    boxes: Mapping[str, Sequence[float]],
    arrows: Sequence[Sequence[str]] = (),
    *,
    marked: Sequence[str] = (),
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw boxes with text, and arrows between them: a map, or the layers of a model.

    Args:
        boxes: the text of each box, which is also its name, and its place (column,
            row): columns run to the right, rows down, and 1.5 is a place too. A third
            number is the box's height in rows, if it is to be taller than its text.
        arrows: chains of two or more boxes, with an arrow from each to the next.
        marked: boxes that stand out by colour and a thicker frame.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.

    >>> layers = {"x": (0, 0, 3), "z": (1, 0, 1), "x_hat": (2, 0, 3)}
    >>> diagram(layers, [["x", "z", "x_hat"]], marked=["z"]).alt
    'Diagram with 3 boxes: x, z and x_hat. Arrows: x to z and z to x_hat.'
    """
    places = validation.named_arrays(boxes, "boxes", _place)
    pairs = [pair for chain in arrows for pair in _pairs(chain, places)]
    if unknown := [repr(name) for name in marked if name not in places]:
        raise ValueError(f"marked holds {listed(unknown)}; expected names of boxes.")
    picture, axes = pixel_axes(1, 1)
    drawn = _draw_boxes(picture, axes, places, marked)
    for start, end in pairs:
        arrow = FancyArrowPatch(
            drawn[start].centre,
            drawn[end].centre,
            patchA=drawn[start].patch,
            patchB=drawn[end].patch,
            arrowstyle="-|>",
            mutation_scale=12,
            color="#666666",
        )
        axes.add_patch(arrow)
    low = np.min([box.low for box in drawn.values()], axis=0) - 2
    high = np.max([box.high for box in drawn.values()], axis=0) + 2
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), xticks=[], yticks=[])
    picture.set_size_inches((high - low) / DPI)
    set_title(axes, title)
    fit_to_labels(picture, axes)
    names = {name: " ".join(name.split()) for name in places}
    described = f"Diagram with {count(len(places), 'box')}: {listed(names.values())}."
    if pairs:
        ways = [f"{names[start]} to {names[end]}" for start, end in pairs]
        described += f" Arrows: {listed(ways)}."
    return describe(picture, alt, title, described)


@styled
def hourglass(
    stages: Mapping[str, ArrayLike],
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw what becomes of one image on its way through a model.

    Each unit of a layer is a bar, to the right if its activation is positive. A column
    is as tall as its layer has units, so that a bottleneck shows.

    Args:
        stages: for each stage its label, and an image of shape (h, w) in [0, 1] or the
            activations of a layer, shape (n,).
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    arrays = validation.named_arrays(stages, "stages", _stage)
    units = [len(values) for values in arrays.values() if values.ndim == 1]
    picture, axes = pixel_axes(HOURGLASS_STEP * len(arrays) - 40, HOURGLASS_HEIGHT)
    for i, (label, values) in enumerate(arrays.items()):
        left, middle = HOURGLASS_STEP * i, HOURGLASS_HEIGHT / 2
        right = left + HOURGLASS_STEP - 40
        if values.ndim == 2:
            half = (right - left) / 2
            put_image(axes, values, (left, right, middle - half, middle + half))
        else:
            half = middle * len(values) / max(units)
            _draw_units(axes, values, (left, right, middle - half, middle + half))
        _put_label(axes, label.strip(), (left + right) / 2)
        if i:
            axes.annotate(
                "",
                (left - 6, middle),
                (left - 34, middle),
                arrowprops={"arrowstyle": "-|>", "color": "#666666"},
            )
    width = HOURGLASS_STEP * len(arrays) - 40
    axes.set(xlim=(0, width), ylim=(0, HOURGLASS_HEIGHT), xticks=[], yticks=[])
    set_title(axes, title)
    fit_to_labels(picture, axes)
    described = (
        f"An image on its way through a model: {listed(map(str.strip, arrays))}."
    )
    return describe(picture, alt, title, described)


def _put_label(axes: Axes, label: str, middle: float) -> None:
    """Write a label below the axes, where matplotlib would clip it away."""
    axes.annotate(
        label, (middle, -8), ha="center", va="top", fontsize=10, annotation_clip=False
    )


def _stage(values: ArrayLike, name: str) -> np.ndarray:
    """Return an image (h, w), or the activations (n,) of a layer."""
    array = as_numbers(values, name)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} has shape {array.shape}; expected (h, w) for an image or (n,) for "
            "a layer. Take one image alone: [0], and [0, ..., 0] without its channel."
        )
    return as_images(array[np.newaxis], name)[0] if array.ndim == 2 else array


def _draw_units(
    axes: Axes, values: np.ndarray, extent: tuple[float, float, float, float]
) -> None:
    """Draw activations as bars from the middle of (left, right, bottom, top)."""
    left, right, bottom, top = extent
    middle, half = (left + right) / 2, (right - left) / 2
    height = (top - bottom) / len(values)
    axes.barh(
        top - height * (np.arange(len(values)) + 0.5),
        half * values / max(np.abs(values).max(), 1e-9),
        height=0.7 * height,
        left=middle,
        color=np.where(values < 0, COLOURS[1], COLOURS[0]),
    )
    axes.plot([middle, middle], [bottom, top], color="#999999", linewidth=0.8)


@dataclass(frozen=True)
class _Box:
    """A box at its place in the picture, in pixels; y grows downwards."""

    centre: tuple[float, float]
    width: float
    height: float
    marked: bool

    @property
    def low(self) -> tuple[float, float]:
        return self.centre[0] - self.width / 2, self.centre[1] - self.height / 2

    @property
    def high(self) -> tuple[float, float]:
        return self.centre[0] + self.width / 2, self.centre[1] + self.height / 2

    @functools.cached_property
    def patch(self) -> FancyBboxPatch:
        return FancyBboxPatch(
            self.low,
            self.width,
            self.height,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor="#E1EEF7" if self.marked else "white",
            edgecolor=COLOURS[0] if self.marked else "#666666",
            linewidth=2.2 if self.marked else 1,
            zorder=3,
        )


def _draw_boxes(
    picture: Picture,
    axes: Axes,
    places: Mapping[str, tuple[float, float, float]],
    marked: Sequence[str],
) -> dict[str, _Box]:
    """Draw boxes that are all as wide as the widest text; refuse overlaps."""
    texts = {
        name: axes.text(0, 0, name, ha="center", va="center", zorder=4, linespacing=1.4)
        for name in places
    }
    renderer = picture.canvas.get_renderer()
    sizes = {
        name: text.get_window_extent(renderer).size + PADDING
        for name, text in texts.items()
    }
    width, tallest = np.ceil(np.max(list(sizes.values()), axis=0))
    across, down = width + 34, tallest + 30
    boxes = {
        name: _Box(
            centre=(column * across, row * down),
            width=width,
            height=max(rows * down, sizes[name][1]),
            marked=name in marked,
        )
        for name, (column, row, rows) in places.items()
    }
    _refuse_overlaps(boxes)
    for name, box in boxes.items():
        texts[name].set(x=box.centre[0], y=box.centre[1])
        axes.add_patch(box.patch)
    return boxes


def _refuse_overlaps(boxes: Mapping[str, _Box]) -> None:
    """Raise if a box of a diagram would lie on another."""
    for (name, a), (other, b) in itertools.combinations(boxes.items(), 2):
        across, down = np.abs(np.subtract(a.centre, b.centre))
        if across < a.width and down < (a.height + b.height) / 2:
            raise ValueError(
                f"boxes {name!r} and {other!r} overlap; move one of them by a column "
                "or a row."
            )


def _place(place: Sequence[float], name: str) -> tuple[float, float, float]:
    """Return column, row and height in rows (0: as tall as the text)."""
    array = as_numbers(place, name)
    if array.shape not in ((2,), (3,)):
        raise ValueError(
            f"{name} has shape {array.shape}; expected (column, row), or (column, row, "
            "height)."
        )
    column, row, height = [*array, 0][:3]
    return column, row, height


def _pairs(chain: Sequence[str], boxes: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return each box of a chain of arrows together with the next."""
    names = [chain] if isinstance(chain, str) else list(chain)
    if unknown := [repr(name) for name in names if name not in boxes]:
        raise ValueError(
            f"arrows hold {listed(unknown)}; expected names of boxes, such as "
            f"{next(iter(boxes))!r}."
        )
    if len(names) < 2:
        raise ValueError(
            f"arrows hold {chain!r}; expected chains of two boxes or more, such as "
            "[('x', 'z')]."
        )
    return list(itertools.pairwise(names))
