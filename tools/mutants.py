"""Change reference solutions in small ways, and see whether the test cells notice.

``python -m tools.mutants vanilla sparse``. Each mutant is the reference with one
change, such as another number or a statement less. It is killed when one of the
assignment's own test cells fails, hidden tests included. One that survives is either
equivalent, and then listed with the reason in ``tools/mutants_equivalent.toml``, or a
gap in the checks.
"""

import argparse
import ast
import contextlib
import difflib
import gc
import itertools
import signal
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nbformat import NotebookNode
from tqdm import tqdm

from samples.course import ASSIGNMENTS, ROOT
from samples.marking import run_cell
from samples.notebooks import (
    cells_that_count,
    code_cells,
    grader,
    solution_cells,
    source,
    with_cells,
)

T = TypeVar("T")

EQUIVALENT = ROOT / "tools" / "mutants_equivalent.toml"
SECONDS = 60

# Strings that stand for each other. Those of one role, such as all values of the
# keyword padding in a notebook, do too.
ALTERNATIVES = (
    ("relu", "sigmoid", "tanh", "linear"),
    ("same", "valid"),
    ("adam", "sgd", "rmsprop"),
    ("mse", "mae", "binary_crossentropy"),
    ("nearest", "bilinear", "bicubic"),
    ("he_normal", "glorot_uniform", "zeros"),
    ("a", "b", "c", "d"),
)
MAX_STRINGS = 4

OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}


@dataclass(frozen=True)
class Mutant:
    """A solution cell with one change.

    Attributes:
        cell: its grade id.
        line: where the change is, counted in the cell as it is stored.
        old: the changed lines as Python writes them: one for each statement.
        new: what stands there instead.
        source: the whole cell, without comments.
    """

    cell: str
    line: int
    old: str
    new: str
    source: str

    def __str__(self) -> str:
        return f"{self.cell}:{self.line}: {self.old or '(nothing)'}  →  " + (
            self.new or "(nothing)"
        )


# --- making mutants -------------------------------------------------------------------

# Where a change is made, the attribute of a node, and its new value.
Edit = tuple[ast.AST, str, object]


def _fields(tree: ast.AST) -> Iterator[tuple[ast.AST, str, Any]]:
    """Yield node, name and value of each field that is code: no annotations."""
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "ctx"):
                yield node, name, value


def _hidden_from_mutation(tree: ast.AST) -> set[int]:
    """Return the ids of nodes that are no behaviour: names, docstrings, messages."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.keyword) and node.arg == "name"
        ):
            roots.append(node)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            roots += [arg for arg in node.exc.args if isinstance(arg, ast.Constant)]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            roots.append(node)
        for name in ("annotation", "returns"):
            if isinstance(getattr(node, name, None), ast.AST):
                roots.append(getattr(node, name))
    return {id(node) for root in roots for node in ast.walk(root)}


def roles(tree: ast.AST) -> dict[str, set[str]]:
    """Return by role the strings that a piece of code uses in it.

    A role is the keyword, or the key of a dictionary, that a string is the value of;
    ``""`` for others.
    """
    strings: dict[str, set[str]] = defaultdict(set)
    skipped = _hidden_from_mutation(tree)
    for node, role in _strings(tree):
        if id(node) not in skipped:
            strings[role].add(str(node.value))
    return strings


def _strings(tree: ast.AST) -> Iterator[tuple[ast.Constant, str]]:
    """Yield each string with its role."""
    role: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg:
            role[id(node.value)] = node.arg
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    role[id(key)] = "key of a dictionary"
                    role[id(value)] = str(key.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, role.get(id(node), "")


def _other_constants(
    value: object, role: str, strings: Mapping[str, set[str]]
) -> list[object]:
    """Return what may stand instead of a constant."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, type(value)(0), -value]
    if not isinstance(value, str):
        return []
    similar = [text for group in ALTERNATIVES if value in group for text in group]
    similar += sorted(strings.get(role, ()))
    similar = [text for text in dict.fromkeys(similar) if text != value]
    return [*similar[:MAX_STRINGS], f"{value}_"]


