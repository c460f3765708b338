"""A student's functions and objects, as an ordinary test uses them, at a distance.

``assert square(3) == 9`` runs in the trusted process. There ``square`` is a
``RemoteObject``: a call of it is a question to the student's process
(``grading.untrusted.objects``), and what comes back is plain data, or one more
``RemoteObject``. The test compares here, where no student code runs. So an object that
claims to be equal to whatever it meets is not: see ``RemoteObject``.
"""

import builtins
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any

from helpers.checks.student.interface import StudentError

import numpy as np

from grading.runtime import values
from grading.runtime.protocol import ProtocolError
from grading.runtime.values import Shared
from grading.trusted.channel import MAX_MESSAGE, Channel
from grading.trusted.remote_object import (
    RemoteObject,
    UnclearError,
    about,
    remote_object,
)

MAX_FUNCTION_CALLS = 100_000
"""Calls of a test's function in one call of the student's."""


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
        answer, arrays = self._ask("find", [], name=name, before=before)
        if "value" not in answer:
            raise NameError(f"{name} is not defined")
        value = self._unpack(answer["value"], arrays)
        if name in self.classes and isinstance(value, RemoteObject):
            about(value).makes = True
        return value

    def operate(self, what: str, *arguments: Any, **named: Any) -> Any:
        """Have the student's process do something with its objects.

        What it prints is printed here. Arguments that it changes are changed here too.

        Raises:
            Exception: what the student's code raised, if that is one of Python's own.
            StudentError: the student's process did not answer properly.
        """
        arrays: list[np.ndarray] = []
        shared = Shared()
        packed = [self._pack(given, arrays, shared) for given in (arguments, named)]
        question = {"what": what, "arguments": packed[0], "named": packed[1]}
        answer, come = self._ask("operate", arrays, **question)
        for _ in range(MAX_FUNCTION_CALLS):
            if "function" not in answer:
                break
            answer, come = self._call_function(answer, come)
        sys.stdout.write(str(answer.get("printed", "")))
        self._change(shared, answer.get("after"), come)
        if "raised" in answer:
            raise self._error(answer["raised"], come) from None
        return self._unpack(answer.get("value"), come, shared)

    def _ask(
        self, question: str, arrays: list[np.ndarray], **about: Any
    ) -> tuple[dict[str, Any], list[np.ndarray]]:
        return self.channel.ask(question, arrays, bounds=values.BOUNDS, **about)

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
        return self._ask("returned", arrays, value=packed, **raised)

    def _change(self, shared: Shared, after: Any, arrays: list[np.ndarray]) -> None:
        """Give arguments the content that they have in the student's process."""
        if not isinstance(after, list) or len(after) != len(shared.all):
            raise StudentError("WrongReturn", "the arguments of the call are lost")
        for argument, packed in zip(shared.all, after, strict=True):
            before = list(_objects_in(argument))
            made = {id(remote) for remote in before if about(remote).made}
            new = self._unpack(packed, arrays, shared)
            for remote in before:  # they did not come from there: they were there
                about(remote).made = id(remote) in made
            if type(argument) is not type(new) or values.same(argument, new):
                continue
            for remote in _objects_in(new):
                about(remote).made = id(remote) in made
            _fill(argument, new)

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
            error = _without_parts(kind, text)
        if own != name:
            error.add_note(f"It was a {own}.")
        return error

    def _pack(
        self, value: Any, arrays: list[np.ndarray], shared: Shared | None = None
    ) -> Any:
        sharing = shared is not None
        packer = values.Packer(arrays, self._stands_for, shared, sharing=sharing)
        try:
            return packer.pack(value)
        except values.TooLargeError:
            raise UnclearError("a value is too large to be given") from None

    def _stands_for(self, value: Any) -> dict[str, Any]:
        if isinstance(value, RemoteObject):
            return {"kind": "object", "number": about(value).number}
        if library := values.in_library(value):
            return {"kind": "library", **library}
        if callable(value):
            self._functions.append(value)
            return {"kind": "function", "number": len(self._functions) - 1}
        raise UnclearError(f"a {type(value).__name__} cannot be given to your code")

    def _unpack(
        self, packed: Any, arrays: list[np.ndarray], shared: Shared | None = None
    ) -> Any:
        try:
            return values.unpack(packed, arrays, self._object, shared)
        except ProtocolError as error:
            raise StudentError("WrongReturn", f"your code gives {error}") from None

    def _object(self, claims: dict[str, Any]) -> RemoteObject:
        number = claims.get("number")
        if claims.get("kind") != "object" or not isinstance(number, int):
            raise ProtocolError("a value of no known kind")
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = remote_object(self.operate, number, claims)
        # It comes from the student's code: a method may give its own object.
        about(known).made = False
        return known


def _objects_in(container: Any) -> Iterator[RemoteObject]:
    """Yield the objects in an argument, but for those in arguments that lie in it."""
    if isinstance(container, np.ndarray):
        return
    if isinstance(container, dict):
        container = container.items()
    for item in container:
        if isinstance(item, RemoteObject):
            yield item
        elif isinstance(item, tuple | frozenset):
            yield from _objects_in(item)


def _without_parts(kind: type[Exception], text: str) -> Exception:
    """Return an error of a kind that wants more than a text."""
    try:
        return kind.__new__(kind, text)
    except (TypeError, ValueError):
        return RuntimeError(text)


def _fill(argument: Any, new: Any) -> None:
    """Give a list, dictionary, set or array the content of another one."""
    if isinstance(argument, list):
        argument[:] = new
    elif isinstance(argument, np.ndarray):
        if argument.shape == new.shape and argument.dtype == new.dtype:
            argument[...] = new
    else:
        argument.clear()
        (argument.extend if isinstance(argument, deque) else argument.update)(new)


def _built_in(kinds: list[Any]) -> str:
    """Return the first name of an exception that Python has."""
    for name in kinds:
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return str(name)
    return "RuntimeError"
