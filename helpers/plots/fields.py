"""Where something pushes the points of a plane."""

from helpers.plots import validation
from helpers.plots.alt_text import count, number, plain
from helpers.plots.figure import COLOURS, Picture, describe, new_chart, styled

import numpy as np
from numpy.typing import ArrayLike


@styled
def arrows(
    points: ArrayLike,
    moves: ArrayLike,
    background: ArrayLike | None = None,
    *,
    xlabel: str = "$x_1$",
    ylabel: str = "$x_2$",
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw at each point of the plane an arrow along its move, in true length.

    Args:
        points: where the arrows begin, shape (n, 2).
        moves: how far each goes, shape (n, 2).
        background: points of shape (m, 2) to draw under the arrows, such as the data.
        xlabel: what the horizontal axis shows.
        ylabel: what the vertical axis shows.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    starts = validation.points(points, 2, "points")
    steps = validation.points(moves, 2, "moves")
    if len(starts) != len(steps):
        raise ValueError(
            f"there are {len(starts)} points and {len(steps)} moves; expected one move "
            "for each point."
        )
    lengths = np.linalg.norm(steps, axis=1)
    described = (
        f"{count(len(starts), 'arrow')} over {plain(xlabel)} and {plain(ylabel)}, of "
        f"length {number(lengths.min())} to {number(lengths.max())}"
    )
    picture, axes = new_chart(640, 600, title)
    axes.grid(visible=False)
    if background is not None:
        behind = validation.points(background, 2, "background")
        axes.scatter(behind[:, 0], behind[:, 1], s=14, color=COLOURS[1], linewidths=0)
        described += f", on {count(len(behind), 'point')}"
    axes.quiver(
        *starts.T,
        *steps.T,
        color=COLOURS[0],
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.003,
    )
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_aspect("equal", adjustable="datalim")
    return describe(picture, alt, title, f"{described}.")
