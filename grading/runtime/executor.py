"""From a job to its result: a pure function, on whichever machine."""

import atexit
import functools
import json
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import asdict
from typing import Any

from helpers.errors import CourseError

from grading.runtime import fingerprint, missing_names, protocol, sandbox
from grading.runtime.collect_outputs import Messages
from grading.runtime.forkserver import Origin, ServerKind, Warm
from grading.runtime.job import Job, Output, Result, Status, Verdict
from grading.runtime.kernel import Kernel
from grading.runtime.protocol import Bounds, ProtocolError
from grading.runtime.sanitize import MAX_TEXT, text

GRACE_S = 15.0
END_S = 300.0
"""A supervisor that is gone is noticed at once: one that is silent is kept waiting."""
MAX_DRAINED = 64 << 20
KINDS: tuple[ServerKind, ...] = ("kernel", "verdict")
REASONS = {
    "memory": "The program used more memory than a submission may, and was stopped.",
    "processor": "The program used more processor time than a submission may, and was "
    "stopped.",
    "oom": "The machine ran out of memory, and Linux stopped the program.",
    "error": "The sandbox failed: {error}",
    "lost": "The sandbox was lost.",
}
UNCLEAR = (
    "Look at {tests}: objects came back where plain data were to come, which earn "
    "nothing here; nbgrader may mark them otherwise."
)


class SandboxError(CourseError):
    """The machine, not the submission, is at fault; the job can be tried again."""


class Executor:
    """Two warm servers with one origin, and the way from a job to its result.

    Args:
        trust_submissions: do without a sandbox; see ``WITHOUT_SANDBOX``.

    Raises:
        sandbox.NoSandboxError: this machine cannot make one.
        SandboxError: a warm server did not start.
    """

    def __init__(self, *, trust_submissions: bool = False) -> None:
        sandbox.require(trust_submissions=trust_submissions)
        self._sandboxed = not trust_submissions
        self._lock = threading.Lock()
        self._origin: Origin | None = None
        self._servers: dict[ServerKind, Warm] = {}
        try:
            for kind in KINDS:
                self._servers[kind] = self._server(kind)
        except SandboxError:
            self.close()
            raise

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the warm servers, by kind."""
        return {kind: server.pid for kind, server in self._servers.items()}

    def close(self) -> None:
        """End the servers."""
        for process in self._warm():
            process.close()

    def _warm(self) -> list[Warm | Origin]:
        origin = [] if self._origin is None else [self._origin]
        return [*self._servers.values(), *origin]

    def _server(self, kind: ServerKind) -> Warm:
        """Return a new server, from a new origin if there is none any more.

        Raises:
            SandboxError: it did not start.
        """
        if self._origin is not None:
            with suppress(RuntimeError, OSError):
                return Warm(kind, self._origin)
            self._origin.close()
            fingerprint.forget()  # the new one imports the checks as they are now
        try:
            self._origin = Origin()
            return Warm(kind, self._origin)
        except (RuntimeError, OSError) as error:
            raise SandboxError(str(error)) from error

    def _fork(
        self, kind: ServerKind, request: dict[str, Any], ends: Iterable[socket.socket]
    ) -> None:
        fds = [end.fileno() for end in ends]
        with self._lock:
            # One that was killed a moment ago may still look alive.
            with suppress(OSError):
                if self._servers[kind].alive:
                    self._servers[kind].fork(request, fds)
                    return
            self._servers[kind].close()
            self._servers[kind] = self._server(kind)
            self._servers[kind].fork(request, fds)

    def execute(self, job: Job) -> Result:
        """Run a job.

        Raises:
            SandboxError: the sandbox could not be made or was lost.
        """
        try:
            return self._execute(job)
        except (ProtocolError, OSError) as error:
            said = "".join(process.said for process in self._warm())
            raise SandboxError(f"a trusted process was lost: {error}. {said}") from None

    def _execute(self, job: Job) -> Result:
        started = time.monotonic()
        deadline = started + job.limits.wall_s
        with ExitStack() as stack:

            def pair() -> tuple[socket.socket, socket.socket]:
                ours, theirs = socket.socketpair()
                return stack.enter_context(ours), stack.enter_context(theirs)

            control, control_theirs = pair()
            cells, cells_theirs = pair()
            judging, judging_theirs = pair()
            asking, answering = pair()
            theirs = (control_theirs, cells_theirs, answering)
            how = {"limits": asdict(job.limits), "sandboxed": self._sandboxed}
            self._fork("kernel", how, theirs)
            self._fork("verdict", {}, (judging_theirs, asking))
            for theirs_end in (*theirs, judging_theirs, asking):
                theirs_end.close()
            protocol.send(judging, _to_judge(job), deadline=deadline)

            def interrupt() -> None:
                with suppress(OSError):
                    control.send(sandbox.INTERRUPT)

            kernel = Kernel(cells, deadline, job.limits.output_kb, interrupt)
            outputs = _run(job, kernel)
            ran = time.monotonic()
            kernel.serve()
            verdict = _verdict(judging, cells, deadline)
            for cell in job.judged:
                outputs[cell.name] = _shown(verdict.printed.get(cell.name, ""))
            judged = time.monotonic()
            end = _stop(control)
        times = (started, ran, judged, time.monotonic())
        return _result(job, outputs, kernel, verdict, end, _seconds(times, end))


def _seconds(
    times: tuple[float, float, float, float], end: dict[str, Any]
) -> dict[str, float]:
    """Return how long the parts of a job took.

    Args:
        times: when it started, had run, was judged, and ended.
        end: what the sandbox's supervisor said at its end.
    """
    started, ran, judged, ended = times
    return {
        "cells": ran - started,
        "verdict": judged - ran,
        "all": ended - started,
        "processor": end.get("processor", 0.0),
        "waited": end.get("waited", 0.0),
    }


def _run(job: Job, kernel: Kernel) -> dict[str, list[Output]]:
    """Run the student's cells; return the outputs of each, by ``Cell.name``."""
    outputs = {}
    for cell in job.cells:
        if cell in job.students:
            outputs[cell.name] = kernel.run(cell.source)
        elif cell.role == "test" and job.ordinary is not None:
            kernel.keep(cell.grade_id)
    return outputs


