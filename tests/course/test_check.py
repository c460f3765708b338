"""`make check` runs every step to its end, says how each ended, and fails with one."""

import re
import sys
from pathlib import Path

import pytest
import yaml

from samples.course import ROOT
from tools import check

GOOD = (sys.executable, "-c", "print('all is well')")
BAD = (sys.executable, "-c", "print('line 1'); print('line 2'); raise SystemExit(3)")


@pytest.fixture
def run(monkeypatch, capsys):
    def with_steps(steps, *named):
        monkeypatch.setattr(check, "STEPS", steps)
        monkeypatch.setattr(sys, "argv", ["check", *named])
        with pytest.raises(SystemExit) as exit_:
            check.main()
        return exit_.value.code, capsys.readouterr().out

    return with_steps


def test_where_no_step_fails_each_has_one_line_and_the_status_is_0(run):
    status, out = run({"first": GOOD, "second": GOOD})
    assert not status
    assert len([line for line in out.splitlines() if line.startswith("ok ")]) == 2
    assert out.count("all is well") == 2
    assert "FAILED" not in out


def test_a_step_that_fails_shows_its_output_and_stops_no_other(run):
    status, out = run({"first": BAD, "second": GOOD})
    assert status
    assert "FAILED first" in out
    assert "line 1\nline 2\n" in out
    assert "ok     second" in out


def test_steps_can_be_named(run):
    status, out = run({"first": BAD, "second": GOOD}, "second")
    assert not status
    assert "first" not in out


def test_a_step_that_does_not_exist_is_an_error_that_names_those_that_do(run):
    status, _ = run({"first": GOOD}, "frist")
    assert status == "no step frist; there are first"


def test_all_that_can_be_checked_without_a_kernel_is_a_step():
    assert list(check.STEPS) == ["tests", "types", "imports", "lint", "format"]
    assert "--fix" not in check.STEPS["lint"]
    assert "--check" in check.STEPS["format"]


def test_the_hooks_for_git_run_offline_with_programs_of_the_environment():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system", "pygrep"}
    programs = re.findall(r"\.venv/bin/([\w-]+)", str(repository))
    assert {"ruff", "lint-imports"} == set(programs)
    assert all(Path(sys.executable).with_name(name).exists() for name in programs)
