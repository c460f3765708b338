"""An assignment's contract: sizes, models, and properties in their order."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import wraps
from typing import Any, Generic, TypeVar

from helpers.checks.hints import cut
from helpers.checks.property_check import Check, CheckFailed, check
from helpers.checks.randomness import Draw
from helpers.checks.student.interface import AUTOENCODER, Size, Student, StudentError

import numpy as np


class Sizes(ABC):
    """What a builder is called with."""

    @property
    @abstractmethod
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""

    @property
    def usual(self) -> bool:
        """Return whether these are the sizes of visible checks."""
        return self == type(self)()

    @property
    def input_size(self) -> Size:
        """Return the size of one input of auto."""
        raise NotImplementedError

    @property
    def output_size(self) -> Size:
        """Return the size of what auto gives for it."""
        return self.input_size

    trained: tuple[str, ...] = ("auto",)
    """The models that are trained."""

    def example(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets for a step of training of a model."""
        x, y = (
            np.full((2, *((size,) if isinstance(size, int) else size)), 0.5, np.float32)
            for size in (self.input_size, self.output_size)
        )
        return x, y


class AutoencoderSizes(Sizes):
    """What a builder of encoder, decoder and auto is called with."""

    @property
    @abstractmethod
    def code_size(self) -> Size:
        """Return the size of one code."""

    @property
    def parts(self) -> dict[str, Size]:
        """Return the size of the inputs of each model."""
        return {
            "encoder": self.input_size,
            "decoder": self.code_size,
            "auto": self.input_size,
        }


S = TypeVar("S", bound=Sizes)
F = TypeVar("F", bound=Callable[..., None])
Property = Callable[[Student, S], None]
"""Raises ``CheckFailed`` when a student's models do not have it."""


SizesToo = Callable[[Property[S]], Property[S]]

OTHERWISE = (
    "a size that is written as a number instead of an argument, or code for one number "
    "of layers alone."
)


def sizes_too(*others: dict[str, Any]) -> Callable[[Property[S]], Property[S]]:
    """Have a check that gets the usual sizes build and look at others besides.

    What depends on the number of layers shows before a student submits. The last of
    the others is looked at after a step of training.

    Args:
        others: fields of the sizes that are another value.
    """

    def decorate(holds: Property[S]) -> Property[S]:
        @wraps(holds)
        def too(student: Student, sizes: S) -> None:
            holds(student, sizes)
            if not sizes.usual:
                return
            for more in others:
                other = replace(sizes, **more)  # type: ignore[type-var]
                with _same_with(more):
                    student.build(*other.arguments)
                    if more is not others[-1]:
                        holds(student, other)
            try:
                with _same_once_trained(student, other):
                    holds(student, other)
            except CheckFailed:
                with _same_with(more):  # if it did not hold before the training
                    student.build(*other.arguments)
                    holds(student, other)
                raise

        return too

    return decorate


def trained_too(holds: Property[S]) -> Property[S]:
    """Have a check that gets the usual sizes look again after a step of training."""

    @wraps(holds)
    def too(student: Student, sizes: S) -> None:
        holds(student, sizes)
        if sizes.usual:
            student.build(*sizes.arguments)
            with _same_once_trained(student, sizes):
                holds(student, sizes)

    return too


