"""`course demo` makes a class, grades it, and writes all that there is to see."""

import csv
import webbrowser

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from grading import cli, demo
from grading.course import Course
from grading.demo import DemoError
from samples.demo_class import works
from samples.marking import expected_marks, points
from samples.submissions import submissions

NAME = "quiz"


@pytest.fixture(scope="module")
def shown(needs_sandbox, tmp_path_factory):
    """Run the demo with the quiz alone, where there is no browser."""
    root = tmp_path_factory.mktemp("demo")
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webbrowser, "open", lambda url: asked.append(url))
        result = CliRunner().invoke(
            cli.app,
            ["demo", "--students", "9", "--assignment", NAME, "--to", str(root)],
            env={"COLUMNS": "200"},
        )
    assert result.exit_code == 0, (result.output, result.exception)
    return root, result.output, asked


def test_the_class_gets_the_marks_of_its_known_work(shown):
    root, *_ = shown
    with Course.load(root).gradebook() as gradebook:
        marks = {
            submission.student.id: submission.score
            for submission in gradebook.assignment_submissions(NAME)
        }
    full = sum(points(NAME).values())
    first = next(submission for submission in submissions(NAME) if submission.loses)
    spoiled = sum(expected_marks(NAME, first).values())
    assert marks == {
        "student_01": full,
        "student_02": 0,
        "student_03": spoiled,
        "student_04": full,
        "student_05": full,
        "student_06": spoiled,
        "student_07": 0,
        "student_08": full,
        "student_09": 0,
    }


def test_it_prints_a_table_the_time_and_where_the_report_lies(shown):
    root, printed, asked = shown
    page = root / "reports" / f"{NAME}.html"
    assert asked == [page.as_uri()]
    for words in (
        "nothing written",
        "an attack: ast_transformer_drops_tests",
        "9 done, 0 left, 2 failed",
        "9 run, 0 unchanged.",
        str(page),
        "seconds in all.",
        "There is no browser here: open the report yourself.",
    ):
        assert words in printed


def test_report_feedback_and_marks_are_written(shown):
    root, *_ = shown
    soup = BeautifulSoup(
        (root / "reports" / f"{NAME}.html").read_text("utf-8"), "html.parser"
    )
    assert "9 students" in " ".join(soup.get_text(" ").split())
    assert len(list(root.glob(f"feedback/*/{NAME}/{NAME}.html"))) == 9
    with open(root / "grades.csv", encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 9


def test_a_browser_that_fails_is_no_error(monkeypatch, tmp_path):
    def fails(url):
        raise webbrowser.Error("no display")

    monkeypatch.setattr(webbrowser, "open", fails)
    assert not cli._opened(tmp_path / "page.html")


def test_every_assignment_has_a_class_of_all_kinds():
    kinds = [work.what.split(":")[0] for work in works("vanilla")[:12]]
    for kind in ("the course's solution", "nothing written", "wrong", "right"):
        assert kind in kinds
    assert kinds.count("an attack") == 2
    assert kinds.count("odd") >= 2


def test_a_large_class_repeats_the_kinds(tmp_path):
    course, handed_in = demo.make(tmp_path / "new", [NAME], 60)
    assert len(set(handed_in[NAME].values())) == len(works(NAME))
    assert len(list(course.root.glob(f"submitted/*/{NAME}"))) == 60


@pytest.mark.parametrize(
    ("names", "why"), [([NAME], "is not empty"), (["other"], "'other'")]
)
def test_what_it_cannot_do_is_said_in_a_sentence(tmp_path, names, why):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(DemoError, match=why):
        demo.make(tmp_path, names, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_a_clone_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "SOLUTIONS", tmp_path / "nowhere")
    with pytest.raises(DemoError, match="clone the project"):
        demo.make(None, [NAME], 1)
