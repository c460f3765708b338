"""How lessons run: all but 00 in kernels that need not load TensorFlow again."""

from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec

import pytest

from tests.forked_kernel import forked_kernels

# Lesson 14 is optional: without PyTorch, pytest leaves it out.
collect_ignore = [] if find_spec("torch") else ["14_pytorch.ipynb"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Have nbval's kernel forked, which it starts with the first cell."""
    start_new = item.path.name.startswith("00")
    with nullcontext() if start_new else forked_kernels():
        return (yield)
