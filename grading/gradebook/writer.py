"""Results into the gradebook and ``autograded/``, by nbgrader's own converters.

One student at a time, under the lock. nbgrader reads a private copy of the rebuilt
notebook, never the student's folder, and its Execute step is replaced by
``Replay``.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.preprocessors import ComputeChecksums, Execute
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from grading.course import Course
from grading.database import compiled_once
from grading.gradebook.converters import ConvertError, convert
from grading.gradebook.recorded_outputs import Replay
from grading.journal import Journal
from grading.runtime.job import Job, Result
from grading.submission.assemble import work_key
from grading.submission.assignment import Assignment


class WriteError(CourseError):
    """The gradebook could not be written; the journal still holds every result."""


class Writer:
    """Writes the results of one assignment.

    Args:
        course: the course folder.
        assignment: the course's own notebook.
        journal: where results are recorded, open for writing.

    Raises:
        WriteError: the gradebook is read-only, locked or damaged, or the assignment
            has other cells than the one that it holds marks for.
    """

    def __init__(
        self, course: Course, assignment: Assignment, journal: Journal
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.journal = journal
        self.staging = course.state / "staging"
        self._check_writable()
        if not self._is_known():
            self._enter_assignment()

    def marks(self, result: Result) -> dict[str, float]:
        """Return the marks that go into the gradebook; a test without one gets 0."""
        return {
            name: float(result.marks.get(name, 0.0)) for name in self.assignment.points
        }

    def pending(self, job: Job, result: Result) -> bool:
        """Return whether a result still has to be written."""
        written = self.journal.written(result.assignment, result.student)
        if written is None or written["key"] != result.key:
            return True
        return not self._autograded(result.student).is_file() or self._in_gradebook(
            result.student
        ) != self.marks(result)

    def write(
        self, job: Job, result: Result, timestamp: str | None = None
    ) -> list[str]:
        """Write one student's result, and record in the journal that it was written.

        Marks that an instructor gave by hand stay as long as the student's work does,
        as nbgrader has it, and stand for review. With other work they are removed: no
        older score survives a new submission.

        Args:
            job: what ran.
            result: what came of it.
            timestamp: when the work was handed in.

        Returns:
            A sentence for each mark that was removed.

        Raises:
            WriteError: nbgrader failed; nothing was recorded as written.
            JournalError: the journal cannot be written.
        """
        self._stage(job, timestamp)
        # Until it is written, nothing says what the gradebook holds.
        older = self.journal.written(job.assignment, job.student)
        work = "" if older is None else older["work"]
        self.journal.record_written(job.assignment, job.student, "", work)
        notes = self._forget_older_marks(job, work)
        config = self._config(job.student)
        steps = Autograde.class_traits()["autograde_preprocessors"].default()
        chosen = config.Autograde.get("autograde_preprocessors", steps)
        config.Autograde.autograde_preprocessors = [
            Replay if step is Execute else step for step in chosen
        ]
        config.Replay.outputs = result.outputs
        config.Replay.marks = self.marks(result)
        config.Replay.messages = self._messages(result)
        try:
            convert(Autograde, config)
        except ConvertError as error:
            raise WriteError(
                f"{job.student}: nbgrader could not write the result.\n{error}"
            ) from error
        found = self._in_gradebook(job.student)
        if found != self.marks(result):
            raise WriteError(
                f"{job.student}: the gradebook holds other marks than the verdict."
            )
        shutil.rmtree(self.staging)
        self.journal.record_written(
            job.assignment, job.student, result.key, work_key(job)
        )
        return notes

    def _messages(self, result: Result) -> dict[str, str]:
        without = f"Not graded: {' '.join(result.notes)}" if result.notes else ""
        if result.status in ("graded", "repaired"):
            without = ""
        return {
            name: result.messages.get(name) or without
            for name in self.assignment.points
        }

    def _autograded(self, student: str) -> Path:
        step = self.course.directory.autograded_directory
        folder = self.course.path(step, student, self.assignment.name)
        return folder / f"{self.assignment.name}.ipynb"

    def _config(self, student: str) -> Config:
        config = deepcopy(self.course.config)
        config.CourseDirectory.assignment_id = self.assignment.name
        config.CourseDirectory.student_id = student
        config.CourseDirectory.submitted_directory = str(
            self.staging.relative_to(self.course.root)
        )
        config.CourseDirectory.db_url = compiled_once(self.course.directory.db_url)
        config.BaseConverter.force = True
        config.Exporter.optimistic_validation = True  # once, not after every step
        return config

    @contextmanager
    def _gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook.

        Raises:
            WriteError: it cannot be opened, or what is done with it fails.
        """
        url = make_url(self.course.directory.db_url)
        try:
            self._make_gradebook(url)
            with self.course.gradebook() as gradebook:
                yield gradebook
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            reason = getattr(error, "orig", None) or error
            raise WriteError(
                f"The gradebook {url.render_as_string()} cannot be written: {reason}. "
                "The journal keeps every result; put that right and start again."
            ) from error

    def _make_gradebook(self, url: URL) -> None:
        """Have nbgrader make a gradebook that is not there: all of it or nothing.

        nbgrader makes its tables first and notes their version later. One that is
        killed between leaves a gradebook that cannot be upgraded.
        """
        if url.get_backend_name() != "sqlite" or url.query or not url.database:
            return
        path = Path(url.database)
        if path.exists():
            return
        new = path.with_name(f"{path.name}.new")
        for one in (new, Path(f"{new}-journal")):
            one.unlink(missing_ok=True)
        config = deepcopy(self.course.config)
        config.CourseDirectory.db_url = url.set(database=str(new)).render_as_string()
        with Course(self.course.root, config).gradebook():
            pass
        new.replace(path)

    def _check_writable(self) -> None:
        with self._gradebook() as gradebook:
            if gradebook.db.get_bind().dialect.name == "sqlite":
                gradebook.db.execute(text("BEGIN IMMEDIATE"))
                gradebook.db.execute(text("CREATE TABLE writable (yes INTEGER)"))
                gradebook.db.rollback()

    def _is_known(self) -> bool:
        """Return whether the gradebook holds the assignment as its source is now."""
        name = self.assignment.name
        steps = ComputeChecksums(config=self.course.config)
        notebook, _ = steps.preprocess(deepcopy(self.assignment.trusted), {})
        now = {
            about["grade_id"]: about["checksum"]
            for cell in notebook.cells
            if "checksum" in (about := cell.metadata.get("nbgrader", {}))
        }
        with self._gradebook() as gradebook:
            try:
                known = gradebook.find_notebook(name, name)
            except MissingEntry:
                return False
            return {cell.name: cell.checksum for cell in known.source_cells} == now

    def _enter_assignment(self) -> None:
        """Have nbgrader enter the assignment; release/ stays as it is."""
        config = self._config(".")
        config.CourseDirectory.release_directory = str(
            self.staging.relative_to(self.course.root)
        )
        try:
            convert(GenerateAssignment, config)
        except ConvertError as error:
            raise WriteError(
                f"nbgrader could not enter {self.assignment.name} in the gradebook. "
                "Tests cannot be added or removed once there are marks for them.\n"
                f"{error}"
            ) from error
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)

    def _stage(self, job: Job, timestamp: str | None) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)
        folder = self.staging / job.student / job.assignment
        folder.mkdir(parents=True)
        nbformat.write(
            rebuilt(self.assignment, job), folder / f"{job.assignment}.ipynb"
        )
        if timestamp is not None:
            (folder / "timestamp.txt").write_text(timestamp, "utf-8")

    def _grades(self, gradebook: Any, student: str) -> list[Any]:
        name = self.assignment.name
        try:
            found = gradebook.find_submission_notebook(name, name, student)
        except MissingEntry:
            return []
        return [grade for grade in found.grades if grade.name in self.assignment.points]

    def _in_gradebook(self, student: str) -> Mapping[str, float | None]:
        with self._gradebook() as gradebook:
            return {
                grade.name: grade.auto_score
                for grade in self._grades(gradebook, student)
            }

    def _forget_older_marks(self, job: Job, older_work: str) -> list[str]:
        if older_work in ("", work_key(job)):
            return []
        notes = []
        with self._gradebook() as gradebook:
            for grade in self._grades(gradebook, job.student):
                by_hand = {
                    "mark": grade.manual_score,
                    "extra credit": grade.extra_credit,
                }
                notes += [
                    f"{job.student}: a {what} of {value:g} for {grade.name}, given by "
                    "hand for older work, was removed."
                    for what, value in by_hand.items()
                    if value is not None
                ]
                grade.manual_score = None
                grade.extra_credit = None
            gradebook.db.commit()
        return notes


def rebuilt(assignment: Assignment, job: Job) -> NotebookNode:
    """Return a job's notebook with nbgrader's data and hidden tests, for nbgrader."""
    notebook = deepcopy(assignment.trusted)
    originals = {cell.id: cell for cell in notebook.cells}
    notebook.cells = []
    for cell in job.cells:
        original = originals.get(cell.id)
        if original is None:
            original = new_code_cell(cell.source, id=cell.id)
        elif cell.role == "solution":
            original.source = cell.source
        notebook.cells.append(original)
    return notebook
