"""Notebooks of assignments, and the kinds of cells in them."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from samples.course import ROOT

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.S)


def source(name: str, folder: str = "solutions", root: Path = ROOT) -> NotebookNode:
    """Return an assignment's notebook."""
    return nbformat.read(root / folder / name / f"{name}.ipynb", as_version=4)


def grader(cell: NotebookNode) -> dict[str, Any]:
    """Return a cell's nbgrader metadata; empty if it has none."""
    return cell.metadata.get("nbgrader", {})


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def graded_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that earn points."""
    return [cell for cell in code_cells(notebook) if grader(cell).get("grade")]


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
    solutions = solution_cells(notebook)
    if unknown := cells.keys() - solutions:
        raise ValueError(f"no solution cells {sorted(unknown)}")
    for grade_id, code in cells.items():
        solutions[grade_id].source = code
    return notebook


def cells_that_count(notebook: NotebookNode) -> list[NotebookNode]:
    """Return set-up, solution and test cells: no training, nothing that only shows."""
    cells = code_cells(notebook)
    first = next(i for i, cell in enumerate(cells) if grader(cell))
    return cells[:first] + [cell for cell in cells[first:] if grader(cell)]
