"""A page about the whole class, over all assignments: one file, no network.

Its only script sorts and searches its tables; without it all is there to read.
"""

import base64
import hashlib
import statistics
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from grading.course import Course, NotFoundError
from grading.gradebook import entries, roster
from grading.gradebook.marks import Book, FinalMark, Marked, book
from grading.journal import Journal
from grading.report.page import handed_in, judged, stored, summarised, template
from grading.report.questions import Question, questions
from grading.report.summary import Summary
from grading.submission import intake
from grading.submission.assignment import Assignment
from grading.submission.ordinary_tests import NotGradableError

SCRIPT = files("grading.report") / "templates" / "class.js"
MARKED, EMPTY, REFUSED = "marked", "nothing written", "could not be run"
UNGRADED, MISSING, OPEN = "not graded yet", "missing", "not due yet"
# Needs help: less than this share of the points, or this much less than before.
FEW, FALL = 0.5, 0.15
# A trend needs so many marks; the last of them are compared with those before.
MIN_MARKS, LAST = 3, 2


@dataclass(frozen=True)
class Column:
    """An assignment.

    Attributes:
        name: its name.
        summary: what its checks gave.
        marked: what the gradebook holds of it.
        handed_in: who handed it in.
        questions: if it is a quiz.
        due: whether it is too late for those who handed in nothing.
        page: whether it has a page of its own.
    """

    name: str
    summary: Summary
    marked: Marked
    handed_in: frozenset[str] = frozenset()
    questions: tuple[Question, ...] = ()
    due: bool = True
    page: bool = False

    @cached_property
    def refused(self) -> set[str]:
        """Students whose work could not be run."""
        results = self.summary.results
        return {result.student for result in results if result.status == "refused"}

    @property
    def max_points(self) -> float:
        """What it earns at most."""
        most = [mark.of for mark in self.marked.marks.values()]
        return max(most, default=sum(self.summary.points.values()))

    def state(self, student: str) -> str:
        """Return how far a student's work has come, in words."""
        if student not in self.marked.marks:
            if student in self.handed_in:
                return UNGRADED
            return MISSING if self.due else OPEN
        if student in self.refused:
            return REFUSED
        return EMPTY if student in self.summary.empty else MARKED

    @cached_property
    def shares(self) -> dict[str, float]:
        """Final marks, of 1, of work that was run and is not empty."""
        return {
            student: mark.points / mark.of
            for student, mark in self.marked.marks.items()
            if mark.of and not mark.waiting and self.state(student) == MARKED
        }

    @property
    def mean(self) -> float | None:
        """The mean of those marks, of 1; None without any."""
        return statistics.fmean(self.shares.values()) if self.shares else None

    @property
    def median(self) -> float | None:
        """The median of those marks, of 1; None without any."""
        return statistics.median(self.shares.values()) if self.shares else None

    def count(self, state: str, students: Iterable[str]) -> int:
        """Return how many students' work is in a state."""
        return sum(self.state(student) == state for student in students)

    @property
    def late(self) -> list[str]:
        """Students whose work came late."""
        marks = self.marked.marks.items()
        return sorted(student for student, mark in marks if mark.seconds_late)


@dataclass(frozen=True)
class Cell:
    """A student's mark in an assignment, or why there is none.

    Attributes:
        assignment: its name.
        state: how far the work has come.
        mark: the final mark.
    """

    assignment: str
    state: str
    mark: FinalMark | None = None

    @property
    def words(self) -> list[str]:
        """What to know, in few words."""
        words = [] if self.state == MARKED else [self.state]
        if self.mark is not None:
            if self.mark.seconds_late and not self.mark.late:
                words.append("late")
            words += self.mark.words
        return words


@dataclass(frozen=True)
class Row:
    """A student.

    Attributes:
        student: the id.
        name: as the gradebook has it; may be ``""``.
        cells: one for each assignment.
        trend: how much better the last marks are than those before, of 1 and against
            the class; None where there are too few.
        share: the points, of 1, of all that is due or marked; None if nothing is.
        shares: of each of these, in order.
    """

    student: str
    name: str
    cells: tuple[Cell, ...]
    trend: float | None = None
    share: float | None = None
    shares: tuple[float, ...] = ()

    @cached_property
    def help(self) -> list[str]:
        """Why the student may need help; nothing, if there is no reason."""
        reasons = []
        for state in (MISSING, REFUSED, EMPTY):
            names = [cell.assignment for cell in self.cells if cell.state == state]
            if names:
                reasons.append(f"{state}: {', '.join(names)}")
        if self.share is not None and self.share < FEW:
            reasons.append(f"{100 * self.share:.0f} % of the points")
        if self.trend is not None and self.trend <= -FALL:
            reasons.append(f"falls by {-100 * self.trend:.0f} % of the points")
        return reasons


