"""Every assignment keeps its form, and plain nbgrader marks it as it should."""

import ast
import importlib
import re
from functools import cache

import pytest
from nbclient import NotebookClient

from samples.course import ASSIGNMENTS, ROOT
from samples.marking import expected_marks, points
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import HIDDEN, code_cells, graded_cells, source, with_cells
from samples.submissions import submissions

SOLUTION = re.compile(r"( *)### BEGIN SOLUTION\n.*?### END SOLUTION", re.S)

every_assignment = pytest.mark.parametrize("name", ASSIGNMENTS)

# --- form -----------------------------------------------------------------------------


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
        alias.asname or alias.name
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
            module = importlib.import_module(f"helpers.checks.{call.func.value.id}")
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
                assert line not in released
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


# --- plain nbgrader -------------------------------------------------------------------


@cache
def graded(name, folder):
    """Generate, hand in and grade one assignment; return the course and all marks."""
    course = NbgraderCourse(folder / name)
    course.generate(name)
    course.submit(name, "reference", source(name))
    course.submit(name, "untouched", source(name, "release", course.root))
    for number, submission in enumerate(submissions(name)):
        if submission.graded:
            notebook = with_cells(source(name), submission.cells)
            course.submit(name, f"known-{number}", notebook)
    return course, course.autograde(name)


@pytest.fixture(scope="module")
def grade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("courses")
    return lambda name: graded(name, folder)


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


@every_assignment
def test_the_release_is_byte_for_byte_what_nbgrader_generates(name, grade):
    course, _ = grade(name)
    file = f"release/{name}/{name}.ipynb"
    assert (ROOT / file).read_bytes() == (course.root / file).read_bytes()


@every_assignment
def test_nbgrader_gives_the_reference_full_marks(name, grade):
    _, marks = grade(name)
    assert marks["reference"] == points(name)


@every_assignment
def test_nbgrader_gives_the_untouched_release_nothing(name, grade):
    _, marks = grade(name)
    assert marks["untouched"] == dict.fromkeys(points(name), 0.0)


@every_assignment
def test_an_untouched_release_runs_to_its_end_and_says_what_is_not_done(name, grade):
    course, _ = grade(name)
    notebook = course.autograded(name, "untouched")
    assert "(not started)" in outputs(notebook)[-1].text
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                assert "".join(output.traceback).startswith("Not done yet: ")
                assert "raises-exception" in cell.metadata.tags


@every_assignment
def test_nbgrader_gives_a_sample_of_known_submissions_their_marks(name, grade):
    _, marks = grade(name)
    sample = {f"known-{i}": s for i, s in enumerate(submissions(name)) if s.graded}
    assert {student: marks[student] for student in sample} == {
        student: expected_marks(name, submission)
        for student, submission in sample.items()
    }


@every_assignment
def test_nbgrader_records_messages_and_never_a_traceback_or_stderr(name, grade):
    course, marks = grade(name)
    for student in marks:
        for output in outputs(course.autograded(name, student)):
            assert output.get("name") != "stderr", output.text
            if output.output_type == "error":
                text = "".join(output.traceback)
                assert re.match("Does not hold: |Not done yet: ", text)


@every_assignment
def test_the_reference_runs_from_top_to_bottom_with_its_training(name, tmp_path):
    notebook = source(name)
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert not [
        output for output in outputs(notebook) if output.get("name") == "stderr"
    ]
    assert "NOT YET" not in outputs(notebook)[-1].text
