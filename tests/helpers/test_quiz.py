"""The quizzes of the lessons read alike on every computer, without a script too."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

from helpers import interactive, quiz

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
QUIZZES = sorted(NOTEBOOKS.glob("quiz/*.json"))

every_quiz = pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.stem)


def shown(path):
    with mock.patch.object(interactive, "display") as display:
        quiz.show(path)
    return display.call_args.args[0]


def questions(path):
    attribute = re.search(r'data-course="([^"]*)"', shown(path)["text/html"])[1]
    return json.loads(html.unescape(attribute))["questions"]


def static(path):
    return re.search(r'course-text">(.*?)</div>', shown(path)["text/html"], re.S)[1]


def test_a_quiz_shows_its_texts_where_files_are_not_read_as_utf_8(tmp_path):
    answers = [{"answer": "ja – β", "correct": True, "feedback": "7 × 7"}]
    asked = {"question": "x̂?", "type": "multiple_choice", "answers": answers}
    path = tmp_path / "07.json"
    path.write_text(json.dumps([asked], ensure_ascii=False), "utf-8")
    code = f"from helpers import quiz; quiz.show({str(path)!r})"
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **bare, "PYTHONIOENCODING": "utf-8"},
        cwd=NOTEBOOKS.parent,
        capture_output=True,
        encoding="utf-8",
    )
    assert process.returncode == 0, process.stderr
    assert "x̂?" in process.stdout


@every_quiz
def test_every_question_answer_and_reason_is_shown_with_and_without_a_script(path):
    page = html.unescape(static(path))
    for asked, question in zip(
        json.loads(path.read_text("utf-8")), questions(path), strict=True
    ):
        assert asked["question"] == question["text"]
        assert asked["question"] in page
        for answer in asked["answers"]:
            reasons = [option["feedback"] for option in question["options"]]
            assert answer["feedback"] in [*reasons, question["otherwise"]]
            if answer.get("type") != "default":
                assert answer["feedback"] in page


@every_quiz
def test_answers_are_folded_where_no_script_runs(path):
    open_part = re.sub(r"<details>.*?</details>", "", static(path), flags=re.S)
    for question in questions(path):
        for option in question["options"]:
            assert html.escape(option["feedback"]) not in open_part


def test_the_right_option_stands_in_every_place():
    places = {
        [option["right"] for option in question["options"]].index(True)
        for path in QUIZZES
        for question in questions(path)
        if question["type"] == "multiple_choice"
    }
    assert places == {0, 1, 2, 3}


def test_a_quiz_is_the_same_each_time():
    assert shown(QUIZZES[0]) == shown(QUIZZES[0])


@every_quiz
def test_nothing_is_fetched(path):
    assert not re.search(r"https?:|src=|@import|url\(", shown(path)["text/html"])


def test_where_the_file_is_missing_a_sentence_says_so(capsys, tmp_path):
    quiz.show(tmp_path / "01.json")
    assert "which is not here. Open the lesson in" in capsys.readouterr().out
