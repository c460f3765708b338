"""A place to attack: a course worth stealing, somebody who listens, and a witness."""

import contextlib
import ctypes
import functools
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from helpers.checks.oracles.dense import DEEP

from grading.course import Course
from grading.runtime.executor import Executor
from grading.runtime.job import Job, Limits, Result
from grading.runtime.sandbox.limits import tree
from grading.runtime.sanitize import CONTROL
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from samples.attacks.attack import Attack
from samples.course import ROOT
from samples.hidden_tests import drawn_sizes

HONEST = {"answer_1": 'answer_1 = {"b", "c"}\nprint("an honest answer")'}
IPC_CREAT, IPC_RMID, SHM_KEY = 0o1000, 0, 0x5EC
# What only hidden tests call the vanilla builder with: jobs here have the seed 0.
HIDDEN = set(re.findall(r"\d+", str(drawn_sizes("vanilla"))))
HIDDEN_SIZES = re.compile(rf"SIZES[^\n]*\b({'|'.join(sorted(HIDDEN))})\b")


@dataclass(frozen=True)
class Row:
    """What came of an attack.

    Attributes:
        attack: the attack.
        result: how its run ended.
        gained: points more than the same cells earn without it.
        left: processes of its sandbox that still run.
        others: whether a submission beside it ended as it does alone.
        harm: what is changed or was reached that must not be.
        leaked: secrets that stand in the result.
        ran: whether the outputs show that the attack was carried out.
        seconds: how long it took.
    """

    attack: Attack
    result: Result
    gained: float
    left: int
    others: bool
    harm: tuple[str, ...]
    leaked: tuple[str, ...]
    ran: bool
    seconds: float

    @property
    def problems(self) -> list[str]:
        """What went wrong, in words; nothing if the attack failed as it must."""
        problems = [f"harm: {harm}" for harm in self.harm]
        problems += [f"leaked: {secret}" for secret in self.leaked]
        if self.gained > 0:
            problems.append(f"gained {self.gained:g} points")
        if self.left:
            problems.append(f"{self.left} processes left running")
        if not self.others:
            problems.append("another submission was affected")
        if self.result.status not in self.attack.status:
            problems.append(f"ended as {self.result.status}")
        if not self.ran:
            problems.append(f"it did not show {self.attack.shown!r}")
        return problems


