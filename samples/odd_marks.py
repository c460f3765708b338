"""Mark the odd submissions as `course grade` does: intake, sandbox, trusted verdict.

python -m samples.odd_marks             # all, and a table
python -m samples.odd_marks Colab copy  # those whose name holds a word
"""

import itertools
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from grading.course import Course
from grading.runtime.executor import Executor
from grading.runtime.job import Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.marking import points
from samples.odd_submissions import NAME, ODD, RIGHT, Odd, hand_in, right

POINTS = points(NAME)
ROW = "{:<52} {:<9} {:>8} {:>6}  {}"


def expected(odd: Odd) -> dict[str, float]:
    """Return the marks of a submission: full ones, but for cells that it loses."""
    lost = tuple(RIGHT) if odd.refused else odd.loses
    return {
        test: 0.0 if _tests(test) in lost else full for test, full in POINTS.items()
    }


def _tests(test: str) -> str:
    """Return the solution cell that a test cell looks at."""
    owners = [name for name in RIGHT if test.startswith(f"{name}_")]
    return owners[0] if owners else "autoencoder"


@dataclass(frozen=True)
class Row:
    """What came of an odd submission."""

    odd: Odd
    result: Result

    @property
    def problems(self) -> list[str]:
        """What is not as it must be, in words."""
        said = " ".join(self.result.notes)
        problems = [
            f"{test}: {self.result.marks.get(test)} instead of {mark:g}"
            for test, mark in expected(self.odd).items()
            if self.result.marks.get(test) != mark
        ]
        if self.odd.note not in said or bool(said) != bool(self.odd.note):
            problems.append(f"the note is {said!r}")
        return problems


class Marker:
    """A course folder to hand in to, and what marks there.

    Args:
        folder: an empty folder.
        executor: runs what was handed in.
    """

    def __init__(self, folder: Path, executor: Executor) -> None:
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        self.course = Course.load(folder)
        self.assignment = Assignment.load(Course.load(ROOT), NAME)
        self.executor = executor
        self._numbers = itertools.count()

    def mark(self, odd: Odd) -> Row:
        """Hand in an odd submission and mark it."""
        student = f"student-{next(self._numbers)}"
        hand_in(
            self.course.path(self.course.submitted, student, NAME), odd.files(right())
        )
        submission = intake.receive(self.course, self.assignment, student)
        made = assemble.job(self.assignment, submission, "")
        if submission.refused is not None:
            return Row(odd, assemble.refusal(made, submission))
        return Row(odd, assemble.with_notes(self.executor.execute(made), submission))


def main(words: list[str]) -> int:
    """Print one row for each odd submission; return how many have a problem."""
    started = time.monotonic()
    bad = 0
    chosen = [
        odd for odd in ODD if not words or any(word in odd.name for word in words)
    ]
    print(ROW.format("odd submission", "status", "expected", "marks", "what it says"))
    executor = Executor()
    with tempfile.TemporaryDirectory() as folder:
        marker = Marker(Path(folder), executor)
        for odd in chosen:
            row = marker.mark(odd)
            bad += bool(row.problems)
            said = [
                *(f"PROBLEM: {problem}" for problem in row.problems),
                *row.result.notes,
            ]
            print(
                ROW.format(
                    odd.name,
                    row.result.status,
                    f"{sum(expected(odd).values()):g}",
                    f"{sum(row.result.marks.values()):g}",
                    " ".join(said)[:120],
                ),
                flush=True,
            )
    executor.close()
    seconds = time.monotonic() - started
    print(f"{len(chosen)} odd submissions, {bad} with a problem, {seconds:.0f} s")
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) != 0)
