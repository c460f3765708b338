"""The command ``course``: grade a class, write feedback, export marks.

    course grade vanilla               # what was handed in and is not graded yet
    course grade vanilla sparse        # one after the other, which starts up only once
    course grade vanilla --student ada --force
    course grade vanilla --scheduler tcp://HOST:8786    # on a Dask cluster
    course report vanilla              # a page about the class
    course feedback vanilla
    course export --format canvas

It works in the course folder, the one with ``nbgrader_config.py``, next to nbgrader:
the gradebook, the formgrader and ``autograded/`` are nbgrader's own.
"""

import time
import webbrowser
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from grading import demo, intake, key, pool, rebuild, roster, sandbox
from grading.assignment import Assignment
from grading.course import Course
from grading.demo import DemoError
from grading.execute import SandboxFailed, warm_up
from grading.export import export
from grading.feedback import FeedbackError, feedback
from grading.intake import Submission
from grading.job import Job, Result
from grading.journal import Journal, JournalError
from grading.lock import HeldError, lock
from grading.pool import Outcome, PoolError
from grading.roster import RosterError
from grading.writer import WriteError, Writer

ERRORS = (
    DemoError,
    FeedbackError,
    HeldError,
    JournalError,
    OSError,
    PoolError,
    RosterError,
    SandboxFailed,
    WriteError,
    sandbox.NoSandbox,
)

app = typer.Typer(help="Grade a class of the course.", no_args_is_help=True)
# Without markup: names and notes come from students.
console = Console(markup=False)
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:.0f} done, {task.remaining:.0f} left,"),
    TextColumn("{task.fields[failed]} failed, time to go:"),
    TimeRemainingColumn(),
)
# How a submission ends that could not be run to its end.
ENDED = ("failed", "timeout", "refused")


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


def outcomes(
    works: list[Work],
    *,
    workers: int,
    scheduler: str | None,
    trust_submissions: bool,
    say: Callable[[str], None],
) -> Iterator[tuple[Work, Outcome]]:
    """Run submissions; yield each with what came of it, as they end.

    Args:
        works: what is to be done.
        workers: how many run side by side on this machine.
        scheduler: address of a Dask scheduler, whose workers run the jobs instead.
        trust_submissions: do without a sandbox.
        say: takes sentences for whoever waits.
    """
    running = {}
    for one in works:
        if one.submission.refused is None:
            running[one.job.student] = one
        else:
            yield one, rebuild.refusal(one.job, one.submission)
    for job, outcome in pool.run(
        [one.job for one in running.values()],
        workers=workers,
        scheduler=scheduler,
        trust_submissions=trust_submissions,
        say=say,
    ):
        one = running[job.student]
        if isinstance(outcome, Result):
            outcome = rebuild.with_notes(outcome, one.submission)
        yield one, outcome


def _without_outputs(result: Result) -> Result:
    """Return what the table needs, so that a large class takes little memory."""
    return replace(result, outputs={}, messages={})


def _table(
    assignment: Assignment, results: dict[str, Result], nothing: Iterable[str]
) -> Table:
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
    for student in nothing:
        table.add_row(student, "", "nothing handed in")
    return table


