"""The site's pages say what the course's files say, and nothing that they must not."""

import base64
import html
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from samples.course import ROOT
from tools import lesson_form
from tools.site import live
from tools.site.__main__ import build
from tools.site.faults import faults
from tools.site.lesson import prepare
from tools.site.links import rewrite
from tools.site.plan import ASSIGNMENTS, GUIDES, LESSONS, PAGES, SiteError

PIXEL = base64.b64encode(b"a picture").decode()
QUIZ = ROOT / "notebooks/quiz/00.json"
SECTIONS = ["To discuss", "Common mistakes", "What to skip"]


def code(source, text="", **metadata):
    outputs = [new_output("stream", text=text)] if text else []
    return new_code_cell(source, outputs=outputs, metadata=metadata)


def stored(folder, *cells):
    """Store a lesson as the course does; return its path."""
    notebook = new_notebook(cells=list(cells))
    lesson_form.store(notebook)
    path = folder / "01_lesson.ipynb"
    nbformat.write(notebook, path)
    return path


def shown(text):
    return new_output("display_data", {"text/html": text, "text/plain": "plain"})


def question(text):
    """Return an output with a question, or an answer, as a lesson stores it."""
    inside = f'<div class="course-text"><p>{text}</p></div>'
    return shown(f'<div class="course">{inside}</div>')


def page_of(path):
    """Return a lesson prepared for the site, and the pictures that it stored."""
    pictures = {}

    def picture(name, content):
        pictures[name] = content
        return f"figures/{name}"

    return prepare(path, picture), pictures


def test_what_is_folded_in_the_lesson_is_folded_on_its_page(tmp_path):
    path = stored(
        tmp_path,
        new_code_cell(
            "guess = predict.number('How many?')",
            outputs=[question("<strong>Predict:</strong> How many?")],
        ),
        code("run()", "the answer"),
        new_code_cell("guess.compare(answer)", outputs=[question("It was: 5")]),
        code("# Solution\nsecret()", "the figure", tags=["solution"]),
        code("after()", "seen"),
    )
    page, _ = page_of(path)
    tags = [cell.metadata.get("tags") for cell in page.cells]
    assert tags == [None, ["hide-output"], ["hide-output"], ["hide-cell"], None]
    assert page.cells[3].metadata["mystnb"]["code_prompt_show"] == "Solution"
    assert page.cells[1].outputs[0].text == "the answer"


def test_a_prediction_and_its_answer_are_interactive_without_a_kernel(tmp_path):
    options = (
        "<strong>Predict:</strong> Which?</p><ul><li>a &amp; b</li><li>c</li></ul><p>"
    )
    path = stored(
        tmp_path,
        new_code_cell(
            "OPTIONS = names()\nguess = predict.choice('Which?', OPTIONS)",
            outputs=[question(options)],
        ),
        new_code_cell("guess.compare(best)", outputs=[question("It was: a &amp; b")]),
        new_code_cell("predict.summary()", outputs=[question("<em>Run</em>")]),
    )
    ask, compare, summary = (
        cell.outputs[0].data["text/html"] for cell in page_of(path)[0].cells
    )
    assert "<script>" in ask
    assert "It was" not in ask.split("<style>")[0]
    assert "&quot;options&quot;: [&quot;a &amp; b&quot;, &quot;c&quot;]" in ask
    assert "&quot;value&quot;: &quot;a &amp; b&quot;" in compare
    assert "[&quot;Which?&quot;]" in summary


@pytest.mark.parametrize("shows", ["quiz.show", "display_quiz"])
def test_questions_are_interactive_whichever_way_the_lesson_shows_them(shows):
    notebook = new_notebook(cells=[code(f'{shows}("quiz/00.json")', "old")])
    live.revive(notebook, QUIZ.parent.parent)
    (output,) = notebook.cells[0].outputs
    assert 'data-course="' in output.data["text/html"]


def test_a_picture_goes_into_a_file_and_keeps_its_description(tmp_path):
    image = f'<img alt="a digit" src="data:image/png;base64,{PIXEL}"/>'
    path = stored(tmp_path, new_code_cell("plot()", outputs=[shown(image)]))
    page, pictures = page_of(path)
    ((name, content),) = pictures.items()
    assert content == b"a picture"
    assert page.cells[0].outputs[0].data == {
        "text/html": f'<img alt="a digit" src="figures/{name}"/>'
    }


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        (
            "02_stacked_autoencoder.ipynb#The-model",
            "02_stacked_autoencoder.ipynb#the-model",
        ),
        ("glossary.md#elbo", "../glossary.md#elbo"),
        ("../release/vanilla/vanilla.ipynb", "../assignments/vanilla.ipynb"),
        ("../README.md", "../index.md"),
        ("images/01.png", "../files/notebooks/images/01.png"),
        ("https://doi.org/10.1", "https://doi.org/10.1"),
        ("#here", "#here"),
        ("#Further-reading", "#further-reading"),
    ],
)
def test_a_link_of_a_lesson_leads_to_a_page_or_to_a_copy(link, leads_to):
    copied = []
    file, page = "notebooks/01_lesson.ipynb", "lessons/01_lesson.ipynb"
    text = rewrite(f"[see]({link}), `m(x)[0](y)`", file, page, copied.append)
    assert text == f"[see]({leads_to}), `m(x)[0](y)`"
    assert copied == (["notebooks/images/01.png"] if "png" in link else [])


