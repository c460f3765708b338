"""Points of a latent space, alone or with what they are decoded to."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.arrays import as_images, as_numbers
from helpers.plots import validation
from helpers.plots.alt_text import count, listed, number, plain
from helpers.plots.figure import (
    COLOURS,
    DASHES,
    MARKERS,
    Picture,
    describe,
    fit_to_labels,
    new_chart,
    pixel_axes,
    put_image,
    scaled,
    set_title,
    styled,
)

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

MANY_POINTS = 100  # from here on a name hides only a few of them


@styled
def latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    paths: Mapping[str, ArrayLike] | None = None,
    xlabel: str = "$z_1$",
    ylabel: str = "$z_2$",
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points of the plane coloured by class, the class written at its median.

    Below 100 points the names stand beside the axes alone, since they would hide many.

    Args:
        codes: points of shape (n, 2): codes, or a projection of them.
        labels: classes 0 to 9 of shape (n,).
        class_names: names of the classes, in the order of the labels; else the labels
            themselves.
        paths: label and points of shape (m, 2) of lines to draw over the scatter.
        xlabel: what the horizontal axis shows.
        ylabel: what the vertical axis shows.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    points = validation.points(codes, 2, "codes")
    classes = validation.classes(labels, len(points))
    names = validation.names_by_class(classes, class_names)
    picture, axes = new_chart(720, 600, title)
    axes.grid(visible=False)
    size = float(np.clip(40_000 / len(points), 5, 30))
    _scatter_classes(axes, points, classes, names, size=size, alpha=0.6)
    medians = {
        name: np.median(points[classes == label], axis=0)
        for label, name in names.items()
    }
    axes.set(xlabel=xlabel, ylabel=ylabel)
    lines = {} if paths is None else validation.named_arrays(paths, "paths", _path)
    for (label, line), dash in zip(lines.items(), itertools.cycle(DASHES)):
        look: dict[str, Any] = {"color": "black", "linestyle": dash, "marker": "o"}
        axes.plot(*line.T, label=label, markerfacecolor="white", **look)
    # One unit is equally long on both axes: distances in the plane are comparable.
    axes.set_aspect("equal", adjustable="datalim")
    _class_legend(axes)
    _write_apart(picture, axes, medians if len(points) >= MANY_POINTS else {})
    (low_x, low_y), (high_x, high_y) = points.min(axis=0), points.max(axis=0)
    places = [
        f"{name} at ({number(x)}, {number(y)})" for name, (x, y) in medians.items()
    ]
    described = (
        f"Scatter of {count(len(points), 'point')} in {count(len(names), 'class')}; "
        f"{plain(xlabel)} from {number(low_x)} to {number(high_x)}, "
        f"{plain(ylabel)} from {number(low_y)} to {number(high_y)}. Class medians: "
        f"{', '.join(places)}."
    )
    if lines:
        described += f" {count(len(lines), 'path')} over it: {listed(lines)}."
    return describe(picture, alt, title, described)


@styled
def thumbnails(
    points: ArrayLike,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    min_distance: float = 0.05,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points of the plane, and images at as many as there is room for.

    In the order given, an image is placed unless it would lie on one already placed
    (after Géron, *Hands-On Machine Learning*, chapter on autoencoders). Both axes are
    scaled to [0, 1], so that the map shows neighbours and not units.

    Args:
        points: points of shape (n, 2), such as a t-SNE projection of codes.
        images: the n images that belong to the points.
        labels: classes 0 to 9 of shape (n,), for colours and markers.
        class_names: names of the classes, in the order of the labels.
        min_distance: how far two placed images are apart at least, along x or y, as a
            share of the map's side: also about the side of an image.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    places = validation.points(points, 2, "points")
    pictures = as_images(images)
    n = len(places)
    if len(pictures) != n:
        raise ValueError(
            f"there are {n} points and {len(pictures)} images; expected one image for "
            "each point."
        )
    if not 0.01 <= min_distance <= 1:
        raise ValueError(
            f"min_distance is {min_distance}; expected a share of the map's side from "
            "0.01 to 1, such as 0.05."
        )
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - low) / np.where(high > low, high - low, 1)
    classes = validation.classes(np.zeros(n) if labels is None else labels, n)
    names = validation.names_by_class(classes, class_names)

    picture, axes = pixel_axes(720, 720)
    _scatter_classes(axes, places, classes, names, size=12, alpha=0.5)
    placed = _apart(places, min_distance)
    half = 0.46 * min_distance
    for i in placed:
        x, y = places[i]
        put_image(axes, pictures[i], (x - half, x + half, y - half, y + half))
        frame = Rectangle(
            (x - half, y - half),
            2 * half,
            2 * half,
            fill=False,
            edgecolor=COLOURS[classes[i]],
            linewidth=1.5,
            zorder=4,
        )
        axes.add_patch(frame)
    limits = (-1.1 * half, 1 + 1.1 * half)
    axes.set(xlim=limits, ylim=limits, xticks=[], yticks=[])
    set_title(axes, title)
    if labels is not None:
        _class_legend(axes)
    fit_to_labels(picture, axes)
    described = (
        f"Map of {count(n, 'point')} with {count(len(placed), 'image')} at their places"
    )
    if labels is not None:
        described += f", in {count(len(names), 'class')}: {listed(names.values())}"
    return describe(picture, alt, title, f"{described}.")


def latent_grid(n: int, low: float, high: float) -> np.ndarray:
    """Return n × n points of the latent plane, in the order that ``manifold`` expects.

    Rows run from top to bottom, so the second component falls from ``high`` to ``low``;
    within a row the first component rises. Shape (n * n, 2), float32.

    >>> latent_grid(2, -1, 1).tolist()
    [[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    """
    if n < 2 or not low < high:
        raise ValueError(
            f"n is {n}, low {low} and high {high}; expected n of 2 or more and low "
            "below high, such as latent_grid(20, -2, 2)."
        )
    values = np.linspace(low, high, n, dtype=np.float32)
    z1, z2 = np.meshgrid(values, values[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


@styled
def manifold(
    images: ArrayLike,
    extent: tuple[float, float] = (-2, 2),
    *,
    names: Sequence[str] = ("$z_1$", "$z_2$"),
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw images decoded from a grid of the latent plane, on axes in latent units.

    Args:
        images: the n * n images decoded from ``latent_grid(n, *extent)``, in its order.
        extent: lowest and highest value of both components.
        names: the components along the horizontal and the vertical axis.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    pictures = as_images(images)
    n = round(len(pictures) ** 0.5)
    low, high = extent
    if n < 2 or n * n != len(pictures):
        raise ValueError(
            f"there are {len(pictures)} images; expected a square number from 4, such "
            "as 400. Decode plots.latent_grid(20, -2, 2)."
        )
    if not low < high:
        raise ValueError(
            f"extent is ({low}, {high}); expected (low, high), as (-2, 2)."
        )
    mosaic = _mosaic(pictures, n)
    height, width = mosaic.shape[:2]
    scale = scaled(width, 600) // width
    # A tile's middle, not its edge, stands at its latent value.
    half = (high - low) / (n - 1) / 2
    picture, axes = pixel_axes(scale * width, scale * height)
    put_image(axes, mosaic, (low - half, high + half, low - half, high + half))
    axes.set(
        xlim=(low - half, high + half),
        ylim=(low - half, high + half),
        xlabel=names[0],
        ylabel=names[1],
    )
    set_title(axes, title)
    fit_to_labels(picture, axes)
    across, up = (name.replace("$", "").replace("_", "") for name in names)
    described = (
        f"Mosaic of {n} by {n} decoded images: {across} from {number(low)} (left) to "
        f"{number(high)} (right), {up} from {number(low)} (bottom) to {number(high)} "
        "(top)."
    )
    return describe(picture, alt, title, described)


@styled
def point_cloud(
    clouds: Mapping[str, ArrayLike],
    planes: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points in space, and planes as translucent sheets under them.

    Args:
        clouds: label and points of shape (n, 3) of each cloud.
        planes: label, and a point of shape (3,) and two directions of shape (2, 3), of
            each plane. A sheet reaches as far as the points do.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    # Matplotlib knows the projection "3d" once this module is imported.
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    arrays = validation.named_arrays(
        clouds, "clouds", lambda v, name: validation.points(v, 3, name)
    )
    everything = np.concatenate(list(arrays.values()))
    sheets = {
        label: _sheet(plane, everything, f"planes[{label!r}]")
        for label, plane in (planes or {}).items()
    }
    picture = Picture(680, 560, layout="constrained")
    axes = picture.add_subplot(projection="3d")
    for i, (label, points) in enumerate(arrays.items()):
        axes.scatter(
            *points.T,
            s=28,
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[i % len(MARKERS)],
            depthshade=False,
            label=label,
        )
    handles = axes.get_legend_handles_labels()[0]
    for i, (label, corners) in enumerate(sheets.items(), start=len(arrays)):
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        look: dict[str, Any] = {
            "facecolor": (colour, 0.12),
            "edgecolor": colour,
            "linestyle": dash,
        }
        axes.add_collection3d(Poly3DCollection([corners], **look))
        handles.append(Patch(label=label, **look))
    axes.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="$x_3$")
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    set_title(axes, title)
    if len(handles) > 1:
        axes.legend(handles=handles, loc="upper right")
    parts = [
        f"{label} ({count(len(points), 'point')})" for label, points in arrays.items()
    ]
    described = f"Points in space: {listed(parts)}"
    if sheets:
        described += f"; {count(len(sheets), 'plane')}: {listed(sheets)}"
    return describe(picture, alt, title, f"{described}.")


@styled
def residuals(
    points: ArrayLike,
    x_hats: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points of a plane, their reconstructions, and a stick between each pair.

    Args:
        points: shape (n, 2), such as a cloud in space seen from one side.
        x_hats: label and reconstructions of shape (n, 2), a panel for each.
        xlabel: what the horizontal axis shows.
        ylabel: what the vertical axis shows.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    places = validation.points(points, 2, "points")
    others = validation.named_arrays(
        x_hats, "x_hats", lambda v, name: validation.points(v, 2, name)
    )
    validation.same_length({"points": places} | others)
    extent = np.ptp(np.concatenate([places, *others.values()]), axis=0)
    tall = float(np.clip(110 + 390 * extent[1] / max(extent[0], 1e-9), 220, 520))
    picture = Picture(60 + 430 * len(others), tall, layout="constrained")
    panels = picture.subplots(1, len(others), sharey=True, squeeze=False)
    for axes, (label, ends) in zip(panels[0], others.items(), strict=True):
        for start, end in zip(places, ends, strict=True):
            axes.plot(*np.stack([start, end]).T, color="#999999", linewidth=1, zorder=1)
        for i, (name, dots) in enumerate({"point": places, label: ends}.items()):
            look = {"color": COLOURS[i], "marker": MARKERS[i], "label": name}
            axes.scatter(*dots.T, s=22, zorder=2 + i, **look)
        axes.set_aspect("equal")
        axes.set_xlabel(xlabel)
        axes.legend(loc="upper center", frameon=True, framealpha=0.9, edgecolor="none")
    panels[0, 0].set_ylabel(ylabel)
    if title:
        picture.suptitle(title, x=0.02, ha="left", fontsize=11)
    described = (
        f"{count(len(places), 'point')} and their reconstructions, joined by sticks, "
        f"{plain(ylabel)} against {plain(xlabel)}: {listed(others)}."
    )
    return describe(picture, alt, title, described)


def _scatter_classes(
    axes: Axes,
    points: np.ndarray,
    classes: np.ndarray,
    names: Mapping[int, str],
    *,
    size: float,
    alpha: float,
) -> None:
    """Draw points (n, 2) with the colour and the marker of their class."""
    for label, name in names.items():
        x, y = points[classes == label].T
        axes.scatter(
            x,
            y,
            s=size,
            color=COLOURS[label],
            marker=MARKERS[label],
            alpha=alpha,
            linewidths=0,
            label=name,
        )


def _path(values: ArrayLike, name: str) -> np.ndarray:
    """Return the points (m, 2) of a line."""
    return validation.points(values, 2, name)


def _class_legend(axes: Axes) -> None:
    """Name the classes beside the axes, with markers large and opaque."""
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0.2)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set(alpha=1, sizes=[45])


def _write_apart(
    picture: Picture, axes: Axes, places: Mapping[str, np.ndarray]
) -> None:
    """Write each name at its place, or above or below where names would overlap."""
    texts = [
        axes.annotate(
            name,
            (x, y),
            xytext=(0, 0),
            textcoords="offset pixels",
            ha="center",
            va="center",
            weight="bold",
            size=12,
            path_effects=[patheffects.withStroke(linewidth=3.5, foreground="white")],
        )
        for name, (x, y) in places.items()
    ]
    picture.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts]
    sizes = np.array([box.size for box in boxes])
    start = np.array([np.add(box.min, box.max) / 2 for box in boxes])
    middles = start.copy()
    for _ in range(200):
        moved = False
        for i in range(len(texts)):
            for j in range(i):
                apart = middles[i] - middles[j]
                overlap = (sizes[i] + sizes[j]) / 2 - np.abs(apart)
                if (overlap > 0.5).all():
                    push = np.copysign(overlap[1] / 2, apart[1])
                    middles[i, 1] += push
                    middles[j, 1] -= push
                    moved = True
        if not moved:
            break
    for text, offset in zip(texts, middles - start, strict=True):
        text.set_position(offset)


def _mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """Return (n * n, h, w[, 3]) images as one image, row by row."""
    n, height, width, *channels = images.shape
    rows = n // columns
    tiles = images.reshape(rows, columns, height, width, *channels).swapaxes(1, 2)
    return tiles.reshape(rows * height, columns * width, *channels)


def _apart(points: np.ndarray, distance: float) -> list[int]:
    """Return the indices of points that keep a distance along x or y, first come."""
    placed: list[int] = []
    for i, point in enumerate(points):
        if not placed or np.abs(points[placed] - point).max(axis=1).min() >= distance:
            placed.append(i)
    return placed


def _sheet(
    plane: tuple[ArrayLike, ArrayLike], points: np.ndarray, name: str
) -> np.ndarray:
    """Return the corners (4, 3) of the part of a plane that lies under the points."""
    try:
        origin, directions = plane
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is not a pair; expected (origin, directions) of shapes (3,) and "
            "(2, 3)."
        ) from None
    origin = as_numbers(origin, f"{name} origin")
    directions = as_numbers(directions, f"{name} directions")
    if origin.shape != (3,) or directions.shape != (2, 3):
        raise ValueError(
            f"{name} has origin {origin.shape} and directions {directions.shape}; "
            "expected (3,) and (2, 3). A matrix whose columns are the directions needs "
            "a transpose: directions.T."
        )
    if np.linalg.matrix_rank(directions) < 2:
        raise ValueError(
            f"{name} has two parallel directions, which span a line; give two that "
            "span a plane."
        )
    steps = (points - origin) @ np.linalg.pinv(directions)
    (low_a, low_b), (high_a, high_b) = steps.min(axis=0), steps.max(axis=0)
    corners = [[low_a, low_b], [high_a, low_b], [high_a, high_b], [low_a, high_b]]
    return origin + np.array(corners) @ directions
