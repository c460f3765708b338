"""Exports open unharmed in spreadsheets; feedback tells no secret and runs nothing."""

import csv
import shutil
import warnings
from datetime import datetime

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from grading.course import Course
from grading.gradebook.export import (
    CanvasExport,
    CsvExport,
    ExportError,
    MoodleExport,
    cell,
    export,
)
from grading.gradebook.feedback import (
    FeedbackError,
    StudentsView,
    feedback,
    safe_markdown,
)
from grading.gradebook.writer import Writer
from grading.journal import Journal
from grading.runtime.job import Result
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.fuzzed_hand_ins import CONTROLS
from samples.notebooks import HIDDEN, graded_cells, source
from samples.odd_submissions import FILE, NAME, right, written

pytestmark = pytest.mark.slow
ATTACKS = [
    "<script>alert(1)</script>",
    '<img src="x" onerror="alert(1)">',
    "<iframe src='https://example.org'></iframe>",
    '<a href="javascript:alert(1)">x</a>',
]
STUDENTS = {
    "ana": ("Ana, María", 'O"Neill', "ana@example.org"),
    "bob": ('=HYPERLINK("http://x")', "+1", "@SUM(1)"),
    "chi": ("王\t=1", "Łukasz\n-2", "-x@example.org"),
    "dora": (None, None, None),
}


def hand_in(course):
    """Hand in ana's right work, with text in it that a page must not act on."""
    folder = course.path(course.submitted, "ana", NAME)
    folder.mkdir(parents=True)
    notebook = right()
    notebook.cells[3].source += "\n# " + " ".join(ATTACKS)
    notebook.cells[3].source += "\n### BEGIN HIDDEN TESTS"  # the student's own
    notebook.cells[3].source += f"\n# {CONTROLS.encode('utf-8', 'replace').decode()}"
    (folder / FILE).write_bytes(written(notebook))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with ana's work graded, late by a point, and three who wait."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions" / NAME, root / "solutions" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    course = Course.load(root)
    assignment = Assignment.load(course, NAME)
    hand_in(course)
    job = assemble.job(assignment, intake.receive(course, assignment, "ana"), "")
    attack = {"text/html": ATTACKS[0], "text/plain": ATTACKS[1]}
    outputs = [
        {"output_type": "display_data", "data": attack},
        {"output_type": "display_data", "data": {"image/png": ATTACKS[1]}},
        {"output_type": "stream", "name": "stdout", "text": ATTACKS[2]},
        {"output_type": "stream", "name": "stderr", "text": CONTROLS},
    ]
    result = Result(
        job.key,
        "ana",
        NAME,
        "graded",
        outputs={"setup": outputs, "shapes": outputs},
        marks={**assignment.points, "shapes": 0.0, "encoder_layers": 1 / 3},
        messages={"shapes": f"Does not hold: {ATTACKS[0]} {CONTROLS}"},
    )
    with Journal(course.journal) as journal:
        Writer(course, assignment, journal).write(job, result)
    with course.gradebook() as gradebook:
        for name, (first, last, email) in STUDENTS.items():
            gradebook.update_or_create_student(
                name, first_name=first, last_name=last, email=email
            )
        handed_in = gradebook.find_submission_notebook(NAME, NAME, "ana")
        handed_in.late_submission_penalty = 1
        gradebook.find_comment(
            "answer_1", NAME, NAME, "ana"
        ).manual_comment = f"**Well** done {ATTACKS[0]}"
        gradebook.find_submission(NAME, "ana").timestamp = datetime(2026, 11, 21)
        gradebook.db.commit()
    return course


@pytest.fixture
def all_graded(course):
    """The course, with a submission of each student in the gradebook."""
    with course.gradebook() as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's use of its own database
        for name in STUDENTS.keys() - {"ana"}:
            gradebook.add_submission(NAME, name)
            for notebook in gradebook.find_submission(NAME, name).notebooks:
                for grade in notebook.grades:
                    grade.needs_manual_grade = False
        gradebook.db.commit()
    yield course
    with course.gradebook() as gradebook:
        for name in STUDENTS.keys() - {"ana"}:
            gradebook.remove_submission(NAME, name)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def exported(course, format, to):
    (path,) = export(course, format, to).files
    return path


