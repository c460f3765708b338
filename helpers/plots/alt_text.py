"""The words of alt texts: numbers, counts and lists as a reader would write them."""

from collections.abc import Iterable

import numpy as np


def number(value: float) -> str:
    """Return a number with three significant digits, as a reader would write it."""
    if float(value).is_integer() and abs(value) < 1e5:
        text = f"{value:.0f}"
    elif 1e-4 <= abs(value) < 1e5:
        text = f"{value:.{max(0, 2 - int(np.floor(np.log10(abs(value)))))}f}"
    else:
        text = f"{value:.1e}"
    return text.replace("-", "\N{MINUS SIGN}")


def plain(label: str) -> str:
    """Return an axis label without its mathematical markup."""
    return label.replace("$", "").replace("_", "").replace("\\", "")


def count(n: int, noun: str) -> str:
    """Return a count and its noun: 1 row, 2 rows, 10 classes."""
    plural = f"{noun}es" if noun.endswith(("s", "x")) else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def listed(items: Iterable[object]) -> str:
    """Return items as words: a, b and c."""
    *first, last = [str(item) for item in items] or [""]
    return f"{', '.join(first)} and {last}" if first else last
