"""No sign that does harm to a console, a page or a table gets there as it is.

The report's page is tried in report/test_page.py, feedback and exports in
gradebook/test_export.py.
"""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from grading import cli
from grading.course import Course
from grading.runtime.job import Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples import odd_submissions
from samples.course import ROOT
from samples.fuzzed_hand_ins import CONTROLS
from samples.odd_submissions import FILE, NAME, right, written

# Names of files hold no zero, and few bytes; of half pairs, those that stand for bytes.
IN_NAMES = CONTROLS.replace("\0", "").replace("\ud800", "")[:80]
FEW = "\x1b[2J\u202e\udcff\x9b"


def notebook(change):
    """Return the right notebook with a change, as a file in ASCII."""
    changed = right()
    change(changed)
    return json.dumps(changed).encode()


def old(version):
    """Return a notebook of an old format that says it is of a strange version."""
    return json.dumps({"worksheets": [{"cells": [{}]}], "nbformat": version}).encode()


def solution(cells):
    return odd_submissions.cell_with_id(cells, "autoencoder")


PLACES = {
    "notebook's name": {f"{IN_NAMES}.ipynb": written(right())},
    "name of a damaged notebook": {f"{FEW}.ipynb": b"{"},
    "file's name": {f"{IN_NAMES}.txt": b"", f"{FEW}.txt": b""},
    "folder's name": {f"{IN_NAMES}/{FILE}": written(right())},
    "one of several": {f"{FEW}.ipynb": written(right()), "b.ipynb": b"{}"},
    "link's name": {f"{FEW}.ipynb": odd_submissions.Link("nowhere")},
    "version": {FILE: old(CONTROLS)},
    "version's list": {FILE: old([CONTROLS])},
    "cell's type": {FILE: notebook(lambda n: solution(n).update(cell_type=FEW))},
    "cell's text": {FILE: notebook(lambda n: solution(n).update(source=CONTROLS))},
    "cell's id": {FILE: notebook(lambda n: solution(n).update(id=CONTROLS))},
    "grade id": {
        FILE: notebook(
            lambda n: solution(n).metadata.nbgrader.update(grade_id=CONTROLS)
        )
    },
    "time": {FILE: written(right()), "timestamp.txt": FEW.encode("utf-8", "replace")},
}


@pytest.fixture
def course(tmp_path):
    """A course with the project's assignments, to hand in to."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / NAME)
    return Course.load(tmp_path)


def printed(*shown):
    """Return what the command prints on the console."""
    with cli.console.capture() as console:
        for item in shown:
            cli.console.print(item)
    return console.get()


@pytest.mark.parametrize("place", PLACES)
def test_what_is_said_of_a_submission_can_be_printed(course, place):
    odd_submissions.hand_in(course.path(course.submitted, "eve", NAME), PLACES[place])
    assignment = Assignment.load(course, NAME)
    submission = intake.receive(course, assignment, "eve")
    result = assemble.refusal(assemble.job(assignment, submission, ""), submission)
    sentences = [*result.notes, *result.messages.values()]
    if place not in ("cell's text", "cell's id", "grade id"):
        assert any(len(sentence) > 40 for sentence in sentences)
    for sentence in sentences:
        assert sentence.isprintable()
        assert len(sentence) < 600
        sentence.encode()
    table = cli._table(assignment, {"eve": result}, {}, ["bob"])
    assert not set(printed(table)) & set(CONTROLS)


def test_whatever_a_result_says_is_printed_without_controls():
    hostile = f"a{CONTROLS}b\nana: not graded"
    result = Result("key", hostile, NAME, "graded", notes=(hostile,))
    about = SimpleNamespace(name=NAME, points={"shapes": 1.0})
    text = printed(cli._table(about, {hostile: result}, {}, [hostile]), hostile)
    assert not set(text) & set(CONTROLS)
    text.encode()


def test_a_folder_s_name_stands_on_one_line_and_names_that_differ_stay_different(
    course, capsys
):
    for name in (b"b\xffd", b"bd", b"b\xfed", b"x\nana: not graded", b"\x1b]0;t\x07"):
        folder = os.fsencode(course.root / "submitted") + b"/" + name
        os.makedirs(folder + b"/" + NAME.encode())
    with cli.console.capture() as console:
        students, _ = cli._class_of(course, NAME, None, [])
    assert students == ["bd"]
    text = console.get()
    assert "b\\udcffd" in text
    assert "b\\udcfed" in text
    assert "\nana" not in text
    assert not set(text) & set(CONTROLS)


@pytest.mark.slow
def test_no_byte_of_a_name_ends_the_command(course):
    odd_submissions.hand_in(
        course.path(course.submitted, "eve", NAME), {"\udcff\udcfe.txt": b""}
    )
    os.makedirs(os.fsencode(course.root / "submitted") + b"/b\xffd/" + NAME.encode())
    ran = subprocess.run(
        [sys.executable, "-m", "grading", "grade", NAME, "--trust-submissions"],
        cwd=course.root,
        env={
            **os.environ,
            "PYTHONIOENCODING": "utf-8:strict",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in ran.stderr, ran.stderr
    assert ran.returncode == 0, ran.stdout
    assert b"left out: b\\udcffd" in ran.stdout
    assert b"1 run, 0 unchanged" in ran.stdout
