"""Run lessons in full on real data and store their outputs: ``make lessons``.

Each lesson runs in its own kernel. Only a run without an error and without a line on
stderr is stored, together with a record of what was run; otherwise the file stays as it
was. ``tests/course/test_lessons.py`` compares the record with the code.
"""

import argparse
import hashlib
import io
import os
import re
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from helpers.plots.figure import compact

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from tools import lesson_form

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn", "matplotlib")
DATA_LINE = r"^(?:mnist|fashion_mnist|cifar10): .*"
END_LINE = r"^(?:reached|NOT reached|not judged.*?): (.*)"
LONG = 3  # seconds from which a cell's time is reported, for the text above it


def code_hash(notebook: NotebookNode) -> str:
    """Return a SHA-256 of the notebook's code: equal means the outputs are fresh."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()


def printed(notebook: NotebookNode) -> str:
    """Return all that the notebook's cells printed."""
    return "\n".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )


def faults(notebook: NotebookNode) -> list[str]:
    """Return what must not be stored: stderr, warnings, and paths of this machine."""
    problems = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                problems.append(f"cell {number} wrote to stderr: {output.text.strip()}")
    lines = printed(notebook).splitlines()
    problems += [
        f"a warning was printed: {line}" for line in lines if "WARNING:" in line
    ]
    home = str(Path.home())
    problems += [
        f"a path of this machine was printed: {line}"
        for line in lines
        if str(NOTEBOOKS.parent) in line or (len(home) > 1 and f"{home}/" in line)
    ]
    return problems


def _progress(lesson: str, total: int) -> Callable[..., None]:
    """Return what says how far a run is, and which of its cells take long."""
    ended = [time.perf_counter()]

    def note(cell: NotebookNode, cell_index: int, **_: object) -> None:
        ended.append(time.perf_counter())
        seconds = ended[-1] - ended[-2]
        if seconds >= LONG:
            print(f"{lesson}: cell {cell_index} took {seconds:.0f} s", file=sys.stderr)
        if sys.stdout.isatty():
            print(f"\r{lesson}: cell {cell_index + 1} of {total}", end="", flush=True)

    return note


def run(path: Path, profile: str) -> NotebookNode:
    """Execute the lesson at ``path`` and return it with outputs.

    Raises:
        CellExecutionError: a cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = NotebookNode()
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
        on_cell_executed=_progress(path.stem, len(notebook.cells)),
    )
    started = time.perf_counter()
    try:
        client.execute(env={**os.environ, "COURSE_PROFILE": profile})
    finally:
        if sys.stdout.isatty():
            print("\r\033[K", end="", flush=True)
    # A line that is printed in parts may arrive in parts, and would be shown in parts.
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    lesson_form.store(notebook)
    notebook.metadata.course = {
        "profile": profile,
        "seconds": round(time.perf_counter() - started),
        "data": sorted(set(re.findall(DATA_LINE, printed(notebook), re.M))),
        "versions": {package: version(package) for package in PACKAGES},
        "code": code_hash(notebook),
    }
    return notebook


def card_picture(notebook: NotebookNode) -> bytes | None:
    """Return what the cell tagged ``card`` shows as a PNG, for the opening card."""
    for cell in notebook.cells:
        if "card" not in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if picture := lesson_form.picture_in(output):
                file = io.BytesIO()
                compact(np.asarray(picture)).save(file, "PNG", optimize=True)
                return file.getvalue()
    return None


def choose(numbers: list[str]) -> list[Path]:
    """Return the lessons with these numbers; all lessons, if ``numbers`` is empty."""
    lessons = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not numbers:
        return lessons
    chosen = [path for path in lessons if path.name[:2] in numbers]
    if unknown := set(numbers) - {path.name[:2] for path in chosen}:
        known = " ".join(path.name[:2] for path in lessons)
        sys.exit(f"No lesson {', '.join(sorted(unknown))}. There are: {known}")
    return chosen


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook as JupyterLab does, with a line's end at the end."""
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def store(notebook: NotebookNode, path: Path) -> None:
    """Write a lesson that was run in full, and the picture of its opening card."""
    write(notebook, path)
    if picture := card_picture(notebook):
        (NOTEBOOKS / "images" / f"{path.name[:2]}.png").write_bytes(picture)


def main() -> None:
    """Run the chosen lessons and print a table: lesson, seconds, end values, size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", help="such as 01 05; default: all")
    parser.add_argument(
        "--quick", action="store_true", help="run in quick and store nothing"
    )
    parser.add_argument(
        "--form", action="store_true", help="run nothing, store the form alone: folds"
    )
    options = parser.parse_args()
    if options.form:
        for path in choose(options.numbers):
            notebook = nbformat.read(path, as_version=4)
            lesson_form.store(notebook)
            write(notebook, path)
        return
    profile = "quick" if options.quick else "full"
    failed = []
    print(f"{'lesson':<28} {'seconds':>7} {'kB':>6}  end values")
    for path in choose(options.numbers):
        try:
            notebook = run(path, profile)
            wrong = faults(notebook)
        except CellExecutionError as error:
            wrong = [str(error)]
        if wrong:
            failed.append(path.stem)
            print(f"{path.stem:<28} FAILED, nothing stored", *wrong, sep="\n  ")
            continue
        if profile == "full":
            store(notebook, path)
        seconds, size = (
            notebook.metadata.course.seconds,
            len(nbformat.writes(notebook)) // 1000,
        )
        ends = "; ".join(re.findall(END_LINE, printed(notebook), re.M))
        print(f"{path.stem:<28} {seconds:>7} {size:>6}  {ends}", flush=True)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}. Their files are as they were.")


if __name__ == "__main__":
    main()
