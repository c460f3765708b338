"""What a sandbox may use: limits that Linux keeps, and what is measured beside them."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.runtime.job import Limits

NICE, SESSION_NICE = 5, 2
"""Of each process in a sandbox, and of all as one session, where Linux shares the
processor among sessions first. Above stand the grader, supervisors and verdicts, with
three times the weight; not with more, or other work on the machine would starve a
student's."""
SOCKET_BYTES = 300 << 10
"""What Linux keeps at most for a socket: its buffer, which cannot be made larger."""
ADDRESSES = 16
"""Addresses that a process may use, as a multiple of its memory."""
LOOK_S = 0.25
"""Seconds of processor time to find out which pages processes share. What is not looked
at by then counts in full: a look that takes longer would leave time to use more."""
TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def stand_back() -> None:
    """Let the grader's own processes go first; call it in a new session."""
    os.nice(NICE)
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for _ in range(50):
            try:
                Path("/proc/self/autogroup").write_text(str(SESSION_NICE))
                return
            except BlockingIOError:  # not more often than ten times a second, all users
                time.sleep(0.05)


def limit(limits: Limits) -> None:
    """Set the limits of this process and of all that it will start."""
    import resource  # Windows, where `course export` works, has none

    cpu = max(1, round(limits.cpu_s))
    for name, most in {
        "RLIMIT_DATA": limits.memory_mb << 20,
        "RLIMIT_FSIZE": limits.file_mb << 20,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_CPU": cpu,
        "RLIMIT_AS": ADDRESSES * limits.memory_mb << 20,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_SIGPENDING": 1024,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }.items():
        with contextlib.suppress(ValueError):  # already lower
            resource.setrlimit(getattr(resource, name), (most, most))


def tree(pid: int) -> Iterator[int]:
    """Yield ``pid`` and the ids of all processes below it."""
    yield pid
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from tree(int(child))


@dataclass(frozen=True)
class Usage:
    """What a sandbox uses.

    Attributes:
        memory: bytes of all its processes together.
        processor: seconds of processor time, of those that ended too.
        waited: seconds in which its first three processes were ready to run and another
            process ran instead.
    """

    memory: int = 0
    processor: float = 0.0
    waited: float = 0.0


def usage(pid: int, enough: int, *, sandboxed: bool = True) -> Usage:
    """Return what a process and all below it use.

    Args:
        pid: the topmost process.
        enough: bytes of memory above which pages that processes share are no longer
            counted for each.
        sandboxed: whether sockets count: all in its network are its own.
    """
    pids = list(tree(pid))
    extra = sum(map(_tables, pids))
    extra += _sockets(pid) * SOCKET_BYTES if sandboxed else 0
    memory = extra + sum(map(_resident, pids))
    if memory > enough:
        memory = extra + _together(pids)
    return Usage(memory, sum(map(_processor, pids)), sum(map(_waited, pids[:3])))


def _resident(pid: int) -> int:
    """Return the bytes of a process in memory and in swap."""
    pages = _read(pid, "statm").split()
    memory = int(pages[1]) * os.sysconf("SC_PAGESIZE") if pages else 0
    return memory + _kilobytes(_read(pid, "status"), "VmSwap:")


def _tables(pid: int) -> int:
    """Return the bytes of the tables of a process's addresses."""
    return _kilobytes(_read(pid, "status"), "VmPTE:")


def _together(pids: Sequence[int]) -> int:
    """Return the bytes of processes; of shared ones, each counts its part."""
    until = time.thread_time() + LOOK_S
    return sum(
        _proportional(pid) if time.thread_time() < until else _resident(pid)
        for pid in pids
    )


def _proportional(pid: int) -> int:
    text = _read(pid, "smaps_rollup")
    return _kilobytes(text, "\nPss:") + _kilobytes(text, "\nSwapPss:")


def _kilobytes(text: str, name: str) -> int:
    """Return what Linux says of ``name`` in kilobytes, in bytes."""
    words = text.partition(name)[2].split(maxsplit=1)
    return int(words[0]) << 10 if words else 0


def killed_for_memory() -> int:
    """Return how many processes Linux has ended because memory ran out."""
    with contextlib.suppress(OSError):
        words = Path("/proc/vmstat").read_text().partition("\noom_kill ")[2].split()
        return int(words[0]) if words else 0
    return 0


def _sockets(pid: int) -> int:
    """Return how many sockets there are in a process's network namespace."""
    words = _read(pid, "net/sockstat").split()
    return int(words[2]) if words[:2] == ["sockets:", "used"] else 0


def _processor(pid: int) -> float:
    """Return the processor time of a process and of its children that ended."""
    words = _read(pid, "stat").rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / TICK


def _waited(pid: int) -> float:
    words = _read(pid, "schedstat").split()
    return int(words[1]) / 1e9 if len(words) > 1 else 0.0


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return ""
