"""What checks draw at random: inputs, weights and sizes, from one seed for each run.

In a notebook the seed is always the same, so that a check gives the same message twice.
The grader takes one that nobody knows before: nothing that a student hands in can be
made for the numbers that a check will use.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

Draw = Callable[[np.random.Generator], Any]
"""Draws what a builder is called with, such as the numbers of units."""

_seed = 0


def use_seed(seed: int) -> None:
    """Let all that is drawn in this process from now on depend on another seed."""
    global _seed
    _seed = seed


def current_seed() -> int:
    """Return the seed of this run, which whatever keeps drawn numbers must know."""
    return _seed


@contextmanager
def fixed() -> Iterator[None]:
    """Draw the same in every run: for a training whose bar was measured so."""
    seed = _seed
    use_seed(0)
    try:
        yield
    finally:
        use_seed(seed)


def generator(*purpose: int | str) -> np.random.Generator:
    """Return a generator of numbers: the same in a run for the same purpose."""
    words = (zlib.crc32(str(part).encode()) for part in purpose)
    return np.random.default_rng([_seed, *words])


# --- sizes ----------------------------------------------------------------------------


def whole(low: int, high: int, *, step: int = 1) -> Draw:
    """Draw a whole number from low, low + step, ..., high."""
    return choice(*range(low, high + 1, step))


def real(low: float, high: float) -> Draw:
    """Draw a number between two others, with three decimals."""
    return lambda rng: round(float(rng.uniform(low, high)), 3)


def choice(*values: Any) -> Draw:
    """Draw one of some values."""
    return lambda rng: values[rng.integers(len(values))]


def distinct(low: int, high: int, *counts: int) -> Draw:
    """Draw as many different whole numbers from low to high as one of the counts."""

    def draw(rng: np.random.Generator) -> tuple[int, ...]:
        numbers = rng.choice(np.arange(low, high + 1), rng.choice(counts), False)
        return tuple(map(int, numbers))

    return draw


def each(*draws: Draw) -> Draw:
    """Draw a tuple, each of its values in its own way."""
    return lambda rng: tuple(draw(rng) for draw in draws)


def drawn(sizes: Mapping[str, Any], draws: Mapping[str, Draw]) -> dict[str, Any]:
    """Return sizes by name in which each ``...`` is drawn, the same way in a run.

    Args:
        sizes: what a test cell gives; ``...`` stands for another value in each run.
        draws: how to draw, by name.
    """
    return {
        name: draws[name](generator("sizes", name)) if value is ... else value
        for name, value in sizes.items()
    }
