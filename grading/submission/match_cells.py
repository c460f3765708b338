"""Finds a student's solutions in the notebook that came back.

A solution cell is found by nbgrader's name of it, else by the cell's id, else by what
it defines: the function, class or value that the stub defines. Other code cells that
the student wrote or changed are *added* cells. One is taken along where a solution
needs it:

- before the first test cell, if it defines or changes a name that a solution (or a cell
  taken along) uses, or if it defines anew what a solution cell must define;
- after it, only if it defines a name that a solution uses and nothing else defines.

Test cells are never taken. Cells taken along keep their order and run before the first
test: each after the solution cell that it follows in the student's notebook, or before
all of them.
"""

import builtins
import re
from collections import Counter
from dataclasses import dataclass, field

from grading.runtime.job import Cell
from grading.submission.assignment import Assignment
from grading.submission.names_in_code import Names, mentions, names
from grading.submission.read_notebook import StudentCell

FENCE = re.compile(r"\s*```[ \t]*\w*[ \t]*\n(.*?)\n?```\s*", re.S)


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
class Found:
    """What was found in a notebook.

    Attributes:
        solutions: the student's text by grade id; a cell that is missing has none.
        added: cells that are taken along, in their order.
        notes: a sentence for each repair.
        worked: how many solution cells differ from their stubs.
    """

    solutions: dict[str, str] = field(default_factory=dict)
    added: list[Added] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    worked: int = 0


def match(assignment: Assignment, cells: list[StudentCell]) -> Found:
    """Find the solutions, and the added cells that they need."""
    return _Match(assignment, cells).found()


