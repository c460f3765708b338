"""An IPython kernel in a forked process: what runs the student's cells.

It is ipykernel's own kernel, so that outputs are what Jupyter would show. Its messages
pass through one local socket instead of five ports: the grader reads them at its own
pace, within bounds, and no network is needed.
"""

import asyncio
import codecs
import functools
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, NoReturn, TextIO

from grading.runtime import protocol, values
from grading.runtime.kernel import MAX_IN_MESSAGE

Serve = Callable[[dict[str, Any], dict[str, dict[str, Any]]], None]
FAILED = (
    "[The command ended with {status}. While work is marked there is no network, and "
    "nothing can be installed. The cell goes on.]"
)
MAX_WRITTEN = 4 << 20
TOO_MUCH = (
    f"[The command was ended: it wrote more than {MAX_WRITTEN >> 20} MB. The cell goes "
    "on.]"
)
BROKEN = "The cell broke off the kernel's own work on it. The next cell goes on."
BACKGROUND = "[Not run: a command in the background. The cell goes on.]"


def run_kernel(sock: socket.socket, serve: Serve) -> None:
    """Run the cells that come through ``sock`` until it is closed.

    Args:
        sock: the student's end.
        serve: called, when asked for, with the names that the cells left behind, and
            those that they had left behind when they were to be kept.
    """
    kernel = _kernel(sock)
    shell: Any = kernel.shell
    shell.system = functools.partial(_run_command, shell)
    shell.getoutput = functools.partial(_output_of, shell)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _run_cells(sock, kernel, serve)


def _kernel(sock: socket.socket) -> Any:
    """Return ipykernel's kernel, whose messages go through ``sock``."""
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
    kernel = InProcessKernel(
        _underlying_iopub_socket=Relay(),
        config=settings,
        # A cell with `await` asks for it, to have interrupts in that thread handled by
        # ipykernel, which cannot interrupt a loop. None: they are handled here.
        shell_channel_thread=SimpleNamespace(parent_thread=None),
    )
    for name in ("stdout", "stderr"):
        about = (kernel.session, kernel.iopub_thread, name)
        setattr(kernel, name, Stream(*about))  # type: ignore[no-untyped-call]
    kernel._allow_stdin = False
    return kernel


def _run_command(shell: Any, command: str) -> None:
    """Run ``!command``. One that fails says so and is no error, as in a notebook."""
    if command.rstrip().endswith("&"):
        print(BACKGROUND, file=sys.stderr)
        return
    text = shell.var_expand(command, depth=1)
    shell.user_ns["_exit_code"] = status = _run(text, sys.stdout, sys.stderr)
    if status:
        print(FAILED.format(status=status), file=sys.stderr)


def _output_of(
    shell: Any, command: str, split: bool = True, depth: int = 0
) -> list[str] | str:
    """Run a command as ``lines = !command`` does; return what it writes."""
    from IPython.utils.text import LSString, SList

    written = io.StringIO()
    _run(shell.var_expand(command, depth=depth + 1), written, written)
    text = written.getvalue()
    lines: list[str] | str = SList(text.splitlines()) if split else LSString(text)
    return lines


def _run(command: str, out: TextIO, error: TextIO) -> int:
    """Run a command through pipes: there are no terminals in the sandbox.

    One that writes very much is ended, and ``error`` says so.

    Returns:
        Its exit status.
    """
    with subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    ) as process:
        try:
            if _pass_on({process.stdout: out, process.stderr: error}):
                return process.wait()
            print(TOO_MUCH, file=error)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


def _pass_on(streams: dict[Any, TextIO]) -> bool:
    """Write what comes out of pipes, as it comes; return whether it came to an end.

    Args:
        streams: where to write what each pipe gives.
    """
    left = MAX_WRITTEN
    decoder = codecs.getincrementaldecoder("utf-8")
    with selectors.DefaultSelector() as waiting:
        for pipe, stream in streams.items():
            waiting.register(pipe, selectors.EVENT_READ, (stream, decoder("replace")))
        while waiting.get_map() and left > 0:
            for key, _ in waiting.select():
                part = os.read(key.fd, 1 << 16)
                stream, text = key.data
                stream.write(text.decode(part, final=not part))
                left -= len(part)
                if not part:
                    waiting.unregister(key.fileobj)
    return left > 0


def _interrupted(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _run_cells(sock: socket.socket, kernel: Any, serve: Serve) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    session = kernel.session
    kept: dict[str, dict[str, Any]] = {}
    while True:
        request, _ = protocol.receive(sock)
        if "keep" in request:
            kept[request["keep"]] = values.as_now(kernel.shell.user_ns)
            continue
        if "execute" not in request:
            serve(kernel.shell.user_ns, kept)
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
        work = kernel.execute_request(kernel.shell_stream, [], message)
        if broken := _run_to_end(loop, work):
            about = {"ename": broken, "evalue": "", "traceback": [BROKEN]}
            session.send(kernel.iopub_socket, "error", about, parent=message)
        for stream in (kernel.stdout, kernel.stderr):
            stream.flush()
        session.send(kernel.iopub_socket, "idle", {}, parent=message)


def _run_to_end(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]
) -> str:
    """Run a cell to its end. An interrupt ends its code, or what it waits for.

    Returns:
        The class of what broke off the kernel's own work on the cell, ``""`` mostly:
        a callback that exits, or an error that cannot be shown.
    """
    task = loop.create_task(work)
    signal.signal(signal.SIGINT, _interrupted)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except BaseException:  # the task's own, or that of a callback
            task.cancel()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if task.cancelled():
        return "CancelledError"
    return type(task.exception()).__name__ if task.exception() else ""


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
