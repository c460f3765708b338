"""Is this machine ready for the course? ``make doctor``, or `check` in a notebook.

One line per thing looked at, with one fix per fault, within 10 seconds. Nothing is
loaded, downloaded or left behind, and TensorFlow is not imported.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from helpers.errors import CourseError

PROJECT = "autoencoder-course"
PYTHON = ">=3.11,<3.14"
DISK_GB = 2
MEMORY_GB = 4

# Imports of installed packages stand inside the checks: a missing one is a fault to
# report, not a reason to stop.


class FaultError(CourseError):
    """Something that would stop the course, and the one thing that mends it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem} — fix: {fix}")


def check(folder: str | os.PathLike[str] | None = None) -> bool:
    """Print a line per thing looked at, and whether it passes; return whether all do.

    Args:
        folder: the data folder that you give to `helpers.data.load`, if you do.
    """
    checks: list[Callable[[], str]] = [
        python,
        packages,
        kernel,
        lambda: data(folder),
        disk,
        memory,
        write_access,
    ]
    faults = 0
    for look in checks:
        try:
            print(f"pass  {look()}")
        except (FaultError, ImportError) as fault:
            faults += 1
            missing = f"{fault} — fix: run `make lab` in the course's folder"
            print(f"FAIL  {fault if isinstance(fault, FaultError) else missing}")
    if faults:
        them = "it" if faults == 1 else "them from the top"
        print(f"{faults} fault{'s' * (faults > 1)}. Mend {them}.")
    else:
        print("All is well.")
    return not faults


def python() -> str:
    """Look at the version of the Python that runs this."""
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    if not SpecifierSet(PYTHON).contains(version, prereleases=True):
        raise FaultError(
            f"Python {version}, the course needs {PYTHON}",
            "install Python 3.12, remove the folder .venv, and run `make lab`",
        )
    return f"Python {version}"


def packages() -> str:
    """Compare what is installed with what the project asks for."""
    from packaging.requirements import Requirement

    install = "run `make lab` in the course's folder (without make: see the README)"
    try:
        lines = metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        raise FaultError(
            "the course is not installed for this Python", install
        ) from None
    wanted = [
        requirement
        for requirement in map(Requirement, lines)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    ]
    wrong = []
    for requirement in wanted:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(
                f"{requirement.name} is {version}, not {requirement.specifier}"
            )
    if wrong:
        raise FaultError("packages: " + "; ".join(wrong), install)
    return f"packages: {len(wanted)} at versions that fit"


def kernel() -> str:
    """See whether JupyterLab's kernel "python3" starts this very Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from jupyter_client.manager import KernelManager

    install = "run `python -m ipykernel install --sys-prefix` with the course's Python"
    try:
        KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        raise FaultError("kernel: JupyterLab has no kernel python3", install) from None
    started = KernelManager(kernel_name="python3").format_kernel_cmd()[0]
    # Not resolved: the Python of an environment is often a link to the system's.
    executable = Path(shutil.which(started) or started).absolute()
    if executable.parent != Path(sys.executable).absolute().parent:
        raise FaultError(
            "kernel: python3 starts another Python than this one",
            "run `jupyter kernelspec remove python3`, then `make lab`",
        )
    return "kernel: python3 starts this Python"


def data(folder: str | os.PathLike[str] | None = None) -> str:
    """Find where each data set would come from, without loading any."""
    from helpers import data

    sources = {}
    for name in data.SPECS:
        try:
            sources[name] = data.where(name, folder=folder)
        except data.DataError:
            raise FaultError(
                f"data: your data folder has no {name}.npz",
                "put it there, or unset COURSE_DATA to download it",
            ) from None
    line = "data: " + ", ".join(f"{name} ({sources[name]})" for name in sources)
    if "embedded" in sources.values():
        line += "; embedded images stand in until there is a network"
    return line


def disk() -> str:
    """Look at the free space where you work and where downloads go."""
    free = min(shutil.disk_usage(place).free for place in _places().values()) / 1e9
    if free < DISK_GB:
        raise FaultError(
            f"disk: {free:.1f} GB free, the course needs {DISK_GB}",
            "free some, or set COURSE_CACHE to a folder on another disk",
        )
    return f"disk: {free:.0f} GB free"


def memory() -> str:
    """Look at the machine's memory."""
    import psutil

    total = round(psutil.virtual_memory().total / 1e9)
    if total < MEMORY_GB:
        raise FaultError(
            f"memory: {total} GB, the course needs {MEMORY_GB}",
            "set COURSE_PROFILE=quick, or use a machine with more",
        )
    return f"memory: {total} GB"


def write_access() -> str:
    """Try to write where you work and where downloads go."""
    for name, place in _places().items():
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as fault:
            raise FaultError(
                f"write access: {name} cannot be written to ({fault.strerror})",
                "copy the course to a folder of your own"
                if name == "this folder"
                else "set COURSE_CACHE to a folder of your own",
            ) from fault
    return "write access: this folder and the cache"


def _places() -> dict[str, Path]:
    """Return this folder and the cache's, or what exists of the path to it."""
    from helpers.data.cache import cache_folder

    cache = cache_folder().absolute()
    exists = next(path for path in (cache, *cache.parents) if os.path.exists(path))
    return {"this folder": Path.cwd(), "the cache": exists}


if __name__ == "__main__":
    sys.exit(not check())
