"""A student's code as tokens that stay the same when a copy is disguised.

Tokens come from the syntax tree: comments, blanks, brackets, line ends are not in it.
Names, numbers and strings count as any other of their kind, annotations and docstrings
not at all, and neither do statements that do nothing. Code in strings counts as if it
stood there. Nothing runs.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from grading.submission.names_in_code import without_ipython

Token = tuple[str, int]
BUILTINS = frozenset(dir(builtins))
RUNS_TEXT = ("exec", "eval", "compile")
MAX_REPAIRS = 8
# Of strings in strings that hold code; shorter ones are words.
MAX_DEPTH = 3
MIN_CODE = 20
NOT_UTF_8 = re.compile(r"[\0\ud800-\udfff]")
# What an expression may do beyond having a value.
ACTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


def all_tokens(cells: list[str]) -> list[tuple[list[Token], bool]]:
    """Return the tokens of each cell of a student, and whether it hides code.

    Each token stands with its line, from 0. A cell hides code if it runs text that is
    not written in it as a string.
    """
    trees = [_tree(cell) for cell in cells]
    used = {
        node.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return [(list(_tokens(tree, used)), _hides(tree)) for tree in trees]


def _tree(source: str) -> ast.Module:
    """Return the tree of a cell without the lines that are no Python."""
    lines = without_ipython(NOT_UTF_8.sub(" ", source)).split("\n")
    for _ in range(MAX_REPAIRS):
        try:
            return _parsed("\n".join(lines))
        except SyntaxError as error:
            number = min(error.lineno or 1, len(lines)) - 1
            blanks = len(lines[number]) - len(lines[number].lstrip())
            lines[number] = f"{lines[number][:blanks]}pass"
        except (ValueError, RecursionError, MemoryError):
            break
    return ast.Module([], [])


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _tokens(tree: ast.AST, used: set[str], depth: int = 0) -> Iterator[Token]:
    """Yield the tokens of a tree in the order of the text."""
    todo: list[tuple[ast.AST, int]] = [(tree, 0)]
    while todo:
        node, line = todo.pop()
        line = getattr(node, "lineno", line + 1) - 1
        text = _text(node)
        if text is not None:
            yield "s", line
            for token, below in _inside(text, used, depth):
                yield token, line + below
        elif _does_something(node, used):
            token = _token(node)
            if token:
                yield token, line
            todo += [(child, line) for child in reversed(_children(node))]


def _inside(text: str, used: set[str], depth: int) -> Iterable[Token]:
    """Return the tokens of the code in a string; nothing, if it holds none."""
    if depth == MAX_DEPTH or len(text) < MIN_CODE:
        return ()
    try:
        tree = _parsed(NOT_UTF_8.sub(" ", text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return _tokens(tree, used, depth + 1)


def _text(node: ast.AST) -> str | None:
    """Return the string that stands in a node, be it put together of several."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if _is_sum(node):
        return _strings(_added(node), "")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
        and isinstance(node.func.value.value, str)
        and len(node.args) == 1
        and isinstance(node.args[0], ast.List | ast.Tuple)
    ):
        return _strings(node.args[0].elts, node.func.value.value)
    return None


def _is_sum(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _added(node: ast.expr) -> list[ast.expr]:
    """Return what is added up in a sum."""
    parts = []
    while _is_sum(node):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _strings(parts: Sequence[ast.expr], joint: str) -> str | None:
    """Return strings joined; None if something else is among them."""
    texts = []
    for part in parts:
        if not isinstance(part, ast.Constant) or not isinstance(part.value, str):
            return None
        texts.append(part.value)
    return joint.join(texts)


def _does_something(node: ast.AST, used: set[str]) -> bool:
    if isinstance(node, ast.Expr):
        return _acts(node.value)
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        kept = len(names) < len(node.targets) or names & used
        return bool(kept) or _acts(node.value)
    return not isinstance(node, ast.Pass | ast.expr_context)


def _acts(value: ast.expr) -> bool:
    return any(isinstance(node, ACTS) for node in ast.walk(value))


def _token(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id if node.id in BUILTINS else "v"
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.Constant):
        return "0" if isinstance(node.value, int | float | complex) else "s"
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = ",".join(alias.name for alias in node.names)
        return f"import {getattr(node, 'module', '')} {names}"
    if isinstance(node, ast.AnnAssign):
        return "Assign"
    if isinstance(node, ast.Module | ast.arguments | ast.alias):
        return ""
    return type(node).__name__


def _children(node: ast.AST) -> list[ast.AST]:
    """Return a node's parts that count: of a condition that is known, its branch."""
    if isinstance(node, ast.If | ast.IfExp | ast.While) and isinstance(
        node.test, ast.Constant
    ):
        branch = node.body if node.test.value else node.orelse
        return list(branch) if isinstance(branch, list) else [branch]
    if _is_sum(node):
        return list(_added(node))
    left_out = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [child for child in ast.iter_child_nodes(node) if child not in left_out]


def _hides(tree: ast.Module) -> bool:
    """Return whether text is run that is not written in the code as a string."""
    known = {
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and _text(node.args[0]) is not None
    }
    return any(
        isinstance(node, ast.Name) and node.id in RUNS_TEXT and node not in known
        for node in ast.walk(tree)
    )
