"""Submissions a minute: plain nbgrader against `course grade`, on one class.

A class hands in four assignments. For each of them in turn, `nbgrader autograde` marks
a sample of the class, spread over it, and `course grade` marks all of it, sandbox and
trusted verdict included; who begins alternates. Students are made from the known
submissions, each with a text of its own, so nothing is ever taken from an earlier run
or from an equal work.
At the end, one `course grade` marks all four, between two halves of such a sample.

The clock of both counts the whole command, its start-up too. nbgrader is serial, so
what it takes for the class is its start-up and so many times its seconds a submission.
The release, and with it the entry in the gradebook, was made for both before.

    python -m benchmarks.grading                        # 40 students: 20 minutes
    python -m benchmarks.grading vanilla --sample 40    # nbgrader marks all of them too
    python -m benchmarks.grading --scale                # 40 to 1,000: half an hour
    python -m benchmarks.grading --trial                # a quick look, no result

Run it on an idle machine: the ratio stands only when both had the same cores.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import psutil
from tqdm import tqdm

from grading.course import Course
from grading.journal import Journal
from grading.runtime import sandbox
from grading.runtime.executor import Executor
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.course import ASSIGNMENTS, ROOT
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import references, source, with_cells
from samples.submissions import submissions
from samples.submissions.submission import KnownSubmission

BUILDERS = ("vanilla", "sparse", "convolutional", "variational")
SCALE: tuple[int, ...] = (40, 200, 1_000)
SCALED = "quiz"
LOOK_EVERY_S = 0.1
Marks = dict[str, dict[str, float]]


# --- a class --------------------------------------------------------------------------


def student(number: int) -> str:
    """Return a student's id."""
    return f"student_{number:04}"


def works(name: str, students: int) -> list[dict[str, str]]:
    """Return the solution cells of each student, every one a text of its own."""
    reference = references(name)
    known = [KnownSubmission("the reference", {}), *submissions(name)]
    cells_of = []
    for number, submission in enumerate(islice(cycle(known), students)):
        cells = reference | submission.cells
        first = next(iter(cells))
        cells[first] += f"\n# handed in by {student(number)}\n"
        cells_of.append(cells)
    return cells_of