def test_a_link_to_a_file_that_is_not_there_is_refused():
    with pytest.raises(SiteError, match=r"CLAIMS\.md links to gone\.md"):
        rewrite("[see](gone.md)", "CLAIMS.md", "claims.md", print)


def test_every_lesson_has_a_page_and_a_guide_and_every_assignment_a_page():
    numbers = [Path(file).name[:2] for file in LESSONS]
    assert [Path(file).stem for file in GUIDES] == numbers
    assert len(ASSIGNMENTS) == len(list(ROOT.glob("solutions/*/*.ipynb")))
    assert len(set(PAGES.values())) == len(PAGES)


def test_no_page_is_made_of_a_file_that_students_must_not_see():
    closed = ("solutions", "samples", "tests", "helpers/checks")
    assert not [file for file in PAGES if file.startswith(closed)]


@pytest.mark.parametrize("file", GUIDES)
def test_the_minutes_of_a_plan_add_up(file):
    text = (ROOT / file).read_text("utf-8")
    promised = int(re.search(r"^## A plan of (\d+) minutes$", text, re.M)[1])
    plan = text.split("## A plan of")[1].split("\n## ")[0]
    assert sum(map(int, re.findall(r"^\| (\d+) \|", plan, re.M))) == promised


@pytest.mark.parametrize("file", GUIDES)
def test_a_guide_says_what_to_discuss_what_goes_wrong_and_what_to_skip(file):
    headings = re.findall(r"^## (.+)$", (ROOT / file).read_text("utf-8"), re.M)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS


def test_what_a_guide_quotes_of_a_check_is_a_property_that_a_check_has():
    modules = (ROOT / "helpers/checks").rglob("*.py")
    source = "".join(path.read_text("utf-8") for path in modules)
    texts = [(ROOT / file).read_text("utf-8") for file in GUIDES]
    quoted = re.findall(r"does not hold: ((?:\\\||[^|])+?) \|", "".join(texts))
    assert len(quoted) > 30
    assert [name for name in quoted if name.replace("\\|", "|") not in source] == []


def test_faults_of_a_page_are_named(tmp_path):
    (tmp_path / "whole.html").write_text('<p id="here">')
    (tmp_path / "page.html").write_text(
        '<a href="whole.html#here"></a><a href="https://far.org/"></a>'
        '<img alt="x" src="#">'
        '<a href="gone.html"></a><a href="whole.html#gone"></a><img src="#" alt=" ">'
        '<script src="https://far.org/x.js"></script>'
    )
    assert list(faults(tmp_path)) == [
        "page.html: the picture # has no description",
        "page.html: loads https://far.org/x.js from elsewhere",
        "page.html: gone.html leads nowhere",
        "page.html: whole.html#gone leads nowhere",
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the folder of the whole site."""
    return build(tmp_path_factory.mktemp("site")).parent


@pytest.mark.long
def test_the_whole_site_has_no_dead_link_and_no_picture_without_words(site):
    assert list(faults(site)) == []


@pytest.mark.long
def test_every_question_of_a_lesson_can_be_answered_on_its_page(site):
    for file in LESSONS:
        cells = nbformat.read(ROOT / file, 4).cells
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        asked = sum(len(lesson_form.asked(source)) for source in sources)
        page = (site / "lessons" / f"{Path(file).stem}.html").read_text("utf-8")
        assert page.count("&quot;action&quot;: &quot;ask&quot;") == asked
        assert page.count("{&quot;questions&quot;: [") == 1


def secrets():
    """Yield what an assignment's source holds and a student must not see."""
    regions = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.S)
    for path in ROOT.glob("solutions/*/*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            for kind, text in regions.findall(cell.source):
                # One line of a solution may well stand in a lesson, too.
                if kind == "HIDDEN TESTS" or text.count("\n") > 2:
                    yield " ".join(text.split())


@pytest.mark.long
def test_no_hidden_test_and_no_solution_of_an_assignment_is_on_the_site(site):
    pages = "".join(path.read_text("utf-8") for path in site.rglob("*.html"))
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", pages)).split())
    hidden = list(secrets())
    assert len(hidden) > 100
    assert [secret for secret in hidden if secret in text] == []
