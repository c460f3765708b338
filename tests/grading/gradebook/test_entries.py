"""Assignments are entered in the gradebook, and no entry with submissions changes."""

import shutil
from pathlib import Path

import pytest

from grading.course import Course
from grading.gradebook import entries
from grading.gradebook.storage import opened
from grading.submission.assignment import Assignment
from samples.course import ROOT

NAME = "quiz"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def entered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with one assignment, which is generated and entered."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions" / NAME, root / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert entries.generate(Course.load(root)) == []
    return root


@pytest.fixture
def course(entered: Path, tmp_path: Path) -> Course:
    shutil.copytree(entered, tmp_path / "course", symlinks=True)
    return Course.load(tmp_path / "course")


def change(course: Course) -> None:
    """Change what a test cell says."""
    source = course.source(NAME)
    text = source.read_text("utf-8")
    changed = text.replace("quiz.form(answer_1)", "quiz.form( answer_1)")
    assert changed != text
    source.write_text(changed, "utf-8")


def is_entered(course: Course) -> bool:
    return entries.is_entered(course, Assignment.load(course, NAME))


def test_the_student_version_is_nbgrader_s(course: Course) -> None:
    file = Path("release", NAME, f"{NAME}.ipynb")
    assert (course.root / file).read_bytes() == (ROOT / file).read_bytes()
    assert is_entered(course)


def test_an_entry_without_submissions_follows_the_source(course: Course) -> None:
    change(course)
    assert not is_entered(course)
    assert entries.generate(course) == []
    assert is_entered(course)


@pytest.mark.filterwarnings("ignore:Object of type <Submitted")
def test_an_entry_with_submissions_stays_as_it_is_to_the_byte(course: Course) -> None:
    with opened(course) as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(NAME, "ada")
    before = (course.root / "gradebook.db").read_bytes()
    change(course)
    assert entries.generate(course, NAME) == [NAME]
    assert (course.root / "gradebook.db").read_bytes() == before
    assert (
        "form( answer_1"
        in (course.root / "release" / NAME / f"{NAME}.ipynb").read_text()
    )


def test_only_what_is_to_be_graded_and_missing_is_entered_before_grading(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "solutions" / "vanilla", course.root / "solutions/vanilla")
    shutil.rmtree(course.root / "release")
    monkeypatch.chdir(course.root)
    change(course)
    entries.enter_missing(NAME, "ada", [])
    assert not is_entered(course)
    entries.enter_missing("van*", "ada", [])
    assert entries.is_entered(course, Assignment.load(course, "vanilla"))
    assert not (course.root / "release").exists()


def test_an_assignment_that_has_only_a_due_date_is_entered_too(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course.root / "gradebook.db").unlink()
    with opened(course) as gradebook:
        gradebook.add_assignment(NAME, duedate="2026-12-01 18:00 UTC")
    monkeypatch.chdir(course.root)
    entries.enter_missing(NAME, "ada", [])
    assert is_entered(course)
    with opened(course) as gradebook:
        assert gradebook.find_assignment(NAME).duedate is not None
