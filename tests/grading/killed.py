"""Runs of the command ``course`` that something happens to: a kill, or a full disk.

``Runner`` starts a process that has imported what the command needs. It forks one for
each run, which saves the seconds that imports take.
"""

import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samples.course import ROOT

POINTS = ("file", "statement", "commit", "journal")
"""What is counted: changes of files, statements to the gradebook, its commits, and
statements to the journal."""
CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Ran:
    """How a run ended.

    Attributes:
        code: its exit code, or the negative number of the signal.
        said: all that it printed.
        points: how many points of each kind it passed; empty if it was killed.
    """

    code: int
    said: str
    points: dict[str, int]

    @property
    def killed(self) -> bool:
        """Whether the run was ended by SIGKILL."""
        return self.code == -signal.SIGKILL


class Runner:
    """Runs ``course``, one run at a time.

    Args:
        folder: an empty folder for what the runs print.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "said"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.grading.killed"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the process that forks."""
        self._process.communicate()

    def run(
        self,
        *arguments: str,
        meanwhile: Callable[[int], None] | None = None,
        **happens: Any,
    ) -> Ran:
        """Run ``course`` with ``arguments``.

        Args:
            *arguments: of the command.
            meanwhile: called with the id of the process that runs.
            **happens: ``kind`` and ``number`` of the point at which it is killed, or
                ``file_bytes``, the largest size of a file, or ``clock``: a seed of
                jumps of the clock.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"arguments": arguments, "said": str(self._file), **happens}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if meanwhile is not None:
            meanwhile(pid)
        code = int(self._process.stdout.readline())
        said, _, points = self._file.read_text("utf-8").partition("POINTS ")
        return Ran(code, said, json.loads(points) if points else {})


def jumping_clock(seed: int) -> Callable[[], float]:
    """Return a clock that is years early or late, differently at each look."""
    jumps = random.Random(seed)
    right = time.time
    return lambda: right() + jumps.uniform(-3e8, 3e8)


# --- in the process that forks --------------------------------------------------------


def main() -> None:
    """Fork a run for each line of standard input."""
    import grading.cli  # noqa: F401  (so that the forked need not)

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            run(**json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(
    arguments: list[str],
    said: str,
    kind: str = "",
    number: int = 0,
    file_bytes: int | None = None,
    clock: int | None = None,
) -> None:
    """Run ``course`` in this process, and exit."""
    from grading import cli

    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    if clock is not None:
        time.time = jumping_clock(clock)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    passed = count_points(kind, number)
    sys.argv = ["course", *arguments]
    try:
        cli.main()
    finally:
        print("POINTS", json.dumps(passed), flush=True)


def count_points(kind: str, number: int) -> Counter[str]:
    """Count the points that this process passes; at one of them it is killed."""
    from sqlalchemy import Engine, event

    passed: Counter[str] = Counter()
    connect = sqlite3.connect

    def point(reached: str) -> None:
        passed[reached] += 1
        if reached == kind and passed[reached] == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        if name in CHANGES or (name == "open" and arguments[2] & WRITES):
            point("file")

    def connect_journal(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda _: point("journal"))
        return connection

    sqlite3.connect = connect_journal  # SQLAlchemy knows it by another name

    sys.addaudithook(audit)
    event.listen(Engine, "before_cursor_execute", lambda *_: point("statement"))
    event.listen(Engine, "commit", lambda *_: point("commit"))
    return passed


if __name__ == "__main__":
    main()
