"""What platforms do with a file of marks: doubles of their import rules.

Their rules are those of Canvas's ``lib/gradebook_importer.rb`` (``process_pp``,
``process_submissions``, ``no_change_to_value?``) with what its page then posts
(``process_gradebook_upload``), and of Moodle's
``grade/import/csv/classes/load_data.php`` (``update_grade_item``) with
``grade_import_commit``: an empty mark is one that changes what is there. Gradescope's
are those of "Output format" and "Test case status" in
https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import csv
import json
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


RESULT_KEYS = {
    *("score", "execution_time", "output", "output_format", "test_output_format"),
    *("test_name_format", "visibility", "stdout_visibility", "extra_data", "tests"),
    "leaderboard",
}
TEST_KEYS = {
    *("score", "max_score", "status", "name", "name_format", "number", "output"),
    *("output_format", "tags", "visibility", "extra_data"),
}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"hidden", "after_due_date", "after_published", "visible"}


def gradescope(path: Path) -> tuple[float, dict[str, tuple[float, float]]]:
    """Return the score and the tests that Gradescope takes from a ``results.json``.

    Raises:
        ValueError: it is not as the specification has it.
    """
    given = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    tests = given.get("tests", [])
    for part, keys in ((given, RESULT_KEYS), *((test, TEST_KEYS) for test in tests)):
        if unknown := part.keys() - keys:
            raise ValueError(f"unknown: {sorted(unknown)}")
        for key, value in part.items():
            if key.endswith("format") and value not in FORMATS:
                raise ValueError(f"{key}: {value}")
            if key.endswith("visibility") and value not in VISIBLE:
                raise ValueError(f"{key}: {value}")
            if key in ("output", "name", "number") and not isinstance(value, str):
                raise ValueError(f"{key}: {value}")
        if part.get("status", "passed") not in ("passed", "failed"):
            raise ValueError(f"status: {part['status']}")
    if "score" not in given and not (tests and all("score" in test for test in tests)):
        raise ValueError("neither a score nor one in each test")
    score = given.get("score", sum(test.get("score", 0) for test in tests))
    return float(score), {
        test["name"]: (float(test["score"]), float(test["max_score"])) for test in tests
    }


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
