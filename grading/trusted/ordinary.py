"""Ordinary tests, such as ``assert square(3) == 9``, judged as nbgrader would.

Each test cell runs once, whole, in the notebook's order, with the student's names as
they were before it. Once a hidden test has asked something, student code knows what is
hidden, and may carry it out in words: from then on no message quotes it.
"""

import ast
import builtins
import contextlib
import io
import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from types import ModuleType
from typing import Any

from helpers.errors import CourseError

import numpy as np

from grading.runtime.job import Cell, Ordinary, Verdict
from grading.runtime.values import in_library
from grading.trusted import judge
from grading.trusted.channel import Channel
from grading.trusted.objects import Objects
from grading.trusted.read_tests import is_ordinary, names_used
from grading.trusted.remote_object import RemoteObject, UnclearError, about

HIDDEN = "A hidden test does not hold."
FAILURES = (Exception, SystemExit)
OWN_CELLS = "Not judged: the course's own cells break off where they are judged. "
COUNT_WITH = ("float", "int", "len", "max", "min", "round", "sum")
VISIBLE = "A test of this cell does not hold: run it in your notebook."


class ScoreError(CourseError):
    """What a test gives is no part of its points."""


class Names:
    """The names that test cells see: the course's own, their own, and the student's."""

    def __init__(
        self, setup: Iterable[str], ordinary: Ordinary, channel: Channel
    ) -> None:
        self.all: dict[str, Any] = {"__name__": "__main__"}
        self._channel = channel
        self._objects = Objects(channel, ordinary.classes)
        self._students = set(ordinary.names)
        self._builders: dict[str, Any] = {}
        self._lent: dict[str, Any] = {}
        self._imports: dict[str, Any] = {}
        self._setup = list(setup)
        with contextlib.redirect_stdout(io.StringIO()):
            for source in self._setup:
                exec(compile(source, "<setup>", "exec"), self.all)
            exec(compile(ordinary.imports, "<setup>", "exec"), self._imports)
        trees = map(ast.parse, self._setup)
        self._of_setup = {node.id for tree in trees for node in names_used(tree)}

    def take_back(self) -> None:
        """Forget the student's names: the next test sees what they mean by then."""
        for name, value in self._lent.items():
            if self.all.get(name) is value:  # no test has given it another meaning
                del self.all[name]
        self._lent = {}

    def fetch(self, statements: list[ast.stmt], cell: Cell) -> None:
        """Ask for the student's names that some statements of a test cell use.

        A name that is missing is left out: the test raises NameError where it needs it.
        """
        used = {node.id for node in names_used(ast.Module(statements, []))}
        ordinary = is_ordinary(cell.source, self._setup)
        for name in sorted(used | self._of_setup):
            if name in self.all:
                continue
            if hasattr(builtins, name) and name not in self._students:
                continue
            with contextlib.suppress(NameError):
                self.all[name] = self._lent[name] = (
                    self._find(name, cell.grade_id) if ordinary else self._builder(name)
                )

    def _find(self, name: str, before: str) -> Any:
        """Return the student's value, or the course's own where that is an import.

        Who has not imported what a test needs has a missing name, as anywhere else.
        """
        value = self._objects.find(name, before)
        own = self._imports.get(name)
        if isinstance(own, ModuleType):
            return own
        if isinstance(value, RemoteObject) and callable(own):
            library = in_library(own)
            if library is not None and about(value).library == library:
                return own
        return value

    def _builder(self, name: str) -> Any:
        """Return what a check is given; the same each time, as checks know it again."""
        if name not in self._builders:
            self._builders[name] = self._channel.value(name)
        return self._builders[name]


def judge_in_order(
    setup: Iterable[str],
    cells: Iterable[Cell],
    full_tests: Iterable[Cell],
    ordinary: Ordinary,
    channel: Channel,
) -> Iterator[Verdict]:
    """Run test cells in their order; yield what they say so far, as ``judge`` does.

    Args:
        setup: the course's own cells that import what the test cells use.
        cells: the test cells as the student has them, and the progress cell.
        full_tests: the test cells with hidden tests.
        ordinary: what else they need.
        channel: answers for the student's names.
    """
    verdict = Verdict()
    yield verdict
    whole = {cell.grade_id: cell for cell in full_tests}
    try:
        names = Names(setup, ordinary, channel)
    except Exception as error:
        verdict.marks = dict.fromkeys(whole, 0.0)
        verdict.messages = dict.fromkeys(whole, OWN_CELLS + _message(error))
        yield verdict
        return
    told = False
    for cell in cells:
        full = whole.get(cell.grade_id, cell)
        run = _run(cell, full, names, channel, told=told)
        told = run.told
        verdict.printed[cell.name] = run.printed
        if cell.role == "test":
            verdict.marks[cell.grade_id] = 0.0
            if run.failed:
                verdict.messages[cell.grade_id] = run.failed
                verdict.unclear += [cell.grade_id] * run.unclear
            else:
                verdict.marks[cell.grade_id] = run.mark
        if channel.broken:
            verdict.late = channel.broken.kind == "Timeout"
            verdict.broken = channel.broken.message
        yield verdict


