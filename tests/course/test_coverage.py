"""COVERAGE.md answers every reference system, and every one of its links resolves."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "COVERAGE.md").read_text("utf-8")
COUNTS = {"A": 9, "B": 8, "C": 8, "D": 6, "E": 5, "F": 1}
IDS = [f"{s}{n}" for s, count in COUNTS.items() for n in range(1, count + 1)]
ROWS = dict(re.findall(r"^\| ([A-F]\d) \| (.+) \|$", TABLE, re.M))
LINKS = re.findall(r"\]\(([^)\s]+)\)", TABLE)


def headings(path):
    if path.suffix == ".md":
        lines = path.read_text("utf-8").splitlines()
    else:
        cells = nbformat.read(path, as_version=4).cells
        lines = [
            line
            for cell in cells
            if cell.cell_type == "markdown"
            for line in cell.source.splitlines()
        ]
    return [re.sub(r"^#+ ", "", line) for line in lines if re.match(r"#+ ", line)]


@pytest.mark.parametrize("row", IDS)
def test_every_reference_system_has_a_row_with_a_link(row):
    assert re.search(r"\]\((notebooks|release|helpers)/", ROWS[row])


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_to_a_file_and_its_heading(link):
    name, _, anchor = link.partition("#")
    path = ROOT / name
    assert path.exists()
    if anchor:  # as JupyterLab makes it from the heading
        known = {heading.replace(" ", "-") for heading in headings(path)}
        assert anchor in known, sorted(known)
