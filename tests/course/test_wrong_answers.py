"""The first message to a wrong answer names what is wrong with it, in few words.

`make test` looks at a few; `make test-all` at all of them.
"""

import ast

from helpers.checks.hints import MAX_WORDS

import pytest

from samples.marking import first_message
from samples.wrong_answers import WRONG
from samples.wrong_answers.answer import WrongAnswer, length

EVERY = 30
"""One of so many is looked at by day."""
MIN_NAMED = 0.95


def answered(answer: WrongAnswer) -> str:
    """Return the first message to an answer."""
    return first_message(answer.assignment, {"autoencoder": answer.code})


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer", WRONG[::EVERY], ids=lambda answer: f"{answer.assignment}, {answer.name}"
)
def test_the_first_message_names_the_cause_in_few_words(answer: WrongAnswer) -> None:
    message = answered(answer)

    assert message
    assert answer.cause.problems(message) == [], message
    assert length(message) <= MAX_WORDS, message


@pytest.mark.long
def test_nearly_every_first_message_names_the_cause_and_none_is_long() -> None:
    messages = {answer: answered(answer) for answer in WRONG}

    unnamed = [m for answer, m in messages.items() if not m or answer.cause.problems(m)]
    assert len(unnamed) <= (1 - MIN_NAMED) * len(WRONG), "\n".join(unnamed)
    long = [message for message in messages.values() if length(message) > MAX_WORDS]
    assert not long, "\n".join(long)


def test_no_answer_is_there_twice_and_each_is_python() -> None:
    codes = [(answer.assignment, answer.code) for answer in WRONG]

    assert len(set(codes)) == len(codes) >= 100
    for _, code in codes:
        ast.parse(code)
