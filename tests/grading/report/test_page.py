"""The report says what the journal holds, is safe to open, and hints at copies."""

import ast
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from grading import cli
from grading.course import Course, NotFoundError
from grading.journal import Journal
from grading.report import charts
from grading.report.page import page, report
from grading.report.similarity import MIN_PASSAGES, Comparison, Text, compare
from grading.report.summary import Summary, grouped
from grading.runtime.job import Result
from grading.runtime.sanitize import CUT
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.demo_class import other_names
from samples.fuzzed_hand_ins import CONTROLS, LONG_CODE, measured
from samples.notebooks import grader, source
from samples.odd_submissions import FILE, NAME, REFERENCE, right, written
from samples.submissions import submissions

POINTS = {"shapes": 2.0, "code": 1.0, "loss": 3.0}
NOBODY = Comparison()
KNOWN = [
    cell.source
    for folder in ("solutions", "release")
    for cell in source(NAME, folder).cells
    if grader(cell).get("solution")
]
# Right solutions written in different ways, with enough text of their own.
HONEST = {
    known.name: [known.cells["autoencoder"]]
    for known in submissions(NAME)
    if not known.loses
}
HOSTILE = (
    "</pre></td><script>alert(1)</script><img src=x onerror=alert(2)>"
    '<iframe src="https://example.org/"></iframe>{{ 7 * 7 }}\x1b[31m' + CONTROLS
)
VISIBLE = HOSTILE.split("\x1b")[0]


def result(student, *lost, status="graded", seconds=2.0, **more):
    marks = {name: 0.0 if name in lost else most for name, most in POINTS.items()}
    messages = {name: f"Does not hold: {name}" for name in lost}
    outcome = Result("key", student, NAME, status, marks=marks, messages=messages)
    return replace(outcome, seconds={"all": seconds} if seconds else {}, **more)


def shown(results, waiting=(), alike=NOBODY):
    html = page("vanilla", Summary.of(POINTS, results), list(waiting), alike)
    return BeautifulSoup(html, "html.parser")


def words(soup):
    return " ".join(soup.get_text(" ").split())


CLASS = [
    result("ana"),
    result("bob", "code", seconds=9.5),
    result("chi", "code", "loss", status="timeout", notes=("It took too long.",)),
    result("dora", *POINTS, status="refused", notes=("It is empty.",), seconds=None),
    result("eve", status="repaired", notes=("The notebook's name was 'x'.",)),
]


def test_the_page_tells_how_the_class_did():
    text = words(shown(CLASS, waiting=["finn"]))
    for sentence in (
        "5 students",
        "4.75 mean of the points",
        "5.5 median of the points",
        "2 with full points",
        "3 to look at",
        "1 could not be run",
        "1 student has handed in work that is not graded yet: finn.",
        "2.0 s or less, the longest 9.5 s; together 15.5 s",
    ):
        assert sentence in text


def test_failure_rates_are_those_of_programs_that_ran():
    checks = {check.name: check for check in Summary.of(POINTS, CLASS).checks}
    assert (checks["code"].lost, checks["code"].of, checks["code"].rate) == (2, 4, 0.5)
    assert checks["shapes"].lost == 0
    text = words(shown(CLASS))
    assert "50 %: 2 of 4" in text
    assert "Nobody lost points in shapes." in text


def test_checks_that_were_lost_alike_stand_together():
    lost = ("shapes", "code", "loss")
    points = dict.fromkeys(lost, 1.0)
    results = [
        Result("", "ana", NAME, "graded", messages=dict.fromkeys(lost, "Not done")),
        Result("", "bob", NAME, "graded", marks={"shapes": 1.0, "code": 1.0}),
    ]
    groups = Summary.of(points, results).lost_alike
    assert [[check.name for check in group] for group in groups] == [
        ["loss"],
        ["shapes", "code"],
    ]


def test_what_could_not_be_run_comes_first_among_what_is_to_be_looked_at():
    students = [outcome.student for outcome in Summary.of(POINTS, CLASS).to_look_at]
    assert students == ["dora", "chi", "eve"]
    text = words(shown(CLASS))
    assert "timeout It took too long." in text
    assert "refused It is empty." in text


