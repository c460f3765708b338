"""A class of synthetic students in a course folder of its own, to try the grader on."""

import importlib
import shutil
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from helpers.errors import CourseError

from grading.course import Course

CLONE = Path(__file__).resolve().parent.parent
KNOWN = CLONE / "samples" / "submissions"


class DemoError(CourseError):
    """The class cannot be made; the message says what to do."""


def make(to: Path | None, names: list[str], students: int) -> tuple[Course, dict]:
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
    if not KNOWN.is_dir():
        raise DemoError(
            "The demo's students come from the project's tests, which are not "
            "installed: clone the project and run `make demo` there."
        )
    for name in names:
        if not (KNOWN / f"{name}.py").is_file():
            raise DemoError(f"No submissions of an assignment {name!r} are known.")
    root = Path(to or tempfile.mkdtemp(prefix="course-demo-")).resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DemoError(f"{root} is not empty: name a new folder.")
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(CLONE / "nbgrader_config.py", root)
    what: dict[str, dict[str, str]] = {}
    for name in names:
        shutil.copytree(CLONE / "solutions" / name, root / "solutions" / name)
        what[name] = {}
        for number, work in enumerate(_works(name, students), start=1):
            student = f"student_{number:02}"
            what[name][student] = work.what
            folder = root / "submitted" / student / name
            folder.mkdir(parents=True)
            for file, content in work.files.items():
                (folder / file).write_bytes(content)
    return Course.load(root), what


def _works(name: str, students: int) -> islice:
    """Yield what each student hands in; in a large class, kinds come again."""
    if str(CLONE) not in sys.path:
        sys.path.insert(0, str(CLONE))
    demo_class = importlib.import_module("samples.demo_class")
    return islice(cycle(demo_class.works(name)), students)
