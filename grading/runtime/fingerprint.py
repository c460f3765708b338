"""A hash of all that decides a result: the same key, the same result."""

import hashlib
import json
import platform
import sys
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from grading.runtime.job import Job
from grading.runtime.kernel import kernel_environment

PACKAGE = Path(__file__).resolve().parents[1]
# The folders whose code decides a result. What they import of this package lies in them
# too: the import contract in pyproject.toml says so. The rest may change without a new
# result.
SIDES = ("runtime", "trusted", "untrusted")
CHECKS = PACKAGE.parent / "helpers"
# What else lies at the root and decides no mark. Any other module there may be a
# teacher's own: the process that judges could import it.
OTHERS = {
    "benchmarks",
    "conftest.py",
    "nbgrader_config.py",
    "samples",
    "tests",
    "tools",
}
PACKAGES = ("site-packages", "dist-packages")
# Variables of a kernel that say where things lie on a host, and decide no result.
PLACES = {"HOME", "IPYTHONDIR", "LD_LIBRARY_PATH", "PATH", "TMPDIR"}


def environment(*, sandboxed: bool = True) -> str:
    """Return a hash of all but the job: what is installed, and a kernel's variables.

    Args:
        sandboxed: whether the student's code runs in a sandbox. Without one it can read
            hidden tests, so such a mark is not taken for one of the sandbox.
    """
    variables = {
        name: value
        for name, value in kernel_environment().items()
        if name not in PLACES
    }
    return digest([_installed(), variables, sandboxed])


@cache
def _installed() -> str:
    """Return a hash of Python, its packages, the checks and what runs them."""
    # Not all of sys.path: setuptools, once imported, adds a folder of its own.
    folders = [path for path in sys.path if path.endswith(PACKAGES)]
    packages = {
        f"{package.name}=={package.version}" for package in distributions(path=folders)
    }
    facts = [platform.python_version(), platform.machine(), *sorted(packages)]
    for path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        facts.append(f"{path.relative_to(PACKAGE.parent).as_posix()} {content}")
    return digest(facts)


def forget() -> None:
    """Look at the files again: new processes import them as they are now."""
    _installed.cache_clear()


def sources() -> list[Path]:
    """Return the files of the course whose code decides a result."""
    folders = [CHECKS, *(PACKAGE / side for side in SIDES)]
    root = PACKAGE.parent
    own = [PACKAGE / "__init__.py"]
    if (root / "pyproject.toml").is_file():  # a clone, not a folder of all packages
        known = OTHERS | {CHECKS.name, PACKAGE.name}
        own += [path for path in sorted(root.glob("*.py")) if path.name not in known]
        packages = sorted(path.parent for path in root.glob("*/__init__.py"))
        folders += [folder for folder in packages if folder.name not in known]
    return own + [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def key(job: Job, environment: str) -> str:
    """Return a hash of a job, without student and seed, and of the environment."""
    value = asdict(replace(job, key="", student="", seed=0))
    return digest([value, environment])


def digest(value: object) -> str:
    """Return a hash of a value of JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
