"""Which students' texts are alike beyond what the task makes alike.

Texts are compared as sequences of tokens (``code_tokens``), so that neither other names
nor another layout hide a copy. What the stub and the reference hold, and what many
students share, does not count. A text counts as a copy of another if much of the
shorter one stands in the longer one: what else stands there does not hide it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from grading.report.code_tokens import Token, all_tokens
from grading.submission import bounded

# Tokens in a row that make a passage. Of right solutions of the assignments that are
# written in different ways, 36 % of the shorter one's passages stand in the other at
# most, and 31 of them; of the same text with other names and layout, nearly all do.
LENGTH = 6
ALIKE = 0.5
MANY = 60
# With fewer passages that few others have, a text does not say who wrote it.
MIN_PASSAGES = 30
# A passage counts if so many students at most have it: three, or a quarter of them.
FEW, SHARE = 3, 0.25
# Signs of one student's text that are parsed here; more are, in a process with limits.
MAX_HERE = 10_000
MAX_TOKENS = 20_000

Passages = dict[str, set[int]]


@dataclass(frozen=True)
class Pair:
    """Two students' texts that are alike.

    Attributes:
        students: their ids.
        likeness: which part of the shorter text stands in the other, from 0 to 1.
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
        short: who has fewer than MIN_PASSAGES passages that few others have.
        long: of whom a part was compared, or nothing, since there is too much.
        hidden: whose code runs text that is not written in it, which hides what it is.
        older: with how many works of older years the class was compared.
    """

    pairs: tuple[Pair, ...] = ()
    compared: int = 0
    short: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    older: int = 0


@dataclass
class Text:
    """A student's text, as it is compared.

    Attributes:
        cells: as the student wrote them.
        passages: each with the lines that it stands in, from 0, as in ``joined``.
        too_long: whether not all of it is in ``passages``.
        hides: whether it runs text that is not written in it.
    """

    cells: list[str]
    passages: Passages = field(default_factory=dict)
    too_long: bool = False
    hides: bool = False

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Text":
        """Read a text. A passage lies in one cell."""
        text = cls([cell.strip("\n") for cell in cells])
        start, left = 0, MAX_TOKENS
        for cell, (tokens, hides) in zip(text.cells, text._tokens(), strict=False):
            text._add(tokens[:left], start)
            text.too_long = text.too_long or len(tokens) > left
            text.hides = text.hides or hides
            start += cell.count("\n") + 2
            left -= min(left, len(tokens))
        return text

    @property
    def joined(self) -> str:
        """The cells as one text."""
        return "\n\n".join(self.cells)

    def _tokens(self) -> Sequence[tuple[list[Token], bool]]:
        if sum(map(len, self.cells)) <= MAX_HERE:
            return all_tokens(self.cells)
        tokens: list[tuple[list[Token], bool]]
        try:
            tokens = bounded.call(all_tokens, self.cells)
        except bounded.TooMuchError:
            self.too_long = True
            return []
        return tokens

    def _add(self, tokens: list[Token], start: int) -> None:
        for i in range(len(tokens) - LENGTH + 1):
            part = tokens[i : i + LENGTH]
            lines = self.passages.setdefault(
                " ".join(token for token, _ in part), set()
            )
            lines.update(start + line for _, line in part)


def compare(
    works: Mapping[str, Sequence[str]],
    known: Iterable[str],
    older: Mapping[str, Sequence[str]] | None = None,
) -> Comparison:
    """Compare every student's work with every other's, and with works of older years.

    Args:
        works: the cells that each student wrote, by the student's id.
        known: texts that everybody had or was meant to find: stubs and references.
        older: as ``works``, of older years, which are not compared with each other.
    """
    own = {student: Text.of(cells) for student, cells in works.items()}
    before = {student: Text.of(cells) for student, cells in (older or {}).items()}
    common = {passage for text in known for passage in Text.of([text]).passages}
    for texts in (own, before):
        common |= _shared_by_many(texts.values())
    for text in (*own.values(), *before.values()):
        for passage in common & text.passages.keys():
            del text.passages[passage]
    enough = [student for student in own if _is_enough(own[student])]
    others = [student for student in before if _is_enough(before[student])]
    return Comparison(
        _pairs(enough, others, {**before, **own}),
        len(enough),
        tuple(student for student in own if student not in enough),
        tuple(student for student, text in own.items() if text.too_long),
        tuple(student for student, text in own.items() if text.hides),
        len(others),
    )


def _shared_by_many(texts: Iterable[Text]) -> set[str]:
    """Return passages that too many have for it to say something."""
    passages = [text.passages for text in texts]
    have = Counter(passage for own in passages for passage in own)
    most = max(FEW, int(SHARE * len(passages)))
    return {passage for passage, students in have.items() if students > most}


def _is_enough(text: Text) -> bool:
    return len(text.passages) >= MIN_PASSAGES


def _pairs(
    students: list[str], older: list[str], texts: Mapping[str, Text]
) -> tuple[Pair, ...]:
    """Return who of ``students`` is like who of all, the most alike first."""
    everybody = [*students, *older]
    if len(everybody) < 2 or not students:
        return ()
    passages = [list(texts[student].passages) for student in everybody]
    held = CountVectorizer(analyzer=list).fit_transform(passages)
    shared = (held[: len(students)] @ held.T).toarray()
    sizes = np.array([len(own) for own in passages])
    likeness = shared / np.minimum.outer(sizes[: len(students)], sizes)
    alike = np.triu((likeness >= ALIKE) | (shared >= MANY), 1)
    pairs = [
        _pair((everybody[i], everybody[j]), float(likeness[i, j]), texts)
        for i, j in np.argwhere(alike)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.likeness, pair.students)))


def _pair(
    students: tuple[str, str], likeness: float, texts: Mapping[str, Text]
) -> Pair:
    first, second = (texts[student] for student in students)
    both = first.passages.keys() & second.passages.keys()
    shared = [
        frozenset(line for passage in both for line in text.passages[passage])
        for text in (first, second)
    ]
    return Pair(
        students, likeness, (first.joined, second.joined), (shared[0], shared[1])
    )
