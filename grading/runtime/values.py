"""Values between a student's process and the trusted one: plain data and arrays.

What is neither stays where it is, and a number stands for it. So an ordinary test can
call a student's functions and use a student's objects from outside. Nothing is ever
unpickled.

A list that is an argument of a call, and comes back from it, is the same list on both
sides, at any depth: see ``Shared``.
"""

import math
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from types import EllipsisType, ModuleType
from typing import Any

import numpy as np

from grading.runtime.protocol import COLLECTIONS, DTYPES, Bounds, ProtocolError

BOUNDS = Bounds(text=1 << 24, arrays=10_000, values=2_000_000)
"""Of a frame with values, in both directions."""
MAX_DEPTH, MAX_ITEMS = 32, 500_000
MAX_KEPT, MAX_TEXT, MAX_DATA = 1 << 20, 1 << 23, 1 << 26
"""Bytes of arrays that are copied; characters, and bytes, that travel as one value."""
ITEM = 40
"""Characters of a number and of what stands around an item, about."""
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


MUTABLE = (list, dict, set, defaultdict, Counter, OrderedDict, deque, np.ndarray)
# What offers for use special methods, such as `__len__`, where an object has them.
TWO_SIDED = (
    *("add", "and", "floordiv", "lshift", "matmul", "mod", "mul", "or", "pow"),
    *("rshift", "sub", "truediv", "xor"),
)
SPECIAL = (
    *("abs", "call", "contains", "delitem", "enter", "exit", "float", "ge", "getitem"),
    *("gt", "hash", "index", "int", "invert", "iter", "le", "len", "lt", "neg", "next"),
    *("pos", "reversed", "round", "setitem"),
    *(side + name for name in TWO_SIDED for side in ("", "r", "i")),
)


class TooLargeError(ValueError):
    """A value is too large to travel."""


class Shared:
    """The arguments of one call that can change: each side has its own, by number."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._places: dict[int, int] = {}

    def add(self, container: Any) -> int:
        """Take one more; return its number."""
        self._places[id(container)] = len(self.all)
        self.all.append(container)
        return len(self.all) - 1

    def place(self, value: Any) -> int | None:
        """Return the number of a value, None if it is not shared."""
        return self._places.get(id(value))


class Packer:
    """Makes one value, or several that travel together, into JSON.

    Args:
        arrays: arrays are added here; they travel beside the JSON.
        other: returns JSON for what is no plain data.
        shared: what both sides have already.
        sharing: whether what can change is shared from now on.
        most: bytes of arrays that may travel.
    """

    def __init__(
        self,
        arrays: list[np.ndarray],
        other: Callable[[Any], Any],
        shared: Shared | None = None,
        *,
        sharing: bool = False,
        most: int = MAX_DATA,
    ) -> None:
        self.arrays = arrays
        self._most = most
        self._other = other
        self._shared = shared or Shared()
        self._sharing = sharing
        self._text = self._data = 0

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Return JSON that stands for ``value``.

        Raises:
            TooLargeError: it is too large to travel.
        """
        self._text += ITEM
        if self._text > MAX_TEXT:
            raise TooLargeError("a value that is too large")
        if value is None or isinstance(value, bool) or type(value) is float:
            return value
        if type(value) is str:
            self._text += len(value) * (1 if value.isascii() else 12)
            return value
        if type(value) is int:
            small = abs(value) < PLAIN_INTEGER
            self._text += 0 if small else value.bit_length() // 4
            return value if small else {"kind": "integer", "text": hex(value)}
        if isinstance(value, EllipsisType):
            return {"kind": "ellipsis"}
        place = self._shared.place(value)
        if place is not None:
            return {"kind": "shared", "number": place}
        if self._sharing and type(value) in MUTABLE and depth < MAX_DEPTH:
            place = self._shared.add(value)
        return self.content(value, depth, {} if place is None else {"place": place})

    def content(self, value: Any, depth: int, place: dict[str, int]) -> Any:
        """Return JSON for what stands in ``value``, even if both sides share it."""
        kind = type(value).__name__

        def below(items: Any) -> list[Any]:
            return [self.pack(item, depth + 1) for item in items]

        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, below, place)
        if type(value) in TO_TEXT:
            text = TO_TEXT[type(value)](value)
            self._text += len(text)
            return {"kind": kind, "text": text}
        if depth < MAX_DEPTH:
            if type(value) in TO_PARTS:
                parts = below(TO_PARTS[type(value)](value))
                return {"kind": kind, "items": parts, **place}
            if type(value) is COLLECTIONS.get(kind):
                return {"kind": kind, "items": below(value), **place}
            if type(value) in (dict, defaultdict, Counter, OrderedDict):
                pairs = [below(pair) for pair in value.items()]
                return {"kind": kind, "items": pairs, **place}
        return self._other(value)

    def _array(
        self, value: Any, below: Callable[[Any], list[Any]], place: dict[str, int]
    ) -> Any:
        array = np.asarray(value)
        scalar = not isinstance(value, np.ndarray)
        kind = "scalar" if scalar else "array"
        if array.dtype.str in DTYPES:
            self._data += array.nbytes
            if self._data > self._most or len(self.arrays) >= BOUNDS.arrays - 1:
                raise TooLargeError("arrays that are too large")
            if scalar:
                return {"kind": kind, "of": array.dtype.str, "items": [array.item()]}
            self.arrays.append(array)
            return {"kind": kind, "number": len(self.arrays) - 1, **place}
        if array.dtype.kind == "c" and array.itemsize <= 16:
            parts = below([array.real, array.imag])
            return {"kind": f"complex {kind}", "items": parts, **place}
        if array.dtype.kind in "US":
            items = below([array.tolist()])
            return {"kind": f"text {kind}", "items": items, **place}
        return self._other(value)


