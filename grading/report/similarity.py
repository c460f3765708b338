"""Which students' texts are alike beyond what the task makes alike.

Texts are compared as sequences of tokens without names, numbers and strings, so that
other names do not hide a copy. What the stub and the reference hold, and what many
students share, does not count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pygments.lexers import PythonLexer
from pygments.token import Comment, Name, Number, String
from sklearn.feature_extraction.text import TfidfVectorizer

# Tokens in a row that make a passage. Right solutions of the assignments that are
# written in different ways are alike by 0.24 at most; the same text with other names,
# layout and no comments, by 0.73 or more.
LENGTH = 8
ALIKE = 0.5
# With fewer passages that few others have, a text does not say who wrote it.
MIN_PASSAGES = 40
# A passage counts if so many students at most have it: three, or a quarter of them.
FEW, SHARE = 3, 0.25
MAX_TEXT = 50_000

_LEXER = PythonLexer(stripnl=False, ensurenl=False)
Token = tuple[str, int]
Passages = dict[str, set[int]]


@dataclass(frozen=True)
class Pair:
    """Two students' texts that are alike.

    Attributes:
        students: their ids.
        likeness: from 0, nothing in common, to 1, the same apart from names.
        texts: what each wrote.
        shared: of each, the numbers of the lines that the other has too, from 0.
    """

    students: tuple[str, str]
    likeness: float
    texts: tuple[str, str]
    shared: tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a class.

    Attributes:
        pairs: the pairs that are alike, the most alike first.
        compared: how many students' texts were compared.
        skipped: how many have fewer than MIN_PASSAGES passages that few others have.
    """

    pairs: tuple[Pair, ...]
    compared: int
    skipped: int


def compare(works: Mapping[str, Sequence[str]], known: Iterable[str]) -> Comparison:
    """Compare every student's work with every other's.

    Args:
        works: the cells that each student wrote, by the student's id.
        known: texts that everybody had or was meant to find: stubs and references.
    """
    works = {
        student: [cell.strip("\n") for cell in cells]
        for student, cells in works.items()
    }
    common = {passage for text in known for passage in _passages([text])}
    own = {student: _passages(cells) for student, cells in works.items()}
    have = Counter(passage for passages in own.values() for passage in passages)
    most = max(FEW, int(SHARE * len(own)))
    common |= {passage for passage, students in have.items() if students > most}
    for passages in own.values():
        for passage in common & passages.keys():
            del passages[passage]
    students = [student for student in own if len(own[student]) >= MIN_PASSAGES]
    pairs = []
    if len(students) > 1:
        alike = _likeness([own[student] for student in students])
        for i, j in np.argwhere(np.triu(alike, 1) >= ALIKE):
            two = (students[i], students[j])
            pairs.append(_pair(two, float(alike[i, j]), works, own))
    pairs.sort(key=lambda pair: (-pair.likeness, pair.students))
    return Comparison(tuple(pairs), len(students), len(works) - len(students))


def _likeness(own: list[Passages]) -> np.ndarray:
    """Return how alike texts are, of shape (n, n), from 0 to 1."""
    vectors = TfidfVectorizer(analyzer=list).fit_transform(own)
    likeness: np.ndarray = (vectors @ vectors.T).toarray()
    return likeness


def _pair(
    students: tuple[str, str],
    likeness: float,
    works: Mapping[str, Sequence[str]],
    own: Mapping[str, Passages],
) -> Pair:
    first, second = students
    both = own[first].keys() & own[second].keys()
    shared = [
        frozenset(line for passage in both for line in own[student][passage])
        for student in students
    ]
    return Pair(
        students,
        min(1.0, likeness),
        (_joined(works[first]), _joined(works[second])),
        (shared[0], shared[1]),
    )


def _joined(cells: Sequence[str]) -> str:
    return "\n\n".join(cells)


def _passages(cells: Sequence[str]) -> Passages:
    """Return the passages of a text, each with the lines that it stands in.

    A passage lies in one cell. Lines are counted from 0, as in ``_joined``.
    """
    passages: Passages = {}
    start = 0
    for cell in cells:
        tokens = _tokens(cell, start)
        for i in range(len(tokens) - LENGTH + 1):
            part = tokens[i : i + LENGTH]
            lines = passages.setdefault(" ".join(token for token, _ in part), set())
            lines.update(line for _, line in part)
        start += cell.count("\n") + 2
    return passages


def _tokens(source: str, line: int) -> list[Token]:
    """Return a cell's tokens with their lines, the first line being ``line``.

    Comments, docstrings and blanks are left out. Names are ``v``, except those of
    builtins and those after a dot; numbers are ``0`` and strings ``s``.
    """
    tokens: list[Token] = []
    for kind, value in _LEXER.get_tokens(source[:MAX_TEXT]):
        last = tokens[-1][0] if tokens else ""
        if kind in Comment or kind in String.Doc or not value.strip():
            pass
        elif kind in String:
            if last != "s":  # the lexer cuts a string into quotes and content
                tokens.append(("s", line))
        elif kind in Number:
            tokens.append(("0", line))
        elif kind in Name and kind not in Name.Builtin and last != ".":
            tokens.append(("v", line))
        else:
            tokens.append((value.strip(), line))
        line += value.count("\n")
    return tokens
