"""Plain nbgrader and `course grade` give the same marks, cell by cell.

Each assignment's known submissions are the students of one class, handed in twice: one
course folder for `course grade`, and one for plain nbgrader, which takes longer and
marks all right ones, and so many wrong ones that every test cell is lost. The marks are
compared in the two gradebooks, and with what the submissions are known to deserve.
`make test-all` does so for every assignment. `make test` lets `course grade` alone mark
two works; that plain nbgrader marks a sample as expected is in test_assignments.py.

The tables: ``python -m pytest -m long -n 0 -rP tests/grading/test_agreement.py``
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from samples.course import ASSIGNMENTS
from samples.marking import expected_marks, marks_in_process, points
from samples.nbgrader_course import NbgraderCourse
from samples.notebooks import source, with_cells
from samples.submissions import submissions, telling
from samples.submissions.submission import KnownSubmission
from tests import plain_nbgrader
from tests.plain_nbgrader import Marks

Works = Mapping[str, KnownSubmission]
"""What students hand in, by their names."""
REFERENCE = {"reference": KnownSubmission("the reference", {})}

pytestmark = pytest.mark.usefixtures("needs_sandbox")


def known(name: str, numbers: Iterable[int]) -> Works:
    """Return known submissions, each as a student's."""
    return {f"known-{number:02}": submissions(name)[number] for number in numbers}


def handed_in(root: Path, name: str, works: Works) -> NbgraderCourse:
    """Return a course folder in which these works are handed in."""
    root.mkdir()
    course = NbgraderCourse(root)
    for student, work in works.items():
        course.submit(name, student, with_cells(source(name), work.cells))
    return course


def by_course(root: Path, name: str, works: Works) -> Marks:
    """Return the marks that `course grade` writes into the gradebook."""
    course = handed_in(root, name, works)
    grade(course, name)
    return course.marks(name)


def grade(course: NbgraderCourse, name: str) -> None:
    """Let `course grade` mark what was handed in."""
    done = CliRunner().invoke(cli.app, ["grade", name, "--root", str(course.root)])
    assert done.exit_code == 0, (done.output, done.exception)


def by_nbgrader(root: Path, name: str, works: Works) -> Marks:
    """Return the marks that plain nbgrader writes into the gradebook."""
    course = handed_in(root, name, works)
    plain_nbgrader.generate(course, name)
    return plain_nbgrader.autograde(course, name)


def differing(first: Marks, second: Marks) -> list[tuple]:
    """Return student, cell and both marks, for all cells with different ones."""
    places = {
        (student, cell)
        for marks in (first, second)
        for student, cells in marks.items()
        for cell in cells
    }
    pairs = [
        (
            student,
            cell,
            first.get(student, {}).get(cell),
            second.get(student, {}).get(cell),
        )
        for student, cell in sorted(places)
    ]
    return [pair for pair in pairs if pair[2] != pair[3]]


def two(name: str) -> list[int]:
    """Return a right and a wrong work that plain nbgrader does not mark by day."""
    rest = [(n, work) for n, work in enumerate(submissions(name)) if not work.graded]
    return [
        next(number for number, work in rest if bool(work.loses) == wrong)
        for wrong in (0, 1)
    ]


@pytest.mark.parametrize(
    "name", ["quiz", pytest.param("vanilla", marks=pytest.mark.long)]
)
def test_course_grade_gives_the_marks_of_the_notebook_s_own_tests(
    tmp_path: Path, name: str
) -> None:
    works = known(name, two(name))
    course = by_course(tmp_path / "course", name, works)

    in_process = {
        student: marks_in_process(name, work.cells)[0]
        for student, work in works.items()
    }
    assert differing(course, in_process) == []


def test_a_late_submission_loses_what_nbgrader_s_plugin_takes(tmp_path: Path) -> None:
    course = handed_in(tmp_path / "course", "quiz", REFERENCE)
    handed = course.root / "submitted" / "reference" / "quiz"
    (handed / "timestamp.txt").write_text("2026-12-01 18:05:00 UTC")
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    folder = Course.load(course.root)

    def penalty(due: str) -> float:
        with folder.gradebook() as gradebook:
            gradebook.update_or_create_assignment("quiz", duedate=due)
        grade(course, "quiz")
        with folder.gradebook() as gradebook:
            submission = gradebook.find_submission("quiz", "reference")
            return submission.late_submission_penalty or 0.0

    assert penalty("2026-12-01 18:00 UTC") == sum(points("quiz").values())
    # The guide's way after a due date that moved: the mark is written again.
    shutil.rmtree(course.root / "autograded" / "reference")
    assert penalty("2026-12-02 18:00 UTC") == 0


@pytest.mark.long
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_plain_nbgrader_and_course_grade_agree_cell_by_cell(
    tmp_path: Path, name: str
) -> None:
    works = {**REFERENCE, **known(name, range(len(submissions(name))))}
    sample = {**REFERENCE, **known(name, telling(name))}
    course = by_course(tmp_path / "course", name, works)
    plain = by_nbgrader(tmp_path / "plain", name, sample)
    deserved = {
        student: expected_marks(name, work)
        | {cell: course[student][cell] for cell in work.may_lose}
        for student, work in works.items()
    }

    different = differing(plain, {student: course[student] for student in sample})
    print(f"{'known submission':60} {'course':>9} {'nbgrader':>9}")
    for student, work in works.items():
        sums = [
            sum(marks[student].values())
            for marks in (course, plain)
            if student in marks
        ]
        print(f"{work.name[:60]:60}", *(f"{total:>9g}" for total in sums))
    print(
        f"{name}: {len(works)} submissions, {len(sample)} of them by plain nbgrader, "
        f"{sum(map(len, plain.values()))} cells compared, {len(different)} differ"
    )
    assert different == []
    assert differing(course, deserved) == []
