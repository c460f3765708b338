"""What hidden tests call, and the sizes that they draw in a run."""

import ast
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from helpers.checks import randomness

from samples.notebooks import HIDDEN, graded_cells, grader, source

Test = tuple[Callable[..., None], dict[str, Any]]
"""A check, and the sizes that it is called with; ``...`` for those that are drawn."""


@cache
def hidden_tests(name: str) -> dict[str, Test]:
    """Return the hidden tests of an assignment's builder by grade id."""
    module = importlib.import_module(f"helpers.checks.{name}")
    tests = {}
    for cell in graded_cells(source(name)):
        (hidden,) = HIDDEN.findall(cell.source)
        (statement,) = ast.parse(hidden).body
        call: Any = statement.value
        if call.func.value.id != "quiz":
            given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            check = getattr(module, call.func.attr)
            tests[grader(cell)["grade_id"]] = check, given
    return tests


def drawn_sizes(name: str) -> dict[str, dict[str, Any]]:
    """Return the sizes that each hidden test draws in this run, by grade id."""
    return {
        grade_id: randomness.drawn(given, check.draws)  # type: ignore[attr-defined]
        for grade_id, (check, given) in hidden_tests(name).items()
    }
