"""How everything under test runs: quick, offline, and side by side on few cores."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from grading.runtime import sandbox
from grading.runtime.executor import Executor

os.environ["COURSE_PROFILE"] = "quick"
os.environ["COURSE_OFFLINE"] = "1"
# Two processes whose threads wait for each other's cores take many times as long as two
# that keep to one core each.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
# A job in the background of a shell ignores interrupts, and so would all its children.
signal.signal(signal.SIGINT, signal.default_int_handler)


class PerAssignment(LoadFileScheduling):
    """Give each worker whole files, but the tests of assignments one by one.

    Those are half of all the time. A notebook's cells must stay together, and so must
    the tests that look at one assignment's marks.
    """

    def _split_scope(self, nodeid: str) -> str:
        assignment = re.match(
            r"tests/test_(?:assignments|submissions)\.py::\w+\[\w+", nodeid
        )
        if assignment is None:
            return super()._split_scope(nodeid)
        file, _, name = assignment.group().partition("::")
        return f"{file}::{name.partition('[')[2]}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadFileScheduling:
    return PerAssignment(config, log)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    """Skip where the machine cannot make a sandbox."""
    try:
        sandbox.require()
    except sandbox.NoSandboxError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def executor(needs_sandbox: None) -> Iterator[Executor]:
    """Return a running executor."""
    one = Executor()
    yield one
    one.close()
