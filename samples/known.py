"""What the tests of assignments share: known submissions, and two ways to mark them.

``marks_in_process`` runs a notebook's own test cells in this process: seconds, for
every known submission. ``Course`` is a folder that plain nbgrader works in: for a
sample, and to show that both ways give the same marks.
"""

import contextlib
import importlib
import io
import linecache
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from samples.course import ROOT, assignments, nbgrader

ASSIGNMENTS = assignments()
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.S)


@dataclass(frozen=True)
class Submission:
    """A student's work with its marks.

    Attributes:
        name: what is right or wrong about it, in a few words.
        cells: source of solution cells by grade id; the others are the reference's.
        loses: grade ids of the test cells whose points it must lose, and no others.
        graded: whether plain nbgrader marks it too, which takes seconds.
    """

    name: str
    cells: dict[str, str]
    loses: frozenset[str] = field(default=frozenset())
    graded: bool = False


def changed(source: str, *changes: tuple[str, str]) -> str:
    """Return ``source`` with each (old, new) replaced; old must stand there once."""
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands {source.count(old)} times in the source")
        source = source.replace(old, new)
    return source


def right(
    name: str, code: str, *, cell: str = "autoencoder", graded: bool = False
) -> Submission:
    """Return a submission of a builder, in ``cell``, that must get full marks."""
    return Submission(name, {cell: code}, graded=graded)


def variant(
    reference: str,
    name: str,
    loses: Iterable[str],
    *changes: tuple[str, str],
    cell: str = "autoencoder",
    graded: bool = False,
) -> Submission:
    """Return a submission of the reference with ``changes``, which lose points."""
    code = changed(reference, *changes)
    return Submission(name, {cell: code}, frozenset(loses), graded)


def half_right(half: str, wrong: str, *, graded: bool = False) -> Submission:
    """Return a submission that loses points for its answers to the questions alone.

    Args:
        half: letters of the first answer, a part of the right ones.
        wrong: letters of the second answer, with a wrong one among them.
    """
    return Submission(
        "one question half right, one with a wrong choice",
        {
            f"answer_{number}": f"answer_{number} = set({letters!r})"
            for number, letters in enumerate((half, wrong), start=1)
        },
        frozenset({"answer_1_complete", "answer_2_no_wrong", "answer_2_complete"}),
        graded,
    )


def submissions(name: str) -> list[Submission]:
    """Return the known submissions of an assignment, from ``samples/submissions``."""
    return importlib.import_module(f"samples.submissions.{name}").SUBMISSIONS


def source(name: str, folder: str = "solutions", root: Path = ROOT) -> NotebookNode:
    """Return an assignment's notebook."""
    return nbformat.read(root / folder / name / f"{name}.ipynb", as_version=4)


def grader(cell: NotebookNode) -> dict:
    """Return a cell's nbgrader metadata; empty if it has none."""
    return cell.metadata.get("nbgrader", {})


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def graded_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that earn points."""
    return [cell for cell in code_cells(notebook) if grader(cell).get("grade")]


def points(name: str) -> dict[str, float]:
    """Return the points of each test cell by its grade id."""
    return {
        grader(cell)["grade_id"]: float(grader(cell)["points"])
        for cell in graded_cells(source(name))
    }


def expected_marks(name: str, submission: Submission) -> dict[str, float]:
    """Return the marks that a submission must get."""
    unknown = submission.loses - points(name).keys()
    if unknown:
        raise ValueError(f"{submission.name}: no test cells {sorted(unknown)}")
    return {
        cell: 0.0 if cell in submission.loses else most
        for cell, most in points(name).items()
    }


def solution_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells that students write, by grade id."""
    return {
        grader(cell)["grade_id"]: cell
        for cell in code_cells(notebook)
        if grader(cell).get("solution")
    }


def references(name: str) -> dict[str, str]:
    """Return the sources of an assignment's own solution cells by grade id."""
    cells = solution_cells(source(name))
    return {grade_id: cell.source for grade_id, cell in cells.items()}


def with_cells(notebook: NotebookNode, cells: dict[str, str]) -> NotebookNode:
    """Replace the source of solution cells; return the notebook."""
    found = solution_cells(notebook)
    if unknown := cells.keys() - found:
        raise ValueError(f"no solution cells {sorted(unknown)}")
    for grade_id, source in cells.items():
        found[grade_id].source = source
    return notebook


def cells_that_count(notebook: NotebookNode) -> list[NotebookNode]:
    """Return set-up, solution and test cells: no training, nothing that only shows."""
    cells = code_cells(notebook)
    first = next(i for i, cell in enumerate(cells) if grader(cell))
    return cells[:first] + [cell for cell in cells[first:] if grader(cell)]


def run_cell(cell: NotebookNode, namespace: dict) -> None:
    """Run a cell, quietly."""
    file = f"<cell {cell.id}>"
    # Messages quote the student's line, and TensorFlow makes graphs from the text of
    # functions: Python looks it up here.
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[file] = (len(cell.source), None, lines, file)
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        exec(compile(cell.source, file, "exec"), namespace)


def marks_in_process(
    name: str, cells: dict[str, str]
) -> tuple[dict[str, float], dict[str, str]]:
    """Run the cells that count; return marks and messages by grade id."""
    namespace: dict = {"__name__": "__main__"}
    marks, messages = {}, {}
    for cell in cells_that_count(with_cells(source(name), cells)):
        about = grader(cell)
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


class Course:
    """A folder with the course's solutions and settings, for plain nbgrader."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "solutions", root / "solutions")
        shutil.copy(ROOT / "nbgrader_config.py", root)

    def generate(self, name: str) -> None:
        """Generate the student version and enter the assignment in the gradebook."""
        nbgrader("generate_assignment", name, "--force", root=self.root)

    def submit(self, name: str, student: str, notebook: NotebookNode) -> None:
        """Hand in a notebook."""
        folder = self.root / "submitted" / student / name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{name}.ipynb")

    def autograde(self, name: str) -> dict[str, dict[str, float]]:
        """Grade everything handed in; return marks by student and grade id."""
        nbgrader("autograde", name, root=self.root)
        return self.marks(name)

    def marks(self, name: str) -> dict[str, dict[str, float]]:
        """Return the gradebook's marks by student and grade id."""
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {
                    grade.name: grade.auto_score
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                }
                for submission in gradebook.assignment_submissions(name)
            }

    def autograded(self, name: str, student: str) -> NotebookNode:
        """Return a student's notebook with the outputs of grading."""
        return source(name, f"autograded/{student}", self.root)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the course's gradebook."""
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            yield gradebook
