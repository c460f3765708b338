"""The command ``course``: grade a class, write feedback, export marks.

    course grade vanilla               # what was handed in and is not graded yet
    course grade vanilla sparse        # at once: it starts up only once
    course grade vanilla --student ada --force
    course grade vanilla --scheduler tcp://HOST:8786    # on a Dask cluster
    course watch vanilla               # what arrives, as it arrives
    course report                      # the class over all assignments
    course report vanilla              # a page about one
    course feedback vanilla
    course export --format canvas
    course health                      # can this machine grade?

It works in the course folder, the one with ``nbgrader_config.py``, next to nbgrader:
the gradebook, the formgrader and ``autograded/`` are nbgrader's own.
"""

import errno
import io
import json
import logging
import sys
import time
import webbrowser
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from helpers.errors import CourseError

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from grading import demo, health, log, watch
from grading.course import Course, NotFoundError
from grading.gradebook import roster
from grading.gradebook.export import Exported, export
from grading.gradebook.feedback import feedback
from grading.gradebook.gradescope import write_results
from grading.gradebook.marks import FinalMark, final_marks
from grading.journal import Journal
from grading.lock import lock
from grading.runtime import sandbox, sanitize
from grading.runtime.backends import Outcome
from grading.runtime.job import Result
from grading.session import ENDED, Backend, Grading, plan, run, try_own_solution
from grading.submission import intake
from grading.submission.assignment import Assignment


