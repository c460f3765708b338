"""The page about the class: who is where, who needs help, and how the checks did."""

import math
import re
from datetime import datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from grading.gradebook.marks import Book, FinalMark, Marked
from grading.report.class_report import (
    MISSING,
    OPEN,
    UNGRADED,
    ClassSummary,
    Column,
    class_page,
    class_summary,
    summed_up,
)
from grading.report.items import MIN_WORKS, difficulty, discrimination
from grading.report.questions import chosen_letters, questions
from grading.report.summary import Summary
from grading.runtime.job import Result
from grading.submission.assignment import Assignment
from samples.course import ROOT
from tests.grading.report import class_folder

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">'


def column(name: str, points: dict[str, float], **more: object) -> Column:
    """Return an assignment of 10 points, with the marks of some students."""
    marks = {student: FinalMark(mark, 10, mark) for student, mark in points.items()}
    graded = [Result("", student, name, "graded") for student in points]
    known = {"handed_in": frozenset(points), **more}
    return Column(name, Summary({}, tuple(graded)), Marked(None, marks), **known)  # type: ignore[arg-type]


def soup_of(summary: ClassSummary) -> BeautifulSoup:
    return BeautifulSoup(class_page(summary), "html.parser")


def words(soup: BeautifulSoup) -> str:
    return " ".join(soup.get_text(" ").split())


# --- difficulty and discrimination ---


def test_difficulty_is_the_share_of_the_points_that_was_earned() -> None:
    assert difficulty([2, 0, 1, 2], 2) == 0.625
    assert difficulty([], 2) is None


def test_discrimination_is_the_point_biserial_correlation_with_the_other_checks() -> (
    None
):
    held, rest = [1, 1, 1, 0, 0, 0], [9, 8, 4, 5, 2, 2]
    # The textbook's form: means of those who hold the check and of all others.
    mean = sum(rest) / 6
    deviation = math.sqrt(sum((value - mean) ** 2 for value in rest) / 6)
    expected = (7 - 3) / deviation * math.sqrt(0.5 * 0.5)
    assert discrimination(held, rest) == pytest.approx(expected)
    assert discrimination([0, 0, 0, 1, 1, 1], rest) == pytest.approx(-expected)


@pytest.mark.parametrize(
    ("marks", "rest"),
    [
        ([1, 0, 1, 0], [1, 2, 3, 4]),
        ([1] * MIN_WORKS, list(range(MIN_WORKS))),
        ([0, 1, 0, 1, 0], [0.1 + 0.2, 0.3, 0.3, 0.3, 0.3]),
    ],
    ids=["few works", "all hold it", "all are equal elsewhere"],
)
def test_a_discrimination_that_cannot_be_known_is_not_given(
    marks: list[float], rest: list[float]
) -> None:
    assert discrimination(marks, rest) is None


def test_empty_and_refused_works_count_in_no_mean_and_no_check() -> None:
    results = [
        Result("", "ana", "x", "graded", marks={"a": 1.0, "b": 1.0}),
        Result("", "bob", "x", "graded", marks={"a": 1.0}),
        Result("", "empty", "x", "graded"),
        Result("", "refused", "x", "refused"),
    ]
    summary = Summary.of({"a": 1.0, "b": 1.0}, results, empty=["empty"])
    assert summary.mean == summary.median == 1.5
    checks = {check.name: check for check in summary.checks}
    assert (checks["b"].lost, checks["b"].of) == (1, 2)
    assert (checks["a"].difficulty, checks["b"].difficulty) == (1, 0.5)


def test_a_mark_that_waits_for_a_person_counts_in_no_mean() -> None:
    results = [Result("", student, "x", "graded") for student in ("ana", "bob")]
    marks = {
        "ana": FinalMark(6, 10, 6),
        "bob": FinalMark(2, 10, 2, waiting=1),
    }
    assert Summary.of({"a": 10.0}, results, marks).mean == 6
    assert Column("x", Summary((), ()), Marked(None, marks)).mean == 0.6  # type: ignore[arg-type]


# --- students ---


def test_what_is_missing_open_and_not_graded_yet_is_told_apart() -> None:
    due = column("a", {"ana": 9}, handed_in=frozenset({"ana", "bob"}))
    later = column("b", {"ana": 9}, due=False)
    rows = summed_up([due, later], Book(), ["ana", "bob", "chi"]).rows
    states = {row.student: [cell.state for cell in row.cells] for row in rows}
    assert states["bob"] == [UNGRADED, OPEN]
    assert states["chi"] == [MISSING, OPEN]


def test_what_is_missing_counts_as_zero_and_what_is_not_due_does_not() -> None:
    columns = [column("a", {"ana": 9}), column("b", {"bob": 5})]
    columns.append(column("c", {"bob": 5}, due=False))
    ana, bob = summed_up(columns, Book()).rows
    assert ana.share == 0.45
    assert bob.share == pytest.approx(1 / 3)
    assert ana.help == ["missing: b", "45 % of the points"]


def test_who_falls_against_the_class_needs_help_and_who_falls_with_it_does_not() -> (
    None
):
    marks = [(10, 10, 10), (10, 9, 9), (8, 6, 3), (8, 6, 3)]
    columns = [
        column(name, dict(zip(("ana", "bob", "chi"), row, strict=True)))
        for name, row in zip("abcd", marks, strict=True)
    ]
    rows = {row.student: row for row in summed_up(columns, Book()).rows}
    assert rows["chi"].help == ["falls by 25 % of the points"]
    assert rows["bob"].help == []


def test_who_handed_in_nothing_at_all_is_on_the_page() -> None:
    summary = summed_up([column("a", {"ana": 9})], Book(), ["ana", "zoe"])
    assert [row.student for row in summary.need_help] == ["zoe"]
    assert "zoe 0 % missing: a, 0 % of the points" in words(soup_of(summary))


