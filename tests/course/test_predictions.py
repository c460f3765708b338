"""Nothing in a lesson gives an answer away, and a lesson opens as it was stored.

Each rule yields what breaks it.
"""

import ast
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from tools import lesson_form

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))

PROMPT = "> **Predict.**"
VERDICT = re.compile(
    r"\b(?:cannot|beats?|beaten|wins?|ties?|loses?|fails?|helps?|hurts?|vanish(?:es)?"
    r"|better|worse|nothing|no\s+longer|still|again)\b(?!.*\?$)",
    re.I,
)
"""What a heading or title must not say before the answer is known; a question may."""
TARGET = re.compile(r"should\s+(?:end|reach|be)|ends?\s+(?:near|at)|will\s+end", re.I)


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def markdown(path):
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def code(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def prompts(path):
    """Yield each prompt in the text with the cell that follows it."""
    for cell, after in pairwise(read(path).cells):
        if cell.cell_type == "markdown" and PROMPT in cell.source:
            yield cell, after


def every_prompt_is_followed_by_a_box_for_its_answer(path):
    for cell, after in prompts(path):
        if after.cell_type != "code" or not lesson_form.asked(after.source):
            yield cell.source[-200:]


def every_prediction_is_compared_in_another_cell(path):
    waiting = set()
    for cell in code(path):
        waiting -= lesson_form.compared(cell.source)
        asked = lesson_form.asked(cell.source)
        yield from sorted(waiting & asked)
        waiting |= asked
    yield from sorted(waiting)


def the_lesson_sums_its_predictions_up_at_its_end(path):
    sources = [cell.source for cell in code(path)]
    sums = [n for n, source in enumerate(sources) if "predict.summary()" in source]
    last = [n for n, source in enumerate(sources) if lesson_form.compared(source)]
    if len(sums) != 1 or not last or sums < last[-1:]:
        yield f"predict.summary() in the cells {sums}, last comparison in {last[-1:]}"


def what_follows_a_prediction_is_folded(path):
    for cell in lesson_form.answers(read(path)):
        hidden = cell.metadata.get("jupyter", {})
        if cell.outputs and not hidden.get("outputs_hidden"):
            yield f"unfolded output: {cell.source[:80]}"
        if lesson_form.spells_out(cell.source):
            if not hidden.get("source_hidden"):
                yield f"unfolded answer: {cell.source[:80]}"
            if not cell.source.startswith("# "):
                yield f"an untitled fold: {cell.source[:80]}"


def no_training_is_announced_with_where_it_ends(path):
    for text in markdown(path):
        for announced in re.findall(r"\*\*Training:\*\*.*?(?=\n\n|\Z)", text, re.S):
            if TARGET.search(announced):
                yield announced


def titles(source):
    """Yield the titles that a cell writes above its figures."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "title":
            yield from (
                part.value
                for part in ast.walk(node.value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def no_title_of_a_result_says_how_it_came_out(path):
    for cell in lesson_form.answers(read(path)):
        for title in titles(cell.source):
            if VERDICT.search(title):
                yield title


def no_heading_above_a_prediction_says_how_it_comes_out(path):
    heading = ""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^#+ (.+)$", cell.source, re.M) or [heading])[-1]
        elif lesson_form.asked(cell.source) and VERDICT.search(heading):
            yield heading


def came_out(cell):
    """Yield what a stored comparison shows as the answer."""
    for output in cell.outputs:
        text = output.get("data", {}).get("text/plain", "")
        if text.startswith("It was: "):
            yield text.removeprefix("It was: ")


def no_number_that_answers_stands_above(path):
    above = ""
    for cell in read(path).cells:
        if cell.cell_type == "code" and lesson_form.compared(cell.source):
            for answer in came_out(cell):
                figure = re.match(r"-?\d+\.\d+|-?\d{3,}", answer)
                if figure and re.search(
                    rf"(?<![\d.]){re.escape(figure[0])}(?!\d)", above
                ):
                    yield answer
        if cell.cell_type == "markdown":
            above += cell.source


def solutions_are_one_titled_fold(path):
    for cell in code(path):
        if "solution" in cell.metadata.get("tags", []):
            hidden = cell.metadata.get("jupyter", {})
            if not cell.source.startswith("# Solution\n"):
                yield f"no title: {cell.source[:80]}"
            if not (hidden.get("source_hidden") and hidden.get("outputs_hidden")):
                yield f"unfolded: {cell.source[:80]}"
    yield from (text for text in markdown(path) if "click the bar below" in text)


def the_reading_of_a_solution_is_folded(path):
    for cell, after in pairwise(read(path).cells):
        solution = "solution" in cell.metadata.get("tags", [])
        if solution and not re.match(r"<details>|#|# Solution\n", after.source):
            yield after.source[:80]


def no_stored_output_holds_a_script(path):
    for cell in code(path):
        for output in cell.outputs:
            data = output.get("data", {})
            if "<script" in data.get("text/html", "") or "javascript" in str([*data]):
                yield cell.source[:80]


def the_metadata_are_those_that_jupyterlab_writes(path):
    if read(path).metadata.kernelspec != lesson_form.KERNEL:
        yield read(path).metadata.kernelspec
    if "codemirror_mode" not in read(path).metadata.language_info:
        yield read(path).metadata.language_info


def the_set_up_says_what_to_do_without_the_courses_packages(path):
    above = ""
    for cell in read(path).cells:
        if cell.cell_type == "code" and "from helpers import" in cell.source:
            break
        above += cell.source
    if "No module named 'helpers'" not in above:
        yield above[-80:]


RULES = [
    every_prompt_is_followed_by_a_box_for_its_answer,
    every_prediction_is_compared_in_another_cell,
    the_lesson_sums_its_predictions_up_at_its_end,
    what_follows_a_prediction_is_folded,
    no_training_is_announced_with_where_it_ends,
    no_title_of_a_result_says_how_it_came_out,
    no_heading_above_a_prediction_says_how_it_comes_out,
    no_number_that_answers_stands_above,
    solutions_are_one_titled_fold,
    the_reading_of_a_solution_is_folded,
    no_stored_output_holds_a_script,
    the_metadata_are_those_that_jupyterlab_writes,
    the_set_up_says_what_to_do_without_the_courses_packages,
]


def questions(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and lesson_form.is_question(node):
            yield ast.literal_eval(node.args[0])


def test_no_question_is_asked_twice_since_the_browser_knows_it_by_its_words():
    asked = [
        question
        for path in LESSONS
        for cell in code(path)
        for question in questions(cell.source)
    ]
    assert sorted(asked) == sorted(set(asked))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_it_gives_nothing_away(path, rule):
    assert list(rule(path)) == []
