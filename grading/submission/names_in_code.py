"""Which names a piece of code defines and which it uses, without running it."""

import ast
import re
import symtable
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grading.submission import bounded

# Possessive, and within one line: linear on any text.
MAGIC = re.compile(r"^([^\S\n]*+)[%!?].*$", re.M)
# `lines = !ls` and `lines = %who_ls`; `help?` and `keras.Model??`.
ASSIGNED = re.compile(r"^([^\S\n]*+\w++[^\S\n]*+=[^\S\n]*+)[%!].*$", re.M)
HELP = re.compile(r"^([^\S\n]*+)[\w.]++\?\??[^\S\n]*$", re.M)
DEFINITION = re.compile(
    r"^[^\S\n]*+(?:(?:def|class)[^\S\n]++(\w++)|(\w++)[^\S\n]*+=)", re.M
)
# What is parsed in this process, of one student's cells: characters, and as many more
# for each cell. The worst known text of this length takes 0.3 seconds.
MAX_HERE = 20_000
CELL = 50


@dataclass(frozen=True)
class Names:
    """What a cell does with names of the notebook.

    Attributes:
        binds: names that it defines: functions, classes, imports, values.
        needs: names that it uses, at once or when its functions are called, and does
            not define.
        touches: names of objects that it changes, as ``options["units"] = 3`` does.
        mentions: names that it seems to define, where it cannot be read as Python.
        everything: whether it imports all names of a module.
    """

    binds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    everything: bool = False


class Reader:
    """Reads the code of one student; there are limits for all of it together.

    Attributes:
        gave_up: whether there was too much: what is left is taken for no Python.
    """

    def __init__(self) -> None:
        self.gave_up = False
        self._left_here = MAX_HERE
        self._may_start = True

    def names(self, sources: Sequence[str]) -> list[Names]:
        """Return what each cell defines and uses."""
        size = sum(len(source) + CELL for source in sources)
        if size <= self._left_here:
            self._left_here -= size
            return [names(source) for source in sources]
        if self._may_start:
            self._may_start = False
            try:
                as_lists = bounded.call(names_as_lists, list(sources))
            except bounded.TooMuchError:
                pass
            else:
                return [_from_lists(*lists) for lists in as_lists]
        self.gave_up = True
        return [_unreadable(source) for source in sources]


def names_as_lists(sources: list[str]) -> list[list[list[str]]]:
    """Return what ``names`` finds in each source, as values of JSON."""
    every = [names(source) for source in sources]
    return [
        [
            sorted(source_names.binds),
            sorted(source_names.needs),
            sorted(source_names.touches),
            sorted(source_names.mentions),
            ["*"] * source_names.everything,
        ]
        for source_names in every
    ]


def _from_lists(*lists: list[str]) -> Names:
    binds, needs, touches, mentions, everything = map(frozenset, lists)
    return Names(binds, needs, touches, mentions, bool(everything))


def without_ipython(source: str) -> str:
    """Return code with Python in place of the lines that IPython alone understands."""
    code = MAGIC.sub(r"\1pass", source)
    return HELP.sub(r"\1pass", ASSIGNED.sub(r"\1None", code))


def names(source: str) -> Names:
    """Return what the code of a cell defines and uses; IPython's magics are allowed."""
    code = without_ipython(source)
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
        return _unreadable(source)
    return Names(
        frozenset(binds),
        frozenset(needs),
        frozenset(_touched(tree)),
        everything=any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            for node in tree.body
        ),
    )


def _unreadable(source: str) -> Names:
    definitions = DEFINITION.findall(source)
    return Names(mentions=frozenset(name or value for name, value in definitions))


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
