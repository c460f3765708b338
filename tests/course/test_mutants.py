"""Mutants change one thing that counts, and the notebook's own tests mark them."""

import ast
import textwrap

import nbformat
import pytest

from samples.course import ASSIGNMENTS
from samples.notebooks import source
from tools.mutants import (
    Mutant,
    judged,
    killer,
    known_equivalent,
    mutants,
    mutants_of,
    roles,
    table,
)


def news(code, **options):
    return {mutant.new for mutant in mutants(textwrap.dedent(code), **options)}


def cell(code, **nbgrader):
    return nbformat.v4.new_code_cell(code, metadata={"nbgrader": nbgrader})


def notebook():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("import math"),
        cell(
            "def area(r):\n    return math.pi * r * r", solution=True, grade_id="area"
        ),
        cell("answer = 2", solution=True, grade_id="answer"),
        nbformat.v4.new_code_cell("raise RuntimeError('training')"),
        cell("assert area(1) > 3", grade=True, grade_id="visible", points=1),
        cell("assert answer == 2", grade=True, grade_id="question", points=1),
    ]
    return notebook


# --- making them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "some"),
    [
        ("x = 3", {"x = 4", "x = 0", "x = -3"}),
        ("x = a + b", {"x = a - b"}),
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = -a", {"x = a"}),
        ("x = True", {"x = False"}),
        ("f(a, b, c=d)", {"f(b, a, c=d)", "f(a, c=d)", "f(b, c=d)", "f(a, b)"}),
        ("x = [a, b]", {"x = [a]", "x = [b]"}),
        ("if a:\n    f()", {"if not a:", "pass"}),
        ("x = a if b else c", {"x = a if not b else c"}),
        ("x = 'same'", {"x = 'valid'", "x = 'same_'"}),
    ],
)
def test_each_kind_of_change_is_made(code, some):
    assert some <= news(code)


def test_a_string_is_changed_to_others_of_its_role():
    strings = {"kind": {"wide", "deep"}, "other": {"no"}}
    made = news("f(kind='deep')", strings=strings)
    assert "f(kind='wide')" in made
    assert "f(kind='no')" not in made


def test_a_role_is_a_keyword_or_a_key():
    strings = roles(ast.parse("f(a='x'); {'a': 'y'}; g('z')"))
    assert strings["a"] == {"x", "y"}
    assert strings[""] == {"z"}


def test_a_statement_can_be_missing():
    (first, second) = mutants("f()\ng()")
    assert (first.old, first.new, first.line) == ("f()", "", 1)
    assert (second.old, second.new, second.line) == ("g()", "", 2)


def test_names_docstrings_messages_and_annotations_stay():
    code = '''
    def f(a: "int" = b) -> "int":
        """Say 1."""
        raise ValueError(f"{a!r} is {'no'} number", name="n")
    '''
    # Nothing is left to change but statements as a whole.
    assert {mutant.old.split("(")[0] for mutant in mutants(textwrap.dedent(code))} == {
        "def f",
        "raise ValueError",
    }


def test_only_the_marked_region_changes():
    code = """
    x = 1
    ### BEGIN SOLUTION
    x = 2
    ### END SOLUTION
    x = 3
    """
    assert {mutant.old for mutant in mutants(textwrap.dedent(code))} == {"x = 2"}


def test_each_mutant_is_made_once_and_compiles():
    codes = [mutant.source for mutant in mutants("x = 0\ny = (1, 1)\nreturned = f(a)")]
    assert len(codes) == len(set(codes))
    for code in codes:
        compile(code, "mutant", "exec")


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_assignment_has_mutants_of_all_its_solution_cells(name):
    cells = {mutant.cell for mutant in mutants_of(source(name))}
    assert {"answer_1", "answer_2"} < cells


# --- marking them ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "killed_by"),
    [
        ("def area(r):\n    return 4 * r * r", None),
        ("def area(r):\n    return r * r", "visible"),
        ("raise OSError", "area"),
        ("def area(r):\n    while True:\n        pass", "time"),
    ],
)
def test_a_mutant_dies_of_a_test_cell_an_error_or_its_time(code, killed_by):
    mutant = Mutant("area", 1, "", "", code)
    assert killer(notebook, mutant, seconds=1) == killed_by


def test_the_tests_of_a_changed_cell_come_first():
    both = "answer = 3\nglobals().update(area=None)"
    assert killer(notebook, Mutant("answer", 1, "", "", both)) == "question"


def test_a_survivor_is_equivalent_only_when_the_file_says_so(tmp_path):
    file = tmp_path / "equivalent.toml"
    file.write_text(
        '[[mutant]]\nassignment = "a"\nold = "x"\nnew = "y"\nwhy = "the same"\n'
    )
    same, gap, dead = (Mutant("c", 1, "x", new, "") for new in "yzw")
    outcomes = [(same, None), (gap, None), (dead, "visible")]
    result = judged("a", outcomes, known_equivalent(file))
    assert (result.mutants, result.equivalent, result.surviving) == (3, [same], [gap])
    assert result.share == 0.5
    assert "a: c:1: x  →  z" in table([result])


def test_every_equivalent_mutant_is_one_that_is_made():
    made = {
        (name, mutant.old, mutant.new)
        for name in ASSIGNMENTS
        for mutant in mutants_of(source(name))
    }
    assert known_equivalent() <= made