def test_messages_that_differ_in_numbers_and_line_ends_alone_count_as_one():
    same = [
        "found (None, 32) at sizes\n 128, 64",
        "found (None, 16) at sizes 9",
        "found (None, 16) at sizes 9",
    ]
    other = "found (None, 16, 16) at last"
    assert grouped([*same, other]) == ((same[1], 3), (other, 1))
    assert len(grouped(["layer h1 is missing", "layer h2 is missing"])) == 2


def test_only_the_commonest_messages_are_shown_and_the_rest_is_counted():
    letters = "abcdef"
    results = [
        result(f"s{i}", "code", messages={"code": f"message {letter}"})
        for i, letter in enumerate(letters)
    ]
    text = words(shown(results))
    assert "message d" in text
    assert "message e" not in text
    assert "2 other messages, for 2 students." in text


def test_many_notes_are_cut_with_their_number():
    notes = tuple(f"Cell {letter} was repaired." for letter in "abcdef")
    text = words(shown([result("ana", notes=notes)]))
    assert "Cell d was repaired. And 2 more." in text


def test_a_page_without_results_says_so():
    text = words(shown([], waiting=["ana"]))
    assert "Nothing is graded yet." in text
    assert "not graded yet: ana." in text


@pytest.mark.parametrize(
    "results",
    [
        [result("ana", "code")],
        [result(f"s{i}") for i in range(9)],
        [result(f"s{i}", *POINTS) for i in range(9)],
        [result("ana", *POINTS, status="refused", seconds=None)],
    ],
    ids=["one student", "all full", "all zero", "none could be run"],
)
def test_every_class_has_a_page_with_two_pictures(results):
    soup = shown(results)
    assert [bool(image["alt"]) for image in soup.find_all("img")] == [True, True]


@pytest.fixture(scope="module")
def hostile():
    """A page with hostile text in every place that a student's text can come to."""
    code = HONEST["helper functions, tuples"][0]
    works = {"ana": [f"{code}\n# {HOSTILE}"], "bob": [other_names(code), HOSTILE]}
    alike = compare(works, KNOWN)
    bad = result("ana", "code", notes=(HOSTILE,), messages={"code": HOSTILE})
    return shown([bad, result("bob")], [HOSTILE], alike)


def test_text_of_students_is_shown_and_not_active(hostile):
    assert str(hostile).count("alert(1)") >= 5
    assert words(hostile).count(VISIBLE) >= 5
    assert hostile.find_all(["script", "iframe", "object", "link", "form"]) == []
    assert "49" not in words(hostile).split()


def test_nothing_is_loaded_and_no_script_may_run(hostile):
    for tag in hostile.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value.startswith("data:image/png;base64,")
    style = hostile.find("style").get_text()
    assert "url(" not in style
    assert "@import" not in style
    policy = hostile.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_control_characters_do_not_get_onto_the_page(hostile):
    assert not set(str(hostile)) & set(CONTROLS)


def test_very_long_texts_are_cut():
    text = words(shown([result("ana", notes=("x" * 100_000,))]))
    assert CUT.strip() in text
    assert len(text) < 30_000


def test_the_heat_map_holds_how_each_check_ended():
    half = replace(result("fay"), marks={"shapes": 1.0, "code": 1.0, "loss": 0.0})
    summary = Summary.of(POINTS, [result("ana", "code"), half, CLASS[3]])
    students = [outcome.student for outcome in summary.results]
    assert students == ["dora", "fay", "ana"]
    none, part, full, not_run = (
        charts.NONE,
        charts.PART,
        charts.FULL,
        charts.NOT_RUN,
    )
    assert charts.table(summary).tolist() == [
        [not_run, part, full],
        [not_run, full, none],
        [not_run, none, full],
    ]


@pytest.mark.parametrize("students", [1, 12, 40, 70, 300, 1000])
def test_the_labels_of_the_heat_map_do_not_overlap(students):
    results = [result(f"a_student_with_a_long_name_{i}") for i in range(students)]
    picture = charts.heat_map(Summary.of(POINTS, results))
    picture.canvas.draw()
    axes = picture.axes[0]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [label.get_window_extent() for label in labels]
        assert len(boxes) >= min(students, 3)
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    assert picture.bbox.width / charts.SHARP < 1200