@app.command()
def grade(
    names: Annotated[list[str], typer.Argument(metavar="ASSIGNMENT...")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given often.")
    ] = None,
    class_list: Annotated[
        str | None,
        typer.Option(
            "--roster",
            metavar="FILE",
            help="The class: a CSV file with a column id; or the word gradebook, for "
            "the students whom it knows. Others are left out.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Side by side, on this machine.")
    ] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="tcp://HOST:PORT",
            help="A Dask scheduler, whose workers run the submissions instead.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            help="Run and write again what was graded: all, or those of --student."
        ),
    ] = False,
    trust_submissions: Annotated[
        bool, typer.Option(help="Run students' code without a sandbox.")
    ] = False,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Grade what was handed in; what has not changed is not run again."""
    if trust_submissions:
        console.print(sandbox.TRUSTED, style="bold")
    elif scheduler is None:
        sandbox.require()
    course = Course.load(root)
    everybody = None if class_list is None else roster.read(course, class_list)
    # Whatever is wrong with the command shows before anything runs.
    assignments = [Assignment.load(course, name) for name in names]
    classes = [_class_of(course, name, everybody, student or []) for name in names]
    with (
        lock(course.state / "lock"),
        Journal(course.state / "journal.jsonl") as journal,
    ):
        all_ran = [
            _grade(
                course,
                assignment,
                *students,
                journal,
                workers=workers,
                scheduler=scheduler,
                force=force,
                trust_submissions=trust_submissions,
            )
            for assignment, students in zip(assignments, classes, strict=True)
        ]
    if not all(all_ran):
        console.print("The machine failed, not the students. Run the command again.")
        raise typer.Exit(1)


def _class_of(
    course: Course, name: str, everybody: Collection[str] | None, only: Collection[str]
) -> tuple[Collection[str], Collection[str]]:
    """Return whom to grade, and who handed in nothing.

    Args:
        everybody: ids of the class; None if it is not known.
        only: ids of those to grade; empty for all.
    """
    found, left_out = intake.students(course, name, everybody)
    for folder, why in left_out.items():
        console.print(f"left out: {folder}: {why}")
    if unknown := set(only) - set(found):
        raise FileNotFoundError(
            f"{name}: nothing was handed in by {', '.join(sorted(unknown))}"
        )
    return (only, []) if only else (found, sorted(set(everybody or ()) - set(found)))


def _grade(
    course: Course,
    assignment: Assignment,
    students: Collection[str],
    nothing: Collection[str],
    journal: Journal,
    *,
    workers: int,
    scheduler: str | None,
    force: bool,
    trust_submissions: bool,
) -> bool:
    """Grade one assignment; return whether every submission could be run."""
    name = assignment.name
    works = received(course, assignment, students)
    results: dict[str, Result] = {}
    for one in works:
        result = journal.result(name, one.job.student, one.job.key)
        if result is not None:
            results[one.job.student] = _without_outputs(result)
    todo = [one for one in works if force or one.job.student not in results]
    if todo and scheduler is None:
        warm_up(trust_submissions)  # while the gradebook is looked at
    writer = Writer(course, assignment, journal)
    failed: dict[str, SandboxFailed] = {}
    removed: list[str] = []
    unwritten: WriteError | None = None

    def write(one: Work, *, again: bool = False) -> None:
        """Write what the journal holds of a submission, if that is not done."""
        nonlocal unwritten
        result = journal.result(name, one.job.student, one.job.key)
        if result is None or unwritten is not None:
            return
        try:
            if again or writer.pending(one.job, result):
                removed.extend(writer.write(one.job, result, one.submission.timestamp))
        except WriteError as error:
            unwritten = error  # all others are run first, and kept

    with Progress(*COLUMNS, console=console) as progress:
        failures = 0
        task = progress.add_task(name, total=len(todo), failed=failures)
        for one, outcome in outcomes(
            todo,
            workers=workers,
            scheduler=scheduler,
            trust_submissions=trust_submissions,
            say=progress.console.print,
        ):
            if isinstance(outcome, Result):
                journal.record(outcome)
                results[one.job.student] = _without_outputs(outcome)
                write(one, again=force)
            else:
                failed[one.job.student] = outcome
            failures += not isinstance(outcome, Result) or outcome.status in ENDED
            progress.update(task, advance=1, failed=failures)
    written = {one.job.student for one in todo} - failed.keys()
    for one in works:
        if one.job.student not in written:
            write(one)
    if unwritten is not None:
        raise unwritten
    console.print(_table(assignment, results, nothing))
    for sentence in sorted(removed):
        console.print(sentence)
    console.print(f"{len(todo)} run, {len(works) - len(todo)} unchanged.")
    if failed:
        for who, error in sorted(failed.items()):
            console.print(f"{who}: not graded. {error}", style="red")
    return not failed


@app.command(name="feedback")
def write_feedback(
    name: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    student: Annotated[str, typer.Option(help="Only this one.")] = "*",
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write a page for each graded student, without hidden tests and scripts."""
    for page in feedback(Course.load(root), name, student):
        console.print(str(page))


@app.command(name="report")
def write_report(
    name: Annotated[str, typer.Argument(metavar="ASSIGNMENT")],
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write a page about the class: points, checks, times, what to look at."""
    # Matplotlib and scikit-learn take seconds to import; no other command needs them.
    from grading.report import report

    console.print(str(report(Course.load(root), name)), soft_wrap=True)


@app.command(name="export")
def export_marks(
    format: Annotated[Literal["csv", "canvas", "moodle"], typer.Option()] = "csv",
    to: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write the marks of all assignments to a file."""
    console.print(str(export(Course.load(root), format, to)))


@app.command(name="demo")
def run_demo(
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 12,
    assignment: Annotated[
        list[str] | None,
        typer.Option(help="May be given often. Default: quiz and vanilla."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="A new folder. Default: a temporary one.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Side by side.")] = 2,
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the report in a browser.")
    ] = True,
) -> None:
    """Grade a class of synthetic students, and write all that there is to see."""
    started = time.monotonic()
    sandbox.require()
    names = assignment or ["quiz", "vanilla"]
    course, what = demo.make(to, names, students)
    for name in names:
        handed_in = Table("student", f"handed in for {name}")
        for row in what[name].items():
            handed_in.add_row(*row)
        console.print(handed_in)
        grade([name], workers=workers, root=course.root)
        pages = feedback(course, name)
        console.print(f"{len(pages)} pages of feedback.")
    export_marks(root=course.root)
    for name in names:
        write_report(name, root=course.root)
    console.print(f"{time.monotonic() - started:.0f} seconds in all.")
    if show and not _opened(course.root / "reports" / f"{names[-1]}.html"):
        console.print("There is no browser here: open the report yourself.")


def _opened(page: Path) -> bool:
    """Open a page in the user's browser; return whether there is one."""
    try:
        return webbrowser.open(page.as_uri())
    except webbrowser.Error:
        return False


def main() -> None:
    """Run the command; a known error is one sentence, not a traceback."""
    try:
        app(standalone_mode=True)
    except ERRORS as error:
        console.print(f"{error}", style="red")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
