"""Whatever is killed, full, locked or turned back: the next run puts it right.

After each fault the command runs again, and the gradebook's marks and comments, and the
pages for feedback, must equal those of a run that nothing happened to. `make test` does
a few of each; `make test-all` kills more than a hundred times.
"""

import ast
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from sqlalchemy import text

from grading.course import Course
from grading.journal import Journal
from grading.runtime import backends, fingerprint
from grading.runtime.executor import executor
from grading.runtime.fingerprint import SIDES
from grading.runtime.job import Job, Result
from grading.runtime.sandbox.limits import tree
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ROOT
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells
from samples.submissions import submissions
from tests.grading.killed import POINTS, Ran, Runner, jumping_clock

NAME = "quiz"
LONG = pytest.mark.long
JOURNAL = Path(".grading", "journal.db")
HALF = next(submission for submission in submissions(NAME) if submission.loses)


def few_or(many: int, *, few: int) -> Any:
    """Parametrize a test by how often something is killed."""
    return pytest.mark.parametrize("kills", [few, pytest.param(many, marks=LONG)])


def report(what: str, killed: Counter[str], runs: int) -> None:
    """Print how often what was killed; pytest shows it with -rP."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(killed.items()))
    print(f"{what}: {killed.total()} kills in {runs} runs: {kinds}")


def copy(folder: Path, to: Path) -> Path:
    """Return a new copy of a course folder."""
    shutil.rmtree(to, ignore_errors=True)
    return shutil.copytree(folder, to)


def state(root: Path) -> dict[str, Any]:
    """Return all that a run leaves for people: marks, comments and pages."""
    with Course.load(root).gradebook() as gradebook:
        notebooks = [
            (submission.student.id, notebook)
            for submission in gradebook.assignment_submissions(NAME)
            for notebook in submission.notebooks
        ]
        marks = {
            (student, grade.name): (
                grade.auto_score,
                grade.manual_score,
                grade.needs_manual_grade,
                grade.max_score,
            )
            for student, notebook in notebooks
            for grade in notebook.grades
        }
        comments = {
            (student, comment.name): (comment.auto_comment, comment.manual_comment)
            for student, notebook in notebooks
            for comment in notebook.comments
        }
        version = text("SELECT version_num FROM alembic_version")
        versions = list(gradebook.db.execute(version).scalars())
    pages = {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "autograded").rglob("*")
        if path.is_file()
    }
    own = sorted(path.name for path in (root / ".grading").iterdir())
    return {
        "marks": marks,
        "comments": comments,
        "versions": versions,
        "pages": pages,
        "own files": own,
    }


def assert_clear(ran: Ran, *words: str) -> None:
    """Check that a run stopped with a sentence."""
    assert ran.code == 1, ran.said
    assert "Traceback" not in ran.said
    flat = " ".join(ran.said.split())
    assert any(word in flat for word in words), ran.said


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Return whether ``condition()`` holds before the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(scope="module")
def runner(
    needs_sandbox: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    runner = Runner(tmp_path_factory.mktemp("runner"))
    yield runner
    runner.close()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course folder with what four students handed in."""
    course = NbgraderCourse(tmp_path_factory.mktemp("handed-in"))
    course.submit(NAME, "half-right", with_cells(source(NAME), HALF.cells))
    course.submit(NAME, "untouched", source(NAME, "release"))
    says = {"answer_1": 'print("a line")\nanswer_1 = {"b"}'}
    course.submit(NAME, "says-something", with_cells(source(NAME), says))
    course.submit(NAME, "torn", nbformat.v4.new_notebook())
    torn = course.root / "submitted" / "torn" / NAME / f"{NAME}.ipynb"
    torn.write_bytes(torn.read_bytes()[:20])
    return course.root


@pytest.fixture(scope="module")
def graded(
    runner: Runner, handed_in: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], dict[str, int]]:
    """Return a folder that was graded without a fault, its state, and its points."""
    root = copy(handed_in, tmp_path_factory.mktemp("graded") / "course")
    ran = grade(runner, root)
    assert ran.code == 0, ran.said
    outcome = state(root)
    assert len({student for student, _ in outcome["marks"]}) == 4
    assert {mark[0] for mark in outcome["marks"].values()} == {0, 1}
    assert set(outcome["comments"].values()) >= {(None, None), ("No response.", None)}
    return root, outcome, ran.points


