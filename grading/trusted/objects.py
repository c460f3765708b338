"""A student's functions and objects, as an ordinary test uses them, at a distance.

``assert square(3) == 9`` runs in the trusted process. There ``square`` is a
``RemoteObject``: a call of it is a question to the student's process
(``grading.untrusted.objects``), and what comes back is plain data, or one more
``RemoteObject``. The test compares here, where no student code runs. So an object that
claims to be equal to whatever it meets is not: see ``RemoteObject``.
"""

import builtins
import sys
from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any

from helpers.checks.student.interface import StudentError

import numpy as np

from grading.runtime import values
from grading.runtime.protocol import ProtocolError
from grading.trusted.channel import MAX_MESSAGE, Channel

MAX_FUNCTION_CALLS = 100_000
"""Calls of a test's function in one call of the student's."""


NO_DATA = "your code gives an object ({of}) where the test needs plain data"


class UnclearError(Exception):
    """A test asks what cannot be answered from outside of the student's process."""


class Objects:
    """Asks for a student's objects, and knows those that came.

    Args:
        channel: how to ask.
        classes: names of classes that the assignment asks for.
    """

    def __init__(self, channel: Channel, classes: Collection[str]) -> None:
        self.channel = channel
        self.classes = classes
        self._known: dict[int, RemoteObject] = {}
        self._functions: list[Callable[..., Any]] = []

    def find(self, name: str, before: str) -> Any:
        """Return the student's value of a name as it was before a test cell.

        Raises:
            NameError: the student has no such name.
            StudentError: the value cannot be read.
        """
        answer, arrays = self.channel.ask("find", name=name, before=before)
        if "value" not in answer:
            raise NameError(f"{name} is not defined")
        value = self._unpack(answer["value"], arrays)
        if name in self.classes and isinstance(value, RemoteObject):
            _of(value).makes = True
        return value

    def operate(self, what: str, *arguments: Any, **named: Any) -> Any:
        """Have the student's process do something with its objects.

        What it prints is printed here. Arguments that it changes are changed here too.

        Raises:
            Exception: what the student's code raised, if that is one of Python's own.
            StudentError: the student's process did not answer properly.
        """
        arrays: list[np.ndarray] = []
        packed = self._pack(list(arguments), arrays), self._pack(named, arrays)
        about = {"what": what, "arguments": packed[0], "named": packed[1]}
        answer, given = self.channel.ask("operate", arrays, **about)
        for _ in range(MAX_FUNCTION_CALLS):
            if "function" not in answer:
                break
            answer, given = self._call_function(answer, given)
        sys.stdout.write(str(answer.get("printed", "")))
        self._change(arguments, self._unpack(answer.get("after"), given))
        if "raised" in answer:
            raise self._error(answer["raised"], given) from None
        return self._unpack(answer.get("value"), given)

    def _call_function(
        self, answer: dict[str, Any], given: list[np.ndarray]
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Call a function of the test for the student's code, and pass on its value."""
        arrays: list[np.ndarray] = []
        raised = {}
        try:
            arguments = self._unpack(answer.get("arguments"), given)
            named = self._unpack(answer.get("named"), given)
            value = self._functions[answer["function"]](*arguments, **named)
        except (StudentError, UnclearError):
            raise
        except Exception as error:
            value, raised = [str(error)], {"raised": _built_in([type(error).__name__])}
        packed = self._pack(value, arrays)
        return self.channel.ask("returned", arrays, value=packed, **raised)

    def _change(self, arguments: tuple[Any, ...], after: Any) -> None:
        """Give arguments the content that they have in the student's process."""
        if not isinstance(after, list) or len(after) != len(arguments):
            raise StudentError("WrongReturn", "the arguments of the call are lost")
        for argument, new in zip(arguments, after, strict=True):
            if type(argument) is not type(new) or values.same(argument, new):
                continue
            if isinstance(argument, list):
                argument[:] = new
            elif isinstance(argument, dict | set):
                argument.clear()
                argument.update(new)
            elif isinstance(argument, np.ndarray) and argument.shape == new.shape:
                argument[...] = new

    def _error(self, report: Any, given: list[np.ndarray]) -> Exception:
        """Return the error that a student's code raised, as one of Python's own."""
        if not isinstance(report, dict):
            report = {}
        kinds = report.get("kinds")
        name = _built_in(kinds if isinstance(kinds, list) else [])
        text = str(report.get("text", ""))[:MAX_MESSAGE]
        own = str(kinds[0])[:100] if isinstance(kinds, list) and kinds else name
        kind: type[Exception] = getattr(builtins, name)
        arguments = self._unpack(report.get("arguments"), given)
        plain = isinstance(arguments, list) and all(
            isinstance(argument, str | int | float) for argument in arguments
        )
        try:
            error = kind(*arguments) if plain else kind(text)
        except TypeError:  # some want more than a text
            error = RuntimeError(text)
        if own != name:
            error.add_note(f"It was a {own}.")
        return error

    def _pack(self, value: Any, arrays: list[np.ndarray]) -> Any:
        return values.pack(value, arrays, self._stands_for)

    def _stands_for(self, value: Any) -> dict[str, Any]:
        if isinstance(value, RemoteObject):
            return {"kind": "object", "number": _of(value).number}
        if library := _in_library(value):
            return {"kind": "library", **library}
        if callable(value):
            self._functions.append(value)
            return {"kind": "function", "number": len(self._functions) - 1}
        raise UnclearError(f"a {type(value).__name__} cannot be given to your code")

    def _unpack(self, packed: Any, arrays: list[np.ndarray]) -> Any:
        try:
            return values.unpack(packed, arrays, self._object)
        except ProtocolError as error:
            raise StudentError("WrongReturn", f"your code gives {error}") from None

    def _object(self, about: dict[str, Any]) -> "RemoteObject":
        number = about.get("number")
        if about.get("kind") != "object" or not isinstance(number, int):
            raise ProtocolError("a value of no known kind")
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = RemoteObject(self, number, about)
        return known


def _built_in(kinds: list[Any]) -> str:
    """Return the first name of an exception that Python has."""
    for name in kinds:
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return str(name)
    return "RuntimeError"


def _in_library(value: Any) -> dict[str, str] | None:
    """Return where Python or a package has a function or class; None for a test's."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    module = getattr(value, "__module__", None) or type(value).__module__
    if module == "__main__" or "<" in name:
        return None
    here: Any = sys.modules.get(module)
    found = here if isinstance(here, ModuleType) else None
    for part in name.split("."):
        found = getattr(found, part, None)
    return {"module": module, "name": name} if found is value else None


class _About:
    """What is known of a remote object; its own attributes are the student's."""

    def __init__(self, objects: Objects, number: int, about: dict[str, Any]) -> None:
        self.objects = objects
        self.number = number
        self.of = str(about.get("of"))[:100]
        self.texts = {
            f"__{key}__": str(about.get(key, ""))[:10_000] for key in ("name", "doc")
        }
        # Whether it is a class that the assignment asks for; whether a test made it by
        # a call of such a class.
        self.makes = self.made = False


def _of(remote: "RemoteObject") -> _About:
    about: _About = object.__getattribute__(remote, "_about")
    return about


def _ask(remote: "RemoteObject", what: str, *arguments: Any, **named: Any) -> Any:
    return _of(remote).objects.operate(what, remote, *arguments, **named)


def _meets(remote: "RemoteObject", other: object) -> bool:
    """Return whether an object's operators may learn what ``other`` is."""
    return isinstance(other, RemoteObject) or _of(remote).made


class RemoteObject:
    """An object that stays in the student's process.

    It has that object's attributes, methods, items and operators. It is never equal to
    plain data: whoever returns an object instead of a number could make it equal to
    all. And its operators meet plain data only where a test made the object itself, by
    a call of a class, as in ``Vector(1, 2) * 3``.
    """

    def __init__(self, objects: Objects, number: int, about: dict[str, Any]) -> None:
        object.__setattr__(self, "_about", _About(objects, number, about))

    def __repr__(self) -> str:
        return str(_ask(self, "repr"))[:MAX_MESSAGE]

    def __str__(self) -> str:
        return str(_ask(self, "str"))

    def __format__(self, how: str) -> str:
        return str(_ask(self, "format", how))

    def __getattribute__(self, name: str) -> Any:
        if name in ("__name__", "__doc__"):
            return _of(self).texts[name]
        # By such names libraries ask for memory, say: those the student does not give.
        if name.startswith("__") and name != "__dict__":
            return object.__getattribute__(self, name)
        return _ask(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        _ask(self, "delattr", name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        made = _ask(self, "call", *arguments, **named)
        if _of(self).makes and isinstance(made, RemoteObject):
            _of(made).made = True
        return made

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return _meets(self, other) and bool(_ask(self, "eq", other))

    def __ne__(self, other: object) -> bool:
        if self is other:
            return False
        return not _meets(self, other) or bool(_ask(self, "ne", other))

    def __hash__(self) -> int:
        return int(_ask(self, "hash"))

    def __bool__(self) -> bool:
        return bool(_ask(self, "bool"))

    def __int__(self) -> int:
        return int(_ask(self, "int"))

    def __float__(self) -> float:
        return float(_ask(self, "float"))

    def __len__(self) -> int:
        return int(_ask(self, "len"))

    def __iter__(self) -> Any:
        return _ask(self, "iter")

    def __next__(self) -> Any:
        return _ask(self, "next")

    def __reversed__(self) -> Any:
        return _ask(self, "reversed")

    def __contains__(self, item: Any) -> bool:
        return bool(_ask(self, "contains", item))

    def __getitem__(self, key: Any) -> Any:
        return _ask(self, "getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _ask(self, "setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        _ask(self, "delitem", key)

    def __enter__(self) -> Any:
        return _ask(self, "enter")

    def __exit__(self, *error: object) -> None:
        _ask(self, "exit")

    def __dir__(self) -> Any:
        return _ask(self, "dir")

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        array = _ask(self, "array")
        if not isinstance(array, np.ndarray):
            raise UnclearError(NO_DATA.format(of=_of(self).of))
        return array

    def __instancecheck__(self, instance: object) -> bool:
        if isinstance(instance, RemoteObject):
            return bool(_of(self).objects.operate("isinstance", instance, self))
        return False

    def __subclasscheck__(self, kind: type) -> bool:
        return bool(_of(self).objects.operate("issubclass", kind, self))


def _add_operators() -> None:
    """Give ``RemoteObject`` the operators that have a method each, and two sides."""

    def unary(what: str) -> Callable[[RemoteObject], Any]:
        return lambda self: _ask(self, what)

    def binary(what: str, *, swapped: bool = False) -> Callable[..., Any]:
        def operate(self: RemoteObject, other: Any) -> Any:
            if not _meets(self, other):
                raise UnclearError(NO_DATA.format(of=_of(self).of))
            pair = (other, self) if swapped else (self, other)
            return _of(self).objects.operate(what, *pair)

        return operate

    for what in ("abs", "neg", "pos", "round"):
        setattr(RemoteObject, f"__{what}__", unary(what))
    for what in ("lt", "le", "gt", "ge"):
        setattr(RemoteObject, f"__{what}__", binary(what))
    for what in TWO_SIDED:
        name = what.rstrip("_")
        setattr(RemoteObject, f"__{name}__", binary(what))
        setattr(RemoteObject, f"__r{name}__", binary(what, swapped=True))


TWO_SIDED = (
    *("add", "and_", "floordiv", "lshift", "matmul", "mod", "mul", "or_", "pow"),
    *("rshift", "sub", "truediv", "xor"),
)
_add_operators()
