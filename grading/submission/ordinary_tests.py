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
KEPT = (*IMPORTS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SEES_NOTHING = (
    *("__main__", "dir()", "doctest", "get_ipython", "globals()", "locals()", "vars()"),
    *("shares_memory", "may_share_memory", ".base is"),
)
"""Ways to a notebook's names but by them, and to the memory of arrays, which travel."""
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
    stubs = [without_ipython(cell.source) for cell in code if cell.role == "solution"]
    solutions = [without_ipython(source) for source in reference]
    given = [*_statements_of(setup), *_statements_of(own, *KEPT)]
    given += _statements_of(stubs, *IMPORTS)
    of_solutions = list(_statements_of(solutions))
    theirs = _theirs(of_solutions, given)
    changed = {name for source in solutions for name in names(source).touches} | theirs

    def stays(statement: ast.stmt) -> bool:
        others = theirs if isinstance(statement, KEPT) else changed
        return not _binds(statement) & others

    definitions = [
        *filter(stays, given),
        *_plain_values(own, [*own, *solutions], changed),
    ]
    imports = [
        statement for statement in of_solutions if _imported([statement]) & theirs
    ]
    classes = {
        statement.name
        for statement in of_solutions
        if isinstance(statement, ast.ClassDef)
    }
    return Ordinary(
        _as_text(definitions),
        _as_text(imports),
        tuple(sorted(theirs)),
        tuple(sorted(classes)),
    )


def _theirs(solutions: Iterable[ast.stmt], given: Iterable[ast.stmt]) -> set[str]:
    """Return the names that solutions give, but for imports that are given already."""
    imported = _imported(given)
    return {
        name
        for statement in solutions
        for name in _binds(statement)
        if name not in imported or not isinstance(statement, IMPORTS)
    }


def _as_text(statements: Iterable[ast.stmt]) -> str:
    return "\n".join(map(ast.unparse, statements))


def _binds(statement: ast.stmt) -> frozenset[str]:
    return names(ast.unparse(statement)).binds


def _imported(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that imports among some statements give."""
    imports = [statement for statement in statements if isinstance(statement, IMPORTS)]
    return {name for statement in imports for name in _binds(statement)}


def _plain_values(
    own: Iterable[str], others: Iterable[str], changed: set[str]
) -> Iterator[ast.stmt]:
    """Yield what the course's own cells set once, as ``tolerance = 1e-6`` does.

    Student code that gives such a name another value does not change a test. What can
    be changed in place is left out where the course's code uses it: it may well be.
    """
    read = [names(source) for source in others]
    used = {name for source_names in read for name in source_names.needs}
    for statement in _statements_of(own, ast.Assign):
        fixed = _is_fixed(statement)
        for name in _binds(statement) - changed:
            times = sum(name in source_names.binds for source_names in read)
            if times == 1 and (fixed or (fixed is not None and name not in used)):
                yield statement


def _is_fixed(statement: ast.stmt) -> bool | None:
    """Return whether a plain value cannot change in place; None if it is not plain."""
    try:
        ast.literal_eval(getattr(statement, "value", statement))
    except (ValueError, TypeError, SyntaxError):
        return None
    kinds = (ast.List, ast.Dict, ast.Set)
    return not any(isinstance(node, kinds) for node in ast.walk(statement))


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
        for way in SEES_NOTHING:
            if way in cell.source:
                return (
                    f"The test {test} of {name} uses {way}, which finds nothing here."
                )
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


def _statements_of(
    sources: Iterable[str], *kinds: type[ast.stmt]
) -> Iterator[ast.stmt]:
    """Yield the statements of some kinds; all where no kind is given."""
    for source in sources:
        for statement in _statements(source):
            if isinstance(statement, kinds or ast.stmt):
                yield statement
