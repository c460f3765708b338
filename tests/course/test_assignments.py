"""Every assignment keeps its form, and plain nbgrader marks it as it should."""

import ast
import importlib
import re

import pytest

from samples.course import ASSIGNMENTS, ROOT
from samples.marking import expected_marks, points, run_cell
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import HIDDEN, code_cells, graded_cells, source, with_cells
from samples.submissions import submissions
from tests import plain_nbgrader

SOLUTION = re.compile(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", re.S)

END_TO_END = ("vanilla", "variational", "quiz")
"""What plain nbgrader marks in `make test`; the others in `make test-all`."""

TRAINED = ("vanilla", "quiz")
"""Whose reference runs with its training in `make test`."""

every_assignment = pytest.mark.parametrize("name", ASSIGNMENTS)

# --- form -----------------------------------------------------------------------------


@every_assignment
def test_the_readme_lists_an_assignment_with_its_points(name):
    (row,) = re.findall(
        rf"^\| \[{name}\].*$", (ROOT / "README.md").read_text("utf-8"), re.M
    )
    assert float(row.split("|")[3]) == sum(points(name).values())


@every_assignment
def test_an_assignment_opens_with_a_card_that_lists_the_points_of_its_cells(name):
    card = source(name).cells[0]
    assert "card" in card.metadata.tags
    rows = re.findall(r"^\| (.+?) \| \**(\d+)\** \|$", card.source, re.M)
    *parts, (total_name, total) = rows
    assert total_name == "**Together**"
    assert (
        int(total) == sum(int(part) for _, part in parts) == sum(points(name).values())
    )


@every_assignment
def test_a_test_cell_only_calls_checks(name):
    notebook = source(name)
    imports = next(c.source for c in code_cells(notebook) if "import" in c.source)
    known = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(ast.parse(imports))
        if isinstance(node, ast.ImportFrom) and node.module == "helpers.checks"
        for alias in node.names
    }
    for cell in graded_cells(notebook):
        for statement in ast.parse(cell.source).body:
            # A call that returns None shows no value, which nbgrader reads as a score.
            assert isinstance(statement, ast.Expr), ast.unparse(statement)
            call = statement.value
            assert isinstance(call, ast.Call), ast.unparse(statement)
            assert isinstance(call.func, ast.Attribute), ast.unparse(statement)
            assert call.func.value.id in known
            imported = known[call.func.value.id]
            module = importlib.import_module(f"helpers.checks.{imported}")
            returns = getattr(module, call.func.attr).__annotations__["return"]
            assert returns is None
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
                if not isinstance(argument, ast.Name):
                    ast.literal_eval(argument)


@every_assignment
def test_a_test_cell_has_a_visible_and_a_different_hidden_test(name):
    for cell in graded_cells(source(name)):
        (hidden,) = HIDDEN.findall(cell.source)
        visible = HIDDEN.sub("", cell.source)
        shown = {ast.unparse(node) for node in ast.parse(visible).body}
        kept = {ast.unparse(node) for node in ast.parse(hidden).body}
        assert shown
        assert kept
        assert not shown & kept


@every_assignment
def test_a_failing_test_cell_does_not_stop_run_all(name):
    for cell in graded_cells(source(name)):
        assert "raises-exception" in cell.metadata.tags


