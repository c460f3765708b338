"""Finds a student's solutions in the notebook that came back.

A solution cell is found by nbgrader's name of it, else by the cell's id, else by what
it defines: the function, class or value that the stub defines. Other code cells that
the student wrote or changed are *added* cells. An added cell is kept if a solution
depends on it:

- before the first test cell, if it defines or changes a name that a solution (or a kept
  cell) uses, or if it defines again what a solution cell must define;
- after it, only if it defines a name that a solution uses and nothing else defines.

Test cells are never kept. Kept cells keep their order and run before the first test:
each after the solution cell that it follows in the student's notebook, or before all of
them.
"""

import builtins
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import takewhile

from grading.runtime.job import Cell
from grading.submission.assignment import Assignment
from grading.submission.names_in_code import Names, Reader, names
from grading.submission.read_notebook import StudentCell

LANGUAGE = re.compile(r"[ \t]*+\w*+[ \t]*+")
FENCE = "```"


@dataclass(frozen=True)
class Added:
    """A code cell of the student's own that runs with the solutions.

    Attributes:
        after: grade id of the solution cell that it runs after; ``""`` if before all.
        source: its text.
    """

    after: str
    source: str


@dataclass
class Match:
    """The student's part of a notebook.

    Attributes:
        solutions: the student's text by grade id; a cell that is missing has none.
        added: added cells that are kept, in their order.
        notes: a sentence for each repair.
        worked: how many solution cells differ from their stubs.
    """

    solutions: dict[str, str] = field(default_factory=dict)
    added: list[Added] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    worked: int = 0


@dataclass(frozen=True)
class Candidate:
    """A cell of the student's notebook.

    Attributes:
        position: its number in the notebook.
        cell: as it was handed in.
        source: its code.
        names: what its code defines and uses, if it is not one of the course's cells,
            unchanged.
        original: the course's cell that it was; None for one of the student's own.
        stripped: its code without blanks at the ends of lines.
        is_copy: whether it is one of the course's cells, unchanged.
    """

    position: int
    cell: StudentCell
    source: str
    names: Names
    original: Cell | None
    stripped: str
    is_copy: bool

    @property
    def test(self) -> str:
        """Grade id of the course's test that it was; ``""`` if it was none."""
        original = self.original
        return original.grade_id if original and original.role == "test" else ""

    @property
    def is_own(self) -> bool:
        """Whether it holds text of the student's, in no solution cell."""
        in_solution = self.original is not None and self.original.role == "solution"
        return not in_solution and not self.is_copy

    def solves(self, stub: Cell) -> bool:
        """Return whether something else stands in it than in the stub."""
        return self.stripped not in ("", _stripped(stub.source))

    def defines(self, required: frozenset[str]) -> bool:
        """Return whether it defines one of the names, as far as it can be read."""
        mentions = self.names.mentions if self.cell.kind == "code" else frozenset()
        return bool(required & (self.names.binds | mentions))


Chosen = dict[str, Candidate]
"""The student's solution cells by grade id, in the order of the assignment."""


def match(
    assignment: Assignment, cells: list[StudentCell], reader: Reader | None = None
) -> Match:
    """Find the solutions, and the added cells that they need.

    Args:
        assignment: the course's own.
        cells: the student's notebook.
        reader: reads the student's code; one for all notebooks of a student.
    """
    reader = reader or Reader()
    candidates = _candidates(assignment, cells, reader)
    chosen = _choose(assignment, candidates)
    kept = _needed(assignment, candidates, chosen)
    notes = [
        *_notes_on_solutions(assignment, candidates, chosen),
        *_notes_on_course_cells(assignment, candidates),
    ]
    if reader.gave_up:
        notes.append(
            "The code is too long to be searched for cells that the student added."
        )
    if kept:
        notes.append(
            f"{len(kept)} cell{'s' * (len(kept) > 1)} that the student added or "
            "changed ran with the solution."
        )
    return Match(
        {name: candidate.source for name, candidate in chosen.items()},
        [Added(_place(assignment, chosen, added), added.source) for added in kept],
        notes,
        len(_solved(assignment, chosen)),
    )


def _candidates(
    assignment: Assignment, cells: list[StudentCell], reader: Reader
) -> list[Candidate]:
    by_grade_id = {cell.grade_id: cell for cell in assignment.cells if cell.grade_id}
    by_id = {cell.id: cell for cell in assignment.cells}
    # The tests of one question can have the same text: any of them will do.
    by_text = {
        _stripped(cell.source): cell
        for cell in reversed(assignment.cells)
        if cell.role != "solution"
    }
    candidates = []
    for position, cell in enumerate(cells):
        source = _code(cell)
        stripped = _stripped(source)
        same_id = next((by_id[name] for name in cell.ids if name in by_id), None)
        original = by_grade_id.get(cell.grade_id) or same_id or by_text.get(stripped)
        is_copy = original is not None and stripped == _stripped(original.source)
        candidates.append(
            Candidate(position, cell, source, Names(), original, stripped, is_copy)
        )
    # The course's own cells need not be read.
    own = [candidate for candidate in candidates if not candidate.is_copy]
    for candidate, cell_names in zip(
        own, reader.names([candidate.source for candidate in own]), strict=True
    ):
        candidates[candidate.position] = replace(candidate, names=cell_names)
    return candidates


