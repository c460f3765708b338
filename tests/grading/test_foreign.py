"""Ordinary nbgrader assignments get nbgrader's marks, or are refused in one sentence.

`make test-all` compares `course grade` with plain nbgrader, mark by mark. By day the
tests run as the process that judges runs them, with the student's names behind a
socket, and one class goes through `course grade`.
"""

import contextlib
import socket
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from typer.testing import CliRunner

from grading import cli
from grading.course import Course
from grading.runtime import protocol, values
from grading.runtime.job import Cell, Job, Ordinary, Verdict
from grading.submission import assemble
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from grading.submission.ordinary_tests import NotGradableError
from grading.trusted.channel import Channel
from grading.trusted.ordinary import _mark, judge_in_order
from samples.course import ASSIGNMENTS, ROOT
from samples.foreign_assignments import FOREIGN, INPUT, SQUARES, Foreign
from samples.nbgrader_course import NbgraderCourse
from tests import plain_nbgrader
from tests.grading.ordinary import run, served, small

WORKS = [
    (name, work)
    for name, assignment in FOREIGN.items()
    for work in ("", *assignment.works)
]


def course_with(root: Path, *assignments: Foreign) -> NbgraderCourse:
    """Return a course folder with these assignments, and all their works handed in."""
    course = NbgraderCourse(root)
    for assignment in assignments:
        folder = root / "solutions" / assignment.name
        folder.mkdir()
        nbformat.write(assignment.notebook(), folder / f"{assignment.name}.ipynb")
        for number, work in enumerate(("", *assignment.works)):
            course.submit(
                assignment.name, f"student-{number}", assignment.notebook(work)
            )
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("foreign") / "course"
    return Course.load(course_with(root, *FOREIGN.values(), INPUT).root)


def job_of(course: Course, name: str, work: str) -> Job:
    assignment = Assignment.load(course, name)
    own = FOREIGN[name].solutions(work) if work else {}
    solutions = {**assignment.solutions, **own}
    return assemble.job(assignment, Submission("ana", name, solutions=solutions), "")


def marks_in_one_process(job: Job) -> dict[str, float]:
    """Return the marks where all cells run in one process, as in plain nbgrader."""
    names: dict[str, Any] = {"__name__": "__main__"}
    full = {cell.grade_id: cell.source for cell in job.full_tests}
    marks = {}
    for cell in job.cells:
        mark = 0.0
        with contextlib.suppress(Exception):
            value = run(full.get(cell.grade_id, cell.source), names)
            mark = _mark(value, cell.points)
        if cell.role == "test":
            marks[cell.grade_id] = mark
    return marks


def judged(job: Job) -> Verdict:
    """Return the verdict on a job whose student's cells ran in this process."""
    names: dict[str, Any] = {"__name__": "__main__"}
    kept = {}
    for cell in job.cells:
        if cell.role == "test":
            kept[cell.grade_id] = values.as_now(names)
            continue
        with contextlib.suppress(Exception):
            run(cell.source, names)
    assert job.ordinary is not None
    setup = [job.ordinary.definitions]
    with served(names, kept) as channel:
        *_, verdict = judge_in_order(
            setup, job.judged, job.full_tests, job.ordinary, channel
        )
    return verdict


@pytest.mark.parametrize(("name", "work"), WORKS, ids=lambda value: value or "right")
def test_ordinary_tests_give_the_marks_that_they_give_in_one_process(
    course: Course, name: str, work: str
) -> None:
    job = job_of(course, name, work)

    verdict = judged(job)

    assert verdict.marks == marks_in_one_process(job)
    assert set(verdict.messages) == {
        test for test, mark in verdict.marks.items() if mark == 0
    }
    if not work:
        assert verdict.marks == Assignment.load(course, name).points


def test_the_course_s_own_assignments_have_no_ordinary_tests() -> None:
    own = Course.load(ROOT)
    assert [
        name for name in ASSIGNMENTS if Assignment.load(own, name).ordinary is not None
    ] == []


LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __mul__ = __sub__
    def __abs__(self): return 0.0
    def __hash__(self): return hash(9)
def square(x):
    return Liar()
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert square(3) == 9",
        "assert not square(3) != 9",
        "assert abs(square(3) - 9) < 1e-9",
        "assert square(3) - 9 == 0",
        "assert 9 - square(3) == 0",
        "assert square(3) <= 9 <= square(3)",
        "assert square(3) in [9]",
        "assert square(3) in {9}",
        "assert [square(3)] == [9]",
        "assert {'a': square(3)} == {'a': 9}",
        "import numpy as np\nassert np.allclose(square(3), 9)",
        "import math\nassert math.isclose(square(3), 9)",
    ],
)
def test_an_object_that_claims_to_be_equal_to_all_earns_nothing(test: str) -> None:
    assert small(test, LIAR).marks == {"test": 0.0}
    assert small(test, "def square(x):\n    return x * x").marks == {"test": 1.0}


def test_no_library_is_given_an_address_in_memory_by_an_object() -> None:
    tells = """
    class Tells:
        __array_interface__ = {"shape": (1,), "typestr": "<f8", "data": (8, False)}
    """
    test = "assert not hasattr(Tells(), '__array_interface__')"
    assert small(test, textwrap.dedent(tells)).marks == {"test": 1.0}


def test_a_student_s_own_all_or_abs_is_not_what_a_test_calls() -> None:
    cheat = "def square(x):\n    return 0\ndef all(_):\n    return True\nabs = all"
    test = "assert all([abs(square(3)) == 9])"
    assert small(test, cheat).marks == {"test": 0.0}


