"""The latent plane of a trained model, to hover, drag and walk over."""

from collections.abc import Sequence
from typing import Any

from helpers.explore import page
from helpers.explore.twin import first_view
from helpers.explore.view import Plane, checked
from helpers.explore.weights import exported, packed, require_fit

import keras
from numpy.typing import ArrayLike


def latent_plane(
    decoder: keras.Model,
    codes: ArrayLike,
    labels: ArrayLike,
    images: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "Move over the plane: the decoder draws what it makes of that point",
) -> None:
    """Show the plane of a decoder whose code is two numbers, to move over.

    Under the pointer, or moved by keys, sliders or touch, a point of the plane is
    decoded in the browser by the model that was passed. A walk leads from one image's
    code to another's.

    Args:
        decoder: trained; from a code of two numbers to an image, with values in [0, 1].
        codes: of some images, shape (n, 2); the first 600 are shown.
        labels: the images' classes, 0 to 9, shape (n,).
        images: the images themselves, shape (n, h, w), (n, h, w, 1) or (n, h, w, 3).
        class_names: names of the classes, in the order of the labels.
        title: text above it.

    Raises:
        ExplorerError: the decoder holds a layer that an explorer does not know, or
            does not fit the arrays.
        ValueError: the arrays do not fit each other.
    """
    plane = checked(codes, labels, images, class_names, title)
    require_fit(decoder, (2,), plane.images.shape[1:])
    data = _data(plane, exported(decoder))
    page.show("latent_plane", first_view(decoder, plane), "move over the plane", data)


def _data(plane: Plane, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page's script needs, as JSON can hold it."""
    return {
        "title": plane.title,
        "decoder": layers,
        "codes": packed(plane.codes),
        "labels": plane.classes.tolist(),
        "names": plane.names,
        "stops": plane.stops,
        "images": page.packed_images(plane.images[plane.stops]),
        "extent": [plane.low.tolist(), plane.high.tolist()],
    }
