"""ARCHITECTURE.md and CONTRIBUTING.md name rooms that are there."""

import re

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


def test_a_journey_has_ten_steps_at_most():
    assert len(JOURNEYS) == 6
    for journey in JOURNEYS:
        assert 3 <= len(re.findall(r"^\d+\. ", journey, re.M)) <= 10