def test_words_of_the_student_s_tell_nothing_once_a_hidden_test_has_asked(
    course: Course,
) -> None:
    carries = (
        "seen = []\ndef square(x):\n"
        "    seen.append(x)\n    print(seen)\n    return x * x"
    )
    root = "def root(x):\n    raise ValueError(f'{seen}')"
    assignment = Assignment.load(course, "squares")
    own = {**assignment.solutions, "square": carries, "root": root}
    verdict = judged(
        assemble.job(assignment, Submission("ana", "squares", solutions=own), "")
    )
    assert verdict.marks["square_more"] == 1.0  # its hidden test asked for 11
    assert "11" not in str(verdict.messages) + str(verdict.printed)


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("assert f(1) == 1\n### AUTOTEST f(2)", "AUTOTEST"),
        ("%%capture out\nf(1)", "no plain Python"),
        ("import doctest\nassert doctest.testmod().failed == 0", "doctest"),
        ("assert 'helper' not in globals()", "globals"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_one_sentence(
    tmp_path: Path, tests: str, why: str
) -> None:
    foreign = Foreign("odd", [("f", "def f(x):\n    return x"), ("f_test", 1, tests)])
    root = tmp_path / "course"
    assignment = Assignment.load(Course.load(course_with(root, foreign).root), "odd")
    with pytest.raises(NotGradableError, match=f"f_test.*{why}"):
        assignment.require_gradable()


def test_several_notebooks_or_another_language_are_refused(tmp_path: Path) -> None:
    course = Course.load(course_with(tmp_path / "course", SQUARES).root)
    path = course.source("squares")
    nbformat.write(SQUARES.notebook(), path.with_name("more.ipynb"))
    with pytest.raises(NotGradableError, match="has 2 notebooks"):
        Assignment.load(course, "squares").require_gradable()
    path.with_name("more.ipynb").unlink()
    notebook = SQUARES.notebook()
    notebook.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    nbformat.write(notebook, path)
    with pytest.raises(NotGradableError, match="written in R"):
        Assignment.load(course, "squares")


def grade(course: NbgraderCourse, *names: str) -> Any:
    return CliRunner().invoke(cli.app, ["grade", *names, "--root", str(course.root)])


@pytest.mark.usefixtures("needs_sandbox")
def test_course_grade_marks_a_foreign_class_and_refuses_what_it_cannot(
    tmp_path: Path,
) -> None:
    course = course_with(tmp_path / "course", SQUARES, INPUT)
    done = grade(course, "squares")
    assert done.exit_code == 0, (done.output, done.exception)
    folder = Course.load(course.root)
    assert course.marks("squares") == {
        f"student-{number}": marks_in_one_process(job_of(folder, "squares", work))
        for number, work in enumerate(("", *SQUARES.works))
    }

    refused = grade(course, "dialogue")
    assert isinstance(refused.exception, NotGradableError)
    assert "its own solution does not earn all points" in str(refused.exception)
    assert "ask_test" in str(refused.exception)
    with folder.gradebook() as gradebook:
        assert "dialogue" not in [
            assignment.name for assignment in gradebook.assignments
        ]


@pytest.mark.long
@pytest.mark.usefixtures("needs_sandbox")
@pytest.mark.parametrize("name", FOREIGN)
def test_plain_nbgrader_and_course_grade_agree(tmp_path: Path, name: str) -> None:
    ours = course_with(tmp_path / "ours", FOREIGN[name])
    plain = course_with(tmp_path / "plain", FOREIGN[name])
    done = grade(ours, name)
    assert done.exit_code == 0, (done.output, done.exception)
    plain_nbgrader.generate(plain, name)
    marks = plain_nbgrader.autograde(plain, name)
    print(f"{name:12} {'nbgrader':>9} {'course':>7}")
    for student, cells in sorted(marks.items()):
        sums = sum(cells.values()), sum(ours.marks(name)[student].values())
        print(f"  {student:10} {sums[0]:9g} {sums[1]:7g}")
    assert ours.marks(name) == marks


def test_a_value_arrives_in_ordinary_tests_with_its_type() -> None:
    test = """
    import datetime, decimal, fractions, collections
    import numpy as np
    for value in (1, 2 ** 200, -0.5, "é", None, ..., b"a", 2j, range(3), (1, [2]),
                  {1}, frozenset("a"), {"a": {2: None}}, datetime.date(2026, 1, 2),
                  datetime.timedelta(1), decimal.Decimal("1.50"),
                  collections.deque([1]), collections.Counter("aab"),
                  fractions.Fraction(1, 3), np.arange(3), np.float32(2),
                  np.array(["a", "b"]), np.zeros((0, 2))):
        found = same(value)
        assert type(found) is type(value), value
        assert np.all(found == value), value
        assert getattr(found, "dtype", None) == getattr(value, "dtype", None)
    """
    verdict = small(test, "def same(x):\n    return x")
    assert verdict.messages == {}
    assert verdict.marks == {"test": 1.0}


def test_an_answer_that_is_no_value_loses_the_point_alone() -> None:
    def liar(end: socket.socket) -> None:
        with contextlib.suppress(protocol.ProtocolError):
            while True:
                asked, _ = protocol.receive(end)
                protocol.send(end, {"number": asked["number"], "value": {"kind": 3}})

    test = Cell("test", "test", "code", "assert f(1) == 1", "test", 1.0)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=liar, args=(theirs,))
    thread.start()
    channel = Channel(ours, time.monotonic() + 60)
    *_, verdict = judge_in_order([""], [test], [test], Ordinary(), channel)
    ours.close()
    thread.join()
    theirs.close()
    assert verdict.marks == {"test": 0.0}
    assert "no known kind" in verdict.messages["test"]
