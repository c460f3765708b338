"""A graded class in numbers: points, what was lost where and why, how long it took."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from grading.gradebook.marks import FinalMark
from grading.report.items import difficulty, discrimination
from grading.runtime.job import Result

NUMBER = re.compile(r"[-+]?(?<![A-Za-z_0-9])\d+(\.\d+)?(e[-+]?\d+)?", re.I)
NUMBERS = re.compile(r"#(?:[\s,×x]+#)+,?")


@dataclass(frozen=True)
class Check:
    """How a class did in one test cell.

    Attributes:
        name: its grade id.
        points: what it earns at most.
        lost: how many students lost points in it.
        of: how many students' programs were run.
        messages: messages, with how many students got each, the commonest first.
        difficulty: the share of its points that was earned; None if nothing was run.
        discrimination: how well it goes with the other checks, from -1 to 1; None if
            that is not known.
    """

    name: str
    points: float
    lost: int
    of: int
    messages: tuple[tuple[str, int], ...]
    difficulty: float | None = None
    discrimination: float | None = None

    @property
    def rate(self) -> float:
        """The share of students who lost points in it."""
        return self.lost / self.of if self.of else 0.0


@dataclass(frozen=True)
class Summary:
    """The newest results of a class.

    Attributes:
        points: what each test cell earns at most, by grade id, in their order.
        results: one for each student, fewest points first.
        final: the gradebook's final marks, by student.
        empty: students who handed in the notebook as they got it.
    """

    points: Mapping[str, float]
    results: tuple[Result, ...]
    final: Mapping[str, FinalMark] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        points: Mapping[str, float],
        results: Iterable[Result],
        final: Mapping[str, FinalMark] | None = None,
        empty: Iterable[str] = (),
    ) -> "Summary":
        """Return the summary of results in any order."""
        marks = final or {}

        def order(result: Result) -> tuple[float, bool, str]:
            points_now = _points(result, points, marks)
            return points_now, result.status != "refused", result.student

        ordered = tuple(sorted(results, key=order))
        return cls(points, ordered, marks, frozenset(empty))

    @property
    def max_points(self) -> float:
        """The points of the whole assignment, answers marked by hand included."""
        of = [mark.of for mark in self.final.values()]
        return max(of, default=sum(self.points.values()))

    @cached_property
    def scores(self) -> dict[str, float]:
        """Each student's final mark; where none is written yet, the checks' points."""
        return {
            result.student: _points(result, self.points, self.final)
            for result in self.results
        }

    def words(self, result: Result) -> str:
        """Return what to know about a student's mark."""
        mark = self.final.get(result.student)
        return ", ".join(mark.words) if mark else ""

    @cached_property
    def final_scores(self) -> list[float]:
        """The points of work that was run and is marked to its end."""
        return [
            self.scores[result.student]
            for result in self.ran
            if not (mark := self.final.get(result.student)) or not mark.waiting
        ]

    @property
    def mean(self) -> float:
        """The mean of the points, without empty and refused work; 0 for none."""
        return statistics.fmean(self.final_scores) if self.final_scores else 0.0

    @property
    def median(self) -> float:
        """The median of the points, without empty and refused work; 0 for none."""
        return statistics.median(self.final_scores) if self.final_scores else 0.0

    @cached_property
    def ran(self) -> list[Result]:
        """Results of programs that were run: all but the refused and the empty."""
        return [
            result
            for result in self.results
            if result.status != "refused" and result.student not in self.empty
        ]

    @cached_property
    def checks(self) -> list[Check]:
        """How the class did in each test cell, the most often lost first."""
        checks = [self._check(name, most) for name, most in self.points.items()]
        return sorted(checks, key=lambda check: -check.lost)

    def _check(self, name: str, most: float) -> Check:
        marks = [result.marks.get(name, 0.0) for result in self.ran]
        rest = [
            score(result, self.points) - mark
            for result, mark in zip(self.ran, marks, strict=True)
        ]
        lost = [result for result in self.ran if result.marks.get(name, 0.0) < most]
        return Check(
            name,
            most,
            len(lost),
            len(self.ran),
            messages=grouped(result.messages.get(name, "") for result in lost),
            difficulty=difficulty(marks, most),
            discrimination=discrimination(marks, rest),
        )

    @property
    def lost_alike(self) -> list[list[Check]]:
        """Checks with points lost; those with the same messages stand together."""
        together: dict[object, list[Check]] = defaultdict(list)
        for check in self.checks:
            if check.lost:
                together[check.points, check.lost, check.messages].append(check)
        return list(together.values())

    @property
    def to_look_at(self) -> list[Result]:
        """Results with notes, those that could not be run first."""
        order = ("refused", "timeout", "failed", "repaired", "graded")
        return sorted(
            (result for result in self.results if result.notes),
            key=lambda result: (order.index(result.status), result.student),
        )

    @property
    def slowest(self) -> list[Result]:
        """Runs whose time is known, the longest first."""
        timed = [result for result in self.results if "all" in result.seconds]
        return sorted(timed, key=lambda result: -result.seconds["all"])

    def lost(self, result: Result) -> list[str]:
        """Return in which checks a student lost points; all are one entry."""
        names = [
            name
            for name, most in self.points.items()
            if result.marks.get(name, 0) < most
        ]
        return names if len(names) < len(self.points) else ["all checks"]


def score(result: Result, points: Mapping[str, float]) -> float:
    """Return the points of a result in the test cells of today."""
    return sum(result.marks.get(name, 0.0) for name in points)


def _points(
    result: Result, points: Mapping[str, float], final: Mapping[str, FinalMark]
) -> float:
    mark = final.get(result.student)
    return score(result, points) if mark is None else mark.points


def without_numbers(message: str) -> str:
    """Return a message as it is compared: each number, or list of numbers, as ``#``.

    >>> without_numbers("expected (None, 32), found (None, 16)")
    'expected (None, #), found (None, #)'
    >>> without_numbers("sizes 128, 64, 32") == without_numbers("sizes 9")
    True
    """
    return NUMBERS.sub("#", NUMBER.sub("#", " ".join(message.split())))


def grouped(messages: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Count messages, those that differ in numbers and line ends alone as one.

    Returns:
        Messages and how often each came, the commonest first. Of those that count as
        one, the wording is the commonest.
    """
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for message in messages:
        groups[without_numbers(message)][message] += 1
    ordered = sorted(groups.values(), key=lambda group: -group.total())
    return tuple((group.most_common(1)[0][0], group.total()) for group in ordered)