def _to_judge(job: Job) -> dict[str, Any]:
    """Return the course's part of a job: what the process that judges reads first."""
    setup = [cell.source for cell in job.setup]
    ordinary = None
    if job.ordinary is not None:
        setup, ordinary = [job.ordinary.definitions], asdict(job.ordinary)
    return {
        "seed": job.seed,
        "setup": setup,
        "ordinary": ordinary,
        "cells": [asdict(cell) for cell in job.judged],
        "full_tests": [asdict(cell) for cell in job.full_tests],
    }


def _verdict(judging: socket.socket, cells: socket.socket, deadline: float) -> Verdict:
    """Let the trusted process judge; return its verdict."""
    left = max(0.0, deadline - time.monotonic())
    with suppress(ProtocolError):  # it may have said already what is wrong
        protocol.send(judging, {"seconds": left})
    threading.Thread(target=_drain, args=(cells,), daemon=True).start()
    verdict, _ = protocol.receive(
        judging,
        bounds=Bounds(text=1 << 26),
        deadline=time.monotonic() + left + GRACE_S,
    )
    if "error" in verdict:  # before a question was asked, or killed from outside
        raise SandboxError(f"the trusted process failed: {verdict['error']}")
    return Verdict(**verdict)


def _shown(printed: str) -> list[Output]:
    """Return the outputs of a cell that printed this, cleaned."""
    messages = Messages(room=MAX_TEXT)
    if printed:
        content = {"name": "stdout", "text": printed}
        messages.add({"kind": "stream", "content": content})
    return messages.outputs()


def _drain(cells: socket.socket) -> None:
    """Throw away what the student's process says, so that it does not have to wait.

    After more than anybody prints it is no longer listened to: that would take time.
    """
    left = MAX_DRAINED
    with suppress(OSError):
        cells.settimeout(None)
        while left > 0 and (part := cells.recv(1 << 16)):
            left -= len(part)
        cells.shutdown(socket.SHUT_RD)


def _stop(control: socket.socket) -> dict[str, Any]:
    """End the sandbox; return its supervisor's report. Nothing runs in it any more."""
    with suppress(OSError):
        control.shutdown(socket.SHUT_WR)
    control.settimeout(END_S)
    try:
        report: dict[str, Any] = json.loads(control.recv(1 << 16))
        return report
    except (OSError, ValueError):
        return {"why": "lost"}


def _result(
    job: Job,
    outputs: dict[str, list[Output]],
    kernel: Kernel,
    verdict: Verdict,
    end: dict[str, Any],
    seconds: dict[str, float],
) -> Result:
    """Return what came of a job, with a note where it broke off.

    Raises:
        SandboxError: the sandbox could not be made or was lost, so nothing is known.
    """
    why = end["why"]
    if why in ("error", "lost"):
        raise SandboxError(REASONS[why].format(**end))
    status: Status = "graded"
    notes = []
    if why in ("memory", "processor", "oom"):
        status = "failed"
        notes.append(REASONS[why])
    elif kernel.late or isinstance(kernel.ended, protocol.LateError) or verdict.late:
        status = "timeout"
        notes.append(
            "A cell, or an answer of a model, took too long and was stopped: there "
            f"are {job.limits.wall_s:g} seconds for all, and half of what is left for "
            "one cell."
        )
    elif kernel.ended or verdict.broken:
        status = "failed"
        notes.append(f"The program broke off: {kernel.ended or verdict.broken}.")
    if verdict.unclear:
        notes.append(UNCLEAR.format(tests=", ".join(verdict.unclear)))
    messages, missing = missing_names.explain(job, outputs, verdict.messages)
    return Result(
        key=job.key,
        student=job.student,
        assignment=job.assignment,
        status=status,
        notes=tuple(notes + list(map(text, missing))),
        outputs=outputs,
        marks=verdict.marks,
        messages={name: text(words) for name, words in messages.items()},
        seconds=seconds,
    )


_making = threading.Lock()


@functools.cache
def _executor(trust_submissions: bool) -> Executor:
    made = Executor(trust_submissions=trust_submissions)
    atexit.register(made.close)
    return made


def executor(trust_submissions: bool = False) -> Executor:
    """Return this process's executor, made at the first call and ended at exit."""
    with _making:  # not one for each thread that comes at the same time
        return _executor(trust_submissions)


@functools.cache
def warm_up(trust_submissions: bool = False) -> None:
    """Begin to make this process's executor, which takes seconds, at the first call.

    The caller that executes a job waits for it, and learns what is wrong with it.
    """

    def make() -> None:
        with suppress(sandbox.NoSandboxError, SandboxError):
            executor(trust_submissions)

    threading.Thread(target=make).start()


def execute(job: Job, *, trust_submissions: bool = False) -> Result:
    """Run a job with this process's executor.

    Raises:
        sandbox.NoSandboxError: this machine cannot make a sandbox.
        SandboxError: the sandbox could not be made or was lost.
    """
    return executor(trust_submissions).execute(job)
