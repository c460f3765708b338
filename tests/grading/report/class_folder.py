"""A course folder with a graded class of every kind, made without running anything."""

import shutil
import warnings
from datetime import datetime, timedelta
from pathlib import Path

from grading.course import Course
from grading.journal import Journal
from grading.runtime.job import Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.notebooks import references, source, with_cells
from samples.odd_submissions import written

NAMES = ("vanilla", "sparse", "quiz")
DUE = datetime(2025, 3, 1, 18)
FIRST = {"ana": "Ana", "bob": "Bob", "chi": "Chi"}
LAST = {"ana": "Álvarez", "bob": "Brown", "chi": "Chen"}
WRONG = {"answer_1": 'answer_1 = {"b", "d"}'}


def work(course: Course, student: str, name: str, cells: dict[str, str]) -> None:
    """Hand in the released notebook with other text in some cells."""
    folder = course.path(course.submitted, student, name)
    folder.mkdir(parents=True)
    content = written(with_cells(source(name, "release"), cells))
    (folder / f"{name}.ipynb").write_bytes(content)


def grade(
    course: Course, name: str, shares: dict[str, float], days_late: dict[str, float]
) -> None:
    """Record and enter marks: a share of the checks, in their order, is held."""
    assignment = Assignment.load(course, name)
    most = sum(assignment.points.values())
    marks = {}
    with Journal(course.journal) as journal:
        for student, share in shares.items():
            submission = intake.receive(course, assignment, student)
            job = assemble.job(assignment, submission, "")
            held = list(assignment.points.items())
            held = held[: round(share * len(held))]
            status = "refused" if submission.refused else "graded"
            why = {
                test: f"Does not hold: {test}"
                for test in assignment.points
                if test not in dict(held)
            }
            journal.record(
                Result("key", student, name, status, (), {}, dict(held), why)
            )
            journal.record_written(name, student, "key", assemble.work_key(job))
            marks[student] = sum(points for _, points in held)
    with course.gradebook() as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's use of its own database
        due = DUE + timedelta(days=7 * NAMES.index(name))
        gradebook.update_or_create_assignment(name, duedate=due)
        gradebook.add_notebook(name, name)
        gradebook.add_grade_cell("all", name, name, max_score=most, cell_type="code")
        for student, points in marks.items():
            gradebook.update_or_create_student(
                student,
                first_name=FIRST.get(student),
                last_name=LAST.get(student),
            )
            came = due + timedelta(days=days_late.get(student, -1))
            gradebook.add_submission(name, student, timestamp=came)
            entry = gradebook.find_grade("all", name, name, student)
            entry.auto_score, entry.needs_manual_grade = points, False
        gradebook.db.commit()


def make(root: Path, more: int = 0) -> Course:
    """Make the folder.

    ana is good, bob falls, chi handed in nothing for sparse, dan an empty vanilla and a
    refused sparse, and eve's quiz is late and not graded. ``more`` others are between.
    """
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for name in NAMES:
        shutil.copytree(ROOT / "solutions" / name, root / "solutions" / name)
    course = Course.load(root)
    others = [f"student_{number:02}" for number in range(more)]
    middling = {who: 0.4 + 0.6 * (i % 7) / 6 for i, who in enumerate(others)}
    for name in NAMES:
        changed = {cell: f"{text}\n" for cell, text in references(name).items()}
        for i, student in enumerate(["ana", "bob", "chi", "dan", "eve", *others]):
            if (student, name) == ("chi", "sparse"):
                continue
            if (student, name) == ("dan", "sparse"):
                course.path(course.submitted, student, name).mkdir(parents=True)
                continue
            cells = changed
            if (student, name) == ("dan", "vanilla"):
                cells = {}
            elif name == "quiz" and (student in ("bob", "chi") or i % 3 == 1):
                cells = {**changed, **WRONG}
            work(course, student, name, cells)
    grade(
        course,
        "vanilla",
        {"ana": 1, "bob": 1, "chi": 0.8, "dan": 0, "eve": 0.6, **middling},
        {"eve": 2},
    )
    grade(
        course, "sparse", {"ana": 1, "bob": 0.4, "dan": 0, "eve": 0.7, **middling}, {}
    )
    grade(
        course, "quiz", {"ana": 1, "bob": 0.2, "chi": 0.9, "dan": 0.5, **middling}, {}
    )
    return course
