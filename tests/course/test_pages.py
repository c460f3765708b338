"""A lesson's page folds what JupyterLab folds, and links to pages."""

import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lesson_form
from tools.pages import page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def html():
    """Return the page of a lesson with a prediction, its answer and a solution."""
    cells = [
        new_markdown_cell("# 01\n[next](02_a.ipynb), [code](glossary.md#code)"),
        code("guess = predict.number('How many?')", "asked here"),
        code("run()", "the answer"),
        code("guess.compare(answer)", "It was: 5"),
        code("# Solution\nsecret()", "the figure", tags=["solution"]),
    ]
    notebook = new_notebook(cells=cells)
    lesson_form.store(notebook)
    return page(notebook, "01")


def code(source, text, **metadata):
    output = new_output("stream", text=text)
    return new_code_cell(source, outputs=[output], metadata=metadata)


def unfolded(html):
    body = html[html.index("<body") :]
    return re.sub(r"<details>.*?</details>", "", body, flags=re.S)


def test_what_is_folded_in_the_lesson_is_folded_on_its_page(html):
    seen = unfolded(html)
    assert "asked here" in seen
    for hidden in ("the answer", "It was: 5", "secret", "the figure"):
        assert hidden in html
        assert hidden not in seen


def test_a_fold_has_the_title_of_its_first_line(html):
    summaries = re.findall(r"<summary>(.*?)</summary>", html)
    assert summaries == ["Output", "Output", "Solution"]


def test_links_lead_to_pages(html):
    assert 'href="02_a.html"' in html
    assert 'href="glossary.html#code"' in html