@dataclass(frozen=True)
class ClassSummary:
    """A class over all assignments.

    Attributes:
        columns: assignments that have begun, in order.
        rows: students, by id.
        not_begun: names of the other assignments.
        known: whether the class is known; otherwise it is those who handed in.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    not_begun: tuple[str, ...] = ()
    known: bool = True

    @property
    def students(self) -> list[str]:
        """Their ids."""
        return [row.student for row in self.rows]

    @property
    def need_help(self) -> list[Row]:
        """Students with a reason, those with the fewest points first."""
        rows = [row for row in self.rows if row.help]
        return sorted(rows, key=lambda row: (row.share or 0.0, -len(row.help)))


def write_class_page(course: Course, summary: ClassSummary) -> Path:
    """Write ``reports/index.html`` about a class and return its path."""
    return stored(course, "index", class_page(summary))


def class_page(summary: ClassSummary) -> str:
    """Return the page as HTML."""
    script = SCRIPT.read_text("utf-8")
    return template("class.html.j2").render(
        summary=summary,
        script=script,
        script_hash=_hash(script),
        few=FEW,
        fall=FALL,
        last=LAST,
        min_marks=MIN_MARKS,
    )


def class_summary(course: Course) -> ClassSummary:
    """Return a class over all assignments of a course.

    Raises:
        WriteError: the gradebook cannot be read.
        JournalError: the journal cannot be read.
    """
    everybody = roster.known(course)
    held = book(course)
    columns, not_begun = [], []
    with Journal(course.journal, write=False) as journal:
        for name in sorted({*entries.names(course), *held.assignments}):
            marked = held.assignments.get(name, Marked())
            handed = intake.students(course, name, everybody)[0]
            if marked.marks or handed or (marked.due and _is_past(marked.due)):
                columns.append(_column(course, name, journal, marked, handed))
            else:
                not_begun.append(name)
    columns.sort(key=_when)
    return summed_up(columns, held, everybody, not_begun)


def summed_up(
    columns: Collection[Column],
    held: Book,
    everybody: Collection[str] | None = None,
    not_begun: Iterable[str] = (),
) -> ClassSummary:
    """Return a class, from its assignments in order.

    Args:
        columns: the assignments.
        held: what the gradebook holds.
        everybody: ids of the class; None for those who handed in something.
        not_begun: names of assignments that nobody handed in yet.
    """
    here = {student for column in columns for student in column.marked.marks}
    here |= {student for column in columns for student in column.handed_in}
    rows = [
        _row(student, held.names.get(student, ""), columns)
        for student in sorted(here if everybody is None else everybody)
    ]
    known = everybody is not None
    return ClassSummary(tuple(columns), tuple(rows), tuple(not_begun), known)


def _column(
    course: Course, name: str, journal: Journal, marked: Marked, handed: list[str]
) -> Column:
    due = marked.due is None or _is_past(marked.due)
    has_page = (course.root / "reports" / f"{name}.html").exists()
    try:
        assignment = Assignment.load(course, name)
    except (NotFoundError, NotGradableError):  # nbgrader's alone
        summary = Summary({}, ())
        return Column(name, summary, marked, frozenset(handed), (), due, has_page)
    summary = summarised(assignment, journal, marked.marks)
    asked: tuple[Question, ...] = ()
    if next(questions(assignment, {}), None):
        work = handed_in(course, assignment, journal, list(summary.scores))
        asked = tuple(questions(assignment, judged(summary, work.cells)))
    return Column(name, summary, marked, frozenset(handed), asked, due, has_page)


def _row(student: str, name: str, columns: Collection[Column]) -> Row:
    cells, points, most = [], 0.0, 0.0
    against_class: list[float] = []
    shares: list[float] = []
    for column in columns:
        mark = column.marked.marks.get(student)
        state = column.state(student)
        share = mark.points / mark.of if mark and mark.of else None
        cells.append(Cell(column.name, state, mark))
        if (mark and not mark.waiting) or state == MISSING:
            points += mark.points if mark else 0.0
            most += mark.of if mark else column.max_points
            shares.append(share or 0.0)
        if student in column.shares and column.mean is not None:
            against_class.append(column.shares[student] - column.mean)
    return Row(
        student,
        name,
        tuple(cells),
        trend(against_class),
        points / most if most else None,
        tuple(shares),
    )


def trend(marks: list[float]) -> float | None:
    """Return how much the last marks are above those before; None for too few.

    >>> trend([0.9, 0.7, 0.5])
    -0.3
    """
    if len(marks) < MIN_MARKS:
        return None
    before, last = marks[:-LAST], marks[-LAST:]
    return round(statistics.fmean(last) - statistics.fmean(before), 6)


def _when(column: Column) -> tuple[bool, datetime, str]:
    """Return what assignments are sorted by: due date, else first work, else name."""
    date = column.marked.due or column.marked.came
    return date is None, date or datetime.min, column.name


def _is_past(due: datetime) -> bool:
    return due < datetime.now(UTC).replace(tzinfo=None)  # nbgrader's are in UTC


def _hash(script: str) -> str:
    """Return what allows a page's own script, and no other, to run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
