"""Whether this machine can make a sandbox, and what to do where it cannot."""

import subprocess
import sys
from pathlib import Path

from helpers.errors import CourseError

WITHOUT_SANDBOX = (
    "Students' code now runs with your own rights, without a sandbox: it can read and "
    "change all that you can, hidden tests and the gradebook included, use the "
    "network, and go on when it is graded. Points still come from the trusted process."
)
ADVICE = (
    "This machine cannot make the sandbox that students' code needs ({reason}). "
    "{remedy}"
)
CONTAINER = (
    '`podman run --privileged -it -v "$PWD":/course -w /course python:3.12 bash` '
    "(or docker), and set up and grade there"
)
REMEDIES = {
    "linux": "It needs Linux 5.14 or newer with user namespaces, or root. Allow them: "
    "`sysctl kernel.unprivileged_userns_clone=1` on Debian, "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu 24.04. A "
    "container must be started with --privileged. Without a sandbox, with all that you "
    "may do, students' code runs with --trust-submissions alone.",
    "darwin": "Install a Linux machine for containers: `brew install podman`, "
    f"`podman machine init`, `podman machine start`; then {CONTAINER}.",
    "win32": "Install Linux beside Windows: `wsl --install`; then open Ubuntu, and set "
    "up and grade there.",
}
ELSEWHERE = f"Grade on Linux, in a virtual machine or in a container: {CONTAINER}."


class NoSandboxError(CourseError):
    """This machine cannot make a sandbox; the message says what to do."""


def require(*, trust_submissions: bool = False) -> None:
    """Make a sandbox in which nothing runs, to see whether this machine can.

    Args:
        trust_submissions: make none. Processes are watched and ended as only Linux can,
            so it must be Linux all the same.

    Raises:
        NoSandboxError: it cannot; the message says what to install or to allow.
    """
    remedy = REMEDIES.get(sys.platform, ELSEWHERE)
    if sys.platform != "linux":
        reason = f"{sys.platform} has no namespaces"
        raise NoSandboxError(ADVICE.format(reason=reason, remedy=remedy))
    if trust_submissions:
        return
    probe = subprocess.run(
        [sys.executable, "-m", "grading.runtime.sandbox"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
    )
    if probe.returncode or '"exited"' not in probe.stdout:
        said = (probe.stdout or probe.stderr).strip().splitlines()[-1:]
        reason = "".join(said) or "no answer"
        raise NoSandboxError(ADVICE.format(reason=reason, remedy=remedy))
