"""The verdict: the course's own test cells, run where no student code ever runs.

First the visible tests of all cells, then the hidden ones. So a message that quotes the
student's own error can tell nothing about hidden tests: the student's process has not
seen any by then.
"""

import ast
import builtins
import contextlib
import io
import resource
import signal
import socket
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

from helpers.checks.interface import StudentError
from helpers.checks.report import CheckFailed

from grading import wire
from grading.job import Cell, Job
from grading.remote import Channel
from grading.wire import Bounds, Misbehaved

GRACE_S = 5.0


@dataclass
class Verdict:
    """What the trusted process found.

    Attributes:
        marks: points by grade id.
        messages: why points were lost, by grade id.
        visible: whether the visible tests passed, by grade id.
        late: whether the student's process took too long.
        broken: why the student's process could no longer be asked; ``""`` if it could.
    """

    marks: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    visible: dict[str, bool] = field(default_factory=dict)
    late: bool = False
    broken: str = ""


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
    setup: Iterable[str], cells: Iterable[Cell], trusted: Iterable[Cell], ask: Channel
) -> Verdict:
    """Run the test cells; return what they say.

    Args:
        setup: the course's own cells that import what the test cells use.
        cells: the test cells as the student has them.
        trusted: the same with hidden tests.
        ask: answers for the student's names.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in setup:
        _execute(source, names)
    verdict = Verdict()
    visible = {cell.grade_id: cell.source for cell in cells}
    trusted = list(trusted)
    for cell in trusted:
        message = _failure(visible.get(cell.grade_id, ""), names, ask)
        verdict.visible[cell.grade_id] = message is None
        if message is not None:
            verdict.messages[cell.grade_id] = message
    for cell in trusted:
        if verdict.visible[cell.grade_id]:
            source = hidden_part(visible.get(cell.grade_id, ""), cell.source)
            message = _failure(source, names, ask)
            if message is not None:
                verdict.messages[cell.grade_id] = message
        lost = cell.grade_id in verdict.messages
        verdict.marks[cell.grade_id] = 0.0 if lost else float(cell.points)
    if ask.broken:
        verdict.late = ask.broken.kind == "Timeout"
        verdict.broken = ask.broken.message
    return verdict


def _execute(source: str, names: dict[str, Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(source, "<test>", "exec"), names)


def _failure(source: str, names: dict[str, Any], ask: Channel) -> str | None:
    """Run a test; return why it fails, or None."""
    try:
        for name in free_names(source):
            if name not in names and not hasattr(builtins, name):
                names[name] = ask.value(name)
        _execute(source, names)
    except CheckFailed as error:
        return str(error)
    except StudentError as error:
        return error.message
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


# --- the process ----------------------------------------------------------------------


def answer(control: socket.socket, questions: socket.socket) -> NoReturn:
    """Read what is to be judged from ``control``, judge it, send the verdict.

    Args:
        control: the other end is the grader's.
        questions: the other end is the student's process.
    """
    import keras

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bounds = Bounds(text=1 << 26)
    try:
        request, _ = wire.receive(control, bounds=bounds)
        cells = {
            name: [Cell(**cell) for cell in request[name]]
            for name in ("cells", "trusted")
        }
        _warm_up(request["setup"])
        # The student's process is ready once the grader says so.
        go, _ = wire.receive(control, bounds=bounds)
        keras.utils.set_random_seed(request["seed"])
        deadline = time.monotonic() + go["seconds"]
        ask = Channel(questions, deadline)
        # A check that takes too long itself fails, and so do those after it.
        signal.signal(signal.SIGALRM, _too_late)
        signal.setitimer(signal.ITIMER_REAL, go["seconds"] + GRACE_S, 0.1)
        verdict = judge(request["setup"], **cells, ask=ask)
        signal.setitimer(signal.ITIMER_REAL, 0)
        verdict.late = verdict.late or time.monotonic() > deadline + GRACE_S
        wire.send(control, asdict(verdict))
    except Misbehaved:
        pass  # the grader is gone
    except Exception as error:
        wire.send(control, {"error": f"{type(error).__name__}: {error}"})
    raise SystemExit


def _too_late(*_: Any) -> NoReturn:
    raise TimeoutError("the check takes too long")


def _warm_up(setup: list[str]) -> None:
    """Run the set-up while the student's cells run in the other process."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in setup:
        _execute(source, names)


def as_request(job: Job) -> dict[str, Any]:
    """Return what :func:`answer` reads first: the course's part of a job."""
    tests = [cell for cell in job.cells if cell.role == "test"]
    setup = [c.source for c in job.cells if c.role == "setup" and c.kind == "code"]
    return {
        "setup": setup,
        "cells": list(map(asdict, tests)),
        "trusted": list(map(asdict, job.trusted)),
        "seed": job.seed,
    }
