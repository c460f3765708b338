"""Gradescope reads from a ``results.json`` the final mark and what each check said."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from grading.gradebook.gradescope import results
from grading.gradebook.marks import FinalMark, final_marks
from grading.runtime.job import Result
from grading.submission.assignment import Assignment
from samples import platforms
from samples.course import ROOT
from tests.grading.report import class_folder

NAME = "vanilla"
MESSAGE = "Does not hold: \x1b[31mred"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return Assignment.load(Course.load(ROOT), NAME)


def sent(assignment: Assignment, mark: FinalMark, to: Path) -> Path:
    """Return the file of a student who holds all checks but the first."""
    first, *held = assignment.points
    marks = {name: assignment.points[name] for name in held}
    result = Result(
        "", "ana", NAME, "graded", marks=marks, messages={first: MESSAGE}, notes=("x",)
    )
    to.write_text(json.dumps(results(assignment, result, mark)), "utf-8")
    return to


def test_the_score_is_the_final_mark_also_where_the_checks_sum_is_another(
    assignment: Assignment, tmp_path: Path
) -> None:
    mark = FinalMark(12.5, 20, 18, late=5.5, by_hand=True)
    path = sent(assignment, mark, tmp_path / "results.json")
    score, tests = platforms.gradescope(path)
    assert score == 12.5
    assert len(tests) == len(assignment.points)
    assert sum(most for _, most in tests.values()) == sum(assignment.points.values())
    assert json.loads(path.read_text("utf-8"))["output"] == "late: -5.5, by hand"


def test_a_check_says_what_the_student_may_read_and_nothing_else(
    assignment: Assignment, tmp_path: Path
) -> None:
    path = sent(assignment, FinalMark(18, 20, 18), tmp_path / "results.json")
    first, *held = json.loads(path.read_text("utf-8"))["tests"]
    assert first["status"] == "failed"
    assert first["output"].startswith("Does not hold: ")
    assert "\x1b" not in first["output"]
    assert {(test["status"], test["output"]) for test in held} == {("passed", "")}
    hidden = [line for cell in assignment.tests for line in cell.source.split("\n")]
    assert not [line for line in hidden if len(line) > 20 and line in path.read_text()]


@pytest.mark.parametrize(
    "text",
    [
        '{"output": "no score"}',
        '{"score": NaN}',
        '{"score": 1, "visibility": "shown"}',
        '{"score": 1, "tests": [{"name": "a", "points": 3}]}',
        '{"score": 1, "tests": [{"name": "a", "status": "ok"}]}',
    ],
)
def test_the_double_refuses_what_gradescope_does_not_know(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ValueError, match=r"."):
        platforms.gradescope(tmp_path / "results.json")


@pytest.mark.slow
def test_the_command_writes_the_file_that_an_autograder_hands_back(
    tmp_path: Path,
) -> None:
    (tmp_path / "course").mkdir()
    course = class_folder.make(tmp_path / "course")
    run = CliRunner().invoke
    command = ["export", NAME, "--format", "results.json", "--root", str(course.root)]
    assert run(cli.app, command).exit_code == 0
    marks = final_marks(course, NAME)
    paths = sorted(course.root.glob(f"gradescope/{NAME}/*/results.json"))
    scores = {path.parent.name: platforms.gradescope(path)[0] for path in paths}
    assert scores == {student: mark.points for student, mark in marks.items()}
    handed_back = tmp_path / "results" / "results.json"
    ran = run(cli.app, [*command, "--student", "bob", "--to", str(handed_back)])
    assert ran.exit_code == 0, ran.exception
    assert platforms.gradescope(handed_back)[0] == marks["bob"].points
    ran = run(cli.app, [*command, "--to", str(handed_back)])
    assert "holds one submission, not 5: --student ID." in str(ran.exception)
