"""Calls a function in a process of its own, which Linux ends when it takes too much.

Python's parser takes time in proportion to the square of some texts, and cannot be
interrupted. So what a student wrote is parsed here where it is long. No student code
runs: the function is the project's, and its argument text.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

PROJECT = Path(__file__).resolve().parents[2]
# Of processor time, Python's start included; and on the clock, for a machine that
# cannot count the first.
MAX_CPU_S = 0.4
MAX_WALL_S = 60
MAX_MEMORY = 200 << 20


class TooMuchError(CourseError):
    """The function took too much time or memory."""


def call(function: Callable[..., Any], argument: Any) -> Any:
    """Return what a function at the top of a module returns for an argument.

    Args:
        function: takes and returns values of JSON; its module is quick to import.
        argument: what it is given.

    Raises:
        TooMuchError: it took more than MAX_CPU_S or MAX_MEMORY.
    """
    command = [sys.executable, "-P", "-m", __name__]
    try:
        ran = subprocess.run(
            [*command, function.__module__, function.__qualname__],
            input=json.dumps(argument).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            timeout=MAX_WALL_S,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise TooMuchError("It takes too much time or memory.") from None
    return json.loads(ran.stdout)


def _limit() -> None:
    import resource  # Windows, where `course export` works, has none

    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When the time is over, its signal ends the process, in whatever code it is.
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_S)


def _main(module: str, name: str) -> None:
    _limit()
    function = getattr(import_module(module), name)
    sys.stdout.write(json.dumps(function(json.load(sys.stdin))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
