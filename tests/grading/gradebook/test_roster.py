"""The class comes from a list: others are left out, and who is missing is named."""

import shutil

import pytest
from rich.console import Console
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from grading.gradebook import roster
from grading.submission import intake
from samples.course import ROOT

NAME = "quiz"


@pytest.fixture
def course(tmp_path):
    """A course folder in which ana, Zoë and a stranger handed in."""
    shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for student in ("ana", "Zoë", "stranger"):
        folder = tmp_path / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(b"")
    return Course.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"id\nana\nbob\n",
        b"first_name,id,email\nAna,ana,a@b.c\nBob,bob,\n",
        "\ufefflast_name;id\r\nÄ;ana\r\nB; bob \r\n;\r\n".encode(),
        b"id\tfirst_name\nana\tAna\nbob\tBob\nana\tAna\n",
        b'id,last_name\n"ana","Doe, Jr."\n"bob",\n\n',
        b"ID,Name\nana,A\nbob,B\n",
        b"Student,ID,SIS User ID,SIS Login ID,Section,vanilla (4)\n"
        b"    Points Possible,,,,,20\n"
        b'"A, Ana",17,u1,ana,S,\n"B, Bob",18,u2,bob,S,3\n'
        b'"Student, Test",19,,test-1,S,\n',
        b"First name,Last name,ID number,Email address\nA,Ana,ana,\nB,Bob,bob,\n",
        b"First Name,Last Name,SID,Email,Max Points\nA,Ana,ana,,20\nB,Bob,bob,,20\n",
    ],
    ids=[
        *("ids alone", "nbgrader's", "Excel's", "tabs, one twice", "quotes"),
        *("capitals", "Canvas's", "Moodle's", "Gradescope's"),
    ],
)
def test_ids_are_read_from_a_table(course, content):
    path = course.root / "class.csv"
    path.write_bytes(content)
    assert roster.read(course, str(path)) == ["ana", "bob"]


def test_leading_zeros_stay(course):
    path = course.root / "class.csv"
    path.write_bytes(b"id\n0042\n")
    assert roster.read(course, str(path)) == ["0042"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no column id"),
        (b"name,email\nAna,a@b.c\n", "no column id, but name, email"),
        (b"id\n", "names no student"),
        (b"id\n../ana\n", "cannot be a student's id"),
        (b"id\n*\n", "cannot be a student's id"),
        (b"id\n\xff\n", "not in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used_is_a_sentence(course, content, sentence):
    path = course.root / "class.csv"
    path.write_bytes(content)
    with pytest.raises(roster.RosterError, match=sentence):
        roster.read(course, str(path))


def test_a_class_is_remembered_until_it_is_named_again_or_forgotten(course):
    path = course.root / "class.csv"
    path.write_bytes(b"id\nana\n")
    assert roster.known(course) is None
    assert roster.known(course, str(path)) == ["ana"]
    path.unlink()
    assert roster.known(course) == ["ana"]
    assert roster.known(course, "none") is None
    assert roster.known(course) is None


def test_a_class_file_can_give_more_time(course):
    path = course.root / "class.csv"
    path.write_bytes(b"id,Extra days,extra days quiz\nana,2,\nbob,,0.5\neve,1,3\n")
    assert roster.known(course, str(path)) == ["ana", "bob", "eve"]
    assert roster.extra_days(course, "quiz") == {"ana": 2, "bob": 0.5, "eve": 3}
    assert roster.extra_days(course, "vanilla") == {"ana": 2, "eve": 1}
    path.write_bytes(b"id,extra days\nana,two\n")
    with pytest.raises(roster.RosterError, match="ana has 'two' extra days"):
        roster.known(course, str(path))


@pytest.mark.slow
def test_the_gradebook_s_own_students_can_be_the_class(course):
    with course.gradebook() as gradebook:
        for name in ("bob", "ana"):
            gradebook.add_student(name)
    assert sorted(roster.read(course, "gradebook")) == ["ana", "bob"]


@pytest.mark.usefixtures("needs_sandbox")
def test_the_class_alone_is_graded_and_who_is_missing_is_named(course, monkeypatch):
    path = course.root / "class.csv"
    path.write_text("id\nana\nZoë\nbob\n", "utf-8")

    students, left_out = intake.students(course, NAME, roster.read(course, str(path)))
    assert students == ["Zoë", "ana"]
    assert left_out == {"stranger": "The folder's name is not in the roster."}

    # Nothing runs: what both handed in is an empty file.
    arguments = ["grade", NAME, "--roster", str(path), "--root", str(course.root)]
    monkeypatch.setattr(cli, "console", Console(width=200))
    ran = CliRunner().invoke(cli.app, arguments)
    assert ran.exit_code == 0, (ran.output, ran.exception)
    assert "left out: stranger" in ran.output
    (row,) = [line for line in ran.output.splitlines() if "bob" in line]
    assert "nothing handed in" in row
    with course.gradebook() as gradebook:
        assert sorted(student.id for student in gradebook.students) == ["Zoë", "ana"]
