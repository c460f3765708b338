"""What a sandbox may use: limits that Linux keeps, and memory that is measured."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from grading.runtime.job import Limits


def limit(limits: Limits) -> None:
    """Set the limits of this process and of all that it will start."""
    import resource  # Windows, where `course export` works, has none

    cpu = max(1, round(limits.cpu_s))
    for name, most in {
        "RLIMIT_DATA": limits.memory_mb << 20,
        "RLIMIT_FSIZE": limits.file_mb << 20,
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_CPU": cpu,
        "RLIMIT_NOFILE": 512,
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


def memory(pid: int, enough: int) -> int:
    """Return the bytes of memory that a process and all below it use.

    Args:
        pid: the topmost process.
        enough: above it, pages that processes share are no longer counted for each.
    """
    used = sum(map(_resident, tree(pid)))
    return used if used <= enough else sum(map(_proportional, tree(pid)))


def _resident(pid: int) -> int:
    pages = _read(pid, "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGESIZE") if pages else 0


def _proportional(pid: int) -> int:
    rows = _read(pid, "smaps_rollup").splitlines()
    return 1024 * sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))


def _read(pid: int, file: str) -> str:
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return ""
