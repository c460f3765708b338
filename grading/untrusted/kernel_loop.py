"""An IPython kernel in a forked process: what runs the student's cells.

It is ipykernel's own kernel, so that outputs are what Jupyter would show. Its messages
pass through one local socket instead of five ports: the grader reads them at its own
pace, within bounds, and no network is needed.
"""

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from grading.runtime import protocol
from grading.runtime.kernel import MAX_IN_MESSAGE

Serve = Callable[[dict[str, Any]], None]


def run_kernel(sock: socket.socket, serve: Serve) -> None:
    """Run the cells that come through ``sock`` until it is closed.

    Args:
        sock: the student's end.
        serve: called with the names that the cells left behind, when asked for.
    """
    from ipykernel.inprocess.ipkernel import InProcessKernel
    from ipykernel.inprocess.socket import DummySocket
    from ipykernel.iostream import OutStream
    from traitlets.config import Config

    class Relay(DummySocket):
        """Takes the kernel's messages for its front end."""

        def send_multipart(self, msg_parts: list[Any], *_: Any, **__: Any) -> None:
            _relay(sock, [bytes(part) for part in msg_parts])

    class Stream(OutStream):
        """Skips empty flushes: each wakes the thread of the outputs twice."""

        written = False

        def write(self, string: str) -> int:
            length = super().write(string)
            self.written = True
            return length or 0

        def flush(self) -> None:
            if self.written:
                self.written = False
                super().flush()  # type: ignore[no-untyped-call]

    settings = Config({"HistoryManager": {"enabled": False}})
    kernel = InProcessKernel(_underlying_iopub_socket=Relay(), config=settings)
    for name in ("stdout", "stderr"):
        about = (kernel.session, kernel.iopub_thread, name)
        setattr(kernel, name, Stream(*about))  # type: ignore[no-untyped-call]
    kernel._allow_stdin = False
    # Set before asyncio sets its own handler, which waits for the cell to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_run_cells(sock, kernel, serve))


def _interrupted(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


async def _run_cells(sock: socket.socket, kernel: Any, serve: Serve) -> None:
    replies = kernel.shell_stream
    session = kernel.session
    while True:
        request, _ = protocol.receive(sock)
        if "execute" not in request:
            serve(kernel.shell.user_ns)
            return
        content = {
            "code": request["execute"],
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = session.msg("execute_request", content)
        kernel.set_parent([], message, channel="shell")
        signal.signal(signal.SIGINT, _interrupted)
        await kernel.execute_request(replies, [], message)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for stream in (kernel.stdout, kernel.stderr):
            stream.flush()
        session.send(kernel.iopub_socket, "idle", {}, parent=message)


def _relay(sock: socket.socket, parts: list[bytes]) -> None:
    """Pass on one message of the kernel."""
    header, _, metadata, content = parts[parts.index(b"<IDS|MSG>") + 2 :][:4]
    kind = json.loads(header)["msg_type"]
    shown = json.loads(content)
    if len(content) > MAX_IN_MESSAGE:
        # The beginning of a long print, or nothing of another long output.
        text = shown["text"][: MAX_IN_MESSAGE // 8] if kind == "stream" else ""
        name = shown["name"] if kind == "stream" else "stdout"
        text += f"\n[the rest of an output of {len(content)} bytes is left out]\n"
        kind, shown = "stream", {"name": name, "text": text}
    body = {"kind": kind, "content": shown}
    if kind in ("display_data", "update_display_data", "execute_result"):
        body["metadata"] = json.loads(metadata)
    protocol.send(sock, body)