def _stripped(text: str) -> str:
    """Return ``text`` without blanks around it and at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def _first_test(candidates: list[Candidate]) -> int:
    """Return the position of the first test, or the end."""
    tests = (candidate.position for candidate in candidates if candidate.test)
    return next(tests, len(candidates))


@cache
def _required(stub: Cell) -> frozenset[str]:
    """Return the names that a solution must define; a written answer defines none."""
    return names(stub.source).binds


# --- solutions ------------------------------------------------------------------------


def _choose(assignment: Assignment, candidates: list[Candidate]) -> Chosen:
    chosen = {
        name: _solution(stub, candidates) for name, stub in assignment.stubs.items()
    }
    return {name: cell for name, cell in chosen.items() if cell is not None}


def _solution(stub: Cell, candidates: list[Candidate]) -> Candidate | None:
    """Return which of the student's cells solves a stub; None if it is missing."""
    required = _required(stub)
    same = [candidate for candidate in candidates if candidate.original is stub]
    solving = [candidate for candidate in same if candidate.solves(stub)]
    defining = [candidate for candidate in solving if candidate.defines(required)]
    if not defining:
        elsewhere = [
            candidate
            for candidate in candidates
            if candidate.is_own and candidate.defines(required)
        ]
        defining = elsewhere or solving
    if not defining:
        return same[-1] if same else None
    first_test = _first_test(candidates)
    early = [candidate for candidate in defining if candidate.position < first_test]
    # A later answer's place is after tests: then all of them are late.
    return (early or defining)[-1]


def _solved(assignment: Assignment, chosen: Chosen) -> list[Candidate]:
    """Return the chosen cells in which something was written."""
    return [
        candidate
        for name, candidate in chosen.items()
        if candidate.solves(assignment.stubs[name])
    ]


# --- added cells ----------------------------------------------------------------------


def _added(candidates: list[Candidate], chosen: Chosen) -> list[Candidate]:
    """Return the added cells: code, not the course's, not a test, not a solution."""
    solutions = {candidate.position for candidate in chosen.values()}
    return [
        candidate
        for candidate in candidates
        if candidate.cell.kind == "code"
        and candidate.position not in solutions
        and not candidate.test
        and not candidate.is_copy
        and candidate.source.strip()
    ]


def _needed(
    assignment: Assignment, candidates: list[Candidate], chosen: Chosen
) -> list[Candidate]:
    """Return the added cells that are kept, in their order."""
    required = _union(_required(stub) for stub in assignment.stubs.values())
    setup = [cell.source for cell in assignment.cells if cell.role == "setup"]
    given = _union(names(source).binds for source in setup) | set(dir(builtins))
    first_test = _first_test(candidates)
    solved = _solved(assignment, chosen)
    added = _added(candidates, chosen)
    early = [candidate for candidate in added if candidate.position < first_test]
    late = [candidate for candidate in added if candidate.position >= first_test]
    providers = _by_name(early, lambda own: own.binds | own.touches)
    definitions = _by_name(late, lambda own: own.binds)
    # Each name is followed once, so that a chain of cells takes linear time.
    bound = given | _union(candidate.names.binds for candidate in solved)
    names_to_follow = required | _union(candidate.names.needs for candidate in solved)
    followed: set[str] = set()
    kept: dict[int, Candidate] = {}
    more = [candidate for candidate in early if candidate.names.everything]
    while names_to_follow or more:
        for name in names_to_follow:
            more += providers[name]
            if name not in bound:
                more += definitions[name]
        new = {
            candidate.position: candidate
            for candidate in more
            if candidate.position not in kept
        }
        kept |= new
        followed |= names_to_follow
        bound |= _union(candidate.names.binds for candidate in new.values())
        needed = _union(candidate.names.needs for candidate in new.values())
        names_to_follow = needed - followed
        more = []
    return [kept[position] for position in sorted(kept)]


def _by_name(
    candidates: Iterable[Candidate], chosen: Callable[[Names], frozenset[str]]
) -> dict[str, list[Candidate]]:
    """Return cells by each of the chosen names in them; an empty list for others."""
    cells: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        for name in chosen(candidate.names):
            cells[name].append(candidate)
    return cells


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _place(assignment: Assignment, chosen: Chosen, added: Candidate) -> str:
    """Return the grade id of the solution cell that an added cell runs after."""
    untested = takewhile(lambda cell: cell.role != "test", assignment.cells)
    earlier = [
        cell.grade_id
        for cell in untested
        if cell.grade_id in chosen and chosen[cell.grade_id].position < added.position
    ]
    return max(earlier, key=lambda name: chosen[name].position, default="")


