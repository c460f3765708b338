"""What ordinary tests ask of a student's process: call this, get that attribute.

Objects that are no plain data stay here, under a number. Nothing here protects
anything: it runs beside student code, which can change it.
"""

import builtins
import contextlib
import functools
import importlib
import io
import operator
import socket
from collections.abc import Callable, ItemsView, KeysView, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from grading.runtime import protocol, values
from grading.runtime.values import Shared

MAX_PRINTED = 100_000
FROM_TEST = replace(values.BOUNDS, data=1 << 30)
"""What is taken of one question."""
Answer = tuple[dict[str, Any], list[np.ndarray]]


def _call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    return function(*arguments, **named)


def _exit(manager: Any, name: str | None, arguments: Any) -> Any:
    """Leave a context, by an error of Python's own if it has a name."""
    if name is None:
        return manager.__exit__(None, None, None)
    kind = getattr(builtins, name)
    return manager.__exit__(kind, kind(*arguments), None)


def _content(value: Any) -> Any:
    """Return the plain data of what inherits from plain data, else ``value``."""
    if isinstance(value, KeysView | ItemsView):
        return set(value)
    if isinstance(value, bytearray):
        return bytes(value)
    kind: Any
    for kind in (int, float, complex, bytes, tuple, list, dict, set, frozenset):
        if isinstance(value, kind):
            return kind(value)
    return str.__str__(value) if isinstance(value, str) else value


@functools.lru_cache(maxsize=1000)
def _special(kind: type) -> list[str]:
    """Return which special methods the objects of a class have."""
    named: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        named.update(vars(base))
    return [name for name in values.SPECIAL if named.get(f"__{name}__") is not None]


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(builtins, name)
        for name in (
            *("bool", "delattr", "dir", "float", "format", "getattr", "hash", "int"),
            *("isinstance", "issubclass", "iter", "len", "next", "repr", "reversed"),
            *("round", "setattr", "str"),
        )
    },
    **{
        name: getattr(operator, f"__{name}__")
        for name in (
            *("abs", "contains", "delitem", "eq", "ge", "getitem", "gt", "index"),
            *("invert", "le", "lt", "ne", "neg", "pos", "setitem"),
            *(side + name for name in values.TWO_SIDED for side in ("", "i")),
        )
    },
    "array": np.asarray,
    "call": _call,
    "content": _content,
    "enter": lambda manager: manager.__enter__(),
    "exit": _exit,
}


class Objects:
    """A student's names, and the objects that tests got from them.

    Args:
        names: what the cells left behind.
        kept: what they had left behind before a test cell, by its grade id.
        sock: the student's end.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        kept: Mapping[str, Mapping[str, Any]],
        sock: socket.socket,
    ) -> None:
        self.names = names
        self.kept = kept
        self.sock = sock
        self.number: Any = None
        """Of the question that was asked last."""
        self.answer: Callable[..., None]
        """Answers a question that is asked before another is answered."""
        self._held: list[Any] = []
        self._places: dict[int, int] = {}

    def find(self, name: str, before: str) -> Answer:
        """Return a student's value as it was before a test cell."""
        names = self.kept.get(before, self.names)
        if name not in names:
            return {"missing": True}, []
        arrays: list[np.ndarray] = []
        return {"value": self._pack(names[name], arrays)}, arrays

    def operate(
        self, *given: np.ndarray, what: str, arguments: Any, named: Any
    ) -> Answer:
        """Do one of ``OPERATIONS``; return its value, or what it raised.

        With it goes what was printed, and the arguments as they are after the call.
        """
        shared = Shared()
        arguments, named = values.unpack(
            {"kind": "list", "items": [arguments, named]},
            given,
            self._held_or_function,
            shared,
            sharing=True,
        )
        arrays: list[np.ndarray] = []
        answer: dict[str, Any] = {}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                value = OPERATIONS[what](*arguments, **named)
                answer["value"] = self._pack(value, arrays, shared)
            except BaseException as error:
                arrays.clear()
                answer["raised"] = self._raised(error, arrays)
        packer = values.Packer(arrays, self._hold, shared)
        answer["after"] = [packer.content(argument, 0, {}) for argument in shared.all]
        answer["printed"] = printed.getvalue()[:MAX_PRINTED]
        return answer, arrays

    def _raised(self, error: BaseException, arrays: list[np.ndarray]) -> dict[str, Any]:
        return {
            "kinds": [kind.__name__ for kind in type(error).__mro__],
            "text": str(error),
            "arguments": self._pack(list(error.args), arrays),
        }

    def _pack(
        self, value: Any, arrays: list[np.ndarray], shared: Shared | None = None
    ) -> Any:
        before = len(arrays)
        try:
            return values.Packer(arrays, self._hold, shared).pack(value)
        except values.TooLargeError:  # it stays here, and can be asked item by item
            del arrays[before:]
            return self._hold(value)

    def _hold(self, value: Any) -> dict[str, Any]:
        """Keep an object here; return what stands for it."""
        number = self._places.get(id(value))
        if number is None:
            number = self._places[id(value)] = len(self._held)
            self._held.append(value)  # for good: so its id stays its own
        kind: Any = type(value)
        return {
            "kind": "object",
            "number": number,
            "of": kind.__name__[:100],
            "name": str(getattr(value, "__name__", ""))[:100],
            "doc": str(getattr(value, "__doc__", None) or "")[:10_000],
            "library": values.in_library(value),
            "special": _special(kind),
        }

    def _held_or_function(self, about: dict[str, Any]) -> Any:
        if about["kind"] == "object":
            return self._held[about["number"]]
        if about["kind"] == "library":
            module: Any = importlib.import_module(about["module"])
            return operator.attrgetter(about["name"])(module)
        return self._function_of_test(about["number"])

    def _function_of_test(self, function: int) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            """Have the test's function called where it is, and wait for it."""
            arrays: list[np.ndarray] = []
            body = {
                "number": self.number,
                "function": function,
                "arguments": self._pack(list(arguments), arrays),
                "named": self._pack(named, arrays),
            }
            protocol.send(self.sock, body, arrays)
            while True:
                answer, given = protocol.receive(self.sock, bounds=FROM_TEST)
                if answer["ask"] == "returned":
                    break
                self.answer(answer, given)
            self.number = answer["number"]
            value = values.unpack(answer["value"], given, self._held_or_function)
            if "raised" in answer:
                raise getattr(builtins, answer["raised"])(*value)
            return value

        return call
