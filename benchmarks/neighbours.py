"""What a hostile submission costs an honest one beside it: its marks and its seconds.

The honest one, which computes for some seconds, runs alone and then beside an attack
that has begun before, for each attack in turn. The ratio of the two should be 2 at
most. As both are measured one after the other, other work on the machine changes both.

    python -m benchmarks.neighbours                # all, some minutes
    python -m benchmarks.neighbours spinners pipes # those whose name holds a word
"""

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from grading.course import Course
from grading.runtime.executor import Executor
from grading.runtime.job import Job, Limits, Result
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.attacks import ATTACKS, Attack
from samples.course import ROOT

KINDS = ("processor", "memory of no process", "shares of a user", "floods")
HONEST = {
    "answer_1": "print(sum(n % 7 for n in range(30_000_000)))\nanswer_1 = {'b', 'c'}"
}
LIMITS = Limits(wall_s=12, cpu_s=60, memory_mb=1500)
ROW = "{:<38} {:>7} {:>8} {:>6} {:>6}  {}"
BEGUN_S = 1.0


def made(cells: Mapping[str, str], limits: Limits) -> Job:
    """Return a job of the quiz."""
    assignment = Assignment.load(Course.load(ROOT), "quiz")
    submission = Submission("somebody", "quiz", solutions=dict(cells))
    return replace(job(assignment, submission, "", limits=limits), seed=1)


def timed(executor: Executor) -> tuple[Result, float]:
    """Return what came of the honest submission, and its seconds."""
    started = time.monotonic()
    result = executor.execute(made(HONEST, Limits()))
    return result, time.monotonic() - started


def beside(executor: Executor, attack: Attack) -> tuple[Result, Result, float]:
    """Return what came of an attack, of the honest submission, and its seconds."""
    ended: list[Result] = []
    hostile = made(attack.cells, LIMITS)
    other = threading.Thread(target=lambda: ended.append(executor.execute(hostile)))
    other.start()
    time.sleep(BEGUN_S)
    honest, seconds = timed(executor)
    other.join()
    return ended[0], honest, seconds


def main(words: list[str]) -> None:
    """Print a row for each attack."""
    executor = Executor()
    print(ROW.format("beside", "alone", "seconds", "ratio", "marks", "the attack"))
    try:
        for attack in ATTACKS:
            if attack.kind not in KINDS or attack.assignment != "quiz":
                continue
            if words and not any(word in attack.id for word in words):
                continue
            alone, seconds_alone = timed(executor)
            hostile, honest, seconds = beside(executor, attack)
            figures = (
                f"{seconds_alone:.1f}",
                f"{seconds:.1f}",
                f"{seconds / seconds_alone:.2f}",
            )
            marks = "same" if honest.marks == alone.marks else "OTHER"
            print(ROW.format(attack.id, *figures, marks, hostile.status), flush=True)
    finally:
        executor.close()


if __name__ == "__main__":
    main(sys.argv[1:])