def test_late_work_is_named_with_what_it_loses() -> None:
    marks = {
        "ana": FinalMark(8, 10, 10, late=2, seconds_late=60),
        "bob": FinalMark(9, 10, 9, seconds_late=60),
    }
    late = Column("a", Summary({}, ()), Marked(datetime(2025, 1, 1), marks))
    text = words(soup_of(summed_up([late], Book())))
    assert "ana 8 late: -2" in text
    assert "bob 9 late" in text
    assert late.late == ["ana", "bob"]


# --- the page ---


def test_only_the_page_s_own_script_may_run_and_nothing_is_loaded() -> None:
    columns = [column(HOSTILE, {HOSTILE: 9}, page=True)]
    soup = soup_of(summed_up(columns, Book({HOSTILE: HOSTILE}, {})))
    assert len(soup.find_all("script")) == 1
    assert soup.find_all(["img", "iframe", "link", "object"]) == []
    meta = soup.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert re.search(
        r"default-src 'none'.*script-src 'sha256-[\w+/]{43}='", str(meta["content"])
    )
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith(("on", "src"))]


def test_the_page_has_one_main_a_language_and_headings_for_every_table() -> None:
    soup = soup_of(summed_up([column("a", {"ana": 9})], Book()))
    assert len(soup.find_all("main")) == 1
    assert soup.html is not None
    assert soup.html["lang"] == "en"
    for table in soup.find_all("table"):
        heads = table.thead.find_all("th")
        assert all(head["scope"] == "col" for head in heads)
        for row in table.tbody.find_all("tr"):
            assert len(row.find_all(["th", "td"])) == len(heads)


# --- questions ---


@pytest.mark.parametrize(
    ("cell", "letters"),
    [
        ('answer_1 = {"b", "c"}  # both', {"b", "c"}),
        ('answer_1 = {"a"}\nanswer_1 = {\n    "b",\n}', {"b"}),
        ('answer_1 = ["d"]', {"d"}),
        ("answer_1 = set()", set()),
        ("answer_1 = ...", set()),
        ('answer_10 = {"a"}', set()),
        ("answer_1 = {1}", None),
        ('answer_1 = {"a"} | extra', None),
        ("answer_1 = " + "(" * 250, None),
        ("answer_1 = " + "{" + '"a", ' * 10_000 + "}", None),
    ],
)
def test_an_answer_is_read_without_running_it(
    cell: str, letters: set[str] | None
) -> None:
    assert chosen_letters(["x = 1", cell], "answer_1") == letters


@pytest.fixture(scope="module")
def quiz() -> Assignment:
    return Assignment.load(Course.load(ROOT), "quiz")


def test_every_question_of_the_quiz_has_its_text_and_its_right_options(
    quiz: Assignment,
) -> None:
    asked = list(questions(quiz, {}))
    assert len(asked) == 19
    for question in asked:
        assert question.text.endswith("Choose every answer that is right.")
        assert [option.letter for option in question.options] == list("abcd")
        assert any(option.right for option in question.options)
        assert not all(option.right for option in question.options)
    first = asked[0]
    assert first.title == "Question 1: What a vanilla autoencoder is"
    assert [option.letter for option in first.options if option.right] == ["b", "c"]


def test_it_is_counted_which_option_was_chosen_how_often(quiz: Assignment) -> None:
    works = {
        "ana": ['answer_1 = {"b", "c"}'],
        "bob": ['answer_1 = {"b", "d"}'],
        "chi": ['answer_1 = {"d"}'],
        "dan": [],
        "eve": ["answer_1 = set(text)"],
        "fay": ['answer_1 = {"z"}'],
    }
    question = next(questions(quiz, works))
    assert {o.letter: o.chosen for o in question.options} == {
        **{"a": 0, "b": 2},
        **{"c": 1, "d": 2},
    }
    assert (question.answers, question.missing, question.unclear) == (3, 1, 2)
    assert question.most_chosen_wrong is not None
    assert question.most_chosen_wrong.letter == "d"


# --- from the course folder ---


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return class_folder.make(tmp_path_factory.mktemp("class"))


@pytest.mark.slow
def test_the_whole_class_is_on_one_page(course: Course) -> None:
    ran = CliRunner().invoke(cli.app, ["report", "--root", str(course.root)])
    assert ran.exit_code == 0, ran.exception
    path = course.root / "reports" / "index.html"
    assert str(path) in ran.output
    text = words(BeautifulSoup(path.read_text("utf-8"), "html.parser"))
    for sentence in (
        "5 students, 3 assignments.",
        "Álvarez, Ana ana 20 20 38 100 %",
        "dan 0 nothing written 0 could not be run",
        "eve 15 late 15 not graded yet",
        "Brown, Bob bob 47 % 47 % of the points, falls by",
        "Chen, Chi chi 65 % missing: sparse",
        "The wrong option chosen most often: d .",
    ):
        assert sentence in text


@pytest.mark.slow
def test_the_means_on_the_class_s_page_and_on_an_assignment_s_are_the_same(
    course: Course,
) -> None:
    for column in class_summary(course).columns:
        assert column.mean is not None
        assert column.mean * column.max_points == pytest.approx(column.summary.mean)


@pytest.mark.slow
def test_a_class_that_handed_in_nothing_is_said_to_and_ends_with_3(
    tmp_path: Path,
) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    ran = CliRunner().invoke(cli.app, ["report", "--root", str(tmp_path)])
    assert ran.exit_code == cli.NOTHING
    page = (tmp_path / "reports" / "index.html").read_text("utf-8")
    assert "Nothing is handed in yet." in page