def _other_operators(node: ast.AST, operator: ast.AST) -> Iterator[object]:
    for other in OPERATORS.get(type(operator), ()):
        yield other()


def _other_comparisons(node: ast.AST, operators: list[ast.cmpop]) -> Iterator[object]:
    for index, operator in enumerate(operators):
        for other in OPERATORS.get(type(operator), ()):
            yield [*operators[:index], other(), *operators[index + 1 :]]


def _negation(node: ast.AST, test: ast.expr) -> Iterator[object]:
    if not isinstance(test, ast.Compare):  # whose operator changes
        yield ast.UnaryOp(ast.Not(), test)


def _one_less(items: list[T], kept: type[ast.AST] | None = None) -> Iterator[list[T]]:
    """Yield the items without each of them in turn, but for those of a type."""
    for index, item in enumerate(items):
        if kept is None or not isinstance(item, kept):
            yield items[:index] + items[index + 1 :]


def _fewer_statements(
    node: ast.AST, statements: list[ast.stmt] | ast.expr
) -> Iterator[object]:
    if isinstance(statements, list):  # not the body of a lambda
        required = statements is getattr(node, "body", None)
        for rest in _one_less(statements, kept=ast.Pass):
            yield rest or ([ast.Pass()] if required else [])


def _other_arguments(node: ast.AST, arguments: list[ast.expr]) -> Iterator[object]:
    if isinstance(node, ast.Call):
        yield from _one_less(arguments)
        for index, (first, second) in enumerate(itertools.pairwise(arguments)):
            yield [*arguments[:index], second, first, *arguments[index + 2 :]]


def _fewer_keywords(node: ast.AST, keywords: list[ast.keyword]) -> Iterator[object]:
    if isinstance(node, ast.Call):
        for rest, keyword in zip(_one_less(keywords), keywords, strict=True):
            if keyword.arg != "name":
                yield rest


def _fewer_items(node: ast.AST, items: list[ast.expr]) -> Iterator[object]:
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from _one_less(items)


# By the name of a node's field: what yields other values for it.
OTHER_VALUES: dict[str, Callable[[ast.AST, Any], Iterator[object]]] = {
    "op": _other_operators,
    "ops": _other_comparisons,
    "test": _negation,
    "body": _fewer_statements,
    "orelse": _fewer_statements,
    "finalbody": _fewer_statements,
    "args": _other_arguments,
    "keywords": _fewer_keywords,
    "elts": _fewer_items,
}


def _edits(tree: ast.AST, strings: Mapping[str, set[str]]) -> Iterator[Edit]:
    """Yield every change: to constants, operators, conditions, statements, arguments.

    The tree must not be changed while this runs.
    """
    role = {id(node): role for node, role in _strings(tree)}
    # The 1 of -1: without the sign is another change.
    signed = {
        id(node.operand) for node in ast.walk(tree) if isinstance(node, ast.UnaryOp)
    }
    for node, name, value in _fields(tree):
        if isinstance(node, ast.Constant) and name == "value":
            for other in _other_constants(value, role.get(id(node), ""), strings):
                if id(node) not in signed or other not in (0, -value):
                    yield node, name, other
        elif name in OTHER_VALUES:
            for other in OTHER_VALUES[name](node, value):
                yield node, name, other
        if isinstance(value, ast.UnaryOp) and not isinstance(value.op, ast.Invert):
            yield node, name, value.operand


def _place(edit: Edit) -> int:
    """Return the line of a change."""
    node, name, value = edit
    before = getattr(node, name)
    if isinstance(before, list) and isinstance(value, list):
        for old, new in zip(before, [*value, None], strict=False):
            if old is not new and hasattr(old, "lineno"):
                return int(old.lineno)
    for part in (before, node, *ast.walk(node)):
        if hasattr(part, "lineno"):
            return int(part.lineno)
    return 1


def _regions(cell: str) -> list[range]:
    """Return the lines between the marks of a solution; all if there are none."""
    lines = [line.strip() for line in cell.splitlines()]
    starts = [i for i, line in enumerate(lines, 1) if line == "### BEGIN SOLUTION"]
    ends = [i for i, line in enumerate(lines, 1) if line == "### END SOLUTION"]
    if not starts:
        return [range(1, len(lines) + 1)]
    return [range(*pair) for pair in zip(starts, ends, strict=True)]


