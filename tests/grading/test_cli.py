"""`course grade` marks a class as the known submissions say, and runs nothing twice."""

import errno
import json
import logging
from unittest.mock import MagicMock

from helpers.errors import CourseError

import nbformat
import pytest
import typer
from typer.testing import CliRunner

from grading import cli, session
from grading.course import Course, NotFoundError
from grading.gradebook.storage import WriteError
from grading.journal import Journal
from grading.runtime import sandbox
from grading.runtime.job import Result
from samples.marking import expected_marks, points
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells
from samples.submissions import submissions

NAME = "quiz"


def run(root, *arguments):
    result = CliRunner().invoke(cli.app, [*arguments, "--root", str(root)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    """Hand in four notebooks and grade them; return the course and what was printed."""
    course = NbgraderCourse(tmp_path_factory.mktemp("course"))
    half_right = next(
        submission for submission in submissions(NAME) if submission.loses
    )
    course.submit(NAME, "reference", source(NAME))
    course.submit(NAME, "untouched", source(NAME, "release"))
    course.submit(NAME, "half-right", with_cells(source(NAME), half_right.cells))
    course.submit(NAME, "torn", nbformat.v4.new_notebook())
    torn = course.root / "submitted" / "torn" / NAME / f"{NAME}.ipynb"
    torn.write_bytes(torn.read_bytes()[:20])
    return course, half_right, run(course.root, "grade", NAME)


def test_the_gradebook_holds_the_marks_of_all_who_handed_in(graded):
    course, half_right, _ = graded
    assert course.marks(NAME) == {
        "reference": points(NAME),
        "untouched": dict.fromkeys(points(NAME), 0.0),
        "half-right": expected_marks(NAME, half_right),
        "torn": dict.fromkeys(points(NAME), 0.0),
    }


def test_a_refused_submission_is_explained(graded):
    _, _, printed = graded
    assert "refused" in printed
    assert "4 run, 0 unchanged." in printed


def test_an_unchanged_class_is_not_run_again(graded):
    course, _, _ = graded
    before = course.marks(NAME)
    assert "0 run, 4 unchanged." in run(course.root, "grade", NAME)
    assert course.marks(NAME) == before


def test_a_new_submission_alone_is_run(graded):
    course, _, _ = graded
    file = course.root / "submitted" / "torn" / NAME / f"{NAME}.ipynb"
    nbformat.write(source(NAME), file)
    assert "1 run, 3 unchanged." in run(course.root, "grade", NAME)
    assert course.marks(NAME)["torn"] == points(NAME)


@pytest.mark.usefixtures("needs_sandbox")
def test_work_that_is_graded_again_gets_the_same_marks_and_words(tmp_path):
    course = NbgraderCourse(tmp_path)
    wrong = next(work for work in submissions("vanilla") if "loss_is_bce" in work.loses)
    notebook = with_cells(source("vanilla"), wrong.cells)
    for student in ("ana", "bob"):
        course.submit("vanilla", student, notebook)

    said = set()
    for _ in range(3):
        run(tmp_path, "grade", "vanilla", "--force")
        with Journal(Course.load(tmp_path).journal, write=False) as journal:
            said |= {
                json.dumps([result.marks, result.messages])
                for result in journal.latest("vanilla")
            }
    assert len(said) == 1
    assert "training loss of" in said.pop()


@pytest.fixture
def without_sandbox(monkeypatch):
    """Nothing runs, and all get no points; yield how often servers were started."""
    starts = []

    def nothing_runs(jobs, **_):
        for job in jobs:
            yield job, Result(job.key, job.student, job.assignment, "graded")

    monkeypatch.setattr(sandbox, "require", lambda: None)
    monkeypatch.setattr(session, "warm_up", starts.append)
    monkeypatch.setattr(session.backends, "run", nothing_runs)
    return starts


@pytest.mark.slow
def test_force_runs_and_writes_again_those_who_are_named_or_all(
    tmp_path, without_sandbox
):
    course = NbgraderCourse(tmp_path)
    for student in ("ana", "bob"):
        course.submit(NAME, student, source(NAME, "release"))
    run(tmp_path, "grade", NAME)
    pages = {
        who: tmp_path / "autograded" / who / NAME / f"{NAME}.ipynb"
        for who in ("ana", "bob")
    }

    def rewritten(*arguments):
        for page in pages.values():
            page.write_text("old")
        said = run(tmp_path, "grade", NAME, *arguments)
        new = {who for who, page in pages.items() if page.read_text("utf-8") != "old"}
        return new, said

    assert rewritten()[0] == set()
    new, said = rewritten("--force", "--student", "ana")
    assert new == {"ana"}
    assert "1 run, 0 unchanged." in said
    new, said = rewritten("--force")
    assert new == {"ana", "bob"}
    assert "2 run, 0 unchanged." in said


@pytest.mark.slow
def test_nothing_is_started_when_nothing_has_to_run(tmp_path, without_sandbox):
    course = NbgraderCourse(tmp_path)
    course.submit(NAME, "ana", source(NAME, "release"))
    run(tmp_path, "grade", NAME)
    assert without_sandbox
    without_sandbox.clear()
    run(tmp_path, "grade", NAME)
    assert not without_sandbox


@pytest.mark.slow
def test_the_log_says_how_each_submission_ended(tmp_path, without_sandbox, monkeypatch):
    logger = logging.getLogger("grading")
    for name in ("handlers", "level"):  # put back when the test is over
        monkeypatch.setattr(logger, name, getattr(logger, name))
    course = NbgraderCourse(tmp_path)
    course.submit(NAME, "ana", source(NAME, "release"))
    course.submit(NAME, "torn", nbformat.v4.new_notebook())
    file = tmp_path / "course.log"
    run(tmp_path, "--log-file", str(file), "grade", NAME)
    logger.handlers[0].close()
    lines = file.read_text("utf-8").splitlines()
    assert f"INFO {NAME}: 2 to run, of 2" in lines[0]
    assert any(f"INFO {NAME} of ana: repaired, 0.0 s." in line for line in lines)
    assert any(f"WARNING {NAME} of torn: refused, 0.0 s." in line for line in lines)


@pytest.mark.slow
def test_what_cannot_be_written_keeps_no_other_assignment_from_being_graded(
    tmp_path, without_sandbox, monkeypatch
):
    names = ("vanilla", NAME)
    course = NbgraderCourse(tmp_path)
    for name in names:
        course.submit(name, "ana", source(name, "release"))

    def full(writer, job, *_):
        if job.assignment == "vanilla":
            raise WriteError("the disk is full")
        return write(writer, job, *_)

    write = session.Writer.write
    with monkeypatch.context() as broken:
        broken.setattr(session.Writer, "write", full)
        ran = CliRunner().invoke(cli.app, ["grade", *names, "--root", str(tmp_path)])
    assert ran.exit_code == 1
    assert "the disk is full" in ran.output.splitlines()
    assert f"{NAME}: 1 run, 0 unchanged." in ran.output
    assert course.marks(NAME) == {"ana": dict.fromkeys(points(NAME), 0.0)}
    # What ran is safe: the next command writes it, and runs nothing.
    without_sandbox.clear()
    assert "vanilla: 0 run, 1 unchanged." in run(tmp_path, "grade", *names)
    assert not without_sandbox
    assert course.marks("vanilla") == {"ana": dict.fromkeys(points("vanilla"), 0.0)}


def test_feedback_and_export_are_written(graded):
    course, _, _ = graded
    assert "reference" in run(course.root, "feedback", NAME)
    assert "grades.csv" in run(course.root, "export")
    table = (course.root / "grades.csv").read_text("utf-8")
    assert "half-right" in table


@pytest.mark.usefixtures("needs_sandbox")
def test_several_assignments_are_graded_by_one_command(tmp_path):
    names = (NAME, "vanilla")
    course = NbgraderCourse(tmp_path)
    for name in names:
        course.submit(name, "ana", source(name))
        course.submit(name, "bob", source(name, "release"))
    # One that is named twice is graded once.
    printed = run(tmp_path, "grade", *names, NAME)
    assert [printed.count(f"{name}: 2 run, 0 unchanged.") for name in names] == [1, 1]
    assert [course.marks(name) for name in names] == [
        {"ana": points(name), "bob": dict.fromkeys(points(name), 0.0)} for name in names
    ]


@pytest.mark.slow
def test_nothing_runs_when_one_of_several_assignments_cannot_be_graded(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sandbox, "require", lambda: None)
    course = NbgraderCourse(tmp_path)
    course.submit(NAME, "ana", source(NAME))
    result = CliRunner().invoke(
        cli.app,
        ["grade", NAME, "vanilla", "--student", "ana", "--root", str(tmp_path)],
    )
    assert str(result.exception) == "vanilla: nothing was handed in by ana"
    assert not (tmp_path / "autograded").exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotFoundError("no such course"), "no such course"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError(errno.EACCES, "Permission denied", "a.csv"), "a.csv: Permission"),
    ],
    ids=["of the course", "full disk", "permission"],
)
def test_what_a_user_can_mend_is_a_sentence(monkeypatch, capsys, error, sentence):
    monkeypatch.setattr(cli, "app", MagicMock(side_effect=error))
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    said = capsys.readouterr()
    assert sentence in said.err
    assert not said.out


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no file"), KeyError("name")])
def test_a_mistake_in_the_program_keeps_its_traceback(monkeypatch, error):
    monkeypatch.setattr(cli, "app", MagicMock(side_effect=error))
    with pytest.raises(type(error)):
        cli.main()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "other"], "the course has no assignment 'other'"),
        (["report", "other"], "the course has no assignment 'other'"),
        (["grade", NAME, "--student", "eve"], "nothing was handed in by eve"),
        (["grade", NAME, "--roster", "no.csv"], "no.csv"),
        (["export"], "Nothing is graded yet"),
        (["feedback", "other"], "the course has no assignment 'other'"),
        (["export", "--root", "nowhere"], "is no course folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_named_and_missing_is_a_sentence(
    tmp_path, monkeypatch, arguments, sentence
):
    monkeypatch.setattr(sandbox, "require", lambda: None)
    NbgraderCourse(tmp_path)
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(cli.app, arguments).exception
    assert isinstance(error, CourseError), repr(error)
    assert sentence in str(error)


