"""A clone grades with nbgrader as the README's section for instructors has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory

from grading.course import Course
from samples.course import ASSIGNMENTS, ROOT, nbgrader

pytestmark = pytest.mark.slow
needs_exchange = pytest.mark.skipif(
    sys.platform == "win32", reason="nbgrader has no exchange on Windows"
)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what git tracks of the assignments and of nbgrader's settings."""
    # As `source .venv/bin/activate` has it.
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", programs, prepend=os.pathsep)
    listed = subprocess.run(
        ["git", "ls-files", "solutions", "release", "nbgrader_config.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def hand_in(root: Path, name: str) -> None:
    """Put the notebook that students get, as it is, where the README says."""
    folder = root / "submitted" / "ada" / name
    folder.mkdir(parents=True)
    shutil.copy(root / "release" / name / f"{name}.ipynb", folder)


def score(root: Path, name: str) -> tuple[float, float]:
    """Return ada's points and the most that there are."""
    with Course.load(root).gradebook() as gradebook:
        submission = gradebook.find_submission(name, "ada")
        assert all(
            grade.auto_score is not None
            for n in submission.notebooks
            for grade in n.grades
        )
        return submission.score, submission.max_score


@pytest.mark.parametrize(
    "name", ["quiz", pytest.param("vanilla", marks=pytest.mark.long)]
)
def test_nbgrader_grades_what_was_handed_in_to_a_new_clone(
    clone: Path, name: str
) -> None:
    hand_in(clone, name)
    nbgrader("autograde", name, root=clone)
    points, most = score(clone, name)
    assert 0 <= points < most == {"quiz": 38, "vanilla": 20}[name]


@needs_exchange
def test_the_formgrader_lists_all_assignments_as_ready(clone: Path) -> None:
    config = Course.load(clone).config
    formgrader = NbGraderAPI(CourseDirectory(config=config), config=config)
    listed = {
        assignment["name"]: assignment["status"]
        for assignment in formgrader.get_assignments()
    }
    assert listed == dict.fromkeys(ASSIGNMENTS, "released")


@needs_exchange
def test_nothing_can_be_handed_in_to_an_exchange_that_nobody_reads(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Course.load(clone).config
    config.CourseDirectory.assignment_id = "quiz"
    hand_in(clone, "quiz")
    monkeypatch.chdir(clone / "submitted/ada")
    submit = ExchangeFactory(config=config).Submit(
        coursedir=CourseDirectory(config=config),
        authenticator=NbGraderAPI(config=config).authenticator,
        config=config,
    )
    with pytest.raises(ExchangeError, match="Inbound directory doesn't exist"):
        submit.start()


@pytest.mark.parametrize(
    "names",
    [["quiz", "sparse"], pytest.param([], marks=pytest.mark.long)],
    ids=["two", "all"],
)
def test_make_release_enters_the_assignments_and_gives_the_same_files(
    clone: Path, names: list[str]
) -> None:
    shutil.rmtree(clone / "release")
    for folder in ("tools", "samples"):
        shutil.copytree(ROOT / folder, clone / folder)
    release = [sys.executable, "-m", "tools.release", *names]
    subprocess.run(release, cwd=clone, check=True)
    with Course.load(clone).gradebook() as gradebook:
        entered = {
            assignment.name: assignment.max_score
            for assignment in gradebook.assignments
        }
    assert set(entered) == set(names or ASSIGNMENTS)
    assert all(entered.values())
    for name in entered:
        file = Path("release", name, f"{name}.ipynb")
        assert (clone / file).read_bytes() == (ROOT / file).read_bytes()
