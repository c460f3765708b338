"""The class: ids of the students who may hand in. Once read, it is remembered."""

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
    if roster == GRADEBOOK:
        with opened_to_read(course) as gradebook:
            names = [student.id for student in gradebook.students]
    else:
        names = _column(Path(roster))
    if not names:
        raise RosterError(f"{roster} names no student.")
    for name in names:
        if NEVER_IN_AN_ID.search(name):
            raise RosterError(f"{roster}: {name!r} cannot be a student's id.")
    return list(dict.fromkeys(names))


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
    path = course.state / "class.json"
    if roster == NOBODY:
        path.unlink(missing_ok=True)
        return None
    if roster is None:
        return _remembered(path)
    names = read(course, roster)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(names), "utf-8")
    return names


def _remembered(path: Path) -> list[str] | None:
    if not path.exists():
        return None
    try:
        return [str(name) for name in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        raise RosterError(
            f"{path} cannot be read: name the class again, with --roster."
        ) from None


def _column(path: Path) -> list[str]:
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
    return [
        name
        for row in rows
        if (name := (row[column] or "").strip()) and row.get("Student") != TEST_STUDENT
    ]
