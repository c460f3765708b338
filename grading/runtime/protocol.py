"""What passes between a student's process and a trusted one: JSON and plain arrays.

A frame is the length of a JSON object, the object, and the raw bytes of the arrays that
it announces. Nothing is ever unpickled. The reader bounds every size before it makes
room, and trusts nothing that it reads.
"""

import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from helpers.errors import CourseError

import numpy as np

from grading.runtime.json_size import outside_strings

LENGTH = struct.Struct("<I")
MAX_VALUES = 50_000
"""Of a message. More, even in few megabytes, would take a reader a second or more."""
DTYPES = frozenset(
    np.dtype(name).str
    for name in (
        *("bool", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
    )
)


class ProtocolError(CourseError):
    """The other side broke off, took too long, or sent what is not allowed."""


class LateError(ProtocolError):
    """The other side did not answer in time."""


@dataclass(frozen=True)
class Bounds:
    """What a reader takes at most.

    Attributes:
        text: bytes of the JSON object.
        arrays: number of arrays in one frame.
        data: bytes of all arrays of one frame.
        values: brackets and commas of the JSON object, about.
    """

    text: int = 1 << 20
    arrays: int = 512
    data: int = 1 << 27
    values: int = MAX_VALUES


def _until(sock: socket.socket, deadline: float | None) -> None:
    """Let the next operation of ``sock`` take until ``deadline`` at most."""
    if deadline is None:
        sock.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise LateError("no answer in time")
    sock.settimeout(left)


def _read(sock: socket.socket, buffer: memoryview, deadline: float | None) -> None:
    while buffer:
        _until(sock, deadline)
        n = sock.recv_into(buffer)
        if n == 0:
            raise ProtocolError("the process ended")
        buffer = buffer[n:]


def send(
    sock: socket.socket,
    body: dict[str, Any],
    arrays: Sequence[np.ndarray] = (),
    *,
    deadline: float | None = None,
) -> None:
    """Send one frame.

    Args:
        sock: where to.
        body: what JSON can hold.
        arrays: of the types in ``DTYPES``.
        deadline: on the clock of ``time.monotonic``; ``None`` waits for ever.

    Raises:
        ProtocolError: the other side is gone or does not read.
    """
    arrays = [np.asarray(array, order="C") for array in arrays]
    about = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = json.dumps({**body, "arrays": about}).encode()
    try:
        for part in (LENGTH.pack(len(text)) + text, *(a.tobytes() for a in arrays)):
            rest = memoryview(part)
            while rest:
                _until(sock, deadline)
                rest = rest[sock.send(rest) :]
    except TimeoutError:
        raise LateError("no answer in time") from None
    except OSError:
        raise ProtocolError("the process ended") from None


def receive(
    sock: socket.socket,
    *,
    bounds: Bounds | None = None,
    deadline: float | None = None,
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the next frame's object and arrays.

    Raises:
        ProtocolError: what came is no frame, or larger than ``bounds``, or nothing came
            until ``deadline``.
    """
    bounds = bounds or Bounds()
    try:
        prefix = bytearray(LENGTH.size)
        _read(sock, memoryview(prefix), deadline)
        (length,) = LENGTH.unpack(prefix)
        if length > bounds.text:
            raise ProtocolError("a message that is too long")
        text = bytearray(length)
        _read(sock, memoryview(text), deadline)
        if _holds_too_many(text, bounds.values):
            raise ProtocolError("a message of too many values")
        body = json.loads(text)
        wanted = _shapes(body, bounds)
        arrays = []
        for dtype, shape in wanted:
            array = np.empty(shape, dtype)
            if array.size:
                _read(sock, array.reshape(-1).view(np.uint8).data, deadline)
            arrays.append(array)
    except TimeoutError:
        raise LateError("no answer in time") from None
    except OSError:
        raise ProtocolError("the process ended") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ProtocolError(f"a malformed message: {type(error).__name__}") from None
    return body, arrays


def _holds_too_many(text: bytearray, most: int) -> bool:
    some = max(map(text.count, (b",", b"[", b"{"))) > most // 3
    return some and outside_strings(bytes(text), most) is None


def _shapes(body: Any, bounds: Bounds) -> list[tuple[np.dtype, tuple[int, ...]]]:
    """Return what arrays a frame announces; take them out of ``body``."""
    if not isinstance(body, dict):
        raise ProtocolError("a message that is no object")
    announced = body.pop("arrays", [])
    if not isinstance(announced, list) or len(announced) > bounds.arrays:
        raise ProtocolError("too many arrays")
    arrays, total = [], 0
    for entry in announced:
        if not (isinstance(entry, list) and len(entry) == 2):
            raise ProtocolError("an array without type or shape")
        dtype, shape = entry
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ProtocolError("an array of a type that is not allowed")
        sizes = isinstance(shape, list) and all(
            type(n) is int and 0 <= n <= bounds.data for n in shape
        )
        if not sizes or len(shape) > 8:
            raise ProtocolError("an array of an impossible shape")
        total += math.prod(shape) * np.dtype(dtype).itemsize
        if total > bounds.data:
            raise ProtocolError("arrays that are too large")
        arrays.append((np.dtype(dtype), tuple(shape)))
    return arrays


class Opaque:
    """Stands for a student's value that is no plain data."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


COLLECTIONS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
MAX_DEPTH, MAX_TEXT = 16, 20_000
MAX_ITEMS = 2_000
"""Of a value: a set of so many numbers takes no time even if all have the same hash."""


def encode(value: Any, depth: int = 0) -> Any:
    """Return JSON that stands for ``value``; ``decode`` gives the value back.

    Numbers, strings, None, ``...``, lists, tuples, sets and dictionaries keep their
    types; NumPy's become Python's; anything else becomes an ``Opaque``.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, EllipsisType):
        return {"kind": "ellipsis"}
    if depth < MAX_DEPTH:
        for kind, type_ in COLLECTIONS.items():
            if isinstance(value, type_):
                items = [encode(item, depth + 1) for item in value]
                return {"kind": kind, "items": items}
        if isinstance(value, dict):
            pairs = [
                [encode(item, depth + 1) for item in pair] for pair in value.items()
            ]
            return {"kind": "dict", "items": pairs}
    return {"kind": "opaque", "of": type(value).__name__[:100]}


def decode(value: Any) -> Any:
    """Return what ``encode`` stood for.

    Raises:
        ProtocolError: it is nothing that ``encode`` gives, or too large.
    """
    left = MAX_ITEMS

    def plain(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > MAX_DEPTH + 1:
            raise ProtocolError("a value that is too large")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise ProtocolError("a text that is too long")
        if value is None or isinstance(value, bool | int | float | str):
            return value
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind == "ellipsis":
            return ...
        if kind == "opaque" and isinstance(value.get("of"), str):
            return Opaque(value["of"][:100])
        items = value.get("items") if isinstance(value, dict) else None
        if isinstance(kind, str) and isinstance(items, list):
            try:
                if kind in COLLECTIONS:
                    return COLLECTIONS[kind](plain(item, depth + 1) for item in items)
                if kind == "dict":
                    return {
                        plain(key, depth + 1): plain(item, depth + 1)
                        for key, item in items
                    }
            except (TypeError, ValueError):
                pass
        raise ProtocolError("a value of no known kind")

    return plain(value, 0)
