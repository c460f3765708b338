"""Kernels that are forked from a process that has imported what notebooks import.

Each notebook has a kernel of its own, in a new process, and runs all its cells, imports
among them. Only the seconds in which TensorFlow is loaded are spent once, not for each
notebook. Lesson 00, and all of `make lessons`, have kernels that start from nothing.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

PRELOADED = [
    "helpers.quiet_keras",
    "tensorflow",
    "helpers.training",
    "helpers.metrics",
    "helpers.plots",
    "matplotlib_inline.backend_inline",
    "ipykernel.kernelapp",
    "sklearn.decomposition",
    "sklearn.metrics",
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)


class Process:
    """A forked kernel with the methods of `subprocess.Popen` that Jupyter calls."""

    stdin = stdout = stderr = None

    def __init__(self, command: list[str], cwd: str, env: dict[str, str]) -> None:
        self._process = _context.Process(
            target=_run, args=(command, cwd, env), daemon=True
        )
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait for its end; return the exit code."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, signum: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _run(command: list[str], cwd: str, env: dict[str, str]) -> None:
    """Be the kernel that ``command`` starts."""
    os.setsid()
    os.chdir(cwd)
    os.environ.update(env)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    from ipykernel.kernelapp import IPKernelApp

    after = command.index("ipykernel_launcher") + 1
    IPKernelApp.launch_instance(argv=command[after:])


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel by a fork."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> dict[str, Any]:
        self.process = Process(cmd, options["cwd"], options["env"])
        self.pid = self.process.pid
        self.cwd = options["cwd"]
        return self.connection_info


@contextmanager
def forked_kernels() -> Iterator[None]:
    """Have kernels forked that are started in the block, where the system can fork."""
    factory = KernelProvisionerFactory.instance()
    usual = factory.default_provisioner_name
    forked = EntryPoint(
        "forked", f"{__name__}:{ForkedProvisioner.__name__}", factory.GROUP_NAME
    )
    if os.name == "posix":
        factory.provisioners[forked.name] = forked
        factory.default_provisioner_name = forked.name
    try:
        yield
    finally:
        factory.default_provisioner_name = usual
