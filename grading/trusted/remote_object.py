"""An object that stays in the student's process, as a test sees it."""

import builtins
import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from grading.runtime.values import SPECIAL, TWO_SIDED
from grading.trusted.channel import MAX_MESSAGE

NO_DATA = "your code gives an object ({of}) where the test needs plain data"


class UnclearError(Exception):
    """A test asks what cannot be answered from outside of the student's process."""


class About:
    """What is known of a remote object; its own attributes are the student's.

    Args:
        operate: has the student's process do something.
        number: the object's, there.
        claims: what that process says of it.

    Attributes:
        of: name of its class.
        library: where Python or a package has it; None if it is the student's.
        makes: whether it is a class that the assignment asks for.
        made: whether a test made it by a call of such a class, and no code of the
            student's has given it since.
    """

    def __init__(
        self, operate: Callable[..., Any], number: int, claims: dict[str, Any]
    ) -> None:
        self.operate = operate
        self.number = number
        self.of = str(claims.get("of"))[:100]
        self.texts = {
            f"__{key}__": str(claims.get(key, ""))[:10_000] for key in ("name", "doc")
        }
        library = claims.get("library")
        self.library = library if isinstance(library, dict) else None
        self.makes = self.made = False


def about(remote: "RemoteObject") -> About:
    """Return what is known of an object."""
    known: About = object.__getattribute__(remote, "_about")
    return known


def _ask(remote: "RemoteObject", what: str, *arguments: Any, **named: Any) -> Any:
    return about(remote).operate(what, remote, *arguments, **named)


def _meets(remote: "RemoteObject", other: object) -> bool:
    """Return whether an object's operators may learn what ``other`` is."""
    return isinstance(other, RemoteObject) or about(remote).made


def _content(remote: "RemoteObject") -> Any:
    """Return the plain data of an object that inherits from plain data.

    Raises:
        UnclearError: it does not.
    """
    content = _ask(remote, "content")
    if isinstance(content, RemoteObject):
        raise UnclearError(NO_DATA.format(of=about(remote).of))
    return content


