"""Quizzes and predictions answer to a mouse and to keys alone."""

from pathlib import Path

from helpers import predict, quiz

import pytest

from tests.browser.conftest import shown

QUIZ = Path(__file__).resolve().parents[2] / "notebooks/quiz/00.json"


@pytest.fixture
def prediction():
    """Return the outputs of a question, its comparison and the summary."""
    asked = []
    ask = shown(lambda: asked.append(predict.choice("Which?", ["this", "that"])))
    compare = shown(lambda: asked[0].compare("that"))
    return ask, compare, shown(predict.summary)


def test_a_quiz_says_why_an_answer_is_right(open_page):
    page = open_page(shown(lambda: quiz.show(QUIZ)))
    page.get_by_role("button", name="the code only").click()
    assert "Right." in page.get_by_role("status").first.text_content()


def test_a_quiz_is_answered_by_keys_alone(open_page):
    page = open_page(shown(lambda: quiz.show(QUIZ)))
    page.get_by_role("button", name="the code only").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "ight." in page.get_by_role("status").first.text_content()


@pytest.mark.parametrize("press", ["click", "press"])
def test_a_prediction_is_committed_and_kept_for_the_comparison(
    press, prediction, open_page
):
    ask, compare, summary = prediction
    page = open_page(ask)

    def use(name):
        button = page.get_by_role("button", name=name)
        button.press("Enter") if press == "press" else button.click()

    use("fairly sure")
    assert "First choose an answer." in page.get_by_role("status").text_content()
    use("that")
    use("fairly sure")
    assert "You said: that (fairly sure)" in page.get_by_role("status").text_content()
    body = f"<meta charset='utf-8'>{compare}{summary}"
    page.route("**/on", lambda r: r.fulfill(content_type="text/html", body=body))
    page.goto(f"{page.url}on")
    page.get_by_text("You said: that (fairly sure). It was: that. Right.").wait_for()
    page.get_by_text("1 of 1 predictions were right").wait_for()


def test_on_a_written_page_the_comparison_follows_the_prediction(prediction, open_page):
    page = open_page(*prediction)
    page.get_by_text("You had made no prediction.").wait_for()
    page.get_by_role("button", name="that").click()
    page.get_by_role("button", name="fairly sure").click()
    page.get_by_text("You said: that (fairly sure). It was: that. Right.").wait_for()
    page.get_by_text("1 of 1 predictions were right").wait_for()
