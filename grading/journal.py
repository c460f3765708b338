"""Results on disk, before anything else is done with them.

An SQLite database. A grader that is killed, or whose machine loses power, leaves at
most a half-done transaction, which SQLite takes back when the journal is opened again.
The journal alone decides what is done: neither the gradebook nor the clock does.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from helpers.errors import CourseError

from grading.lock import share
from grading.runtime.job import Result

# FULL and PERSIST: a transaction that has ended survives a power cut. (A rollback
# journal that was removed instead could come back: its folder is not synced.) WAL would
# take a third of the time, but not on a network's disk.
# A replaced row gets a new number: the largest is always the latest.
SCHEMA = """
PRAGMA synchronous = FULL;
PRAGMA journal_mode = PERSIST;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS results (
    number INTEGER PRIMARY KEY,
    assignment TEXT NOT NULL,
    student TEXT NOT NULL,
    key TEXT NOT NULL,
    result TEXT NOT NULL,
    UNIQUE (assignment, student, key)
);
CREATE TABLE IF NOT EXISTS written (
    assignment TEXT NOT NULL,
    student TEXT NOT NULL,
    key TEXT NOT NULL,
    work TEXT NOT NULL,
    PRIMARY KEY (assignment, student)
);
CREATE TABLE IF NOT EXISTS tried (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS secret (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    bytes BLOB NOT NULL
);
COMMIT;
"""
LOCK_TIMEOUT_S = 60.0


class JournalError(CourseError):
    """The journal cannot be used; the message says why, and what to do."""


class Journal:
    """The results of a course. Used in a ``with``; to write, under the lock.

    Args:
        path: the file.
        write: whether results are to be added. Otherwise a journal that does not exist
            is taken for an empty one, and not made.
        shared: whether the file's group may read and write it. Otherwise it may if the
            process's mask lets a group write new files; others never may.
    """

    def __init__(self, path: Path, *, write: bool = True, shared: bool = False) -> None:
        self.path = path
        self.write = write
        self.shared = shared

    def __enter__(self) -> Self:
        """Open the journal.

        Raises:
            JournalError: it cannot be opened, or is no journal.
        """
        with self._clear_errors():
            if self.write:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                group_writes = self.shared or not _mask() & stat.S_IWGRP
                self.path.touch(mode=0o660 if group_writes else 0o600)
                if self.shared:
                    share(self.path.parent, self.path)
            empty = not self.write and not _size(self.path)
            # mode=rw for reading too: what a killed grader left may have to be undone.
            name = ":memory:" if empty else f"{self.path.absolute().as_uri()}?mode=rw"
            self._database = sqlite3.connect(name, timeout=LOCK_TIMEOUT_S, uri=True)
            try:
                if self.write or empty:
                    self._database.executescript(SCHEMA)
                    self._import_lines(self.path.with_suffix(".jsonl"))
            except BaseException:
                self._database.close()
                raise
        return self

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def result(self, assignment: str, student: str, key: str) -> Result | None:
        """Return a recorded result, None if there is none or it is no longer one.

        A result whose text was damaged is as good as none: it is made again.

        Raises:
            JournalError: the journal cannot be read.
        """
        query = """
            SELECT result FROM results
            WHERE assignment = ? AND student = ? AND key = ?
        """
        with self._clear_errors():
            rows = self._rows(query, assignment, student, key)
        with suppress(ValueError):
            return Result.from_json(rows[0][0]) if rows else None
        return None

    def seed(self, key: str) -> int:
        """Return what the checks of a job draw from: nobody can know it before.

        It depends on the job's key and on a secret that is made once and kept here. So
        work that is graded again meets the same numbers, and new work others.

        Args:
            key: the job's key.

        Raises:
            JournalError: the secret cannot be read or kept.
        """
        digest = hashlib.blake2b(key.encode(), key=self._secret, digest_size=8)
        return int.from_bytes(digest.digest())

    @cached_property
    def _secret(self) -> bytes:
        """What seeds are made of. The first to ask makes it."""
        query = "SELECT bytes FROM secret"
        with self._clear_errors(), self._database:
            if not self._rows(query):
                insert = "INSERT OR IGNORE INTO secret VALUES (1, ?)"
                self._database.execute(insert, (secrets.token_bytes(32),))
            return bytes(self._rows(query)[0][0])

    def latest(self, assignment: str) -> Iterator[Result]:
        """Yield each student's result that was written last, else recorded last.

        Raises:
            JournalError: the journal cannot be read.
        """
        # The last row of each student counts.
        query = """
            SELECT student, results.key
            FROM results LEFT JOIN written USING (assignment, student)
            WHERE assignment = ? ORDER BY student, results.key IS written.key, number
        """
        with self._clear_errors():
            keys: dict[str, str] = dict(self._rows(query, assignment))
        # One result at a time: a large class takes little memory, and a grader that
        # records results meanwhile does not have to wait.
        for student, key in keys.items():
            result = self.result(assignment, student, key)
            if result is not None:
                yield result

    def count(self) -> int:
        """Return how many results there are."""
        with self._clear_errors():
            return int(self._rows("SELECT count(*) FROM results")[0][0])

    def record(self, result: Result) -> None:
        """Add a result. When this returns, it survives a crash and a power cut.

        Raises:
            JournalError: it could not be written, because the disk is full, say.
        """
        with self._clear_errors(), self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO results (assignment, student, key, result) "
                "VALUES (?, ?, ?, ?)",
                (
                    result.assignment,
                    result.student,
                    result.key,
                    result.to_json(seconds=True),
                ),
            )

    def written(self, assignment: str, student: str) -> dict[str, str] | None:
        """Return what the gradebook holds of a student: ``key`` and ``work``."""
        query = "SELECT key, work FROM written WHERE assignment = ? AND student = ?"
        with self._clear_errors():
            rows = self._rows(query, assignment, student)
        return {"key": rows[0][0], "work": rows[0][1]} if rows else None

    def record_written(
        self, assignment: str, student: str, key: str, work: str
    ) -> None:
        """Note that a result is in the gradebook.

        Args:
            assignment: the assignment's name.
            student: the student's id.
            key: the result's key.
            work: hash of what the student wrote.

        Raises:
            JournalError: it could not be written.
        """
        with self._clear_errors(), self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?)",
                (assignment, student, key, work),
            )

    def tried(self, key: str) -> bool:
        """Return whether the course's own solution earned all points in this job."""
        with self._clear_errors():
            return bool(self._rows("SELECT key FROM tried WHERE key = ?", key))

    def record_tried(self, key: str) -> None:
        """Note that the course's own solution earned all points.

        Raises:
            JournalError: it could not be written.
        """
        with self._clear_errors(), self._database:
            self._database.execute("INSERT OR IGNORE INTO tried VALUES (?)", (key,))

    def _rows(self, query: str, *values: str) -> list[Any]:
        return self._database.execute(query, values).fetchall()

    def _import_lines(self, path: Path) -> None:
        """Take over, once, what an earlier version recorded: one line for each result.

        A line that was not written to its end was never reported as recorded.
        """
        if not path.exists():
            return
        with open(path, "rb") as file:
            for line in file:
                with suppress(ValueError, KeyError, TypeError):
                    entry = json.loads(line)
                    if "result" in entry:
                        self.record(Result.from_json(json.dumps(entry["result"])))
                    else:
                        self.record_written(**entry["written"])
        if self.write:
            path.rename(path.with_suffix(".jsonl.imported"))

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Turn what is wrong with the file into a sentence.

        Raises:
            JournalError: it is damaged, locked or read-only, or the disk is full.
        """
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            done = "written" if self.write else "read"
            raise JournalError(
                f"{self.path} cannot be {done} ({reason}). Results up to here are "
                "safe; put that right and start again."
            ) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
                raise  # a mistake of ours
            raise JournalError(
                f"{self.path} is damaged ({error}). Move it away and start again: all "
                "that was handed in is run again. Marks given by hand stay, also where "
                "a student's work is new: look at those."
            ) from error


def _mask() -> int:
    """Return the process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
