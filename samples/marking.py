"""Mark a submission in this process, by its notebook's own test cells: in seconds."""

import contextlib
import io
import linecache
from collections.abc import Container

from nbformat import NotebookNode

from samples.notebooks import cells_that_count, graded_cells, grader, source, with_cells
from samples.submissions.submission import KnownSubmission


def points(name: str) -> dict[str, float]:
    """Return the points of each test cell by its grade id."""
    return {
        grader(cell)["grade_id"]: float(grader(cell)["points"])
        for cell in graded_cells(source(name))
    }


def expected_marks(name: str, submission: KnownSubmission) -> dict[str, float]:
    """Return the marks that a submission must get, where chance changes nothing."""
    unknown = (submission.loses | submission.may_lose) - points(name).keys()
    if unknown:
        raise ValueError(f"{submission.name}: no test cells {sorted(unknown)}")
    return {
        test: 0.0 if test in submission.loses else maximum
        for test, maximum in points(name).items()
    }


def run_cell(cell: NotebookNode, namespace: dict[str, object]) -> tuple[str, str]:
    """Run a cell, quietly; return what it wrote to stdout and to stderr."""
    file = f"<cell {cell.id}>"
    # Messages quote the student's line, and TensorFlow makes graphs from the text of
    # functions: Python looks it up here.
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[file] = (len(cell.source), None, lines, file)
    with (
        contextlib.redirect_stdout(io.StringIO()) as stdout,
        contextlib.redirect_stderr(io.StringIO()) as stderr,
    ):
        exec(compile(cell.source, file, "exec"), namespace)
    return stdout.getvalue(), stderr.getvalue()


def marks_in_process(
    name: str, cells: dict[str, str], tests: Container[str] | None = None
) -> tuple[dict[str, float], dict[str, str]]:
    """Run the cells that count; return marks and messages by grade id.

    Args:
        name: of the assignment.
        cells: the student's, by grade id.
        tests: the test cells to run; all, if not given.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    marks, messages = {}, {}
    for cell in cells_that_count(with_cells(source(name), cells)):
        about = grader(cell)
        if about.get("grade") and not (tests is None or about["grade_id"] in tests):
            continue
        try:
            run_cell(cell, namespace)
            earned = True
        except Exception as error:
            if not about.get("grade"):
                raise
            messages[about["grade_id"]] = str(error)
            earned = False
        if about.get("grade"):
            marks[about["grade_id"]] = float(about["points"]) * earned
    return marks, messages


def first_message(name: str, cells: dict[str, str]) -> str:
    """Return what the first check that fails says; ``""`` if all hold.

    Visible tests come first, as they do for a student, then hidden ones.
    """
    for folder in ("release", "solutions"):
        namespace: dict[str, object] = {"__name__": "__main__"}
        for cell in cells_that_count(with_cells(source(name, folder), cells)):
            try:
                run_cell(cell, namespace)
            except Exception as error:
                if grader(cell).get("grade"):
                    return str(error)
    return ""
