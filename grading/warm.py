"""Processes that have imported Keras, ready to be forked.

Importing TensorFlow takes seconds, a fork some milliseconds. A warm server is a process
of its own that holds nothing but imported modules: no submission, no hidden test, no
file of the course. It never runs a TensorFlow operation, because a process forked after
one would hang. For each submission it forks a process of one of two kinds: a student's
kernel in a sandbox, or a trusted one that gives the verdict.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

from grading.job import Limits

Kind = Literal["kernel", "verdict"]
MOST_FDS = 8
LONGEST_REQUEST = 1 << 16
READY = b"ready"
# What assignments import, and what a kernel imports when it starts.
MODULES = (
    "keras",
    "tensorflow",
    "IPython",
    "ipykernel.inprocess.ipkernel",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "grading.remote",
    "grading.kernel",
    "grading.verdict",
)


class Warm:
    """A warm server, started by this process and ended with it.

    Args:
        kind: what it forks.

    Raises:
        RuntimeError: it could not be started; the message is what it said.
    """

    def __init__(self, kind: Kind) -> None:
        self._closing = threading.Lock()
        self._last = ""
        # Kept in a file without a name: a pipe could fill up.
        self._said_fd = os.memfd_create("said")
        self._said = Path(f"/proc/self/fd/{self._said_fd}")
        self._socket, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC
        )
        with theirs, self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grading.warm", kind, str(theirs.fileno())],
                env=_environment(kind),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            answer = self._socket.recv(len(READY))
        except OSError:
            answer = b""
        if answer != READY:
            self.close()
            raise RuntimeError(f"no warm process: {self.said}")

    def fork(self, request: dict[str, Any], fds: Sequence[int]) -> None:
        """Fork a process that has ``fds`` and gets ``request``.

        The first descriptor is the end of the new process's control socket.

        Raises:
            OSError: the server is gone.
        """
        ancillary = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
        self._socket.sendmsg([json.dumps(request).encode()], [ancillary])

    @property
    def said(self) -> str:
        """What the server and the processes that it forked wrote to stderr, the end."""
        with self._closing:
            return self._last if self._said_fd < 0 else self._words()

    def _words(self) -> str:
        return self._said.read_text(errors="replace")[-2000:]

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the server. Processes that it forked go on until they are done."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        with self._closing:
            if self._said_fd >= 0:
                self._last = self._words()
                os.close(self._said_fd)
                self._said_fd = -1


def _environment(kind: Kind) -> dict[str, str]:
    """Return the environment of a server: that of a student's kernel for both kinds."""
    from grading.kernel import kernel_environment

    root = str(Path(__file__).parents[1])
    kind_of_home = {} if kind == "kernel" else {"HOME": "/nonexistent"}
    return {**kernel_environment(), **kind_of_home, "PYTHONPATH": root}


# --- in the server --------------------------------------------------------------------


def _import_all() -> None:
    import helpers.backend
    import helpers.checks

    for package in (helpers, helpers.checks):
        names = [
            module.name
            for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        ]
        for name in names:
            # One that cannot be imported costs those alone who use it.
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    for name in MODULES:
        importlib.import_module(name)


def _fork_kernel(
    request: dict[str, Any], control: socket.socket, fds: list[int]
) -> None:
    from grading import kernel, remote, sandbox

    cells, questions = (socket.socket(fileno=fd) for fd in fds)

    def run() -> None:
        kernel.run_kernel(cells, lambda names: remote.serve(questions, names))

    limits = Limits(**request["limits"])
    keep = [cells.fileno(), questions.fileno()]
    if request["trusted"]:
        sandbox.supervise_openly(run, limits, control, keep)
    folders = sandbox.environment_folders()
    sandbox.supervise(run, limits, control, keep, folders)


def _fork_verdict(
    request: dict[str, Any], control: socket.socket, fds: list[int]
) -> None:
    from grading import verdict

    verdict.answer(control, socket.socket(fileno=fds[0]))


FORKS: dict[str, Callable[[dict[str, Any], socket.socket, list[int]], None]] = {
    "kernel": _fork_kernel,
    "verdict": _fork_verdict,
}


def _serve(kind: str, requests: socket.socket) -> NoReturn:
    _import_all()
    gc.collect()
    gc.freeze()  # so that a child's collector does not touch, and copy, every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    requests.sendall(READY)
    while True:
        text, fds, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, MOST_FDS)
        if not text:
            os._exit(0)
        if os.fork() == 0:
            code = 1
            try:
                requests.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control = socket.socket(fileno=fds[0])
                FORKS[kind](json.loads(text), control, fds[1:])
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        for fd in fds:
            os.close(fd)


if __name__ == "__main__":
    _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
