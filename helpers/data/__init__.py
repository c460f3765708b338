"""MNIST, Fashion-MNIST and CIFAR-10 in one call, whatever the machine can reach.

`load` looks in this order and takes the first that has the data set:

1. a folder that you name, by argument or by ``COURSE_DATA``, with a file such as
   ``mnist.npz`` (arrays ``x_train, y_train, x_test, y_test``, images uint8);
2. the cache (``COURSE_CACHE``, or the user's cache folder), with checksums;
3. a download from one of several mirrors into the cache;
4. real images that come with the installed packages (`helpers.data.bundled`).

``COURSE_OFFLINE=1`` leaves out the third.
"""

import os
from dataclasses import dataclass, field

from helpers.data import cache, network
from helpers.data import folder as user_folder
from helpers.data.datasets import SPECS, DataError, Spec, spec_of
from helpers.profile import QUICK

import numpy as np

__all__ = ["SPECS", "DataError", "Dataset", "load", "where"]

QUICK_TRAIN, QUICK_VALID, QUICK_TEST = 500, 200, 400
MAX_VALID_SHARE = 0.1  # of the training images, where there are few


@dataclass(frozen=True)
class Dataset:
    """A loaded data set.

    Attributes:
        name: "mnist", "fashion_mnist" or "cifar10".
        source: "folder", "cache", "download" or "embedded".
        x_train: images, float32 in [0, 1] of shape (n, height, width, channels).
        y_train: labels, int64 of shape (n,), indices into ``class_names``.
        x_valid: as ``x_train``: images to look at while one trains and chooses; none
            unless asked for.
        y_valid: as ``y_train``.
        x_test: as ``x_train``: images for the last word, when nothing is chosen any
            more.
        y_test: as ``y_train``.
        class_names: the name of each label.
        full: True only if these are all images of the real data set.
    """

    name: str
    source: str
    x_train: np.ndarray = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    x_valid: np.ndarray = field(repr=False)
    y_valid: np.ndarray = field(repr=False)
    x_test: np.ndarray = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    full: bool


def load(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    valid: int | None = None,
    quick_train: int = QUICK_TRAIN,
) -> Dataset:
    """Load a data set, and print one line that says what was loaded, from where.

    MNIST: LeCun et al. (1998), http://yann.lecun.com/exdb/mnist. Fashion-MNIST: Xiao et
    al. (2017), https://arxiv.org/abs/1708.07747. CIFAR-10: Krizhevsky (2009),
    https://www.cs.toronto.edu/~kriz/cifar.html.

    Args:
        name: "mnist", "fashion_mnist" or "cifar10".
        folder: a folder that holds ``<name>.npz``; without it, ``COURSE_DATA`` counts.
        n_train: take the first so many training images, or all if there are fewer. In
            the quick profile there are ``quick_train`` at most.
        n_test: the same for test images; 400 at most in the quick profile.
        valid: set so many of the training images aside for validation: the last ones,
            whatever ``n_train`` is, so that all notebooks validate on the same images.
            Never more than a tenth; 200 at most in the quick profile.
        quick_train: for a lesson whose point needs more training images than 500 even
            then.

    Returns:
        The images and labels, and where they come from.

    Raises:
        DataError: for an unknown name, a folder without a sound file, a number of
            images below 1, a full disk or a cache that cannot be written to. The
            message names the fix.
    """
    spec = spec_of(name)
    train = _limit("n_train", n_train, quick_train)
    test = _limit("n_test", n_test, QUICK_TEST)
    aside = 0 if valid is None else _limit("valid", valid, QUICK_VALID) or 0
    source, arrays = _read(spec, folder)
    aside = min(aside, int(MAX_VALID_SHARE * len(arrays[0])))
    rest = len(arrays[0]) - aside
    x_train, y_train = (array[:rest][:train] for array in arrays[:2])
    x_valid, y_valid = (array[rest:] for array in arrays[:2])
    x_test, y_test = (array[:test] for array in arrays[2:])
    real = source != "embedded"
    data = Dataset(
        name=name,
        source=source,
        x_train=_to_float(x_train, spec.shape),
        y_train=y_train.reshape(-1).astype(np.int64),
        x_valid=_to_float(x_valid, spec.shape),
        y_valid=y_valid.reshape(-1).astype(np.int64),
        x_test=_to_float(x_test, spec.shape),
        y_test=y_test.reshape(-1).astype(np.int64),
        class_names=spec.class_names if real else spec.embedded_class_names,
        full=real and (len(x_train) + aside, len(x_test)) == spec.sizes,
    )
    print(_line(data, spec))
    return data


def where(name: str, *, folder: str | os.PathLike[str] | None = None) -> str:
    """Return the source that `load` would use, without loading anything.

    Only when neither folder nor cache has the data set is the network tried, for 4
    seconds at most, once per session.

    Returns:
        "folder", "cache", "download" or "embedded".

    Raises:
        DataError: for an unknown name, or a folder without the file.
    """
    spec = spec_of(name)
    if user_folder.file_in(folder, spec) is not None:
        return "folder"
    return _source_without_folder(spec)


def _read(
    spec: Spec, folder: str | os.PathLike[str] | None
) -> tuple[str, tuple[np.ndarray, ...]]:
    """Return the source that `load` takes, and its images and labels in bytes."""
    file = user_folder.file_in(folder, spec)
    if file is not None:
        return "folder", user_folder.read(file, spec)
    source = _source_without_folder(spec)
    if source in ("download", "embedded"):
        cache.report_damage(spec, again=source == "download")
    if source == "download" and not cache.download(spec):
        source = "embedded"
    if source == "embedded":
        return source, spec.embedded()
    return source, spec.read(cache.folder_of(spec))


def _source_without_folder(spec: Spec) -> str:
    if cache.holds(spec):
        return "cache"
    return "download" if network.available() else "embedded"


def _limit(argument: str, asked: int | None, quick: int) -> int | None:
    """Return how many images to take; None for all."""
    if asked is not None and (
        isinstance(asked, bool) or not isinstance(asked, int | np.integer) or asked < 1
    ):
        raise DataError(
            f"{argument} is {asked!r}: give a whole number of images, 1 or more, or "
            "leave it out for all."
        )
    if QUICK:
        return quick if asked is None else min(asked, quick)
    return asked


def _to_float(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return uint8 images as float32 in [0, 1], with an axis for channels."""
    return np.divide(images.reshape(-1, *shape), 255, dtype=np.float32)


def _line(data: Dataset, spec: Spec) -> str:
    """Return the line that `load` prints. No path: notebooks store it."""
    counts = {"training": data.x_train, "validation": data.x_valid}
    parts = [
        f"{len(images):,} {part}" for part, images in counts.items() if len(images)
    ]
    shape = "×".join(map(str, data.x_train.shape[1:]))
    line = (
        f"{data.name}: {', '.join(parts)} and {len(data.x_test):,} test images of "
        f"{shape}"
    )
    quick = ", quick profile" if QUICK else ""
    if data.source == "embedded":
        offline = network.is_switched_off()
        first = "unset COURSE_OFFLINE" if offline else "connect to the internet"
        return (
            f"{line}, embedded: {spec.embedded_text}{quick}. For the real data, "
            f"{first} and restart the kernel, or set COURSE_DATA to a folder with "
            f"{data.name}.npz."
        )
    place = {
        "folder": "from your data folder",
        "cache": "from the cache",
        "download": "downloaded into the cache",
    }[data.source]
    if data.full:
        return f"{line}, {place} (complete)."
    return (
        f"{line}, {place} (a subset of {spec.sizes[0]:,} and {spec.sizes[1]:,}{quick})."
    )
