"""Questions of a quiz: their text, which options are right, and which were chosen."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from grading.submission.assignment import Assignment

CHECKS = {"no_wrong_option", "every_right_option"}
TITLE = re.compile(r"^#+ +(.+)$", re.M)
OPTION = re.compile(r"^- \*\*(\w)\.\*\* +(.+(?:\n +.+)*)$", re.M)
EMPHASIS = re.compile(r"(\*\*|\*|`)(\S(?:.*?\S)?)\1")
# An answer is short; what is longer is not read.
MAX_ANSWER = 300


@dataclass(frozen=True)
class Option:
    """What can be chosen.

    Attributes:
        letter: its name.
        text: what it says.
        right: whether it is right.
        chosen: how many chose it.
    """

    letter: str
    text: str
    right: bool
    chosen: int


@dataclass(frozen=True)
class Question:
    """A question, and what a class answered.

    Attributes:
        title: its heading.
        text: what is asked.
        options: in the order of the notebook.
        answers: how many works hold an answer.
        missing: how many hold none.
        unclear: how many hold one that shows no letters without being run.
    """

    title: str
    text: str
    options: tuple[Option, ...]
    answers: int
    missing: int
    unclear: int

    @property
    def most_chosen_wrong(self) -> Option | None:
        """The wrong option that was chosen most often; None if none was chosen."""
        wrong = [option for option in self.options if not option.right]
        most = max(wrong, key=lambda option: option.chosen, default=None)
        return most if most and most.chosen else None


def questions(
    assignment: Assignment, works: Mapping[str, Sequence[str]]
) -> Iterator[Question]:
    """Yield the questions of an assignment; none, if it is no quiz.

    Args:
        assignment: the course's own.
        works: the text of the cells that students wrote something in, by student.
    """
    right = _right(assignment.full.cells)
    for name, text in _asked(assignment.full.cells, right):
        chosen: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        letters = dict(OPTION.findall(text))
        for cells in works.values():
            answer = chosen_letters(cells, name)
            if answer is None or not answer <= letters.keys():
                kinds["unclear"] += 1
            else:
                kinds["answers" if answer else "missing"] += 1
                chosen.update(answer)
        options = tuple(
            Option(letter, _plain(words), letter in right[name], chosen[letter])
            for letter, words in letters.items()
        )
        title = TITLE.search(text)
        asked = OPTION.sub("", TITLE.sub("", text, count=1))
        yield Question(
            _plain(title[1]) if title else name,
            _plain(asked),
            options,
            *(kinds[kind] for kind in ("answers", "missing", "unclear")),
        )


def chosen_letters(cells: Iterable[str], name: str) -> set[str] | None:
    """Return the letters that a student's cells assign to a name, without running them.

    Returns:
        The letters; none, where nothing is assigned; None, where it is no plain value.

    >>> sorted(chosen_letters(['answer_1 = {"b", "c"}  # both'], "answer_1"))
    ['b', 'c']
    >>> chosen_letters(['answer_1 = set("b")'], "answer_1")
    """
    assigned = re.compile(rf"^{re.escape(name)}\s*=(?!=)\s*([^\n].*)", re.S)
    value = "set()"
    for cell in cells:
        for statement in re.split(r"^(?=\w)", cell, flags=re.M):
            if match := assigned.match(statement):
                value = match[1]
    if len(value) > MAX_ANSWER:
        return None
    try:
        answer = ast.literal_eval(value.strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    if answer in (None, ...):
        return set()
    if not isinstance(answer, set | frozenset | list | tuple | str):
        return None
    return set(answer) if all(isinstance(letter, str) for letter in answer) else None


def _right(cells: Iterable[NotebookNode]) -> dict[str, str]:
    """Return the right letters, by the name that a student assigns them to."""
    right = {}
    for cell in cells:
        if not is_grade(cell) or is_solution(cell):
            continue
        try:
            tree = ast.parse(cell.source)
        except SyntaxError:  # a line of IPython's
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=check), args=[ast.Name(id=name), *_]
                ) if check in CHECKS:
                    for given in node.keywords:
                        if given.arg == "right":
                            right[name] = str(ast.literal_eval(given.value))
    return right


def _asked(
    cells: Iterable[NotebookNode], names: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield each name with the Markdown above the cell that assigns it."""
    above = ""
    for cell in cells:
        if cell.cell_type == "markdown":
            above = cell.source
        elif is_solution(cell):
            for name in names:
                if re.search(rf"^{re.escape(name)}\s*=", cell.source, re.M):
                    yield name, above


def _plain(markdown: str) -> str:
    """Return Markdown as text, in one line."""
    return " ".join(EMPHASIS.sub(r"\2", markdown).split())
