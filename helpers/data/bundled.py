"""Real images that arrive with the installed packages, for when there is no network.

Each function returns what `helpers.data.load` expects of a source: uint8 images and
labels, for training and test. The split comes first and everything that makes more
images out of one comes after it, so no test image has a relative in training. The
results are the same on every call.
"""

from collections.abc import Iterable
from functools import cache

import numpy as np
from scipy import ndimage

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

# In scikit-learn's digits, each person copied the same text of about 130 digits. Image
# 1,287 is the first one of such a text: no text is divided between training and test.
FIRST_TEST_DIGIT = 1_287

# Every training digit is seen straight and in four slight turns, each with a shift of
# a pixel: (degrees, (down, right)).
POSES = ((0, (0, 0)), (-12, (1, 0)), (-6, (0, -1)), (6, (0, 1)), (12, (-1, 0)))

TILE = 48  # pixels; patches never cross the border of a tile
COLOUR_PHOTOGRAPHS = ("china", "flower")
GREY_PHOTOGRAPHS = (
    "astronaut",
    "brick",
    "camera",
    "cat",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "moon",
    "rocket",
)


def digits() -> Arrays:
    """Return scikit-learn's 8×8 digits as 28×28: 6,435 for training, 510 for test.

    Like MNIST, a digit fills a box of 20×20 in the middle.
    Source: https://archive.ics.uci.edu/dataset/80 (1998), the test part.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    large = ndimage.zoom(
        bunch.images / 16, (1, 2.5, 2.5), order=3, mode="grid-constant", grid_mode=True
    )
    # Enlarging blurs: a steeper contrast brings back ink and paper.
    images = np.pad((1.6 * large - 0.3).clip(0, 1), ((0, 0), (4, 4), (4, 4)))
    train, test = np.split(images, [FIRST_TEST_DIGIT])
    y_train, y_test = np.split(bunch.target, [FIRST_TEST_DIGIT])
    x_train = np.concatenate([_posed(train, *pose) for pose in POSES])
    return (
        *_shuffled(_to_bytes(x_train), np.tile(y_train, len(POSES))),
        *_shuffled(_to_bytes(test), y_test),
    )


@cache
def small_digits() -> Arrays:
    """Return scikit-learn's digits as they are: 1,287 for training, 510 for test.

    Unlike the others here: float32 (n, 8, 8, 1) in [0, 1], in their first order, for
    trainings of a second. The arrays cannot be written to: every caller gets the same.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images / 16).astype(np.float32)[..., np.newaxis]
    arrays = (
        *np.split(images, [FIRST_TEST_DIGIT]),
        *np.split(bunch.target, [FIRST_TEST_DIGIT]),
    )
    for array in arrays:
        array.flags.writeable = False
    x_train, x_test, y_train, y_test = arrays
    return x_train, y_train, x_test, y_test


def colour_patches() -> Arrays:
    """Return 32×32 colour patches of scikit-learn's two photographs.

    2,916 for training, 972 for test; the label says which photograph.
    """
    from sklearn.datasets import load_sample_image

    return _patches(
        (load_sample_image(f"{name}.jpg") for name in COLOUR_PHOTOGRAPHS),
        size=32,
        step=2,
    )


def grey_patches() -> Arrays:
    """Return 28×28 grey patches of ten of scikit-image's photographs.

    3,240 for training, 1,080 for test, evenly; the label says which photograph.
    """
    from skimage import color
    from skimage import data as photographs

    def grey(name: str) -> np.ndarray:
        photograph = getattr(photographs, name)()
        if photograph.ndim == 3:
            photograph = 255 * color.rgb2gray(photograph)
        return photograph[:300, :384]  # what the smallest of them has

    return _patches(map(grey, GREY_PHOTOGRAPHS), size=28, step=4)


def is_test_tile(row: int, column: int) -> bool:
    """Say whether a tile is for test: every fourth one, along diagonals."""
    return (row + column) % 4 == 0


def corners(
    height: int, width: int, *, size: int, step: int, test: bool
) -> list[tuple[int, int]]:
    """Return the upper left corners of the training or of the test patches.

    A photograph of ``height`` × ``width`` pixels is cut into tiles, each of them
    wholly for training or wholly for test. Patches of ``size`` × ``size`` pixels lie
    ``step`` pixels apart inside a tile: those of training and test share no pixel.
    """
    inside = range(0, TILE - size + 1, step)
    return [
        (TILE * row + down, TILE * column + right)
        for row in range(height // TILE)
        for column in range(width // TILE)
        if is_test_tile(row, column) == test
        for down in inside
        for right in inside
    ]


def _patches(photographs: Iterable[np.ndarray], *, size: int, step: int) -> Arrays:
    """Cut photographs (h, w[, 3]) in [0, 255], halved in size, into patches."""
    halves = [_half(photograph) for photograph in photographs]

    def cut(test: bool) -> tuple[np.ndarray, np.ndarray]:
        images, labels = [], []
        for label, half in enumerate(halves):
            for y, x in corners(*half.shape[:2], size=size, step=step, test=test):
                images.append(half[y : y + size, x : x + size])
                labels.append(label)
        return _shuffled(np.stack(images), np.array(labels))

    return *cut(test=False), *cut(test=True)


def _half(photograph: np.ndarray) -> np.ndarray:
    """Average blocks of 2×2 pixels: a patch shows more, and no block is shared."""
    height, width = (side // 2 for side in photograph.shape[:2])
    even = photograph[: 2 * height, : 2 * width]
    blocks = even.reshape(height, 2, width, 2, *photograph.shape[2:])
    return blocks.mean(axis=(1, 3)).round().astype(np.uint8)


def _posed(images: np.ndarray, degrees: float, shift: tuple[int, int]) -> np.ndarray:
    """Turn all images about their middle, then shift them."""
    if degrees:
        images = ndimage.rotate(images, degrees, axes=(1, 2), reshape=False, order=1)
    return np.roll(images, shift, axis=(1, 2))  # the margin is empty: nothing wraps


def _to_bytes(images: np.ndarray) -> np.ndarray:
    return (255 * images).round().astype(np.uint8)


def _shuffled(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mix, so that the first n images hold every class; always in the same way."""
    order = np.random.default_rng(0).permutation(len(images))
    return images[order], labels[order]
