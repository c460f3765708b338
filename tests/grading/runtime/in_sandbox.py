"""Run Python code in a sandbox, as ``echo CODE | python -m MODULE LIMITS``.

Prints one JSON object: ``said``, what the code wrote to ``say``, ``left``, the
processes of the sandbox that outlive it, and the supervisor's report. ``LIMITS`` is
JSON, with fields of ``Limits``; ``wall_s`` ends the sandbox from outside. Without
Keras, so that it takes a fraction of a second.
"""

import contextlib
import json
import os
import socket
import sys
from functools import partial

from grading.runtime.job import Limits
from grading.runtime.sandbox import INTERRUPT
from grading.runtime.sandbox.filesystem import environment_folders
from grading.runtime.sandbox.supervisor import supervise


def main() -> None:
    """Run what stands on standard input."""
    code = sys.stdin.read()
    limits = Limits(**json.loads(sys.argv[1]))
    control, control_child = socket.socketpair()
    heard, heard_child = socket.socketpair()
    supervisor = os.fork()
    if supervisor == 0:
        control.close()
        heard.close()
        run = partial(_run, code, heard_child)
        supervise(run, limits, control_child, [heard_child.fileno()], FOLDERS)
    control_child.close()
    heard_child.close()
    heard.settimeout(limits.wall_s)
    said = b""
    namespace = None
    try:
        if heard.recv(1):
            # Held open: another sandbox could get its number once it is gone.
            namespace = os.open(f"/proc/{supervisor}/ns/pid_for_children", 0)
            heard.send(b"!")
        while part := heard.recv(1 << 16):
            said += part
            if said == b"ready\n":
                control.send(INTERRUPT)
    except TimeoutError:
        control.shutdown(socket.SHUT_WR)
    report = json.loads(control.recv(1 << 16))
    left = [] if namespace is None else _processes(os.fstat(namespace).st_ino)
    print(json.dumps({"said": said.decode().splitlines(), "left": left, **report}))


def _run(code: str, heard: socket.socket) -> None:
    """Run the code, which says through ``heard`` what it says."""

    def say(value: object) -> None:
        heard.sendall(f"{value}\n".encode())

    heard.send(b"!")
    heard.recv(1)  # the namespace is held open
    try:
        exec(code, {"say": say})
    except Exception as error:
        say(f"{type(error).__name__}: {error}")


def _processes(namespace: int) -> list[int]:
    """Return the processes of a pid namespace."""
    inside = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/pid").st_ino == namespace:
                inside.append(int(pid))
    return inside


FOLDERS = environment_folders()
if __name__ == "__main__":
    main()
