"""How everything under test runs: quick, offline, and side by side on few cores."""

import os
import re
import signal
from functools import cache
from pathlib import Path

import nbgrader.api
import pytest
from nbval.plugin import IPyNbCell
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from grading.runtime import executor as runs
from grading.runtime import sandbox
from grading.runtime.executor import Executor

os.environ["COURSE_PROFILE"] = "quick"
os.environ["COURSE_OFFLINE"] = "1"
# Avoid oversubscription: one thread per process.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
# For each new gradebook nbgrader starts a process to ask for the version of its tables.
nbgrader.api.get_alembic_version = cache(nbgrader.api.get_alembic_version)
# A job in the background of a shell ignores interrupts, and so would all its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST = (
    "test_agreement",
    "test_submissions",
    "test_degenerate",
    "test_margins",
    "test_attacks",
    "test_honest_idioms",
    "test_faults",
    "test_odd",
    "test_assignments",
    "test_lessons_run",
    "test_backends",
)
"""Files that take minutes. They begin first, so that no worker is left with one of them
while the others have nothing more to do."""
BY_ASSIGNMENT = {
    "test_agreement",
    "test_assignments",
    "test_degenerate",
    "test_margins",
    "test_submissions",
}
"""Files whose tests of one assignment need those of another not."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests, and put those that take longest first."""
    for item in items:
        cell = isinstance(item, IPyNbCell)
        if cell or "needs_sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)

    def turn(item: pytest.Item) -> int:
        if item.path.stem in LONGEST:
            return LONGEST.index(item.path.stem)
        return len(LONGEST) + (not isinstance(item, IPyNbCell))

    items.sort(key=turn)


class ByFileOrAssignment(LoadFileScheduling):
    """Gives a worker a file's tests together, or those of one assignment.

    A notebook's cells need their order, and a file's tests share their fixtures.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        assignment = re.search(r"\[(\w+)", nodeid)
        split = assignment and Path(file).stem in BY_ASSIGNMENT
        return f"{file}[{assignment[1]}]" if split else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Return ours: xdist 3.8 cannot name its own groups with pytest 9.2."""
    return ByFileOrAssignment(config, log)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    """Skip where the machine cannot make a sandbox; fail where ``CI`` is set."""
    try:
        sandbox.require()
    except sandbox.NoSandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def executor(needs_sandbox: None) -> Executor:
    """Return the executor of this process, as commands use it: it starts in seconds."""
    return runs.executor()