def unpack(
    value: Any,
    arrays: Sequence[np.ndarray],
    other: Callable[[dict[str, Any]], Any],
    shared: Shared | None = None,
    *,
    sharing: bool = False,
) -> Any:
    """Return what a ``Packer`` made JSON of.

    Args:
        value: the JSON.
        arrays: what travelled beside it.
        other: returns what stands for what is no plain data.
        shared: what both sides have already.
        sharing: whether what can change is shared from now on.

    Raises:
        ProtocolError: it is nothing that ``Packer`` gives, or too large.
    """
    common = shared or Shared()
    unpacker = _Unpacker(arrays, other, common, sharing=sharing)
    result = unpacker.value(value, 0)
    if sharing:
        for place in sorted(unpacker.places)[len(common.all) :]:
            common.add(unpacker.places[place])
    return result


class _Unpacker:
    """Returns what a ``Packer`` made JSON of; arguments as those of ``unpack``.

    Attributes:
        places: what both sides share, by number: what they had, and what is new.
    """

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        other: Callable[[dict[str, Any]], Any],
        common: Shared,
        *,
        sharing: bool,
    ) -> None:
        self.places: dict[Any, Any] = dict(enumerate(common.all))
        self._arrays = arrays
        self._other = other
        self._common = common
        self._sharing = sharing
        self._left = MAX_ITEMS

    def value(self, value: Any, depth: int) -> Any:
        """Return what stands at this depth."""
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH + 1:
            raise ProtocolError("a value that is too large")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise ProtocolError("a value of no known kind")
        try:
            result = self._of_kind(value["kind"], value, depth)
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise ProtocolError(f"a malformed value: {error}") from None
        if self._sharing and "place" in value:
            self.places[value["place"]] = result
        return result

    def _of_kind(self, kind: str, value: dict[str, Any], depth: int) -> Any:
        if kind == "ellipsis":
            return ...
        if kind == "shared":
            number = int(value["number"])
            return self.places[number] if self._sharing else self._common.all[number]
        if kind in FROM_TEXT:
            return FROM_TEXT[kind](str(value["text"]))
        if kind == "array":
            return self._arrays[int(value["number"])]
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
        if kind in FROM_NUMPY:
            return FROM_NUMPY[kind](value, items)
        return self._other(value)


def _scalar(value: dict[str, Any], items: list[Any]) -> Any:
    if value["of"] not in DTYPES:
        raise ProtocolError("a number of a type that is not allowed")
    return np.asarray(items[0], value["of"])[()]


def _complex(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    array = np.array(real, np.result_type(real, np.complex64))
    array.imag = imaginary
    return array


FROM_NUMPY: dict[str, Callable[[dict[str, Any], list[Any]], Any]] = {
    "scalar": _scalar,
    "text array": lambda _, items: np.asarray(items[0], str),
    "text scalar": lambda _, items: np.asarray(items[0], str)[()],
    "complex array": lambda _, items: _complex(*items),
    "complex scalar": lambda _, items: _complex(*items)[()],
}


def as_now(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return names with their values; plain data as they are now, if they are small.

    What is no plain data, or larger than ``MAX_KEPT``, is the same object.
    """
    return {
        name: _copied(value) if type(value) in MUTABLE else value
        for name, value in names.items()
    }


def _copied(value: Any) -> Any:
    arrays: list[np.ndarray] = []
    held: list[Any] = []

    def hold(item: Any) -> dict[str, Any]:
        held.append(item)
        return {"kind": "object", "number": len(held) - 1}

    try:
        packed = Packer(arrays, hold, most=MAX_KEPT).pack(value)
        copies = [array.copy() for array in arrays]
        return unpack(packed, copies, lambda about: held[about["number"]])
    except Exception:  # it is too large, or an object in it cannot be copied so
        return value


def same(value: Any, other: Any) -> bool:
    """Return whether two plain values are of one type and equal, NaN included.

    An object that is no plain data is the same as itself alone.
    """
    if value is other or type(value) is not type(other):
        return value is other
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype == other.dtype and np.array_equal(
            value, other, equal_nan=value.dtype.kind in "fc"
        )
    if isinstance(value, list | tuple | deque):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict):
        return same(list(value.items()), list(other.items()))
    if isinstance(value, float) and math.isnan(value):
        return math.isnan(other)
    known = isinstance(value, str | int | float | complex | set | frozenset)
    return (known or type(value) in TO_TEXT | TO_PARTS) and bool(value == other)


def in_library(value: Any) -> dict[str, str] | None:
    """Return where Python or a package has a function or class; None for all else."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    module = getattr(value, "__module__", None) or type(value).__module__
    if not isinstance(name, str) or module == "__main__" or "<" in name:
        return None
    here: Any = sys.modules.get(module)
    target = here if isinstance(here, ModuleType) else None
    for part in name.split("."):
        target = getattr(target, part, None)
    return {"module": module, "name": name} if target is value else None
