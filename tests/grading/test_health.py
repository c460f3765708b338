"""`course health` looks at all that grading needs, and changes nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grading import cli, health
from grading.course import Course
from grading.journal import Journal
from grading.runtime import sandbox
from samples.nbgrader_course import NbgraderCourse


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course folder on a machine that can make a sandbox."""
    monkeypatch.setattr(sandbox, "require", lambda: None)
    root = NbgraderCourse(tmp_path).root
    Course.load(root)  # the course's settings make an exchange
    return root


def look(root: Path, *more: str) -> Any:
    return CliRunner().invoke(cli.app, ["health", "--root", str(root), *more])


def faults(root: Path) -> dict[str, str]:
    """Return what is wrong, by name, and see that the exit code says so."""
    ran = look(root, "--json", "--workers", "1")
    report: dict[str, Any] = json.loads(ran.output)
    wrong = {
        finding["name"]: finding["words"]
        for finding in report["findings"]
        if not finding["ok"]
    }
    assert report["ok"] == (not wrong)
    assert ran.exit_code == (cli.FAILED if wrong else 0)
    return wrong


def test_a_machine_that_can_grade_passes_and_nothing_is_changed(course: Path) -> None:
    before = sorted(course.rglob("*"))
    ran = look(course, "--workers", "1")
    assert ran.exit_code == 0, ran.output
    assert {line.split()[0] for line in ran.output.splitlines()} == {"pass"}
    assert faults(course) == {}
    assert sorted(course.rglob("*")) == before


def no_sandbox(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise sandbox.NoSandboxError("This machine cannot make the sandbox.")

    monkeypatch.setattr(sandbox, "require", fail)


def machine(**has: float) -> Callable[[Path, pytest.MonkeyPatch], None]:
    """Return what gives the machine less than it has."""

    def change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        changed = replace(health.Machine.of(root), **has)  # type: ignore[arg-type]
        monkeypatch.setattr(health.Machine, "of", lambda _: changed)
        monkeypatch.setattr(health.os, "geteuid", lambda: 1000)

    return change


def damaged_journal(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / ".grading").mkdir()
    (root / ".grading" / "journal.db").write_text("no journal " * 1000)


def damaged_gradebook(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / "gradebook.db").write_text("no gradebook " * 1000)


def unknown_limit(root: Path, _: pytest.MonkeyPatch) -> None:
    settings = root / "nbgrader_config.py"
    with settings.open("a", encoding="utf-8") as file:
        file.write("\nc.SubmissionLimits.hours = 3\n")


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (no_sandbox, "sandbox", "cannot make the sandbox"),
        (machine(free_memory_gb=2.5), "memory", "need 3 — fix: fewer with --workers"),
        (machine(free_disk_gb=0.4), "disk", "0.4 GB free, the course folder needs 1"),
        (machine(open_files=64), "limits", "64 files may be open"),
        (machine(processes=200), "limits", "ulimit -u 228"),
        (damaged_journal, "journal", "is damaged"),
        (damaged_gradebook, "gradebook", "cannot be written"),
        (unknown_limit, "limits", "has no hours"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_is_a_sentence_with_what_mends_it(
    change: Callable[[Path, pytest.MonkeyPatch], None],
    name: str,
    words: str,
    course: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(course, monkeypatch)
    wrong = faults(course)
    assert list(wrong) == [name]
    assert words in wrong[name]


def test_more_side_by_side_need_more_memory(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(free_memory_gb=8.0)(course, monkeypatch)
    assert look(course, "--workers", "6").exit_code == 0
    assert look(course, "--workers", "7").exit_code == cli.FAILED


def test_what_is_no_course_folder_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "require", lambda: None)
    assert "is no course folder" in faults(tmp_path)["folder"]


def test_a_journal_that_is_there_is_counted(course: Path) -> None:
    with Journal(course / ".grading" / "journal.db"):
        pass
    assert "journal: 0 results" in look(course, "--workers", "1").output


@pytest.mark.usefixtures("needs_sandbox")
def test_the_machine_that_runs_these_tests_can_make_a_sandbox() -> None:
    report = health.look(Path(__file__).parents[2], workers=1)
    (made,) = [finding for finding in report.findings if finding.name == "sandbox"]
    assert made.ok, made.words
