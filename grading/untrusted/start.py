"""What a forked process does that runs a student's code."""

import socket
from functools import partial
from typing import Any, NoReturn

from grading.runtime import sandbox
from grading.runtime.job import Limits
from grading.untrusted import answer, kernel_loop


def start(request: dict[str, Any], control: socket.socket, fds: list[int]) -> NoReturn:
    """Run a student's cells, then answer questions about what they left behind.

    Args:
        request: ``limits``, and whether the process is ``sandboxed``.
        control: the other end is the grader's.
        fds: two sockets: for the cells, and for the questions of the trusted process.
    """
    cells, questions = (socket.socket(fileno=fd) for fd in fds)
    limits = Limits(**request["limits"])
    run = partial(kernel_loop.run_kernel, cells, partial(answer.serve, questions))
    if request["sandboxed"]:
        folders = sandbox.environment_folders()
        sandbox.supervise(run, limits, control, fds, folders)
    else:
        sandbox.supervise_without_sandbox(run, limits, control, fds)
