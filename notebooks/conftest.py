"""How lessons run: all but 00 in kernels that need not load TensorFlow again."""

import os
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from importlib.util import find_spec

import pytest
from jupyter_client.provisioning import KernelProvisionerFactory

# Lesson 13 is optional: without PyTorch, pytest leaves it out.
collect_ignore = [] if find_spec("torch") else ["13_pytorch.ipynb"]

GROUP = KernelProvisionerFactory.GROUP_NAME
FORKED = EntryPoint("forked", "tests.forked_kernel:ForkedProvisioner", GROUP)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Have nbval's kernel forked, which it starts with the first cell."""
    factory = KernelProvisionerFactory.instance()
    usual = factory.default_provisioner_name
    if os.name == "posix" and not item.path.name.startswith("00"):
        factory.provisioners[FORKED.name] = FORKED
        factory.default_provisioner_name = FORKED.name
    try:
        return (yield)
    finally:
        factory.default_provisioner_name = usual
