"""The executor survives the loss of any of its processes, and leaves none behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grading.course import Course
from grading.runtime import executor as runs
from grading.runtime.executor import Executor, SandboxError
from grading.runtime.job import Job, Limits
from grading.runtime.sandbox import HOME
from grading.runtime.sandbox.limits import tree
from grading.submission import assemble
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ROOT

SLOW = "import time\ntime.sleep(60)"


def made(answer: str = 'answer_1 = {"b", "c"}', wall_s: float = 60) -> Job:
    """Return a job of the quiz."""
    submission = Submission("somebody", "quiz", solutions={"answer_1": answer})
    assignment = Assignment.load(Course.load(ROOT), "quiz")
    return assemble.job(assignment, submission, "", limits=Limits(wall_s=wall_s))


def below(pid: int) -> list[int]:
    """Return all processes below ``pid``."""
    return list(tree(pid))[1:]


def wait_for(condition, seconds: float = 20) -> None:
    """Wait until ``condition()`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_nothing_is_left_after_a_job(executor: Executor) -> None:
    result = executor.execute(made())

    assert result.marks["answer_1_complete"] == 1
    wait_for(lambda: below(executor.pids["kernel"]) == [], 2)
    wait_for(lambda: below(executor.pids["verdict"]) == [], 2)


def test_a_submission_may_import_what_the_servers_leave_out(executor: Executor) -> None:
    result = executor.execute(made('import debugpy, jax\nanswer_1 = {"b", "c"}'))

    assert result.marks["answer_1_complete"] == 1


@pytest.mark.parametrize("kind", ["kernel", "verdict"])
def test_a_warm_server_that_was_killed_is_replaced(
    executor: Executor, kind: str
) -> None:
    pid = executor.pids[kind]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: executor._servers[kind].alive is False)

    result = executor.execute(made())

    assert result.marks["answer_1_complete"] == 1
    assert executor.pids[kind] != pid


def test_servers_share_no_memory_no_file_and_no_session(executor: Executor) -> None:
    servers = executor.pids.values()
    assert executor._origin is not None
    processes = {executor._origin.pid, *servers}

    for pid in servers:
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
        # The second word says what may be done there, and whether others see it.
        assert [row for row in maps if row.split()[1][1::2] == "ws"] == []
    files = [file for pid in processes for file in _files(pid)]
    assert len(files) >= 2 * len(servers)
    assert len(files) == len(set(files))
    assert len({os.getsid(pid) for pid in (0, *processes)}) == 4
    assert {pid: os.getsid(pid) for pid in servers} == {pid: pid for pid in servers}


def _files(pid: int) -> set[tuple[int, int]]:
    """Return which files and sockets a process has open, /dev/null left out."""
    null = os.stat("/dev/null")
    files = [os.stat(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return {
        (file.st_dev, file.st_ino) for file in files if file.st_rdev != null.st_rdev
    }


def test_servers_have_one_origin_and_outlive_it(executor: Executor) -> None:
    origin = _parent(executor.pids["kernel"])
    assert origin == _parent(executor.pids["verdict"]) != os.getpid()
    before = executor.pids
    os.kill(origin, signal.SIGKILL)
    wait_for(lambda: _parent(before["kernel"]) != origin)
    assert executor.execute(made()).marks["answer_1_complete"] == 1
    assert executor.pids == before

    os.kill(before["kernel"], signal.SIGKILL)
    wait_for(lambda: executor._servers["kernel"].alive is False)

    assert executor.execute(made()).marks["answer_1_complete"] == 1
    assert executor.pids["kernel"] != before["kernel"]
    assert executor.pids["verdict"] == before["verdict"]


def _parent(pid: int) -> int:
    about = Path(f"/proc/{pid}/stat").read_text()
    return int(about.rpartition(")")[2].split()[1])


def test_each_kind_of_process_has_a_home_of_its_own(executor: Executor) -> None:
    job = made('import os\nprint(os.environ["HOME"])\nanswer_1 = {"b", "c"}')
    check = 'import os\nassert os.environ["HOME"] == "/nonexistent"'
    full_tests = tuple(replace(test, source=check) for test in job.full_tests)
    job = replace(job, full_tests=full_tests)

    result = executor.execute(job)

    assert result.outputs["answer_1"][0]["text"] == f"{HOME}\n"
    assert result.marks["answer_1_complete"] == 1, result.messages


@pytest.mark.parametrize("which", ["supervisor", "verdict"])
def test_the_loss_of_a_trusted_process_is_no_zero_for_the_student(
    executor: Executor, which: str
) -> None:
    caught: list[Exception] = []

    def run() -> None:
        try:
            executor.execute(made(SLOW, wall_s=20))
        except SandboxError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    server = executor.pids["kernel" if which == "supervisor" else "verdict"]
    wait_for(lambda: len(below(executor.pids["kernel"])) >= 3)
    wait_for(lambda: below(server))
    processes = below(executor.pids["kernel"])
    os.kill(below(server)[0], signal.SIGKILL)
    thread.join(60)

    assert len(caught) == 1
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))


def test_what_is_said_after_the_last_cell_is_thrown_away_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "MAX_DRAINED", 1 << 20)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = threading.Thread(target=runs._drain, args=(ours,))
        thread.start()
        with pytest.raises(OSError, match="Broken pipe"):
            theirs.sendall(bytes(4 << 20))
        thread.join()


def test_a_supervisor_outlives_its_sandbox_where_memory_runs_out(
    executor: Executor,
) -> None:
    """Else what used up the memory would be a loss of the machine's, and no zero."""
    thread = threading.Thread(target=executor.execute, args=(made(SLOW, wall_s=2),))
    thread.start()
    wait_for(lambda: len(below(executor.pids["kernel"])) >= 3)
    scores = [
        int(Path(f"/proc/{pid}/oom_score_adj").read_text())
        for pid in below(executor.pids["kernel"])
    ]
    thread.join()

    assert scores[0] < scores[1] == scores[2]


@pytest.mark.usefixtures("needs_sandbox")
def test_a_grader_that_is_killed_takes_the_sandbox_with_it() -> None:
    code = (
        "import json, os\n"
        "from tests.grading.runtime.test_executor import SLOW, Executor, made\n"
        "one = Executor()\n"
        "print(json.dumps([os.getpid(), *one.pids.values()]), flush=True)\n"
        "one.execute(made(SLOW))\n"
    )
    grader = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout is not None
    line = grader.stdout.readline()
    assert line
    _, kernel, verdict = json.loads(line)
    wait_for(lambda: len(below(kernel)) >= 3)
    processes = [*below(kernel), *below(verdict), kernel, verdict]

    grader.kill()
    grader.wait()
    grader.stdout.close()

    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in processes))


def test_an_endless_cell_costs_what_depends_on_it_alone(executor: Executor) -> None:
    endless = 'answer_1 = {"b", "c"}\nwhile True:\n    pass'

    result = executor.execute(made(endless, wall_s=6))

    assert result.status == "timeout"
    assert result.marks["answer_1_complete"] == 1
    assert result.outputs["answer_1"][-1]["ename"] == "KeyboardInterrupt"


def test_jobs_side_by_side_give_what_they_give_alone(executor: Executor) -> None:
    alone = executor.execute(made())
    results: list = [None] * 4

    def run(number: int) -> None:
        results[number] = executor.execute(made())

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {result.to_json() for result in results} == {alone.to_json()}


@pytest.mark.slow
def test_without_a_sandbox_marks_are_the_same() -> None:
    executor = Executor(trust_submissions=True)
    try:
        results = [executor.execute(made()), executor.execute(made(SLOW, wall_s=3))]
        wait_for(lambda: below(executor.pids["kernel"]) == [], 5)
    finally:
        executor.close()

    assert [result.status for result in results] == ["graded", "timeout"]
    assert results[0].marks["answer_1_complete"] == 1
