"""How everything under test runs: quick, offline, and side by side on few cores."""

import os
import signal
from collections.abc import Iterator
from functools import cache

import nbgrader.api
import pytest
from nbval.plugin import IPyNbCell

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
    "agreement",
    "submissions",
    "test_faults",
    "test_attacks",
    "test_odd",
    "assignments",
    "test_lessons_run",
    "test_backends",
)
"""Groups of tests that take minutes. They begin first, so that no worker is left with
one of them while the others have nothing more to do."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow tests, keep a file's tests together, run the longest groups first.

    A notebook's cells need their order, and a file's tests share their fixtures.
    """
    groups = {}
    for item in items:
        cell = isinstance(item, IPyNbCell)
        if cell or "needs_sandbox" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
        group = item.get_closest_marker("xdist_group")
        if group is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        groups[item] = item.path.stem if group is None else group.args[0]

    def turn(item: pytest.Item) -> int:
        ranks = (n for n, name in enumerate(LONGEST) if groups[item].startswith(name))
        lesson = isinstance(item, IPyNbCell)
        return next(ranks, len(LONGEST) if lesson else len(LONGEST) + 1)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    """Skip where the machine cannot make a sandbox; fail where ``CI`` is set."""
    try:
        sandbox.require()
    except sandbox.NoSandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def executor(needs_sandbox: None) -> Iterator[Executor]:
    """Return a running executor."""
    executor = Executor()
    yield executor
    executor.close()
