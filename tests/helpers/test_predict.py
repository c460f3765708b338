"""Predictions ask without giving the answer, and remain readable without a script."""

import html
import json
import re
from unittest import mock

from helpers import interactive, predict

import pytest


def shown(act):
    """Return what a notebook would store of what an action shows."""
    with mock.patch.object(interactive, "display") as display:
        result = act()
    return result, display.call_args.args[0]


def passed(output):
    """Return what the page's script is given."""
    return json.loads(html.unescape(re.search(r'data-course="([^"]*)"', output)[1]))


def text(output):
    """Return what is left of an output where no script runs."""
    return html.unescape(
        re.sub(r"<(style|script)>.*?</\1>|<[^>]*>", " ", output, flags=re.S)
    )


def test_a_choice_shows_its_question_and_options_as_plain_text_too():
    _, data = shown(lambda: predict.choice("Is a < b?", ["yes & no", "never"]))
    assert "Is a < b?" in data["text/plain"]
    for part in ("Is a < b?", "yes & no", "never"):
        assert part in text(data["text/html"])
    assert passed(data["text/html"])["options"] == ["yes & no", "never"]


def test_the_answer_reaches_the_page_only_with_the_comparison():
    guess, asked = shown(lambda: predict.number("How many dB?", unit="dB", within=1))
    _, compared = shown(lambda: guess.compare(23.456))
    assert "23" not in json.dumps(passed(asked["text/html"]))
    assert passed(compared["text/html"])["value"] == 23.456
    assert compared["text/plain"] == "It was: 23.5 dB"
    assert "It was: 23.5 dB" in text(compared["text/html"])


@pytest.mark.parametrize(("within", "margin"), [(None, 2.0), (0.5, 0.5)])
def test_a_tenth_of_the_answer_counts_as_right_where_nothing_else_is_said(
    within, margin
):
    guess, asked = shown(lambda: predict.number(f"How much? {within}", within=within))
    _, compared = shown(lambda: guess.compare(-20))
    assert passed(compared["text/html"])["within"] == margin
    assert "counts as right" in asked["text/plain"]


def test_a_margin_of_a_percentage_is_given_in_percentage_points():
    _, asked = shown(lambda: predict.number("Which share?", unit="%", within=10))
    assert "within 10 percentage points counts as right" in asked["text/plain"]


def test_a_count_has_no_margin():
    _, asked = shown(lambda: predict.number("How many?", within=0))
    assert "only the exact number counts as right" in asked["text/plain"]


def test_an_answer_that_is_no_option_is_refused():
    guess, _ = shown(lambda: predict.choice("Which?", ["this", "that"]))
    with pytest.raises(predict.PredictionError, match="'other' is none of the options"):
        guess.compare("other")


@pytest.mark.parametrize("options", [["one"], ["same", "same"], []])
def test_fewer_than_two_options_are_refused(options):
    with pytest.raises(predict.PredictionError, match="two options or more"):
        predict.choice("Which?", options)


def test_the_summary_knows_each_question_once(monkeypatch):
    monkeypatch.setattr(predict, "_asked", {})
    for _ in range(2):
        shown(lambda: predict.number("How many?"))
    shown(lambda: predict.choice("Which?", ["this", "that"]))
    _, data = shown(predict.summary)
    assert passed(data["text/html"])["questions"] == ["How many?", "Which?"]


def test_nothing_is_fetched():
    for act in (lambda: predict.choice("Which?", ["a", "b"]), predict.summary):
        _, data = shown(act)
        assert not re.search(r"https?:|src=|@import|url\(", data["text/html"])


def test_a_question_cannot_end_the_script_or_the_attribute():
    nasty = '</script><img src=x onerror=alert(1)>"'
    _, data = shown(lambda: predict.choice(nasty, [nasty, "b"]))
    assert nasty not in data["text/html"]
    assert "<img" not in data["text/html"]
    assert passed(data["text/html"])["question"] == nasty


def test_the_summary_of_a_written_page_counts_the_questions_that_it_is_given():
    _, data = shown(lambda: predict.summary(["Which?"]))
    assert passed(data["text/html"])["questions"] == ["Which?"]


def test_what_would_be_displayed_can_be_collected_for_a_page():
    with interactive.collect() as pages:
        guess = predict.choice("Which?", ["this", "that"])
        guess.compare("that")
    assert [passed(page)["action"] for page in pages] == ["ask", "compare"]
    shown(predict.summary)  # is displayed again
