"""Marks as CSV files: plain, for Canvas and for Moodle, as nbgrader's exporter plugins.

``nbgrader export --exporter grading.gradebook.export.CanvasExport --to canvas.csv``
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin
from traitlets import Dict, Enum, Unicode

from grading.course import Course
from grading.runtime.sanitize import CONTROL

# What begins a formula in a spreadsheet, if it is the first sign that can be seen.
FORMULA = set("=+-@|%")
# Letters and signs that show nothing; all others of the kind are in classes C, M, Z.
UNSEEN = set("\u115f\u1160\u2800\u3164\uffa0")
LINE_END = re.compile(r"[\t\n]+")


def cell(value: Any) -> str | float:
    """Return a value for a CSV file: numbers as they are, text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return round(value, 4)
    plain = LINE_END.sub(" ", CONTROL.sub(" ", str(value)))
    seen = (
        sign
        for sign in plain
        if unicodedata.category(sign)[0] not in "CMZ" and sign not in UNSEEN
    )
    # Full-width and small forms count as what they stand for.
    first = unicodedata.normalize("NFKC", next(seen, ""))[:1]
    return f"'{plain}" if first in FORMULA else plain


class ExportError(CourseError):
    """The file cannot be written."""


class _Export(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """What the exporters share: which assignments and students, and how to write.

    ``ExportPlugin.assignment`` and ``.student`` choose some; all, if they are empty.
    """

    default_name = "grades.csv"

    titles = Dict(
        help="Titles of assignments' columns, where they are not the names: "
        "{'vanilla': 'Assignment 1 (4711)'} finds a column that Canvas has already."
    ).tag(config=True)

    def title(self, assignment: Any) -> str:
        """Return the title of an assignment's column."""
        return str(self.titles.get(assignment.name, assignment.name))

    def export(self, gradebook: Gradebook) -> None:
        """Write the marks to ``ExportPlugin.to``: UTF-8, text in quotes.

        Raises:
            ValueError: an assignment that was asked for does not exist.
        """
        names = {str(name) for name in self.assignment}
        assignments = [a for a in gradebook.assignments if not names or a.name in names]
        if missing := names - {assignment.name for assignment in assignments}:
            raise ValueError(f"no assignment {', '.join(sorted(missing))}")
        chosen = {str(name) for name in self.student}
        students = [s for s in gradebook.students if not chosen or s.id in chosen]
        path = Path(self.to or self.default_name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            for row in self.rows(gradebook, assignments, students):
                writer.writerow([cell(value) for value in row])
        self.log.info("Wrote %s", path)

    def rows(
        self, gradebook: Gradebook, assignments: list[Any], students: list[Any]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        raise NotImplementedError


def _submission(gradebook: Gradebook, assignment: Any, student: Any) -> Any:
    """Return a student's submission; None if there is none."""
    try:
        return gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return None


def _score(submission: Any) -> float:
    penalty = submission.late_submission_penalty or 0.0
    return max(0.0, float(submission.score - penalty))


class CsvExport(_Export):
    """All assignments × all students, in the columns of nbgrader's own exporter.

    A student who handed in nothing has the score 0, as there.
    """

    columns = (
        "assignment",
        "duedate",
        "timestamp",
        "student_id",
        "last_name",
        "first_name",
        "email",
        "raw_score",
        "late_submission_penalty",
        "score",
        "max_score",
    )

    def rows(
        self, gradebook: Gradebook, assignments: list[Any], students: list[Any]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        yield self.columns
        for assignment in assignments:
            for student in students:
                submission = _submission(gradebook, assignment, student)
                yield (
                    assignment.name,
                    assignment.duedate,
                    submission and submission.timestamp,
                    student.id,
                    student.last_name,
                    student.first_name,
                    student.email,
                    submission.score if submission else 0.0,
                    (submission.late_submission_penalty or 0.0) if submission else 0.0,
                    _score(submission) if submission else 0.0,
                    assignment.max_score,
                )


class CanvasExport(_Export):
    """One row for each student, in the columns of Canvas's gradebook.

    A student who handed in nothing has an empty mark, which Canvas leaves as it is.
    """

    default_name = "canvas.csv"

    id_column = Enum(
        ["ID", "SIS User ID", "SIS Login ID"],
        default_value="SIS Login ID",
        help="Which of Canvas's columns holds the ids that nbgrader has.",
    ).tag(config=True)
    section = Unicode("", help="The section of all students.").tag(config=True)

    def rows(
        self, gradebook: Gradebook, assignments: list[Any], students: list[Any]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        ids = ["ID", "SIS User ID", "SIS Login ID"]
        yield ["Student", *ids, "Section", *map(self.title, assignments)]
        blank = [""] * (len(ids) + 1)
        yield [
            "Points Possible",
            *blank,
            *(assignment.max_score for assignment in assignments),
        ]
        for student in students:
            names = [name for name in (student.last_name, student.first_name) if name]
            submissions = [_submission(gradebook, a, student) for a in assignments]
            yield [
                ", ".join(names) or student.id,
                *(student.id if column == self.id_column else "" for column in ids),
                self.section,
                *(_score(work) if work else "" for work in submissions),
            ]


class MoodleExport(_Export):
    """One row for each student, in the columns of Moodle's grader report.

    A student who handed in nothing has an empty mark, which Moodle leaves as it is.
    """

    default_name = "moodle.csv"

    def rows(
        self, gradebook: Gradebook, assignments: list[Any], students: list[Any]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        yield [
            "First name",
            "Last name",
            "ID number",
            "Institution",
            "Department",
            "Email address",
            *(f"Assignment: {self.title(a)} (Real)" for a in assignments),
        ]
        for student in students:
            submissions = [_submission(gradebook, a, student) for a in assignments]
            yield [
                student.first_name,
                student.last_name,
                student.id,
                "",
                "",
                student.email,
                *(_score(work) if work else "" for work in submissions),
            ]


EXPORTERS = {"csv": CsvExport, "canvas": CanvasExport, "moodle": MoodleExport}


def export(
    course: Course, format: str, to: Path | None = None, assignments: Iterable[str] = ()
) -> Path:
    """Write the course's marks to a file and return its path.

    Args:
        course: the course folder.
        format: ``"csv"``, ``"canvas"`` or ``"moodle"``.
        to: the file; ``grades.csv``, ``canvas.csv`` or ``moodle.csv`` if left out.
        assignments: which ones; all, if none is named.

    Raises:
        KeyError: an unknown format.
        ValueError: an assignment that does not exist.
        ExportError: the file cannot be written.
    """
    plugin = EXPORTERS[format](config=course.config, assignment=list(assignments))
    plugin.to = str(to or course.root / plugin.default_name)
    with course.gradebook() as gradebook:
        try:
            plugin.export(gradebook)
        except OSError as error:
            raise ExportError(f"{error}") from error
    return Path(plugin.to)
