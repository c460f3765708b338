"""Every lesson keeps the promises of its form, and its stored outputs are fresh."""

import ast
import json
import re
import statistics
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tools.lessons import code_hash, faults

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
CLOSING_PAGES = {"00"}  # no experiment of its own

DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
SOLUTION = "# Solution"  # the title of a fold
CLOSING = re.compile(r"[\s)\]},]*")  # a line that the formatter adds

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
every_experiment = pytest.mark.parametrize(
    "path",
    [path for path in LESSONS if path.name[:2] not in CLOSING_PAGES],
    ids=lambda path: path.stem,
)


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tagged(path, tag):
    return [cell for cell in code_cells(path) if tag in cell.metadata.get("tags", [])]


def prose(path):
    return "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def section(path, heading):
    """Return the text under the level-2 heading that starts so, "" if there is none."""
    for part in re.split(r"^## ", prose(path), flags=re.M)[1:]:
        if part.startswith(heading):
            return part
    return ""


def pictures(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            html = output.get("data", {}).get("text/html", "")
            yield from re.findall(r"<img [^>]*>", html)


def test_there_are_lessons():
    assert len(LESSONS) >= 2


@every_lesson
def test_the_notebook_is_valid_and_its_cells_have_ids(path):
    nbformat.validate(read(path))
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)


@every_lesson
def test_it_opens_with_the_card(path):
    card = read(path).cells[0].source
    number = path.name[:2]
    assert re.match(rf"# {number} · \S", card)
    assert re.search(rf"!\[[^\]]{{20,}}\]\(images/{number}\.png\)", card)
    verbs = re.search(r"\*\*You will be able to\*\*\n+((?:- .+(?:\n  .+)*\n?)+)", card)
    assert verbs, "no list under 'You will be able to'"
    assert 3 <= len(re.findall(r"^- ", verbs[1], re.M)) <= 5
    for line in ("You need first:", "Time:", "Previous:", "Next:"):
        assert f"**{line}**" in card
    assert re.search(r"\*\*Difficulty:\*\* [1-5] of 5\b", card)
    assert re.search(r"\*\*Time:\*\* \d+ minutes? to read.*, .*to run on 2 cores", card)


@every_lesson
def test_the_readme_gives_the_times_of_the_card(path):
    card = re.search(
        r"\*\*Time:\*\* (\d+) minutes .+?, (\w+) minutes? to run", prose(path)
    )
    minutes = card[2].replace("one", "1")
    readme = (NOTEBOOKS.parent / "README.md").read_text("utf-8")
    assert f"(notebooks/{path.name}) | {card[1]} min | {minutes} min |" in readme


@every_lesson
def test_the_card_picture_is_stored_and_small(path):
    picture = NOTEBOOKS / "images" / f"{path.name[:2]}.png"
    assert len(tagged(path, "card")) == 1
    assert 1_000 < picture.stat().st_size < 200_000


@every_lesson
def test_previous_and_next_form_a_chain(path):
    card = read(path).cells[0].source
    position = LESSONS.index(path)
    for label, step in (("Previous", -1), ("Next", 1)):
        line = re.search(rf"\*\*{label}:\*\*([^*]*)", card)[1]
        neighbour = position + step
        if 0 <= neighbour < len(LESSONS):
            assert LESSONS[neighbour].name in line


@every_lesson
def test_every_link_to_a_file_or_heading_resolves(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", linked.read_text("utf-8"), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", h).replace(" ", "-") for h in headings}
            assert anchor.lower() in {a.lower() for a in anchors}, target


@every_lesson
def test_no_gap_is_left_in_the_text(path):
    assert not re.search(r"@@|TODO|^\s*[A-Z]{3,}\d*\s*$", prose(path), re.M)


@every_lesson
def test_a_cell_has_one_idea(path):
    lengths = [
        sum(
            not CLOSING.fullmatch(line) and line != SOLUTION
            for line in cell.source.splitlines()
        )
        for cell in code_cells(path)
    ]
    assert max(lengths) <= 20
    assert statistics.median(lengths) <= 8
    assert all(len(ln) <= 88 for c in code_cells(path) for ln in c.source.splitlines())


@every_lesson
def test_no_cell_installs_packages_or_draws_by_itself(path):
    for cell in code_cells(path):
        assert not re.search(r"^\s*[!%]", cell.source, re.M)
        assert "matplotlib" not in cell.source


