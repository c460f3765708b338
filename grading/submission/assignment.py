"""An assignment, from the course's own source: what runs, and what marks it."""

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
)
from nbgrader.utils import is_grade, is_solution

from grading.course import Course, NotFoundError
from grading.runtime.job import Cell, Ordinary, Role
from grading.submission.ordinary_tests import (
    INSTEAD,
    NotGradableError,
    ordinary,
    require_python,
    why_not,
)

NOTEBOOKS = "*.ipynb"


@dataclass(frozen=True)
class Assignment:
    """The notebook of an assignment, with stubs where solutions are to be written.

    Attributes:
        name: the assignment's name.
        full: the notebook with hidden tests. It stays on the trusted side.
        released: the notebook without hidden tests, as students get it.
        solutions: the course's own solutions, by grade id.
        notebooks: how many lie in its folder.
    """

    name: str
    full: NotebookNode
    released: NotebookNode
    solutions: dict[str, str]
    notebooks: int = 1

    @classmethod
    def load(cls, course: Course, name: str) -> Self:
        """Read an assignment from the course's source folder.

        Solutions and hidden tests are taken out by nbgrader's own preprocessors.

        Raises:
            NotFoundError: the course has no such assignment.
            NotGradableError: it is not written in Python.
        """
        path = course.source(name)
        if not path.is_file():
            others = ", ".join(
                sorted(other.name for other in path.parent.glob(NOTEBOOKS))
            )
            instead = f" (the folder has {others})" if others else ""
            raise NotFoundError(
                f"the course has no assignment {name!r}: no {path}{instead}"
            )
        full = nbformat.read(path, as_version=4)
        require_python(name, full)
        solutions = {
            cell.metadata.nbgrader["grade_id"]: cell.source
            for cell in full.cells
            if is_solution(cell)
        }
        for step in (ClearSolutions, ClearOutput):
            full, _ = step(config=course.config).preprocess(full, {})
        released = deepcopy(full)
        for step in (ClearHiddenTests, ClearMarkScheme):
            released, _ = step(config=course.config).preprocess(released, {})
        notebooks = len(list(path.parent.glob(NOTEBOOKS)))
        return cls(name, full, released, solutions, notebooks)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that a student's kernel may see, with stubs for solutions."""
        return _cells(self.released)

    @cached_property
    def tests(self) -> tuple[Cell, ...]:
        """The test cells with their hidden tests."""
        return tuple(cell for cell in _cells(self.full) if cell.role == "test")

    @cached_property
    def stubs(self) -> dict[str, Cell]:
        """The cells that students write in, by grade id, in their order."""
        return {cell.grade_id: cell for cell in self.cells if cell.role == "solution"}

    @cached_property
    def ordinary(self) -> Ordinary | None:
        """What its tests need that are no checks of the course; None if it has none."""
        return ordinary(self.cells, self.tests, self.solutions.values())

    def require_gradable(self) -> None:
        """Look at what shows without running anything.

        Raises:
            NotGradableError: it would not get the marks that nbgrader gives.
        """
        reason = why_not(self.name, self.full, self.notebooks)
        if reason is not None:
            raise NotGradableError(f"{reason} {INSTEAD.format(name=self.name)}")

    @property
    def points(self) -> dict[str, float]:
        """What each test cell earns at most, by grade id."""
        return {cell.grade_id: cell.points for cell in self.tests}


def _cells(notebook: NotebookNode) -> tuple[Cell, ...]:
    cells = []
    started = False
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        started = started or bool(about)
        role = _role(cell, started)
        cells.append(
            Cell(
                id=cell.id,
                grade_id=about.get("grade_id", ""),
                kind="code" if cell.cell_type == "code" else "markdown",
                source=cell.source,
                role=role,
                points=float(about["points"]) if role == "test" else 0.0,
            )
        )
    return tuple(cells)


def _role(cell: NotebookNode, started: bool) -> Role:
    """Return what a cell is for; ``started``: at or after nbgrader's first cell."""
    if is_solution(cell):
        return "solution"
    if is_grade(cell):
        return "test"
    if cell.cell_type != "code":
        return "plain"
    if not started:
        return "setup"
    if re.search(r"\bready\(", cell.source):
        return "training"
    if re.search(r"\bprogress\(", cell.source):
        return "progress"
    return "plain"
