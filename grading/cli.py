"""The command ``course``: grade a class, write feedback, export marks.

    course grade vanilla               # what was handed in and is not graded yet
    course grade vanilla sparse        # at once: it starts up only once
    course grade vanilla --student ada --force
    course grade vanilla --scheduler tcp://HOST:8786    # on a Dask cluster
    course report vanilla              # a page about the class
    course feedback vanilla
    course export --format canvas

It works in the course folder, the one with ``nbgrader_config.py``, next to nbgrader:
the gradebook, the formgrader and ``autograded/`` are nbgrader's own.
"""

import errno
import io
import sys
import time
import webbrowser
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from helpers.errors import CourseError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from grading import demo
from grading.course import Course, NotFoundError
from grading.gradebook import roster
from grading.gradebook.export import export
from grading.gradebook.feedback import feedback
from grading.journal import Journal
from grading.lock import lock
from grading.runtime import sandbox, sanitize
from grading.runtime.job import Result
from grading.session import Backend, Grading, plan, run, try_own_solution
from grading.submission import intake
from grading.submission.assignment import Assignment


class PlainConsole(Console):
    """Prints text as text: names and notes come from students."""

    def __init__(self) -> None:
        super().__init__(markup=False)

    def render_str(self, text: str, *args: Any, **options: Any) -> Text:
        """Return what stands for ``text``: without controls, and not too long."""
        return super().render_str(sanitize.text(text), *args, **options)


app = typer.Typer(help="Grade a class of the course.", no_args_is_help=True)
console = PlainConsole()
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:.0f} done, {task.remaining:.0f} left,"),
    TextColumn("{task.fields[failed]} failed, time to go:"),
    TimeRemainingColumn(),
)
# How a submission ends that could not be run to its end.
ENDED = ("failed", "timeout", "refused")
# What a machine may refuse to any command: not allowed, read-only, or the disk is full.
REFUSED = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}


def _table(
    assignment: Assignment, results: dict[str, Result], nothing: Iterable[str]
) -> Table:
    total = sum(assignment.points.values())
    columns = ("student", "points", "status", "seconds", "what to know")
    table = Table(*columns, title=assignment.name)
    for student, result in sorted(results.items()):
        table.add_row(
            student,
            f"{sum(result.marks.values()):g} of {total:g}",
            result.status,
            f"{result.seconds['all']:.1f}" if "all" in result.seconds else "",
            " ".join(map(sanitize.line, result.notes)),
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
        console.print(sandbox.WITHOUT_SANDBOX, style="bold")
    elif scheduler is None:
        sandbox.require()
    names = list(dict.fromkeys(names))
    course = Course.load(root)
    everybody = None if class_list is None else roster.read(course, class_list)
    # All that is wrong with the command shows before anything runs.
    assignments = [Assignment.load(course, name) for name in names]
    for assignment in assignments:
        assignment.require_gradable()
    classes = [_class_of(course, name, everybody, student or []) for name in names]
    backend = Backend(workers, scheduler, trust_submissions)
    with lock(course.state / "lock"), Journal(course.journal) as journal:
        with console.status("Trying the course's own solution"):
            for assignment in assignments:
                try_own_solution(assignment, journal, backend)
        with console.status("Reading what was handed in"):
            gradings = [
                plan(course, assignment, students, journal, backend, force=force)
                for assignment, (students, _) in zip(assignments, classes, strict=True)
            ]
        _run(gradings, backend)
    for grading, (_, nothing) in zip(gradings, classes, strict=True):
        _show(grading, nothing)
    _stop_if_failed(gradings)


def _class_of(
    course: Course, name: str, everybody: Collection[str] | None, only: Collection[str]
) -> tuple[Collection[str], Collection[str]]:
    """Return the students to grade, and those who handed in nothing.

    Args:
        course: the course folder.
        name: the assignment's name.
        everybody: ids of the class; None if it is not known.
        only: ids of those to grade; empty for all.

    Raises:
        NotFoundError: one of ``only`` handed in nothing.
    """
    students, left_out = intake.students(course, name, everybody)
    for folder, why in left_out.items():
        console.print(f"left out: {sanitize.line(folder)}: {why}")
    if unknown := set(only) - set(students):
        raise NotFoundError(
            f"{name}: nothing was handed in by {', '.join(sorted(unknown))}"
        )
    if only:
        return only, []
    return students, sorted(set(everybody or ()) - set(students))


def _run(gradings: list[Grading], backend: Backend) -> None:
    """Run what has to run, and show how far it is."""
    with Progress(*COLUMNS, console=console) as progress:
        bars = {}
        for grading in gradings:
            name = grading.assignment.name
            bars[name] = progress.add_task(name, total=len(grading.todo), failed=0)
        failures = Counter[str]()
        for grading, outcome in run(gradings, backend, progress.console.print):
            name = grading.assignment.name
            failures[name] += not isinstance(outcome, Result) or outcome.status in ENDED
            progress.update(bars[name], advance=1, failed=failures[name])


def _show(grading: Grading, nothing: Iterable[str]) -> None:
    """Print what came of an assignment."""
    if grading.unwritten is None:
        console.print(_table(grading.assignment, grading.results, nothing))
    for sentence in sorted(grading.removed):
        console.print(sentence)
    console.print(
        f"{grading.assignment.name}: {len(grading.todo)} run, "
        f"{len(grading.works) - len(grading.todo)} unchanged."
    )
    for student, error in sorted(grading.failed.items()):
        console.print(f"{student}: not graded. {error}", style="red")


def _stop_if_failed(gradings: list[Grading]) -> None:
    """Say which results are missing in the gradebook, and why; then end the command."""
    unwritten = [grading.unwritten for grading in gradings if grading.unwritten]
    for error in unwritten:
        console.print(f"{error}", style="red")
    failed = any(grading.failed for grading in gradings)
    if failed:
        console.print("The machine failed, not the students. Run the command again.")
    if failed or unwritten:
        raise typer.Exit(1)


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
    older: Annotated[
        list[Path] | None,
        typer.Option(
            "--compare",
            metavar="FOLDER",
            help="Works of an older year, a folder such as submitted/; may be given "
            "often.",
        ),
    ] = None,
    root: Annotated[Path, typer.Option(help="The course folder.")] = Path(),
) -> None:
    """Write a page about the class: points, checks, times, what to look at."""
    # Matplotlib and scikit-learn take seconds to import; no other command needs them.
    from grading.report.page import report

    path = report(Course.load(root), name, older or ())
    console.print(str(path), soft_wrap=True)


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
    course, works = demo.make(to, names, students)
    for name in names:
        handed_in = Table("student", f"handed in for {name}")
        for row in works[name].items():
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
    """Run the command; an error that it knows is one sentence, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A sign that the terminal's encoding does not have ends no command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(standalone_mode=True)
    except (CourseError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in REFUSED:
            raise  # a mistake in the program
        console.print(f"{error}", style="red")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
