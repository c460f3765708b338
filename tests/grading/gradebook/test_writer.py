"""Trusted marks reach the gradebook through nbgrader, and no older score survives."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade
from sqlalchemy import Engine, event

from grading.course import Course
from grading.gradebook.recorded_outputs import Replay, verdict
from grading.gradebook.storage import WriteError
from grading.gradebook.writer import Writer
from grading.journal import Journal
from grading.runtime.job import Result
from grading.runtime.sanitize import clean
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.odd_submissions import FILE, NAME, right, written

pytestmark = pytest.mark.slow
PNG = "iVBORw0KGgo="
ATTACK = "<script>alert(1)</script>"


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(kind="display_data", **data):
    named = {name.replace("__", "/"): content for name, content in data.items()}
    return {"output_type": kind, "data": named, "metadata": {}}


@pytest.fixture(scope="module")
def new_course(tmp_path_factory):
    """A course folder whose gradebook holds the assignment, and no student."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions" / NAME, root / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    course = Course.load(root)
    with Journal(course.journal) as journal:
        Writer(course, Assignment.load(course, NAME), journal)
    return root


@pytest.fixture
def course(new_course, tmp_path):
    shutil.copytree(new_course, tmp_path / "course")
    return Course.load(tmp_path / "course")


@pytest.fixture
def assignment(course):
    return Assignment.load(course, NAME)


@pytest.fixture
def journal(course):
    with Journal(course.journal) as journal:
        yield journal


def hand_in(course, assignment, student="ana", content=None, **solutions):
    """Return a submission and its job."""
    folder = course.path(course.submitted, student, NAME)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = right()
    for cell in notebook.cells:
        cell.source = solutions.get(cell.id, cell.source)
    content = written(notebook) if content is None else content
    (folder / FILE).write_bytes(content)
    submission = intake.receive(course, assignment, student)
    return submission, assemble.job(assignment, submission, "environment")


def graded(assignment, job, marks=None, **more):
    marks = assignment.points if marks is None else marks
    return Result(job.key, job.student, NAME, "graded", marks=marks, **more)


