"""The formgrader's button Autograde, through the sandbox: a step of nbgrader's.

In ``nbgrader_config.py``::

    from grading.gradebook.sandboxed import STEPS
    c.Autograde.autograde_preprocessors = STEPS
"""

from pathlib import Path
from typing import Any

from helpers.errors import CourseError

from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor

from grading.course import Course
from grading.gradebook.recorded_outputs import Replay
from grading.journal import Journal
from grading.lock import lock
from grading.runtime import backends, fingerprint
from grading.runtime.job import Job, Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from grading.submission.limits import limits


class NotTriedError(CourseError):
    """The course's own solution has not been marked yet."""


class SandboxedExecute(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Runs a submission as ``course grade`` does, in place of nbgrader's Execute."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Put the outputs of the sandbox and the trusted marks into the notebook.

        Raises:
            HeldError: a grader is at work in this folder.
            NotGradableError: the assignment cannot be graded in the sandbox.
            NotTriedError: its own solution has not been marked.
            NoSandboxError: this machine cannot make a sandbox.
            SandboxError: the machine failed.
        """
        about = resources["nbgrader"]
        course = Course.load(Path.cwd())  # where nbgrader is meanwhile
        assignment = Assignment.load(course, about["assignment"])
        assignment.require_gradable()
        with (
            lock(course.state / "lock", shared=course.shared),
            Journal(course.journal, shared=course.shared) as journal,
        ):
            result = _result(course, assignment, about["student"], journal)
        step = Replay(parent=self.parent)
        step.outputs, step.marks = result.outputs, result.marks
        step.messages = result.messages
        replayed: tuple[NotebookNode, dict[str, Any]] = step.preprocess(nb, resources)
        return replayed


def _result(
    course: Course, assignment: Assignment, student: str, journal: Journal
) -> Result:
    """Return what came of a student's work, run if that is not recorded."""
    environment = fingerprint.environment()
    allowed = limits(course, assignment.name)
    if assignment.ordinary is not None:
        own = assemble.own_solution(assignment, environment, allowed)
        if not journal.tried(own.key):
            raise NotTriedError(
                f"Give `course grade {assignment.name}` first: it sees whether the "
                "tests can be judged here."
            )
    submission = intake.receive(course, assignment, student)
    job = assemble.job(assignment, submission, environment, limits=allowed)
    known = journal.result(assignment.name, student, job.key)
    if known is not None:
        return known
    if submission.refused is not None:
        result = assemble.refusal(job, submission)
    else:
        result = assemble.with_notes(_run(job, journal), submission)
    journal.record(result)
    return result


def _run(job: Job, journal: Journal) -> Result:
    seeded = assemble.seeded(job, journal.seed(job.key))
    ((_, outcome),) = backends.run([seeded], workers=1)
    if isinstance(outcome, Result):
        return outcome
    raise outcome


STEPS = [
    SandboxedExecute if step is Execute else step
    for step in Autograde.class_traits()["autograde_preprocessors"].default()
]
