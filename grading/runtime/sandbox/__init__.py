"""A process that sees nothing of the machine but Python, and its end.

``supervisor.supervise`` turns a forked process into the supervisor of one sandbox.
Below it stand the sandbox's own init and the process that runs the student's code: in
user, pid, mount, network, ipc and uts namespaces of their own, without any capability,
with a view of the files that Python needs, read-only, and one private folder in memory.
When the supervisor ends the init, Linux ends every process of the sandbox with it.

Linux only, and only where user namespaces are allowed, or for root.
"""

from grading.runtime.sandbox.filesystem import HOME
from grading.runtime.sandbox.probe import WITHOUT_SANDBOX, NoSandboxError, require

__all__ = ["HOME", "INTERRUPT", "WITHOUT_SANDBOX", "NoSandboxError", "require"]

INTERRUPT = b"interrupt"
"""Sent to a supervisor, it interrupts what runs."""
