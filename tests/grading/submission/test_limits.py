"""Limits come from the course's settings, for all assignments or for one."""

import pytest
from traitlets.config import Config

from grading.course import Course
from grading.runtime.job import Limits
from grading.submission.limits import SettingError, limits
from samples.course import ROOT


def course_with(**settings: object) -> Course:
    config = Config()
    config.SubmissionLimits.update(settings)
    return Course(ROOT, config)


def test_without_settings_the_defaults_hold() -> None:
    assert limits(Course(ROOT, Config()), "vanilla") == Limits()


def test_processor_time_goes_with_the_time_on_the_clock() -> None:
    assert limits(course_with(wall_s=300), "vanilla") == Limits(300, 300)
    assert limits(course_with(wall_s=300, cpu_s=60), "vanilla") == Limits(300, 60)


def test_one_assignment_can_have_limits_of_its_own() -> None:
    course = course_with(wall_s=300, by_assignment={"vae": {"memory_mb": 8192}})
    assert limits(course, "vae") == Limits(300, 300, memory_mb=8192)
    assert limits(course, "vanilla") == Limits(300, 300)


@pytest.mark.parametrize(
    "settings",
    [{"wall": 3}, {"wall_s": 0}, {"wall_s": "3"}, {"by_assignment": {"a": {"b": 1}}}],
)
def test_a_setting_that_cannot_be_is_a_sentence(settings: dict) -> None:
    with pytest.raises(SettingError, match="SubmissionLimits"):
        limits(course_with(**settings), "a")
