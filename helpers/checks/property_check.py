"""What a student reads: one line when a property holds, four when it does not."""

import io
import logging
import os
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import wraps
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from helpers.checks.hints import EXPECTED, cut, explain, is_stub
from helpers.checks.randomness import Draw, drawn
from helpers.checks.student.in_process import as_student
from helpers.checks.student.interface import AUTOENCODER, Student, StudentError
from helpers.errors import CourseError
from helpers.quiet_keras import silent_stderr

WIDTH = 88
"""Characters in a line of a message."""

Builder = Callable[..., Any]

Check = Callable[..., None]
"""What a test cell calls: with the builder, and in hidden tests with sizes by name."""


class CheckFailed(CourseError, AssertionError):  # noqa: N818  notebooks show it
    """A property that does not hold.

    Attributes:
        property: its name; ``check`` fills it in.
        expected: what the contract asks for.
        observed: what the check saw; a student reads it as "found".
        likely_cause: what to look at first.
    """

    def __init__(
        self, expected: str, observed: str, likely_cause: str, property: str = ""
    ) -> None:
        super().__init__(expected, observed, likely_cause, property)
        self.expected = expected
        self.observed = observed
        self.likely_cause = likely_cause
        self.property = property

    def __str__(self) -> str:
        rows = {
            "expected": self.expected,
            "found": self.observed,
            "likely cause": self.likely_cause,
        }
        lines = [f"Does not hold: {self.property}"]
        for name, text in rows.items():
            label = f"  {name + ':':<14}"
            lines += textwrap.wrap(
                text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label)
            )
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the message alone; nbgrader records the same."""
        return str(self).split("\n")


class NotDone(CheckFailed):
    """The student's code still is the stub."""

    def __init__(self, property: str = "") -> None:
        super().__init__("", "", "", property)

    def __str__(self) -> str:
        return f"Not done yet: {self.property}."


Outcomes = dict[str, type[CheckFailed] | None]
"""How the visible calls ended, by property: None or the class of the failure."""

# By builder: one that is defined again has no outcomes yet.
_outcomes: WeakKeyDictionary[Any, Outcomes] = WeakKeyDictionary()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep output and warnings of student code away: nbgrader gives 0 for stderr."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            silent_stderr(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def check(
    property: str,
    parts: tuple[str, ...] = AUTOENCODER,
    draws: Mapping[str, Draw] | None = None,
) -> Callable[[Callable[..., None]], Check]:
    """Make a test-cell function out of one that checks a ``Student``.

    The decorated function takes the builder, or a Student, and sizes by name. It prints
    one line when the property holds. Otherwise it raises ``CheckFailed``, whatever
    the student's code did. Called with sizes, as hidden tests do, its message names
    neither the sizes nor anything measured with them. Sizes given as ``...`` are drawn:
    other ones in each run of the grader.

    Args:
        property: a short sentence, such as ``"the code is ReLU"``.
        parts: names of the models that the builder returns, in their order.
        draws: how to draw sizes, by name.

    Returns:
        A decorator. The function that it makes knows its ``property`` and ``draws``.
    """

    def decorate(function: Callable[..., None]) -> Check:
        @wraps(function)
        def wrapper(builder: Builder | Student, **sizes: Any) -> None:
            def call() -> None:
                given = drawn(sizes, draws or {})
                function(as_student(builder, parts), **given)

            failure = _failure_of(call)
            if not sizes:
                outcome = None if failure is None else type(failure)
                _outcomes.setdefault(builder, {})[property] = outcome
            if failure is not None:
                failure.property = property
                if sizes and not isinstance(failure, NotDone):
                    failure.expected = "the same as in the visible check, for any sizes"
                    failure.observed = "it does not hold for other sizes"
                raise failure from None
            if not sizes:
                print(f"Holds: {property}.")

        wrapper.property = property  # type: ignore[attr-defined]
        wrapper.draws = draws or {}  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _failure_of(call: Callable[[], None]) -> CheckFailed | None:
    """Return why a check fails, whatever the student's code does; None if it holds."""
    try:
        with _quiet():
            call()
    except CheckFailed as error:
        return error
    except StudentError as error:
        return _in_words(error)
    except Exception as error:  # models that behave like none that we know
        return CheckFailed(
            "models that the check can follow",
            cut(f"{type(error).__name__}: {error}"),
            "a model that returns something else than one array of numbers.",
        )
    return None


def _in_words(error: StudentError) -> CheckFailed:
    """Return the message for an exception that the student's code raised."""
    if is_stub(error):
        return NotDone()
    observed, likely_cause = explain(error)
    return CheckFailed(EXPECTED, observed, likely_cause)


def _run_missing(assignment: ModuleType, builder: Builder | Student) -> Outcomes:
    """Return how each check of the assignment ended, running those that have not."""
    checks: dict[str, Check] = assignment.contract.checks
    for property, function in checks.items():
        if property not in _outcomes.get(builder, {}):
            with redirect_stdout(io.StringIO()), suppress(CheckFailed):
                function(builder)
    return {property: _outcomes[builder][property] for property in checks}


def progress(assignment: ModuleType, builder: Builder | Student) -> None:
    """Print how many of the assignment's properties hold, and which do not.

    Args:
        assignment: its module, such as ``helpers.checks.vanilla``, with a ``contract``.
        builder: the student's function.
    """
    outcomes = _run_missing(assignment, builder)
    holding = sum(failure is None for failure in outcomes.values())
    if set(outcomes.values()) == {NotDone}:
        print(f"0 of {len(outcomes)} properties hold (not started).")
        return
    print(f"{holding} of {len(outcomes)} properties hold.")
    for property, failure in outcomes.items():
        print(f"  {'holds   ' if failure is None else 'NOT YET '} {property}")


def ready(assignment: ModuleType, builder: Builder | Student) -> bool:
    """Return whether the models can be trained; print a line if not.

    They can when the assignment's first property holds. While nbgrader grades, training
    is left out: it earns no points and would take most of the time.

    Args:
        assignment: its module, such as ``helpers.checks.vanilla``, with a ``contract``.
        builder: the student's function.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        print("Left out while grading: it earns no points.")
        return False
    first, failure = next(iter(_run_missing(assignment, builder).items()))
    if failure is not None:
        print(f"This cell waits until your builder passes the first check: {first}.")
    return failure is None