class Ground:
    """The place.

    Args:
        folder: an empty folder for the course.
    """

    def __init__(self, folder: Path) -> None:
        self.secret = f"SECRET{secrets.token_hex(16)}"
        os.environ["GRADER_SECRET"] = self.secret
        self.folder = folder / "course"
        for name in (
            "gradebook.db",
            "solutions/quiz/quiz.ipynb",
            "submitted/peer/quiz/quiz.ipynb",
        ):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{self.secret} HIDDEN TESTS {name}")
        for path in (folder, self.folder, *self.folder.rglob("*")):
            path.chmod(0o777)  # the sandbox alone protects it
        self.reached: list[str] = []
        self._listeners = [
            self._listen(socket.AF_INET, ("127.0.0.1", 0)),
            self._listen(socket.AF_UNIX, str(self.folder / "socket")),
            self._listen(socket.AF_UNIX, "\0grading-attack"),
        ]
        self.port = self._listeners[0].getsockname()[1]
        (self.folder / "socket").chmod(0o777)
        self._libc = ctypes.CDLL(None)
        self._shared = self._libc.shmget(SHM_KEY, 4096, IPC_CREAT | 0o666)
        self.before = self._files()
        self.executor = Executor()
        self.honest = self.executor.execute(self.job("quiz", HONEST, Limits()))

    def close(self) -> None:
        """End what listens and runs."""
        self.executor.close()
        for listener in self._listeners:
            listener.close()
        self._libc.shmctl(self._shared, IPC_RMID, None)
        del os.environ["GRADER_SECRET"]

    def _listen(self, family: int, address: str | tuple[str, int]) -> socket.socket:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()
                    self.reached.append(f"a connection to {address}")

        threading.Thread(target=accept, daemon=True).start()
        return listener

    def _files(self) -> dict[str, bytes | None]:
        return {
            str(path): path.read_bytes() if path.is_file() else None
            for path in sorted(self.folder.rglob("*"))
        }

    def job(self, name: str, cells: dict[str, str], limits: Limits) -> Job:
        """Return a job whose hidden tests hold the secret."""
        submission = Submission("attacker", name, solutions=cells)
        made = job(_assignment(name), submission, "", limits=limits)
        full_tests = [
            replace(cell, source=f"{cell.source}\nsecret = '{self.secret}'")
            for cell in made.full_tests
        ]
        return replace(made, full_tests=tuple(full_tests))

    @functools.cache  # noqa: B019  (there is one ground)
    def marks_without(self, name: str, grade_id: str, source: str) -> dict[str, float]:
        """Return the marks of cells without an attack."""
        made = self.job(name, {grade_id: source}, Limits())
        return self.executor.execute(made).marks

    def run(self, attack: Attack) -> Row:
        """Carry out an attack, with an honest submission beside it."""
        started = time.monotonic()
        cells = {name: self._aimed(source) for name, source in attack.cells.items()}
        self.reached.clear()
        beside: list[Result] = []
        honest = self.job("quiz", HONEST, Limits())
        other = threading.Thread(
            target=lambda: beside.append(self.executor.execute(honest))
        )
        with self._namespaces() as namespaces:
            other.start()
            result = self.executor.execute(
                self.job(attack.assignment, cells, attack.limits)
            )
            other.join()
            left = sum(_namespace(int(name)) in namespaces for name in _pids())
        if not namespaces:
            raise RuntimeError("the witness saw no sandbox")
        ((grade_id, source),) = attack.base.items()
        base = self.marks_without(attack.assignment, grade_id, source)
        harm = list(self.reached)
        if self._files() != self.before:
            harm.append("files of the course are changed")
        return Row(
            attack,
            result,
            gained=sum(max(0, result.marks[name] - base[name]) for name in base),
            left=left,
            others=beside == [self.honest],
            harm=tuple(harm),
            leaked=tuple(self._leaked(result)),
            ran=attack.shown in result.to_json(),
            seconds=time.monotonic() - started,
        )

    def _aimed(self, source: str) -> str:
        """Return an attack's code with the places that it aims at."""
        places = {
            "@COURSE@": self.folder,
            "@PORT@": self.port,
            "@SOCKET@": self.folder / "socket",
        }
        for word, place in places.items():
            source = source.replace(word, str(place))
        return source

    def _leaked(self, result: Result) -> Iterator[str]:
        """Yield what a result tells that no student may see."""
        text = result.to_json()
        text.encode()  # it can be stored
        if self.secret in text:
            yield self.secret
        # What the visible checks call it with may hold a number that was drawn, too.
        hidden = text.replace(str(DEEP["hidden_layers"]), "")
        yield from HIDDEN_SIZES.findall(hidden)
        yield from re.findall(r"SECRETPLACE /\S*", text)
        shown = _texts([result.outputs, result.messages, result.notes])
        if any(map(CONTROL.search, shown)):
            yield "a control character"
        outputs = chain.from_iterable(result.outputs.values())
        active = re.search(r"<script|onerror=|javascript:", text)
        if active and any("text/html" in output.get("data", {}) for output in outputs):
            yield "active HTML"

    @contextlib.contextmanager
    def _namespaces(self) -> Iterator[set[str]]:
        """Collect the pid namespaces of all that the warm server starts meanwhile.

        Each is held open in the block. Otherwise the number of a namespace that is gone
        would be given to the next sandbox on the machine, anybody's.
        """
        namespaces: set[str] = set()
        own = _namespace(os.getpid())
        done = threading.Event()
        with contextlib.ExitStack() as held:

            def hold(pid: int) -> None:
                with contextlib.suppress(OSError):  # it has just ended
                    file = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)
                    held.callback(os.close, file)
                    namespaces.add(os.readlink(f"/proc/self/fd/{file}"))

            def look() -> None:
                while not done.wait(0.02):
                    for pid in tree(self.executor.pids["kernel"]):
                        if _namespace(pid) not in (own, *namespaces):
                            hold(pid)

            thread = threading.Thread(target=look)
            thread.start()
            try:
                yield namespaces
            finally:
                done.set()
                thread.join()


def _texts(value: object) -> Iterator[str]:
    """Yield all text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _pids() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


@functools.cache
def _assignment(name: str) -> Assignment:
    return Assignment.load(Course.load(ROOT), name)
