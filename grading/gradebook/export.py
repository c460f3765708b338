"""Marks as CSV files: plain, for Canvas and for Moodle, as nbgrader's exporter plugins.

``nbgrader export --exporter grading.gradebook.export.CanvasExport --to canvas.csv``

An empty mark is no harmless one. Canvas takes it for a change of what it holds, and
posts it (``no_change_to_value?`` in its ``lib/gradebook_importer.rb``); Moodle makes it
"no grade" (``update_grade_item`` in its ``grade/import/csv/classes/load_data.php``). So
a file for a platform has a row only for who has a mark, and there is one for each
assignment.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.errors import CourseError

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Enum, Unicode

from grading.course import Course
from grading.gradebook.marks import FinalMark, of_student
from grading.gradebook.storage import opened_to_read
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


Row = tuple[Any, FinalMark | None]
"""A student, as nbgrader has it, and the mark; None for nothing handed in."""

IDS = ("SIS Login ID", "SIS User ID", "ID number", "student_id", "SID", "ID")
EXCUSED = "EX"


@dataclass
class Exported:
    """What an export wrote, or would write.

    Attributes:
        files: the files.
        marks: how many marks they hold, by assignment.
        left_out: sentences: who has no mark in them, and why.
        changes: sentences: what differs from a file that was there before.
    """

    files: list[Path] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def leave_out(self, assignment: str, student: str, why: str) -> None:
        """Note who has no mark in the files, and why."""
        self.left_out.append(f"{assignment}: {student} is left out: {why}.")


class _Export(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """What the exporters share: which assignments and students, and how to write.

    ``ExportPlugin.assignment`` and ``.student`` choose some; all that are graded, if
    they are empty.
    """

    default_name = "grades.csv"
    for_platform = True

    titles = Dict(
        help="Titles of assignments' columns, where they are not the names: "
        "{'vanilla': 'Assignment 1 (4711)'} finds a column that Canvas has already."
    ).tag(config=True)
    dry_run = Bool(False, help="Write nothing.").tag(config=True)
    compare = Unicode("", help="The platform's own file of marks.").tag(config=True)

    def title(self, assignment: Any) -> str:
        """Return the title of an assignment's column."""
        return str(self.titles.get(assignment.name, assignment.name))

    def export(self, gradebook: Gradebook) -> Exported:
        """Write the marks to ``ExportPlugin.to``: UTF-8, text in quotes.

        For a platform, each of several assignments has a file: ``canvas-vanilla.csv``.

        Raises:
            ValueError: an assignment that was asked for does not exist.
        """
        done = Exported()
        path = Path(self.to or self.default_name)
        groups = self._groups(self._assignments(gradebook))
        for group in groups:
            to = path
            if self.for_platform and len(groups) > 1:
                to = path.with_stem(f"{path.stem}-{group[0].name}")
            before = Path(self.compare) if self.compare else to
            classes = {
                assignment.name: list(
                    self._class(
                        gradebook, assignment, self._held(before, assignment), done
                    )
                )
                for assignment in group
            }
            if not self.dry_run:
                self._write(to, self.rows(group, classes))
            done.files.append(to)
        return done

    def _assignments(self, gradebook: Gradebook) -> list[Any]:
        """Return those that were asked for; without a word, those that are graded."""
        names = {str(name) for name in self.assignment}
        known = list(gradebook.assignments)
        if missing := names - {assignment.name for assignment in known}:
            raise ValueError(f"no assignment {', '.join(sorted(missing))}")
        return [a for a in known if (a.name in names if names else a.submissions)]

    def _groups(self, assignments: list[Any]) -> list[list[Any]]:
        return [[assignment] for assignment in assignments]

    def column(self, assignment: Any) -> str:
        """Return the header of an assignment's marks."""
        return self.title(assignment)

    def _held(self, path: Path, assignment: Any) -> dict[str, str]:
        """Return the marks in a file of this kind, by student; empty without one.

        Raises:
            ExportError: it is not there, though it was named, or cannot be read.
        """
        if not self.compare and not path.is_file():
            return {}
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ExportError(f"{path} cannot be read: {error}") from None
        title = self.column(assignment)
        marks = {}
        for row in rows:
            student = next((row[name] for name in IDS if row.get(name)), "")
            for name, mark in row.items():
                # Canvas's own file has its number behind the title.
                ours = name == title or str(name).startswith(f"{title} (")
                if (
                    student
                    and ours
                    and row.get("assignment") in (None, assignment.name)
                ):
                    marks[student] = str(mark or "").strip()
        return marks

    def _class(
        self,
        gradebook: Gradebook,
        assignment: Any,
        held: dict[str, str],
        done: Exported,
    ) -> Iterator[Row]:
        """Yield students and marks; note who is left out, and what changes."""
        chosen = {str(name) for name in self.student}
        name = assignment.name
        done.marks[name] = 0
        for student in gradebook.students:
            if chosen and student.id not in chosen:
                continue
            mark = of_student(gradebook, name, student.id)
            why = why_left_out(mark, held.get(student.id, ""))
            if why and self.for_platform:
                done.leave_out(name, student.id, why)
                continue
            if mark is not None:
                done.marks[name] += 1
                done.changes += _change(name, student.id, mark, held)
            yield student, mark

    def _write(self, path: Path, rows: Iterable[Iterable[Any]]) -> None:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            for row in rows:
                writer.writerow([cell(value) for value in row])
        self.log.info("Wrote %s", path)

    def rows(
        self, assignments: Sequence[Any], classes: dict[str, list[Row]]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first.

        Args:
            assignments: nbgrader's entries; one, in a file for a platform.
            classes: students and marks by the assignment's name.
        """
        raise NotImplementedError


def why_left_out(mark: FinalMark | None, held: str = "") -> str:
    """Return why a student has no mark in a file; ``""`` if there is one.

    Args:
        mark: the final mark; None for nothing handed in.
        held: what the platform holds.
    """
    if mark is None:
        return "nothing handed in"
    if mark.waiting:
        return f"{mark.waiting} to mark by hand"
    return "excused there" if held.upper() == EXCUSED else ""


def _change(
    name: str, student: str, mark: FinalMark, held: dict[str, str]
) -> list[str]:
    before = held.get(student, "")
    now = f"{round(mark.points, 4):g}"
    try:
        same = float(before) == round(mark.points, 4)
    except ValueError:
        same = False
    words = f" ({', '.join(mark.words)})" if mark.words else ""
    return [] if same else [f"{name}: {student}: {before or 'nothing'} -> {now}{words}"]


class CsvExport(_Export):
    """All graded assignments × all students, in the columns of nbgrader's exporter.

    A student who handed in nothing has the score 0, as there. The last column says so,
    and what else there is to know about a mark.
    """

    for_platform = False
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
        "what_to_know",
    )

    def _groups(self, assignments: list[Any]) -> list[list[Any]]:
        return [assignments] if assignments else []

    def column(self, assignment: Any) -> str:
        """Return the header of the marks."""
        return "score"

    def rows(
        self, assignments: Sequence[Any], classes: dict[str, list[Row]]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        yield self.columns
        for assignment in assignments:
            times = {entry.student.id: entry for entry in assignment.submissions}
            for student, mark in classes[assignment.name]:
                entry = times.get(student.id)
                yield (
                    assignment.name,
                    assignment.duedate,
                    entry and entry.timestamp,
                    student.id,
                    student.last_name,
                    student.first_name,
                    student.email,
                    mark.checked if mark else 0.0,
                    mark.late if mark else 0.0,
                    mark.points if mark else 0.0,
                    assignment.max_score,
                    ", ".join(mark.words) if mark else "nothing handed in",
                )


class CanvasExport(_Export):
    """One row for each student with a mark, in the columns of Canvas's gradebook."""

    default_name = "canvas.csv"

    id_column = Enum(
        ["ID", "SIS User ID", "SIS Login ID"],
        default_value="SIS Login ID",
        help="Which of Canvas's columns holds the ids that nbgrader has.",
    ).tag(config=True)
    section = Unicode("", help="The section of all students.").tag(config=True)

    def rows(
        self, assignments: Sequence[Any], classes: dict[str, list[Row]]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        (assignment,) = assignments
        ids = ["ID", "SIS User ID", "SIS Login ID"]
        yield ["Student", *ids, "Section", self.title(assignment)]
        blank = [""] * (len(ids) + 1)
        yield ["Points Possible", *blank, assignment.max_score]
        for student, mark in classes[assignment.name]:
            names = [name for name in (student.last_name, student.first_name) if name]
            yield [
                ", ".join(names) or student.id,
                *(student.id if column == self.id_column else "" for column in ids),
                self.section,
                mark and mark.points,
            ]


class MoodleExport(_Export):
    """One row for each student with a mark, in Moodle's columns."""

    default_name = "moodle.csv"

    def column(self, assignment: Any) -> str:
        """Return the header of an assignment's marks."""
        return f"Assignment: {self.title(assignment)} (Real)"

    def rows(
        self, assignments: Sequence[Any], classes: dict[str, list[Row]]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        (assignment,) = assignments
        yield [
            "First name",
            "Last name",
            "ID number",
            "Institution",
            "Department",
            "Email address",
            self.column(assignment),
        ]
        for student, mark in classes[assignment.name]:
            yield [
                student.first_name,
                student.last_name,
                student.id,
                "",
                "",
                student.email,
                mark and mark.points,
            ]


class GradescopeExport(_Export):
    """One row for each student with a mark, in the columns of Gradescope's scores."""

    default_name = "gradescope.csv"

    def column(self, assignment: Any) -> str:
        """Return the header of the marks."""
        return "Total Score"

    def rows(
        self, assignments: Sequence[Any], classes: dict[str, list[Row]]
    ) -> Iterator[Iterable[Any]]:
        """Yield the rows, the header first."""
        (assignment,) = assignments
        about = "First Name", "Last Name", "SID", "Email", "Max Points"
        yield (*about, self.column(assignment))
        for student, mark in classes[assignment.name]:
            yield (
                student.first_name,
                student.last_name,
                student.id,
                student.email,
                assignment.max_score,
                mark and mark.points,
            )


EXPORTERS = {
    "csv": CsvExport,
    "canvas": CanvasExport,
    "moodle": MoodleExport,
    "gradescope": GradescopeExport,
}


def export(
    course: Course,
    format: str,
    to: Path | None = None,
    assignments: Iterable[str] = (),
    *,
    dry_run: bool = False,
    compare: Path | None = None,
) -> Exported:
    """Write the course's marks to files.

    Args:
        course: the course folder.
        format: a name in ``EXPORTERS``.
        to: the file; ``grades.csv``, ``canvas.csv`` or the like if left out.
        assignments: which ones; all that are graded, if none is named.
        dry_run: write nothing.
        compare: the platform's own file of marks, to compare with; what was exported
            before, if left out.

    Raises:
        KeyError: an unknown format.
        ExportError: an assignment is unknown, or a file cannot be read or written.
        WriteError: the gradebook is missing, or cannot be read.
    """
    plugin = EXPORTERS[format](config=course.config, assignment=list(assignments))
    plugin.to = str(to or course.root / plugin.default_name)
    plugin.dry_run = dry_run
    plugin.compare = str(compare or "")
    with opened_to_read(course) as gradebook:
        try:
            done: Exported = plugin.export(gradebook)
        except (OSError, ValueError) as error:
            raise ExportError(f"{error}") from error
    if not done.files or not any(done.marks.values()):
        raise ExportError("No mark is in the gradebook yet: `course grade NAME` first.")
    return done
