"""The grader's end of a student's kernel: cells go in, bounded outputs come out."""

import os
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grading.runtime import protocol
from grading.runtime.job import Output
from grading.runtime.protocol import Bounds, ProtocolError
from grading.runtime.sandbox.filesystem import HOME

if TYPE_CHECKING:
    from grading.runtime.collect_outputs import Messages

# What a kernel takes over from the process that starts it, and that decides results.
VARIABLES = ("COURSE_PROFILE", "KERAS_BACKEND", "OMP_NUM_THREADS")
# A message of the kernel: an image or a long print. Longer ones are left out.
MAX_IN_MESSAGE = 4 << 20
INTERRUPT_S = 5.0
MAX_LISTENED_S = 2.0
"""Processor time of the grader's in which messages are read as fast as they come."""


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
    ended: ProtocolError | None = None
    late: bool = False
    _kept: int = field(default=0, repr=False)
    _listened: float = field(default=0.0, repr=False)

    def run(self, source: str) -> list[Output]:
        """Run a cell; return its outputs, cleaned.

        A cell that takes half of the time that is left is interrupted. A kernel that
        ends, does not stop or breaks the protocol gives what it showed until then;
        ``ended`` says why.
        """
        # Not above: it would be in every warm process, which has no use for it.
        from grading.runtime.collect_outputs import Messages

        messages = Messages(room=max(0, (self.output_kb << 10) - self._kept))
        if self.ended is None:
            try:
                protocol.send(self.sock, {"execute": source}, deadline=self.deadline)
                self._collect(messages)
            except ProtocolError as error:
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
                    raise protocol.LateError("no answer in time")
                self.late = interrupted = True
                self.interrupt()
                until = min(self.deadline, time.monotonic() + INTERRUPT_S)
                continue
            began = time.thread_time()
            body, _ = protocol.receive(
                self.sock,
                bounds=Bounds(text=2 * MAX_IN_MESSAGE, arrays=0),
                deadline=self.deadline,
            )
            if body.get("kind") == "idle":
                return
            messages.add(body)
            self._rest(time.thread_time() - began)

    def _rest(self, took: float) -> None:
        """Leave time to those who listen to others, if this kernel says very much."""
        self._listened += took
        if self._listened > MAX_LISTENED_S:
            time.sleep(3 * took)

    def keep(self, test: str) -> None:
        """Have the names remembered as they are now, before a test cell."""
        self._tell({"keep": test})

    def serve(self) -> None:
        """Let the student's process answer questions about its names."""
        self._tell({"serve": True})

    def _tell(self, request: dict[str, Any]) -> None:
        try:
            protocol.send(self.sock, request, deadline=self.deadline)
        except ProtocolError as error:
            self.ended = error


def kernel_environment() -> dict[str, str]:
    """Return the environment variables of a student's kernel: no others are there."""
    names = (*VARIABLES, "LD_LIBRARY_PATH")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    threads = inherited.setdefault("OMP_NUM_THREADS", "1")
    return {
        **inherited,
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
        # Without a network pip would try for ten seconds.
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        # oneDNN compiles code for every shape: small models never earn that back.
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
