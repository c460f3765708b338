"""What a forked process does that runs a student's code."""

import socket
from functools import partial
from typing import Any, NoReturn

from grading.runtime.job import Limits
from grading.runtime.sandbox.filesystem import environment_folders
from grading.runtime.sandbox.supervisor import supervise, supervise_without_sandbox
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
        supervise(run, limits, control, fds, environment_folders())
    else:
        supervise_without_sandbox(run, limits, control, fds)
