"""Questions of a stored lesson, made interactive again without a kernel.

A lesson is stored without scripts, so its questions are plain text. What they ask is
written in the lesson's code, and what came out in its outputs: both together give the
page what a run would have given it.
"""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

from helpers import interactive, predict, quiz
from helpers.predict import Choice, Number, Prediction

from nbformat import NotebookNode

from tools import lesson_form

CAME = re.compile(r'<div class="course-text"><p>It was: (.*?)</p>')
QUESTION = '<div class="course"><div class="course-text"><p>'
OPTION = re.compile(r"<li>(.*?)</li>")


def revive(notebook: NotebookNode, folder: Path) -> None:
    """Make the questions of a lesson interactive; change only its outputs.

    Args:
        notebook: a lesson as it is stored.
        folder: where the files of its questions are.
    """
    asked: dict[str, Prediction] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if path := quiz_file(cell.source):
            with interactive.collect() as pages:
                quiz.show(folder / path)
            cell.outputs = [_output(page) for page in pages]
            continue
        new = dict(questions(cell))
        asked = {name: asked[name] for name in asked if name not in new} | new
        with interactive.collect() as pages:
            for prediction in new.values():
                prediction.ask()
            _compare(cell, asked)
            if "predict.summary()" in cell.source:
                predict.summary([prediction.question for prediction in asked.values()])
        _replace(cell, pages)


def quiz_file(source: str) -> str | None:
    """Return the file of questions that a cell shows, if it shows one.

    >>> quiz_file('quiz.show("quiz/01.json")')
    'quiz/01.json'
    """
    match = re.search(r'(?:quiz\.show|display_quiz)\("(quiz/\d\d\.json)"\)', source)
    return match[1] if match else None


def questions(cell: NotebookNode) -> Iterator[tuple[str, Prediction]]:
    """Yield the predictions that a cell asks for, by their names.

    A question and its unit stand in the code; its options, often a variable, as the
    cell shows them.
    """
    shown = (_options(output) for output in cell.outputs if _is_course(output))
    for node in ast.walk(ast.parse(_python(cell.source))):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                if not lesson_form.is_question(call):
                    continue
                options = next(shown)
                if ast.unparse(call.func) == "predict.choice":
                    yield name, Choice(ast.literal_eval(call.args[0]), options)
                    continue
                values = [ast.literal_eval(value) for value in call.args]
                named = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
                yield name, Number(*values, **named)


def _options(output: NotebookNode) -> list[str]:
    """Return the options that a question lists in an output."""
    return [html.unescape(text) for text in OPTION.findall(output.data["text/html"])]


def _python(source: str) -> str:
    """Return a cell's code without what only IPython understands."""
    return re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE)


def _compare(cell: NotebookNode, asked: dict[str, Prediction]) -> None:
    """Show each prediction that a cell compares beside the answer in its outputs."""
    names = lesson_form.compared(_python(cell.source))
    if not names:
        return
    came = [match[1] for output in cell.outputs for match in _answers(output)]
    ordered = [name for name in asked if name in names]
    for name, text in zip(ordered, came, strict=True):
        prediction, shown = asked[name], html.unescape(text)
        if isinstance(prediction, Choice):
            prediction.compare(shown)
        elif isinstance(prediction, Number):
            number = shown.removesuffix(prediction.unit).strip()
            prediction.compare(float(number.replace(",", "")), fmt=number)


def _answers(output: NotebookNode) -> Iterator[re.Match[str]]:
    """Yield the place of each answer in an output."""
    return CAME.finditer(output.get("data", {}).get("text/html", ""))


def _is_course(output: NotebookNode) -> bool:
    """Say whether an output is a question or an answer without its script."""
    page = output.get("data", {}).get("text/html", "")
    return bool(page.lstrip().startswith(QUESTION))


def _replace(cell: NotebookNode, pages: list[str]) -> None:
    """Put pages, in their order, in the place of the outputs without scripts."""
    places = [output for output in cell.outputs if _is_course(output)]
    for output, page in zip(places, pages, strict=True):
        output.data["text/html"] = page


def _output(page: str) -> NotebookNode:
    """Return an output that shows a piece of page."""
    data = NotebookNode({"text/html": page})
    return NotebookNode(output_type="display_data", data=data, metadata={})
