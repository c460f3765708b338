"""What several test files share."""

from collections.abc import Iterator

import pytest

from grading.execute import Executor
from grading.sandbox import NoSandbox


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    """Return a running executor; skip where the machine cannot make a sandbox."""
    try:
        one = Executor()
    except NoSandbox as error:
        pytest.skip(str(error))
    yield one
    one.close()
