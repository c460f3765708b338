"""Grading a class: what has to run, what is recorded of it, and what is written."""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from grading.course import Course
from grading.gradebook import late, roster
from grading.gradebook.storage import WriteError
from grading.gradebook.writer import Writer
from grading.journal import Journal
from grading.runtime import backends, fingerprint
from grading.runtime.backends import Outcome
from grading.runtime.executor import SandboxError, executor, warm_up
from grading.runtime.job import Job, Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from grading.submission.limits import limits
from grading.submission.ordinary_tests import INSTEAD, NotGradableError

logger = logging.getLogger(__name__)
ENDED = ("failed", "timeout", "refused")
"""How a submission ends that could not be run to its end."""


@dataclass(frozen=True)
class Backend:
    """Where submissions run.

    Attributes:
        workers: how many run side by side on this machine.
        scheduler: address of a Dask scheduler, whose workers run them instead.
        trust_submissions: do without a sandbox.
    """

    workers: int = 2
    scheduler: str | None = None
    trust_submissions: bool = False

    def warm_up(self) -> None:
        """Start in the background what the first submission would have to wait for."""
        if self.scheduler is None:
            warm_up(self.trust_submissions)

    def be_ready(self) -> None:
        """Start it now, and return when the first submission has nothing to wait for.

        Raises:
            NoSandboxError: this machine cannot make a sandbox.
            SandboxError: it did not start.
        """
        if self.scheduler is None:
            executor(self.trust_submissions)


@dataclass(frozen=True)
class Work:
    """A submission, and the job that it makes."""

    submission: Submission
    job: Job


@dataclass
class Grading:
    """One assignment of a class, from what was handed in to what was written.

    Attributes:
        assignment: the course's own notebook.
        journal: where results are recorded, open for writing.
        writer: writes them into the gradebook.
        force: run and write again what was graded.
        works: all submissions.
        todo: those that have to run.
        results: what came of each student's work, without its outputs, so that a large
            class takes little memory.
        failed: by student, why the machine could not run it.
        removed: a sentence for each mark that was removed.
        unwritten: why the gradebook could not be written; None while it can.
    """

    assignment: Assignment
    journal: Journal
    writer: Writer
    force: bool
    works: list[Work]
    todo: list[Work]
    results: dict[str, Result]
    failed: dict[str, SandboxError] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    unwritten: WriteError | None = None

    def take(self, work: Work, outcome: Outcome) -> None:
        """Record and write what came of a submission.

        Raises:
            JournalError: it could not be recorded.
        """
        if isinstance(outcome, Result):
            self.journal.record(outcome)
            self.results[outcome.student] = _without_outputs(outcome)
            _log(outcome)
            self._write(work, outcome, again=self.force)
        else:
            self.failed[work.job.student] = outcome
            name, student = work.job.assignment, work.job.student
            logger.error("%s of %s: not graded. %s", name, student, outcome)

    def finish(self) -> None:
        """Write what was recorded before, and did not come into the gradebook."""
        ran = {work.job.student for work in self.todo} - self.failed.keys()
        for work in self.works:
            result = None if work.job.student in ran else _recorded(self.journal, work)
            if result is not None:
                self._write(work, result)
        self._settle()

    def _settle(self) -> None:
        """Have the gradebook know of dates that changed after a mark was written."""
        if self.unwritten is not None:
            return
        times = {
            work.job.student: work.submission.timestamp
            for work in self.works
            if work.job.student in self.results
        }
        try:
            late.settle(
                self.writer.course,
                self.assignment.name,
                times,
                self.writer.extra_days,
            )
        except WriteError as error:
            self.unwritten = error

    def _write(self, work: Work, result: Result, *, again: bool = False) -> None:
        """Write a result, if that is not done."""
        if self.unwritten is not None:
            return
        try:
            if again or self.writer.pending(result):
                self.removed += self.writer.write(
                    work.job, result, work.submission.timestamp
                )
        except WriteError as error:
            self.unwritten = error  # all others are run first, and kept
            logger.error("%s", error)


def plan(
    course: Course,
    assignment: Assignment,
    students: Collection[str],
    journal: Journal,
    backend: Backend,
    *,
    force: bool = False,
) -> Grading:
    """Read what was handed in, open the gradebook, and find out what has to run.

    Args:
        course: the course folder.
        assignment: the course's own notebook.
        students: ids of those whose work is graded.
        journal: where results are recorded, open for writing.
        backend: where submissions run; it starts when the first is found that has to.
        force: run and write again what was graded.

    Raises:
        WriteError: the gradebook cannot be written, or holds another assignment of
            this name.
        JournalError: the journal cannot be read.
        SettingError: a limit in the course's settings cannot be used.
    """
    environment = fingerprint.environment(sandboxed=not backend.trust_submissions)
    allowed = limits(course, assignment.name)
    works: list[Work] = []
    todo: list[Work] = []
    results: dict[str, Result] = {}
    for student in students:
        submission = intake.receive(course, assignment, student)
        job = assemble.job(assignment, submission, environment, limits=allowed)
        work = Work(submission, assemble.seeded(job, journal.seed(job.key)))
        works.append(work)
        result = _recorded(journal, work)
        if result is not None:
            results[student] = _without_outputs(result)
        if result is None or force:
            todo.append(work)
            backend.warm_up()
    logger.info("%s: %d to run, of %d", assignment.name, len(todo), len(works))
    more_time = roster.extra_days(course, assignment.name)
    writer = Writer(course, assignment, journal, more_time)
    return Grading(assignment, journal, writer, force, works, todo, results)


