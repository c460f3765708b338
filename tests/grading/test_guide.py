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
    named = re.findall(r"`((?:grading|tests|helpers)/\w+\.(?:py|md))`", text)
    assert links or named
    for path in [page.parent / link for link in links] + [ROOT / one for one in named]:
        assert path.exists(), path


def test_the_guide_explains_every_way_in_which_a_submission_can_end() -> None:
    guide = (ROOT / "grading/README.md").read_text("utf-8")
    column = " ".join(re.findall(r"^\| ([\w, ]+) \|", guide, re.M))
    assert set(get_args(Status)) <= set(re.findall(r"\w+", column))


@pytest.mark.slow
def test_the_command_starts_without_keras() -> None:
    code = "import sys, grading.cli; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