def grades(course, student="ana"):
    with course.gradebook() as gradebook:
        notebook = gradebook.find_submission_notebook(NAME, NAME, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def score(course, student="ana"):
    with course.gradebook() as gradebook:
        return gradebook.find_submission(NAME, student).score


def types(cell):
    return [output.output_type for output in cell.outputs]


def test_each_mark_arrives_as_it_is_and_outputs_are_kept_and_clean(
    course, assignment, journal
):
    _, job = hand_in(course, assignment)
    marks = {**assignment.points, "shapes": 0.0, "encoder_layers": 1.25}
    outputs = {
        "setup": [stream("hello"), shown(image__png=PNG, text__html=ATTACK)],
        "shapes": [stream("Holds: all."), shown("execute_result", text__plain="2")],
        "code_is_relu": [
            stream("a warning", "stderr"),
            {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
            shown("execute_result", text__plain="0"),
        ],
    }
    result = graded(
        assignment, job, marks, outputs=outputs, messages={"shapes": "Does not hold."}
    )
    writer = Writer(course, assignment, journal)
    assert writer.pending(result)
    assert writer.write(job, result) == []
    assert not writer.pending(result)
    assert grades(course) == marks
    cells = {
        cell.id: cell
        for cell in nbformat.read(
            course.path("autograded", "ana", NAME) / FILE, as_version=4
        ).cells
    }
    assert cells["autoencoder"].source == right().cells[3].source
    assert types(cells["setup"]) == ["stream", "display_data"]
    assert cells["setup"].outputs[1].data == {"image/png": PNG}
    assert types(cells["shapes"]) == ["stream", "error"]
    assert cells["shapes"].outputs[1].evalue == "Does not hold."
    assert cells["code_is_relu"].outputs[0].text == "a warning"
    assert not (course.state / "staging").exists()


def test_a_resubmission_that_is_refused_gets_a_zero_and_an_explanation(
    course, assignment, journal
):
    writer = Writer(course, assignment, journal)
    _, job = hand_in(course, assignment)
    writer.write(job, graded(assignment, job))
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("shapes", NAME, NAME, "ana")
        grade.manual_score, grade.extra_credit = 2, 5
        comment = gradebook.find_comment("autoencoder", NAME, NAME, "ana")
        comment.manual_comment = "Well done."
        gradebook.db.commit()
    assert score(course) == 25
    submission, job = hand_in(course, assignment, content=b"")
    result = assemble.refusal(job, submission)
    assert writer.pending(result)
    notes = writer.write(job, result)
    assert score(course) == 0
    assert set(grades(course).values()) == {0.0}
    removed = "given by hand for older work, was removed."
    assert notes == [
        f"ana: a mark of 2 for shapes, {removed}",
        f"ana: an extra credit of 5 for shapes, {removed}",
        f"ana: a comment on autoencoder, {removed}",
    ]
    with course.gradebook() as gradebook:
        comment = gradebook.find_comment("autoencoder", NAME, NAME, "ana")
        assert comment.manual_comment is None
    page = (course.path("autograded", "ana", NAME) / FILE).read_text("utf-8")
    assert "The notebook is an empty file." in page


def test_a_mark_given_by_hand_stays_while_the_work_is_the_same(
    course, assignment, journal
):
    writer = Writer(course, assignment, journal)
    _, job = hand_in(course, assignment)
    writer.write(job, graded(assignment, job))
    with course.gradebook() as gradebook:
        gradebook.find_grade("shapes", NAME, NAME, "ana").manual_score = 1
        gradebook.db.commit()
    again = replace(job, key="after an update of the environment")
    assert writer.write(again, graded(assignment, again)) == []
    assert score(course) == 19


def test_a_submission_is_one_transaction_that_fails_as_a_whole(
    course, assignment, journal, monkeypatch
):
    _, job = hand_in(course, assignment)
    writer = Writer(course, assignment, journal)
    commits = []

    def count(*_):
        commits.append(1)

    event.listen(Engine, "commit", count)
    try:
        writer.write(job, graded(assignment, job))
    finally:
        event.remove(Engine, "commit", count)
    assert len(commits) <= 3  # opening the gradebook commits too
    assert grades(course) == assignment.points

    _, other = hand_in(course, assignment, "bob")
    find_grade, seen = Gradebook.find_grade, []

    def breaks_off(*arguments):
        seen.append(arguments)
        if len(seen) == 6:
            raise RuntimeError("in the middle")
        return find_grade(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(Gradebook, "find_grade", breaks_off)
        with pytest.raises(WriteError, match="in the middle"):
            writer.write(other, graded(assignment, other))
    with course.gradebook() as gradebook:
        assert [student.id for student in gradebook.students] == ["ana"]
    writer.write(other, graded(assignment, other))
    assert grades(course, "bob") == assignment.points


def test_what_the_journal_calls_written_is_written_again_if_the_gradebook_lost_it(
    course, assignment, journal
):
    _, job = hand_in(course, assignment)
    result = graded(assignment, job)
    Writer(course, assignment, journal).write(job, result)
    (course.root / "gradebook.db").unlink()
    writer = Writer(course, assignment, journal)
    assert writer.pending(result)
    writer.write(job, result)
    assert score(course) == 20


def test_a_grader_killed_between_journal_and_gradebook_is_completed_by_the_next(
    course, assignment
):
    _, job = hand_in(course, assignment)
    result = graded(assignment, job)
    for moment in ("in the middle of the marks", "after the marks"):
        run = (
            "from tests.grading.gradebook.test_writer import write_and_die as run; run"
        )
        code = f"{run}({str(course.root)!r}, {moment!r})"
        child = subprocess.run([sys.executable, "-c", code], cwd=ROOT)
        assert child.returncode == -signal.SIGKILL
    with Journal(course.journal) as journal:
        assert journal.result(NAME, "ana", job.key) == result
        writer = Writer(course, assignment, journal)
        assert writer.pending(result)
        writer.write(job, result)
        assert not writer.pending(result)
    assert grades(course) == assignment.points


def write_and_die(root, moment):
    """Record ana's result, begin to write it, and end this process by SIGKILL."""
    course = Course.load(Path(root))
    assignment = Assignment.load(course, NAME)
    job = assemble.job(
        assignment, intake.receive(course, assignment, "ana"), "environment"
    )
    find_grade = Gradebook.find_grade
    seen = []

    def find(*arguments):
        seen.append(arguments)
        if len(seen) == 6:
            die()
        return find_grade(*arguments)

    def die(*arguments, **named):
        os.kill(os.getpid(), signal.SIGKILL)

    with Journal(course.journal) as journal:
        journal.record(graded(assignment, job))
        writer = Writer(course, assignment, journal)
        if moment == "after the marks":
            Journal.record_written = die
        else:
            Gradebook.find_grade = find
        writer.write(job, graded(assignment, job))


def test_a_read_only_gradebook_is_a_clear_error_that_loses_nothing(
    course, assignment, journal
):
    _, job = hand_in(course, assignment)
    writer = Writer(course, assignment, journal)
    writer.write(job, graded(assignment, job))
    page = course.path("autograded", "ana", NAME) / FILE
    before = page.read_bytes()
    readable = Course.load(course.root)
    readable.config.CourseDirectory.db_url = (
        f"sqlite:///file:{course.root}/gradebook.db?mode=ro&uri=true"
    )
    with pytest.raises(WriteError, match=r"cannot be written.*readonly"):
        Writer(readable, assignment, journal)
    assert page.read_bytes() == before
    assert score(course) == 20


def test_an_assignment_whose_source_changed_is_entered_again(
    course, assignment, journal
):
    Writer(course, assignment, journal)
    source = course.source(NAME)
    text = source.read_text("utf-8")
    source.write_text(
        text.replace(
            "shapes(autoencoder, input_dims=...", "shapes(autoencoder, input_dims=70"
        ),
        "utf-8",
    )
    other = Assignment.load(course, NAME)
    Writer(course, other, journal)
    with course.gradebook() as gradebook:
        cell = gradebook.find_source_cell("shapes", NAME, NAME)
        assert "input_dims=70" in cell.source
    assert not (course.root / "release").exists()


def test_added_cells_and_the_time_of_handing_in_reach_nbgrader(
    course, assignment, journal
):
    submission, _ = hand_in(course, assignment)
    added = (assemble.Added("autoencoder", "OWN = 1"),)
    job = assemble.job(assignment, replace(submission, added=added), "environment")
    writer = Writer(course, assignment, journal)
    outputs = {"added-1": [stream("mine")]}
    result = graded(assignment, job, outputs=outputs)
    writer.write(job, result, "2026-11-21 18:00:00 UTC")
    notebook = nbformat.read(
        course.path("autograded", "ana", NAME) / FILE, as_version=4
    )
    assert (notebook.cells[4].source, notebook.cells[4].outputs[0].text) == (
        "OWN = 1",
        "mine",
    )
    with course.gradebook() as gradebook:
        stored = gradebook.find_submission(NAME, "ana")
        assert str(stored.timestamp) == "2026-11-21 18:00:00"


@pytest.mark.parametrize(("days", "lost"), [({}, 20), ({"ana": 2}, 0)])
def test_a_student_with_more_time_is_not_late(course, assignment, journal, days, lost):
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-12-01 18:00 UTC")
    course.config.LateSubmissionPlugin.penalty_method = "zero"
    _, job = hand_in(course, assignment)
    writer = Writer(course, assignment, journal, days)
    writer.write(job, graded(assignment, job), "2026-12-02 18:00:00 UTC")
    with course.gradebook() as gradebook:
        stored = gradebook.find_submission(NAME, "ana")
        assert (stored.late_submission_penalty or 0.0) == lost


POINTS = [0.0, 0.1, 1 / 3, 1.0, 1.9999999999999998, 2.0]
RECORDED = [
    new_output("stream", name="stderr", text="boo"),
    new_output("execute_result", data={"text/plain": "1.5"}),
    new_output("error", ename="E", evalue="", traceback=[]),
    new_output("display_data", data={"text/plain": "a picture"}),
]


@pytest.mark.parametrize("mark", POINTS)
@pytest.mark.parametrize("message", ["", "1.5", "Does not hold."])
def test_nbgrader_reads_the_trusted_mark_whatever_the_student_s_code_put_out(
    mark, message
):
    cell = new_code_cell("test")
    cell.metadata["nbgrader"] = {"grade": True, "points": 2, "grade_id": "t"}
    cell.outputs = verdict(RECORDED, mark, 2.0, message)
    assert determine_grade(cell) == (mark, 2.0)


@pytest.mark.parametrize("mark", [-1.0, 2.1, float("nan"), float("inf")])
def test_a_mark_that_cannot_be_is_an_error(mark):
    with pytest.raises(ValueError, match="a mark of"):
        verdict([], mark, 2.0, "")


def test_a_test_without_a_recorded_mark_gets_no_points():
    cell = new_code_cell("test")
    cell.metadata["nbgrader"] = {
        "grade": True,
        "solution": False,
        "points": 2,
        "grade_id": "t",
    }
    Replay().preprocess_cell(cell, {}, 0)
    assert determine_grade(cell) == (0, 2.0)


@pytest.mark.parametrize(
    "output",
    [
        None,
        5,
        {},
        {"output_type": "display_data"},
        {"output_type": "display_data", "data": {"text/html": ATTACK}},
        {"output_type": "display_data", "data": {"image/svg+xml": ATTACK}},
        {"output_type": "display_data", "data": {"text/latex": "$x$"}},
        {"output_type": "display_data", "data": {"image/png": f'{PNG}">{ATTACK}'}},
        {"output_type": "display_data", "data": {"image/png": "PHNjcmlwdD4="}},
        {"output_type": "display_data", "data": {"image/png": "A" * 3_000_000}},
        {"output_type": "display_data", "data": {"application/javascript": "1"}},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
    ],
)
def test_an_output_that_is_active_or_malformed_is_left_out(output):
    assert clean([output]) == []


def test_text_of_outputs_is_bounded_and_free_of_control_characters():
    (output,) = clean([stream("\x1b[31mred\x1b[0m\x07\x9b\u202e\ud800" + "a" * 99_999)])
    assert output.text.startswith("redaaa")
    assert len(output.text) < 30_000
    assert len(clean([stream("a")] * 5_000)) <= 100
    assert clean("no list") == []
    assert nbformat.validate(nbformat.v4.new_notebook()) is None
