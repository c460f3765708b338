"""Which names a piece of code defines and which it uses, without running it."""

import ast
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = re.compile(r"^(\s*)[%!?].*$", re.M)
# `lines = !ls` and `lines = %who_ls`; `help?` and `keras.Model??`.
ASSIGNED = re.compile(r"^([^\S\n]*+\w++[^\S\n]*+=[^\S\n]*+)[%!].*$", re.M)
HELP = re.compile(r"^([^\S\n]*+)[\w.]++\?\??[^\S\n]*$", re.M)


@dataclass(frozen=True)
class Names:
    """What a cell does with names of the notebook.

    Attributes:
        binds: names that it defines: functions, classes, imports, values.
        needs: names that it uses, at once or when its functions are called, and does
            not define.
        touches: names of objects that it changes, as ``options["units"] = 3`` does.
        everything: whether it imports all names of a module.
        readable: whether it is Python.
    """

    binds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    everything: bool = False
    readable: bool = True


def names(source: str) -> Names:
    """Return what the code of a cell defines and uses; IPython's magics are allowed."""
    code = MAGIC.sub(r"\1pass", source)
    code = HELP.sub(r"\1pass", ASSIGNED.sub(r"\1None", code))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
            table = symtable.symtable(code, "<cell>", "exec")
        binds = {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        }
        needs = set(_used(table)) - binds
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(readable=False)
    return Names(
        frozenset(binds),
        frozenset(needs),
        frozenset(_touched(tree)),
        any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            for node in tree.body
        ),
    )


def mentions(source: str, name: str) -> bool:
    """Return whether ``source``, Python or not, seems to define ``name``."""
    return bool(re.search(rf"^\s*((def|class)\s+{name}\b|{name}\s*=)", source, re.M))


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    outermost = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (outermost or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child)


def _touched(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign):
            targets = [node.target]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            targets = [node.value.func]
        else:
            continue
        for target in targets:
            changed = isinstance(target, ast.Attribute | ast.Subscript)
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
            if changed and isinstance(target, ast.Name):
                yield target.id
