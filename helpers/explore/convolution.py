"""Convolutions by hand: a filter that slides, and one that paints."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.arrays import as_images, as_numbers
from helpers.explore import page
from helpers.explore.weights import ExplorerError, exported_layer, packed
from helpers.plots import validation
from helpers.plots.alt_text import count
from helpers.plots.figure import Picture
from helpers.plots.images import heatmaps, image_rows

import keras
import numpy as np
from numpy.typing import ArrayLike

MAX_SIDE = 7  # of a kernel: the table of its products must fit on a screen
MAX_FILTERS = 32
IN_FIGURE = 3  # filters in the figure
COLUMNS = 6  # images in the figure
MAX_INPUTS = 64  # numbers that paint
ONES = {f"{side}×{side} ones": np.ones((side, side)) for side in (2, 3, 4)}


def filters(
    layer: keras.layers.Conv2D | ArrayLike,
    images: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    title: str = "Slide the filter over the image",
) -> None:
    """Show a filter that slides over an image: its products, its sum and its map.

    Args:
        layer: a trained convolution of grey images, with stride 1; or the weights of
            one filter, shape (h, w), which then puts no zeros around the image.
        images: shape (n, h, w) or (n, h, w, 1), in [0, 1]; the first eight are shown.
        names: what the images are called; numbers by default.
        title: text above it.

    Raises:
        ExplorerError: the layer is of another kind, or has a larger kernel.
        ValueError: the images are not grey.
    """
    pictures = as_images(images)[:8]
    if pictures.ndim != 3:
        raise ValueError(f"images has shape {pictures.shape}; expected grey ones.")
    entry = _filter_entry(layer)
    kernel_shape = entry["kernel"]["shape"]
    if kernel_shape[2] != 1 or max(kernel_shape[:2]) > MAX_SIDE:
        raise ExplorerError(
            f"The filters have shape {tuple(kernel_shape)}; expected at most "
            f"({MAX_SIDE}, {MAX_SIDE}, 1, {MAX_FILTERS}): small ones of grey images."
        )
    labels = validation.text_each(names, len(pictures), "names")
    data: dict[str, Any] = {
        "title": title,
        "plain": not isinstance(layer, keras.layers.Layer),
        "layer": entry,
        "images": page.packed_images(pictures),
        "names": [label or f"image {k + 1}" for k, label in enumerate(labels)],
    }
    maps = _maps(layer, pictures[:COLUMNS])[..., :IN_FIGURE]
    twin = image_rows(
        {"image": pictures[:COLUMNS]}
        | {
            f"map of filter {k + 1}": _shades(maps[..., k])
            for k in range(maps.shape[-1])
        },
        title=title,
    )
    page.show("filters", twin, "slide the filter", data)


def _filter_entry(layer: keras.layers.Conv2D | ArrayLike) -> dict[str, Any]:
    """Return what the page's `decoder.js` runs: a layer, or a filter by hand as one."""
    if not isinstance(layer, keras.layers.Layer):
        weights = as_numbers(layer, "layer")
        if weights.ndim != 2:
            raise ValueError(
                f"layer has shape {weights.shape}; expected a layers.Conv2D, or the "
                "weights of one filter, such as (3, 3)."
            )
        return {
            "kind": "conv2d",
            "kernel": packed(weights[..., np.newaxis, np.newaxis]),
            "bias": packed(np.zeros(1)),
            "activation": "linear",
            "stride": [1, 1],
            "same": False,
        }
    entry = exported_layer(layer)
    if entry["kind"] != "conv2d" or entry["stride"] != [1, 1]:
        raise ExplorerError(
            f"Layer {layer.name!r} is a {type(layer).__name__} with stride "
            f"{entry.get('stride')}; expected a layers.Conv2D with stride 1."
        )
    return entry


def _maps(layer: keras.layers.Conv2D | ArrayLike, images: np.ndarray) -> np.ndarray:
    """Return the feature maps of grey images, (n, h, w, filters)."""
    x = images[..., np.newaxis].astype("float32")
    if isinstance(layer, keras.layers.Layer):
        return np.asarray(layer(x))
    kernel = np.asarray(layer, "float32")[..., np.newaxis, np.newaxis]
    return np.asarray(keras.ops.conv(x, kernel))


def _shades(maps: np.ndarray) -> np.ndarray:
    """Return maps in [0, 1]: 0 is black, or grey where some values are negative."""
    largest = max(float(np.abs(maps).max()), 1e-9)
    return 0.5 + maps / (2 * largest) if maps.min() < 0 else maps / largest


def paint(
    kernels: Mapping[str, ArrayLike] | None = None,
    *,
    inputs: ArrayLike | None = None,
    strides: Sequence[int] = (1, 2, 3),
    title: str = "Each number of the input paints the kernel, a stride further",
) -> None:
    """Show how a transposed convolution paints its kernel, number by number.

    Args:
        kernels: for a name, weights of shape (h, w); ones of three sizes by default.
        inputs: the numbers that paint, shape (h, w); 4×4 ones by default.
        strides: to choose from.
        title: text above it.

    Raises:
        ValueError: an array has another shape, or there are too many numbers.
    """
    weights = validation.named_arrays(kernels or ONES, "kernels", as_numbers)
    numbers = as_numbers(np.ones((4, 4)) if inputs is None else inputs, "inputs")
    for name, array in {**weights, "inputs": numbers}.items():
        if array.ndim != 2 or array.size > MAX_INPUTS:
            raise ValueError(
                f"{name} has shape {array.shape}; expected (h, w), with at most "
                f"{MAX_INPUTS} numbers."
            )
    data = {
        "title": title,
        "inputs": packed(numbers),
        "kernels": [
            {"name": name, "weights": packed(w)} for name, w in weights.items()
        ],
        "strides": list(strides),
        "first": {"kernel": len(weights) // 2, "stride": len(strides) // 2},
    }
    twin = _painted(weights, numbers.shape, strides[len(strides) // 2], title)
    page.show("paint", twin, "paint step by step", data)


def _painted(
    kernels: Mapping[str, np.ndarray],
    inputs: tuple[int, ...],
    stride: int,
    title: str,
) -> Picture:
    """Draw how often each place is painted, by each of the kernels."""
    often = [_counts(inputs, kernel.shape, stride) for kernel in kernels.values()]
    side = np.max([array.shape for array in often], axis=0)
    maps = np.zeros((len(often), *side))
    for number, array in enumerate(often):
        maps[number, : array.shape[0], : array.shape[1]] = array
    picture = heatmaps(maps, list(kernels), title=title)
    seen = "; ".join(
        f"{name}: {', '.join(map(str, np.unique(array).astype(int)))} times"
        for name, array in zip(kernels, often, strict=True)
    )
    picture.alt = (
        f"{title}. How often each place is painted by "
        f"{count(int(np.prod(inputs)), 'number')} with stride {stride}. {seen}."
    )
    return picture


def _counts(
    inputs: tuple[int, ...], kernel: tuple[int, ...], stride: int
) -> np.ndarray:
    """Return how often each place is painted."""
    size = [(n - 1) * stride + k for n, k in zip(inputs, kernel, strict=True)]
    counts = np.zeros(size)
    for row, column in np.ndindex(*inputs):
        top, left = stride * row, stride * column
        counts[top : top + kernel[0], left : left + kernel[1]] += 1
    return counts
