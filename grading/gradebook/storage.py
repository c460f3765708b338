"""Nbgrader's gradebook: made as a whole or not at all, and opened with clear errors."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path
from types import ModuleType

from helpers.errors import CourseError

from nbgrader.api import Gradebook
from nbgrader.converters import autograde
from nbgrader.preprocessors import (
    latesubmissions,
    overwritecells,
    overwritekernelspec,
    saveautogrades,
)
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker

from grading.course import Course

# The modules of nbgrader that open the gradebook while it grades.
STEPS = (
    autograde,
    latesubmissions,
    overwritecells,
    overwritekernelspec,
    saveautogrades,
)


class WriteError(CourseError):
    """The gradebook could not be written; the journal still holds every result."""


@contextmanager
def opened(course: Course, to_be: str = "written") -> Iterator[Gradebook]:
    """Open the gradebook of a course; it is made if there is none.

    Args:
        course: the course folder.
        to_be: what is to be done with it: ``"written"`` or ``"read"``.

    Raises:
        WriteError: it cannot be opened, or what is done with it fails.
    """
    url = make_url(course.directory.db_url)
    try:
        _make_missing(course, url)
        with course.gradebook() as gradebook:
            yield gradebook
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = getattr(error, "orig", None) or error
        raise WriteError(
            f"The gradebook {url.render_as_string()} cannot be {to_be}: {reason}. "
            "The journal keeps every result; put that right and start again."
        ) from error


def exists(course: Course) -> bool:
    """Return whether there is a gradebook; one on a server is taken to be there."""
    url = make_url(course.directory.db_url)
    is_file = url.get_backend_name() == "sqlite" and url.database and not url.query
    return not is_file or Path(str(url.database)).exists()


@contextmanager
def opened_to_read(course: Course) -> Iterator[Gradebook]:
    """Open the gradebook of a course; none is made.

    Raises:
        WriteError: there is none, or it cannot be read.
    """
    if not exists(course):
        raise WriteError("Nothing is graded yet: there is no gradebook.")
    with opened(course, "read") as gradebook:
        yield gradebook


@contextmanager
def one_transaction(course: Course) -> Iterator[Gradebook]:
    """Have all that nbgrader's Autograde writes meanwhile be one transaction.

    Nbgrader opens the gradebook for each step and commits after each cell: some 80
    times a submission, and each has to reach the disk. Here its steps meet one
    gradebook, open already, whose commits wait for the end of the block. If that ends
    with an error, nothing is written.

    Raises:
        WriteError: it cannot be opened or written.
    """
    with opened(course) as whole, whole.engine.connect() as connection:

        class Joined(Gradebook):  # type: ignore[misc]  # nbgrader has no types
            """A gradebook in the transaction."""

            def __init__(self, db_url: str, course_id: str = "", _: object = None):
                self.engine = whole.engine
                self.db = scoped_session(
                    sessionmaker(connection, join_transaction_mode="rollback_only")
                )
                self.course_id = course_id or whole.course_id
                self.authenticator = None

            def close(self) -> None:
                self.db.remove()

        with connection.begin(), ExitStack() as patches:
            for step in STEPS:
                patches.enter_context(_in_place(step, Joined))
            with Joined(course.directory.db_url) as gradebook:
                yield gradebook


@contextmanager
def _in_place(step: ModuleType, gradebook: type[Gradebook]) -> Iterator[None]:
    """Have a module of nbgrader's open another gradebook."""
    own = vars(step)["Gradebook"]
    vars(step)["Gradebook"] = gradebook
    try:
        yield
    finally:
        vars(step)["Gradebook"] = own


def check_writable(course: Course) -> None:
    """Try whether the gradebook can be written, and leave it as it is.

    Raises:
        WriteError: it cannot.
    """
    with opened(course) as gradebook:
        if gradebook.db.get_bind().dialect.name == "sqlite":
            gradebook.db.execute(text("BEGIN IMMEDIATE"))
            gradebook.db.execute(text("CREATE TABLE writable (yes INTEGER)"))
            gradebook.db.rollback()


def _make_missing(course: Course, url: URL) -> None:
    """Have nbgrader make the gradebook if it is a file that is not there.

    Nbgrader makes its tables first and notes their version later. If it is killed
    between the two, the gradebook it leaves cannot be upgraded.
    """
    if url.get_backend_name() != "sqlite" or url.query or not url.database:
        return
    path = Path(url.database)
    if path.exists():
        return
    new = path.with_name(f"{path.name}.new")
    for left_over in (new, Path(f"{new}-journal")):
        left_over.unlink(missing_ok=True)
    config = deepcopy(course.config)
    config.CourseDirectory.db_url = url.set(database=str(new)).render_as_string()
    with Course(course.root, config).gradebook():
        pass
    try:
        os.link(new, path)  # a gradebook that came meanwhile is never replaced
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not path.exists():
            new.replace(path)
    new.unlink(missing_ok=True)
