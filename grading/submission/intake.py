"""What a student handed in: read before anything of it runs, and never followed.

Everything here has limits, for all files of a student together, and takes time in
proportion to their size. Nothing raises for a bad submission: it is refused, with a
sentence, and gets an explicit zero.
"""

import os
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from grading.course import Course
from grading.runtime import sanitize
from grading.submission import match_cells, read_notebook, timestamp
from grading.submission.assignment import Assignment
from grading.submission.files import content, files, is_there
from grading.submission.match_cells import Added, Match
from grading.submission.names_in_code import Reader
from grading.submission.read_notebook import (
    Allowance,
    StudentCell,
    UnreadableError,
)

STUDENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
# Of a roster's ids, too: they become folders, nbgrader's globs and format strings.
NEVER_IN_AN_ID = re.compile(
    rf"^[.\s~-]|[\t\n/\\*?\[\]{{}}]|{sanitize.CONTROL.pattern}|\s$|^$"
)
MAX_NOTEBOOKS = 10
LIKE_A_NOTEBOOK = re.compile(r"\.(ipynb|json|ipynb\.(txt|json|ipynb))$", re.I)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one assignment.

    Attributes:
        student: the student's id.
        assignment: the assignment's name.
        solutions: the student's text by grade id; a cell that is missing has none.
        added: cells of the student's own that solutions need.
        notes: plain sentences for the instructor: what was repaired.
        refused: why nothing of it can run, as a sentence; None if it can.
        timestamp: when it was handed in; None if unknown.
    """

    student: str
    assignment: str
    solutions: dict[str, str] = field(default_factory=dict)
    added: tuple[Added, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str | None = None
    timestamp: str | None = None


def students(
    course: Course, assignment: str, roster: Collection[str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """Return who handed in an assignment, and folders that are left out, with why.

    Args:
        course: the course folder.
        assignment: the assignment's name.
        roster: ids of the class. If given, they alone are allowed; otherwise an id
            consists of ASCII letters, digits and ``. _ @ -``.
    """
    students: list[str] = []
    left_out: dict[str, str] = {}
    folder = course.root / course.submitted
    if not folder.is_dir():
        return [], {}
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_file(follow_symlinks=False) or entry.name.startswith("."):
            continue
        path = Path(entry.path)
        try:
            if is_there(path / assignment):
                why = _why_no_id(entry.name, roster)
            elif is_there(path / f"{assignment}.ipynb"):
                why = f"{assignment}.ipynb lies outside of the folder {assignment}."
            else:
                continue
        except OSError as error:
            why = f"The folder cannot be read: {error.strerror}."
        if why is None:
            students.append(entry.name)
        else:
            left_out[entry.name] = why
    return students, left_out


def _why_no_id(name: str, roster: Collection[str] | None) -> str | None:
    if NEVER_IN_AN_ID.search(name):
        return "The folder's name cannot be a student's id."
    if roster is not None:
        return None if name in roster else "The folder's name is not in the roster."
    if not STUDENT_ID.fullmatch(name):
        return (
            "The folder's name cannot be a student's id without a roster: it has other "
            "characters than letters, digits and . _ @ -, or more than 64."
        )
    return None


def receive(course: Course, assignment: Assignment, student: str) -> Submission:
    """Read what a student handed in. A bad submission is refused, not an error."""
    folder = course.path(course.submitted, student, assignment.name)
    return read(assignment, student, folder)


def read(assignment: Assignment, student: str, folder: Path) -> Submission:
    """Read what lies in a folder of a student's. Nothing raises for a bad submission.

    Args:
        assignment: the course's own.
        student: the student's id.
        folder: it is named as the assignment.
    """
    empty = Submission(student, assignment.name)
    try:
        for part in (folder.parent, folder):
            if not stat.S_ISDIR(part.lstat().st_mode):
                raise UnreadableError(f"{part.name} is not a folder (a link?).")
        time, notes = timestamp.handed_in(folder)
        empty = replace(empty, timestamp=time)  # also of one that is refused below
        notebooks = _notebooks(folder, list(files(folder)))
        match, more = _best(assignment, folder, notebooks)
        notes += more
        if not match.solutions:
            raise UnreadableError(
                "The notebook holds none of the cells that are to be written."
            )
    except UnreadableError as error:
        return replace(empty, refused=sanitize.line(str(error)))
    except OSError as error:
        name = Path(error.filename or folder).name
        why = f"{name} cannot be read: {error.strerror}."
        return replace(empty, refused=sanitize.line(why))
    notes += match.notes
    if not match.worked:
        notes.append("No cell differs from its stub: nothing was written.")
    return replace(
        empty,
        solutions=match.solutions,
        added=tuple(match.added),
        notes=tuple(map(sanitize.line, notes)),
    )


def _notebooks(folder: Path, files: list[Path]) -> list[Path]:
    """Return the files that may be the notebook, the likeliest first.

    Raises:
        UnreadableError: there is none.
    """
    name = f"{folder.name}.ipynb"
    similar = [path for path in files if LIKE_A_NOTEBOOK.search(path.name)]
    proper = [path for path in similar if path.suffix.lower() == ".ipynb"]
    notebooks = sorted(
        proper or similar,
        key=lambda path: (path != folder / name, path.name != name, len(path.parts)),
    )
    if not notebooks:
        names = ", ".join(path.name[:40] for path in files[:5])
        holds = f"no notebook, but {names}" if files else "no file"
        raise UnreadableError(f"The folder holds {holds}.")
    if len(notebooks) > MAX_NOTEBOOKS:
        raise UnreadableError(f"The folder holds more than {MAX_NOTEBOOKS} notebooks.")
    return notebooks


def _best(
    assignment: Assignment, folder: Path, paths: list[Path]
) -> tuple[Match, list[str]]:
    """Return what the best notebook holds, and sentences about the choice.

    It is the one with the right name if anything was written in it, otherwise the one
    with most solutions.

    Raises:
        UnreadableError: none can be read; the message is about the likeliest.
    """
    matches: list[tuple[Path, Match]] = []
    # Not the errors: their frames would keep the files in memory.
    failed: list[str] = []
    allowance, reader = Allowance(), Reader()
    for path in paths:
        try:
            cells, notes = _read(path, allowance)
        except UnreadableError as error:
            failed.append(str(error))
            continue
        match = match_cells.match(assignment, cells, reader)
        match.notes = notes + match.notes
        matches.append((path, match))
        if path == paths[0] and match.worked:
            break
    if not matches:
        name = (
            ""
            if paths[0].name == f"{assignment.name}.ipynb"
            else f"{paths[0].name[:80]}: "
        )
        raise UnreadableError(f"{name}{failed[0]}")
    path, match = max(matches, key=lambda pair: pair[1].worked)
    notes = []
    if path.name != f"{assignment.name}.ipynb":
        notes.append(f"The notebook's name was {path.name[:80]!r}.")
    if path.parent != folder:
        notes.append(f"The notebook was in the folder {path.parent.name[:80]!r}.")
    if len(paths) > 1:
        notes.append(f"{len(paths)} notebooks were handed in; {path.name!r} was taken.")
    return match, notes


def _read(path: Path, allowance: Allowance) -> tuple[list[StudentCell], list[str]]:
    """Return what ``read_notebook.read`` does.

    Raises:
        UnreadableError: as there; or it is no file.
        OSError: it cannot be read.
    """
    size = max(0, allowance.size)
    return read_notebook.read(content(path, size), allowance)
