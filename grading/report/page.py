"""A page about a graded class, for the instructor: one file, no network, no scripts.

It is made of the newest results in the journal and of what lies in ``submitted/``;
nothing is run.
"""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from helpers.plots import Picture
from helpers.plots.figure import DPI

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from nbgrader.utils import is_solution

from grading.course import Course, NotFoundError
from grading.gradebook import roster
from grading.gradebook.marks import FinalMark, final_marks
from grading.journal import Journal
from grading.report import charts
from grading.report.items import MIN_WORKS
from grading.report.questions import Question, questions
from grading.report.similarity import Comparison, compare
from grading.report.summary import Summary
from grading.runtime.sanitize import text
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission

# What a page shows of what may be very much.
MAX_PAIRS, MAX_MESSAGES, MAX_NOTES, MAX_SLOW, MAX_LINES = 20, 4, 4, 10, 200


@dataclass(frozen=True)
class Work:
    """What the students of a class have handed in by now.

    Attributes:
        cells: the text of cells that each wrote something in, by the student's id.
        waiting: students whose work is not graded yet, or other than what was graded.
        missing: students of the class, where it is known, who handed in nothing.
    """

    cells: dict[str, list[str]]
    waiting: list[str]
    missing: list[str]


def report(course: Course, name: str, older: Collection[Path] = ()) -> Path:
    """Write ``reports/NAME.html`` about an assignment and return its path.

    Args:
        course: the course folder.
        name: the assignment's name.
        older: folders with works of older years, ``STUDENT/NAME`` in each, to compare.

    Raises:
        NotFoundError: the course has no such assignment, or a folder no such work.
    """
    assignment = Assignment.load(course, name)
    before = {
        student: cells
        for folder in older
        for student, cells in _older(assignment, folder).items()
    }
    with Journal(course.journal, write=False) as journal:
        summary = summarised(assignment, journal, final_marks(course, name))
        work = handed_in(course, assignment, journal, list(summary.scores))
    asked = list(questions(assignment, judged(summary, work.cells)))
    stubs = [stub.source for stub in assignment.stubs.values()]
    alike = compare(work.cells, [*stubs, *_references(course, name)], before)
    text = page(name, summary, work.waiting, alike, work.missing, asked)
    return stored(course, name, text)


def stored(course: Course, name: str, html: str) -> Path:
    """Write ``reports/NAME.html`` and return its path."""
    path = course.root / "reports" / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return path


def page(
    name: str,
    summary: Summary,
    waiting: list[str],
    alike: Comparison,
    missing: Collection[str] = (),
    asked: Collection[Question] = (),
) -> str:
    """Return the page as HTML.

    All text in it is escaped, and without control characters.

    Args:
        name: the assignment's name.
        summary: the class.
        waiting: students whose work is not graded yet.
        alike: which texts are alike.
        missing: students who handed in nothing.
        asked: the questions, if it is a quiz.
    """
    pictures, kinds = {}, []
    if summary.results:
        kinds = sorted(set(charts.table(summary).flat))
        pictures["distribution"] = charts.distribution(summary)
        pictures["heat_map"] = charts.heat_map(summary)
    return template("report.html.j2").render(
        name=name,
        summary=summary,
        waiting=waiting,
        missing=missing,
        alike=alike,
        asked=asked,
        lines=_lines,
        pictures={key: _image(picture) for key, picture in pictures.items()},
        legend=[
            (charts.SHADES[kind], charts.SIGNS[kind], charts.KINDS[kind])
            for kind in kinds
        ],
        most_pairs=MAX_PAIRS,
        most_messages=MAX_MESSAGES,
        most_slow=MAX_SLOW,
        most_notes=MAX_NOTES,
    )


def template(name: str) -> Template:
    """Return a template of a page: all text in it is escaped, without controls.

    Each page may say when it was made, and how few works a correlation says nothing of.
    """
    environment = Environment(
        loader=PackageLoader("grading.report"),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    now = datetime.now().isoformat(" ", "minutes")
    return environment.get_template(name, globals={"now": now, "min_works": MIN_WORKS})


def summarised(
    assignment: Assignment, journal: Journal, marks: Mapping[str, FinalMark]
) -> Summary:
    """Return the newest results of a class, without outputs."""
    results = [
        replace(result, outputs={}) for result in journal.latest(assignment.name)
    ]
    untouched = assemble.untouched_key(assignment)
    empty = (
        result.student
        for result in results
        if (written := journal.written(assignment.name, result.student))
        and written["work"] == untouched
    )
    return Summary.of(assignment.points, results, marks, empty)


def judged(summary: Summary, cells: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the cells of those whose work was run and is not empty."""
    return {
        result.student: cells[result.student]
        for result in summary.ran
        if result.student in cells
    }


def handed_in(
    course: Course, assignment: Assignment, journal: Journal, graded: list[str]
) -> Work:
    """Return what a class has handed in by now.

    Args:
        course: the course folder.
        assignment: the course's own.
        journal: the results.
        graded: students who have one.
    """
    everybody = roster.known(course)
    students, _ = intake.students(course, assignment.name, everybody)
    waiting = sorted(set(students) - set(graded))
    cells = {}
    for student in graded:
        if not course.path(course.submitted, student, assignment.name).exists():
            continue
        submission = intake.receive(course, assignment, student)
        job = assemble.job(assignment, submission, "")
        written = journal.written(assignment.name, student)
        if written is not None and written["work"] != assemble.work_key(job):
            waiting.append(student)
        cells[student] = _written(assignment, submission)
    missing = sorted(set(everybody or ()) - set(students))
    return Work(cells, sorted(waiting), missing)


def _written(assignment: Assignment, submission: Submission) -> list[str]:
    """Return the text of the cells that a student wrote something in."""
    stubs = {stub.source for stub in assignment.stubs.values()}
    return [
        cell.source
        for cell in assemble.cells(assignment, submission)
        if cell.role == "solution" and cell.source not in stubs
    ]


def _older(assignment: Assignment, folder: Path) -> dict[str, list[str]]:
    """Return the texts of an older year, by the folder's name and the student's id.

    Raises:
        NotFoundError: there is none.
    """
    name = assignment.name
    works = sorted(path.parent for path in folder.glob(f"*/{name}"))
    if not works:
        raise NotFoundError(f"{folder} holds no work: there is no STUDENT/{name} in it")
    return {
        f"{folder}/{work.name}": _written(
            assignment, intake.read(assignment, work.name, work / name)
        )
        for work in works
    }


def _references(course: Course, name: str) -> list[str]:
    """Return the course's own solutions."""
    notebook = nbformat.read(course.source(name), as_version=4)
    return [cell.source for cell in notebook.cells if is_solution(cell)]


def _plain(value: Any) -> Any:
    """Return what stands for a value on the page: text without control characters."""
    return text(value) if type(value) is str else value


def _image(picture: Picture) -> dict[str, Any]:
    width, height = picture.get_size_inches() * DPI
    return {
        "alt": picture.alt,
        "data": base64.b64encode(picture.png()).decode(),
        "width": round(width),
        "height": round(height),
    }


def _lines(source: str, shared: frozenset[int]) -> list[tuple[str, bool]]:
    """Return the lines of a text, and of each whether it is shared."""
    lines = text(source).split("\n")[:MAX_LINES]
    return [(line, number in shared) for number, line in enumerate(lines)]
