"""A course folder that plain nbgrader works in: its marks are what ours must equal."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from samples.course import ROOT, nbgrader
from samples.notebooks import source


class NbgraderCourse:
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
