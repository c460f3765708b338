"""Ordinary tests, such as ``assert square(3) == 9``, judged as nbgrader would.

Each test cell runs once, whole, in the notebook's order, with the student's names as
they were before it. Once a hidden test has asked something, student code knows what is
hidden, and may carry it out in words: from then on no message quotes it.
"""

import ast
import builtins
import contextlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from grading.runtime.job import Cell, Ordinary, Verdict
from grading.trusted import judge
from grading.trusted.channel import Channel
from grading.trusted.objects import Objects, UnclearError
from grading.trusted.read_tests import is_ordinary, names_used

HIDDEN = "A hidden test does not hold."
VISIBLE = "A test of this cell does not hold: run it in your notebook."


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
        self._setup = list(setup)
        for source in self._setup:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(source, "<setup>", "exec"), self.all)
        trees = map(ast.parse, self._setup)
        self._of_setup = {node.id for tree in trees for node in names_used(tree)}

    def fetch(self, cell: Cell) -> None:
        """Ask for the student's names that a test cell uses.

        A name that is missing is left out: the test raises NameError where it needs it.
        """
        for name, value in self._lent.items():
            if self.all.get(name) is value:  # no test has given it another meaning
                del self.all[name]
        self._lent = {}
        used = {node.id for node in names_used(ast.parse(cell.source))}
        ordinary = is_ordinary(cell.source, self._setup)
        for name in sorted(used | self._of_setup):
            if name in self.all:
                continue
            if hasattr(builtins, name) and name not in self._students:
                continue
            with contextlib.suppress(NameError):
                self.all[name] = self._lent[name] = (
                    self._objects.find(name, cell.grade_id)
                    if ordinary
                    else self._builder(name)
                )

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
    names = Names(setup, ordinary, channel)
    whole = {cell.grade_id: cell for cell in full_tests}
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
                verdict.marks[cell.grade_id] = _mark(run.value, cell.points)
        if channel.broken:
            verdict.late = channel.broken.kind == "Timeout"
            verdict.broken = channel.broken.message
        yield verdict


@dataclass
class _Run:
    """What came of a cell.

    Attributes:
        told: whether student code knows of hidden tests by now.
        value: of its last line.
        printed: what its visible part printed.
        failed: why it failed; ``""`` if it did not.
        unclear: whether it failed since it asked what cannot be judged from outside.
    """

    told: bool
    value: Any = None
    printed: str = ""
    failed: str = ""
    unclear: bool = False


def _run(cell: Cell, full: Cell, names: Names, channel: Channel, *, told: bool) -> _Run:
    """Run the visible part of a cell, then its hidden part."""
    visible, hidden = parts(cell.source, full.source)
    run = _Run(told)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            with judge.time_limit:
                names.fetch(full)
                run.value = _value(visible, names.all)
        except Exception as error:
            run.unclear = isinstance(error, UnclearError)
            run.failed = VISIBLE if told else _message(error)
    run.printed = "" if told else out.getvalue()[: judge.MAX_PRINTED]
    if run.failed or not hidden:
        return run
    asked = channel.asked
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            with judge.time_limit:
                run.value = _value(hidden, names.all)
        except Exception as error:
            run.unclear = isinstance(error, UnclearError)
            silent = told or channel.asked > asked
            run.failed = HIDDEN if silent else _message(error)
    run.told = told or channel.asked > asked
    return run


def parts(visible: str, whole: str) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Return the statements of a test cell up to its first hidden one, and the rest."""
    seen, every = ast.parse(visible).body, ast.parse(whole).body
    same = 0
    for one, other in zip(seen, every, strict=False):
        if ast.dump(one) != ast.dump(other):
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


def _mark(value: Any, points: float) -> float:
    """Return the points that nbgrader gives for a cell whose last line has a value."""
    if type(value) in (int, float) and 0 <= value <= points:
        return float(value)
    return points


def _message(error: Exception) -> str:
    if isinstance(error, NameError) and error.name:
        return f"NameError: {error.name} is not defined"
    if isinstance(error, AssertionError) and not str(error):
        return "The test does not hold."
    if isinstance(error, UnclearError):
        return f"Not judged: {error}."
    return judge.message(error)
