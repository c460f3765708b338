"""With two lines of settings, the formgrader's button grades in the sandbox."""

from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from grading.course import Course
from grading.gradebook import sandboxed
from grading.gradebook.sandboxed import STEPS, NotTriedError
from grading.journal import Journal
from grading.runtime.job import Result
from grading.submission.assignment import Assignment
from samples.foreign_assignments import SQUARES
from samples.marking import points
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells
from tests.grading.test_foreign import course_with

pytestmark = pytest.mark.filterwarnings("ignore")  # of nbgrader about its libraries
NAME = "quiz"
SETTINGS = """
from grading.gradebook.sandboxed import STEPS
c.Autograde.autograde_preprocessors = STEPS
"""


def press(course: NbgraderCourse, name: str, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Do what the button does; return nbgrader's answer."""
    monkeypatch.chdir(course.root)
    config = Course.load(course.root).config
    assert config.Autograde.autograde_preprocessors == STEPS
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    answer: dict = api.autograde(name, "ada")
    return answer


def with_settings(course: NbgraderCourse) -> NbgraderCourse:
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write(SETTINGS)
    return course


@pytest.mark.usefixtures("needs_sandbox")
def test_the_button_runs_a_student_s_code_in_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = with_settings(NbgraderCourse(tmp_path / "course"))
    outside = tmp_path / "outside"
    writes = f'answer_1 = {{"b", "c"}}\nopen({str(outside)!r}, "w").write("x")'
    notebook = with_cells(source(NAME), {"answer_1": writes})
    course.submit(NAME, "ada", notebook)

    answer = press(course, NAME, monkeypatch)

    assert answer["success"], answer
    assert not outside.exists()
    assert course.marks(NAME) == {"ada": points(NAME)}


@pytest.mark.slow
def test_the_button_takes_a_result_that_is_recorded_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = with_settings(NbgraderCourse(tmp_path / "course"))
    course.submit(NAME, "ada", source(NAME, "release"))
    marks = {test: most / 2 for test, most in points(NAME).items()}
    runs = []

    def pretended(jobs: list, **_: object) -> list:
        runs.append(jobs)
        return [(jobs[0], Result(jobs[0].key, "ada", NAME, "graded", marks=marks))]

    monkeypatch.setattr(sandboxed.backends, "run", pretended)
    for _ in range(2):
        assert press(course, NAME, monkeypatch)["success"]
    assert len(runs) == 1
    assert course.marks(NAME) == {"ada": marks}


def test_an_assignment_with_ordinary_tests_has_to_be_tried_first(
    tmp_path: Path,
) -> None:
    course = Course.load(course_with(tmp_path / "course", SQUARES).root)
    assignment = Assignment.load(course, "squares")
    with (
        Journal(course.journal) as journal,
        pytest.raises(NotTriedError, match="course grade squares"),
    ):
        sandboxed._result(course, assignment, "student-0", journal)