def test_names_with_signs_of_mathematics_are_drawn_as_they_are():
    shown([result("a$x_{$b"), result("$\\frac$")])


def test_names_and_notes_of_students_are_printed_as_they_are():
    strange = "The notebook's name was '[/red].ipynb'."
    about = SimpleNamespace(name="quiz", points=POINTS)
    with cli.console.capture() as printed:
        cli.console.print(
            cli._table(about, {"ana": result("ana", notes=(strange,))}, {}, [])
        )
    assert "'[/red].ipynb'" in printed.get()


# --- similar texts ---


def likeness(works):
    return {pair.students: pair.likeness for pair in compare(works, KNOWN).pairs}


@pytest.mark.parametrize(
    "name", ["helper functions, tuples", "a training step of its own"]
)
def test_a_copy_with_other_names_and_another_layout_is_found(name):
    copy = other_names(HONEST[name][0])
    assert copy not in HONEST[name]
    assert list(likeness({**HONEST, "copy": [copy]})) == [(name, "copy")]


def test_solutions_written_in_different_ways_are_not_alike():
    comparison = compare(HONEST, KNOWN)
    assert comparison.pairs == ()
    assert comparison.compared >= 8


def test_what_many_students_have_is_no_hint():
    text = HONEST["helper functions, tuples"]
    assert len(likeness({f"s{i}": text for i in range(3)})) == 3
    assert likeness({f"s{i}": text for i in range(12)}) == {}


def test_untouched_and_nearly_empty_texts_and_the_course_s_own_are_not_compared():
    works = {
        "untouched": [],
        "the same": [],
        "reference": [KNOWN[0]],
        "reference, other names": [other_names(KNOWN[0])],
        "answers": ['answer_1 = {"a"}', 'answer_2 = {"b", "c"}'],
        "the same answers": ['answer_1 = {"a"}', 'answer_2 = {"b", "c"}'],
    }
    assert compare(works, KNOWN) == Comparison(short=tuple(works))


def test_texts_that_are_not_python_can_be_compared():
    broken = f"def oops(:\n{HONEST['helper functions, tuples'][0]}\n'''"
    works = {"ana": [broken], "bob": [f"{broken}\n\0\ud800"], "chi": ["(" * 1000]}
    assert list(likeness(works)) == [("ana", "bob")]


def simple_statements(code, change):
    """Return code with a change of each line that is a statement of its own."""
    lines = ast.unparse(ast.parse(code)).split("\n")
    return "\n".join(
        line
        if line.endswith(":") or not line.strip() or line.strip().startswith("@")
        else re.sub(r"^(\s*)(.*)", lambda match: change(*match.groups()), line)
        for line in lines
    )


def in_brackets(blanks, statement):
    head, equals, value = statement.partition(" = ")
    if equals:
        return f"{blanks}{head} = (({value}))"
    word, _, value = statement.partition(" ")
    return f"{blanks}return (({value}))" if word == "return" else blanks + statement


def with_a_call(blanks, statement):
    call = "" if statement.startswith("return") else f"\n{blanks}print()"
    return f"{blanks}{statement}{call}"


def indented(code):
    return "\n".join(f"    {line}" for line in code.split("\n"))


