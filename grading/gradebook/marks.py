"""A student's final mark, as table, report, feedback and export show it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from grading.course import Course
from grading.gradebook.storage import exists, opened


@dataclass(frozen=True)
class FinalMark:
    """What the gradebook holds of a submission.

    Attributes:
        points: after what a late submission loses, marks by hand included.
        of: the most that there is.
        checked: points before what a late submission loses.
        late: points that it loses as late.
        by_hand: whether a person gave a mark or extra credit.
        waiting: answers that wait for a person. Until then the mark is not final.
        seconds_late: how long after the due date, an extension included, it came.
    """

    points: float
    of: float
    checked: float
    late: float = 0.0
    by_hand: bool = False
    waiting: int = 0
    seconds_late: float = 0.0

    @property
    def words(self) -> list[str]:
        """What to know about the mark, in few words."""
        words = []
        if self.late:
            words.append(f"late: -{min(self.late, self.checked):g}")
        if self.by_hand:
            words.append("by hand")
        if self.waiting:
            words.append(f"{self.waiting} to mark by hand")
        return words


def of_submission(submission: Any) -> FinalMark:
    """Return the final mark of nbgrader's entry of a submission."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    late = float(submission.late_submission_penalty or 0.0)
    return FinalMark(
        points=max(0.0, float(submission.score) - late),
        of=float(submission.max_score),
        checked=float(submission.score),
        late=late,
        by_hand=any(
            grade.manual_score is not None or grade.extra_credit for grade in grades
        ),
        waiting=sum(grade.needs_manual_grade for grade in grades),
        seconds_late=float(submission.total_seconds_late),
    )


@dataclass(frozen=True)
class Marked:
    """What the gradebook holds of an assignment.

    Attributes:
        due: when it is due, in UTC; None if that is open.
        marks: final marks, by student.
        came: when the first work came that has a time; None if none has.
    """

    due: datetime | None = None
    marks: dict[str, FinalMark] = field(default_factory=dict)
    came: datetime | None = None


@dataclass(frozen=True)
class Book:
    """What the gradebook holds of a class.

    Attributes:
        names: of students, by id: ``Lovelace, Ada``; ``""`` where none is known.
        assignments: by name.
    """

    names: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, Marked] = field(default_factory=dict)


def of_student(gradebook: Gradebook, assignment: str, student: str) -> FinalMark | None:
    """Return a student's final mark; None without a submission."""
    try:
        return of_submission(gradebook.find_submission(assignment, student))
    except MissingEntry:
        return None


def final_marks(course: Course, assignment: str) -> dict[str, FinalMark]:
    """Return the final marks of all who have one, by the student's id.

    Raises:
        WriteError: the gradebook cannot be read.
    """
    if not exists(course):
        return {}
    with opened(course, "read") as gradebook:
        try:
            submissions: Iterable[Any] = gradebook.find_assignment(
                assignment
            ).submissions
        except MissingEntry:
            return {}
        return {entry.student.id: of_submission(entry) for entry in submissions}


def book(course: Course) -> Book:
    """Return what the gradebook holds of the class; nothing, if there is none.

    Raises:
        WriteError: the gradebook cannot be read.
    """
    if not exists(course):
        return Book()
    with opened(course, "read") as gradebook:
        names = {
            student.id: ", ".join(filter(None, (student.last_name, student.first_name)))
            for student in gradebook.students
        }
        assignments = {}
        for assignment in gradebook.assignments:
            entries = list(assignment.submissions)
            times = [entry.timestamp for entry in entries if entry.timestamp]
            assignments[assignment.name] = Marked(
                due=assignment.duedate,
                marks={entry.student.id: of_submission(entry) for entry in entries},
                came=min(times, default=None),
            )
        return Book(names, assignments)
