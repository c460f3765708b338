"""Rows of images, and arrays of numbers as coloured maps."""

import itertools
import textwrap
from collections.abc import Mapping

from helpers.arrays import as_images, as_numbers
from helpers.plots import validation
from helpers.plots.alt_text import count, listed, number
from helpers.plots.figure import (
    Picture,
    describe,
    fit_to_labels,
    pixel_axes,
    put_image,
    scaled,
    set_title,
    styled,
)

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

# The width that a row of images should have, and the most columns that stay readable.
ROW_PIXELS = 940
MAX_COLUMNS = 20


@styled
def image_row(
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    captions: ArrayLike | None = None,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw up to 20 images in a row, with ``labels`` above and ``captions`` below."""
    picture = image_rows(
        {"": images},
        labels,
        captions=None if captions is None else {"": captions},
        title=title,
    )
    described = f"A row of {count(len(as_images(images)), 'image')}"
    if labels is not None:
        described += f": {listed(np.ravel(labels))}"
    if captions is not None:
        described += f". Below them: {listed(np.ravel(captions))}"
    return describe(picture, alt, title, f"{described}.")


@styled
def image_rows(
    rows: Mapping[str, ArrayLike],
    labels: ArrayLike | None = None,
    *,
    captions: Mapping[str, ArrayLike] | None = None,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw rows of images under each other, each row's name at its left.

    Args:
        rows: name and images of each row; all rows hold the same number of images, at
            most 20, but may differ in image size.
        labels: what stands above each column, such as class names.
        captions: for a row's name, a short text below each of its images, such as
            ``"21.3 dB"``.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    arrays = validation.named_arrays(rows, "rows", as_images)
    n = validation.same_length(arrays)
    if n > MAX_COLUMNS:
        raise ValueError(
            f"rows hold {n} images each; at most {MAX_COLUMNS} fit side by side. "
            f"Choose some, such as images[:{MAX_COLUMNS // 2}]."
        )
    below = {
        name: validation.text_each(texts, n, f"captions[{name!r}]")
        for name, texts in (captions or {}).items()
    }
    if unknown := [repr(name) for name in below if name not in arrays]:
        raise ValueError(
            f"captions are given for {listed(unknown)}; expected names of rows: "
            f"{listed(map(repr, arrays))}."
        )
    columns = validation.text_each(labels, n, "labels")
    picture = _draw_rows(arrays, columns, below, title)
    described = (
        f"{count(len(arrays), 'row')} of {count(n, 'image')}: {' above '.join(arrays)}."
    )
    if labels is not None:
        described += f" Columns: {listed(columns)}."
    for name, texts in below.items():
        described += f" Below {name}: {listed(texts)}."
    return describe(picture, alt, title, described)


@styled
def reconstructions(
    originals: ArrayLike,
    reconstructed: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw original images above their reconstructions, at most 20."""
    rows = {"original": originals, "reconstruction": reconstructed}
    return _compared(rows, "original", labels, title, alt)


@styled
def denoising(
    noisy: ArrayLike,
    denoised: ArrayLike,
    clean: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw noisy images above the denoised ones, and above clean ones if given."""
    rows = {"noisy": noisy, "denoised": denoised, "clean": clean}
    return _compared(rows, "clean", labels, title, alt)


@styled
def colorization(
    grey: ArrayLike,
    predicted: ArrayLike,
    original: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw grey images above predicted colour, and above the original if given."""
    rows = {"grey": grey, "predicted": predicted, "original": original}
    return _compared(rows, "original", labels, title, alt)


@styled
def heatmaps(
    arrays: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    shared: bool = True,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw arrays of numbers as coloured maps: codes, filters, activations.

    With negative numbers the colours run from orange through white at 0 to purple;
    otherwise from dark to light.

    Args:
        arrays: shape (n, h, w), at most 64. The channels of one code of shape (h, w, n)
            are ``np.moveaxis(code, -1, 0)``.
        labels: what stands above each map.
        shared: one colour bar for all, or one for each, when their ranges differ much.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    arrays = as_numbers(arrays, "arrays")
    if arrays.ndim != 3:
        raise ValueError(
            f"arrays has shape {arrays.shape}; expected (n, h, w). One array alone "
            "needs an axis in front: array[np.newaxis]. Channels go to the front: "
            "np.moveaxis(code, -1, 0)."
        )
    n, height, width = arrays.shape
    if n > 64:
        raise ValueError(
            f"arrays holds {n} maps; at most 64 stay readable. Choose some, such as "
            "arrays[:16]."
        )
    names = validation.text_each(labels, n, "labels")
    columns = min(n, 8 if shared else 5)
    rows = -(-n // columns)
    cell = scaled(width, min(240, 800 / columns - (0 if shared else 75)))
    tall = round(cell * height / width)
    across = cell + (8 if shared else 75)
    down = tall + (8 if labels is None else 26)
    diverging = arrays.min() < 0

    total = (columns - 1) * across + cell, (rows - 1) * down + tall
    picture, axes = pixel_axes(*total)
    for i, (array, name) in enumerate(zip(arrays, names, strict=True)):
        left = i % columns * across
        bottom = total[1] - tall - i // columns * down
        image = _draw_map(axes, array, (left, left + cell, bottom, bottom + tall), name)
        image.set_cmap("PuOr" if diverging else "viridis")
        image.set_clim(*_colour_range(arrays if shared else array, diverging))
        if not shared:
            _colour_bar(axes, image, left + cell, bottom, tall)
    if shared:
        _colour_bar(axes, image, total[0], 0, total[1])
    axes.set(xlim=(0, total[0]), ylim=(0, total[1]), xticks=[], yticks=[])
    set_title(axes, title, pad=8 if labels is None else 20)
    fit_to_labels(picture, axes)
    described = (
        f"{count(n, 'heat map')} of {height} by {width} numbers, from "
        f"{number(arrays.min())} to {number(arrays.max())}"
    )
    if labels is not None:
        described += f": {listed(names)}"
    return describe(picture, alt, title, f"{described}.")


def _draw_map(
    axes: Axes,
    array: np.ndarray,
    extent: tuple[float, float, float, float],
    name: str,
) -> AxesImage:
    """Draw numbers (h, w) at (left, right, bottom, top), framed, under their name."""
    left, right, bottom, top = extent
    frame = Rectangle(
        (left, bottom),
        right - left,
        top - bottom,
        clip_on=False,
        fill=False,
        edgecolor="#666666",
        linewidth=0.8,
    )
    axes.add_patch(frame)
    axes.text((left + right) / 2, top + 4, name, ha="center")
    return axes.imshow(array, extent=extent, interpolation="nearest", aspect="auto")


def _colour_range(numbers: np.ndarray, diverging: bool) -> tuple[float, float]:
    """Return the numbers that get the first and the last colour."""
    if diverging:
        reach = np.abs(numbers).max() or 1.0
        return -reach, reach
    return numbers.min(), numbers.max()


def _draw_rows(
    rows: dict[str, np.ndarray],
    labels: list[str],
    captions: dict[str, list[str]],
    title: str | None,
) -> Picture:
    """Draw rows of images on axes that measure in pixels, from the top left corner."""
    n = validation.same_length(rows)
    gap, caption_height = 4, 18
    # A whole multiple of an image's pixels keeps them all of one size.
    widest = max(images.shape[2] for images in rows.values())
    cell = scaled(widest, min(112, ROW_PIXELS / n - gap))
    lefts = [i * (cell + gap) for i in range(n)]
    heights = [round(cell * a.shape[1] / a.shape[2]) for a in rows.values()]
    spaces = [caption_height if name in captions else gap for name in rows]
    steps = [tall + space for tall, space in zip(heights, spaces, strict=True)]
    *tops, height = itertools.accumulate(steps, initial=0)
    width = lefts[-1] + cell

    picture, axes = pixel_axes(width, height)
    for (name, images), top, tall in zip(rows.items(), tops, heights, strict=True):
        for image, left in zip(images, lefts, strict=True):
            put_image(axes, image, (left, left + cell, top + tall, top))
        for text, left in zip(captions.get(name, ()), lefts, strict=False):
            middle = left + cell / 2
            axes.text(middle, top + tall + 3, text, size=8, ha="center", va="top")
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set_xticks([left + cell / 2 for left in lefts], labels)
    axes.set_yticks(
        [top + tall / 2 for top, tall in zip(tops, heights, strict=True)],
        [textwrap.fill(name, 18) for name in rows],
    )
    renderer = picture.canvas.get_renderer()
    above = axes.get_xticklabels()
    if max(label.get_window_extent(renderer).width for label in above) > cell + gap:
        for label in above:
            label.set(rotation=40, ha="left", rotation_mode="anchor")
    set_title(axes, title)
    fit_to_labels(picture, axes)
    return picture


def _compared(
    rows: Mapping[str, ArrayLike | None],
    truth: str,
    labels: ArrayLike | None,
    title: str | None,
    alt: str | None,
) -> Picture:
    """Draw the rows that are given; describe how far each is from the true one."""
    arrays = {name: as_images(a, name) for name, a in rows.items() if a is not None}
    picture = image_rows(arrays, labels, title=title, alt=alt)
    errors = [
        f"{name} {number(np.mean((images - arrays[truth]) ** 2))}"
        for name, images in arrays.items()
        if truth in arrays and name != truth and images.shape == arrays[truth].shape
    ]
    if errors and not alt:
        picture.alt += f" Mean squared error to {truth}: {listed(errors)}."
    return picture


def _colour_bar(
    axes: Axes, image: AxesImage, left: float, bottom: float, tall: float
) -> None:
    """Draw what an image's colours mean, at a place that the axes measure in pixels."""
    place = axes.inset_axes((left + 10, bottom, 12, tall), transform=axes.transData)
    bar = axes.figure.colorbar(image, cax=place)
    bar.locator = MaxNLocator(nbins=max(2, int(tall // 30)))
    bar.update_ticks()
