"""What to run before a commit: lint, types, the import contract, the quick tests.

    make check
    make check ARGS="lint types"        some of the steps, by name

The steps run side by side, and each to its end, also where another fails. A step prints
one line when it is done, and its whole output if it fails.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = (sys.executable, "-m")
# Next to Python, also where the environment is not activated.
IMPORT_LINTER = str(Path(sys.executable).with_name("lint-imports"))
# Tests that start no kernel, no sandbox, no nbgrader and no browser.
QUICK = "not long and not slow and not browser"

# The longest first: a machine of two cores starts them in this order.
STEPS = {
    "tests": (*MODULE, "pytest", "-q", "-m", QUICK, "--ignore=notebooks"),
    "types": (*MODULE, "mypy"),
    "imports": (IMPORT_LINTER, "--no-logo"),
    "lint": (*MODULE, "ruff", "check", "."),
    "format": (*MODULE, "ruff", "format", "--check", "."),
}


@dataclass(frozen=True)
class Outcome:
    """How a step ended.

    Attributes:
        step: its name.
        status: the exit status; 0 is success.
        seconds: how long it took.
        output: all that it printed.
    """

    step: str
    status: int
    seconds: float
    output: str

    def __str__(self) -> str:
        """Return one line; the whole output too, if the step failed."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        line = (
            f"{'FAILED' if self.status else 'ok':7}{self.step:9}"
            f"{self.seconds:5.0f} s  {lines[-1].strip('= ') if lines else ''}"
        )
        return f"{line}\n{self.output.rstrip()}\n" if self.status else line


def run(step: str) -> Outcome:
    """Run a step in the project's root, without a terminal's colours."""
    start = time.monotonic()
    process = subprocess.run(
        STEPS[step],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    seconds = time.monotonic() - start
    return Outcome(step, process.returncode, seconds, process.stdout)


def outcomes(steps: list[str]) -> Iterator[Outcome]:
    """Run steps side by side; yield each as it ends."""
    with ThreadPoolExecutor(len(steps)) as pool:
        for future in as_completed([pool.submit(run, step) for step in steps]):
            yield future.result()


def main() -> None:
    """Run the steps named on the command line, or all; exit with 1 if one fails."""
    steps = sys.argv[1:] or list(STEPS)
    if unknown := set(steps) - STEPS.keys():
        sys.exit(f"no step {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    print(f"Running {', '.join(steps)} ...", flush=True)
    failed = False
    for outcome in outcomes(steps):
        print(outcome, flush=True)
        failed |= outcome.status != 0
    sys.exit(failed)


if __name__ == "__main__":
    main()
