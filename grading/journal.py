"""Results on disk, line by line, before anything else is done with them.

A line is a JSON object. A grader that is killed leaves at most a torn last line, which
is cut off when the journal is opened again. The journal alone decides what is done:
neither the gradebook nor the clock does.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from helpers.errors import CourseError

from grading.runtime.job import Result


class JournalError(CourseError):
    """The journal cannot be written; what it held before is unharmed."""


Place = tuple[int, int]
"""Where a line begins, and its length."""


class Journal:
    """The results of a course. Used in a ``with``; to write, under the lock.

    It keeps in memory where results are, not the results.

    Args:
        path: the file.
        write: whether results are to be added. Otherwise the file is left as it is.

    Attributes:
        damaged: how many lines in the middle could not be read.
    """

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self.path = path
        self.write = write
        self.damaged = 0
        self._results: dict[tuple[str, str, str], Place] = {}
        self._latest: dict[tuple[str, str], str] = {}
        self._written: dict[tuple[str, str], dict[str, str]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        """Open the journal.

        Raises:
            JournalError: it cannot be opened for writing.
        """
        if self.write:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT
                self._descriptor = os.open(self.path, flags, 0o600)
            except OSError as error:
                raise self._error(error) from error
        if self.path.exists():
            self._read()
        if self.write:
            os.ftruncate(self._descriptor, self._end)
            _keep_names(self.path.parent)
        return self

    def __exit__(self, *error: object) -> None:
        if self.write:
            os.close(self._descriptor)

    def _read(self) -> None:
        with open(self.path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    self._note(json.loads(line), (self._end, len(line)))
                except (ValueError, KeyError, TypeError):
                    self.damaged += 1
                self._end += len(line)

    def _note(self, entry: dict, place: Place) -> None:
        about = entry["result" if "result" in entry else "written"]
        student = (about["assignment"], about["student"])
        if "result" in entry:
            self._results[(*student, about["key"])] = place
            self._latest[student] = about["key"]
        else:
            self._written[student] = about

    def result(self, assignment: str, student: str, key: str) -> Result | None:
        """Return a recorded result, None if there is none."""
        place = self._results.get((assignment, student, key))
        if place is None:
            return None
        with open(self.path, "rb") as file:
            file.seek(place[0])
            entry = json.loads(file.read(place[1]))
        return Result.from_json(json.dumps(entry["result"]))

    def latest(self, assignment: str) -> Iterator[Result]:
        """Yield each student's result that was written last, else recorded last."""
        for name, student in sorted(self._latest):
            if name != assignment:
                continue
            written = self._written.get((name, student), {})
            for key in (written.get("key", ""), self._latest[name, student]):
                result = self.result(name, student, key)
                if result is not None:
                    yield result
                    break

    def record(self, result: Result) -> None:
        """Append a result. When this returns, it survives a crash and a power cut.

        Raises:
            JournalError: it could not be written, because the disk is full, say.
        """
        self._append({"result": json.loads(result.to_json(seconds=True))})

    def written(self, assignment: str, student: str) -> dict[str, str] | None:
        """Return what the gradebook holds of a student: ``key`` and ``work``."""
        return self._written.get((assignment, student))

    def record_written(
        self, assignment: str, student: str, key: str, work: str
    ) -> None:
        """Append that a result is in the gradebook.

        Args:
            assignment: the assignment's name.
            student: the student's id.
            key: the result's key.
            work: hash of what the student wrote.

        Raises:
            JournalError: it could not be written.
        """
        names = ("assignment", "student", "key", "work")
        values = (assignment, student, key, work)
        self._append({"written": dict(zip(names, values, strict=True))})

    def _append(self, entry: dict) -> None:
        line = json.dumps(entry, sort_keys=True).encode() + b"\n"
        try:
            _write_all(self._descriptor, line, self._end)
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):  # a torn line is left out when it is read
                os.ftruncate(self._descriptor, self._end)
            raise self._error(error) from error
        self._note(entry, (self._end, len(line)))
        self._end += len(line)

    def _error(self, error: OSError) -> JournalError:
        return JournalError(
            f"{self.path} cannot be written ({error.strerror}). Results up to here are "
            "safe; put that right and start again."
        )


def _write_all(descriptor: int, content: bytes, start: int) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _keep_names(folder: Path) -> None:
    """Make the folder's entries, too, survive a power cut."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
