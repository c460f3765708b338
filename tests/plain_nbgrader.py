"""Plain nbgrader in this process, whose kernels are forked: half of the time.

Its commands, as a user types them, are tried in tests/grading/test_clone.py.
"""

from copy import deepcopy

from nbgrader.converters import Autograde, BaseConverter, GenerateAssignment

from grading.course import Course
from grading.gradebook.converters import convert
from samples.nbgrader_course import NbgraderCourse
from tests.forked_kernel import forked_kernels

Marks = dict[str, dict[str, float]]
"""Points by student and grade id."""


def generate(course: NbgraderCourse, name: str) -> None:
    """Generate the student version and enter the assignment in the gradebook."""
    _convert(GenerateAssignment, course, name)


def autograde(course: NbgraderCourse, name: str) -> Marks:
    """Grade everything handed in; return the gradebook's marks."""
    with forked_kernels():
        _convert(Autograde, course, name)
    return course.marks(name)


def _convert(converter: type[BaseConverter], course: NbgraderCourse, name: str) -> None:
    folder = Course.load(course.root)
    config = deepcopy(folder.config)
    config.CourseDirectory.assignment_id = name
    with folder.gradebook():  # makes it, if need be
        convert(converter, config)
