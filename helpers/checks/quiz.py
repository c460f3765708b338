"""Multiple-answer questions, graded with partial credit.

A student writes ``answer_1 = {"a", "c"}``. The visible test looks at the form only; the
right answers stand in hidden tests, never here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from helpers.checks.property_check import CheckFailed, NotDone


def _letters(answer: object, options: str) -> set[str]:
    """Return the chosen letters; raise if nothing, or something else, was chosen."""
    chosen: list[Any] = list(answer) if isinstance(answer, Iterable) else [answer]
    if chosen in ([], [None], [Ellipsis]):
        raise NotDone("an answer of one letter or more")
    if not all(isinstance(letter, str) and letter in set(options) for letter in chosen):
        raise CheckFailed(
            f"a set of letters out of {', '.join(options)}",
            repr(answer)[:60],
            'an answer looks like {"a"} or {"a", "c"}: small letters, in quotes.',
            "the answer has the right form",
        )
    return set(chosen)


def form(answer: object, options: str = "abcd") -> None:
    """Check that ``answer`` is a set of letters out of ``options``, right or not."""
    letters = _letters(answer, options)
    print(f"Your answer: {', '.join(sorted(letters))}. It is marked after you submit.")


def no_wrong_option(
    answer: object,
    right: str,
    options: str = "abcd",
    why_not: Mapping[str, str] | None = None,
) -> None:
    """Check that at least one option was chosen and none that is wrong.

    ``why_not`` holds a reason for each wrong option. The student reads those of the
    options chosen, and nothing about the others.
    """
    name = "no wrong option is chosen"
    if wrong := _letters(answer, options) - set(right):
        reasons = why_not or {}
        named = [f"{key}: {reasons[key]}" for key in sorted(wrong & reasons.keys())]
        raise CheckFailed(
            "right options only",
            f"{len(wrong)} that {'is' if len(wrong) == 1 else 'are'} wrong",
            " ".join(named) or "read the lesson on this question again.",
            name,
        )


def every_right_option(answer: object, right: str, options: str = "abcd") -> None:
    """Check that every right option was chosen, and no wrong one.

    A wrong one loses this point too; otherwise choosing everything would earn it.
    """
    name = "every right option is chosen, and no wrong one"
    if _letters(answer, options) != set(right):
        raise CheckFailed(
            "all right options and no others",
            "another choice",
            "more than one option can be right.",
            name,
        )


def progress(*answers: object) -> None:
    """Print how many of a notebook's questions have an answer, right or not."""
    answered = sum(answer not in (set(), None, ...) for answer in answers)
    state = "" if answered else " (not started)"
    print(f"{answered} of {len(answers)} questions have an answer{state}.")
