"""The first message to a wrong answer names what is wrong with it, in few words.

`make test` looks at a few of each assignment; `make test-all` at all of them.
"""

import ast

import pytest

from samples.marking import first_message
from samples.wrong_answers import WRONG
from samples.wrong_answers.answer import WrongAnswer

EVERY = 12
"""One of so many is looked at by day."""

ANSWERS = [
    pytest.param(
        one,
        id=f"{one.assignment}, {one.name}",
        marks=pytest.mark.long if number % EVERY else pytest.mark.slow,
    )
    for number, one in enumerate(WRONG)
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_first_message_names_the_cause(answer: WrongAnswer) -> None:
    message = first_message(answer.assignment, {"autoencoder": answer.code})

    assert message
    assert answer.cause.problems(message) == [], message


def test_no_answer_is_there_twice_and_each_is_python() -> None:
    codes = [(one.assignment, one.code) for one in WRONG]

    assert len(set(codes)) == len(codes) >= 100
    for _, code in codes:
        ast.parse(code)
