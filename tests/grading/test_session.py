"""Equal works are run once, and everybody has the marks of a run of one's own."""

import json
import shutil
from collections.abc import Iterator

import pytest

from benchmarks import grading as benchmark
from benchmarks.grading import BUILDERS
from grading import session
from grading.course import Course
from grading.journal import Journal
from grading.runtime.executor import SandboxError
from grading.runtime.job import Job, Result
from grading.session import Backend, Work
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from tests.grading.report import class_folder

NAME = "quiz"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> list[Work]:
    """Four works: ana's, bob's and dan's are equal; dan's notebook was renamed."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions" / NAME, root / "solutions" / NAME)
    course = Course.load(root)
    for student, answer in {"ana": "b", "bob": "b", "chi": "c", "dan": "b"}.items():
        class_folder.work(
            course, student, NAME, {"answer_1": f'answer_1 = {{"{answer}"}}'}
        )
    folder = root / "submitted" / "dan" / NAME
    (folder / f"{NAME}.ipynb").rename(folder / "mine.ipynb")
    assignment = Assignment.load(course, NAME)
    with Journal(course.journal) as journal:
        return [
            Work(
                submission := intake.receive(course, assignment, student),
                assemble.seeded(
                    job := assemble.job(assignment, submission, ""),
                    journal.seed(job.key),
                ),
            )
            for student in ("ana", "bob", "chi", "dan")
        ]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What came of each student's job that was run; the first job fails as it says."""
    ends: dict[str, str] = {}

    def run(
        jobs: list[Job], **_: object
    ) -> Iterator[tuple[Job, Result | SandboxError]]:
        for job in jobs:
            status = ends.setdefault(job.student, "graded")
            result = Result(
                job.key,
                job.student,
                job.assignment,
                status,  # type: ignore[arg-type]
                marks={"seed": float(job.seed)},
                seconds={"all": 2.0},
            )
            yield job, SandboxError("no") if status == "broken" else result

    monkeypatch.setattr(session.backends, "run", run)
    return ends


def outcomes(works: list[Work]) -> dict[str, Result | SandboxError]:
    every = session._outcomes(works, Backend(), print)
    return {work.job.student: outcome for work, outcome in every}


def test_equal_works_are_run_once_with_the_seed_that_each_would_have_had(
    works: list[Work], ran: dict[str, str]
) -> None:
    outcome_of = outcomes(works)
    assert set(ran) == {"ana", "chi"}
    for work in works:
        result = outcome_of[work.job.student]
        assert isinstance(result, Result)
        assert result.student == work.job.student
        assert result.key == work.job.key
        assert result.marks == {"seed": float(work.job.seed)}
    assert outcome_of["ana"].marks != outcome_of["chi"].marks  # type: ignore[union-attr]


def test_each_keeps_the_notes_on_the_own_file_and_times_count_once(
    works: list[Work], ran: dict[str, str]
) -> None:
    outcome_of = outcomes(works)
    dan, bob = outcome_of["dan"], outcome_of["bob"]
    assert isinstance(dan, Result)
    assert isinstance(bob, Result)
    assert dan.status == "repaired"
    assert "mine.ipynb" in dan.notes[0]
    assert (bob.status, bob.notes, bob.seconds) == ("graded", (), {})


def test_no_two_students_of_the_benchmark_have_equal_works() -> None:
    """A benchmark must not gain by what is run once."""
    for name in BUILDERS:
        texts = {json.dumps(cells) for cells in benchmark.works(name, 80)}
        assert len(texts) == 80


@pytest.mark.parametrize("end", ["failed", "timeout", "broken"])
def test_where_one_did_not_come_to_its_end_the_equal_ones_are_run_too(
    works: list[Work], ran: dict[str, str], end: str
) -> None:
    ran["ana"] = end
    outcome_of = outcomes(works)
    assert set(ran) == {"ana", "bob", "chi", "dan"}
    assert len(outcome_of) == len(works)
    bob = outcome_of["bob"]
    assert isinstance(bob, Result)
    assert (bob.status, bob.seconds) == ("graded", {"all": 2.0})
