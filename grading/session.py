"""Grading a class: what has to run, what is recorded of it, and what is written."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from grading.course import Course
from grading.gradebook.writer import WriteError, Writer
from grading.journal import Journal
from grading.runtime import backends, fingerprint
from grading.runtime.backends import Outcome
from grading.runtime.executor import SandboxError
from grading.runtime.job import Job, Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission


@dataclass(frozen=True)
class Work:
    """A submission, and the job that it makes."""

    submission: Submission
    job: Job


class Grading:
    """One assignment of a class, from what was handed in to what was written.

    Args:
        course: the course folder.
        assignment: the course's own notebook.
        students: ids of those whose work is graded.
        journal: where results are recorded, open for writing.
        force: run and write again what was graded.
        get_ready: called for each submission that has to run, while others are read.

    Attributes:
        works: all submissions.
        todo: what has to run.
        results: what came of each student's work, without its outputs, so that a large
            class takes little memory.
        failed: by student, why the machine could not run it.
        removed: a sentence for each mark that was removed.
        unwritten: why the gradebook could not be written; None while it can.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        students: Collection[str],
        journal: Journal,
        *,
        force: bool,
        get_ready: Callable[[], None],
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.journal = journal
        self.force = force
        self.works: list[Work] = []
        self.todo: list[Work] = []
        self.results: dict[str, Result] = {}
        self.failed: dict[str, SandboxError] = {}
        self.removed: list[str] = []
        self.unwritten: WriteError | None = None
        environment = fingerprint.environment()
        for student in students:
            submission = intake.receive(course, assignment, student)
            job = assemble.job(assignment, submission, environment)
            self.works.append(Work(submission, job))
            result = self._recorded(job)
            if result is not None:
                self.results[student] = _without_outputs(result)
            if result is None or force:
                self.todo.append(self.works[-1])
                get_ready()

    def open_gradebook(self) -> None:
        """See to it that the gradebook can be written, and knows the assignment.

        Raises:
            WriteError: it cannot, or knows another.
        """
        self._writer = Writer(self.course, self.assignment, self.journal)

    def take(self, one: Work, outcome: Outcome) -> None:
        """Record and write what came of a submission."""
        if isinstance(outcome, Result):
            self.journal.record(outcome)
            self.results[one.job.student] = _without_outputs(outcome)
            self._write(one, again=self.force)
        else:
            self.failed[one.job.student] = outcome

    def finish(self) -> None:
        """Write what was recorded before, and did not come into the gradebook."""
        ran = {one.job.student for one in self.todo} - self.failed.keys()
        for one in self.works:
            if one.job.student not in ran:
                self._write(one)

    def _recorded(self, job: Job) -> Result | None:
        return self.journal.result(job.assignment, job.student, job.key)

    def _write(self, one: Work, *, again: bool = False) -> None:
        """Write what the journal holds of a submission, if that is not done."""
        result = self._recorded(one.job)
        if result is None or self.unwritten is not None:
            return
        try:
            if again or self._writer.pending(one.job, result):
                self.removed += self._writer.write(
                    one.job, result, one.submission.timestamp
                )
        except WriteError as error:
            self.unwritten = error  # all others are run first, and kept


def outcomes(
    works: Collection[Work],
    *,
    workers: int,
    scheduler: str | None,
    trust_submissions: bool,
    say: Callable[[str], None],
) -> Iterator[tuple[Work, Outcome]]:
    """Run submissions; yield each with what came of it, as they end.

    Args:
        works: what is to be done, of one assignment or of several.
        workers: how many run side by side on this machine.
        scheduler: address of a Dask scheduler, whose workers run the jobs instead.
        trust_submissions: do without a sandbox.
        say: takes sentences for whoever waits.
    """
    running = {}
    for one in works:
        if one.submission.refused is None:
            running[one.job.assignment, one.job.student] = one
        else:
            yield one, assemble.refusal(one.job, one.submission)
    for job, outcome in backends.run(
        [one.job for one in running.values()],
        workers=workers,
        scheduler=scheduler,
        trust_submissions=trust_submissions,
        say=say,
    ):
        one = running[job.assignment, job.student]
        if isinstance(outcome, Result):
            outcome = assemble.with_notes(outcome, one.submission)
        yield one, outcome


def _without_outputs(result: Result) -> Result:
    return replace(result, outputs={}, messages={})
