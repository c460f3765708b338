"""What each process imports: nothing of the trusted side comes to student code."""

import ast
from pathlib import Path

from grading.course import Course
from grading.runtime.executor import Executor
from grading.runtime.fingerprint import PACKAGE, SIDES, sources
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ROOT

TELLS = """
import sys
answer_1 = {"b", "c"}
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "grading"))
"""


def test_a_students_process_has_imported_nothing_of_the_trusted_side(
    executor: Executor,
) -> None:
    submission = Submission("somebody", "quiz", solutions={"answer_1": TELLS})
    assignment = Assignment.load(Course.load(ROOT), "quiz")

    result = executor.execute(job(assignment, submission, ""))

    (shown,) = result.outputs["answer_1"]
    parts = {name.split(".")[1] for name in shown["text"].split() if "." in name}
    assert parts == {"runtime", "untrusted"}


def test_what_decides_a_result_is_in_the_hash_of_all_that_decides_it() -> None:
    """All that the three sides import of this project, and what that imports."""
    covered = set(sources())
    todo = [path for side in SIDES for path in (PACKAGE / side).rglob("*.py")]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        # A package's own file runs too, before what lies below it.
        todo += [path.parent / "__init__.py"] * (path.parent != ROOT)
        todo += _imports(path)

    assert len(seen) > 30
    assert {path.relative_to(ROOT).as_posix() for path in seen - covered} == set()


def _imports(path: Path) -> list[Path]:
    """Return the files of this project that a file imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    places = [ROOT.joinpath(*name.split(".")) for name in names]
    files = [place.with_suffix(".py") for place in places]
    files += [place / "__init__.py" for place in places]
    return [file for file in files if file.is_file()]
