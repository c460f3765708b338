"""Known answers to the quiz, with the points that each loses."""

import ast

from samples.notebooks import references
from samples.submissions.submission import KnownSubmission

REFERENCE = references("quiz")


def right_letters(answer: str) -> set[str]:
    """Return the letters that the reference gives."""
    return ast.literal_eval(REFERENCE[answer].split(" = ")[-1].split("\n")[0])


def written(*letters: str, form: str = "{}") -> str:
    """Return the right-hand side of an answer: a set, or another form of it."""
    return form.format(", ".join(f'"{letter}"' for letter in letters))


def other(name: str, answer: str, text: str, *lost: str) -> KnownSubmission:
    """The reference with one answer written as ``text``."""
    loses = frozenset(f"{answer}_{kind}" for kind in lost)
    return KnownSubmission(name, {answer: f"{answer} = {text}"}, loses)


ONE = sorted(right_letters("answer_1"))
WRONG = next(letter for letter in "abcd" if letter not in ONE)
BOTH = ("no_wrong", "complete")

SUBMISSIONS = [
    other("a list", "answer_1", written(*ONE, form="[{}]")),
    other("a tuple, in another order", "answer_1", written(*ONE[::-1], form="({})")),
    other("a string of letters", "answer_1", repr("".join(ONE))),
    other("a letter twice", "answer_1", written(*ONE, *ONE, form="[{}]")),
    other("one right option only", "answer_1", written(ONE[0], form="{{{}}}"), BOTH[1]),
    other("a wrong option too", "answer_1", written(*ONE, WRONG, form="{{{}}}"), *BOTH),
    other("a wrong option only", "answer_1", written(WRONG, form="{{{}}}"), *BOTH),
    other("all options", "answer_1", '{"a", "b", "c", "d"}', *BOTH),
    other("no option", "answer_1", "set()", *BOTH),
    other("a letter that is none", "answer_1", '{"e"}', *BOTH),
    other("capital letters", "answer_1", repr("".join(ONE).upper()), *BOTH),
    other("a number", "answer_1", "1", *BOTH),
    other("None", "answer_1", "None", *BOTH),
    other("a function", "answer_1", "print", *BOTH),
    KnownSubmission(
        "the first question alone",
        {answer: f"{answer} = set()" for answer in REFERENCE if answer != "answer_1"},
        frozenset(
            f"{answer}_{kind}"
            for answer in REFERENCE
            if answer != "answer_1"
            for kind in BOTH
        ),
        graded=True,
    ),
]
