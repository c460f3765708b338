"""What Canvas and Moodle do with a file of marks: doubles of their import rules.

The rules are those of Canvas's ``lib/gradebook_importer.rb`` (``process_pp``,
``process_submissions``, ``no_change_to_value?``) with what its page then posts
(``process_gradebook_upload``), and of Moodle's
``grade/import/csv/classes/load_data.php`` (``update_grade_item``) with
``grade_import_commit``: an empty mark is one that changes what is there.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

Held = dict[tuple[str, str], str]
"""Marks by student and title, as text; ``"EX"`` for excused."""

NOT_ASSIGNMENTS = {"Student", "ID", "SIS User ID", "SIS Login ID", "Section"}


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def canvas(held: Held, points: dict[str, float], path: Path) -> tuple[Held, dict]:
    """Return marks and points possible after an import into Canvas."""
    after, possible = dict(held), dict(points)
    for row in _rows(path):
        for title in row.keys() - NOT_ASSIGNMENTS:
            new = row[title].strip()
            if "Points Possible" in row["Student"]:
                possible[title] = float(new)
                continue
            key = (row["SIS Login ID"], title)
            if not _same(after.get(key, ""), new):
                after[key] = new
    return after, possible


def _same(now: str, new: str) -> bool:
    empty = ("", "-")
    if now == new or (now in empty and new in empty):
        return True
    if not now or not new or "EX" in (now.upper(), new.upper()):
        return False
    return f"{float(now):.2f}" == f"{float(new):.2f}"


def moodle(held: Held, path: Path) -> Held:
    """Return marks after an import into Moodle, all columns of marks mapped."""
    after = dict(held)
    for row in _rows(path):
        for title in row:
            if title.startswith("Assignment: "):
                mark = row[title]
                after[row["ID number"], title] = "" if mark in ("", "-") else mark
    return after
