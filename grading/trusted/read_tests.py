"""Which kind of test a cell holds, read without running it."""

import ast
import builtins
from collections.abc import Iterable, Iterator

CHECKS = "helpers.checks"


def is_ordinary(source: str, setup: Iterable[str]) -> bool:
    """Return whether a test cell does more than hand names to the course's checks.

    Args:
        source: the test cell.
        setup: the course's own cells before it.
    """
    trees = [ast.parse(text) for text in setup]
    checks = {name for tree in trees for name in _imported(tree, CHECKS)}
    known = {name for tree in trees for name in _bound(tree)}
    tree = ast.parse(source)
    checks |= set(_imported(tree, CHECKS))
    given = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _root(node.func) in checks
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(argument, ast.Name)
    }
    known |= checks | set(dir(builtins))
    return any(
        node.id not in known and id(node) not in given for node in names_used(tree)
    ) or not any(
        isinstance(node, ast.Call) and _root(node.func) in checks
        for node in ast.walk(tree)
    )


def _root(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the names that code gives to parts of a package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                alias.asname or alias.name.partition(".")[0]
                for alias in node.names
                if alias.name.startswith(package)
            )


def _bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that code defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def names_used(tree: ast.AST) -> Iterator[ast.Name]:
    """Yield where code uses a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node
