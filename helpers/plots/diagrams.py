"""Boxes with text, and arrows between them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.metrics import as_numbers
from helpers.plots import inputs
from helpers.plots.picture import (
    COLOURS,
    DPI,
    Picture,
    describe,
    fit_to_labels,
    pixel_axes,
    set_title,
    styled,
)
from helpers.plots.words import count, listed

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch


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

    Parameters
    ----------
    boxes
        The text of each box, by which it is also called, and its place (column, row):
        columns run to the right, rows down, and 1.5 is a place too. A third number is
        the box's height in rows, if it shall be taller than its text.
    arrows
        Chains of two or more boxes, with an arrow from each to the next.
    marked
        Boxes that stand out by colour and a thicker frame.

    >>> layers = {"x": (0, 0, 3), "z": (1, 0, 1), "x_hat": (2, 0, 3)}
    >>> diagram(layers, [["x", "z", "x_hat"]], marked=["z"]).alt
    'Diagram with 3 boxes: x, z and x_hat. Arrows: x to z and z to x_hat.'
    """
    places = inputs.named_arrays(boxes, "boxes", _place)
    pairs = [pair for chain in arrows for pair in _pairs(chain, places)]
    if unknown := [repr(name) for name in marked if name not in places]:
        raise ValueError(f"marked holds {listed(unknown)}; expected names of boxes.")
    picture, axes = pixel_axes(1, 1)
    renderer = picture.canvas.get_renderer()
    texts = {
        name: axes.text(0, 0, name, ha="center", va="center", zorder=4, linespacing=1.4)
        for name in places
    }
    padding = np.array([20, 16])
    sizes = [text.get_window_extent(renderer).size + padding for text in texts.values()]
    width, tallest = np.ceil(np.max(sizes, axis=0))
    across, down = width + 34, tallest + 30
    centres = {
        name: np.array([column * across, row * down])
        for name, (column, row, _) in places.items()
    }
    heights = {
        name: max(rows * down, size[1])
        for (name, (_, _, rows)), size in zip(places.items(), sizes, strict=True)
    }
    _refuse_overlaps(centres, heights, width)

    drawn = {}
    for name, (x, y) in centres.items():
        texts[name].set(x=x, y=y)
        stands_out = name in marked
        drawn[name] = FancyBboxPatch(
            (x - width / 2, y - heights[name] / 2),
            width,
            heights[name],
            boxstyle="round,pad=0,rounding_size=6",
            facecolor="#E1EEF7" if stands_out else "white",
            edgecolor=COLOURS[0] if stands_out else "#666666",
            linewidth=2.2 if stands_out else 1,
            zorder=3,
        )
        axes.add_patch(drawn[name])
    for start, end in pairs:
        axes.add_patch(
            FancyArrowPatch(
                centres[start],
                centres[end],
                patchA=drawn[start],
                patchB=drawn[end],
                arrowstyle="-|>",
                mutation_scale=12,
                color="#666666",
            )
        )
    reach = {name: np.array([width, heights[name]]) / 2 for name in places}
    low = np.min([centres[name] - reach[name] for name in places], axis=0) - 2
    high = np.max([centres[name] + reach[name] for name in places], axis=0) + 2
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


def _refuse_overlaps(
    centres: Mapping[str, np.ndarray], heights: Mapping[str, float], width: float
) -> None:
    """Raise if a box of a diagram would lie on another."""
    for (one, a), (other, b) in itertools.combinations(centres.items(), 2):
        apart = np.abs(a - b)
        if apart[0] < width and apart[1] < (heights[one] + heights[other]) / 2:
            raise ValueError(
                f"boxes {one!r} and {other!r} overlap; move one of them by a column "
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


def _pairs(chain: Sequence[str], boxes: Mapping[str, Any]) -> list[tuple[str, str]]:
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
