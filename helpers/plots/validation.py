"""Check the arguments of plot functions: an error says what is wrong, and the fix."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from helpers.arrays import as_numbers
from helpers.plots.alt_text import listed, number

import numpy as np
from numpy.typing import ArrayLike

T = TypeVar("T")
V = TypeVar("V")


def named_arrays(
    values: Mapping[str, V], name: str, convert: Callable[[V, str], T]
) -> dict[str, T]:
    """Return the values of a dictionary, each converted; messages name its key."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{name} is a {type(values).__name__}; expected a dictionary with a label "
            f'for each entry, such as {{"model": ...}}.'
        )
    if not values:
        raise ValueError(f"{name} is empty; give at least one entry.")
    return {
        str(label): convert(value, f"{name}[{label!r}]" if label else name)
        for label, value in values.items()
    }


def same_length(arrays: Mapping[str, np.ndarray]) -> int:
    """Return how many images each row holds."""
    lengths = {name: len(images) for name, images in arrays.items()}
    if len(set(lengths.values())) > 1:
        each = listed(f"{name!r} {n}" for name, n in lengths.items())
        raise ValueError(
            f"rows hold different numbers of images: {each}; expected the same. "
            f"Cut all to images[:{min(lengths.values())}]."
        )
    return next(iter(lengths.values()))


def text_each(texts: ArrayLike | None, n: int, name: str) -> list[str]:
    """Return one text for each of n things; empty ones for None."""
    if texts is None:
        return [""] * n
    each = [str(text) for text in np.ravel(texts)]
    if len(each) != n:
        raise ValueError(f"{name} has length {len(each)}; expected {n}, one for each.")
    return each


def points(values: ArrayLike, dimensions: int, name: str) -> np.ndarray:
    """Return points of shape (n, dimensions)."""
    array = as_numbers(values, name)
    if array.ndim != 2 or array.shape[1] != dimensions:
        fix = f"Choose {dimensions} columns: {name}[:, :{dimensions}]."
        if array.ndim != 2 or array.shape[1] < dimensions:
            fix = "Give one row for each point."
        elif dimensions == 2:
            fix = f"Choose two columns, {name}[:, :2], or project them, as by t-SNE."
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, {dimensions}). {fix}"
        )
    return array


def classes(labels: ArrayLike, n: int) -> np.ndarray:
    """Return n class labels from 0 to 9."""
    array = as_numbers(labels, "labels")
    if array.shape != (n,):
        fix = "Pass class numbers, not one-hot rows: labels.argmax(axis=1)."
        if array.ndim != 2:
            fix = "Give one label for each point."
        raise ValueError(f"labels has shape {array.shape}; expected ({n},). {fix}")
    if (array != array.round()).any() or array.min() < 0 or array.max() > 9:
        raise ValueError(
            f"labels run from {number(array.min())} to {number(array.max())}; "
            "expected whole numbers 0 to 9, one for each of ten colours. Choose or "
            "renumber classes."
        )
    return array.astype(int)


def names_by_class(
    labels: np.ndarray, class_names: Sequence[str] | None
) -> dict[int, str]:
    """Return the name of each class that occurs, by its label."""
    if class_names is not None and len(class_names) <= labels.max():
        raise ValueError(
            f"class_names has length {len(class_names)}, but labels go up to "
            f"{labels.max()}; expected a name for each class from 0."
        )
    return {
        int(label): str(label if class_names is None else class_names[label])
        for label in np.unique(labels)
    }
