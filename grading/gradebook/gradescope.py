"""Gradescope's ``results.json``: what its autograder shows of a submission.

The format is that of "Output format" in
https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from grading.course import Course
from grading.gradebook import entries
from grading.gradebook.export import Exported, ExportError, why_left_out
from grading.gradebook.marks import FinalMark, final_marks
from grading.journal import Journal
from grading.runtime import sanitize
from grading.runtime.job import Result
from grading.submission.assignment import Assignment

FILE = "results.json"
FOLDER = "gradescope"
DIGITS = 4


def results(assignment: Assignment, result: Result, mark: FinalMark) -> dict[str, Any]:
    """Return a submission's result as Gradescope reads it.

    The score on top is the final mark: Gradescope takes it instead of the tests' sum,
    which knows nothing of late work and of marks by hand. What a test says is what the
    student reads elsewhere: nothing of hidden tests.
    """
    about = {
        "score": round(mark.points, DIGITS),
        "output": ", ".join(mark.words),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "tests": list(_tests(assignment, result)),
    }
    if "all" in result.seconds:
        about["execution_time"] = round(result.seconds["all"])
    return about


def _tests(assignment: Assignment, result: Result) -> Iterator[dict[str, Any]]:
    for number, (name, most) in enumerate(assignment.points.items(), start=1):
        points = result.marks.get(name, 0.0)
        held = points >= most
        yield {
            "number": str(number),
            "name": name.replace("_", " "),
            "score": round(points, DIGITS),
            "max_score": most,
            "status": "passed" if held else "failed",
            "output": "" if held else sanitize.text(result.messages.get(name, "")),
        }


def write_results(
    course: Course,
    names: Collection[str] = (),
    students: Collection[str] = (),
    to: Path | None = None,
    *,
    dry_run: bool = False,
) -> Exported:
    """Write a ``results.json`` for each graded submission.

    Args:
        course: the course folder.
        names: which assignments; all that are graded, if none is named.
        students: ids of those to write for; all that are graded, if none is named.
        to: the file, for one submission; else ``gradescope/ASSIGNMENT/STUDENT/``.
        dry_run: write nothing.

    Raises:
        NotFoundError: the course has no such assignment.
        ExportError: there is no such result, or more than one for one file; or a file
            cannot be written.
    """
    done = Exported()
    ready: dict[Path, dict[str, Any]] = {}
    for name in names or entries.names(course):
        assignment = Assignment.load(course, name)
        done.marks[name] = 0
        for result, mark in _graded(course, name, students, done):
            done.marks[name] += 1
            path = course.root / FOLDER / name / result.student / FILE
            ready[path] = results(assignment, result, mark)
    if not ready:
        raise ExportError("No such mark is there yet: `course grade NAME` first.")
    if to is not None and len(ready) > 1:
        raise ExportError(f"{to} holds one submission, not {len(ready)}: --student ID.")
    for path, about in ready.items():
        done.files.append(to or path)
        if not dry_run:
            _write(to or path, f"{json.dumps(about, indent=2)}\n")
    return done


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from None


def _graded(
    course: Course, name: str, students: Collection[str], done: Exported
) -> Iterator[tuple[Result, FinalMark]]:
    """Yield results with their final marks; note those whose mark is not final."""
    marks = final_marks(course, name)
    with Journal(course.journal, write=False) as journal:
        for result in journal.latest(name):
            mark = marks.get(result.student)
            if mark is None or (students and result.student not in students):
                continue
            if why := why_left_out(mark):
                done.leave_out(name, result.student, why)
                continue
            yield result, mark
