"""The executor survives the loss of any of its processes, and leaves none behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grading.assignment import Assignment
from grading.course import Course
from grading.execute import Executor, SandboxFailed
from grading.intake import Submission
from grading.job import Job, Limits
from grading.rebuild import job
from grading.sandbox import tree
from tools.release import ROOT

SLOW = "import time\ntime.sleep(60)"


def made(answer: str = 'answer_1 = {"b", "c"}', wall_s: float = 60) -> Job:
    """Return a job of the quiz."""
    submission = Submission("somebody", "quiz", solutions={"answer_1": answer})
    assignment = Assignment.load(Course.load(ROOT), "quiz")
    return job(assignment, submission, "", limits=Limits(wall_s=wall_s))


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


@pytest.mark.parametrize("which", ["supervisor", "verdict"])
def test_the_loss_of_a_trusted_process_is_no_zero_for_the_student(
    executor: Executor, which: str
) -> None:
    caught: list[Exception] = []

    def run() -> None:
        try:
            executor.execute(made(SLOW, wall_s=20))
        except SandboxFailed as error:
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


def test_a_grader_that_is_killed_takes_the_sandbox_with_it() -> None:
    code = (
        "from tests.test_grading_execute import SLOW, Executor, json, made, os\n"
        "import threading\n"
        "one = Executor()\n"
        "print(json.dumps([os.getpid(), *one.pids.values()]), flush=True)\n"
        "one.execute(made(SLOW))\n"
    )
    grader = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout is not None
    line = grader.stdout.readline()
    if not line:
        pytest.skip("no sandbox on this machine")
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

    assert {one.to_json() for one in results} == {alone.to_json()}


def test_without_a_sandbox_marks_are_the_same() -> None:
    one = Executor(trust_submissions=True)
    try:
        results = [one.execute(made()), one.execute(made(SLOW, wall_s=3))]
        wait_for(lambda: below(one.pids["kernel"]) == [], 5)
    finally:
        one.close()

    assert [result.status for result in results] == ["graded", "timeout"]
    assert results[0].marks["answer_1_complete"] == 1
