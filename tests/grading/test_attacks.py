"""No attack gains a point, leaves a process, harms anything, or leaks a secret.

Every attack runs with an honest submission beside it, in the same warm server. Some
minutes in all, so `make test` leaves them to `make test-all`.
"""

import ast
import importlib
from collections.abc import Iterator

import pytest

from samples.attacks import ATTACKS, Attack
from samples.attacks.ground import Ground


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_an_attack_gains_nothing_and_harms_nobody(
    ground: Ground, attack: Attack
) -> None:
    row = ground.run(attack)

    assert row.problems == [], row.result


@pytest.mark.long
def test_the_honest_submission_beside_them_gets_its_points(ground: Ground) -> None:
    marks = ground.honest.marks

    assert {name: mark for name, mark in marks.items() if mark} == {
        "answer_1_no_wrong": 1.0,
        "answer_1_complete": 1.0,
    }


def test_there_are_attacks_of_every_class() -> None:
    classes = {attack.kind for attack in ATTACKS}

    assert len(ATTACKS) >= 180
    assert len(classes) >= 20


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_what_an_attack_takes_from_the_course_is_there(attack: Attack) -> None:
    """Otherwise it breaks off at an import, and nothing was attacked."""
    try:
        nodes = list(ast.walk(ast.parse(attack.code)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        module = (isinstance(node, ast.ImportFrom) and node.module) or ""
        if isinstance(node, ast.ImportFrom) and _is_ours(module):
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                if not hasattr(importlib.import_module(module), alias.name):
                    importlib.import_module(whole)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_ours(alias.name):
                    importlib.import_module(alias.name)


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in ("grading", "helpers")