@pytest.mark.parametrize("command", ["grade", "report"])
@pytest.mark.slow
def test_nothing_handed_in_is_no_success(tmp_path, without_sandbox, command):
    NbgraderCourse(tmp_path)
    done = CliRunner().invoke(cli.app, [command, NAME, "--root", str(tmp_path)])
    assert done.exit_code == cli.NOTHING, done.output
    assert f"Nothing was handed in for {NAME}." in done.stderr


def test_the_version_is_shown():
    assert CliRunner().invoke(cli.app, ["--version"]).output.strip() == "0.1.0"


def test_every_command_has_an_example_that_can_be_given():
    commands = typer.main.get_group(cli.app).commands
    for name, command in commands.items():
        assert command.epilog.startswith(f"Example: course {name} ")
        command.make_context(name, command.epilog.split()[3:])


@pytest.mark.slow
def test_with_strict_a_refused_submission_has_an_exit_code_of_its_own(
    tmp_path, without_sandbox
):
    course = NbgraderCourse(tmp_path)
    course.submit(NAME, "torn", nbformat.v4.new_notebook())
    run(tmp_path, "grade", NAME)
    arguments = ["grade", NAME, "--strict", "--root", str(tmp_path)]
    assert CliRunner().invoke(cli.app, arguments).exit_code == cli.FLAGGED


def test_a_student_who_handed_in_nothing_is_named(graded):
    course, _, _ = graded
    result = CliRunner().invoke(
        cli.app, ["grade", NAME, "--student", "nobody", "--root", str(course.root)]
    )
    assert isinstance(result.exception, NotFoundError)
    assert "nobody" in str(result.exception)