def _same(text: str) -> str:
    """Return ``text`` as it is compared: blanks at the ends of lines do not count."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


class _Match:
    def __init__(self, assignment: Assignment, cells: list[StudentCell]) -> None:
        self.assignment = assignment
        self.student = cells
        self.sources = [_code(cell) for cell in cells]
        self.names = [names(source) for source in self.sources]
        self.by_grade_id = {c.grade_id: c for c in assignment.cells if c.grade_id}
        self.by_id = {cell.id: cell for cell in assignment.cells}
        self.originals = [self._original(cell) for cell in cells]
        self.required = {
            name: names(stub.source).binds for name, stub in assignment.stubs.items()
        }
        self.first_test = next(
            (
                number
                for number, original in enumerate(self.originals)
                if original is not None and original.role == "test"
            ),
            len(cells),
        )

    def _original(self, cell: StudentCell) -> Cell | None:
        """Return the course's cell that ``cell`` was; None for the student's own."""
        if cell.grade_id in self.by_grade_id:
            return self.by_grade_id[cell.grade_id]
        for name in cell.ids:
            if name in self.by_id:
                return self.by_id[name]
        for original in self.assignment.cells:
            # The tests of one question can have the same text: any of them will do.
            if original.role != "solution" and _same(cell.source) == _same(
                original.source
            ):
                return original
        return None

    def found(self) -> Found:
        chosen = {
            name: number
            for name in self.assignment.stubs
            if (number := self._choose(name)) is not None
        }
        taken = self._needed(chosen)
        found = Found(
            {name: self.sources[number] for name, number in chosen.items()},
            notes=self._notes(chosen),
            worked=sum(self._worked(name, number) for name, number in chosen.items()),
        )
        roles = [cell.role for cell in self.assignment.cells]
        tested_first = roles.index("test") if "test" in roles else len(roles)
        for number in taken:
            before = [
                cell.grade_id
                for cell in self.assignment.cells[:tested_first]
                if chosen.get(cell.grade_id, number) < number
            ]
            after = max(before, key=chosen.__getitem__, default="")
            found.added.append(Added(after, self.sources[number]))
        if taken:
            found.notes.append(
                f"{len(taken)} cell{'s' * (len(taken) > 1)} that the student added or "
                "changed ran with the solution."
            )
        return found

    def _worked(self, name: str, number: int) -> bool:
        text = _same(self.sources[number])
        return bool(text) and text != _same(self.assignment.stubs[name].source)

    def _choose(self, name: str) -> int | None:
        """Return which of the student's cells is the solution cell ``name``."""
        stub = self.assignment.stubs[name]
        same = [n for n, original in enumerate(self.originals) if original is stub]
        worked = [number for number in same if self._worked(name, number)]
        defining = [number for number in worked if self._defines(name, number)]
        if not defining:
            elsewhere = [
                number
                for number in range(len(self.student))
                if self._own(number) and self._defines(name, number)
            ]
            defining = elsewhere or worked
        if not defining:
            return same[-1] if same else None
        early = [number for number in defining if number < self.first_test]
        # A later answer's place is after tests: then all of them are late.
        return (early or defining)[-1]

    def _defines(self, name: str, number: int) -> bool:
        required = self.required[name]
        if not required:  # written answers
            return False
        if self.names[number].readable:
            return bool(required & self.names[number].binds)
        return self.student[number].kind == "code" and any(
            mentions(self.sources[number], one) for one in required
        )

    def _own(self, number: int) -> bool:
        """Return whether a cell holds code of the student's, in no solution cell."""
        original = self.originals[number]
        if original is None:
            return True
        return original.role != "solution" and not self._is_copy(number)

    def _is_copy(self, number: int) -> bool:
        original = self.originals[number]
        return original is not None and _same(self.sources[number]) == _same(
            original.source
        )

    def _candidates(self, chosen: dict[str, int]) -> list[int]:
        """Return the added cells: code, not the course's, not a test."""
        return [
            number
            for number, (cell, original) in enumerate(
                zip(self.student, self.originals, strict=True)
            )
            if cell.kind == "code"
            and number not in chosen.values()
            and (original is None or original.role != "test")
            and not self._is_copy(number)
            and self.sources[number].strip()
        ]

    def _needed(self, chosen: dict[str, int]) -> list[int]:
        """Return which added cells are taken along."""
        real = [n for name, n in chosen.items() if self._worked(name, n)]
        given = set(dir(builtins))
        for cell in self.assignment.cells:
            if cell.role == "setup":
                given |= names(cell.source).binds
        required = set().union(*self.required.values())
        candidates = self._candidates(chosen)
        taken: set[int] = set()
        while True:
            running = [self.names[number] for number in [*real, *taken]]
            needs = set().union(*(one.needs for one in running))
            bound = given.union(*(one.binds for one in running))
            more = {
                number
                for number in candidates
                if number not in taken
                and self._is_needed(number, self.names[number], needs, bound, required)
            }
            if not more:
                return sorted(taken)
            taken |= more

    def _is_needed(
        self, number: int, own: Names, needs: set, bound: set, required: set
    ) -> bool:
        if number < self.first_test:
            does = own.binds | own.touches
            return own.everything or bool(does & (needs | required))
        return bool(own.binds & ((needs | required) - bound))

    def _notes(self, chosen: dict[str, int]) -> list[str]:
        notes = []
        lost = {}
        for name, stub in self.assignment.stubs.items():
            if name not in chosen:
                notes.append(f"Cell {name} is missing; it counts as not done.")
                continue
            cell = self.student[chosen[name]]
            original = self.originals[chosen[name]]
            if original is stub:
                if cell.grade_id != name:
                    lost[name] = "id"
            elif cell.about or any(other is stub for other in self.originals):
                notes.append(f"Cell {name} was found by what it defines.")
            else:
                lost[name] = "what it defines"
            if sum(other is original for other in self.originals) > 1 and original:
                notes.append(f"Cell {name} is there more than once; one was taken.")
            if cell.kind != stub.kind:
                notes.append(f"Cell {name} was of type {cell.kind[:20]}.")
        return [*_about_lost(lost), *notes, *self._course_notes()]

    def _course_notes(self) -> list[str]:
        """Return sentences on the course's own cells, which run as they were."""
        tests = [cell for cell in self.assignment.cells if cell.role == "test"]
        places = {cell.grade_id: [] for cell in tests}
        for number, original in enumerate(self.originals):
            if original is not None and original.role == "test":
                places[original.grade_id].append(number)
        # Tests of one question may have the same text: then either stands for both.
        texts = {_same(source) for source in self.sources}
        missing = [
            test.grade_id
            for test in tests
            if not places[test.grade_id] and _same(test.source) not in texts
        ]
        changed = [
            name
            for name, numbers in places.items()
            if any(not self._is_copy(number) for number in numbers)
        ]
        relabelled = [
            cell.grade_id
            for cell, original in zip(self.student, self.originals, strict=True)
            if cell.about and (original is None or not _keeps_data(cell, original))
        ]
        notes = []
        if missing:
            notes.append(f"Missing tests, which ran all the same: {_few(missing)}.")
        if changed:
            notes.append(f"Changed tests; the course's own ran: {_few(changed)}.")
        if relabelled:
            notes.append(
                f"nbgrader's data were changed, without effect, on {len(relabelled)} "
                f"cell{'s' * (len(relabelled) > 1)}."
            )
        return notes


def _code(cell: StudentCell) -> str:
    """Return a cell's text; of one that is not code, the code in its fence."""
    fenced = FENCE.fullmatch(cell.source) if cell.kind != "code" else None
    return fenced.group(1) if fenced else cell.source


def _few(names: list[str], most: int = 4) -> str:
    """Return names in a row; of many, the first and how many more."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


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


def _keeps_data(cell: StudentCell, original: Cell) -> bool:
    expected = {
        "grade": original.role == "test",
        "solution": original.role == "solution",
        "points": original.points,
    }
    return cell.grade_id == original.grade_id and all(
        cell.about.get(key, value) == value for key, value in expected.items()
    )
