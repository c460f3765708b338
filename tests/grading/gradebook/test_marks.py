"""One final mark everywhere, and exports that take nothing from a platform."""

import csv
import io
import shutil
import warnings
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from grading import cli
from grading.course import Course
from grading.gradebook import late
from grading.gradebook.export import ExportError, export
from grading.gradebook.marks import final_marks
from grading.gradebook.storage import WriteError
from grading.report.summary import Summary
from grading.runtime.job import Result
from samples import platforms
from samples.course import ROOT

pytestmark = pytest.mark.slow
NAME = "essay"
MARKS = {"full": 12.0, "late": 7.0, "by_hand": 9.75, "extra": 13.0, "zero": 0.0}
"""Final marks of those whose mark is final."""
TITLES = {"canvas": NAME, "moodle": f"Assignment: {NAME} (Real)"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class with every kind of exception: 10 points by a check, 2 by a person."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    course = Course.load(root)
    with course.gradebook() as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's use of its own database
        for name in (NAME, "not_graded"):
            gradebook.add_assignment(name)
            gradebook.add_notebook(name, name)
        for name, points in (("check", 10), ("answer", 2)):
            gradebook.add_grade_cell(
                name, NAME, NAME, max_score=points, cell_type="code"
            )
        for student in (*MARKS, "waiting", "nothing"):
            gradebook.add_student(student)
        for student in (*MARKS, "waiting"):
            gradebook.add_submission(NAME, student)
            for cell in ("check", "answer"):
                grade = gradebook.find_grade(cell, NAME, NAME, student)
                grade.needs_manual_grade = False
                grade.auto_score = {"check": 10.0, "answer": 2.0}[cell]
        book = gradebook

        def grade_of(student, cell="check"):
            return book.find_grade(cell, NAME, NAME, student)

        book.find_submission_notebook(NAME, NAME, "late").late_submission_penalty = 5
        grade_of("by_hand").manual_score = 7.75
        grade_of("extra").extra_credit = 1.0
        grade_of("zero").auto_score = grade_of("zero", "answer").auto_score = 0.0
        waiting = grade_of("waiting", "answer")
        waiting.auto_score, waiting.needs_manual_grade = None, True
        gradebook.db.commit()
    return course


def results() -> list[Result]:
    """Return what the checks said, which is not the final mark."""
    return [
        Result("key", student, NAME, "graded", marks={"check": 10.0})
        for student in (*MARKS, "waiting")
    ]


def cells(path: Path, student_column: str, title: str) -> dict[str, str]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[student_column]]
    return {row[student_column]: row[title] for row in rows}


def test_table_report_and_exports_show_the_same_mark(
    course: Course, tmp_path: Path
) -> None:
    marks = final_marks(course, NAME)
    final = {name: mark.points for name, mark in marks.items() if not mark.waiting}
    assert final == MARKS
    assert marks["waiting"].words == ["1 to mark by hand"]
    assert marks["late"].words == ["late: -5"]
    assert marks["by_hand"].words == marks["extra"].words == ["by hand"]

    summary = Summary.of({"check": 10.0}, results(), marks)
    assert {name: summary.scores[name] for name in MARKS} == MARKS
    assert summary.max_points == 12

    class Assignment:
        name = NAME

    by_student = {result.student: result for result in results()}
    table = cli._table(Assignment, by_student, marks, ["nothing"])  # type: ignore[arg-type]
    shown = Console(width=200, file=io.StringIO(), record=True)
    shown.print(table)
    lines = shown.export_text().splitlines()
    for name, points in MARKS.items():
        (line,) = [line for line in lines if f" {name} " in line]
        assert f" {points:g} of 12 " in line
        assert all(word in line for word in marks[name].words)

    for format, column, title in (
        ("canvas", "SIS Login ID", NAME),
        ("moodle", "ID number", TITLES["moodle"]),
        ("gradescope", "SID", "Total Score"),
    ):
        done = export(course, format, tmp_path / f"{format}.csv")
        exported = cells(done.files[0], column, title)
        assert {name: float(mark) for name, mark in exported.items()} == MARKS, format
    done = export(course, "csv", tmp_path / "grades.csv")
    exported = cells(done.files[0], "student_id", "score")
    assert {name: float(exported[name]) for name in MARKS} == MARKS


def test_an_import_takes_no_mark_from_canvas(course: Course, tmp_path: Path) -> None:
    (path,) = export(course, "canvas", tmp_path / "canvas.csv").files
    held = {("nothing", NAME): "EX", ("waiting", NAME): "3", ("late", NAME): "12"}
    held[("ana", "not_graded")] = "5"
    after, possible = platforms.canvas(held, {NAME: 12.0, "not_graded": 7.0}, path)
    assert {key: after[key] for key in held} == {**held, ("late", NAME): "7.0"}
    assert possible == {NAME: 12.0, "not_graded": 7.0}
    assert {key[0] for key in after.keys() - held.keys()} == MARKS.keys() - {"late"}


