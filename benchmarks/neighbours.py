"""What a hostile submission costs an honest one beside it: its marks and its seconds.

The honest one, which computes for some seconds, runs alone, then beside each attack in
turn, each time after the attack has begun. The ratio should be 2 at most.

    python -m benchmarks.neighbours           # a minute

Run it on an idle machine.
"""

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
from samples.attacks import ATTACKS
from samples.course import ROOT

KINDS = ("processor", "memory of no process")
HONEST = {
    "answer_1": "print(sum(n % 7 for n in range(30_000_000)))\nanswer_1 = {'b', 'c'}"
}
LIMITS = Limits(wall_s=12, cpu_s=60, memory_mb=1500)
ROW = "{:<38} {:>7} {:>8} {:>6}  {}"


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


def main() -> None:
    """Print a row for each attack."""
    executor = Executor()
    try:
        alone, seconds_alone = timed(executor)
        print(ROW.format("beside", "seconds", "ratio", "marks", "the attack"))
        print(ROW.format("nobody", f"{seconds_alone:.1f}", "", "", ""))
        for attack in ATTACKS:
            if attack.kind in KINDS:
                ended: list[Result] = []
                hostile = made(attack.cells, LIMITS)
                other = threading.Thread(
                    target=lambda work=hostile, ended=ended: ended.append(
                        executor.execute(work)
                    )
                )
                other.start()
                time.sleep(1)
                beside, seconds = timed(executor)
                other.join()
                same = "same" if beside.marks == alone.marks else "OTHER"
                ratio = f"{seconds / seconds_alone:.2f}"
                shown = ended[0].status if ended else "no result"
                print(
                    ROW.format(attack.id, f"{seconds:.1f}", ratio, same, shown),
                    flush=True,
                )
    finally:
        executor.close()


if __name__ == "__main__":
    main()
