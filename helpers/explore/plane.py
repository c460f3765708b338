"""The latent plane of a trained model, or of two, to hover, drag and walk over."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpers.arrays import as_images
from helpers.explore import page
from helpers.explore.rounding import rounded
from helpers.explore.twin import first_view
from helpers.explore.view import Plane, checked
from helpers.explore.weights import ExplorerError, code_part, packed, require_fit

import keras
import numpy as np
from numpy.typing import ArrayLike

PIXEL, CODE = 0.6 / 255, 0.6e-3  # how far rounded weights may move a pixel, a code
GRID = 61  # points along a side of the plane, at which pixels are compared
WALK = 17  # points of a walk
FAR = 3  # times the plane's side: as far out the code of a drawing is decoded
FRAME = 1  # pixels that a drawing leaves free at each edge
SOME = 600  # images on which codes are compared
SHIFTS = ((0, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))


def latent_plane(
    decoder: keras.Model,
    codes: ArrayLike,
    labels: ArrayLike,
    images: ArrayLike,
    *,
    encoder: keras.Model | None = None,
    output: int = 0,
    class_names: Sequence[str] | None = None,
    title: str = "Move over the plane: the decoder draws what it makes of that point",
) -> None:
    """Show the plane of a decoder whose code is two numbers, to move over.

    Under the pointer, or moved by keys, sliders or touch, a point of the plane is
    decoded in the browser by the model that was passed. A walk leads from one image's
    code to another's. With an encoder there is a pad: what is drawn on it is centred
    and scaled as in MNIST, and encoded in the browser; a double ring marks its code on
    the plane, and its reconstruction is shown.

    The weights go into the page as coarsely as they may, which takes a few seconds to
    find: at points all over the plane no pixel moves by more than 0.6 of a grey level
    of 255, and for the images, and for shifted ones, no code by more than 0.0006. With
    dense layers [128, 64] on 784 pixels the output takes about 180 kB, with an encoder
    370 to 430, and 270 if the encoder has [48, 64].

    Args:
        decoder: trained; from a code of two numbers to an image, with values in [0, 1].
        codes: of some images, shape (n, 2); the first 600 are shown.
        labels: the images' classes, 0 to 9, shape (n,).
        images: the images themselves, shape (n, h, w), (n, h, w, 1) or (n, h, w, 3).
        encoder: trained; from a grey, square image to a code. None: there is no pad.
        output: which of the encoder's outputs is the code, if it has several: the mean.
        class_names: names of the classes, in the order of the labels.
        title: text above it.

    Raises:
        ExplorerError: a model holds a layer that an explorer does not know, or does
            not fit the arrays.
        ValueError: the arrays do not fit each other.
    """
    plane = checked(codes, labels, images, class_names, title)
    encoders = {} if encoder is None else {"": encoder}
    _show({"": plane}, {"": decoder}, encoders, output)


def latent_planes(
    decoders: Mapping[str, keras.Model],
    codes: Mapping[str, ArrayLike],
    labels: ArrayLike,
    images: ArrayLike,
    *,
    encoders: Mapping[str, keras.Model] | None = None,
    output: int = 0,
    class_names: Sequence[str] | None = None,
    title: str = "Two models, two planes: move over both, and walk over them together",
) -> None:
    """Show the planes of two models side by side, as `latent_plane` shows one.

    Each plane has its own point and its own picture. One walk leads over both, between
    the codes that the two models give to the same two images.

    Args:
        decoders: two of them by the models' names; each from a code of two numbers to
            an image, with values in [0, 1].
        codes: by the same names, those that each model gives to the images, (n, 2).
        labels: the images' classes, 0 to 9, shape (n,).
        images: shape (n, h, w), (n, h, w, 1) or (n, h, w, 3).
        encoders: of both models or of one, by its name; None: there is no pad. With
            dense layers [128, 64] on 784 pixels the output takes about 280 kB without
            them, and about 200 more for each.
        output: which output is the code, of an encoder that has several: the mean.
        class_names: names of the classes, in the order of the labels.
        title: text above both.

    Raises:
        ExplorerError: a model holds a layer that an explorer does not know, or does
            not fit the arrays.
        ValueError: the arrays do not fit each other, or the names differ.
    """
    names, encoders = list(decoders), encoders or {}
    if len(names) != 2 or list(codes) != names or not set(encoders) <= set(names):
        raise ValueError(
            f"decoders has the models {names}, codes {list(codes)}, encoders "
            f"{list(encoders)}; expected the same two names in the same order, and "
            "encoders of these two at most."
        )
    planes = {
        name: checked(codes[name], labels, images, class_names, title) for name in names
    }
    _show(planes, decoders, encoders, output)


def _show(
    planes: Mapping[str, Plane],
    decoders: Mapping[str, keras.Model],
    encoders: Mapping[str, keras.Model],
    output: int,
) -> None:
    """Put one plane or two, and their figure, into the cell's output."""
    first = next(iter(planes.values()))
    for name in planes:
        require_fit(decoders[name], (2,), first.images.shape[1:])
    data: dict[str, Any] = {
        "title": first.title,
        "labels": first.classes.tolist(),
        "names": first.names,
        "stops": first.stops,
        "images": page.packed_images(first.images[first.stops]),
        "planes": [
            {"name": name} | _plane(plane, decoders[name], encoders.get(name), output)
            for name, plane in planes.items()
        ],
    }
    invitation = "move over the plane" if len(planes) == 1 else "move over the planes"
    if encoders:
        invitation += ", and to draw for the encoder,"
    twin = first_view(decoders, planes)
    page.show("latent_plane", twin, invitation, data, small=True)