def test_an_import_takes_no_mark_from_moodle(course: Course, tmp_path: Path) -> None:
    (path,) = export(course, "moodle", tmp_path / "moodle.csv").files
    title = TITLES["moodle"]
    held = {("nothing", title): "4", ("waiting", title): "3", ("zero", title): "1"}
    after = platforms.moodle(held, path)
    assert after["nothing", title] == "4"
    assert after["waiting", title] == "3"
    assert after["zero", title] == "0.0"


def test_who_is_left_out_is_named(course: Course, tmp_path: Path) -> None:
    done = export(course, "canvas", tmp_path / "canvas.csv")
    assert sorted(done.left_out) == [
        f"{NAME}: nothing is left out: nothing handed in.",
        f"{NAME}: waiting is left out: 1 to mark by hand.",
    ]
    assert done.marks == {NAME: len(MARKS)}


def test_a_dry_run_writes_nothing_and_says_what_would_change(
    course: Course, tmp_path: Path
) -> None:
    path = tmp_path / "canvas.csv"
    done = export(course, "canvas", path, dry_run=True)
    assert not path.exists()
    assert f"{NAME}: late: nothing -> 7 (late: -5)" in done.changes
    assert len(done.changes) == len(MARKS)

    export(course, "canvas", path)
    assert export(course, "canvas", path, dry_run=True).changes == []

    theirs = tmp_path / "theirs.csv"
    header = "Student,ID,SIS User ID,SIS Login ID,Section,essay (4711),Final Score\n"
    theirs.write_text(
        f"{header}    Points Possible,,,,,12,\nF,1,,full,,12.00,100\n"
        "L,2,,late,,11.00,92\nZ,3,,zero,,EX,0\n"
    )
    done = export(course, "canvas", path, dry_run=True, compare=theirs)
    assert f"{NAME}: late: 11.00 -> 7 (late: -5)" in done.changes
    assert not [change for change in done.changes if " full:" in change]
    assert f"{NAME}: zero is left out: excused there." in done.left_out


def test_each_of_several_assignments_has_a_file(course: Course, tmp_path: Path) -> None:
    with course.gradebook() as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gradebook.add_submission("not_graded", "full")
    try:
        done = export(course, "canvas", tmp_path / "canvas.csv")
        single = export(course, "canvas", tmp_path / "one.csv", [NAME])
    finally:
        with course.gradebook() as gradebook:
            gradebook.remove_submission("not_graded", "full")
    names = ["canvas-essay.csv", "canvas-not_graded.csv"]
    assert sorted(path.name for path in done.files) == names
    assert [path.name for path in single.files] == ["one.csv"]


@pytest.mark.parametrize(
    ("hours", "settings", "lost"),
    [
        (1, {}, 0),
        (1, {"percent_a_day": 10.0}, 1.2),
        (25, {"percent_a_day": 10.0}, 2.4),
        (24 * 30, {"percent_a_day": 10.0}, 12),
        (1, {"percent_a_day": 10.0, "grace_minutes": 60.0}, 0),
        (1.1, {"percent_a_day": 10.0, "grace_minutes": 60.0}, 1.2),
        (1, {"by_assignment": {NAME: {"percent_a_day": 50}}}, 6),
        (1, {"by_assignment": {"other": {"percent_a_day": 50}}}, 0),
        (1, {"penalty_method": "zero"}, 12),
        (1, {"penalty_method": "zero", "grace_minutes": 90.0}, 0),
    ],
)
def test_a_late_submission_loses_what_the_settings_say(
    course: Course, hours: float, settings: dict, lost: float
) -> None:
    config = deepcopy(course.config)
    config.LatePolicy.update(settings)
    own = Course(course.root, config)
    due = datetime(2026, 12, 1, 18)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=due)
    times = {"full": f"{due + timedelta(hours=hours)} UTC"}
    try:
        late.settle(own, NAME, times, {})
        assert final_marks(course, NAME)["full"].late == pytest.approx(lost)
        # More time for one student, and a date that moved.
        late.settle(own, NAME, times, {"full": 31})
        assert final_marks(course, NAME)["full"].late == 0
        late.settle(own, NAME, times, {"full": 0})
        assert final_marks(course, NAME)["full"].late == pytest.approx(lost)
    finally:
        late.settle(own, NAME, {"full": f"{due} UTC"}, {})
    assert final_marks(course, NAME)["full"].late == 0


def test_without_marks_there_is_a_sentence_and_no_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    course = Course.load(tmp_path)
    with pytest.raises(WriteError, match="Nothing is graded yet"):
        export(course, "canvas")
    assert not (tmp_path / "gradebook.db").exists()
    with course.gradebook() as gradebook:
        gradebook.add_assignment(NAME)
    with pytest.raises(ExportError, match="No mark is in the gradebook yet"):
        export(course, "canvas")
    assert not (tmp_path / "canvas.csv").exists()
