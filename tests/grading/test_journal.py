"""The journal survives crashes and full disks, and one grader works at a time."""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from grading import journal as module
from grading.journal import Journal, JournalError
from grading.lock import HeldError, lock
from grading.runtime.job import Result
from samples.course import ROOT


def result(student="ana", key="k1", **more):
    outputs = {"setup": [{"output_type": "stream", "name": "stdout", "text": "ü ✓\n"}]}
    return Result(
        key, student, "vanilla", "graded", ("a note",), outputs, {"shapes": 1.5}, **more
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "journal.db"


def test_a_recorded_result_is_there_after_opening_again(path):
    with Journal(path) as journal:
        journal.record(result(seconds={"run": 2.5}))
    with Journal(path) as journal:
        recorded = journal.result("vanilla", "ana", "k1")
    assert recorded == result()
    assert recorded.seconds == {"run": 2.5}


def test_students_with_the_same_work_have_results_of_their_own(path):
    with Journal(path) as journal:
        journal.record(result("ana"))
        journal.record(result("bob"))
        assert journal.result("vanilla", "bob", "k1").student == "bob"
        assert journal.result("vanilla", "eve", "k1") is None
        assert journal.result("vanilla", "ana", "k2") is None
        assert journal.result("quiz", "ana", "k1") is None


def test_the_same_work_meets_the_same_numbers_and_new_work_others(path, tmp_path):
    with Journal(path) as journal:
        first, other = journal.seed("k1"), journal.seed("k2")
        assert first != other
    with Journal(path) as journal:
        assert (journal.seed("k1"), journal.seed("k2")) == (first, other)
    with Journal(tmp_path / "of another course.db") as journal:
        assert journal.seed("k1") not in (first, other)


def test_nobody_else_on_the_machine_reads_it(path):
    with Journal(path):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("mask", "shared", "mode"),
    [
        (0o022, False, 0o600),
        (0o077, False, 0o600),
        (0o002, False, 0o660),
        (0o007, False, 0o660),
        (0o022, True, 0o660),
    ],
)
def test_a_second_account_of_the_group_can_work_where_that_is_set(
    path, mask, shared, mode
):
    before = os.umask(mask)
    try:
        with Journal(path, shared=shared) as journal:
            journal.record(result(key="k1"))
        with lock(path.parent / "lock", shared=shared):
            lock_mode = (path.parent / "lock").stat().st_mode
    finally:
        os.umask(before)
    assert bool(lock_mode & 0o020) == (mode == 0o660)
    assert path.stat().st_mode & 0o777 == mode
    others = [file.stat().st_mode & 0o007 for file in path.parent.glob("journal.db*")]
    assert others
    assert not any(others)


@pytest.mark.parametrize("write", [True, False])
def test_a_torn_write_costs_that_result_alone(path, tmp_path, write):
    with Journal(path) as journal:
        journal.record(result(key="k1"))
        # Copied in the midst of a transaction that has reached the file: what a grader
        # leaves that is killed there.
        with closing(sqlite3.connect(path, isolation_level=None)) as torn:
            torn.executescript("PRAGMA cache_size = 1; BEGIN; DELETE FROM results;")
            for number in range(50):
                torn.execute(
                    "INSERT INTO results VALUES (?, 'vanilla', 'ana', ?, ?)",
                    (number, f"torn {number}", "x" * 10_000),
                )
            left = shutil.copytree(path.parent, tmp_path / "left") / path.name
    assert left.read_bytes() != path.read_bytes()
    with Journal(left, write=write) as journal:
        assert list(journal.latest("vanilla")) == [result(key="k1")]
    with Journal(left) as journal:
        journal.record(result(key="k3"))
    with Journal(left) as journal:
        keys = [("torn 3", False), ("k1", True), ("k3", True)]
        for key, recorded in keys:
            assert bool(journal.result("vanilla", "ana", key)) == recorded


def test_a_full_disk_is_an_error_that_loses_nothing(path):
    big = {"setup": [{"output_type": "stream", "text": "x" * 100_000}]}
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path) as journal:
        journal.record(result(key="k1"))
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10_000, most))
        try:
            with pytest.raises(JournalError, match="cannot be written"):
                journal.record(Result("k2", "ana", "vanilla", "graded", outputs=big))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        assert path.read_bytes() == before
        assert journal.result("vanilla", "ana", "k2") is None
        journal.record(result(key="k3"))
    with Journal(path) as journal:
        assert journal.result("vanilla", "ana", "k1") == result(key="k1")
        assert journal.result("vanilla", "ana", "k3") == result(key="k3")


def test_a_report_reads_the_journal_and_makes_none(path):
    with Journal(path, write=False) as journal:
        assert list(journal.latest("vanilla")) == []
    assert not path.exists()
    with Journal(path) as journal:
        journal.record(result(key="k1"))
    before = path.read_bytes()
    with Journal(path, write=False) as journal:
        assert list(journal.latest("vanilla")) == [result(key="k1")]
    assert path.read_bytes() == before


def test_a_report_does_not_keep_a_grader_waiting(path):
    with Journal(path) as grader, Journal(path, write=False) as report:
        for student in ("ana", "bob"):
            grader.record(result(student))
        latest = report.latest("vanilla")
        assert next(latest).student == "ana"
        grader.record(result("ana", "k2"))
        assert next(latest).student == "bob"


