"""ARCHITECTURE.md and CONTRIBUTING.md name rooms that are there."""

import ast
import re
import subprocess
import sys

import pytest

from samples.course import ROOT

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MODULES = sorted(set(re.findall(r"`([\w/]+\.py)`", ARCHITECTURE)))
PACKAGES = sorted(set(re.findall(r"`(grading\.\w+|helpers|samples)`", ARCHITECTURE)))
ROOMS = [
    room
    for row in re.findall(r"^\| (`.+?) \|", CONTRIBUTING, re.M)
    for room in re.findall(r"`([^`]+)`", row)
    if "/" in room
]
JOURNEYS = re.findall(r"\*\*A .+?(?=\n\n\*\*A |\n## )", ARCHITECTURE, re.S)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_journeys_is_there(module):
    places = ROOT.glob(f"**/{module}")
    assert any(".venv" not in place.parts for place in places)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_of_the_table_is_there(package):
    path = ROOT / package.replace(".", "/")
    assert path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_of_the_map_is_there(room):
    assert any(ROOT.glob(room))


def test_every_package_of_the_grader_is_in_the_table():
    folders = {path.parent.name for path in ROOT.glob("grading/*/__init__.py")}
    assert {f"grading.{folder}" for folder in folders} <= set(PACKAGES)


def test_every_folder_of_the_project_is_in_the_map():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    folders = {line.split("/")[0] for line in listed.stdout.split("\n") if "/" in line}

    assert folders == {room.split("/")[0] for room in ROOMS}


def test_there_are_six_journeys():
    assert len(JOURNEYS) == 6


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey[2:30])
def test_a_journey_has_ten_lines_at_most(journey):
    steps = re.search(r"^1\. .+?(?=\n\n|\Z)", journey, re.S | re.M)[0]

    assert 3 <= len(steps.splitlines()) <= 10


def test_the_grader_s_own_init_imports_nothing_of_it():
    # It runs in every process, also beside student code.
    tree = ast.parse((ROOT / "grading" / "__init__.py").read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }

    assert imported <= sys.stdlib_module_names
