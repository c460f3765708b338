"""A network that colours grey images, with hints of colour by click."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.arrays import as_images
from helpers.explore import page
from helpers.explore.rounding import rounded
from helpers.explore.weights import ExplorerError
from helpers.plots import validation
from helpers.plots.figure import Picture
from helpers.plots.images import image_rows

import keras
import numpy as np
from numpy.typing import ArrayLike

# Luma of red, green and blue, and chroma U and V in [-0.5, 0.5], as in lesson 10.
LUMA = np.array([0.299, 0.587, 0.114])
TO_YUV = np.stack(
    [LUMA, ([0, 0, 1] - LUMA) / 1.772, ([1, 0, 0] - LUMA) / 1.402], axis=1
)
TO_RGB = np.linalg.inv(TO_YUV)[1:]
COLOURS = {
    "red": (0.8, 0.15, 0.1),
    "orange": (0.9, 0.55, 0.1),
    "yellow": (0.9, 0.85, 0.2),
    "green": (0.2, 0.55, 0.15),
    "blue": (0.25, 0.45, 0.85),
    "brown": (0.5, 0.33, 0.2),
    "no colour": (0.5, 0.5, 0.5),
}
MAX_IMAGES = 8
PIXEL = 0.5 / 255  # how far rounded weights may move a colour
COUNTS = (0, 1, 5, 25)  # hints of the images for which that is measured
IN_FIGURE = 6  # images in the figure


def colour_hints(
    model: keras.Model,
    images: ArrayLike,
    *,
    size: int = 1,
    colours: Mapping[str, Sequence[float]] | None = None,
    names: Sequence[str] | None = None,
    title: str = "Give hints of colour: the network spreads them",
) -> None:
    """Show a network that colours grey images, with hints that one clicks on them.

    Args:
        model: trained; layers in a row, from (h, w, 4) to the image's two numbers of
            chroma or its red, green and blue. What goes in is luma, the chroma U and V
            of the hints, 0 elsewhere, and 1 where there is a hint.
        images: in colour, shape (n, h, w, 3), in [0, 1]; the first eight are shown.
        size: side of a hint in pixels, odd: that of the hints in training.
        colours: red, green and blue in [0, 1] by name, to choose from.
        names: what the images are called; numbers by default.
        title: text above it.

    Raises:
        ExplorerError: the model is of another kind, or does not fit the images.
        ValueError: the images have no colours, or the size is even.
    """
    pictures = as_images(images)[:MAX_IMAGES]
    if pictures.ndim != 4 or size % 2 != 1:
        raise ValueError(
            f"images has shape {pictures.shape} and size is {size}; expected "
            "(n, h, w, 3), and an odd number."
        )
    luma, chroma = pictures @ LUMA, pictures @ TO_YUV[:, 1:]
    palette = [_colour(*entry) for entry in (colours or COLOURS).items()]
    bare = _coloured(model, luma, np.zeros((*luma.shape, 3)))
    true = np.zeros((*luma.shape, 3))
    for row, column in _quarters(luma.shape[1:]):
        true[:, row, column] = np.insert(chroma[:, row, column], 2, 1, axis=-1)
    labels = validation.text_each(names, len(pictures), "names")
    data: dict[str, Any] = {
        "title": title,
        "model": _layers(model, luma, size, [colour["chroma"] for colour in palette]),
        "size": size,
        "toRgb": TO_RGB.tolist(),
        "images": page.packed_images(pictures),
        "luma": LUMA.tolist(),
        "names": [label or f"image {k + 1}" for k, label in enumerate(labels)],
        "colours": palette,
    }
    twin = _first_view(pictures, luma, bare, _coloured(model, luma, true), title)
    page.show("colour_hints", twin, "give hints of colour", data)


def _layers(
    model: keras.Model, luma: np.ndarray, size: int, chroma: list[list[float]]
) -> list[dict[str, Any]]:
    """Return the model's layers, rounded as coarsely as its colours allow.

    Args:
        model: as of `colour_hints`.
        luma: of the images, (n, h, w).
        size: side of a hint in pixels.
        chroma: U and V of the colours that hints may have.
    """
    generator = np.random.default_rng(0)
    inputs = []
    for count in COUNTS:
        hints = np.zeros((*luma.shape, 3))
        for image in hints:
            for row, column in generator.integers(0, luma.shape[1:], (count, 2)):
                place = np.s_[row : row + size, column : column + size]
                image[place] = [*chroma[generator.integers(len(chroma))], 1]
        inputs.append(np.concatenate([luma[..., np.newaxis], hints], axis=-1))
    # A number of chroma moves a colour by more than itself.
    by_chroma = model.output_shape[-1] == 2
    tolerance = PIXEL / (np.abs(TO_RGB).sum(axis=0).max() if by_chroma else 1)
    return rounded(model, np.concatenate(inputs), float(tolerance))


def _coloured(model: keras.Model, luma: np.ndarray, hints: np.ndarray) -> np.ndarray:
    """Return images as the model colours them, (n, h, w, 3)."""
    if model.input_shape[-1] != 4:
        raise ExplorerError(
            f"The model takes {model.input_shape[1:]}; expected (h, w, 4): luma, two "
            "numbers of chroma, and where there is a hint."
        )
    x = np.concatenate([luma[..., np.newaxis], hints], axis=-1).astype("float32")
    output = np.asarray(model(x))
    if output.shape not in [(*luma.shape, 2), (*luma.shape, 3)]:
        raise ExplorerError(
            f"The model makes {output.shape[1:]} of images of {luma.shape[1:]}; "
            f"expected {(*luma.shape[1:], 2)}, or three colours."
        )
    if output.shape[-1] == 2:
        output = luma[..., np.newaxis] + output @ TO_RGB
    return np.clip(output, 0, 1)


def _quarters(side: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return four places, each in the middle of a quarter of an image."""
    return [(i * side[0] // 4, j * side[1] // 4) for i in (1, 3) for j in (1, 3)]


def _colour(name: str, rgb: Sequence[float]) -> dict[str, Any]:
    shades = ", ".join(str(round(255 * value)) for value in rgb)
    chroma = (np.asarray(rgb, float) @ TO_YUV[:, 1:]).tolist()
    return {"name": name, "css": f"rgb({shades})", "chroma": chroma}


def _first_view(
    images: np.ndarray,
    luma: np.ndarray,
    bare: np.ndarray,
    hinted: np.ndarray,
    title: str,
) -> Picture:
    rows = {
        "grey": luma,
        "no hint": bare,
        "four hints of true colour": hinted,
        "original": images,
    }
    return image_rows({k: row[:IN_FIGURE] for k, row in rows.items()}, title=title)