@pytest.fixture(scope="module")
def recorded(
    handed_in: Path,
    graded: tuple[Path, dict, dict],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a folder whose journal holds all results, and whose gradebook none."""
    root = copy(handed_in, tmp_path_factory.mktemp("recorded") / "course")
    with (
        Journal(graded[0] / JOURNAL, write=False) as done,
        Journal(root / JOURNAL) as journal,
    ):
        for result in done.latest(NAME):
            journal.record(result)
    return root


def journal_changes(root: Path) -> int:
    """Return how often a course's journal was changed, as SQLite counts it."""
    if not (root / JOURNAL).exists():
        return 0
    with open(root / JOURNAL, "rb") as file:
        return int.from_bytes(file.read(28)[24:], "big")


def grade(runner: Runner, root: Path, **happens: Any) -> Ran:
    """Run ``course grade``."""
    return runner.run("grade", NAME, "--root", str(root), **happens)


# --- kills ----------------------------------------------------------------------------


def killed_often(
    kills: int,
    once: Callable[[], tuple[str, Ran]],
    start: Path,
    root: Path,
    expected: dict[str, Any],
) -> tuple[Counter[str], int]:
    """Run in ``root`` until so many runs were killed; return them, and all runs.

    Args:
        kills: how many.
        once: runs; returns what was to be killed, and how the run ended.
        start: the folder to begin with again when a run came to its end.
        root: the folder in which it runs.
        expected: the state after a run without a fault.
    """
    killed: Counter[str] = Counter()
    runs = 0
    while killed.total() < kills:
        kind, ran = once()
        runs += 1
        killed[kind] += ran.killed
        if not ran.killed:
            assert ran.code == 0, ran.said
            assert state(root) == expected
            copy(start, root)
    return killed, runs


def assert_complete(runner: Runner, root: Path, expected: dict[str, Any]) -> None:
    """Check that one more run leaves what a run without a fault does."""
    ran = grade(runner, root)
    assert ran.code == 0, ran.said
    assert state(root) == expected


@few_or(50, few=3)
def test_a_writer_killed_at_any_point_is_completed_by_the_next(
    kills: int,
    runner: Runner,
    recorded: Path,
    graded: tuple[Path, dict, dict],
    tmp_path: Path,
) -> None:
    _, expected, points = graded
    chance = random.Random(kills)
    root = copy(recorded, tmp_path / "course")

    def once() -> tuple[str, Ran]:
        kind = chance.choice(POINTS)
        number = chance.randint(1, points[kind] // 2)
        return f"at a {kind}", grade(runner, root, kind=kind, number=number)

    killed, runs = killed_often(kills, once, recorded, root, expected)
    assert_complete(runner, root, expected)
    report("writer", killed, runs + 1)


@few_or(15, few=1)
def test_a_driver_killed_at_any_time_is_completed_by_the_next(
    kills: int,
    runner: Runner,
    handed_in: Path,
    graded: tuple[Path, dict, dict],
    tmp_path: Path,
) -> None:
    _, expected, _ = graded
    chance = random.Random(kills)
    root = copy(handed_in, tmp_path / "course")

    def kill(pid: int) -> None:
        """Kill the driver as it starts, or after some more results."""
        alive = Path("/proc", str(pid), "exe")
        before = journal_changes(root)
        if chance.random() > 0.3:
            wait_until(lambda: not _runs(pid) or journal_changes(root) > before, 60)
        time.sleep(chance.uniform(0, 1.5))
        below = list(tree(pid))[1:]
        if alive.exists():
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not any(map(_runs, below)), 20)

    def once() -> tuple[str, Ran]:
        return "driver", grade(runner, root, meanwhile=kill)

    killed, runs = killed_often(kills, once, handed_in, root, expected)
    assert_complete(runner, root, expected)
    report("driver", killed, runs + 1)


def _runs(pid: int) -> bool:
    """Return whether a process runs, and is not just waiting to be buried."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return about.rpartition(")")[2].split()[0] != "Z"


def jobs() -> list[Job]:
    """Return six jobs of the quiz."""
    assignment = Assignment.load(Course.load(ROOT), NAME)
    answers = ['{"b", "c"}  # right', '{"b"}', '["a"]', "None", "print", "undefined"]
    return [
        job(
            assignment,
            Submission(
                f"s{number}", NAME, solutions={"answer_1": f"answer_1 = {answer}"}
            ),
            fingerprint.environment(),
        )
        for number, answer in enumerate(answers)
    ]


def results(outcomes: Iterator[tuple[Job, backends.Outcome]]) -> dict[str, str]:
    """Return the results that there are, as JSON by student."""
    return {
        job.student: outcome.to_json()
        for job, outcome in outcomes
        if isinstance(outcome, Result)
    }


def victims() -> dict[str, list[int]]:
    """Return the processes that a job needs, those that student code is in left out."""
    servers = executor().pids
    return {
        "supervisor": _children(servers["kernel"]),
        "verdict": _children(servers["verdict"]),
        "warm server of kernels": [servers["kernel"]],
        "warm server of verdicts": [servers["verdict"]],
    }


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return list(map(int, path.read_text().split())) if path.exists() else []


@pytest.mark.usefixtures("runner")
@few_or(40, few=2)
def test_results_are_the_same_whatever_process_of_a_job_is_killed(kills: int) -> None:
    wanted = jobs()
    expected = results(backends.run(wanted))
    assert len(expected) == len(wanted)
    assert Result.from_json(expected["s0"]).marks["answer_1_complete"] == 1
    chance = random.Random(kills)
    killed: Counter[str] = Counter()
    outcomes: dict[str, str] = {}
    # To start a warm server takes seconds.
    often = [8, 8, 1, 1] if kills > 10 else [1, 1, 0, 0]

    def kill() -> None:
        while killed.total() < kills:
            time.sleep(chance.uniform(0, 0.4))
            kind = chance.choices(list(victims()), often)[0]
            pids = victims()[kind]
            if pids and _runs(pids[0]):
                os.kill(pids[0], signal.SIGKILL)
                killed[kind] += 1

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    runs = 0
    while killer.is_alive():
        outcomes |= results(backends.run(wanted))
        runs += 1
        assert outcomes.items() <= expected.items()
    killer.join()

    assert results(backends.run(wanted)) == expected
    report("processes of a job", killed, runs + 1)


@pytest.mark.long
def test_old_work_handed_in_again_after_a_kill_gets_its_own_page_back(
    runner: Runner, graded: tuple[Path, dict, dict], tmp_path: Path
) -> None:
    root = copy(graded[0], tmp_path / "course")
    file = root / "submitted" / "half-right" / NAME / f"{NAME}.ipynb"
    old = file.read_bytes()
    more = {"answer_2": 'answer_2 = {"d"}\nprint("new")'}
    nbformat.write(with_cells(nbformat.read(file, 4), more), file)
    new = file.read_bytes()
    assert grade(runner, root).code == 0
    file.write_bytes(old)
    # The journal knows the results of both by now: to write them is all that is left.
    ran = grade(runner, root)
    assert "0 run" in ran.said
    assert state(root) == graded[1]
    for number in (ran.points["commit"] // 2, ran.points["commit"] - 3):
        file.write_bytes(new)
        assert grade(runner, root, kind="commit", number=number).killed
        file.write_bytes(old)
        assert_complete(runner, root, graded[1])


# --- what the machine refuses ---------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("kilobytes", [8, 60, 200])
def test_a_file_that_cannot_grow_is_a_sentence_and_loses_nothing(
    kilobytes: int,
    runner: Runner,
    recorded: Path,
    graded: tuple[Path, dict, dict],
    tmp_path: Path,
) -> None:
    root = copy(recorded, tmp_path / "course")

    ran = grade(runner, root, file_bytes=kilobytes << 10)

    assert_clear(ran, "cannot be written", "disk I/O error", "too large")
    assert_complete(runner, root, graded[1])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.long
@pytest.mark.parametrize("kilobytes", [0, 40, 300])
def test_a_full_disk_is_a_sentence_and_loses_nothing(
    kilobytes: int,
    runner: Runner,
    recorded: Path,
    graded: tuple[Path, dict, dict],
    small_disk: Path,
) -> None:
    root = copy(recorded, small_disk / "course")
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(bytes(free - (kilobytes << 10)))

    ran = grade(runner, root)

    assert_clear(ran, "No space left", "disk is full")
    filler.unlink()
    assert_complete(runner, root, graded[1])


@pytest.mark.long
def test_a_gradebook_that_became_read_only_is_a_sentence_and_loses_nothing(
    runner: Runner, recorded: Path, graded: tuple[Path, dict, dict], tmp_path: Path
) -> None:
    root = copy(recorded, tmp_path / "course")
    points = graded[2]
    # Most commits make the tables; each of the last few writes a student's marks.
    assert grade(runner, root, kind="commit", number=points["commit"] - 6).killed
    gradebook = root / "gradebook.db"
    with closing(sqlite3.connect(gradebook)) as database:  # takes back what was open
        (students,) = database.execute("SELECT count(*) FROM student").fetchone()
    assert 0 < students < 4
    before = gradebook.read_bytes()
    settings = root / "nbgrader_config.py"
    usual = settings.read_text("utf-8")
    url = f"sqlite:///file:{gradebook}?mode=ro&uri=true"
    settings.write_text(f"{usual}\nc.CourseDirectory.db_url = {url!r}\n", "utf-8")

    ran = grade(runner, root)

    assert_clear(ran, "readonly")
    assert gradebook.read_bytes() == before
    settings.write_text(usual, "utf-8")
    assert_complete(runner, root, graded[1])


# --- the clock ------------------------------------------------------------------------


@pytest.mark.usefixtures("runner")
def test_a_clock_that_jumps_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = jobs()[:2]
    expected = results(backends.run(wanted))
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", jumping_clock(1))
        outcomes = results(backends.run(wanted))
    assert outcomes == expected
    assert len(outcomes) == 2


@pytest.mark.long
def test_a_clock_that_jumps_changes_nothing_in_the_gradebook(
    runner: Runner, recorded: Path, graded: tuple[Path, dict, dict], tmp_path: Path
) -> None:
    root = copy(recorded, tmp_path / "course")
    for path in (root / "submitted").rglob("*.ipynb"):
        os.utime(path, (4e9, 4e9))  # in the year 2096
    assert grade(runner, root, clock=2).code == 0
    assert "0 run" in grade(runner, root, clock=3).said
    assert state(root) == graded[1]


DECIDING = (*SIDES, "submission", "gradebook", "journal.py", "session.py")


@pytest.mark.parametrize("place", DECIDING)
def test_nothing_that_decides_reads_the_time_of_day(place: str) -> None:
    path = ROOT / "grading" / place
    nodes = [
        node
        for file in ([path] if path.is_file() else path.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
    ]
    assert nodes
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert not used & {"time", "now", "utcnow", "today", "st_mtime", "st_ctime"}