# --- notes ----------------------------------------------------------------------------


def _notes_on_solutions(
    assignment: Assignment, candidates: list[Candidate], chosen: Chosen
) -> list[str]:
    copies = Counter(
        candidate.original.id for candidate in candidates if candidate.original
    )
    notes: list[str] = []
    lost: dict[str, str] = {}
    for name, stub in assignment.stubs.items():
        if name not in chosen:
            notes.append(f"Cell {name} is missing; it counts as not done.")
            continue
        if found_by := _found_without_data(stub, chosen[name], copies):
            lost[name] = found_by
        notes += _notes_on_solution(stub, chosen[name], copies)
    return [*_about_lost(lost), *notes]


def _found_without_data(stub: Cell, candidate: Candidate, copies: Counter[str]) -> str:
    """Return how a cell was found that had lost nbgrader's data; else ``""``."""
    if candidate.original is stub:
        return "" if candidate.cell.grade_id == stub.grade_id else "id"
    return "" if candidate.cell.about or copies[stub.id] else "what it defines"


def _notes_on_solution(
    stub: Cell, candidate: Candidate, copies: Counter[str]
) -> list[str]:
    name = stub.grade_id
    original = candidate.original
    notes = []
    if original is not stub and (candidate.cell.about or copies[stub.id]):
        notes.append(f"Cell {name} was found by what it defines.")
    if original is not None and copies[original.id] > 1:
        notes.append(f"Cell {name} is there more than once; one was taken.")
    if candidate.cell.kind != stub.kind:
        notes.append(f"Cell {name} was of type {candidate.cell.kind[:20]}.")
    return notes


def _notes_on_course_cells(
    assignment: Assignment, candidates: list[Candidate]
) -> list[str]:
    """Return sentences on the course's own cells, which run as they were."""
    tests = [cell for cell in assignment.cells if cell.role == "test"]
    # Tests of one question may have the same text: then either stands for both.
    texts = {candidate.stripped for candidate in candidates}
    there = {candidate.test for candidate in candidates}
    altered = {candidate.test for candidate in candidates if not candidate.is_copy}
    missing = [
        test.grade_id
        for test in tests
        if test.grade_id not in there and _stripped(test.source) not in texts
    ]
    changed = [test.grade_id for test in tests if test.grade_id in altered]
    relabelled = sum(not _keeps_data(candidate) for candidate in candidates)
    other_points = [
        f"{candidate.cell.grade_id} {candidate.cell.about['points']:g}, now "
        f"{candidate.original.points:g}"
        for candidate in candidates
        if candidate.original is not None and _has_other_points(candidate)
    ]
    notes = []
    if missing:
        notes.append(f"Missing tests, which ran all the same: {_few(missing)}.")
    if changed:
        notes.append(f"Changed tests; the course's own ran: {_few(changed)}.")
    if other_points:
        notes.append(f"Handed out with other points: {_few(other_points)}.")
    if relabelled:
        notes.append(
            f"nbgrader's data were changed, without effect, on {relabelled} "
            f"cell{'s' * (relabelled > 1)}."
        )
    return notes


def _code(cell: StudentCell) -> str:
    """Return a cell's text; of one that is not code, the code in its fence."""
    first, _, rest = cell.source.strip().partition("\n")
    fenced = first.startswith(FENCE) and LANGUAGE.fullmatch(first, len(FENCE))
    if cell.kind != "code" and fenced and rest.endswith(FENCE):
        return rest.removesuffix(FENCE).removesuffix("\n")
    return cell.source


def _few(names: list[str], limit: int = 4) -> str:
    """Return names in a row; of many, the first and how many more."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[: limit - 1])} and {len(names) - limit + 1} more"


def _about_lost(lost: dict[str, str]) -> list[str]:
    """Return one sentence on all solution cells that had lost nbgrader's data.

    Args:
        lost: how each was found, by its name.
    """
    if len(lost) <= 1:
        return [
            f"Cell {name} had lost nbgrader's data; found by {how}."
            for name, how in lost.items()
        ]
    ways = ", ".join(
        f"by {how}: {many}" for how, many in Counter(lost.values()).items()
    )
    return [f"{len(lost)} solution cells had lost nbgrader's data; found {ways}."]


def _keeps_data(candidate: Candidate) -> bool:
    """Return whether nbgrader's data on a cell, if there are any, are the course's.

    Points may be others: the course's own can have changed since it was handed out.
    """
    about, original = candidate.cell.about, candidate.original
    if not about:
        return True
    if original is None or candidate.cell.grade_id != original.grade_id:
        return False
    expected = {
        "grade": original.role == "test",
        "solution": original.role == "solution",
    }
    return all(about.get(key, value) == value for key, value in expected.items())


def _has_other_points(candidate: Candidate) -> bool:
    original, points = candidate.original, candidate.cell.about.get("points")
    return (
        original is not None
        and original.role == "test"
        and isinstance(points, int | float)
        and points != original.points
        and _keeps_data(candidate)
    )
