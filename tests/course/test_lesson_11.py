"""Who hands in the VAE that lesson 11 teaches gets full marks for it."""

import ast
from pathlib import Path

import nbformat
import pytest

from samples.submissions import lesson_11, submissions

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "11_vae.ipynb"


def definitions(source):
    """Return the source of each function and class that is defined, without layout."""
    return {
        node.name: ast.unparse(node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


@pytest.fixture(scope="module")
def taught():
    cells = nbformat.read(LESSON, as_version=4).cells
    return definitions("\n".join(c.source for c in cells if c.cell_type == "code"))


def test_the_known_submissions_hold_the_lessons_own_classes(taught):
    handed_in = definitions(lesson_11.CLASSES + lesson_11.TAPE)
    assert set(handed_in) == {"kl_to_prior", "Sampling", "VAE", "TapeVAE"}
    assert handed_in == {name: taught[name] for name in handed_in}


@pytest.mark.parametrize(
    ("assignment", "sources"),
    [
        ("variational", [lesson_11.VARIATIONAL]),
        ("vae_by_hand", [lesson_11.by_hand("VAE"), lesson_11.by_hand("TapeVAE")]),
    ],
)
def test_they_are_known_as_right(assignment, sources):
    right = [
        source
        for submission in submissions(assignment)
        if not submission.loses
        for source in submission.cells.values()
    ]
    assert set(sources) <= set(right)
