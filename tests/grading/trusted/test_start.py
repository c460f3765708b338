"""Whatever ends the judging, the student gets what was judged until then, and a reason.

The test cells here are the course's own and do to their process what answers of a
student's process might make them do.
"""

import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grading.course import Course
from grading.runtime.executor import Executor, SandboxError
from grading.runtime.job import Job, Limits, Result
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from grading.trusted.channel import MAX_WORD, Channel, RemoteStudent
from samples.course import ROOT
from samples.notebooks import references

RIGHT = references("quiz")
LAST = "answer_19_complete"


def made(source: str, wall_s: float = 60) -> Job:
    """Return a job of the quiz whose last hidden test is ``source``."""
    assignment = Assignment.load(Course.load(ROOT), "quiz")
    submission = Submission("somebody", "quiz", solutions=RIGHT)
    work = job(assignment, submission, "", limits=Limits(wall_s=wall_s))
    tests = [
        replace(test, source=source) if test.grade_id == LAST else test
        for test in work.full_tests
    ]
    return replace(work, full_tests=tuple(tests))


def lost(result: Result) -> set[str]:
    """Return the tests without points."""
    return {name for name, mark in result.marks.items() if not mark}


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os').abort()",
        "__import__('ctypes').string_at(0)",
        "__import__('os')._exit(0)",
        "raise SystemExit",
        "kept = bytearray(5 << 30)",
        "answer_1 = 'x' * (5 << 30)",
        "raise ValueError('x' * 100_000_000)",
        "print('x' * 100_000_000)\nraise ValueError",
    ],
    ids=lambda source: source[:40],
)
def test_judging_that_breaks_off_costs_what_was_not_judged(
    executor: Executor, source: str
) -> None:
    result = executor.execute(made(source))

    assert lost(result) == {LAST}
    assert 0 < len(result.messages[LAST]) < 20_000


@pytest.mark.parametrize(
    "source",
    [
        "3 ** (3 ** 25)",
        "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    ],
    ids=["in C", "in Python"],
)
def test_judging_that_does_not_end_is_ended(executor: Executor, source: str) -> None:
    result = executor.execute(made(source, wall_s=2))

    assert lost(result) == {LAST}
    assert "too long" in result.messages[LAST]
    assert result.status == "timeout"


def test_judging_that_somebody_else_killed_is_the_machine_s_fault(
    executor: Executor,
) -> None:
    source = f"__import__('signal').raise_signal({int(signal.SIGKILL)})"

    with pytest.raises(SandboxError):
        executor.execute(made(source))


def test_where_memory_runs_out_sandboxes_end_before_judging_before_the_grader(
    executor: Executor,
) -> None:
    scores = "print(open('/proc/self/oom_score_adj').read())"
    submission = {"answer_1": f"{RIGHT['answer_1']}\n{scores}"}
    work = made("raise ValueError(open('/proc/self/oom_score_adj').read())")
    cells = tuple(
        replace(cell, source=submission.get(cell.grade_id, cell.source))
        for cell in work.cells
    )

    result = executor.execute(replace(work, cells=cells))

    own = int(Path("/proc/self/oom_score_adj").read_text())
    student = int(result.outputs["answer_1"][0]["text"])
    verdict = int(result.messages[LAST].partition("ValueError: ")[2])
    assert own < verdict < student


@pytest.fixture
def asked() -> Iterator[tuple[RemoteStudent, socket.socket]]:
    """Return a student at a distance, and the other end of its channel."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield RemoteStudent(Channel(ours, 1e12), "autoencoder"), theirs


def test_every_word_of_a_model_s_facts_is_cut(
    asked: tuple[RemoteStudent, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    student, _ = asked
    long = "\t" * 500_000
    facts: dict[str, Any] = {
        "class": long,
        "input_shape": [None, long],
        "output_shape": None,
        "parameters": 1,
        "optimizer": long,
        "layers": [{"class": long, "name": long, long: {long: [long]}}],
    }
    monkeypatch.setattr(student.channel, "ask", lambda *_, **__: ({"facts": facts}, []))

    assert len(str(student.facts("auto"))) < 20 * MAX_WORD
