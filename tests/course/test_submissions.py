"""Known submissions get their marks from the notebook's own test cells.

The right ones are marked, each in one of TURNS test cells, in the others the next ones,
so that every cell is passed by several. Of the wrong ones so many are marked, in the
cells that they lose, that every test cell is lost at least once. At night these are
marked in all cells by plain nbgrader, and all known submissions by `course grade`:
test_agreement.py.
"""

import re
from functools import cache

from helpers.checks import property_check

import keras
import pytest

from grading.untrusted.model_cache import ReusedStudent, run_operations_directly
from samples.course import ASSIGNMENTS
from samples.hidden_tests import drawn_sizes
from samples.marking import expected_marks, marks_in_process, points
from samples.submissions import submissions, telling

pytestmark = pytest.mark.slow
TURNS = 3


def cases(*, wrong_only=False):
    """Parametrize a test by the right submissions and the wrong ones that lose all."""
    known = [
        pytest.param(name, number, id=f"{name}: {submissions(name)[number].name}")
        for name in ASSIGNMENTS
        for number in telling(name)
        if submissions(name)[number].loses or not wrong_only
    ]
    return pytest.mark.parametrize(("name", "number"), known)


def marked_by_day(name, number):
    """Return the test cells in which a submission is marked by day."""
    loses = submissions(name)[number].loses
    by_turn = {
        test for cell, test in enumerate(points(name)) if cell % TURNS == number % TURNS
    }
    return loses or by_turn


@pytest.fixture(scope="module")
def marked():
    """Return a function that marks a submission.

    TensorFlow's operations run directly, and models are built once, as in the grader,
    which saves a third of the time. In test_agreement.py plain nbgrader marks all
    without that.
    """

    @cache
    def marked(name, number):
        keras.backend.clear_session()
        built = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                property_check,
                "as_student",
                lambda builder, parts: ReusedStudent(builder, parts, built),
            )
            submission = submissions(name)[number]
            return marks_in_process(name, submission.cells, marked_by_day(name, number))

    run_operations_directly()
    return marked


@cases()
def test_a_known_submission_gets_its_marks(marked, name, number):
    marks, messages = marked(name, number)
    submission = submissions(name)[number]
    expected = expected_marks(name, submission)
    assert marks == {test: expected[test] for test in marked_by_day(name, number)}, (
        messages
    )


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_test_cell_is_passed_by_a_right_submission(name):
    right = [n for n, known in enumerate(submissions(name)) if not known.loses]
    assert set().union(*(marked_by_day(name, n) for n in right)) == set(points(name))


@cases(wrong_only=True)
def test_a_message_of_a_hidden_test_tells_none_of_its_sizes(marked, name, number):
    sizes = {} if name == "quiz" else drawn_sizes(name)
    _, messages = marked(name, number)
    for cell, message in messages.items():
        if "other sizes" in message:
            hidden = set(re.findall(r"\d\d+", str(sizes[cell])))
            assert not hidden & set(re.findall(r"\d+", message))
