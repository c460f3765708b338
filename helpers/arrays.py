"""What lessons pass to metrics and plots, as checked arrays: numbers and images."""

import numpy as np
from numpy.typing import ArrayLike

TOLERANCE = 0.01  # how far outside [0, 1] a value may lie and count as rounding


def as_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Return ``values`` as a float array that is neither empty nor holds NaN or inf.

    Raises:
        TypeError: they are not an array of numbers. Each message begins with ``name``.
        ValueError: the array is empty, or a number is not finite.
    """
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{name} is not an array of numbers ({error}). Pass a numpy array, or a "
            "list whose items all have the same length."
        ) from None
    if array.size == 0:
        raise ValueError(f"{name} is empty: it has shape {array.shape}.")
    if not np.isfinite(array).all():
        count = np.count_nonzero(~np.isfinite(array))
        raise ValueError(
            f"{name} holds {count} values that are NaN or infinite. Look for the "
            "step that made them: a diverged training, or a logarithm of 0."
        )
    return array


def as_images(images: ArrayLike, name: str = "images") -> np.ndarray:
    """Return images as a float array of shape (n, h, w) or (n, h, w, 3) in [0, 1].

    A last axis of one channel is dropped; an overshoot of up to 0.01 is clipped.

    Raises:
        TypeError: they are not an array of numbers. Each message begins with ``name``,
            and says what was given, what is wanted and how to get there.
        ValueError: the shape is not one of images, or a value lies outside [0, 1].
    """
    array = as_numbers(images, name)
    fix = _shape_fix(array.shape, name)
    if fix:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, h, w), (n, h, w, 1) or "
            f"(n, h, w, 3). {fix}"
        )
    low, high = array.min(), array.max()
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        bytes_likely = low >= 0 and 2 < high <= 255
        fix = (
            f"Divide by 255: {name} / 255."
            if bytes_likely
            else f"Clip a model's output, np.clip({name}, 0, 1); rescale other data."
        )
        raise ValueError(
            f"{name} has values from {low:.3g} to {high:.3g}; expected [0, 1]. {fix}"
        )
    if array.shape[-1] == 1 and array.ndim == 4:
        array = array[..., 0]
    return array.clip(0, 1)


def _shape_fix(shape: tuple[int, ...], name: str) -> str | None:
    """Return how to mend a shape that is not one of images, or None if it is one."""
    if len(shape) == 2:
        for channels, end in ((1, ""), (3, ", 3")):
            side = round((shape[1] / channels) ** 0.5)
            # A square array is rather one image than flat ones.
            if side**2 * channels == shape[1] > 3 and shape[0] != shape[1]:
                return f"Reshape first: {name}.reshape(-1, {side}, {side}{end})."
        return f"One image alone needs an axis in front: {name}[np.newaxis]."
    if len(shape) == 3:
        # Nobody has images one or three pixels wide: this is one image with channels.
        if shape[2] in (1, 3) and shape[1] > 3:
            return f"One image alone needs an axis in front: {name}[np.newaxis]."
        return None
    if len(shape) == 4:
        if shape[3] in (1, 3):
            return None
        if shape[1] in (1, 3):
            return f"Put the channels last: np.moveaxis({name}, 1, -1)."
        return f"Show {shape[3]} channels one by one, with plots.heatmaps."
    return "Reshape first."