@dataclass
class _Run:
    """What came of a cell.

    Attributes:
        told: whether student code knows of hidden tests by now.
        mark: points that it earns if it did not fail.
        printed: what its visible part printed.
        failed: why it failed; ``""`` if it did not.
        unclear: whether it failed since it asked what cannot be judged from outside.
    """

    told: bool
    mark: float = 0.0
    printed: str = ""
    failed: str = ""
    unclear: bool = False


def _run(cell: Cell, full: Cell, names: Names, channel: Channel, *, told: bool) -> _Run:
    """Run the visible part of a cell, then its hidden part.

    A hidden test that fails has one message: also one that asks nothing may quote what
    it expects.
    """
    visible, hidden = parts(cell.source, full.source)
    run = _Run(told)
    names.take_back()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            with judge.time_limit:
                names.fetch(visible, full)
                value = _quiet_value(visible, names.all)
                if not hidden:
                    run.mark = _mark(value, cell.points, counts=_counts(visible))
        except FAILURES as error:
            run.unclear = isinstance(error, UnclearError)
            run.failed = VISIBLE if told else _message(error)
    run.printed = "" if told else out.getvalue()[: judge.MAX_PRINTED]
    if run.failed or not hidden:
        return run
    asked = channel.asked
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            with judge.time_limit:
                names.fetch(hidden, full)
                value = _quiet_value(hidden, names.all)
                run.mark = _mark(
                    value, cell.points, counts=_counts([*visible, *hidden])
                )
        except FAILURES as error:
            run.unclear = isinstance(error, UnclearError)
            run.failed = HIDDEN
    run.told = told or channel.asked > asked
    return run


def parts(visible: str, whole: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the statements of a test cell up to its first hidden one, and the rest."""
    seen, every = ast.parse(visible).body, ast.parse(whole).body
    same = 0
    for statement, other in zip(seen, every, strict=False):
        if ast.dump(statement) != ast.dump(other):
            break
        same += 1
    return every[:same], every[same:]


def _value(statements: list[ast.stmt], names: dict[str, Any]) -> Any:
    """Run statements; return the value of the last, None if it has none."""
    first = statements
    last: ast.Expression | None = None
    if statements and isinstance(statements[-1], ast.Expr):
        first, last = statements[:-1], ast.Expression(statements[-1].value)
    exec(compile(ast.Module(first, []), "<test>", "exec"), names)
    return None if last is None else eval(compile(last, "<test>", "eval"), names)


def _quiet_value(statements: list[ast.stmt], names: dict[str, Any]) -> Any:
    """Run statements without warnings; return the value of the last.

    Raises:
        ScoreError: they write to stderr, which nbgrader takes for a failure, as
            ``unittest.main`` does.
    """
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()) as errors,
    ):
        warnings.simplefilter("ignore")
        value = _value(statements, names)
    if errors.getvalue():
        raise ScoreError(f"the test wrote to stderr: {errors.getvalue()}")
    return value


def _counts(statements: list[ast.stmt]) -> bool:
    """Return whether a test's last line is points that it counted or worked out."""
    last = statements[-1] if statements else None
    if not isinstance(last, ast.Expr):
        return False
    value = last.value
    counted = {
        node.target.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    function = value.func if isinstance(value, ast.Call) else None
    return (
        isinstance(value, ast.BinOp)
        or (isinstance(value, ast.Name) and value.id in counted)
        or (isinstance(function, ast.Name) and function.id in COUNT_WITH)
    )


def _mark(value: Any, points: float, *, counts: bool = False) -> float:
    """Return the points that nbgrader gives for a cell whose last line has a value.

    A student who returns a NumPy number or an array can make that value one too, which
    nbgrader does not read as a number, or one that is none. Here it is a number, or
    earns nothing.

    Args:
        value: of the last line.
        points: of the cell.
        counts: whether the value has to be a number.

    Raises:
        ScoreError: it is no number from 0 to ``points``.
    """
    if counts and isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    is_number = isinstance(value, Real | Decimal) and not isinstance(value, bool)
    if not is_number:
        if counts and not isinstance(value, bool | np.bool_):
            raise ScoreError("the points that the test counts are no number")
        return points
    if not (math.isfinite(value) and 0 <= value <= points):
        raise ScoreError(f"the test gives {value}, no number from 0 to {points:g}")
    return float(value)


def _message(error: BaseException) -> str:
    if isinstance(error, NameError) and error.name:
        return f"NameError: {error.name} is not defined"
    if isinstance(error, AssertionError) and not str(error):
        return "The test does not hold."
    if isinstance(error, UnclearError):
        return f"Not judged: {error}."
    return judge.message(error)
