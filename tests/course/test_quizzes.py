"""The quizzes of the lessons read alike on every computer."""

import builtins
import functools
import json
import re
from pathlib import Path

import pytest
from jupyterquiz import display_quiz
from jupyterquiz.dynamic import display, loader

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
QUIZZES = sorted(NOTEBOOKS.glob("quiz/*.json"))
LOCALES = ["cp1252", "cp932", "ascii"]  # Windows in Europe, in Japan; a bare server


def shown(path, monkeypatch, encoding):
    """Return the questions that a lesson shows where files have this encoding."""
    outputs = []
    default = functools.partial(builtins.open, encoding=encoding)
    monkeypatch.setattr(loader, "open", default, raising=False)
    monkeypatch.setattr(display, "display", outputs.append)
    display_quiz(str(path))
    script = outputs[-1].data
    start = re.search(r"var questions\w+=", script).end()
    return json.JSONDecoder().raw_decode(script, start)[0]


@pytest.mark.parametrize("encoding", LOCALES)
@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)
def test_a_quiz_shows_the_same_texts_where_files_are_not_read_as_utf_8(
    path, encoding, monkeypatch
):
    assert shown(path, monkeypatch, encoding) == json.loads(path.read_text("utf-8"))