def spread(students: int, sample: int) -> list[int]:
    """Return the numbers of ``sample`` students, spread over the class."""
    return [number * students // sample for number in range(sample)]


def hand_in(
    course: NbgraderCourse, name: str, works: list[dict[str, str]], chosen: list[int]
) -> None:
    """Put the notebooks of the chosen students where they are graded."""
    for number in chosen:
        notebook = with_cells(source(name, "release"), works[number])
        course.submit(name, student(number), notebook)


# --- a command, watched ---------------------------------------------------------------


@dataclass
class Run:
    """How a command went.

    Attributes:
        seconds: all of it, start-up included.
        first: until the first submission was begun (nbgrader) or done (course).
        peak_mb: most memory that its own process used, without those it started.
    """

    seconds: float
    first: float
    peak_mb: float

    def expected(self, marked: int, students: int) -> float:
        """Return the seconds for a class, of which a serial run marked some."""
        return self.first + (self.seconds - self.first) / marked * students


def watched(
    command: list[str], folder: Path, done: Callable[[], int], total: int, title: str
) -> Run:
    """Run a command, and show how far it is.

    Args:
        command: arguments of this Python.
        folder: where it runs.
        done: how many submissions are begun or done.
        total: how many there are.
        title: the name of the bar.

    Raises:
        RuntimeError: it failed; the message is what it said.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    started = time.perf_counter()
    first, peak = 0.0, 0
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdout=said,
            stderr=subprocess.STDOUT,
        ) as process,
        tqdm(total=total, desc=title, unit="submission") as bar,
    ):
        about = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, about.memory_info().rss)
            except psutil.Error:
                break  # it has just ended
            if new := done() - bar.n:
                bar.update(new)
                first = first or time.perf_counter() - started
            time.sleep(LOOK_EVERY_S)
        code = process.wait()
        seconds = time.perf_counter() - started
        bar.update(done() - bar.n)
        if code:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()[-4000:]}")
    return Run(seconds, first or seconds, peak / 2**20)


def plain(course: NbgraderCourse, name: str, total: int) -> Run:
    """Let plain nbgrader mark what was handed in."""
    return watched(
        ["-m", "nbgrader", "autograde", name],
        course.root,
        lambda: len(list(course.root.glob(f"autograded/*/{name}"))),
        total,
        f"{name}, nbgrader",
    )


def sandboxed(
    course: NbgraderCourse, names: Sequence[str], total: int, workers: int
) -> Run:
    """Let one `course grade` mark what was handed in."""
    before = _recorded(course)
    return watched(
        ["-m", "grading", "grade", *names, "--workers", str(workers)],
        course.root,
        lambda: _recorded(course) - before,
        total,
        f"{', '.join(names)}, course",
    )


def _recorded(course: NbgraderCourse) -> int:
    """Return how many results the journal holds."""
    with Journal(course.root / ".grading" / "journal.db", write=False) as journal:
        return journal.count()


# --- what is measured -----------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """One assignment, marked by both.

    Attributes:
        name: the assignment's name.
        students: how many handed it in.
        sample: how many of them plain nbgrader marked.
        plain_s: seconds that plain nbgrader takes for all students.
        course_s: seconds that `course grade` took for all students.
        peak_mb: most memory of the process `course grade`.
        cells: how many marks were compared.
        differ: how many of them differ.
    """

    name: str
    students: int
    sample: int
    plain_s: float
    course_s: float
    peak_mb: float
    cells: int
    differ: int


def compare(
    name: str, students: int, sample: int, workers: int, *, plain_first: bool
) -> Pair:
    """Have one assignment marked by both, one after the other."""
    written = works(name, students)
    chosen = spread(students, sample)
    with _course() as sampled, _course() as whole:
        for course in (sampled, whole):
            course.generate(name)
        hand_in(sampled, name, written, chosen)
        hand_in(whole, name, written, list(range(students)))
        runs: dict[str, Run] = {}
        for who in ("plain", "course") if plain_first else ("course", "plain"):
            if who == "plain":
                runs[who] = plain(sampled, name, sample)
            else:
                runs[who] = sandboxed(whole, [name], students, workers)
        cells, differ = differing(sampled.marks(name), whole.marks(name))
    return Pair(
        name=name,
        students=students,
        sample=sample,
        plain_s=runs["plain"].expected(sample, students),
        course_s=runs["course"].seconds,
        peak_mb=runs["course"].peak_mb,
        cells=cells,
        differ=differ,
    )


@contextmanager
def _course() -> Iterator[NbgraderCourse]:
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        yield NbgraderCourse(Path(folder))


def differing(sample: Marks, all_: Marks) -> tuple[int, int]:
    """Return how many marks of the sample were compared, and how many differ."""
    cells = [
        (mark, all_[student_id].get(name))
        for student_id, marks in sample.items()
        for name, mark in marks.items()
    ]
    return len(cells), sum(mark != other for mark, other in cells)


def at_once(names: Sequence[str], students: int, sample: int, workers: int) -> Pair:
    """Have one `course grade`, which starts up once, mark all assignments.

    nbgrader marks half of its sample before, and the other half after.
    """
    chosen = spread(students, sample)
    halves = [half for half in (chosen[::2], chosen[1::2]) if half]
    with _course() as course, ExitStack() as stack:
        for name in names:
            course.generate(name)
            hand_in(course, name, works(name, students), list(range(students)))
        plain_s = 0.0
        cells = differ = 0
        others = [stack.enter_context(_course()) for _ in halves]
        for number, (other, half) in enumerate(zip(others, halves, strict=True)):
            for name in names:
                other.generate(name)
                hand_in(other, name, works(name, students), half)
                ran = plain(other, name, len(half))
                plain_s += ran.expected(len(half), students) / len(halves)
            if number == 0:
                run = sandboxed(course, names, students * len(names), workers)
        for other in others:
            for name in names:
                compared, unequal = differing(other.marks(name), course.marks(name))
                cells, differ = cells + compared, differ + unequal
    return Pair(
        name="by one command",
        students=students * len(names),
        sample=sample * len(names),
        plain_s=plain_s,
        course_s=run.seconds,
        peak_mb=run.peak_mb,
        cells=cells,
        differ=differ,
    )


def lost_to_sandboxing(rounds: int) -> str:
    """Return a sentence: one job with a sandbox and without, in turn."""
    assignment = Assignment.load(Course.load(ROOT), SCALED)
    submission = Submission("somebody", SCALED, solutions=works(SCALED, 1)[0])
    same = job(assignment, submission, "")
    executors = Executor(), Executor(trust_submissions=True)
    times: tuple[list[float], list[float]] = ([], [])
    try:
        for _ in tqdm(range(rounds), desc="with and without sandbox", unit="round"):
            for executor, seconds in zip(executors, times, strict=True):
                seconds.append(executor.execute(same).seconds["all"])
    finally:
        for executor in executors:
            executor.close()
    inside, outside = (1000 * statistics.median(seconds) for seconds in times)
    return (
        f"one kernel, {SCALED}: {inside:.0f} ms in a sandbox, {outside:.0f} ms with "
        f"--trust-submissions: {inside - outside:.0f} ms lost to sandboxing "
        f"(medians of {rounds} each, in turn)"
    )


# --- tables ---------------------------------------------------------------------------


def together(pairs: list[Pair]) -> Pair:
    """Return all assignments as one: sums, and the highest peak."""
    sums = {
        field: sum(getattr(pair, field) for pair in pairs)
        for field in ("students", "sample", "plain_s", "course_s", "cells", "differ")
    }
    peak = max(pair.peak_mb for pair in pairs)
    return Pair(name="together", peak_mb=peak, **sums)


HEADER = (
    f"{'assignment':16} {'students':>8} {'sample':>7} {'nbgrader/min':>13} "
    f"{'course/min':>11} {'ratio':>6} {'driver MB':>10} {'marks':>6} {'differ':>7}"
)


def row(pair: Pair) -> str:
    """Return a line of the table of submissions a minute."""
    return (
        f"{pair.name:16} {pair.students:8} {pair.sample:7} "
        f"{60 * pair.students / pair.plain_s:13.1f} "
        f"{60 * pair.students / pair.course_s:11.1f} "
        f"{pair.plain_s / pair.course_s:6.1f} {pair.peak_mb:10.0f} "
        f"{pair.cells:6} {pair.differ:7}"
    )


def scale(counts: tuple[int, ...], workers: int) -> Iterator[str]:
    """Measure, and yield, the cost of a submission in classes of several sizes."""
    yield f"{'submissions':>11} {'seconds':>8} {'ms each':>8} {'driver MB':>10}"
    for count in counts:
        with _course() as course:
            course.generate(SCALED)
            hand_in(course, SCALED, works(SCALED, count), list(range(count)))
            run = sandboxed(course, [SCALED], count, workers)
        each = 1000 * run.seconds / count
        yield f"{count:11} {run.seconds:8.0f} {each:8.0f} {run.peak_mb:10.0f}"


def _options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="ASSIGNMENT", help=f"default: {', '.join(BUILDERS)}"
    )
    parser.add_argument("--students", type=int, default=40, help="default: 40")
    parser.add_argument(
        "--sample", type=int, default=8, help="so many of them for nbgrader; default: 8"
    )
    parser.add_argument("--workers", type=int, default=2, help="default: 2")
    parser.add_argument("--rounds", type=int, default=20, help="for the sandbox's cost")
    parser.add_argument("--scale", action="store_true", help="classes of several sizes")
    parser.add_argument("--trial", action="store_true", help="small, no result")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ASSIGNMENTS):
        parser.error(f"no assignment {', '.join(sorted(unknown))}")
    if not 1 <= options.sample <= options.students:
        parser.error("--sample is 1 or more, and --students at most")
    if options.rounds < 1:
        parser.error("--rounds is 1 or more")
    return options


def main() -> None:
    """Measure what the command line asks for and print it."""
    options = _options()
    sandbox.require()
    names = options.names or BUILDERS
    students, sample = options.students, options.sample
    rounds, counts = options.rounds, SCALE
    if options.trial:
        print("A trial (few submissions): its figures are no result.")
        names, students, sample, rounds, counts = names[:1], 4, 2, 3, (4, 8)
    if options.scale:
        for line in scale(counts, options.workers):
            print(line, flush=True)
        return
    print(HEADER, flush=True)
    pairs: list[Pair] = []
    for number, name in enumerate(names):
        first = number % 2 == 0
        pairs.append(
            compare(name, students, sample, options.workers, plain_first=first)
        )
        print(row(pairs[-1]), flush=True)
    if len(pairs) > 1:
        print(row(together(pairs)), flush=True)
        print(row(at_once(names, students, sample, options.workers)))
    print(f"\n{lost_to_sandboxing(rounds)}")


if __name__ == "__main__":
    main()