JUNK = "\n".join(
    f"def junk_{n}(a, b):\n    return sorted([a - {n}, *b.items()])[{n}:].pop(len(a))"
    for n in range(40)
)
OTHER_JUNK = "\n".join(
    f"class Junk{n}:\n    size = {n}\n    def rest(self):\n"
    f"        raise OSError(self.size ** {n}) from self.cause"
    for n in range(40)
)
DISGUISES = {
    "a long comment above": lambda code: f"# {'x' * 50_001}\n{code}",
    "many comments above": lambda code: "# no\n" * 10_000 + code,
    "a long string above": lambda code: f'"""{"x " * 30_000}"""\n{code}',
    "exec of a string": lambda code: f"exec({code!r})",
    "exec of a string in an exec": lambda code: f"exec({f'exec({code!r})'!r})",
    "exec of lines": lambda code: (
        f"exec({' + '.join(map(repr, code.splitlines(keepends=True)))})"
    ),
    "exec of a join": lambda code: f"exec('\\n'.join({code.splitlines()!r}))",
    "exec of a name": lambda code: f"text = {code!r}\nexec(text)",
    "an IPython command": lambda code: f"get_ipython().run_cell({code!r})",
    "lists before statements": lambda code: simple_statements(
        code, lambda blanks, rest: f"{blanks}[]; {rest}"
    ),
    "values before statements": lambda code: simple_statements(
        code, lambda blanks, rest: f"{blanks}0; pass; unused = 'a'; {rest}"
    ),
    "calls after statements": lambda code: simple_statements(code, with_a_call),
    "brackets": lambda code: simple_statements(code, in_brackets),
    "junk below": lambda code: f"{code}\n{JUNK}",
    "junk above": lambda code: f"{JUNK}\n{code}",
    "a known condition": lambda code: f"if True:\n{indented(code)}\nelse:\n    f(0)",
    "a broken line": lambda code: f"{code}\nthis is no Python",
    "lines of IPython's": lambda code: f"%time\n{code}\nlen?\nx = !ls\n!ls",
    "annotations": lambda code: code.replace(" = ", ": 'list[int]' = ", 1),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(
    "name", ["helper functions, tuples", "a training step of its own"]
)
def test_a_disguised_copy_is_found_and_nobody_else(name, disguise):
    copy = DISGUISES[disguise](other_names(HONEST[name][0]))
    assert list(likeness({**HONEST, "copy": [copy]})) == [(name, "copy")]


def test_two_copies_with_junk_of_their_own_are_found():
    code = HONEST["a training step of its own"][0]
    works = {"ana": [f"{code}\n{JUNK}"], "bob": [f"{OTHER_JUNK}\n{other_names(code)}"]}
    assert list(likeness(works)) == [("ana", "bob")]
    assert likeness({"ana": [JUNK], "bob": [OTHER_JUNK]}) == {}


@pytest.mark.parametrize(
    "code",
    [
        "exec(base64.b64decode('cHJpbnQoMSk='))",
        "run = exec\nrun('print(1)')",
        "eval(compile(text, '', 'exec'))",
        "exec('print(1)'[::-1])",
    ],
)
def test_who_runs_text_that_cannot_be_seen_is_named(code):
    comparison = compare({"ana": [code], "bob": ["autoencoder.compile('adam')"]}, KNOWN)
    assert comparison.hidden == ("ana",)
    text = words(shown([result("ana")], (), comparison))
    assert "Runs text as code" in text
    assert "does not see: ana." in text


@pytest.mark.parametrize("name", LONG_CODE)
def test_long_texts_are_compared_in_a_second_or_named(name):
    text, seconds, megabytes = measured(lambda: Text.of([LONG_CODE[name]]))
    assert seconds <= 1
    assert megabytes <= 200
    assert text.too_long or len(text.passages) < MIN_PASSAGES
    # Not the same text: how much of it is read within the limit hangs on the machine.
    comparison = compare({"ana": [LONG_CODE[name]]}, KNOWN)
    assert "ana" in (*comparison.long, *comparison.short)


@pytest.mark.parametrize(
    "code",
    [
        "1+" * 4_000 + "1",
        "'a'+" * 2_000 + "a",
        "import a" + ".a" * 4_000 + "\n" + "a b\n" * 9,
        "x = (((\n" * 1_000,
    ],
    ids=["sums", "sums of strings", "names with dots", "brackets"],
)
def test_short_hostile_texts_are_compared_in_a_second(code):
    assert measured(lambda: Text.of([code]))[1] <= 1


def test_a_pair_names_the_lines_that_both_have():
    text = HONEST["helper functions, tuples"][0].strip()
    works = {"ana": ["first = 1", text], "bob": [text]}
    (pair,) = compare(works, KNOWN).pairs
    for i in (0, 1):
        lines = pair.texts[i].split("\n")
        marked = {lines[number] for number in pair.shared[i]}
        assert "    mirrored = tuple(reversed(hidden_layers))" in marked
        assert not marked & {"first = 1", ""}


def test_a_pair_is_shown_side_by_side_as_a_hint():
    text = HONEST["helper functions, tuples"]
    soup = shown(
        [result("ana"), result("bob")], (), compare({"ana": text, "bob": text}, KNOWN)
    )
    assert "A hint for a human, no verdict." in words(soup)
    assert "ana and bob : alike by 100 %" in words(soup)
    marked = [line.get_text() for line in soup.find_all("span", class_="shared")]
    assert marked.count("    mirrored = tuple(reversed(hidden_layers))") == 2


# --- from the course folder ---


@pytest.fixture
def course(tmp_path):
    """A course in which ana and bob are graded, and chi is not."""
    shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    course = Course.load(tmp_path)
    text = HONEST["helper functions, tuples"][0]
    for student, code in {"ana": text, "bob": other_names(text), "chi": ""}.items():
        hand_in(course, student, code)
    assignment = Assignment.load(course, NAME)
    with Journal(course.journal) as journal:
        for student in ("ana", "bob"):
            submission = intake.receive(course, assignment, student)
            job = assemble.job(assignment, submission, "")
            for marks in ({}, assignment.points):
                key = f"{job.key} {len(marks)}"
                journal.record(Result(key, student, NAME, "graded", marks=marks))
                journal.record_written(NAME, student, key, assemble.work_key(job))
    return course


def hand_in(course, student, code):
    notebook = right()
    cell = next(cell for cell in notebook.cells if cell.id == "autoencoder")
    cell.source = code
    folder = course.path(course.submitted, student, NAME)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(written(notebook))


def test_the_report_is_about_the_newest_results_and_what_was_handed_in(course):
    path = report(course, NAME)
    assert path == course.root / "reports" / "vanilla.html"
    text = words(BeautifulSoup(path.read_text("utf-8"), "html.parser"))
    assert "2 with full points" in text
    assert "1 student has handed in work that is not graded yet: chi." in text
    assert "ana and bob : alike by" in text


def test_work_that_was_handed_in_since_is_named_and_what_is_gone_does_no_harm(course):
    hand_in(course, "ana", REFERENCE)
    shutil.rmtree(course.root / "submitted" / "bob")
    text = words(BeautifulSoup(report(course, NAME).read_text("utf-8"), "html.parser"))
    assert "2 students have handed in work that is not graded yet: ana, chi." in text
    assert "No two are alike." in text


def test_works_of_older_years_are_compared_with_the_class(course, tmp_path):
    older = tmp_path / "course-2025" / "submitted"
    for student in ("zoe", "yan"):
        hand_in(course, student, HONEST["helper functions, tuples"][0])
        older.mkdir(parents=True, exist_ok=True)
        (course.root / "submitted" / student).rename(older / student)
    shutil.rmtree(course.root / "submitted" / "bob")
    arguments = ["report", NAME, "--compare", str(older), "--root", str(course.root)]
    ran = CliRunner().invoke(cli.app, arguments)
    assert ran.exit_code == 0, ran.exception
    page = (course.root / "reports" / "vanilla.html").read_text("utf-8")
    text = words(BeautifulSoup(page, "html.parser"))
    assert f"ana and {older}/yan : alike by 100 %" in text
    assert f"ana and {older}/zoe : alike by 100 %" in text
    assert f"{older}/yan and" not in text
    assert "and with 2 works of older years." in text


def test_a_folder_without_works_of_the_assignment_is_an_error(course, tmp_path):
    with pytest.raises(NotFoundError, match="no STUDENT/vanilla in it"):
        report(course, NAME, [tmp_path / "nowhere"])


def test_a_course_in_which_nothing_is_graded_has_a_report(tmp_path):
    shutil.copytree(ROOT / "solutions" / NAME, tmp_path / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    path = report(Course.load(tmp_path), NAME)
    assert "Nothing is graded yet." in path.read_text("utf-8")


def test_an_assignment_that_does_not_exist_is_an_error(course):
    with pytest.raises(NotFoundError, match="no assignment 'other'"):
        report(course, "other")
    assert not (course.root / "reports").exists()
