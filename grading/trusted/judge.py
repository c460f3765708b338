"""The verdict: the course's own test cells, run where no student code ever runs.

First the visible part of all cells, then the hidden ones. So a message that quotes the
student's own error can tell nothing about hidden tests: the student's process has not
seen any by then. A hidden test that fails gets a message that is always the same.
"""

import ast
import builtins
import contextlib
import io
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from helpers.checks import randomness
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import StudentError

from grading.runtime import protocol
from grading.runtime.job import Cell, Ordinary, Verdict, from_plain
from grading.runtime.protocol import Bounds
from grading.trusted.channel import Channel

GRACE_S = 5.0
MAX_WORDS = 4000
"""Characters of each part of a message."""
MAX_PRINTED = 20_000
"""Characters that a test cell prints."""


def hidden_part(visible: str, whole: str) -> str:
    """Return the statements of a test cell that come after the visible ones.

    If the cell is put together otherwise, that is the whole cell.
    """
    seen, all_ = ast.parse(visible).body, ast.parse(whole).body
    first = list(map(ast.dump, all_[: len(seen)]))
    if first != list(map(ast.dump, seen)):
        return whole
    return "\n".join(map(ast.unparse, all_[len(seen) :]))


def free_names(source: str) -> list[str]:
    """Return the names that a cell uses and does not define, in order."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    used = dict.fromkeys(node.id for node in nodes if isinstance(node.ctx, ast.Load))
    return [name for name in used if name not in stored]


def judge(
    setup: Iterable[str],
    cells: Iterable[Cell],
    full_tests: Iterable[Cell],
    channel: Channel,
) -> Iterator[Verdict]:
    """Run the test cells; yield after each what they say so far, one object each time.

    Args:
        setup: the course's own cells that import what the test cells use.
        cells: the test cells as the student has them, and the progress cell.
        full_tests: the test cells with hidden tests.
        channel: answers for the student's names.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in setup:
        _execute(source, names)
    verdict = Verdict()
    yield verdict
    visible = {}
    for cell in cells:
        verdict.printed[cell.name], error = _run(cell.source, names, channel)
        if cell.role == "test":
            visible[cell.grade_id] = cell.source
            if error is not None:
                verdict.messages[cell.grade_id] = message(error)
        elif error is not None:
            verdict.printed[cell.name] += f"{message(error)}\n"
        yield verdict
    for cell in full_tests:
        if cell.grade_id not in verdict.messages:
            source = hidden_part(visible.get(cell.grade_id, ""), cell.source)
            questions = channel.asked
            _, error = _run(source, names, channel)
            if error is not None and channel.asked > questions:
                error = _of_hidden_test(error, cell)
            if error is not None:
                verdict.messages[cell.grade_id] = message(error)
        lost = cell.grade_id in verdict.messages
        verdict.marks[cell.grade_id] = 0.0 if lost else float(cell.points)
        if channel.broken:
            verdict.late = channel.broken.kind == "Timeout"
            verdict.broken = channel.broken.message
        yield verdict


def _execute(source: str, names: dict[str, Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<test>", "exec"), names)


def _run(
    source: str, names: dict[str, Any], channel: Channel
) -> tuple[str, Exception | None]:
    """Run a test; return what it printed, and why it failed or None."""
    failure = None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            with time_limit:
                for name in free_names(source):
                    if name not in names and not hasattr(builtins, name):
                        names[name] = channel.value(name)
                exec(compile(source, "<test>", "exec"), names)
        except Exception as error:
            failure = error
    return printed.getvalue()[:MAX_PRINTED], failure


class TimeLimit:
    """Breaks off a test when the time for all is over, and nothing beside a test."""

    def __init__(self) -> None:
        self._testing = False

    def __enter__(self) -> None:
        self._testing = True

    def __exit__(self, *_: object) -> None:
        self._testing = False

    def begin(self, seconds: float) -> None:
        """Let tests run for so many seconds, all together."""
        signal.signal(signal.SIGALRM, self._over)
        # Again and again: a check may take the first one for an error of its own.
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)

    def _over(self, *_: Any) -> None:
        if self._testing:
            raise TimeoutError("the check takes too long")


time_limit = TimeLimit()


def message(error: BaseException) -> str:
    """Return what a student reads about a test that failed."""
    try:
        if isinstance(error, CheckFailed):
            for part in ("expected", "observed", "likely_cause"):
                setattr(error, part, str(getattr(error, part))[:MAX_WORDS])
            return str(error)
        if isinstance(error, StudentError):
            return error.message[:MAX_WORDS]
        return f"{type(error).__name__}: {error}"[:MAX_WORDS]
    except Exception:  # what the student's process said cannot be put into words
        return type(error).__name__


def _of_hidden_test(error: Exception, cell: Cell) -> CheckFailed:
    """Return a failure whose words student code, which was asked, cannot choose.

    It knows the hidden inputs by now, and words that it chooses could carry them out.
    """
    return CheckFailed(
        expected="the same as in the visible check, for any sizes",
        observed="it does not hold for other sizes",
        likely_cause="a size that is written as a number instead of an argument, code "
        "for one number of layers alone, or code that breaks off or takes long. Call "
        "your function with several sizes in a cell of your own.",
        property=getattr(error, "property", "") or cell.grade_id,
    )


# --- the process ----------------------------------------------------------------------


def answer(
    control: socket.socket, questions: socket.socket, says: socket.socket
) -> None:
    """Read what is to be judged from ``control`` and judge it.

    Args:
        control: the other end is the grader's.
        questions: the other end is the student's process.
        says: takes, when questions begin, ``until`` (on the clock of
            ``time.monotonic``) and the names of all ``tests``; after each test the
            ``verdict`` so far; and ``done`` at last.
    """
    import keras

    bounds = Bounds(text=1 << 26)
    request, _ = protocol.receive(control, bounds=bounds)
    cells, full_tests = (
        [Cell(**cell) for cell in request[name]] for name in ("cells", "full_tests")
    )
    _warm_up(request["setup"])
    # The student's process is ready once the grader says so.
    go, _ = protocol.receive(control, bounds=bounds)
    randomness.use_seed(request["seed"])
    keras.utils.set_random_seed(0)
    deadline = time.monotonic() + go["seconds"]
    tests = [cell.grade_id for cell in full_tests]
    protocol.send(says, {"until": deadline + GRACE_S, "tests": tests})
    channel = Channel(questions, deadline)
    time_limit.begin(go["seconds"] + GRACE_S)
    for verdict in _judge(request, cells, full_tests, channel):
        verdict.late = verdict.late or time.monotonic() > deadline + GRACE_S
        protocol.send(says, {"verdict": asdict(verdict)})
    protocol.send(says, {"done": True})


def _judge(
    request: dict[str, Any], cells: list[Cell], full_tests: list[Cell], channel: Channel
) -> Iterator[Verdict]:
    """Judge as the kind of the tests asks for."""
    setup = request["setup"]
    if request["ordinary"] is None:
        return judge(setup, cells, full_tests, channel)
    from grading.trusted.ordinary import judge_in_order  # which needs this module

    ordinary = from_plain(request["ordinary"], Ordinary)
    return judge_in_order(setup, cells, full_tests, ordinary, channel)


def _warm_up(setup: list[str]) -> None:
    """Run the set-up while the student's cells run in the other process.

    What breaks off there is told when it runs again.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.suppress(Exception):
        for source in setup:
            _execute(source, names)