@every_experiment
def test_the_set_up_sets_the_seed(path):
    heading = [cell.source.startswith("## Set-up") for cell in read(path).cells]
    start = heading.index(True)
    cells = read(path).cells[start : start + 5]
    assert "set_random_seed" in "\n".join(cell.source for cell in cells)


def trains(source):
    """Say whether running the code calls fit, not only defines what will."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, DEFINITIONS)]
    return ".fit(" in ast.unparse(tree)


@every_experiment
def test_a_cell_that_trains_is_announced(path):
    cells = read(path).cells
    for number, cell in enumerate(cells):
        if cell.cell_type != "code" or "solution" in cell.metadata.get("tags", []):
            continue
        if "epochs=" in cell.source and trains(cell.source):
            before = [c.source for c in cells[:number] if c.cell_type == "markdown"]
            assert "**Training:**" in before[-1], cell.source


def judging(path):
    """Return what judges a training: the call, or a function that makes it."""
    functions = [
        node.name
        for cell in code_cells(path)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef)
        and "training.reached(" in ast.unparse(node)
    ]
    return ["training.reached(", "assert", *(f"{name}(" for name in functions)]


@every_experiment
def test_an_announced_training_is_judged(path):
    cells = read(path).cells
    announced = [n for n, cell in enumerate(cells) if "**Training:**" in cell.source]
    assert announced
    for number in announced:
        after = "\n".join(cell.source for cell in cells[number + 1 : number + 5])
        assert any(call in after for call in judging(path)), cells[number].source


@every_experiment
def test_it_asks_for_predictions_and_shows_what_goes_wrong(path):
    assert prose(path).count("> **Predict.**") >= 2
    assert re.search(r"^##+ What goes wrong", prose(path), re.M)


@every_experiment
def test_at_least_five_questions_mark_themselves_with_a_reason_for_each_answer(path):
    name = f"quiz/{path.name[:2]}.json"
    assert any(name in cell.source for cell in tagged(path, "quiz"))
    questions = json.loads((NOTEBOOKS / name).read_text("utf-8"))
    assert len(questions) >= 5
    for question in questions:
        assert "$" not in json.dumps(question), "MathJax would come from the internet"
        assert question["type"] in {"multiple_choice", "many_choice", "numeric"}
        assert any(answer.get("correct") for answer in question["answers"])
        for answer in question["answers"]:
            assert len(answer["feedback"]) > 10, question["question"]
            # The page says first whether it is.
            assert not re.match(r"(right|wrong|yes|no)[.:,]", answer["feedback"], re.I)


@every_experiment
def test_at_least_two_exercises_have_three_hints_and_a_collapsed_solution(path):
    text = section(path, "Exercises")
    exercises = len(re.findall(r"^### Exercise \d", text, re.M))
    assert exercises >= 2
    assert len(re.findall(r"<summary>Hint \d", text)) >= 3 * exercises
    solutions = tagged(path, "solution")
    assert len(solutions) >= exercises
    for cell in solutions:
        assert cell.metadata.jupyter.source_hidden
        assert cell.metadata.jupyter.outputs_hidden


@every_experiment
def test_it_ends_with_five_lines_of_summary_and_primary_sources(path):
    summary = section(path, "Summary")
    assert len(re.findall(r"^(?:-|\d\.) ", summary, re.M)) == 5
    reading = section(path, "Further reading")
    assert len(re.findall(r"\((?:19|20)\d\d\).*https?://|https?://.*", reading)) >= 2


@every_lesson
def test_the_stored_outputs_come_from_a_full_run_of_this_very_code(path):
    record = read(path).metadata.course
    assert record.profile == "full"
    assert record.code == code_hash(read(path)), "run: make lessons"
    assert all(cell.execution_count for cell in code_cells(path) if cell.source)


@every_experiment
def test_the_stored_run_saw_real_data(path):
    assert read(path).metadata.course.data
    assert not any("embedded" in line for line in read(path).metadata.course.data)


@every_lesson
def test_the_stored_outputs_hold_no_error_no_stderr_and_no_machine_path(path):
    assert faults(read(path)) == []
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert "NOT reached" not in json.dumps(outputs)


@every_experiment
def test_every_picture_has_an_alt_text(path):
    tags = list(pictures(path))
    assert len(tags) >= 3
    for tag in tags:
        assert len(re.search(r'alt="([^"]*)"', tag)[1]) >= 20


@every_experiment
def test_outputs_that_do_not_depend_on_data_are_compared(path):
    assert tagged(path, "nbval-check-output")


@every_lesson
def test_the_file_is_small(path):
    assert path.stat().st_size < 1_500_000
