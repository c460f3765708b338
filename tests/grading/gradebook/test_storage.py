"""The gradebook is opened with clear errors, and nothing of it stays open."""

from pathlib import Path

import psutil
import pytest

from grading.course import Course
from grading.gradebook import storage
from samples.nbgrader_course import NbgraderCourse


def test_a_damaged_gradebook_is_refused_and_closed(tmp_path: Path) -> None:
    course = Course.load(NbgraderCourse(tmp_path).root)
    gradebook = course.root / "gradebook.db"
    gradebook.write_text("no gradebook " * 1000)
    with (
        pytest.raises(storage.WriteError, match="not a database") as refused,
        storage.opened(course),
    ):
        pass
    assert refused  # its traceback still holds what was being opened
    open_files = {file.path for file in psutil.Process().open_files()}
    assert str(gradebook) not in open_files
