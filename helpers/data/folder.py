"""Data sets in a folder that the user names: ``<name>.npz``, checked as it is read."""

import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from helpers.data.bundled import Arrays
from helpers.data.datasets import DataError, Spec

import numpy as np

ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")


def file_in(folder: str | os.PathLike[str] | None, spec: Spec) -> Path | None:
    """Return the file of a data set in the user's folder; None if no folder is named.

    Args:
        folder: the folder; without it, ``COURSE_DATA`` counts.
        spec: the data set.

    Raises:
        DataError: the folder has no such file. The message names the ways out.
    """
    chosen = folder or os.environ.get("COURSE_DATA")
    if not chosen:
        return None
    path = Path(chosen).expanduser() / f"{spec.name}.npz"
    if not path.is_file():
        raise DataError(_missing(path))
    return path


def read(path: Path, spec: Spec) -> Arrays:
    """Read and check ``<name>.npz``.

    Raises:
        DataError: the file is damaged, or its arrays are not those of the data set.
    """
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
    ) as error:
        raise DataError(
            f"{path} cannot be read ({error}). It is damaged or no .npz file: copy it "
            "there again, or remove it and unset COURSE_DATA to download the data."
        ) from error
    fault = _fault_in(arrays, spec)
    if fault:
        raise DataError(
            f"{path}: {fault}. Save it with numpy.savez_compressed and the arrays "
            f"{', '.join(ARRAY_NAMES)} as keras.datasets.{spec.name}.load_data() gives "
            "them."
        )
    x_train, y_train, x_test, y_test = (arrays[key] for key in ARRAY_NAMES)
    return x_train, y_train, x_test, y_test


def _missing(path: Path) -> str:
    """Say what a folder lacks, what it has, and the two ways out."""
    way_out = (
        f"Put {path.name} there, name another folder (folder=... or COURSE_DATA), or "
        "unset COURSE_DATA to download it."
    )
    if not path.parent.is_dir():
        return f"The data folder {path.parent} does not exist. {way_out}"
    others = ", ".join(sorted(file.name for file in path.parent.glob("*.npz")))
    return (
        f"The data folder {path.parent} has no {path.name}; it has "
        f"{others or 'no .npz file at all'}. {way_out}"
    )


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
