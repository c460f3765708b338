"""How close reconstructed images are to their originals.

Every function takes two sets of images as numpy arrays (or anything that
``numpy.asarray`` takes, such as a Keras tensor) with values in [0, 1] and shape
(n, h, w), (n, h, w, 1) or (n, h, w, 3).
"""

import numpy as np
import skimage.metrics
from numpy.typing import ArrayLike

# How far outside [0, 1] a value may lie and count as rounding.
TOLERANCE = 0.01
# The side of the window that SSIM slides over an image, in pixels.
SSIM_WINDOW = 7


def psnr(
    x: ArrayLike, x_hat: ArrayLike, *, per_image: bool = False
) -> float | np.ndarray:
    """Return the peak signal-to-noise ratio in dB, averaged over the images.

    For one image it is ``10 log10(1 / mse)``, with the mean squared error over its
    pixels and channels and a peak of 1. It is infinite for an image that equals its
    original, and so is then the mean.

    Parameters
    ----------
    x, x_hat
        Originals and reconstructions, of the same shape.
    per_image
        Return the array of n values instead of their mean.

    Raises
    ------
    TypeError, ValueError
        When an array is not as the module describes, or the shapes differ.

    >>> black = np.zeros((2, 28, 28))
    >>> round(psnr(black, black + 0.1), 2)
    20.0
    """
    x, x_hat = _pair(x, x_hat)
    mse = np.mean((x - x_hat) ** 2, axis=tuple(range(1, x.ndim)))
    with np.errstate(divide="ignore"):
        values = -10 * np.log10(mse)
    return values if per_image else float(values.mean())


def ssim(
    x: ArrayLike, x_hat: ArrayLike, *, per_image: bool = False
) -> float | np.ndarray:
    """Return the structural similarity, averaged over the images: 1 for equal images.

    It compares brightness, contrast and structure in windows of 7×7 pixels (Wang et
    al., 2004, https://doi.org/10.1109/TIP.2003.819861), as scikit-image computes it. A
    thousand MNIST images take a fraction of a second.

    Parameters
    ----------
    x, x_hat
        Originals and reconstructions, of the same shape, at least 7×7 pixels.
    per_image
        Return the array of n values instead of their mean.

    Raises
    ------
    TypeError, ValueError
        When an array is not as the module describes, the shapes differ, or the images
        are smaller than the window.

    >>> grey = np.full((2, 28, 28), 0.5)
    >>> ssim(grey, grey)
    1.0
    """
    x, x_hat = _pair(x, x_hat)
    if min(x.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"images are {x.shape[1]}×{x.shape[2]} pixels; SSIM needs at least "
            f"{SSIM_WINDOW}×{SSIM_WINDOW}, the size of its window. Use psnr instead."
        )
    values = np.array(
        [
            skimage.metrics.structural_similarity(
                one,
                other,
                win_size=SSIM_WINDOW,
                data_range=1,
                channel_axis=-1 if one.ndim == 3 else None,
            )
            for one, other in zip(x, x_hat, strict=True)
        ]
    )
    return values if per_image else float(values.mean())


def rounded_accuracy(x: ArrayLike, x_hat: ArrayLike) -> float:
    """Return the share of pixels that agree once both sides are rounded to 0 or 1.

    Raises
    ------
    TypeError, ValueError
        When an array is not as the module describes, or the shapes differ.

    >>> rounded_accuracy([[[0.1, 0.9]]], [[[0.4, 0.2]]])
    0.5
    """
    x, x_hat = _pair(x, x_hat)
    return float(np.mean(np.round(x) == np.round(x_hat)))


def as_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Return ``values`` as a float array that is neither empty nor holds NaN or inf.

    Raises
    ------
    TypeError, ValueError
        When it is not such an array; the message begins with ``name``.
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

    Raises
    ------
    TypeError, ValueError
        When they are not images; the message begins with ``name``, and says what was
        found, what is wanted and how to get there.
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


def _pair(x: ArrayLike, x_hat: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as image arrays of the same shape."""
    x, x_hat = as_images(x, "x"), as_images(x_hat, "x_hat")
    if x.shape != x_hat.shape:
        raise ValueError(
            f"x has shape {x.shape} and x_hat {x_hat.shape}; expected the same. "
            "Compare each image with its own reconstruction."
        )
    return x, x_hat
