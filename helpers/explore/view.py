"""What an explorer of the latent plane shows, checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.arrays import as_images
from helpers.plots import validation

import numpy as np
from numpy.typing import ArrayLike

MAX_CODES = 600  # more would lie on each other
MARGIN = 1.06  # how much larger the plane is than what the codes take up
OUTER = 1  # percent of the codes at each end that may lie outside of the plane


@dataclass(frozen=True)
class Plane:
    """Codes on a plane, the images that they stand for, and where a walk may lead.

    Attributes:
        codes: (n, 2).
        classes: of the codes, (n,).
        images: those of which the codes are, (n, h, w) or (n, h, w, 3).
        names: of the classes.
        stops: the images that a walk may begin or end with: the first of each class.
        low: the plane's left and lower end.
        high: its right and upper end.
        title: what stands above.
    """

    codes: np.ndarray
    classes: np.ndarray
    images: np.ndarray
    names: dict[int, str]
    stops: list[int]
    low: np.ndarray
    high: np.ndarray
    title: str


def checked(
    codes: ArrayLike,
    labels: ArrayLike,
    images: ArrayLike,
    class_names: Sequence[str] | None,
    title: str,
) -> Plane:
    """Return what will be shown, or raise for arrays that do not fit each other."""
    places = validation.points(codes, 2, "codes")
    arrays = {"codes": places, "images": as_images(images)}
    count = validation.same_length(arrays)
    points = places[:MAX_CODES]
    classes = validation.classes(labels, count)[:MAX_CODES]
    stops = np.unique(classes, return_index=True)[1].tolist()
    if len(stops) < 2:
        raise ValueError("labels hold one class; a walk needs images of two.")
    ends = np.percentile(points, [OUTER, 100 - OUTER], axis=0)
    half = max(float(np.ptp(ends, axis=0).max()) / 2, 1e-3) * MARGIN
    return Plane(
        codes=points,
        classes=classes,
        images=arrays["images"][:MAX_CODES],
        names=validation.names_by_class(classes, class_names),
        stops=stops,
        low=ends.mean(axis=0) - half,
        high=ends.mean(axis=0) + half,
        title=title,
    )
