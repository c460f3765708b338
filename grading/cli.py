"""The command ``course``: grade a class, write feedback, export marks.

    course grade vanilla               # what was handed in and is not graded yet
    course grade vanilla --student ada --force
    course feedback vanilla
    course export --format canvas

It works in the course folder, the one with ``nbgrader_config.py``, next to nbgrader:
the gradebook, the formgrader and ``autograded/`` are nbgrader's own.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from grading import intake, key, rebuild, sandbox
from grading.assignment import Assignment
from grading.course import Course
from grading.execute import SandboxFailed, execute
from grading.export import export
from grading.feedback import FeedbackError, feedback
from grading.intake import Submission
from grading.job import Job, Result
from grading.journal import Journal, JournalError
from grading.lock import HeldError, lock
from grading.writer import WriteError, Writer

ERRORS = (
    FeedbackError,
    FileNotFoundError,
    HeldError,
    JournalError,
    SandboxFailed,
    WriteError,
    sandbox.NoSandbox,
)

app = typer.Typer(help="Grade a class of the course.", no_args_is_help=True)
console = Console()


@dataclass(frozen=True)
class Work:
    """A submission, and the job that it makes."""

    submission: Submission
    job: Job


def received(
    course: Course, assignment: Assignment, students: Iterable[str]
) -> list[Work]:
    """Read what the students handed in."""
    environment = key.environment()
    work = []
    for student in students:
        submission = intake.receive(course, assignment, student)
        work.append(Work(submission, rebuild.job(assignment, submission, environment)))
    return work


def executed(one: Work, *, trust_submissions: bool) -> Result:
    """Run a submission, a second time if the machine failed the first time.

    Raises:
        SandboxFailed: it failed again.
    """
    if one.submission.refused is not None:
        return rebuild.refusal(one.job, one.submission)
    try:
        result = execute(one.job, trust_submissions=trust_submissions)
    except SandboxFailed:
        result = execute(one.job, trust_submissions=trust_submissions)
    return rebuild.with_notes(result, one.submission)


def in_parallel(
    works: list[Work], workers: int, *, trust_submissions: bool
) -> Iterator[tuple[Work, Result]]:
    """Run submissions side by side; yield each with its result, as they end."""
    with ThreadPoolExecutor(workers) as pool:
        futures: dict[Future[Result], Work] = {
            pool.submit(executed, one, trust_submissions=trust_submissions): one
            for one in works
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _table(assignment: Assignment, results: dict[str, Result]) -> Table:
    most = sum(assignment.points.values())
    table = Table("student", "points", "status", "seconds", "what to know")
    for student, result in sorted(results.items()):
        table.add_row(
            student,
            f"{sum(result.marks.values()):g} of {most:g}",
            result.status,
            f"{result.seconds['all']:.1f}" if "all" in result.seconds else "",
            " ".join((*result.notes, *result.flags)),
        )
    return table


@app.command()
def grade(
    name: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given often.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Side by side.")] = 2,
    force: Annotated[bool, typer.Option(help="Run again what was graded.")] = False,
    trust_submissions: Annotated[
        bool, typer.Option(help="Run students' code without a sandbox.")
    ] = False,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Grade what was handed in; what has not changed is not run again."""
    if trust_submissions:
        console.print(sandbox.TRUSTED, style="bold")
    else:
        sandbox.require()
    course = Course.load(root)
    assignment = Assignment.load(course, name)
    found, left_out = intake.students(course, name)
    for folder, why in left_out.items():
        console.print(f"left out: {folder}: {why}")
    if unknown := set(student or ()) - set(found):
        raise FileNotFoundError(
            f"nothing was handed in by {', '.join(sorted(unknown))}"
        )
    with (
        lock(course.state / "lock"),
        Journal(course.state / "journal.jsonl") as journal,
    ):
        writer = Writer(course, assignment, journal)
        works = received(course, assignment, student or found)
        known = {
            one.job.student: journal.result(name, one.job.student, one.job.key)
            for one in works
        }
        todo = [one for one in works if force or known[one.job.student] is None]
        results = {s: result for s, result in known.items() if result is not None}
        columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
            task = progress.add_task(name, total=len(todo))
            for one, result in in_parallel(
                todo, workers, trust_submissions=trust_submissions
            ):
                journal.record(result)
                results[one.job.student] = result
                progress.advance(task)
        removed = []
        for one in works:
            result = results[one.job.student]
            if writer.pending(one.job, result):
                removed += writer.write(one.job, result, one.submission.timestamp)
    console.print(_table(assignment, results))
    for sentence in removed:
        console.print(sentence)
    console.print(f"{len(todo)} run, {len(works) - len(todo)} unchanged.")


@app.command(name="feedback")
def write_feedback(
    name: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    student: Annotated[str, typer.Option(help="Only this one.")] = "*",
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write a page for each graded student, without hidden tests and scripts."""
    for page in feedback(Course.load(root), name, student):
        console.print(str(page))


@app.command(name="export")
def export_marks(
    format: Annotated[Literal["csv", "canvas", "moodle"], typer.Option()] = "csv",
    to: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write the marks of all assignments to a file."""
    console.print(str(export(Course.load(root), format, to)))


def main() -> None:
    """Run the command; a known error is one sentence, not a traceback."""
    try:
        app(standalone_mode=True)
    except ERRORS as error:
        console.print(f"{error}", style="red")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