def try_own_solution(
    course: Course, assignment: Assignment, journal: Journal, backend: Backend
) -> None:
    """Have the course's own solution marked, once, where the tests are ordinary.

    What such tests ask can be more than can be answered from outside of a process. If
    so, the course's own solution shows it, before any student's work is marked.

    Raises:
        NotGradableError: it does not earn all points here.
        SandboxError: it could not be run.
    """
    if assignment.ordinary is None:
        return
    allowed = limits(course, assignment.name)
    environment = fingerprint.environment(sandboxed=not backend.trust_submissions)
    job = assemble.own_solution(assignment, environment, allowed)
    if journal.tried(job.key):
        return
    job = assemble.seeded(job, journal.seed(job.key))
    ((_, outcome),) = backends.run(
        [job],
        scheduler=backend.scheduler,
        trust_submissions=backend.trust_submissions,
    )
    if isinstance(outcome, SandboxError):
        raise outcome
    for test, points in assignment.points.items():
        if outcome.marks.get(test, 0.0) < points:
            why = outcome.messages.get(test) or "it earns a part of the points."
            raise NotGradableError(
                f"{assignment.name} cannot be graded here: its own solution does not "
                f"earn all points of the test {test} ({' '.join(why.split())}). "
                f"{INSTEAD.format(name=assignment.name)}"
            )
    journal.record_tried(job.key)


def run(
    gradings: Collection[Grading], backend: Backend, say: Callable[[str], None]
) -> Iterator[tuple[Grading, Outcome]]:
    """Run, record and write what has to be; yield each outcome, as submissions end.

    Args:
        gradings: the assignments. Their submissions run side by side.
        backend: where submissions run.
        say: takes sentences for people who wait.

    Raises:
        JournalError: a result could not be recorded.
        PoolError: the scheduler or its workers cannot be used.
        NoSandboxError: this machine cannot make a sandbox.
    """
    by_name = {grading.assignment.name: grading for grading in gradings}
    todo = [work for grading in gradings for work in grading.todo]
    for work, outcome in _outcomes(todo, backend, say):
        grading = by_name[work.job.assignment]
        grading.take(work, outcome)
        yield grading, outcome
    for grading in gradings:
        grading.finish()


def _outcomes(
    works: Collection[Work], backend: Backend, say: Callable[[str], None]
) -> Iterator[tuple[Work, Outcome]]:
    """Run submissions; yield each with what came of it, as they end.

    Equal works are run once. Their jobs have the same key, which is a hash of each
    cell, test, limit and version of a program, and so the same seed too, which the
    journal makes of the key and its secret: the student's id takes part in neither.
    Each gets what a run of its own would have asked, with the same inputs and weights.
    Only what came to its end says something of the others: they are run too where one
    was stopped, broke off, or was failed by the machine.
    """
    equal: dict[tuple[str, str], list[Work]] = {}
    for work in works:
        if work.submission.refused is None:
            equal.setdefault((work.job.assignment, work.job.key), []).append(work)
        else:
            yield work, assemble.refusal(work.job, work.submission)
    again: list[Work] = []
    for work, outcome in _run([first for first, *_ in equal.values()], backend, say):
        yield work, _noted(work, outcome)
        others = equal[work.job.assignment, work.job.key][1:]
        if isinstance(outcome, Result) and outcome.status == "graded":
            for other in others:
                yield other, _noted(other, assemble.of_equal_work(outcome, other.job))
        else:
            again += others
    for work, outcome in _run(again, backend, say):
        yield work, _noted(work, outcome)


def _run(
    works: Collection[Work], backend: Backend, say: Callable[[str], None]
) -> Iterator[tuple[Work, Outcome]]:
    """Run each submission; yield it with what came of it, as they end."""
    running = {(work.job.assignment, work.job.student): work for work in works}
    for job, outcome in backends.run(
        [work.job for work in works],
        workers=backend.workers,
        scheduler=backend.scheduler,
        trust_submissions=backend.trust_submissions,
        say=say,
    ):
        yield running[job.assignment, job.student], outcome


def _noted(work: Work, outcome: Outcome) -> Outcome:
    """Return an outcome together with what intake repaired."""
    if isinstance(outcome, Result):
        return assemble.with_notes(outcome, work.submission)
    return outcome


def _log(result: Result) -> None:
    """Note how a submission ended."""
    logger.log(
        logging.WARNING if result.status in ENDED else logging.INFO,
        "%s of %s: %s, %.1f s. %s",
        result.assignment,
        result.student,
        result.status,
        result.seconds.get("all", 0.0),
        " ".join(result.notes),
    )


def _recorded(journal: Journal, work: Work) -> Result | None:
    return journal.result(work.job.assignment, work.job.student, work.job.key)


def _without_outputs(result: Result) -> Result:
    return replace(result, outputs={}, messages={})
