"""What a submission may use: the defaults, or what ``nbgrader_config.py`` sets."""

from dataclasses import fields
from typing import Any

from helpers.errors import CourseError

from grading.course import Course
from grading.runtime.job import Limits

SECTION = "SubmissionLimits"
NAMES = {limit.name for limit in fields(Limits)}


class SettingError(CourseError):
    """A setting in ``nbgrader_config.py`` cannot be used."""


def limits(course: Course, assignment: str) -> Limits:
    """Return the limits of an assignment's submissions.

    ``c.SubmissionLimits.wall_s = 300`` is for all assignments,
    ``c.SubmissionLimits.by_assignment = {"NAME": {"wall_s": 600}}`` for one. Processor
    time goes with the time on the clock where only that is set.

    Raises:
        SettingError: a limit of no known name, or one that is no positive number.
    """
    section = dict(course.config.get(SECTION, {}))
    of_assignment = dict(section.pop("by_assignment", {})).get(assignment, {})
    given: dict[str, Any] = {**section, **of_assignment}
    for name, value in given.items():
        if name not in NAMES:
            raise SettingError(
                f"c.{SECTION} has no {name}; it has {', '.join(sorted(NAMES))}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise SettingError(f"c.{SECTION}: {name} is {value!r}, no positive number.")
    if "wall_s" in given:
        given.setdefault("cpu_s", given["wall_s"])
    return Limits(**given)
