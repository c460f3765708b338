"""The class: who may hand in, and who has more time. Once read, it is remembered.

A column ``extra days`` is for all assignments, ``extra days NAME`` for one.
"""

import csv
import io
import json
from pathlib import Path

from helpers.errors import CourseError

from grading.course import Course
from grading.gradebook.storage import opened_to_read
from grading.submission.intake import NEVER_IN_AN_ID

GRADEBOOK = "gradebook"
NOBODY = "none"
SEPARATORS = ",;\t"
# How platforms name the column of ids, in small letters, the likeliest first: Canvas's
# own file has its internal number in a column ID too.
COLUMNS = (
    *("sis login id", "sis user id", "id number", "idnumber", "sid", "student id"),
    *("student_id", "id", "username", "login"),
)
EXTRA = "extra days"
MAX_DAYS = 10_000
REMEMBERED = "class.json"
Class = dict[str, dict[str, float]]
"""By student, extra days by assignment; ``""`` stands for all."""

TEST_STUDENT = "Student, Test"
"""The student of Canvas that is none."""


class RosterError(CourseError):
    """The list of students cannot be used; the message says what is wrong with it."""


def read(course: Course, roster: str) -> list[str]:
    """Return the ids of a class, each once, in the order of the list.

    Args:
        course: the course folder.
        roster: a CSV file with a column of ids, such as ``nbgrader db student import``
            reads, or as Canvas, Moodle or Gradescope export it; or ``"gradebook"`` for
            the students whom the gradebook knows.

    Raises:
        RosterError: the file cannot be read, there is no such column, or an id cannot
            be a folder's name.
    """
    return list(_read(course, roster))


def _read(course: Course, roster: str) -> Class:
    """Return the class that a list names."""
    if roster == GRADEBOOK:
        with opened_to_read(course) as gradebook:
            everybody: Class = {student.id: {} for student in gradebook.students}
    else:
        everybody = _rows(Path(roster))
    if not everybody:
        raise RosterError(f"{roster} names no student.")
    for name in everybody:
        if NEVER_IN_AN_ID.search(name):
            raise RosterError(f"{roster}: {name!r} cannot be a student's id.")
    return everybody


def known(course: Course, roster: str | None = None) -> list[str] | None:
    """Return the ids of a class, and remember them for later commands.

    Args:
        course: the course folder.
        roster: as for ``read``; ``"none"`` forgets the class. If it is left out, the
            class is the one that is remembered.

    Returns:
        The ids; None if no class is known.

    Raises:
        RosterError: as ``read``; or what is remembered cannot be read.
    """
    path = course.state / REMEMBERED
    if roster == NOBODY:
        path.unlink(missing_ok=True)
        return None
    if roster is None:
        remembered = _remembered(path)
        return None if remembered is None else list(remembered)
    everybody = _read(course, roster)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everybody), "utf-8")
    return list(everybody)


def extra_days(course: Course, assignment: str) -> dict[str, float]:
    """Return how many days more students of the remembered class have.

    Raises:
        RosterError: what is remembered cannot be read.
    """
    everybody = _remembered(course.state / REMEMBERED) or {}
    return {
        student: days.get(assignment, days.get("", 0.0))
        for student, days in everybody.items()
        if assignment in days or "" in days
    }


def _remembered(path: Path) -> Class | None:
    if not path.exists():
        return None
    try:
        return {
            str(student): {str(name): float(days) for name, days in more.items()}
            for student, more in json.loads(path.read_text("utf-8")).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        raise RosterError(
            f"{path} cannot be read: name the class again, with --roster."
        ) from None


def _rows(path: Path) -> Class:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterError(f"{path} is not in UTF-8.") from None
    except OSError as error:
        raise RosterError(f"{path} cannot be read: {error.strerror}.") from None
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    by_word = {name.lower(): name for name in names}
    column = next((by_word[word] for word in COLUMNS if word in by_word), None)
    if column is None:
        raise RosterError(
            f"{path} has no column id, but {', '.join(names) or 'no column at all'}."
        )
    extra = {
        name: name[len(EXTRA) :].strip()
        for name in names
        if name.lower().startswith(EXTRA)
    }
    everybody: Class = {}
    for row in rows:
        student = (row[column] or "").strip()
        if student and row.get("Student") != TEST_STUDENT:
            everybody[student] = {
                assignment: _days(path, student, row[name])
                for name, assignment in extra.items()
                if (row[name] or "").strip()
            }
    return everybody


def _days(path: Path, student: str, text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < MAX_DAYS:
        raise RosterError(f"{path}: {student} has {text!r} extra days.")
    return days