def test_the_plain_export_has_nbgrader_s_columns_and_round_trips(course, tmp_path):
    header, *lines = rows(exported(course, "csv", tmp_path / "grades.csv"))
    assert header == list(CsvExport.columns)
    students = {row[3]: dict(zip(header, row, strict=True)) for row in lines}
    assert set(students) == set(STUDENTS)
    ana = students["ana"]
    assert (ana["first_name"], ana["last_name"]) == ("Ana, María", 'O"Neill')
    assert float(ana["raw_score"]) == pytest.approx(15 + 1 / 3, abs=1e-4)
    assert float(ana["score"]) == pytest.approx(14 + 1 / 3, abs=1e-4)
    assert (float(students["bob"]["score"]), float(ana["max_score"])) == (0, 20)
    assert students["chi"]["first_name"] == "王 =1"
    assert students["dora"]["last_name"] == ""


def test_the_canvas_export_has_canvas_s_columns(course, tmp_path):
    header, points, *lines = rows(exported(course, "canvas", tmp_path / "canvas.csv"))
    wanted = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", NAME]
    assert header == wanted
    assert points == ["Points Possible", "", "", "", "", "20.0"]
    students = {row[3]: row for row in lines}
    assert students["ana"][:5] == ['O"Neill, Ana, María', "", "", "ana", ""]
    assert float(students["ana"][5]) == pytest.approx(14.3333, abs=1e-4)
    assert set(students) == {"ana"}  # who handed in nothing has no empty mark


def test_the_moodle_export_has_moodle_s_columns(course, tmp_path):
    header, *lines = rows(exported(course, "moodle", tmp_path / "moodle.csv"))
    assert header[:3] == ["First name", "Last name", "ID number"]
    assert header[5:] == ["Email address", f"Assignment: {NAME} (Real)"]
    students = {row[2]: row for row in lines}
    assert students["ana"][:3] == ["Ana, María", 'O"Neill', "ana"]
    assert float(students["ana"][6]) == pytest.approx(14.3333, abs=1e-4)
    assert set(students) == {"ana"}


@pytest.mark.parametrize("format", ["csv", "canvas", "moodle", "gradescope"])
def test_no_cell_of_an_export_is_a_formula(all_graded, tmp_path, format):
    course = all_graded
    path = exported(course, format, tmp_path / "export.csv")
    text = path.read_text("utf-8")
    assert "HYPERLINK" in text
    for row in rows(path):
        for value in row:
            assert value[:1] not in tuple("=+-@\t\r|%")
    # In quotes: no spreadsheet takes a part of it for a cell of its own.
    assert '=HYPERLINK(""http://x"")' in text


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", " =1", "\t=1", "＝1", "|x"])
def test_what_a_spreadsheet_would_run_gets_a_quote_in_front(text):
    assert cell(text).startswith("'")


def test_no_sign_that_cannot_be_seen_hides_a_formula_or_gets_into_a_file():
    for sign in (*CONTROLS, "\u200c", "\ufe0f", "\u034f", "\u3164", "\u3000"):
        value = str(cell(f"{sign}=1"))
        assert value.startswith("'"), repr(sign)
        assert not set(value) & set(CONTROLS)
        value.encode()


@pytest.mark.parametrize("value", ["a=1", "x@y.org", "Müller-Lüdenscheidt", "", "王"])
def test_other_text_stays_as_it_is(value):
    assert cell(value) == value


def test_numbers_stay_numbers():
    assert cell(-1.5) == -1.5
    assert cell(0.1 + 0.2) == 0.3
    assert cell(None) == ""


def test_an_assignment_that_does_not_exist_is_an_error(course, tmp_path):
    with pytest.raises(ExportError, match="no assignment nothing"):
        export(course, "csv", tmp_path / "x.csv", ["nothing"])


@pytest.mark.parametrize("plugin", [CsvExport, CanvasExport, MoodleExport])
def test_nbgrader_s_options_choose_students(course, tmp_path, plugin):
    exporter = plugin(to=str(tmp_path / "one.csv"), student=["ana"], assignment=[NAME])
    with course.gradebook() as gradebook:
        exporter.export(gradebook)
    text = (tmp_path / "one.csv").read_text("utf-8")
    assert "ana" in text
    assert "dora" not in text


def test_a_column_can_have_the_title_that_canvas_gave_it(course, tmp_path):
    exporter = CanvasExport(to=str(tmp_path / "x.csv"), titles={NAME: "Vanilla (4711)"})
    with course.gradebook() as gradebook:
        exporter.export(gradebook)
    assert rows(tmp_path / "x.csv")[0][-1] == "Vanilla (4711)"


@pytest.fixture(scope="module")
def page(course):
    (path,) = feedback(course, NAME)
    assert path == course.path("feedback", "ana", NAME) / f"{NAME}.html"
    return path.read_text("utf-8")


def test_feedback_shows_marks_messages_and_comments(page):
    text = BeautifulSoup(page, "html.parser").get_text()
    assert "Score: 14.33 / 20" in text
    assert "late: -1" in text
    assert "Does not hold:" in text
    assert "Well done" in text
    assert "def autoencoder" in text


