"""Each sentence of the security page names tests and attacks that exist."""

import ast
import re
from functools import cache

import pytest

from grading.runtime.sandbox import seccomp
from samples.attacks import ATTACKS
from samples.course import ROOT

PAGE = (ROOT / "grading/SECURITY.md").read_text("utf-8")
TABLE = PAGE.partition("## What holds each sentence")[2]
ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in TABLE.splitlines()
    if row.startswith("| ") and not row.startswith("| Of ")
]
SUBJECTS = [name.rstrip(".") for name in re.findall(r"^- \*\*([^*]+)\*\*", PAGE, re.M)]


@cache
def names_in(file: str) -> set[str]:
    """Return the names of the tests in a file, without their first word."""
    (path,) = (ROOT / "tests").rglob(f"{file}.py")
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    names = (node.name for node in nodes if isinstance(node, ast.FunctionDef))
    return {name[5:] for name in names if name.startswith("test_")}


def test_every_subject_of_the_page_stands_in_the_table_and_no_other() -> None:
    assert len(SUBJECTS) > 20
    assert {row[0] for row in ROWS} == set(SUBJECTS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[1]}")
def test_the_tests_and_attacks_of_a_row_exist(row: list[str]) -> None:
    _, _, tests, attacks = row

    assert tests
    for group in tests.split("; "):
        file, *names = re.findall(r"`(\w+)`", group)
        assert names
        assert set(names) <= names_in(file)
    named = set(re.findall(r"`(\w+)`", attacks))
    assert named <= {attack.id for attack in ATTACKS}
    assert named or not attacks


def test_calls_that_are_allowed_are_counted_as_they_are() -> None:
    some = {name for name, _ in seccomp.conditions()}

    assert "Nine of them are allowed for" in PAGE
    assert len(some) == 9
    assert "about 200 of" in PAGE
    assert 190 < len({*seccomp.ALLOWED, *some}) < 215
