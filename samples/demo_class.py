"""What the students of ``course demo`` hand in, made of the known submissions."""

import ast
import re
from dataclasses import dataclass
from itertools import chain, zip_longest

from nbformat import NotebookNode

from samples.attacks import ATTACKS
from samples.notebooks import references, source, with_cells
from samples.odd_submissions import NAME, ODD, Files, written
from samples.submissions import submissions

ATTACKERS = ("ast_transformer_drops_tests", "exits_at_once")
FIRST_ODD = ("renamed", "truncated")
OTHER_ODD = ("Colab", "nbformat 3", "VS Code", "UTF-16")
MARKERS = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.M)


@dataclass(frozen=True)
class HandedIn:
    """What one student hands in.

    Attributes:
        what: what is special about it, in a few words.
        files: name and content of each file.
    """

    what: str
    files: Files


class _Maker:
    """Makes works for an assignment: its own solutions, but for some cells."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.right = {
            grade_id: MARKERS.sub("", code)
            for grade_id, code in references(name).items()
        }

    def _filled(self, cells: dict[str, str]) -> NotebookNode:
        return with_cells(source(self._name, "release"), {**self.right, **cells})

    def work(self, what: str, cells: dict[str, str]) -> HandedIn:
        """Return a work with these cells."""
        return HandedIn(what, {f"{self._name}.ipynb": written(self._filled(cells))})

    def odd_work(self, kind: str) -> HandedIn:
        """Return a right work in files of an odd kind."""
        files = next(odd for odd in ODD if odd.name == kind).files(self._filled({}))
        named = {path.replace(NAME, self._name): files[path] for path in files}
        return HandedIn(f"odd: {kind}", named)


def works(name: str) -> list[HandedIn]:
    """Return works of all kinds for an assignment, one of each kind first."""
    maker = _Maker(name)
    work, odd_work, right = maker.work, maker.odd_work, maker.right
    correct = [known for known in submissions(name) if not known.loses]
    wrong = [known for known in submissions(name) if known.loses]
    longest = max(correct, key=lambda known: sum(map(len, known.cells.values())))
    copied = {cell: other_names(text) for cell, text in longest.cells.items()}
    first = next(iter(right))
    spoiled = {**right, **wrong[0].cells}[first]
    attacks = {attack.id: attack.code for attack in ATTACKS}
    untouched = written(source(name, "release"))
    kinds = [
        work("the course's solution", {}),
        HandedIn("nothing written", {f"{name}.ipynb": untouched}),
        work(f"wrong: {wrong[0].name}", wrong[0].cells),
        work(f"right: {longest.name}", longest.cells),
        work("a copy of the one before, with other names", copied),
        *(
            work(f"an attack: {attack}", {first: f"{spoiled}\n{attacks[attack]}"})
            for attack in ATTACKERS
        ),
        *map(odd_work, FIRST_ODD),
    ]
    rest = zip_longest(
        (work(f"wrong: {known.name}", known.cells) for known in wrong[1:]),
        (
            work(f"right: {known.name}", known.cells)
            for known in correct
            if known != longest
        ),
        map(odd_work, OTHER_ODD),
    )
    return kinds + [work for work in chain.from_iterable(rest) if work is not None]


def other_names(code: str) -> str:
    r"""Return code with other names for local variables, and in another layout.

    Arguments and what the code defines for others keep their names.

    >>> print(other_names("def f(n):\n    half = n/2  # of it\n    return half"))
    def f(n):
        my_half = n / 2
        return my_half
    """
    tree = ast.parse(code)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    kept = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            kept |= {
                node.id for node in ast.walk(statement) if isinstance(node, ast.Name)
            }
    local = {node.id for node in names if isinstance(node.ctx, ast.Store)} - kept
    for node in names:
        if node.id in local:
            node.id = f"my_{node.id}"
    return ast.unparse(tree)