def test_feedback_names_each_check_and_the_lost_ones_first(page):
    soup = BeautifulSoup(page, "html.parser")
    checks = soup.select("main > section.check")
    names = [check.h3.a["href"].removeprefix("#") for check in checks]
    assert len(names) == len(graded_cells(source(NAME)))
    assert set(names[:2]) == {"shapes", "encoder_layers"}
    lost = [check for check in checks if "lost" in check["class"]]
    assert lost == checks[: len(lost)]
    assert "Does not hold:" in lost[0].get_text()
    for name in names:
        assert soup.find(id=name)


def test_feedback_is_one_document_in_a_language(page):
    soup = BeautifulSoup(page, "html.parser")
    assert soup.html["lang"] == "en"
    for tag in ("html", "head", "body", "main", "title"):
        assert len(soup.find_all(tag)) == 1, tag
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert "@font-face" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_feedback_shows_no_hidden_test(page):
    text = BeautifulSoup(page, "html.parser").get_text()
    for test in graded_cells(source(NAME)):
        for region in HIDDEN.findall(test.source):
            for line in region.strip().split("\n"):
                assert line not in text
    assert "right=" not in text


def test_feedback_holds_nothing_active_and_loads_nothing(page):
    soup = BeautifulSoup(page, "html.parser")
    assert soup.find_all(["script", "iframe", "object", "embed", "form", "svg"]) == []
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")]
        for name in ("src", "href"):
            value = tag.get(name, "#")
            assert value.startswith(("#", "data:image/", "https://", "http://"))
            assert name == "href" or value.startswith(("#", "data:image/"))
    policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'")


def test_feedback_holds_no_control_character(page):
    assert not set(page) & set(CONTROLS)


@pytest.mark.parametrize(
    "attack", [*ATTACKS, "[x](javascript:alert(1))", "![](http://x)"]
)
def test_markdown_is_shown_without_what_is_active(attack):
    soup = BeautifulSoup(
        safe_markdown(f"# T\n\n{attack}\n\n|a|\n|-|\n|b|"), "html.parser"
    )
    assert soup.find_all(["script", "iframe", "img"]) == []
    assert "javascript" not in str([tag.attrs for tag in soup.find_all(True)])
    assert soup.find("td").get_text() == "b"


def hidden_test(*outputs):
    cell = new_code_cell(
        "check(f)\n### BEGIN HIDDEN TESTS\ncheck(f, size=93)\n### END HIDDEN TESTS"
    )
    cell.metadata["nbgrader"] = {"grade": True, "solution": False}
    cell.outputs = list(outputs)
    return cell


def test_test_cells_of_plain_nbgrader_lose_what_quotes_their_source():
    trace = ["Traceback", "----> 2 check(f, size=93)\n", "TypeError: no"]
    test = hidden_test(
        new_output("error", ename="TypeError", evalue="no", traceback=trace),
        new_output("stream", name="stderr", text="Warning: 2\n  check(f, size=93)"),
    )
    mine = new_code_cell("### BEGIN HIDDEN TESTS\nmine = 1")
    notebook, _ = StudentsView().preprocess(new_notebook(cells=[test, mine]), {})
    assert "size=93" not in str(notebook)
    assert test.outputs[0].traceback == ["TypeError: no"]
    assert notebook.cells[1].source == mine.source


def test_a_student_who_prints_guesses_of_hidden_tests_sees_all_of_them():
    guesses = "\n".join(f"check(f, size={size})" for size in range(200))
    wrong = {"ename": "CheckFailed", "evalue": guesses}
    test = hidden_test(
        new_output("stream", name="stdout", text=guesses),
        new_output("error", **wrong, traceback=guesses.split("\n")),
    )
    mine = new_code_cell("print(guesses)")
    mine.outputs = [
        new_output("stream", text=guesses),
        new_output("display_data", data={"text/plain": guesses}),
        new_output("error", ename="E", evalue=guesses, traceback=guesses.split("\n")),
    ]
    StudentsView().preprocess(new_notebook(cells=[test, mine]), {})
    shown, *own = mine.outputs
    assert shown.text == own[0].data["text/plain"] == guesses
    assert "\n".join(own[1].traceback) == guesses
    assert test.outputs[0].text == "\n".join(test.outputs[1].traceback) == guesses
    assert test.source == "check(f)"


def test_feedback_before_grading_is_a_clear_error(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    with pytest.raises(FeedbackError, match="No notebooks were matched"):
        feedback(Course.load(tmp_path), NAME)
