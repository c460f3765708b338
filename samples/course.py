"""The course folder of this clone, and nbgrader run in it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def assignments(root: Path = ROOT) -> list[str]:
    """Return the names of all assignments, in order."""
    return sorted(path.stem for path in root.glob("solutions/*/*.ipynb"))


ASSIGNMENTS = assignments()


def nbgrader(*arguments: str, root: Path = ROOT) -> str:
    """Run nbgrader in the course folder ``root`` and return what it said.

    Raises:
        RuntimeError: nbgrader failed; the message is what it said.
    """
    # nbgrader calls alembic by its name, which is next to Python in the environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if run.returncode:
        raise RuntimeError(run.stdout)
    return run.stdout
