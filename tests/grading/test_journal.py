"""The journal survives crashes and full disks, and one grader works at a time."""

import errno
import os
import random
import signal
import subprocess
import sys

import pytest

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
    return tmp_path / "state" / "journal.jsonl"


def test_a_recorded_result_is_there_after_opening_again(path):
    with Journal(path) as journal:
        journal.record(result(seconds={"run": 2.5}))
    with Journal(path) as journal:
        found = journal.result("vanilla", "ana", "k1")
    assert found == result()
    assert found.seconds == {"run": 2.5}


def test_students_with_the_same_work_have_results_of_their_own(path):
    with Journal(path) as journal:
        journal.record(result("ana"))
        journal.record(result("bob"))
        assert journal.result("vanilla", "bob", "k1").student == "bob"
        assert journal.result("vanilla", "eve", "k1") is None
        assert journal.result("vanilla", "ana", "k2") is None
        assert journal.result("quiz", "ana", "k1") is None


@pytest.mark.parametrize("cut", [1, 2, 10, 100])
def test_a_torn_last_line_costs_that_line_alone(path, cut):
    with Journal(path) as journal:
        journal.record(result(key="k1"))
        whole = path.stat().st_size
        journal.record(result(key="k2"))
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size - cut)
    with Journal(path) as journal:
        assert path.stat().st_size == whole
        assert journal.result("vanilla", "ana", "k1") == result(key="k1")
        assert journal.result("vanilla", "ana", "k2") is None
        journal.record(result(key="k3"))
    with Journal(path) as journal:
        assert journal.result("vanilla", "ana", "k3") == result(key="k3")
        assert journal.damaged == 0


def test_a_damaged_line_in_the_middle_costs_that_line_alone(path):
    with Journal(path) as journal:
        for key in ("k1", "k2", "k3"):
            journal.record(result(key=key))
    lines = path.read_bytes().split(b"\n")
    lines[1] = b"\0" * len(lines[1])
    path.write_bytes(b"\n".join(lines))
    with Journal(path) as journal:
        assert journal.damaged == 1
        found = [journal.result("vanilla", "ana", key) for key in ("k1", "k2", "k3")]
    assert [one and one.key for one in found] == ["k1", None, "k3"]


def test_a_full_disk_is_an_error_that_loses_nothing(path, monkeypatch):
    real = os.write

    def full(descriptor, content):
        real(descriptor, bytes(content)[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal(path) as journal:
        journal.record(result(key="k1"))
        before = path.read_bytes()
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(JournalError, match="No space left"):
            journal.record(result(key="k2"))
        assert path.read_bytes() == before
        monkeypatch.undo()
        assert journal.result("vanilla", "ana", "k2") is None
        journal.record(result(key="k3"))
    with Journal(path) as journal:
        assert journal.result("vanilla", "ana", "k3") == result(key="k3")


def test_a_report_reads_the_journal_and_leaves_a_torn_line_to_the_grader(path):
    with Journal(path, write=False) as journal:
        assert list(journal.latest("vanilla")) == []
    assert not path.exists()
    with Journal(path) as journal:
        journal.record(result(key="k1"))
    with open(path, "ab") as file:
        file.write(b'{"result": ')
    size = path.stat().st_size
    with Journal(path, write=False) as journal:
        assert list(journal.latest("vanilla")) == [result(key="k1")]
    assert path.stat().st_size == size


def test_the_latest_result_is_the_one_in_the_gradebook(path):
    with Journal(path) as journal:
        for key in ("k1", "k2"):
            journal.record(result(key=key))
            journal.record_written("vanilla", "ana", key, f"work of {key}")
        journal.record(result("bob", "k1"))
        # The first work again: nothing runs, and it is written anew.
        journal.record_written("vanilla", "ana", "k1", "work of k1")
        keys = [(one.student, one.key) for one in journal.latest("vanilla")]
        assert keys == [("ana", "k1"), ("bob", "k1")]
        assert journal.written("vanilla", "ana")["work"] == "work of k1"
        assert journal.written("vanilla", "bob") is None


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
            assert journal.damaged == 0
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