def test_the_latest_result_is_the_one_in_the_gradebook(path):
    with Journal(path) as journal:
        for key in ("k1", "k2"):
            journal.record(result(key=key))
            journal.record_written("vanilla", "ana", key, f"work of {key}")
        journal.record(result("bob", "k1"))
        # The first work again: nothing runs, and it is written again.
        journal.record_written("vanilla", "ana", "k1", "work of k1")
        keys = [(entry.student, entry.key) for entry in journal.latest("vanilla")]
        assert keys == [("ana", "k1"), ("bob", "k1")]
        assert journal.written("vanilla", "ana")["work"] == "work of k1"
        assert journal.written("vanilla", "bob") is None


def test_without_one_in_the_gradebook_the_latest_is_the_last_recorded(path):
    with Journal(path) as journal:
        for key in ("k1", "k2", "k1"):
            journal.record(result(key=key))
        assert [entry.key for entry in journal.latest("vanilla")] == ["k1"]
        # A write that began, and did not end, says nothing.
        journal.record_written("vanilla", "ana", "", "work of k2")
        assert [entry.key for entry in journal.latest("vanilla")] == ["k1"]


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("place", ["start", "middle"])
def test_a_damaged_journal_is_a_sentence(path, write, place):
    with Journal(path) as journal:
        for number in range(100):
            journal.record(result(f"s{number}"))
    content = bytearray(path.read_bytes())
    start = 0 if place == "start" else 4096
    content[start : start + 8192] = bytes(8192)
    path.write_bytes(content)
    with pytest.raises(JournalError, match="damaged"), Journal(path, write=write) as j:
        list(j.latest("vanilla"))


def test_a_damaged_result_costs_no_other_and_is_made_again(path):
    with Journal(path) as journal:
        for student in ("ana", "bob", "eve"):
            journal.record(result(student))
        journal._database.execute(
            "UPDATE results SET result = substr(result, 9) WHERE student = 'bob'"
        )
        assert journal.result("vanilla", "bob", "k1") is None
        assert [entry.student for entry in journal.latest("vanilla")] == ["ana", "eve"]
        journal.record(result("bob"))
        assert journal.result("vanilla", "bob", "k1") == result("bob")


def test_text_that_utf_8_cannot_hold_is_recorded(path):
    odd = replace(result(), notes=("half of a pair: \ud800", "a control: \x1b[2J"))
    with Journal(path) as journal:
        journal.record(odd)
        assert journal.result("vanilla", "ana", "k1") == odd


def test_a_locked_journal_is_a_sentence_and_loses_nothing(path, monkeypatch):
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.1)
    with Journal(path) as journal:
        journal.record(result(key="k1"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(JournalError, match="locked"):
                journal.record(result(key="k2"))
        assert [entry.key for entry in journal.latest("vanilla")] == ["k1"]


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path):
    (tmp_path / "state").write_text("")
    with (
        pytest.raises(JournalError, match="cannot be written"),
        Journal(tmp_path / "state" / "journal.db"),
    ):
        pass


@pytest.fixture
def older(path):
    """The file of an earlier version: a line for each result, the last one torn."""
    path.parent.mkdir()
    lines = [
        {"result": {**result(key=key).to_dict(seconds=True), "flags": []}}
        for key in ("k1", "k2")
    ]
    names = ("assignment", "student", "key", "work")
    values = ("vanilla", "ana", "k1", "work of k1")
    lines.append({"written": dict(zip(names, values, strict=True))})
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    older = path.with_name("journal.jsonl")
    older.write_text(text + text[:100], "utf-8")
    return older


def test_the_journal_of_an_earlier_version_is_taken_over_once(path, older):
    for _ in range(2):
        with Journal(path) as journal:
            assert journal.result("vanilla", "ana", "k2") == result(key="k2")
            assert [entry.key for entry in journal.latest("vanilla")] == ["k1"]
            assert journal.written("vanilla", "ana")["work"] == "work of k1"
        assert not older.exists()


def test_a_report_reads_the_journal_of_an_earlier_version(path, older):
    with Journal(path, write=False) as journal:
        assert [entry.key for entry in journal.latest("vanilla")] == ["k1"]
    assert not path.exists()
    assert older.exists()


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from grading.journal import Journal
from tests.grading.test_journal import result
with Journal(Path({path!r})) as journal:
    for number in range(10_000):
        journal.record(result(key=str(number)))
        print(number, flush=True)
"""


def test_a_killed_grader_loses_no_result_that_it_reported(path):
    code = CHILD.format(root=str(ROOT), path=str(path))
    for attempt in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        )
        wanted = random.Random(attempt).randrange(1, 60)
        last = next(line for line in child.stdout if int(line) >= wanted)
        child.send_signal(signal.SIGKILL)
        rest = child.communicate()[0].split()
        reported = int(rest[-1] if rest else last)
        with Journal(path) as journal:
            for number in range(reported + 1):
                assert journal.result("vanilla", "ana", str(number)) is not None


def test_a_second_grader_is_told_who_is_at_work_and_stops(tmp_path):
    path = tmp_path / "state" / "lock"
    mine = f"process {os.getpid()} on .*, since"
    with lock(path), pytest.raises(HeldError, match=mine), lock(path):
        pass
    with lock(path):
        pass


def test_the_lock_of_a_killed_grader_is_free(tmp_path):
    path = tmp_path / "lock"
    code = (
        "import sys, time, pathlib; from grading.lock import lock\n"
        f"with lock(pathlib.Path({str(path)!r})): print('held', flush=True); "
        "time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    child.stdout.readline()
    with pytest.raises(HeldError, match=str(child.pid)), lock(path):
        pass
    child.kill()
    child.communicate()
    with lock(path):
        pass
