"""Can this machine grade this course? Looks at all that the grader needs, changes none.

A fault is a sentence with one way to mend it, as in ``make doctor``.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from helpers import doctor
from helpers.doctor import FaultError
from helpers.errors import CourseError

from grading.course import Course
from grading.gradebook import storage
from grading.journal import Journal
from grading.runtime import sandbox
from grading.submission.limits import limits

DISK_GB = 1.0
MEMORY_GB, EACH_GB = 2.0, 1.0
"""What has to be free for the grader itself, and for each submission beside others."""
OPEN_FILES, MORE_PROCESSES = 256, 100


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is, in a word.
        ok: whether it can be graded with.
        words: what there is; or what is wrong, and what mends it.
    """

    name: str
    ok: bool
    words: str


@dataclass(frozen=True)
class Machine:
    """What there is to grade with."""

    cores: int
    memory_gb: float
    free_memory_gb: float
    free_disk_gb: float
    open_files: int
    processes: int

    @classmethod
    def of(cls, root: Path) -> "Machine":
        """Measure this machine, and the disk that a folder is on."""
        # Not above: on Windows `course` still starts, to refuse.
        import psutil

        memory = psutil.virtual_memory()
        return cls(
            cores=cores(),
            memory_gb=round(memory.total / 1e9, 1),
            free_memory_gb=round(memory.available / 1e9, 1),
            free_disk_gb=round(shutil.disk_usage(root).free / 1e9, 1),
            open_files=_limit("RLIMIT_NOFILE"),
            processes=_limit("RLIMIT_NPROC"),
        )


@dataclass(frozen=True)
class Health:
    """What was found, and on which machine."""

    machine: Machine
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether the course can be graded."""
        return all(finding.ok for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {"ok": self.ok, "version": version("autoencoder-course"), **asdict(self)}


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 2


def look(root: Path, workers: int) -> Health:
    """Look at all that grading needs.

    Args:
        root: the course folder.
        workers: how many submissions are to run side by side.
    """
    machine = Machine.of(root)
    checks: dict[str, Callable[[], str]] = {
        "python": doctor.python,
        "packages": doctor.packages,
        "programs": _programs,
        "sandbox": _sandbox,
        "memory": lambda: _memory(machine, workers),
        "disk": lambda: _disk(machine),
        "limits": lambda: _limits(machine, root, workers),
        "folder": lambda: _folder(root),
        "journal": lambda: _journal(root),
        "gradebook": lambda: _gradebook(root),
    }
    return Health(machine, [_finding(name, check) for name, check in checks.items()])


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except (CourseError, ImportError, OSError, subprocess.SubprocessError) as fault:
        return Finding(name, False, str(fault))


def _programs() -> str:
    """Look for what nbgrader starts by name."""
    beside = str(Path(sys.executable).parent)
    if shutil.which("alembic", path=os.pathsep.join([beside, os.environ["PATH"]])):
        return "alembic is there"
    raise FaultError(
        "alembic, which nbgrader makes its gradebook with, is not there",
        "`pip install -r requirements.lock` in this environment",
    )


def _sandbox() -> str:
    sandbox.require()
    return "a sandbox was made, and ended"


def _memory(machine: Machine, workers: int) -> str:
    free, needed = machine.free_memory_gb, MEMORY_GB + workers * EACH_GB
    if free < needed:
        raise FaultError(
            f"{free:g} GB free; {workers} submissions side by side need {needed:g}",
            "fewer with --workers, or end other programs",
        )
    return f"{free:g} of {machine.memory_gb:g} GB free"


def _disk(machine: Machine) -> str:
    if machine.free_disk_gb < DISK_GB:
        raise FaultError(
            f"{machine.free_disk_gb:g} GB free, the course folder needs {DISK_GB:g}",
            "make room on its disk",
        )
    return f"{machine.free_disk_gb:g} GB free"


def _limits(machine: Machine, root: Path, workers: int) -> str:
    """Compare what this account may use with what the settings let submissions use."""
    if 0 <= machine.open_files < OPEN_FILES:
        raise FaultError(
            f"{machine.open_files} files may be open, {OPEN_FILES} have to be",
            f"`ulimit -n {OPEN_FILES}`",
        )
    most = max(_processes(Course.load(root)))
    needed = workers * most + MORE_PROCESSES
    if os.geteuid() and 0 <= machine.processes < needed:
        raise FaultError(
            f"this account may have {machine.processes} processes; {workers} "
            f"submissions with {most} each may need {needed}",
            f"`ulimit -u {needed}`, or fewer with --workers",
        )
    return f"{workers} submissions with {most} processes each"


def _processes(course: Course) -> Iterator[int]:
    """Yield how many processes a submission may have, by default and as is set."""
    yield limits(course, "").processes
    source = course.root / str(course.directory.source_directory)
    for folder in sorted(source.glob("*/")):
        yield limits(course, folder.name).processes


def _folder(root: Path) -> str:
    course = Course.load(root)
    for folder in (course.root, course.state):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise FaultError(
                f"{folder} cannot be written", "let this account write there"
            )
    return str(course.root)


def _journal(root: Path) -> str:
    with Journal(Course.load(root).journal, write=False) as journal:
        return f"{journal.count()} results"


def _gradebook(root: Path) -> str:
    course = Course.load(root)
    if not storage.exists(course):
        return "none yet"
    storage.check_writable(course)
    return "can be written"


def _limit(name: str) -> int:
    """Return a limit of this process; -1 for none."""
    import resource  # Windows, where `course export` works, has none

    soft = resource.getrlimit(getattr(resource, name))[0]
    return -1 if soft == resource.RLIM_INFINITY else soft
