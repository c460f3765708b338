"""An IPython kernel in a forked process, and what the grader sees of it.

The process runs ipykernel's own kernel, so that outputs are what Jupyter would show.
Its messages pass through one local socket instead of five ports: the grader reads them
at its own pace, within bounds, and no network is needed.
"""

import asyncio
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from grading import wire
from grading.job import Output
from grading.wire import Bounds, Misbehaved

if TYPE_CHECKING:
    from grading.messages import Messages

# What a kernel takes over from the process that starts it, and that decides results.
VARIABLES = ("COURSE_PROFILE", "KERAS_BACKEND", "OMP_NUM_THREADS")
# A message of the kernel: an image or a long print. Longer ones are left out.
MOST_IN_MESSAGE = 4 << 20
INTERRUPT_S = 5.0


# --- in the student's process ---------------------------------------------------------


def run_kernel(
    sock: socket.socket,
    begin: Callable[[str | None], None],
    serve: Callable[[dict[str, Any]], None],
) -> None:
    """Run the cells that come through ``sock`` until it is closed.

    Args:
        sock: the student's end.
        begin: called before each cell with the grade id of its tests, None for a cell
            without tests.
        serve: called with the names that the cells left behind, when asked for.
    """
    from ipykernel.inprocess.ipkernel import InProcessKernel
    from ipykernel.inprocess.socket import DummySocket
    from ipykernel.iostream import OutStream
    from traitlets.config import Config

    class Relay(DummySocket):
        """Takes the kernel's messages for its front end."""

        def send_multipart(self, msg_parts: list, *_: Any, **__: Any) -> None:
            _relay(sock, [bytes(part) for part in msg_parts])

    class Stream(OutStream):
        """Flushes what was written: each flush of nothing too wakes a thread twice."""

        written = False

        def write(self, string: str) -> int | None:
            length = super().write(string)
            self.written = True
            return length

        def flush(self) -> None:
            if self.written:
                self.written = False
                super().flush()

    settings = Config({"HistoryManager": {"enabled": False}})
    kernel = InProcessKernel(_underlying_iopub_socket=Relay(), config=settings)
    for name in ("stdout", "stderr"):
        stream = Stream(kernel.session, kernel.iopub_thread, name)
        setattr(kernel, name, stream)
    kernel._allow_stdin = False
    # Set before asyncio sets its own handler, which waits for the cell to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_answer(sock, kernel, begin, serve))


def _interrupted(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


async def _answer(
    sock: socket.socket, kernel: Any, begin: Callable, serve: Callable
) -> None:
    replies = kernel.shell_stream
    session = kernel.session
    while True:
        asked, _ = wire.receive(sock)
        if "execute" not in asked:
            serve(kernel.shell.user_ns)
            return
        begin(asked["test"])
        content = {
            "code": asked["execute"],
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = session.msg("execute_request", content)
        kernel.set_parent([], request, channel="shell")
        signal.signal(signal.SIGINT, _interrupted)
        await kernel.execute_request(replies, [], request)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for stream in (kernel.stdout, kernel.stderr):
            stream.flush()
        session.send(kernel.iopub_socket, "idle", {}, parent=request)


def _relay(sock: socket.socket, parts: list[bytes]) -> None:
    """Pass on one message of the kernel."""
    header, _, metadata, content = parts[parts.index(b"<IDS|MSG>") + 2 :][:4]
    kind = json.loads(header)["msg_type"]
    shown = json.loads(content)
    if len(content) > MOST_IN_MESSAGE:
        # The beginning of a long print, or nothing of another long output.
        text = shown["text"][: MOST_IN_MESSAGE // 8] if kind == "stream" else ""
        name = shown["name"] if kind == "stream" else "stdout"
        text += f"\n[the rest of an output of {len(content)} bytes is left out]\n"
        kind, shown = "stream", {"name": name, "text": text}
    body = {"kind": kind, "content": shown}
    if kind in ("display_data", "update_display_data", "execute_result"):
        body["metadata"] = json.loads(metadata)
    wire.send(sock, body)


# --- in the grader --------------------------------------------------------------------


@dataclass
class Kernel:
    """The grader's end of a kernel.

    Attributes:
        sock: the socket to it.
        deadline: when all cells must be done, on the clock of ``time.monotonic``.
        output_kb: kilobytes of outputs that are kept, all cells together.
        interrupt: interrupts the cell that runs.
        ended: why no further cell can run; ``None`` while one can.
        late: whether a cell had to be interrupted.
    """

    sock: socket.socket
    deadline: float
    output_kb: int
    interrupt: Callable[[], None]
    ended: Misbehaved | None = None
    late: bool = False
    _kept: int = field(default=0, repr=False)

    def run(self, source: str, test: str | None = None) -> list[Output]:
        """Run a cell; return its outputs, cleaned.

        ``test`` is its grade id if it is a test cell.

        A cell that takes half of the time that is left is interrupted. A kernel that
        ends, does not stop or breaks the protocol gives what it showed until then;
        ``ended`` says why.
        """
        # Not above: it would be in every warm process, which has no use for it.
        from grading.messages import Messages

        messages = Messages(room=max(0, (self.output_kb << 10) - self._kept))
        if self.ended is None:
            try:
                asked = {"execute": source, "test": test}
                wire.send(self.sock, asked, deadline=self.deadline)
                self._collect(messages)
            except Misbehaved as error:
                self.ended = error
        self._kept += messages.size
        return messages.outputs()

    def _collect(self, messages: "Messages") -> None:
        """Read messages until the cell is done."""
        now = time.monotonic()
        until, interrupted = now + (self.deadline - now) / 2, False
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                if interrupted:
                    raise wire.TooLate("no answer in time")
                self.late = interrupted = True
                self.interrupt()
                until = min(self.deadline, time.monotonic() + INTERRUPT_S)
                continue
            body, _ = wire.receive(
                self.sock,
                bounds=Bounds(text=2 * MOST_IN_MESSAGE, arrays=0),
                deadline=self.deadline,
            )
            if body.get("kind") == "idle":
                return
            messages.add(body)

    def serve(self) -> None:
        """Let the student's process answer questions about its names."""
        try:
            wire.send(self.sock, {"serve": True}, deadline=self.deadline)
        except Misbehaved as error:
            self.ended = error


def kernel_environment() -> dict[str, str]:
    """Return the environment variables of a student's kernel: no others are there."""
    from grading.sandbox import HOME

    taken = (*VARIABLES, "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in taken if name in os.environ}
    threads = found.setdefault("OMP_NUM_THREADS", "1")
    return {
        **found,
        "HOME": HOME,
        "TMPDIR": "/tmp",
        "USER": "student",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "NBGRADER_EXECUTION": "autograde",
        "COURSE_OFFLINE": "1",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        # oneDNN compiles code for every shape: small models never earn that back.
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
