"""What all explorers put into a cell's output: a script, its data, and a figure."""

import base64
import html
import json
from typing import Any

from helpers import interactive
from helpers.explore.weights import ExplorerError
from helpers.plots.figure import Picture

import numpy as np

# Bytes. The lessons' explorers stay below 300 kB; a student's own model may be larger.
LARGEST = 1_500_000


def show(
    kind: str,
    picture: Picture,
    invitation: str,
    data: dict[str, Any],
    *,
    small: bool = False,
) -> None:
    """Display a figure, and the script that puts an explorer into its place.

    Args:
        kind: the script's name in `helpers/templates`, without its ending.
        picture: the explorer's first view.
        invitation: what one can do once the cell is run: "move over the plane".
        data: what the script needs to know.
        small: the figure may be stored less finely, to leave room for the data.

    Raises:
        ExplorerError: the data are too large to be stored with a notebook.
    """
    figure = picture.html(small=small)
    size = len(figure) + len(json.dumps(data))
    if size > LARGEST:
        raise ExplorerError(
            f"The explorer and its figure would hold {size / 1000:.0f} kB; at most "
            f"{LARGEST / 1000:.0f} kB fit. Give it fewer or smaller images, or a "
            "smaller model."
        )
    note = html.escape(f"Run this cell to {invitation} yourself.")
    text = f"{figure}<p><em>{note}</em></p>"
    interactive.show(kind, text, picture.alt, data)


def packed_images(images: np.ndarray) -> dict[str, Any]:
    """Return checked images as bytes in base64, with their shape.

    Args:
        images: (n, h, w) or (n, h, w, 3), in [0, 1].
    """
    count, height, width, *channels = images.shape
    pixels = np.round(255 * images).astype(np.uint8)
    return {
        "data": base64.b64encode(pixels.tobytes()).decode(),
        "count": count,
        "side": [height, width],
        "channels": channels[0] if channels else 1,
    }
