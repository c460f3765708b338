"""The class: ids of the students who may hand in."""

import csv
import io
from pathlib import Path

from helpers.errors import CourseError

from grading.course import Course
from grading.submission.intake import NEVER_IN_AN_ID

GRADEBOOK = "gradebook"
SEPARATORS = ",;\t"


class RosterError(CourseError):
    """The list of students cannot be used; the message says what is wrong with it."""


def read(course: Course, roster: str) -> list[str]:
    """Return the ids of a class, each once, in the order of the list.

    Args:
        course: the course folder.
        roster: a CSV file with a column ``id``, such as ``nbgrader db student import``
            reads; or ``"gradebook"`` for the students whom the gradebook knows.

    Raises:
        RosterError: the file cannot be read, there is no such column, or an id cannot
            be a folder's name.
    """
    if roster == GRADEBOOK:
        with course.gradebook() as gradebook:
            names = [student.id for student in gradebook.students]
    else:
        names = _column(Path(roster))
    if not names:
        raise RosterError(f"{roster} names no student.")
    for name in names:
        if NEVER_IN_AN_ID.search(name):
            raise RosterError(f"{roster}: {name!r} cannot be a student's id.")
    return list(dict.fromkeys(names))


def _column(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterError(f"{path} is not in UTF-8.") from None
    except OSError as error:
        raise RosterError(f"{error}") from None
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    names = [name.strip() for name in rows.fieldnames or ()]
    if "id" not in names:
        raise RosterError(
            f"{path} has no column id, but {', '.join(names) or 'no column at all'}."
        )
    rows.fieldnames = names
    return [name for row in rows if (name := (row["id"] or "").strip())]
