"""When a submission was handed in.

``submitted/STUDENT/NAME.timestamp.txt``, beside the student's folder, decides: what a
student hands in cannot come there. Without it, ``timestamp.txt`` in the folder does,
where nbgrader writes it. Either holds one line such as ``2026-12-01 18:05:00 UTC``.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from grading.submission.files import content, is_there
from grading.submission.read_notebook import UnreadableError

MAX_BYTES = 200
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r" ?(Z|[A-Z]{2,5}|[+-]\d\d:?\d\d)?"
)
# A time outside is named. No clock is asked: a result must not depend on it.
EARLIEST, LATEST = datetime(2020, 1, 1), datetime(2100, 1, 1)


def handed_in(folder: Path) -> tuple[str | None, list[str]]:
    """Return the time in UTC, None if it is not known, and sentences on odd times.

    Args:
        folder: what the student handed in for an assignment.

    Raises:
        OSError: the folder cannot be read.
    """
    inside = folder / "timestamp.txt"
    beside = folder.with_name(f"{folder.name}.timestamp.txt")
    there = [path for path in (beside, inside) if is_there(path)]
    if not there:
        return None, []
    path = there[0]
    time = _time(path)
    if time is None:
        return None, [
            f"{path.name} holds no date and time such as 2026-12-01 18:05:00 UTC; "
            "it was left out."
        ]
    notes = _notes(path.name, time)
    if len(there) > 1 and _time(inside) != time:
        notes.append(f"{path.name} decides; {inside.name} says something else.")
    return f"{time.isoformat(' ')} UTC", notes


def _time(path: Path) -> datetime | None:
    """Return the time in UTC, without a zone, that stands in a file; None if none."""
    try:
        match = TIME.fullmatch(content(path, MAX_BYTES).decode("ascii").strip())
        if match is None:
            return None
        time, zone = match.groups(default="UTC")
        if zone[0] in "+-":
            zoned = datetime.fromisoformat(f"{time}{zone}")
        else:
            known = UTC if zone in ("Z", "UTC", "GMT") else ZoneInfo(zone)
            zoned = datetime.fromisoformat(time).replace(tzinfo=known)
        return zoned.astimezone(UTC).replace(tzinfo=None)
    except (UnreadableError, OSError, ValueError, OverflowError, KeyError):
        return None


def _notes(name: str, time: datetime) -> list[str]:
    if EARLIEST <= time < LATEST:
        return []
    return [f"{name} says {time}, which cannot be."]
