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
import signal
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from tqdm import tqdm

from samples.course import ROOT, assignments
from samples.marking import run_cell
from samples.notebooks import (
    cells_that_count,
    code_cells,
    grader,
    solution_cells,
    source,
    with_cells,
)

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


def _fields(tree: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
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
            roots += [one for one in node.exc.args if isinstance(one, ast.Constant)]
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
    found: dict[str, set[str]] = defaultdict(set)
    skipped = _hidden_from_mutation(tree)
    for node, role in _strings(tree):
        if id(node) not in skipped:
            found[role].add(node.value)
    return found


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
    value: object, role: str, strings: dict[str, set[str]]
) -> list[object]:
    """Return what may stand instead of a constant."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, type(value)(0), -value]
    if not isinstance(value, str):
        return []
    similar = [one for group in ALTERNATIVES if value in group for one in group]
    similar += sorted(strings.get(role, ()))
    similar = [one for one in dict.fromkeys(similar) if one != value]
    return [*similar[:MAX_STRINGS], f"{value}_"]


def _without(items: list, index: int) -> list:
    return items[:index] + items[index + 1 :]


def _edits(tree: ast.AST, strings: dict[str, set[str]]) -> Iterator[Edit]:
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
        elif type(value) in OPERATORS:
            for operator in OPERATORS[type(value)]:
                yield node, name, operator()
        elif name == "ops":
            for index, one in enumerate(value):
                for operator in OPERATORS.get(type(one), ()):
                    changed = list(value)
                    changed[index] = operator()
                    yield node, name, changed
        elif name == "test" and not isinstance(value, ast.Compare):
            yield node, name, ast.UnaryOp(ast.Not(), value)
        elif name in ("body", "orelse", "finalbody") and isinstance(value, list):
            for index, one in enumerate(value):
                if not isinstance(one, ast.Pass):
                    rest = _without(value, index)
                    yield node, name, rest or ([ast.Pass()] if name == "body" else [])
        elif isinstance(node, ast.Call) and name == "args":
            for index in range(len(value)):
                yield node, name, _without(value, index)
            for index in range(len(value) - 1):
                changed = list(value)
                changed[index : index + 2] = changed[index : index + 2][::-1]
                yield node, name, changed
        elif isinstance(node, ast.Call) and name == "keywords":
            for index, one in enumerate(value):
                if one.arg != "name":
                    yield node, name, _without(value, index)
        elif name == "elts" and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            for index in range(len(value)):
                yield node, name, _without(value, index)
        if isinstance(value, ast.UnaryOp) and not isinstance(value.op, ast.Invert):
            yield node, name, value.operand


def _place(edit: Edit) -> int:
    """Return the line of a change."""
    node, name, value = edit
    before = getattr(node, name)
    if isinstance(before, list) and isinstance(value, list):
        for old, new in zip(before, [*value, None], strict=False):
            if old is not new and hasattr(old, "lineno"):
                return old.lineno
    for one in (before, node, *ast.walk(node)):
        if hasattr(one, "lineno"):
            return one.lineno
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
    cell: str, grade_id: str = "", strings: dict[str, set[str]] | None = None
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
    found: dict[str, Mutant] = {}
    for edit in list(_edits(tree, strings)):
        node, name, value = edit
        line = _place(edit)
        before_edit = getattr(node, name)
        parts = [node]
        if isinstance(before_edit, list) and isinstance(value, list):
            kept = {id(one) for one in value}
            parts = [one for one in before_edit if id(one) not in kept] or [node]
        if any(id(one) in skipped for one in parts):
            continue
        if not any(line in region for region in regions):
            continue
        after = _changed(tree, edit)
        if after is not None and after != before and after not in found:
            found[after] = Mutant(grade_id, line, *_difference(before, after), after)
    return list(found.values())


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
    found = []
    for grade_id, cell in solution_cells(notebook).items():
        own = {"": roles(ast.parse(cell.source)).get("", set())}
        found += mutants(cell.source, grade_id, strings | own)
    return found


# --- marking them ---------------------------------------------------------------------


class _TooLong(BaseException):
    """The time of a mutant is over."""


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise in the block when it takes longer; the main thread only."""

    def stop(*_: object) -> None:
        raise _TooLong

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

    namespace: dict = {"__name__": "__main__"}
    for cell in sorted(cells_that_count(with_cells(notebook, cells)), key=place):
        try:
            run_cell(cell, namespace)
        except (Exception, SystemExit):
            return grader(cell).get("grade_id", cell.id)
    return None


def killer(
    load: Callable[[], NotebookNode], mutant: Mutant, seconds: int = SECONDS
) -> str | None:
    """Return the cell that kills the mutant, ``"time"`` for one that hangs, or None.

    Args:
        load: returns the assignment's notebook, a new one each time.
        seconds: that it may take.
    """
    try:
        with time_limit(seconds):
            return first_failure(load(), {mutant.cell: mutant.source})
    except _TooLong:
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
    for one in results:
        lines.append(
            f"{one.name:<24}{one.mutants:>8}{len(one.equivalent):>12}"
            f"{one.killed.total():>8}{len(one.surviving):>11}{one.share:>8.0%}"
        )
    for one in results:
        lines += [f"{one.name}: {mutant}" for mutant in one.surviving]
    return "\n".join(lines)


def run(name: str, seconds: int = SECONDS, only: str = "") -> Result:
    """Make and mark the mutants of an assignment.

    Args:
        seconds: that each may take.
        only: grade id of the one solution cell to change; all if empty.

    Raises:
        RuntimeError: the reference itself fails.
    """
    if failed := first_failure(source(name), {}):
        raise RuntimeError(f"{name}: the reference fails in {failed}")
    outcomes = []
    todo = [one for one in mutants_of(source(name)) if only in ("", one.cell)]
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
    asked = parser.parse_args()
    results = [
        run(name, asked.seconds, asked.cell) for name in asked.names or assignments()
    ]
    print(table(results))
    sys.exit(any(one.surviving for one in results))


if __name__ == "__main__":
    main()
