"""Results into the gradebook and ``autograded/``, by nbgrader's own converters.

One student at a time, under the lock. nbgrader reads a private copy of the rebuilt
notebook, never the student's folder, and its Execute step is replaced by
``Replay``.
"""

import shutil
import warnings
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import nbformat
from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute
from traitlets.config import Config

from grading.course import Course
from grading.gradebook import entries, storage
from grading.gradebook.converters import ConvertError, convert
from grading.gradebook.recorded_outputs import Replay
from grading.gradebook.sandboxed import SandboxedExecute
from grading.gradebook.storage import WriteError
from grading.journal import Journal
from grading.runtime.job import Job, Result
from grading.submission import assemble
from grading.submission.assignment import Assignment

REMOVED = "given by hand for older work, was removed."


class Writer:
    """Writes the results of one assignment.

    Args:
        course: the course folder.
        assignment: the course's own notebook.
        journal: where results are recorded, open for writing.
        extra_days: by student, how long after the due date nothing is late.

    Raises:
        WriteError: the gradebook is read-only, locked or damaged, or the assignment
            has other cells than the one that it holds marks for.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        journal: Journal,
        extra_days: Mapping[str, float] | None = None,
    ) -> None:
        self.extra_days = extra_days or {}
        self.course = course
        self.assignment = assignment
        self.journal = journal
        self.staging = course.state / "staging"
        storage.check_writable(course)
        if not entries.is_entered(course, assignment):
            entries.enter(course, assignment.name)

    def marks(self, result: Result) -> dict[str, float]:
        """Return the marks that go into the gradebook; a test without one gets 0."""
        return {
            name: float(result.marks.get(name, 0.0)) for name in self.assignment.points
        }

    def pending(self, result: Result) -> bool:
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
        as nbgrader has it, and stand for review. With other work they are removed, and
        comments with them: no older score survives a new submission.

        Args:
            job: what ran.
            result: what came of it.
            timestamp: when the work was handed in.

        Returns:
            A sentence for each mark and comment that was removed.

        Raises:
            WriteError: nbgrader failed; nothing was recorded as written.
            JournalError: the journal cannot be written.
        """
        self._stage(job, timestamp)
        # Until it is written, nothing says what the gradebook holds.
        older = self.journal.written(job.assignment, job.student)
        work = "" if older is None else older["work"]
        self.journal.record_written(job.assignment, job.student, "", work)
        with storage.one_transaction(self.course) as gradebook:
            notes = self._remove_marks_for_older_work(gradebook, job, work)
            self._extend(gradebook, job.student)
            self._autograde(gradebook, result)
        shutil.rmtree(self.staging)
        self.journal.record_written(
            job.assignment, job.student, result.key, assemble.work_key(job)
        )
        return notes

    def _autograde(self, gradebook: Gradebook, result: Result) -> None:
        """Have nbgrader write a result, and look at what it wrote.

        Raises:
            WriteError: it failed, or wrote other marks.
        """
        try:
            convert(Autograde, self._config(result))
        except ConvertError as error:
            raise WriteError(
                f"{result.student}: nbgrader could not write the result.\n{error}"
            ) from error
        gradebook.db.expire_all()
        if self._auto_scores(gradebook, result.student) != self.marks(result):
            raise WriteError(
                f"{result.student}: the gradebook holds other marks than the verdict."
            )

    def _extend(self, gradebook: Gradebook, student: str) -> None:
        """Give a student more time, if that is known, before the work is written."""
        if student not in self.extra_days:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of nbgrader about its own database
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission(
                self.assignment.name,
                student,
                extension=timedelta(days=self.extra_days[student]),
            )

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

    def _config(self, result: Result) -> Config:
        """Return nbgrader's settings for one student: nothing runs."""
        config = deepcopy(self.course.config)
        config.CourseDirectory.assignment_id = self.assignment.name
        config.CourseDirectory.student_id = result.student
        config.CourseDirectory.submitted_directory = str(
            self.staging.relative_to(self.course.root)
        )
        config.BaseConverter.force = True
        config.Exporter.optimistic_validation = True  # once, not after every step
        config.Autograde.pop("pre_convert_hook", None)  # the assignment is entered
        for trait in ("sanitize_preprocessors", "autograde_preprocessors"):
            steps = config.Autograde.get(
                trait, Autograde.class_traits()[trait].default()
            )
            # The cells' metadata are the course's own, checked when it was entered: to
            # check them twice more takes a fifth of the time.
            config.Autograde[trait] = [
                Replay if step in (Execute, SandboxedExecute) else step
                for step in steps
                if step is not CheckCellMetadata
            ]
        config.Replay.outputs = result.outputs
        config.Replay.marks = self.marks(result)
        config.Replay.messages = self._messages(result)
        return config

    def _stage(self, job: Job, timestamp: str | None) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)
        folder = self.staging / job.student / job.assignment
        folder.mkdir(parents=True)
        notebook = assemble.notebook(self.assignment, job)
        nbformat.write(notebook, folder / f"{job.assignment}.ipynb")
        if timestamp is not None:
            (folder / "timestamp.txt").write_text(timestamp, "utf-8")

    def _entry(self, gradebook: Gradebook, student: str) -> SubmittedNotebook | None:
        name = self.assignment.name
        try:
            return gradebook.find_submission_notebook(name, name, student)
        except MissingEntry:
            return None

    def _grades(self, gradebook: Gradebook, student: str) -> list[Grade]:
        entry = self._entry(gradebook, student)
        points = self.assignment.points
        return (
            [grade for grade in entry.grades if grade.name in points] if entry else []
        )

    def _in_gradebook(self, student: str) -> Mapping[str, float | None]:
        with storage.opened(self.course) as gradebook:
            return self._auto_scores(gradebook, student)

    def _auto_scores(
        self, gradebook: Gradebook, student: str
    ) -> dict[str, float | None]:
        grades = self._grades(gradebook, student)
        return {grade.name: grade.auto_score for grade in grades}

    def _remove_marks_for_older_work(
        self, gradebook: Gradebook, job: Job, older_work: str
    ) -> list[str]:
        """Remove what a person gave; return a sentence for each mark and comment."""
        if older_work in ("", assemble.work_key(job)):
            return []
        notes: list[str] = []
        entry = self._entry(gradebook, job.student)
        for grade in entry.grades if entry else ():
            by_hand = {
                "a mark": grade.manual_score,
                "an extra credit": grade.extra_credit,
            }
            notes += [
                f"{job.student}: {kind} of {value:g} for {grade.name}, {REMOVED}"
                for kind, value in by_hand.items()
                if value is not None
            ]
            grade.manual_score = None
            grade.extra_credit = None
        for comment in entry.comments if entry else ():
            if comment.manual_comment:
                notes.append(f"{job.student}: a comment on {comment.name}, {REMOVED}")
            comment.manual_comment = None
        gradebook.db.commit()
        return notes
