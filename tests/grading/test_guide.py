"""What the instructor's guide and the security page name exists, and starts at once."""

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import typer

from grading import cli
from grading.runtime.job import Status
from samples.course import ROOT

PAGES = [ROOT / "README.md", ROOT / "grading/README.md", ROOT / "grading/SECURITY.md"]
COMMANDS = typer.main.get_group(cli.app).commands
GIVEN = re.compile(r"(?:^ {4}|`)course (\w+)([^`\n#]*)", re.M)

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(ROOT))
)


@every_page
def test_every_command_and_option_exists(page: Path) -> None:
    for name, rest in GIVEN.findall(page.read_text("utf-8")):
        options = {
            option
            for parameter in COMMANDS[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"--[\w-]+", rest)) <= options


@every_page
def test_every_file_that_is_linked_or_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    named = re.findall(r"`((?:grading|tests|helpers|samples)/[\w/]+\.(?:py|md))`", text)
    assert links or named
    paths = [page.parent / link for link in links] + [ROOT / name for name in named]
    for path in paths:
        assert path.exists(), path


def test_the_guide_explains_every_way_in_which_a_submission_can_end() -> None:
    guide = (ROOT / "grading/README.md").read_text("utf-8")
    column = " ".join(re.findall(r"^\| ([\w, ]+) \|", guide, re.M))
    assert set(get_args(Status)) <= set(re.findall(r"\w+", column))


def modules_after(code: str) -> set[str]:
    """Return the modules that Python has imported after it ran ``code``."""
    show = "; import sys; print(*(name for name, it in sys.modules.items() if it))"
    command = [sys.executable, "-c", code + show]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.slow
def test_the_command_starts_without_what_it_does_not_need() -> None:
    code = (
        "import sys, contextlib, grading.__main__; sys.argv[1:] = ['--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(None): "
        "grading.__main__.main()\n"
        "pass"
    )
    imported = modules_after(code)
    assert "grading.cli" in imported
    assert not {"keras", "rfc3987_syntax", "samples"} & imported


@pytest.mark.slow
def test_importing_the_package_keeps_no_other_package_from_being_imported() -> None:
    code = "import grading.runtime.job, rfc3987_syntax"
    assert "rfc3987_syntax" in modules_after(code)
