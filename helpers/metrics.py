"""How close reconstructed images are to their originals.

All functions but `frechet_distance`, which compares two sets of features, take two
sets of images as numpy arrays (or anything that ``numpy.asarray`` takes, such as a
Keras tensor) with values in [0, 1] and shape (n, h, w), (n, h, w, 1) or (n, h, w, 3).
"""

from helpers.arrays import as_images, as_numbers

import numpy as np
import skimage.metrics
from numpy.typing import ArrayLike

SSIM_WINDOW = 7  # pixels: the side of the window that SSIM slides over an image


def psnr(
    x: ArrayLike, x_hat: ArrayLike, *, per_image: bool = False
) -> float | np.ndarray:
    """Return the peak signal-to-noise ratio in dB, averaged over the images.

    For one image it is ``10 log10(1 / mse)``, with the mean squared error over its
    pixels and channels and a peak of 1. It is infinite for an image that equals its
    original, and so is then the mean.

    Args:
        x: originals.
        x_hat: their reconstructions, of the same shape.
        per_image: return the array of n values instead of their mean.

    Raises:
        TypeError: an argument is not an array of numbers.
        ValueError: an array is not as the module describes, or the shapes differ.

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

    Args:
        x: originals, of at least 7×7 pixels.
        x_hat: their reconstructions, of the same shape.
        per_image: return the array of n values instead of their mean.

    Raises:
        TypeError: an argument is not an array of numbers.
        ValueError: an array is not as the module describes, the shapes
            differ, or the images are smaller than the window.

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
                original,
                reconstruction,
                win_size=SSIM_WINDOW,
                data_range=1,
                channel_axis=-1 if original.ndim == 3 else None,
            )
            for original, reconstruction in zip(x, x_hat, strict=True)
        ]
    )
    return values if per_image else float(values.mean())


def rounded_accuracy(x: ArrayLike, x_hat: ArrayLike) -> float:
    """Return the share of pixels that agree once both sides are rounded to 0 or 1.

    Raises:
        TypeError: an argument is not an array of numbers.
        ValueError: an array is not as the module describes, or the shapes differ.

    >>> rounded_accuracy([[[0.1, 0.9]]], [[[0.4, 0.2]]])
    0.5
    """
    x, x_hat = _pair(x, x_hat)
    return float(np.mean(np.round(x) == np.round(x_hat)))


def frechet_distance(features: ArrayLike, others: ArrayLike) -> float:
    """Return how far two sets of features are apart as sets: 0 if they agree.

    Both are taken for normal distributions with their means and covariances; the
    distance is ``|m1 - m2|² + trace(c1 + c2 - 2 sqrt(c1 c2))``. With features from a
    classifier it judges generated images: their quality and their variety (Heusel et
    al., 2017, https://arxiv.org/abs/1706.08500). It depends on the features and on the
    numbers of images, so compare only distances for which both are the same, and put
    that between two sets of real images beside them.

    Args:
        features: shape (n, d), of n images, more than d.
        others: shape (m, d), of others.

    Raises:
        TypeError: an argument is not an array of numbers.
        ValueError: the shapes are not (n, d) and (m, d), or a set has too few images.

    >>> square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> round(frechet_distance(square, square + [3, 0]), 6)
    9.0
    """
    sets = as_numbers(features, "features"), as_numbers(others, "others")
    if any(a.ndim != 2 for a in sets) or sets[0].shape[1] != sets[1].shape[1]:
        raise ValueError(
            f"features has shape {sets[0].shape} and others {sets[1].shape}; expected "
            "(n, d) and (m, d), the same d features of n and of m images."
        )
    if min(map(len, sets)) <= sets[0].shape[1]:
        raise ValueError(
            f"there are {len(sets[0])} and {len(sets[1])} images for "
            f"{sets[0].shape[1]} features; expected more images than features, since "
            "a covariance is estimated."
        )
    between = np.sum((sets[0].mean(axis=0) - sets[1].mean(axis=0)) ** 2)
    one, other = (np.atleast_2d(np.cov(a, rowvar=False)) for a in sets)
    # The eigenvalues of (one · other) are those of the symmetric root · other · root.
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    shared = np.linalg.eigvalsh(root @ other @ root).clip(0)
    return float(between + np.trace(one + other) - 2 * np.sqrt(shared).sum())


def _pair(x: ArrayLike, x_hat: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both as image arrays of the same shape."""
    x, x_hat = as_images(x, "x"), as_images(x_hat, "x_hat")
    if x.shape != x_hat.shape:
        raise ValueError(
            f"x has shape {x.shape} and x_hat {x_hat.shape}; expected the same. "
            "Compare each image with its own reconstruction."
        )
    return x, x_hat
