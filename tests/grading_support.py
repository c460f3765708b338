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

from tools.release import ROOT, assignments, nbgrader

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


def right(name: str, code: str, *, graded: bool = False) -> Submission:
    """Return a submission of a builder that must get full marks."""
    return Submission(name, {"autoencoder": code}, graded=graded)


def variant(
    reference: str,
    name: str,
    loses: Iterable[str],
    *changes: tuple[str, str],
    graded: bool = False,
) -> Submission:
    """Return a submission of the reference with ``changes``, which lose points."""
    code = changed(reference, *changes)
    return Submission(name, {"autoencoder": code}, frozenset(loses), graded)


def submissions(name: str) -> list[Submission]:
    """Return the known submissions of an assignment, from ``tests/submissions``."""
    return importlib.import_module(f"tests.submissions.{name}").SUBMISSIONS


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


def with_cells(notebook: NotebookNode, cells: dict[str, str]) -> NotebookNode:
    """Replace the source of solution cells; return the notebook."""
    wanted = dict(cells)
    for cell in code_cells(notebook):
        if grader(cell).get("solution") and grader(cell)["grade_id"] in wanted:
            cell.source = wanted.pop(grader(cell)["grade_id"])
    if wanted:
        raise ValueError(f"no solution cells {sorted(wanted)}")
    return notebook


def marks_in_process(
    name: str, cells: dict[str, str]
) -> tuple[dict[str, float], dict[str, str]]:
    """Run set-up, solution and test cells; return marks and messages by grade id.

    Cells between that earn nothing, such as training, are left out.
    """
    notebook = with_cells(source(name), cells)
    namespace: dict = {"__name__": "__main__"}
    marks, messages = {}, {}
    started = False
    for cell in code_cells(notebook):
        about = grader(cell)
        started = started or bool(about)
        if started and not about:
            continue
        file = f"<{name}:{cell.id}>"
        # Messages quote the student's line, which Python looks up here.
        linecache.cache[file] = (
            len(cell.source),
            None,
            cell.source.splitlines(keepends=True),
            file,
        )
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, file, "exec"), namespace)
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