def _plane(
    plane: Plane, decoder: keras.Model, encoder: keras.Model | None, output: int
) -> dict[str, Any]:
    """Return what the page's script needs of a model, as JSON can hold it."""
    size = 1 if encoder is None else FAR
    places = [_lattice(plane, size), plane.codes, *_walks(plane)]
    points = np.concatenate(places).astype("float32")
    data: dict[str, Any] = {
        "codes": packed(plane.codes),
        "extent": [plane.low.tolist(), plane.high.tolist()],
        "decoder": rounded(decoder, points, PIXEL),
    }
    if encoder is not None:
        data["encoder"] = encoder_layers(encoder, output, plane.images)
        data["far"] = FAR
    return data


def _lattice(plane: Plane, size: float) -> np.ndarray:
    """Return points all over a square so many times as wide as the plane, (n, 2)."""
    middle, half = (plane.low + plane.high) / 2, (plane.high - plane.low) / 2
    steps = np.linspace(-size, size, GRID)
    return middle + half * np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def _walks(plane: Plane) -> Iterator[np.ndarray]:
    """Yield points of all walks, whose ends may lie outside of the plane, (n, 2)."""
    for start, end in itertools.combinations(plane.codes[plane.stops], 2):
        yield np.linspace(start, end, WALK)


def encoder_layers(
    encoder: keras.Model, output: int, images: np.ndarray
) -> list[dict[str, Any]]:
    """Return an encoder's layers, the first of which gives an image its shape.

    Args:
        encoder: from an image to a code of two numbers.
        output: which of its outputs, if it has several.
        images: some that it may see, (n, side, side), in [0, 1].

    Raises:
        ExplorerError: an explorer does not know one of the layers, or the encoder does
            not fit the images.
    """
    part = code_part(encoder, output)
    takes, gives = part.input_shape[1:], part.output_shape[1:]
    height, *rest = images.shape[1:]
    if rest != [height] or np.prod(takes) != height**2 or gives != (2,):
        raise ExplorerError(
            f"The encoder goes from {takes} to {gives}, the images have shape "
            f"{images.shape[1:]}; expected from grey, square images to a code of two "
            "numbers. Of an encoder with several outputs, output says which is the "
            "code."
        )
    used = np.zeros((height, height), bool)
    used[FRAME:-FRAME, FRAME:-FRAME] = True
    seen = _variants(as_images(images[:SOME])) * used
    inputs = seen.reshape(-1, *takes).astype("float32")
    entry = {"kind": "reshape", "shape": list(takes)}
    return [entry, *rounded(part, inputs, CODE, besides=1, used=used.ravel())]


def _variants(images: np.ndarray) -> np.ndarray:
    """Return images as they are, shifted, and in black and white: other drawings."""
    moved = [np.roll(images, shift, axis=(1, 2)) for shift in SHIFTS]
    return np.concatenate([*moved, moved[0] > 0.3, moved[1] > 0.5])
