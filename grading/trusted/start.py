"""What a forked process does that gives a verdict."""

import socket
from typing import Any, NoReturn

from grading.trusted import judge


def start(request: dict[str, Any], control: socket.socket, fds: list[int]) -> NoReturn:
    """Judge one submission.

    Args:
        request: nothing.
        control: the other end is the grader's.
        fds: a socket whose other end is the student's process.
    """
    judge.answer(control, socket.socket(fileno=fds[0]))
