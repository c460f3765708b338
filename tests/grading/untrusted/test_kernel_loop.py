"""The student's kernel: commands, loops, and interrupts of either."""

import pytest

from grading.course import Course
from grading.runtime.executor import Executor
from grading.runtime.job import Job, Limits, Result
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ROOT
from samples.notebooks import references

RIGHT = references("quiz")["answer_2"]


def made(*, wall_s: float = 60, **cells: str) -> Job:
    """Return a job of the quiz with these cells."""
    submission = Submission("somebody", "quiz", solutions=cells)
    assignment = Assignment.load(Course.load(ROOT), "quiz")
    return job(assignment, submission, "", limits=Limits(wall_s=wall_s))


def shown(result: Result, cell: str) -> str:
    """Return the text that a cell showed."""
    return "".join(output.get("text", "") for output in result.outputs[cell])


def test_a_command_shows_its_output_and_one_that_fails_says_why(
    executor: Executor,
) -> None:
    commands = f"""
!echo out; echo error >&2
!curl -s https://example.org || wget -q https://example.org
print("goes on", _exit_code != 0)
!sleep 1 &
{RIGHT}"""

    result = executor.execute(made(answer_2=commands, answer_1="%%bash\necho $((6*7))"))

    text = shown(result, "answer_2")
    for words in ("out\n", "error\n", "goes on True\n", "no network", "in the backgr"):
        assert words in text
    assert "Traceback" not in text
    assert shown(result, "answer_1") == "42\n"
    assert (result.status, result.marks["answer_2_complete"]) == ("graded", 1)


def test_a_command_that_writes_without_end_is_ended_and_the_cell_goes_on(
    executor: Executor,
) -> None:
    kept = "word = 'yes'\nlines = !$word; echo no >&2\nprint(len(lines), lines[-1])"
    result = executor.execute(made(answer_1=kept, answer_2=f"!yes\n{RIGHT}"))

    assert "wrote more than 4 MB" in shown(result, "answer_1")
    assert shown(result, "answer_2").startswith("y\ny\n")
    assert (result.status, result.marks["answer_2_complete"]) == ("graded", 1)


EXITS = {
    "an exit in the loop": "import asyncio, sys\n"
    "asyncio.get_event_loop().call_soon(sys.exit)\nawait asyncio.sleep(9)",
    "an exit after the cell": "import sys\n"
    "get_ipython().events.register('post_execute', sys.exit)",
    "an error without words": "class Odd(Exception):\n"
    "    def __str__(self):\n        raise SystemExit\nraise Odd",
}


@pytest.mark.parametrize("cell", EXITS.values(), ids=EXITS)
def test_a_cell_that_ends_the_kernel_s_own_work_costs_no_other(
    executor: Executor, cell: str
) -> None:
    result = executor.execute(made(answer_1=cell, answer_2=RIGHT))

    assert (result.status, result.marks["answer_2_complete"]) == ("graded", 1)


ENDLESS = {
    "a loop that waits": "import asyncio\nawait asyncio.sleep(1000)",
    "a loop that is busy": "import asyncio\nawait asyncio.sleep(0)\nwhile True: pass",
    "a command": "!sleep 1000",
    "a script": "%%bash\nsleep 1000",
}


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, id=name, marks=pytest.mark.long if number else ())
        for number, (name, cell) in enumerate(ENDLESS.items())
    ],
)
def test_a_cell_without_end_is_interrupted_and_costs_no_other(
    executor: Executor, cell: str
) -> None:
    result = executor.execute(made(answer_1=cell, answer_2=RIGHT, wall_s=10))

    assert result.status == "timeout"
    assert result.marks["answer_2_complete"] == 1
    assert result.marks["answer_1_complete"] == 0


def test_what_a_loop_was_left_with_goes_on_in_the_next_cell(executor: Executor) -> None:
    begun = """
import asyncio
told = []
async def count():
    for number in range(100):
        told.append(number)
        await asyncio.sleep(0.001)
task = asyncio.create_task(count())"""

    result = executor.execute(
        made(answer_1=begun, answer_2=f"await task\nprint(len(told))\n{RIGHT}")
    )

    assert shown(result, "answer_2") == "100\n"
    assert result.status == "graded"
