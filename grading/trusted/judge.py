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
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NoReturn

from helpers.checks import randomness
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import StudentError

from grading.runtime import protocol
from grading.runtime.job import Cell, Verdict
from grading.runtime.protocol import Bounds, ProtocolError
from grading.trusted.channel import Channel

GRACE_S = 5.0


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
) -> Verdict:
    """Run the test cells; return what they say.

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
    visible = {}
    for cell in cells:
        verdict.printed[cell.name], error = _run(cell.source, names, channel)
        if cell.role == "test":
            visible[cell.grade_id] = cell.source
            if error is not None:
                verdict.messages[cell.grade_id] = _message(error)
        elif error is not None:
            verdict.printed[cell.name] += f"{_message(error)}\n"
    for cell in full_tests:
        if cell.grade_id not in verdict.messages:
            source = hidden_part(visible.get(cell.grade_id, ""), cell.source)
            questions = channel.asked
            _, error = _run(source, names, channel)
            if error is not None and channel.asked > questions:
                error = _of_hidden_test(error, cell)
            if error is not None:
                verdict.messages[cell.grade_id] = _message(error)
        lost = cell.grade_id in verdict.messages
        verdict.marks[cell.grade_id] = 0.0 if lost else float(cell.points)
    if channel.broken:
        verdict.late = channel.broken.kind == "Timeout"
        verdict.broken = channel.broken.message
    return verdict


def _execute(source: str, names: dict[str, Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<test>", "exec"), names)


def _run(
    source: str, names: dict[str, Any], channel: Channel
) -> tuple[str, Exception | None]:
    """Run a test; return what it printed, and why it failed or None."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            for name in free_names(source):
                if name not in names and not hasattr(builtins, name):
                    names[name] = channel.value(name)
            exec(compile(source, "<test>", "exec"), names)
        except Exception as error:
            return printed.getvalue(), error
    return printed.getvalue(), None


def _message(error: Exception) -> str:
    """Return what a student reads about a test that failed."""
    if isinstance(error, CheckFailed):
        return str(error)
    if isinstance(error, StudentError):
        return error.message
    return f"{type(error).__name__}: {error}"


def _of_hidden_test(error: Exception, cell: Cell) -> CheckFailed:
    """Return a failure whose words student code, which was asked, cannot choose.

    It knows the hidden inputs by now, and words that it chooses could carry them out.
    """
    return CheckFailed(
        expected="the same as in the visible check, for any sizes",
        found="it does not hold for other sizes",
        likely_cause="a size that is written as a number instead of an argument, code "
        "for one number of layers alone, or code that breaks off or takes long. Call "
        "your function with several sizes in a cell of your own.",
        property=getattr(error, "property", "") or cell.grade_id,
    )


# --- the process ----------------------------------------------------------------------


def answer(control: socket.socket, questions: socket.socket) -> NoReturn:
    """Read what is to be judged from ``control``, judge it, send the verdict.

    Args:
        control: the other end is the grader's.
        questions: the other end is the student's process.
    """
    import resource  # Windows, where `course export` works, has none

    import keras

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bounds = Bounds(text=1 << 26)
    try:
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
        channel = Channel(questions, deadline)
        # A check that takes too long itself fails, and so do those after it.
        signal.signal(signal.SIGALRM, _too_late)
        signal.setitimer(signal.ITIMER_REAL, go["seconds"] + GRACE_S, 0.1)
        verdict = judge(request["setup"], cells, full_tests, channel)
        signal.setitimer(signal.ITIMER_REAL, 0)
        verdict.late = verdict.late or time.monotonic() > deadline + GRACE_S
        protocol.send(control, asdict(verdict))
    except ProtocolError:
        pass  # the grader is gone
    except Exception as error:
        protocol.send(control, {"error": f"{type(error).__name__}: {error}"})
    raise SystemExit


def _too_late(*_: Any) -> NoReturn:
    raise TimeoutError("the check takes too long")


def _warm_up(setup: list[str]) -> None:
    """Run the set-up while the student's cells run in the other process."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in setup:
        _execute(source, names)
