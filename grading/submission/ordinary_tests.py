"""Which assignments have ordinary tests, what these need, which cannot be graded."""

import ast
from collections.abc import Iterable, Iterator

from helpers.errors import CourseError

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from grading.runtime.job import Cell, Ordinary
from grading.submission.names_in_code import names, without_ipython
from grading.trusted.read_tests import is_ordinary

IMPORTS = (ast.Import, ast.ImportFrom)
INSTEAD = (
    "No student's work was run; `nbgrader autograde {name}` can grade it, with your "
    "rights."
)


class NotGradableError(CourseError):
    """An assignment that `course grade` would not mark as nbgrader does."""


def ordinary(
    cells: Iterable[Cell], tests: Iterable[Cell], reference: Iterable[str]
) -> Ordinary | None:
    """Return what an assignment's tests need; None if they are the course's checks.

    Args:
        cells: the cells as students get them.
        tests: the test cells with their hidden tests.
        reference: the course's own solutions.
    """
    code = [cell for cell in cells if cell.runs]
    setup = [without_ipython(cell.source) for cell in code if cell.role == "setup"]
    readable = [cell.source for cell in tests if _is_python(cell.source)]
    if not any(is_ordinary(source, setup) for source in readable):
        return None
    own = [without_ipython(cell.source) for cell in code if cell.role == "plain"]
    solutions = [without_ipython(source) for source in reference]
    parts = [
        *setup,
        *_statements_of(own, *IMPORTS, ast.FunctionDef, ast.ClassDef),
        *_statements_of(solutions, *IMPORTS),
    ]
    bound = {name for source in solutions for name in names(source).binds}
    classes = {
        statement.name
        for source in solutions
        for statement in _statements(source)
        if isinstance(statement, ast.ClassDef)
    }
    return Ordinary("\n".join(parts), tuple(sorted(bound)), tuple(sorted(classes)))


def why_not(name: str, notebook: NotebookNode, notebooks: int) -> str | None:
    """Return why an assignment cannot be graded here, as a sentence; None if it can.

    Args:
        name: the assignment's name.
        notebook: the course's own.
        notebooks: how many lie beside it, itself included.
    """
    if notebooks > 1:
        return f"{name} has {notebooks} notebooks, and only one can be graded here."
    for cell in notebook.cells:
        if not is_grade(cell) or is_solution(cell) or cell.cell_type != "code":
            continue
        test = cell.metadata.nbgrader["grade_id"]
        if "AUTOTEST" in cell.source:
            return f"The test {test} of {name} has AUTOTEST, which is not read here."
        if not _is_python(cell.source):
            return f"The test {test} of {name} has a line that is no plain Python."
    return None


def require_python(name: str, notebook: NotebookNode) -> None:
    """Look at a notebook's language.

    Raises:
        NotGradableError: it is not Python.
    """
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language.lower() != "python":
        raise NotGradableError(
            f"{name} is written in {language}, and only Python can be run here. "
            f"{INSTEAD.format(name=name)}"
        )


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _statements(source: str) -> list[ast.stmt]:
    return ast.parse(source).body if _is_python(source) else []


def _statements_of(sources: Iterable[str], *kinds: type[ast.stmt]) -> Iterator[str]:
    """Yield the statements of some kinds."""
    for source in sources:
        for statement in _statements(source):
            if isinstance(statement, kinds):
                yield ast.unparse(statement)