class PlainConsole(Console):
    """Prints text as text: names and notes come from students."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, **options)

    def render_str(self, text: str, *args: Any, **options: Any) -> Text:
        """Return what stands for ``text``: without controls, and not too long."""
        return super().render_str(sanitize.text(text), *args, **options)


app = typer.Typer(no_args_is_help=True)
console = PlainConsole()
errors = PlainConsole(stderr=True)
logger = logging.getLogger(__name__)
CORES = health.cores()
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed:.0f} done, {task.remaining:.0f} left,"),
    TextColumn("{task.fields[failed]} failed, time to go:"),
    TimeRemainingColumn(),
)
# What a command ends with, besides 0, and 2 for a command that is written wrongly.
FAILED, NOTHING, FLAGGED, INTERRUPTED = 1, 3, 4, 130
SAFE = "Interrupted. What was finished is safe: give the same command again."
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
    assignment: Assignment,
    results: dict[str, Result],
    marks: Mapping[str, FinalMark],
    nothing: Iterable[str],
) -> Table:
    columns = ("student", "mark", "status", "seconds", "what to know")
    table = Table(*columns, title=assignment.name)
    for student, result in sorted(results.items()):
        mark = marks.get(student)
        table.add_row(
            student,
            f"{mark.points:g} of {mark.of:g}" if mark else "",
            result.status,
            f"{result.seconds['all']:.1f}" if "all" in result.seconds else "",
            _to_know(mark, result),
        )
    for student in nothing:
        table.add_row(student, "", "nothing handed in")
    return table


def _to_know(mark: FinalMark | None, result: Result) -> str:
    about_mark = f"{', '.join(mark.words)}." if mark and mark.words else ""
    return " ".join(filter(None, [about_mark, *map(sanitize.line, result.notes)]))


def _version(asked: bool) -> None:
    if asked:
        console.print(version("autoencoder-course"))
        raise typer.Exit


# --- what commands take ---------------------------------------------------------------

Root = Annotated[Path, typer.Option(help="The course folder.")]
Names = Annotated[list[str], typer.Argument(metavar="ASSIGNMENT...")]
Students = Annotated[
    list[str] | None, typer.Option(help="Only this one; may be given often.")
]
ClassList = Annotated[
    str | None,
    typer.Option(
        "--roster",
        metavar="FILE",
        help="The class: a CSV file with a column of ids, as platforms export it; "
        "gradebook for the students whom it knows. Others are left out. It is "
        "remembered; none forgets it.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1,
        help="Side by side, on this machine.",
        show_default="one for each core",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="tcp://HOST:PORT",
        help="A Dask scheduler, whose workers run the submissions instead.",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        help="Run and write again what was graded: all, or those of --student."
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="End with 4 if a submission could not be run to its end."
    ),
]
TrustSubmissions = Annotated[
    bool,
    typer.Option("--trust-submissions", help="Run students' code without a sandbox."),
]

# --- the commands ---------------------------------------------------------------------


@app.callback()
def command(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
    log_level: Annotated[
        log.Level | None,
        typer.Option(
            envvar="COURSE_LOG_LEVEL",
            help="Log what is done, from this level on. Default: info with "
            "--log-file, otherwise nothing.",
        ),
    ] = None,
    log_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="COURSE_LOG_FILE",
            help="The log, which lines are added to. Default: stderr.",
        ),
    ] = None,
) -> None:
    """Grade a class of the course.

    Ends with 1 if something failed, 2 if the command is written wrongly, 3 if there is
    nothing to do it with, 4 if --strict is given and a submission could not be run to
    its end.
    """
    if log_level or log_file:
        log.start(log_level or "info", log_file)


@app.command(epilog="Example: course grade vanilla sparse --roster class.csv")
def grade(
    names: Names,
    student: Students = None,
    class_list: ClassList = None,
    workers: Workers = CORES,
    scheduler: Scheduler = None,
    force: Force = False,
    strict: Strict = False,
    trust_submissions: TrustSubmissions = False,
    root: Root = Path(),
) -> None:
    """Grade what was handed in; what has not changed is not run again."""
    if trust_submissions:
        console.print(sandbox.WITHOUT_SANDBOX, style="bold")
    elif scheduler is None:
        sandbox.require()
    names = list(dict.fromkeys(names))
    course = Course.load(root)
    everybody = roster.known(course, class_list)
    # All that is wrong with the command shows before anything runs.
    assignments = _gradable(course, names)
    classes = [_class_of(course, name, everybody, student or []) for name in names]
    works = list(zip(assignments, (students for students, _ in classes), strict=True))
    backend = Backend(workers, scheduler, trust_submissions)
    gradings = _graded(course, works, backend, force=force)
    for grading, (_, nothing) in zip(gradings, classes, strict=True):
        _show(course, grading, nothing)
    _stop_if_failed(gradings)
    statuses = {
        result.status for grading in gradings for result in grading.results.values()
    }
    if not statuses:
        errors.print(f"Nothing was handed in for {', '.join(names)}.")
        raise typer.Exit(NOTHING)
    if strict and statuses & set(ENDED):
        raise typer.Exit(FLAGGED)


def _gradable(course: Course, names: Collection[str]) -> list[Assignment]:
    """Return assignments by their names, all of which can be graded.

    Raises:
        CourseError: one is not there, or cannot be graded.
    """
    assignments = [Assignment.load(course, name) for name in names]
    for assignment in assignments:
        assignment.require_gradable()
    return assignments


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


def _graded(
    course: Course,
    works: Collection[tuple[Assignment, Collection[str]]],
    backend: Backend,
    *,
    force: bool,
) -> list[Grading]:
    """Grade assignments, each with its students; return how that went."""
    with (
        lock(course.state / "lock", shared=course.shared),
        Journal(course.journal, shared=course.shared) as journal,
    ):
        with console.status("Trying the course's own solution"):
            for assignment, _ in works:
                try_own_solution(course, assignment, journal, backend)
        with console.status("Reading what was handed in"):
            gradings = [
                plan(course, assignment, students, journal, backend, force=force)
                for assignment, students in works
            ]
        try:
            _run(gradings, backend)
        except KeyboardInterrupt:
            errors.print(SAFE)
            raise typer.Exit(INTERRUPTED) from None
    return gradings


def _run(gradings: list[Grading], backend: Backend) -> None:
    """Run what has to run, and show how far it is."""
    with Progress(*COLUMNS, console=console) as progress:
        bars = {}
        for grading in gradings:
            name = grading.assignment.name
            bars[name] = progress.add_task(name, total=len(grading.todo), failed=0)
        failures = Counter[str]()

        def say(sentence: str) -> None:
            logger.warning("%s", sentence)
            progress.console.print(sentence)

        for grading, outcome in run(gradings, backend, say):
            name = grading.assignment.name
            failures[name] += not isinstance(outcome, Result) or outcome.status in ENDED
            progress.update(bars[name], advance=1, failed=failures[name])


def _show(course: Course, grading: Grading, nothing: Iterable[str]) -> None:
    """Print what came of an assignment."""
    if grading.unwritten is None:
        marks = final_marks(course, grading.assignment.name)
        console.print(_table(grading.assignment, grading.results, marks, nothing))
    for sentence in sorted(grading.removed):
        console.print(sentence)
    console.print(
        f"{grading.assignment.name}: {len(grading.todo)} run, "
        f"{len(grading.works) - len(grading.todo)} unchanged."
    )
    for student, error in sorted(grading.failed.items()):
        errors.print(f"{student}: not graded. {error}", style="red")


def _stop_if_failed(gradings: list[Grading]) -> None:
    """Say which results are missing in the gradebook, and why; then end the command."""
    unwritten = [grading.unwritten for grading in gradings if grading.unwritten]
    for error in unwritten:
        errors.print(f"{error}", style="red")
    failed = any(grading.failed for grading in gradings)
    if failed:
        errors.print("The machine failed, not the students. Run the command again.")
    if failed or unwritten:
        raise typer.Exit(FAILED)


@app.command(name="watch", epilog="Example: course watch vanilla --roster class.csv")
def watch_folder(
    names: Names,
    class_list: ClassList = None,
    workers: Workers = CORES,
    scheduler: Scheduler = None,
    trust_submissions: TrustSubmissions = False,
    root: Root = Path(),
) -> None:
    """Grade what is there, then what arrives, until it is stopped."""
    if trust_submissions:
        console.print(sandbox.WITHOUT_SANDBOX, style="bold")
    course = Course.load(root)
    everybody = roster.known(course, class_list)
    assignments = dict(zip(names, _gradable(course, names), strict=True))
    backend = Backend(workers, scheduler, trust_submissions)
    with (
        lock(course.state / "lock", shared=course.shared),
        Journal(course.journal, shared=course.shared) as journal,
    ):
        backend.be_ready()
        for assignment in assignments.values():
            try_own_solution(course, assignment, journal, backend)
        inbox = watch.Inbox(course, list(assignments), everybody)
        _say(f"Watching {course.root / course.submitted}. Ctrl-C stops it.")
        try:
            for grading, outcome in watch.watch(
                course, assignments, inbox, journal, backend, _say
            ):
                _show_outcome(grading, outcome)
        except KeyboardInterrupt:
            errors.print(SAFE)
            raise typer.Exit(INTERRUPTED) from None


def _say(sentence: str) -> None:
    logger.info("%s", sentence)
    console.print(sanitize.line(sentence), soft_wrap=True)


def _show_outcome(grading: Grading, outcome: Outcome) -> None:
    """Print in a line how a submission ended."""
    if isinstance(outcome, Result):
        words = " ".join([f"{outcome.status}.", *outcome.notes])
        who = f"{outcome.assignment} of {outcome.student}"
        console.print(sanitize.line(f"{who}: {words}"), soft_wrap=True)
    else:
        name = grading.assignment.name
        errors.print(f"{name}: not graded. {outcome}", style="red")


@app.command(name="feedback", epilog="Example: course feedback vanilla sparse")
def write_feedback(
    names: Names,
    student: Annotated[str, typer.Option(help="Only this one.")] = "*",
    root: Root = Path(),
) -> None:
    """Write a page for each graded student, without hidden tests and scripts."""
    course = Course.load(root)
    for name in names:
        for page in feedback(course, Assignment.load(course, name).name, student):
            console.print(str(page), soft_wrap=True)


@app.command(name="report", epilog="Example: course report vanilla sparse")
def write_report(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ASSIGNMENT]...", help="Default: the whole class, over all."
        ),
    ] = None,
    older: Annotated[
        list[Path] | None,
        typer.Option(
            "--compare",
            metavar="FOLDER",
            help="Works of an older year, a folder such as submitted/, to compare an "
            "assignment with; may be given often.",
        ),
    ] = None,
    root: Root = Path(),
) -> None:
    """Write a page about the class: marks, checks, questions, what to look at."""
    # Matplotlib and scikit-learn take seconds to import; no other command needs them.
    from grading.report.page import report

    course = Course.load(root)
    if not names:
        _report_class(course)
        return
    assignments = [Assignment.load(course, name).name for name in names]
    for name in assignments:
        console.print(str(report(course, name, older or ())), soft_wrap=True)
    empty = [name for name in assignments if not intake.students(course, name)[0]]
    if len(empty) == len(assignments):
        errors.print(f"Nothing was handed in for {', '.join(empty)}.")
        raise typer.Exit(NOTHING)


def _report_class(course: Course) -> None:
    """Write a page about the class over all assignments."""
    from grading.report.class_report import class_summary, write_class_page

    summary = class_summary(course)
    console.print(str(write_class_page(course, summary)), soft_wrap=True)
    if not summary.columns:
        errors.print("Nothing was handed in.")
        raise typer.Exit(NOTHING)


@app.command(name="export", epilog="Example: course export --format canvas --dry-run")
def export_marks(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ASSIGNMENT]...", help="Default: all graded ones."),
    ] = None,
    format: Annotated[
        Literal["csv", "canvas", "moodle", "gradescope", "results.json"],
        typer.Option(help="results.json: what Gradescope's autograder shows."),
    ] = "csv",
    student: Annotated[
        list[str] | None,
        typer.Option(help="For results.json: only this one; may be given often."),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The platform's own file of marks: say what the import would change "
            "there. Default: the file that was written before.",
        ),
    ] = None,
    root: Root = Path(),
) -> None:
    """Write final marks to a file. Who has none is left out, and named."""
    course = Course.load(root)
    if format == "results.json":
        done = write_results(course, names or (), student or (), to, dry_run=dry_run)
    elif student:
        raise typer.BadParameter("--student is for results.json.")
    else:
        done = export(course, format, to, names or (), dry_run=dry_run, compare=compare)
    _show_export(done, dry_run=dry_run, compared=compare is not None)


def _show_export(done: Exported, *, dry_run: bool, compared: bool) -> None:
    """Print who is left out, what changes, and what was written."""
    for sentence in done.left_out:
        console.print(sentence)
    if dry_run or compared:
        for change in done.changes:
            console.print(change)
    for name, count in done.marks.items():
        console.print(f"{name}: {count} {'mark' if count == 1 else 'marks'}.")
    for path in done.files:
        console.print(f"not written: {path}" if dry_run else str(path), soft_wrap=True)


@app.command(name="health", epilog="Example: course health --json")
def show_health(
    workers: Workers = CORES,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, for a monitor.")
    ] = False,
    root: Root = Path(),
) -> None:
    """Say whether this machine can grade; end with 1 if it cannot."""
    report = health.look(root, workers)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=2))
    else:
        for finding in report.findings:
            result = "pass" if finding.ok else "FAIL"
            line = f"{result}  {finding.name}: {finding.words}"
            console.print(line, soft_wrap=True)
    if not report.ok:
        raise typer.Exit(FAILED)


@app.command(name="demo", epilog="Example: course demo --students 40")
def run_demo(
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 12,
    assignment: Annotated[
        list[str] | None,
        typer.Option(help="May be given often. Default: quiz and vanilla."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="A new folder. Default: a temporary one.")
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Side by side.", show_default="one for each core"),
    ] = CORES,
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
        write_report([name], root=course.root)
    write_report(root=course.root)
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
        logger.error("%s", _sentence(error))
        errors.print(_sentence(error), style="red")
        raise SystemExit(FAILED) from None


def _sentence(error: Exception) -> str:
    """Return an error in words, without the number that the machine gives it."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}."
    return str(error)


if __name__ == "__main__":
    main()
