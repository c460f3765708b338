"""A figure of an explorer's first view: what stands there where no script runs."""

from collections.abc import Mapping
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
SHOWN = 200  # codes on each of two planes


def first_view(
    decoders: Mapping[str, keras.Model], planes: Mapping[str, Plane]
) -> Picture:
    """Draw planes, the walk between the first two stops, and what is decoded there.

    Args:
        decoders: one or two by name, each from a code of two numbers to an image.
        planes: what the explorer shows of each.
    """
    if len(planes) == 2:
        return _two_planes(decoders, planes)
    ((name, plane),) = planes.items()
    return _one_plane(decoders[name], plane)


@styled
def _one_plane(decoder: keras.Model, plane: Plane) -> Picture:
    """Draw a plane, what is decoded half-way of the walk, and the walk below."""
    picture = Picture(720, 560, layout="constrained")
    grid = picture.add_gridspec(2, 2, height_ratios=(5, 1), width_ratios=(2, 1))
    path, images = _walk(decoder, plane)
    _draw_plane(picture.add_subplot(grid[0, 0]), plane, plane.codes, path, plane.title)
    middle = _half_way(path)
    larger = picture.add_subplot(grid[0, 1])
    _show(larger, images[STEPS // 2], f"decoded at {middle}")
    strip = np.concatenate(list(images), axis=1)
    _show(picture.add_subplot(grid[1, :]), strip, _way(plane))
    described = (
        f"Plane of the codes of {_written(plane, plane.codes)}; {STEPS} images "
        f"{_way(plane)}, and a larger one decoded half-way, at {middle}."
    )
    return describe(picture, None, plane.title, described)


@styled
def _two_planes(
    decoders: Mapping[str, keras.Model], planes: Mapping[str, Plane]
) -> Picture:
    """Draw two planes side by side, and below each the walk over it."""
    picture = Picture(760, 480, layout="constrained")
    grid = picture.add_gridspec(2, 2, height_ratios=(6, 1))
    middles = []
    for column, (name, plane) in enumerate(planes.items()):
        path, images = _walk(decoders[name], plane)
        axes = picture.add_subplot(grid[0, column])
        _draw_plane(axes, plane, plane.codes[:SHOWN], path, name)
        strip = np.concatenate(list(images), axis=1)
        _show(picture.add_subplot(grid[1, column]), strip, _way(plane))
        middles.append(f"{_half_way(path)} for the {name}")
    picture.suptitle(plane.title, x=0.01, ha="left", size=11)
    described = (
        f"Planes of two models, {listed(planes)}: on each the codes of the same "
        f"{_written(plane, plane.codes[:SHOWN])}; below it {STEPS} images "
        f"{_way(plane)}. Half-way is {listed(middles)}."
    )
    return describe(picture, None, plane.title, described)


def _way(plane: Plane) -> str:
    start, end = (plane.names[plane.classes[stop]] for stop in plane.stops[:2])
    return f"decoded on the way from a {start} to a {end}"


def _half_way(path: np.ndarray) -> str:
    return f"z = ({', '.join(number(value) for value in path[STEPS // 2])})"


def _written(plane: Plane, codes: np.ndarray) -> str:
    names = listed(plane.names.values())
    return f"{len(codes)} images, each written as its class, {names}"


def _walk(decoder: keras.Model, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the first walk, and what is decoded at each."""
    start, end = (plane.codes[stop] for stop in plane.stops[:2])
    path = np.linspace(start, end, STEPS)
    decoded = np.asarray(decoder(path.astype("float32")))
    shaped = decoded.reshape(-1, *plane.images.shape[1:])
    return path, as_images(shaped, "decoded images")


def _draw_plane(
    axes: Any, plane: Plane, codes: np.ndarray, path: np.ndarray, title: str
) -> None:
    """Draw codes, each as its class, and a walk with a ring half-way."""
    classes = plane.classes[: len(codes)]
    for label, name in plane.names.items():
        x, y = codes[classes == label].T
        look: dict[str, Any] = {"marker": f"${name}$", "color": COLOURS[label]}
        axes.scatter(x, y, s=32, linewidths=0, alpha=0.75, **look)
    axes.plot(*path[[0, -1]].T, "o--", color="black")
    ring = {"markersize": 14, "fillstyle": "none", "color": "black"}
    axes.plot(*path[STEPS // 2], "o", **ring)
    (left, bottom), (right, top) = plane.low, plane.high
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel="$z_1$", ylabel="$z_2$")
    axes.set_aspect("equal")
    set_title(axes, title)


def _show(axes: Any, image: np.ndarray, caption: str) -> None:
    height, width = image.shape[:2]
    put_image(axes, image, (0, width, 0, height))
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(caption)
