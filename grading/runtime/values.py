"""Values between a student's process and the trusted one: plain data and arrays.

What is neither stays where it is, and a number stands for it. So an ordinary test can
call a student's functions and use a student's objects from outside. Nothing is ever
unpickled.
"""

import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from types import EllipsisType
from typing import Any

import numpy as np

from grading.runtime.protocol import COLLECTIONS, DTYPES, ProtocolError

MAX_DEPTH, MAX_ITEMS = 32, 100_000
# Larger integers travel in base 16, which Python converts whatever their length.
PLAIN_INTEGER = 1 << 63

TO_TEXT: dict[type, Callable[[Any], str]] = {
    bytes: bytes.hex,
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    Decimal: str,
}
FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "bytes": bytes.fromhex,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "Decimal": Decimal,
    "integer": lambda text: int(text, 16),
}
TO_PARTS: dict[type, Callable[[Any], list[Any]]] = {
    complex: lambda value: [value.real, value.imag],
    Fraction: lambda value: [value.numerator, value.denominator],
    deque: lambda value: [list(value), value.maxlen],
    range: lambda value: [value.start, value.stop, value.step],
    slice: lambda value: [value.start, value.stop, value.step],
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
}
FROM_PARTS: dict[str, Callable[..., Any]] = {
    "complex": complex,
    "Fraction": Fraction,
    "deque": deque,
    "range": range,
    "slice": slice,
    "timedelta": timedelta,
}
MAPPINGS: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "dict": dict,
    "defaultdict": dict,
    "Counter": Counter,
    "OrderedDict": OrderedDict,
}


def pack(
    value: Any, arrays: list[np.ndarray], other: Callable[[Any], Any], depth: int = 0
) -> Any:
    """Return JSON that stands for ``value``.

    Args:
        value: anything.
        arrays: its arrays are added here; they travel beside the JSON.
        other: returns JSON for what is no plain data.
        depth: how deep in a value this one lies.
    """

    def below(item: Any) -> Any:
        return pack(item, arrays, other, depth + 1)

    if value is None or isinstance(value, bool):
        return value
    if type(value) is float or type(value) is str:
        return value
    if type(value) is int:
        small = abs(value) < PLAIN_INTEGER
        return value if small else {"kind": "integer", "text": hex(value)}
    if isinstance(value, EllipsisType):
        return {"kind": "ellipsis"}
    if isinstance(value, np.ndarray | np.generic):
        return _pack_array(value, arrays, below, other)
    if type(value) in TO_TEXT:
        return {"kind": type(value).__name__, "text": TO_TEXT[type(value)](value)}
    if type(value) in TO_PARTS:
        parts = TO_PARTS[type(value)](value)
        return {"kind": type(value).__name__, "items": [below(part) for part in parts]}
    if depth < MAX_DEPTH:
        for kind, type_ in COLLECTIONS.items():
            if type(value) is type_:
                return {"kind": kind, "items": [below(item) for item in value]}
        if type(value) in (dict, defaultdict, Counter, OrderedDict):
            items = [[below(key), below(item)] for key, item in value.items()]
            return {"kind": type(value).__name__, "items": items}
    return other(value)


def _pack_array(
    value: Any,
    arrays: list[np.ndarray],
    below: Callable[[Any], Any],
    other: Callable[[Any], Any],
) -> Any:
    array = np.asarray(value)
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    if array.dtype.str in DTYPES:
        arrays.append(array)
        return {"kind": kind, "number": len(arrays) - 1}
    if array.dtype.kind in "US":
        return {"kind": f"text {kind}", "items": [below(array.tolist())]}
    return other(value)


def unpack(
    value: Any, arrays: Sequence[np.ndarray], other: Callable[[dict[str, Any]], Any]
) -> Any:
    """Return what ``pack`` stood for.

    Args:
        value: the JSON.
        arrays: what travelled beside it.
        other: returns what stands for what is no plain data.

    Raises:
        ProtocolError: it is nothing that ``pack`` gives, or too large.
    """
    return _Reader(arrays, other).value(value, 0)


class _Reader:
    """Reads one value; there is a limit for all that is in it."""

    def __init__(
        self, arrays: Sequence[np.ndarray], other: Callable[[dict[str, Any]], Any]
    ) -> None:
        self._arrays = arrays
        self._other = other
        self._left = MAX_ITEMS

    def value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH + 1:
            raise ProtocolError("a value that is too large")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise ProtocolError("a value of no known kind")
        try:
            return self._made(value["kind"], value, depth)
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ProtocolError(f"a malformed value: {error}") from None

    def _made(self, kind: str, value: dict[str, Any], depth: int) -> Any:
        if kind == "ellipsis":
            return ...
        if kind in FROM_TEXT:
            return FROM_TEXT[kind](str(value["text"]))
        if kind in ("array", "scalar"):
            array = self._arrays[int(value["number"])]
            return array if kind == "array" else array[()]
        if "items" not in value:
            return self._other(value)
        if kind in MAPPINGS:
            pairs = (
                (self.value(key, depth + 1), self.value(item, depth + 1))
                for key, item in value["items"]
            )
            return MAPPINGS[kind](dict(pairs))
        items = [self.value(item, depth + 1) for item in value["items"]]
        if kind in COLLECTIONS:
            return COLLECTIONS[kind](items)
        if kind in FROM_PARTS:
            return FROM_PARTS[kind](*items)
        if kind in ("text array", "text scalar"):
            text = np.asarray(items[0])
            return text if kind == "text array" else text[()]
        return self._other(value)


def same(one: Any, other: Any) -> bool:
    """Return whether two plain values are of one type and equal, NaN included."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind == "f"
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)
