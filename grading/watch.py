"""Grades what arrives in ``submitted/``, until it is stopped.

It asks for marks as ``course grade`` does, by ``session``. What is new is found by
looking: a folder on a network's disk tells nobody when it changes. The journal alone
says what is done, so one that was killed goes on where it was.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from grading.course import Course
from grading.journal import Journal
from grading.runtime.backends import Outcome
from grading.session import Backend, Grading, plan, run
from grading.submission import intake
from grading.submission.assignment import Assignment
from grading.submission.files import files
from grading.submission.read_notebook import UnreadableError

EVERY_S = 0.5
MAX_AT_ONCE = 16
"""So many works are taken at a time: then come those that arrived meanwhile."""
AGAIN_S = 60.0
"""After so long, what the machine failed is run again."""
Key = tuple[str, str]
"""A work: assignment and student."""
State = tuple[tuple[str, ...], ...]
"""Of a work's files: names, sizes, when they were changed. It decides no mark."""


class Inbox:
    """What lies in ``submitted/``, and which of it is to be graded now.

    Args:
        course: the course folder.
        names: the assignments.
        everybody: ids of the class; None if it is not known.
    """

    def __init__(
        self, course: Course, names: Collection[str], everybody: Collection[str] | None
    ) -> None:
        self._course = course
        self._names = names
        self._everybody = everybody
        self._before: dict[Key, State] = {}
        self._taken: dict[Key, State] = {}
        self._later: dict[Key, float] = {}
        self.left_out: dict[str, str] = {}

    def take(self, most: int = MAX_AT_ONCE) -> list[Key]:
        """Return works that are new or changed since they were taken last.

        One that differs from what it was at the last look is left for the next: it may
        be half written.
        """
        now = {key: self._state(key) for key in self._keys()}
        arrived = [
            key
            for key, state in now.items()
            if state == self._before.get(key)
            and state != self._taken.get(key)
            and self._later.get(key, 0.0) <= time.monotonic()
        ][:most]
        self._before = now
        self._taken = {key: self._taken[key] for key in now if key in self._taken}
        self._taken |= {key: now[key] for key in arrived}
        return arrived

    def put_back(self, key: Key) -> None:
        """Have a work taken again, some time later."""
        self._taken.pop(key, None)
        self._later[key] = time.monotonic() + AGAIN_S

    def _keys(self) -> Iterator[Key]:
        for name in self._names:
            students, left_out = intake.students(self._course, name, self._everybody)
            self.left_out |= left_out
            yield from ((name, student) for student in students)

    def _state(self, key: Key) -> State:
        name, student = key
        folder = self._course.path(self._course.submitted, student, name)
        try:
            paths = list(files(folder))
        except (OSError, UnreadableError) as error:
            return ((str(error),),)  # what it is will be said where it is read
        beside = folder.with_name(f"{folder.name}.timestamp.txt")
        return tuple(map(_about, [*paths, beside]))


def _about(path: Path) -> tuple[str, ...]:
    try:
        facts = path.lstat()
    except OSError:
        return (str(path),)
    numbers = (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    return (str(path), *map(str, numbers))


def watch(
    course: Course,
    assignments: Mapping[str, Assignment],
    inbox: Inbox,
    journal: Journal,
    backend: Backend,
    say: Callable[[str], None],
) -> Iterator[tuple[Grading, Outcome]]:
    """Grade what arrives; yield each outcome, and never end.

    Args:
        course: the course folder.
        assignments: by name.
        inbox: what lies in ``submitted/``.
        journal: where results are recorded, open for writing.
        backend: where submissions run.
        say: takes sentences for people.

    Raises:
        CourseError: as ``session.plan`` and ``session.run`` do.
    """
    said: set[str] = set()
    while True:
        next_look = time.monotonic() + EVERY_S
        arrived = inbox.take()
        for folder in sorted(inbox.left_out.keys() - said):
            say(f"left out: {folder}: {inbox.left_out[folder]}")
            said.add(folder)
        gradings = [
            plan(course, assignment, students, journal, backend)
            for name, assignment in assignments.items()
            if (students := [student for of, student in arrived if of == name])
        ]
        yield from run(gradings, backend, say)
        for grading in gradings:
            _conclude(grading, inbox, say)
        time.sleep(max(0.0, next_look - time.monotonic()))


def _conclude(grading: Grading, inbox: Inbox, say: Callable[[str], None]) -> None:
    """Say what a person should know, and have run again what the machine failed."""
    name = grading.assignment.name
    for sentence in sorted(grading.removed):
        say(sentence)
    again = set(grading.failed)
    if grading.unwritten is not None:
        say(str(grading.unwritten))
        again |= {work.job.student for work in grading.works}
    for student in sorted(again):
        say(f"{name} of {student} is tried again in {AGAIN_S:g} seconds.")
        inbox.put_back((name, student))