@every_assignment
def test_a_notebook_is_stored_without_outputs_and_without_traces_of_a_machine(name):
    for folder in ("solutions", "release"):
        notebook = source(name, folder)
        assert notebook.metadata == {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
        for cell in code_cells(notebook):
            assert not cell.outputs
            assert cell.execution_count is None


@every_assignment
def test_nothing_that_students_must_not_see_is_released(name):
    released = (ROOT / "release" / name / f"{name}.ipynb").read_text("utf-8")
    assert "BEGIN " not in released
    assert "END " not in released
    for cell in code_cells(source(name)):
        for hidden in HIDDEN.findall(cell.source):
            for line in filter(None, map(str.strip, hidden.splitlines())):
                # A name or a bracket alone tells nothing.
                assert re.fullmatch(r"\w*[(){},]*", line) or line not in released
    assert not re.search(r"\bright=", released)


@every_assignment
def test_the_student_gets_the_solution_without_its_marked_regions(name):
    for mine, theirs in zip(
        source(name).cells, source(name, "release").cells, strict=True
    ):
        stub = SOLUTION.sub(r"\1# Your work goes here.", mine.source)
        assert theirs.source == re.sub(r"\n" + HIDDEN.pattern, "", stub, flags=re.S)
        if theirs.cell_type == "code":
            ast.parse(theirs.source)


# --- the release ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return a course folder in which nbgrader generates all assignments."""
    return NbgraderCourse(tmp_path_factory.mktemp("generated"))


@pytest.mark.slow
@every_assignment
def test_the_release_is_byte_for_byte_what_nbgrader_generates(name, generated):
    plain_nbgrader.generate(generated, name)
    file = f"release/{name}/{name}.ipynb"
    assert (ROOT / file).read_bytes() == (generated.root / file).read_bytes()


# --- the reference --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=() if name in ("vanilla", "quiz") else pytest.mark.long
        )
        for name in ASSIGNMENTS
    ],
)
def test_the_reference_runs_from_top_to_bottom_with_its_training(
    name, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for cell in code_cells(source(name)):
        stdout, stderr = run_cell(cell, namespace)
        assert stderr == capfd.readouterr().err == "", cell.source
    assert stdout
    assert "NOT YET" not in stdout


# --- plain nbgrader -------------------------------------------------------------------


def by_nbgrader(*names):
    """Parametrize a test by assignments; those that are not END_TO_END are long."""
    return pytest.mark.parametrize(
        "graded",
        [
            pytest.param(
                name,
                marks=[
                    pytest.mark.slow,
                    *([] if name in END_TO_END else [pytest.mark.long]),
                ],
            )
            for name in names
        ],
        indirect=True,
    )


@pytest.fixture(scope="module")
def graded(request, tmp_path_factory):
    """Generate, hand in and grade an assignment; return name, course and all marks.

    Of those that are not END_TO_END the untouched release alone: all the rest is what
    tests/grading/test_agreement.py has plain nbgrader mark.
    """
    name = request.param
    course = NbgraderCourse(tmp_path_factory.mktemp(name))
    plain_nbgrader.generate(course, name)
    course.submit(name, "untouched", source(name, "release", course.root))
    if name in END_TO_END:
        course.submit(name, "reference", source(name))
        for number, submission in sample(name):
            notebook = with_cells(source(name), submission.cells)
            course.submit(name, f"known-{number}", notebook)
    return name, course, plain_nbgrader.autograde(course, name)


def sample(name):
    """Return known submissions that lose points, with their numbers."""
    known = enumerate(submissions(name))
    return [(number, work) for number, work in known if work.graded and work.loses]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


@by_nbgrader(*END_TO_END)
def test_nbgrader_gives_the_reference_full_marks(graded):
    name, _, marks = graded
    assert marks["reference"] == points(name)


@by_nbgrader(*ASSIGNMENTS)
def test_nbgrader_gives_the_untouched_release_nothing(graded):
    name, _, marks = graded
    assert marks["untouched"] == dict.fromkeys(points(name), 0.0)


@by_nbgrader(*ASSIGNMENTS)
def test_an_untouched_release_runs_to_its_end_and_says_what_is_not_done(graded):
    name, course, _ = graded
    notebook = course.autograded(name, "untouched")
    assert "(not started)" in outputs(notebook)[-1].text
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                assert "".join(output.traceback).startswith("Not done yet: ")
                assert "raises-exception" in cell.metadata.tags


@by_nbgrader(*END_TO_END)
def test_nbgrader_gives_a_sample_of_known_submissions_their_marks(graded):
    name, _, marks = graded
    expected = {f"known-{n}": expected_marks(name, known) for n, known in sample(name)}
    assert {student: marks[student] for student in expected} == expected


@by_nbgrader(*ASSIGNMENTS)
def test_nbgrader_records_messages_and_never_a_traceback_or_stderr(graded):
    name, course, marks = graded
    for student in marks:
        for output in outputs(course.autograded(name, student)):
            assert output.get("name") != "stderr", output.text
            if output.output_type == "error":
                text = "".join(output.traceback)
                assert re.match("Does not hold: |Not done yet: ", text)


@pytest.mark.parametrize("name", [name for name in ASSIGNMENTS if name != "quiz"])
def test_no_likely_name_of_a_student_hides_the_checks(name):
    imported = {
        alias.asname or alias.name
        for cell in code_cells(source(name))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.ImportFrom) and node.module == "helpers.checks"
        for alias in node.names
    }
    assert "course_checks" in imported
    assert name not in imported