def keywords_too(
    *others: dict[str, Any],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Do as ``sizes_too`` for a check that builds with the keywords that it gets."""

    def decorate(holds: Callable[..., None]) -> Callable[..., None]:
        @wraps(holds)
        def too(student: Student, **sizes: Any) -> None:
            holds(student, **sizes)
            for more in () if sizes else others:
                with _same_with(more):
                    holds(student, **more)

        return too

    return decorate


def take_step(
    student: Student, x: np.ndarray, y: np.ndarray, *, part: str = "auto"
) -> None:
    """Train a model for one step, small whatever the rate that the student chose.

    What cannot be trained stays as it is: other checks look at that.
    """
    with suppress(StudentError):
        student.train(x, y, epochs=1, batch_size=len(x), learning_rate=1e-3, part=part)


@contextmanager
def _same_once_trained(student: Student, sizes: Sizes) -> Iterator[None]:
    """Take a step of training, and say that a property does not hold after it."""
    for part in sizes.trained:
        take_step(student, *sizes.example(part), part=part)
    try:
        yield
    except (CheckFailed, StudentError) as error:
        raise CheckFailed(
            "the same after a step of training",
            cut(_observed(error), 10),
            "something in the model that training changes besides its weights.",
        ) from None


@contextmanager
def _same_with(more: dict[str, Any]) -> Iterator[None]:
    """Say with which other sizes a property does not hold."""
    try:
        yield
    except (CheckFailed, StudentError) as error:
        given = ", ".join(f"{name} {value}" for name, value in more.items())
        expected = f"the same with {given}"
        raise CheckFailed(expected, cut(_observed(error), 10), OTHERWISE) from None


def _observed(error: CheckFailed | StudentError) -> str:
    """Return what a check observed instead of what it expects."""
    return error.observed if isinstance(error, CheckFailed) else str(error)


def named(property: str) -> Callable[[F], F]:
    """Name the property that a function checks for several contracts."""

    def decorate(function: F) -> F:
        function.property = property  # type: ignore[attr-defined]
        return function

    return decorate


def _name(function: Callable[..., None]) -> str:
    """Return the property that a function checks."""
    return str(function.property)  # type: ignore[attr-defined]


class Contract(Generic[S]):
    """What a builder must do: its properties, in the order in which they are added.

    Args:
        sizes: makes what the builder is called with, from sizes by name.
        parts: names of the models that the builder returns, in their order.
        draws: how to draw what a hidden test gives as ``...``, by name.

    Attributes:
        checks: what test cells call, by property.
    """

    def __init__(
        self,
        sizes: Callable[..., S],
        parts: tuple[str, ...] = AUTOENCODER,
        draws: Mapping[str, Draw] | None = None,
    ) -> None:
        self.sizes = sizes
        self.parts = parts
        self.draws = dict(draws or {})
        self.checks: dict[str, Check] = {}

    def build(self, student: Student, **sizes: Any) -> S:
        """Call the builder; return what it was called with."""
        built = self.sizes(**sizes)
        student.build(*built.arguments)
        return built

    def check(
        self, property: str, **draws: Draw
    ) -> Callable[[Callable[..., None]], Check]:
        """Add a property whose function takes a student and keywords of its own.

        Args:
            property: its name.
            draws: how to draw keywords that this function alone takes, or otherwise.
        """

        def decorate(function: Callable[..., None]) -> Check:
            known = {**self.draws, **draws}
            self.checks[property] = check(property, self.parts, known)(function)
            return self.checks[property]

        return decorate

    def check_built(self, property: str) -> Callable[[Property[S]], Check]:
        """Add a property whose function takes a student, models built, and sizes."""
        return self._check_sized(property, self.build)

    def check_unbuilt(self, property: str) -> Callable[[Property[S]], Check]:
        """Add a property whose function takes a student, and sizes to build it with."""
        return self._check_sized(property, lambda student, **sizes: self.sizes(**sizes))

    def _check_sized(
        self, property: str, make: Callable[..., S]
    ) -> Callable[[Property[S]], Check]:
        def decorate(function: Property[S]) -> Check:
            @wraps(function)
            def with_sizes(student: Student, **sizes: Any) -> None:
                function(student, make(student, **sizes))

            return self.check(property)(with_sizes)

        return decorate

    def add(self, function: Property[S]) -> Check:
        """Add a property that several contracts ask for, and that is ``named``."""
        return self.check_built(_name(function))(function)

    def add_unbuilt(self, function: Property[S]) -> Check:
        """Add a ``named`` property whose function builds the models itself."""
        return self.check_unbuilt(_name(function))(function)
