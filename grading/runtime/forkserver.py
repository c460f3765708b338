"""Processes that have imported Keras, ready to be forked.

Importing TensorFlow takes seconds, a fork some milliseconds. A warm server is a process
of its own that holds nothing but imported modules: no submission, no hidden test, no
file of the course. It never runs a TensorFlow operation, because a process forked after
one would hang. For each submission it forks a process of one of two kinds: a student's
kernel in a sandbox, or a trusted one that gives the verdict. The server of each kind is
forked from one origin, which imports and forks servers, and never anything else. From
then on they have no memory, no file and no session in common.
"""

import array
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

ServerKind = Literal["kernel", "verdict"]
MAX_FDS = 8
MAX_REQUEST = 1 << 16
# What assignments import, and what a kernel imports when it starts.
MODULES = (
    "keras",
    "tensorflow",
    "IPython",
    "IPython.core.application",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "ipykernel.debugger",
    "ipykernel.inprocess.ipkernel",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "tornado.platform.asyncio",
    "grading.runtime.protocol",
)
# What a server of each kind imports besides: its side alone. Named, not imported: the
# student's side must not know the trusted one.
SIDES: dict[ServerKind, str] = {
    "kernel": "grading.untrusted.start",
    "verdict": "grading.trusted.start",
}
# What TensorFlow Lite and a kernel import only because it is there: half a second of
# start-up, and a tenth of the memory.
NEVER_USED = {"debugpy", "jax"}

# Less to do in each forked process: libraries are linked at once, and memory comes in
# large pages (glibc 2.35 and later; others take no notice).
FORKS_SOONER = {
    "LD_BIND_NOW": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


class _Process:
    """This process's end of one that runs this module, and is ended with it.

    Args:
        start: starts it, or has it started, with its end of a socket and with the file
            that it writes its errors to; returns it if it is a child of this process.

    Raises:
        RuntimeError: it could not be started; the message is what it said.
        OSError: what was to start it is gone.
    """

    def __init__(
        self, start: Callable[[int, int], subprocess.Popen[bytes] | None]
    ) -> None:
        self._closing = threading.Lock()
        self._last = ""
        # Kept in a file without a name: a pipe could fill up.
        self._said_fd = os.memfd_create("said")
        self._said = Path(f"/proc/self/fd/{self._said_fd}")
        self._child: subprocess.Popen[bytes] | None = None
        self._handle = -1
        self.pid = -1
        self._socket, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC
        )
        answer, handles = b"", list[int]()
        try:
            with theirs, self._said.open("wb") as said:
                self._child = start(theirs.fileno(), said.fileno())
            with contextlib.suppress(ConnectionError):
                answer, handles, _, _ = socket.recv_fds(self._socket, 64, 1)
        except OSError:
            self.close()
            raise
        if not handles:
            self.close()
            raise RuntimeError(f"no warm process: {self.said}")
        self.pid, self._handle = int(answer), handles[0]

    def fork(self, request: dict[str, Any], fds: Sequence[int]) -> None:
        """Have it fork a process that has ``fds`` and gets ``request``.

        The first descriptor is the new process's end of a socket.

        Raises:
            OSError: it is gone.
        """
        ancillary = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
        self._socket.sendmsg([json.dumps(request).encode()], [ancillary])

    @property
    def said(self) -> str:
        """What it and the processes that it forked wrote to stderr, the end."""
        with self._closing:
            return self._last if self._said_fd < 0 else self._words()

    def _words(self) -> str:
        return self._said.read_text(errors="replace")[-2000:]

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._handle >= 0 and not self._ends(0)

    def _ends(self, seconds: float) -> bool:
        """Return whether it ends before the time is over."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    def close(self) -> None:
        """End it. Processes that it forked go on until they are done."""
        self._socket.close()
        if self._handle >= 0:
            if not self._ends(5):
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)
                self._ends(5)
            os.close(self._handle)
            self._handle = -1
        if self._child is not None:
            self._child.wait()
        with self._closing:
            if self._said_fd >= 0:
                self._last = self._words()
                os.close(self._said_fd)
                self._said_fd = -1


class Origin(_Process):
    """A process that has imported what the servers need, and forks them: no more.

    So imports, which take seconds, are done once.

    Raises:
        RuntimeError: it could not be started; the message is what it said.
    """

    def __init__(self) -> None:
        super().__init__(self._start)

    def _start(self, end: int, said: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "grading.runtime.forkserver", str(end)],
            env=_environment("verdict") | FORKS_SOONER,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=[end],
            start_new_session=True,
        )


class Warm(_Process):
    """A warm server.

    Args:
        kind: what it forks.
        origin: what it is forked from.

    Raises:
        RuntimeError: it could not be started; the message is what it said.
        OSError: the origin is gone.
    """

    def __init__(self, kind: ServerKind, origin: Origin) -> None:
        request = {"kind": kind, "environment": _environment(kind)}
        super().__init__(lambda end, said: origin.fork(request, [end, said]))


def _environment(kind: ServerKind) -> dict[str, str]:
    """Return the environment of a server: that of a student's kernel for both kinds."""
    from grading.runtime.kernel import kernel_environment

    root = str(Path(__file__).parents[2])
    kind_of_home = {} if kind == "kernel" else {"HOME": "/nonexistent"}
    return {**kernel_environment(), **kind_of_home, "PYTHONPATH": root}


# --- in origin and servers ------------------------------------------------------------


@contextlib.contextmanager
def _without(packages: Collection[str]) -> Iterator[None]:
    """Let packages look inside the block as if they were not installed."""
    sys.modules.update(dict.fromkeys(packages))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in packages:
            del sys.modules[package]


def _import_all() -> None:
    import helpers.checks
    import helpers.quiet_keras

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


Start = Callable[[dict[str, Any], socket.socket, list[int]], None]


def _fork_server(
    request: dict[str, Any], requests: socket.socket, fds: list[int]
) -> None:
    os.setsid()
    (said,) = fds
    os.dup2(said, 2)
    os.close(said)
    os.environ.update(request["environment"])
    side = importlib.import_module(SIDES[request["kind"]])
    gc.collect()
    gc.freeze()  # so that a child's collector does not touch, and copy, every page
    _serve(requests, side.start)


def _serve(requests: socket.socket, start: Start) -> NoReturn:
    """Fork a process for each request; let ``start`` do the rest in it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    handle = os.pidfd_open(os.getpid())
    socket.send_fds(requests, [str(os.getpid()).encode()], [handle])
    os.close(handle)
    while True:
        text, fds, _, _ = socket.recv_fds(requests, MAX_REQUEST, MAX_FDS)
        if not text:
            os._exit(0)
        if os.fork() == 0:
            code = 1
            try:
                requests.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control = socket.socket(fileno=fds[0])
                start(json.loads(text), control, fds[1:])
                code = 0
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)
        for fd in fds:
            os.close(fd)


def _main(requests: socket.socket) -> NoReturn:
    for name in FORKS_SOONER:
        os.environ.pop(name, None)
    with (
        _without(NEVER_USED - {os.environ.get("KERAS_BACKEND")}),
        tempfile.TemporaryDirectory() as folder,
    ):
        # Matplotlib would leave a folder of its own where there is no home to write to.
        os.environ["MPLCONFIGDIR"] = folder
        _import_all()
        del os.environ["MPLCONFIGDIR"]
    _serve(requests, _fork_server)


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