def _difference(old: str, new: str) -> tuple[str, str]:
    """Return what differs: the lines of each side, shortened to two at most."""
    sides: tuple[list[str], list[str]] = ([], [])
    for line in difflib.ndiff(old.splitlines(), new.splitlines()):
        if line[0] in "-+" and line[2:].strip():
            sides["-+".index(line[0])].append(line[2:].strip())
    texts = ["; ".join(lines if len(lines) < 3 else [lines[0], "…"]) for lines in sides]
    return texts[0], texts[1]


def mutants(
    cell: str, grade_id: str = "", strings: Mapping[str, set[str]] | None = None
) -> list[Mutant]:
    """Return all mutants of a solution cell that compile, each once.

    Args:
        cell: its source. Only what stands between the marks of the solution changes.
        grade_id: the cell's.
        strings: by role, the strings to put for others; the cell's own if None.
    """
    tree = ast.parse(cell)
    strings = roles(tree) if strings is None else strings
    regions = _regions(cell)
    skipped = _hidden_from_mutation(tree)
    before = ast.unparse(tree)
    made: dict[str, Mutant] = {}
    for edit in list(_edits(tree, strings)):
        node, name, value = edit
        line = _place(edit)
        before_edit = getattr(node, name)
        parts = [node]
        if isinstance(before_edit, list) and isinstance(value, list):
            kept = {id(part) for part in value}
            parts = [part for part in before_edit if id(part) not in kept] or [node]
        if any(id(part) in skipped for part in parts):
            continue
        if not any(line in region for region in regions):
            continue
        after = _changed(tree, edit)
        if after is not None and after != before and after not in made:
            made[after] = Mutant(grade_id, line, *_difference(before, after), after)
    return list(made.values())


