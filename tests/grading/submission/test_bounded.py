"""What takes too much time or memory ends alone, within a second."""

import ast
import json
import time

import pytest

from grading.submission import bounded


def test_a_function_is_called_in_another_process_and_its_value_returned():
    assert bounded.call(json.dumps, ["é", 1]) == json.dumps(["é", 1])


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (eval, "9 ** 9 ** 9"),
        (eval, "[0] * 10 ** 9"),
        (eval, "1 / 0"),
        (ast.literal_eval, "(" * 10_000),
    ],
    ids=["time", "memory", "error", "no value"],
)
def test_what_takes_too_much_or_fails_is_one_error(function, argument):
    started = time.monotonic()
    with pytest.raises(bounded.TooMuchError):
        bounded.call(function, argument)
    assert time.monotonic() - started < bounded.MAX_WALL_S / 2
