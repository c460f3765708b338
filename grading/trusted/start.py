"""What a forked process does that gives a verdict.

It forks once more. The process below it judges, with limits; this one reads what that
one says, and nothing of the student's. So whatever a student's process answers can end
the judging, but neither this process nor the marks that were given until then.
"""

import contextlib
import os
import resource
import signal
import socket
import traceback
from pathlib import Path
from typing import Any, NoReturn

from grading.runtime import protocol
from grading.runtime.job import Verdict
from grading.runtime.protocol import Bounds, LateError, ProtocolError
from grading.runtime.sandbox import namespaces
from grading.trusted import judge

OOM_SCORE = 500
"""Where memory runs out, Linux ends sandboxes (1000) before this, and this before the
grader (0)."""
MAX_MORE_BYTES = 2 << 30
"""Bytes that judging may use, besides what is there before."""
PATIENCE_S = 5.0
"""After the time in which tests break off by themselves."""
TOO_LONG = "the checks of your answers take too long"
BROKE_OFF = "your model's answers made the checks break off"


def start(request: dict[str, Any], control: socket.socket, fds: list[int]) -> NoReturn:
    """Judge one submission, and send the grader its verdict or an ``error``.

    Args:
        request: nothing.
        control: the other end is the grader's.
        fds: a socket whose other end is the student's process.
    """
    questions = socket.socket(fileno=fds[0])
    hears, says = socket.socketpair()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    judging = os.fork()
    if judging == 0:
        hears.close()
        _judge(control, questions, says)
    says.close()
    questions.close()
    report = _hear(hears, judging)
    with contextlib.suppress(ProtocolError):  # the grader is gone
        protocol.send(control, report)
    raise SystemExit


def _judge(
    control: socket.socket, questions: socket.socket, says: socket.socket
) -> NoReturn:
    """Be the process that judges."""
    code = 1
    try:
        namespaces.prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
        limit_memory()
        judge.answer(control, questions, says)
        code = 0
    except ProtocolError:
        pass  # the grader is gone
    except Exception as error:
        traceback.print_exc()
        with contextlib.suppress(ProtocolError):
            protocol.send(says, {"error": f"{type(error).__name__}: {error}"[:4000]})
    finally:
        os._exit(code)


def limit_memory() -> None:
    """Let this process have no more than ``MAX_MORE_BYTES`` besides, and no dump."""
    status = Path("/proc/self/status").read_text()
    kilobytes = int(status.partition("VmData:")[2].split()[0])
    most = (kilobytes << 10) + MAX_MORE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _hear(hears: socket.socket, judging: int) -> dict[str, Any]:
    """Return the last verdict of the process that judges, or its ``error``.

    If it breaks off while it asks the student's process, what was not judged until then
    earns nothing: what it asked for made it break off.
    """
    begun: dict[str, Any] = {}
    verdict = Verdict()
    said: dict[str, Any] = {}
    until = None
    late = False
    while "done" not in said:
        try:
            said, _ = protocol.receive(hears, bounds=Bounds(1 << 26), deadline=until)
        except LateError:
            late = True
            os.kill(judging, signal.SIGKILL)
            break
        except ProtocolError:
            break
        if "verdict" in said:
            verdict = Verdict(**said["verdict"])
        elif "tests" in said:
            begun = said
            until = begun["until"] + PATIENCE_S
        elif "error" in said:
            break
    _, status = os.waitpid(judging, 0)
    if "done" in said:
        return vars(verdict)
    killed = os.waitstatus_to_exitcode(status) == -signal.SIGKILL and not late
    if not begun or killed:
        return {"error": said.get("error") or f"it ended, status {status}"}
    return vars(_broken_off(verdict, begun["tests"], late))


def _broken_off(verdict: Verdict, tests: list[str], late: bool) -> Verdict:
    """Return a verdict in which all that is not judged earns nothing."""
    why = TOO_LONG if late else BROKE_OFF
    for test in tests:
        if test not in verdict.marks:
            verdict.marks[test] = 0.0
            verdict.messages.setdefault(test, f"Not judged: {why}.")
    verdict.late = verdict.late or late
    verdict.broken = verdict.broken or why
    return verdict
