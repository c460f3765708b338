"""A class of synthetic students in a course folder of its own, to try the grader on."""

import shutil
import tempfile
from itertools import cycle, islice
from pathlib import Path

from helpers.errors import CourseError

from grading.course import Course

CLONE = Path(__file__).resolve().parent.parent
SOLUTIONS = CLONE / "solutions"


class DemoError(CourseError):
    """The class cannot be made; the message says what to do."""


def make(
    to: Path | None, names: list[str], students: int
) -> tuple[Course, dict[str, dict[str, str]]]:
    """Make a course folder in which a class has handed in its work.

    The work is made of the submissions that the project's tests know.

    Args:
        to: a folder that is empty or does not exist; a new temporary one, if None.
        names: the assignments.
        students: how many; they are called ``student_01``, ``student_02``, …

    Returns:
        The course folder; and what each student handed in for each assignment, in a
        few words: ``{"quiz": {"student_01": "nothing written", …}, …}``.

    Raises:
        DemoError: this is no clone of the project, there is no such assignment, or the
            folder is not empty.
    """
    if not SOLUTIONS.is_dir():
        raise DemoError(
            "The demo grades the course's own assignments, which are not installed: "
            "clone the project and run `make demo` there."
        )
    for name in names:
        if not (SOLUTIONS / name / f"{name}.ipynb").is_file():
            raise DemoError(f"No submissions of an assignment {name!r} are known.")
    root = Path(to or tempfile.mkdtemp(prefix="course-demo-")).resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DemoError(f"{root} is not empty: name a new folder.")
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(CLONE / "nbgrader_config.py", root)
    works = {name: _hand_in(root, name, students) for name in names}
    return Course.load(root), works


def _hand_in(root: Path, name: str, students: int) -> dict[str, str]:
    """Hand in an assignment for each student; return what, in a few words."""
    # The only command that needs the samples: attacks, odd files and known answers.
    from samples import demo_class, odd_submissions

    shutil.copytree(SOLUTIONS / name, root / "solutions" / name)
    handed_in = {}
    # In a large class, the same kinds of work come again.
    works = islice(cycle(demo_class.works(name)), students)
    for number, work in enumerate(works, start=1):
        student = f"student_{number:02}"
        handed_in[student] = work.what
        odd_submissions.hand_in(root / "submitted" / student / name, work.files)
    return handed_in
