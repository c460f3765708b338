"""A figure of an explorer's first view: what stands there where no script runs."""

from typing import Any

from helpers.arrays import as_images
from helpers.explore.view import Plane
from helpers.plots.alt_text import listed, number
from helpers.plots.figure import (
    COLOURS,
    Picture,
    describe,
    put_image,
    set_title,
    styled,
)

import keras
import numpy as np

STEPS = 9  # decoded images of a walk


@styled
def first_view(decoder: keras.Model, plane: Plane) -> Picture:
    """Draw the plane, the walk between its first two stops, and what is decoded there.

    Args:
        decoder: from a code of two numbers to an image.
        plane: what the explorer shows.
    """
    start, end = (plane.codes[stop] for stop in plane.stops[:2])
    path = np.linspace(start, end, STEPS)
    decoded = np.asarray(decoder(path.astype("float32")))
    images = as_images(decoded.reshape(-1, *plane.images.shape[1:]), "decoded images")
    middle = STEPS // 2

    picture = Picture(720, 560, layout="constrained")
    grid = picture.add_gridspec(2, 2, height_ratios=(5, 1), width_ratios=(2, 1))
    axes = picture.add_subplot(grid[0, 0])
    for label, name in plane.names.items():
        x, y = plane.codes[plane.classes == label].T
        look: dict[str, Any] = {"marker": f"${name}$", "color": COLOURS[label]}
        axes.scatter(x, y, s=32, linewidths=0, alpha=0.75, **look)
    axes.plot(*np.stack([start, end]).T, "o--", color="black")
    axes.plot(*path[middle], "o", markersize=14, fillstyle="none", color="black")
    (left, bottom), (right, top) = plane.low, plane.high
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="$z_1$", ylabel="$z_2$")
    axes.set_aspect("equal")
    set_title(axes, plane.title)

    where = f"z = ({number(path[middle][0])}, {number(path[middle][1])})"
    _show(picture.add_subplot(grid[0, 1]), images[middle], f"decoded at {where}")
    strip = np.concatenate(list(images), axis=1)
    first, last = (plane.names[plane.classes[stop]] for stop in plane.stops[:2])
    way = f"decoded on the way from a {first} to a {last}"
    _show(picture.add_subplot(grid[1, :]), strip, way)
    described = (
        f"Plane of the codes of {len(plane.codes)} images, each written as its class, "
        f"{listed(plane.names.values())}; {STEPS} images {way}, and a larger one "
        f"decoded half-way, at {where}."
    )
    return describe(picture, None, plane.title, described)


def _show(axes: Any, image: np.ndarray, caption: str) -> None:
    height, width = image.shape[:2]
    put_image(axes, image, (0, width, 0, height))
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(caption)
