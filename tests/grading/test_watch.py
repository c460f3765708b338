"""`course watch` grades what arrives, once, and loses nothing when it is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grading import watch
from grading.course import Course
from grading.journal import Journal
from samples.course import ROOT
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells
from samples.odd_submissions import written

NAME = "quiz"
TEST = "answer_1_complete"
RIGHT = 'answer_1 = {"b", "c"}  # right\n'
# The command, but that no student's code runs: who wrote "right" gets the point.
PROGRAM = """
import sys, time
from grading import cli, session
from grading.runtime.job import Result

def run(jobs, **_):
    for job in jobs:
        time.sleep(0.02)
        with open(file, "a") as ran:
            ran.write(job.student + chr(10))
        right = any("# right" in cell.source for cell in job.cells)
        marks = {"answer_1_complete": float(right)}
        yield job, Result(job.key, job.student, job.assignment, "graded", marks=marks)

session.backends.run = run
session.warm_up = session.executor = lambda _: None
cli.sandbox.require = lambda: None
root, file = sys.argv[1:]
sys.argv = ["course", "watch", "quiz", "--root", root]
cli.main()
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course.load(NbgraderCourse(tmp_path / "course").root)


def hand_in(course: Course, student: str, cells: dict[str, str]) -> Path:
    folder = course.root / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    notebook = with_cells(source(NAME, "release"), cells)
    (folder / f"{NAME}.ipynb").write_bytes(written(notebook))
    return folder


# --- what is new ----------------------------------------------------------------------


def test_a_work_is_taken_once_when_it_no_longer_changes(course: Course) -> None:
    inbox = watch.Inbox(course, [NAME], None)
    assert inbox.take() == []
    folder = hand_in(course, "ana", {})
    assert inbox.take() == []
    with (folder / f"{NAME}.ipynb").open("ab") as file:
        file.write(b" ")
    assert inbox.take() == []
    assert inbox.take() == [(NAME, "ana")]
    assert inbox.take() == []


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_a_work_is_taken_again_when_a_file_of_it_changes(
    course: Course, place: str
) -> None:
    inbox = watch.Inbox(course, [NAME], None)
    folder = hand_in(course, "ana", {})
    inbox.take()
    assert inbox.take() == [(NAME, "ana")]
    inside, beside = folder / "timestamp.txt", folder.with_name(f"{NAME}.timestamp.txt")
    (inside if place == "inside" else beside).write_text("2026-12-01 18:05:00 UTC")
    assert inbox.take() == []
    assert inbox.take() == [(NAME, "ana")]


def test_many_are_taken_some_at_a_time_and_none_twice(course: Course) -> None:
    inbox = watch.Inbox(course, [NAME], None)
    everybody = {f"s{number}" for number in range(5)}
    for student in everybody:
        hand_in(course, student, {})
    inbox.take()
    taken = [inbox.take(2) for _ in range(4)]
    assert [len(some) for some in taken] == [2, 2, 1, 0]
    assert {student for some in taken for _, student in some} == everybody


def test_what_the_machine_failed_comes_again_some_time_later(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = watch.Inbox(course, [NAME], None)
    hand_in(course, "ana", {})
    inbox.take()
    (key,) = inbox.take()
    inbox.put_back(key)
    assert inbox.take() == []
    later = time.monotonic() + watch.AGAIN_S
    monkeypatch.setattr(watch.time, "monotonic", lambda: later)
    assert inbox.take() == [key]


def test_who_is_not_in_the_class_is_left_out(course: Course) -> None:
    inbox = watch.Inbox(course, [NAME], {"ana"})
    for student in ("ana", "eve"):
        hand_in(course, student, {})
    inbox.take()
    assert inbox.take() == [(NAME, "ana")]
    assert "not in the roster" in inbox.left_out["eve"]


# --- the command ----------------------------------------------------------------------


@contextmanager
def watching(course: Course, ran: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(course.root), str(ran)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Watching")
        yield process
    finally:
        process.kill()
        process.communicate()


def until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something holds, as long as the process runs."""
    while not holds():
        assert process.poll() is None
        time.sleep(0.1)


def recorded(course: Course) -> set[str]:
    with Journal(course.journal, write=False) as journal:
        return {result.student for result in journal.latest(NAME)}


def marks(course: Course) -> dict[str, float]:
    with course.gradebook() as gradebook:
        return {
            submission.student.id: grade.auto_score
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.name == TEST
        }


@pytest.mark.slow
@pytest.mark.parametrize("students", [8, pytest.param(200, marks=pytest.mark.long)])
def test_a_burst_is_graded_without_losing_one_though_it_is_killed(
    students: int, course: Course, tmp_path: Path
) -> None:
    class_ = {f"s{number:03}": number % 3 > 0 for number in range(students)}
    with watching(course, tmp_path / "first") as process:
        for student, right in class_.items():
            text = f"# by {student}\n{RIGHT if right else 'answer_1 = None'}"
            hand_in(course, student, {"answer_1": text})
        until(lambda: len(recorded(course)) >= students // 4, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = recorded(course)
    assert len(kept) < students

    with watching(course, tmp_path / "second") as process:
        until(lambda: len(marks(course)) == students, process)
        # The last one's mark may be there before its note in the journal.
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130

    assert marks(course) == {student: float(ok) for student, ok in class_.items()}
    ran = (tmp_path / "second").read_text().split()
    assert len(ran) == len(set(ran))
    assert not set(ran) & kept


@pytest.mark.slow
def test_new_work_replaces_the_mark(course: Course, tmp_path: Path) -> None:
    hand_in(course, "ana", {"answer_1": "answer_1 = None"})
    with watching(course, tmp_path / "ran") as process:
        until(lambda: marks(course) == {"ana": 0.0}, process)
        hand_in(course, "ana", {"answer_1": RIGHT})
        until(lambda: marks(course) == {"ana": 1.0}, process)
    assert (tmp_path / "ran").read_text().split() == ["ana", "ana"]