class RemoteObject:
    """An object that stays in the student's process.

    It has that object's attributes, methods, items and operators: the special methods
    that it has are added by ``remote_object``. It is never equal to plain data, but for
    the plain data that it inherits from, compared here: code that returns an object
    instead of a number could make it equal to all. And its operators meet plain data
    only where a test made the object itself, by a call of a class, as in
    ``Vector(1, 2) * 3``.
    """

    def __init__(self, about: About) -> None:
        object.__setattr__(self, "_about", about)

    def __repr__(self) -> str:
        return str(_ask(self, "repr"))[:MAX_MESSAGE]

    def __str__(self) -> str:
        return str(_ask(self, "str"))

    def __format__(self, how: str) -> str:
        return str(_ask(self, "format", how))

    def __getattribute__(self, name: str) -> Any:
        if name in ("__name__", "__doc__"):
            return about(self).texts[name]
        # By other such names libraries ask for memory, say: the student gives none.
        if name.startswith("__") and name not in ASKED:
            return object.__getattribute__(self, name)
        return _ask(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        _ask(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        _ask(self, "delattr", name)

    def __eq__(self, other: object) -> Any:
        if self is other:
            return True
        if _meets(self, other):
            return bool(_ask(self, "eq", other))
        content = _ask(self, "content")
        return not isinstance(content, RemoteObject) and content == other

    def __ne__(self, other: object) -> Any:
        if self is other:
            return False
        if _meets(self, other):
            return bool(_ask(self, "ne", other))
        content = _ask(self, "content")
        return isinstance(content, RemoteObject) or content != other

    def __bool__(self) -> bool:
        return bool(_ask(self, "bool"))

    def __dir__(self) -> Any:
        return _ask(self, "dir")

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        array = _ask(self, "array")
        if not isinstance(array, np.ndarray):
            raise UnclearError(NO_DATA.format(of=about(self).of))
        return array

    def __instancecheck__(self, instance: object) -> bool:
        if isinstance(instance, RemoteObject):
            return bool(about(self).operate("isinstance", instance, self))
        return False

    def __subclasscheck__(self, kind: type) -> bool:
        return bool(about(self).operate("issubclass", kind, self))


# --- special methods that only some objects have --------------------------------------


def _call(self: RemoteObject, *arguments: Any, **named: Any) -> Any:
    given = _ask(self, "call", *arguments, **named)
    if about(self).makes and isinstance(given, RemoteObject):
        about(given).made = True
    return given


def _exit(
    self: RemoteObject, kind: type[BaseException] | None, error: Any, _: object
) -> bool:
    if kind is None:
        return bool(_ask(self, "exit", None, []))
    name = kind.__name__
    if vars(builtins).get(name) is not kind:
        raise UnclearError(f"a {name} cannot be given to your code")
    return bool(_ask(self, "exit", name, list(error.args)))


def _contains(self: RemoteObject, item: Any) -> bool:
    if _meets(self, item):
        return bool(_ask(self, "contains", item))
    content = _ask(self, "content")
    if isinstance(content, RemoteObject) and not isinstance(content, Iterable):
        raise UnclearError(NO_DATA.format(of=about(self).of))
    return any(element is item or element == item for element in content)


def _keeping(what: str) -> Callable[[RemoteObject], Any]:
    """Return a method that mostly gives its own object, made as it was."""

    def ask(self: RemoteObject) -> Any:
        made = about(self).made
        given = _ask(self, what)
        about(self).made = made
        return given

    return ask


def _unary(what: str, kind: type | None = None) -> Callable[..., Any]:
    def ask(self: RemoteObject, *more: Any) -> Any:
        given = _ask(self, what, *more)
        return given if kind is None else kind(given)

    return ask


def _binary(what: str, *, swapped: bool = False) -> Callable[..., Any]:
    def ask(self: RemoteObject, other: Any) -> Any:
        left, right = (other, self) if swapped else (self, other)
        if _meets(self, other):
            made = about(self).made
            given = about(self).operate(what, left, right)
            if given is self and what in IN_PLACE:
                about(self).made = made
            return given
        if swapped:
            return getattr(operator, f"__{what}__")(left, _content(self))
        return getattr(operator, f"__{what}__")(_content(self), right)

    return ask


IN_PLACE = {f"i{name}" for name in TWO_SIDED}
METHODS: dict[str, Callable[..., Any]] = {
    **{name: _unary(name, int) for name in ("hash", "index", "int", "len")},
    **{name: _unary(name) for name in ("abs", "invert", "neg", "pos", "round")},
    **{name: _unary(name) for name in ("next", "reversed", "getitem")},
    **{name: _unary(name) for name in ("setitem", "delitem")},
    **{name: _binary(name) for name in ("lt", "le", "gt", "ge")},
    **{side + name: _binary(side + name) for name in TWO_SIDED for side in ("", "i")},
    **{f"r{name}": _binary(name, swapped=True) for name in TWO_SIDED},
    **{name: _keeping(name) for name in ("enter", "iter")},
    "float": _unary("float", float),
    "contains": _contains,
    "call": _call,
    "exit": _exit,
}
ASKED = {"__dict__", *(f"__{name}__" for name in SPECIAL)}
"""Names of this form that are the student's."""


@functools.lru_cache(maxsize=256)
def _kind(special: frozenset[str]) -> type[RemoteObject]:
    methods: dict[str, Any] = {f"__{name}__": METHODS[name] for name in special}
    return type("RemoteObject", (RemoteObject,), {"__hash__": None, **methods})


def remote_object(
    operate: Callable[..., Any], number: int, claims: dict[str, Any]
) -> RemoteObject:
    """Return an object with the special methods that it claims to have.

    So ``callable``, ``iter`` and ``isinstance(x, Iterable)`` say what they say of the
    student's object.

    Args:
        operate: has the student's process do something.
        number: the object's, there.
        claims: what that process says of it.
    """
    said = claims.get("special")
    said = set(map(str, said)) if isinstance(said, list) else set()
    return _kind(frozenset(said & METHODS.keys()))(About(operate, number, claims))