def _changed(tree: ast.AST, edit: Edit) -> str | None:
    """Return the code with a change, None if it does not compile."""
    node, name, value = edit
    kept = getattr(node, name)
    setattr(node, name, value)
    try:
        code = ast.unparse(ast.fix_missing_locations(tree))
        compile(code, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return None
    finally:
        setattr(node, name, kept)
    return code


def mutants_of(notebook: NotebookNode) -> list[Mutant]:
    """Return the mutants of all solution cells of a notebook."""
    strings: dict[str, set[str]] = defaultdict(set)
    for cell in code_cells(notebook):
        if not grader(cell).get("grade"):
            for role, values in roles(ast.parse(cell.source)).items():
                # A string without a role says nothing outside its cell.
                if role:
                    strings[role] |= values
    made = []
    for grade_id, cell in solution_cells(notebook).items():
        own = {"": roles(ast.parse(cell.source)).get("", set())}
        made += mutants(cell.source, grade_id, strings | own)
    return made


# --- marking them ---------------------------------------------------------------------


class _TimeOverError(BaseException):
    """The time of a mutant is over."""


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise in the block when it takes longer; the main thread only."""

    def stop(*_: object) -> None:
        raise _TimeOverError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _names(code: str, context: type[ast.expr_context]) -> set[str]:
    return {
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def _defined(code: str) -> set[str]:
    """Return the names that a cell defines."""
    definitions = (ast.FunctionDef, ast.ClassDef)
    return _names(code, ast.Store) | {
        node.name for node in ast.parse(code).body if isinstance(node, definitions)
    }


def first_failure(notebook: NotebookNode, cells: dict[str, str]) -> str | None:
    """Return the first cell that fails with other solution cells; None if none does.

    Test cells that use what the given cells define come first.

    Args:
        notebook: of the assignment.
        cells: source of solution cells by grade id.
    """
    defined = {name for code in cells.values() for name in _defined(code)}

    def place(cell: NotebookNode) -> int:
        if not grader(cell).get("grade"):
            return 0
        return 1 if defined & _names(cell.source, ast.Load) else 2

    namespace: dict[str, object] = {"__name__": "__main__"}
    for cell in sorted(cells_that_count(with_cells(notebook, cells)), key=place):
        try:
            run_cell(cell, namespace)
        except (Exception, SystemExit):
            return str(grader(cell).get("grade_id", cell.id))
    return None


def killer(
    load: Callable[[], NotebookNode], mutant: Mutant, seconds: int = SECONDS
) -> str | None:
    """Return the cell that kills the mutant, ``"time"`` for one that hangs, or None.

    Args:
        load: returns the assignment's notebook, a new one each time.
        mutant: the solution cell to put in.
        seconds: that it may take.
    """
    try:
        with time_limit(seconds):
            return first_failure(load(), {mutant.cell: mutant.source})
    except _TimeOverError:
        return "time"
    finally:
        if keras := sys.modules.get("keras"):
            keras.backend.clear_session()
        gc.collect()


# --- judging those that survive -------------------------------------------------------


@dataclass
class Result:
    """What became of the mutants of an assignment."""

    name: str
    killed: Counter[str]
    equivalent: list[Mutant]
    surviving: list[Mutant]

    @property
    def mutants(self) -> int:
        """Return how many there are."""
        return self.killed.total() + len(self.equivalent) + len(self.surviving)

    @property
    def share(self) -> float:
        """Return the share killed of those that are not equivalent."""
        return self.killed.total() / max(1, self.mutants - len(self.equivalent))


def known_equivalent(file: Path = EQUIVALENT) -> set[tuple[str, str, str]]:
    """Return (assignment, old, new) of each mutant that was judged equivalent."""
    entries = tomllib.loads(file.read_text("utf-8")).get("mutant", [])
    return {(entry["assignment"], entry["old"], entry["new"]) for entry in entries}


def judged(
    name: str,
    outcomes: Iterable[tuple[Mutant, str | None]],
    equivalent: set[tuple[str, str, str]],
) -> Result:
    """Sort mutants, each with the cell that killed it or None."""
    result = Result(name, Counter(), [], [])
    for mutant, killed_by in outcomes:
        if killed_by is not None:
            result.killed[killed_by] += 1
        elif (name, mutant.old, mutant.new) in equivalent:
            result.equivalent.append(mutant)
        else:
            result.surviving.append(mutant)
    return result


def table(results: list[Result]) -> str:
    """Return a line for each assignment, and the survivors below."""
    lines = [
        f"{'assignment':<24}{'mutants':>8}{'equivalent':>12}{'killed':>8}"
        f"{'surviving':>11}{'share':>8}"
    ]
    for result in results:
        lines.append(
            f"{result.name:<24}{result.mutants:>8}{len(result.equivalent):>12}"
            f"{result.killed.total():>8}{len(result.surviving):>11}{result.share:>8.0%}"
        )
    for result in results:
        lines += [f"{result.name}: {mutant}" for mutant in result.surviving]
    return "\n".join(lines)


def run(name: str, seconds: int = SECONDS, only: str = "") -> Result:
    """Make and mark the mutants of an assignment.

    Args:
        name: of the assignment.
        seconds: that each may take.
        only: grade id of the one solution cell to change; all if empty.

    Raises:
        RuntimeError: the reference itself fails.
    """
    if failed := first_failure(source(name), {}):
        raise RuntimeError(f"{name}: the reference fails in {failed}")
    outcomes = []
    todo = [mutant for mutant in mutants_of(source(name)) if only in ("", mutant.cell)]
    for mutant in tqdm(todo, desc=name, mininterval=5):
        killed_by = killer(lambda: source(name), mutant, seconds)
        outcomes.append((mutant, killed_by))
        if killed_by is None:
            tqdm.write(f"survives: {mutant}", file=sys.stderr)
    return judged(name, outcomes, known_equivalent())


def main() -> None:
    """Run the assignments named on the command line; all, if none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each mutant")
    parser.add_argument("--cell", default="", help="grade id of one solution cell")
    options = parser.parse_args()
    results = [
        run(name, options.seconds, options.cell)
        for name in options.names or ASSIGNMENTS
    ]
    print(table(results))
    sys.exit(any(result.surviving for result in results))


if __name__ == "__main__":
    main()
