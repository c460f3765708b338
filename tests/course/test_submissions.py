"""Known submissions get their marks from the notebook's own test cells.

The right ones are marked, and of the wrong ones so many that every test cell is lost at
least once: in the cells that they lose. All of them are marked in all cells at night,
by plain nbgrader too: test_agreement.py.
"""

import re
from functools import cache

from helpers.checks import property_check

import keras
import pytest

from grading.untrusted.model_cache import ReusedStudent, run_operations_directly
from samples.course import ASSIGNMENTS
from samples.hidden_tests import drawn_sizes
from samples.marking import expected_marks, marks_in_process
from samples.submissions import submissions


def known(name):
    """Yield a parameter for each right submission, and for wrong ones that lose all.

    The wrong ones that lose most are taken first, so that there are few of them.
    """
    numbered = list(enumerate(submissions(name)))
    left = set().union(*(submission.loses for _, submission in numbered))
    chosen = [pair for pair in numbered if not pair[1].loses]
    while left:
        chosen.append(max(numbered, key=lambda pair: len(pair[1].loses & left)))
        left -= chosen[-1][1].loses
    for number, submission in chosen:
        yield pytest.param(name, number, id=f"{name}: {submission.name}")


pytestmark = pytest.mark.slow
KNOWN = [case for name in ASSIGNMENTS for case in known(name)]
every_submission = pytest.mark.parametrize(("name", "number"), KNOWN)
wrong_submissions = pytest.mark.parametrize(
    ("name", "number"),
    [case for case in KNOWN if submissions(case.values[0])[case.values[1]].loses],
)


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
            return marks_in_process(name, submission.cells, submission.loses or None)

    run_operations_directly()
    return marked


@every_submission
def test_a_known_submission_gets_its_marks(marked, name, number):
    marks, messages = marked(name, number)
    submission = submissions(name)[number]
    expected = expected_marks(name, submission)
    assert marks == {test: expected[test] for test in submission.loses or expected}, (
        messages
    )


@wrong_submissions
def test_a_message_of_a_hidden_test_tells_none_of_its_sizes(marked, name, number):
    sizes = {} if name == "quiz" else drawn_sizes(name)
    _, messages = marked(name, number)
    for cell, message in messages.items():
        if "other sizes" in message:
            hidden = set(re.findall(r"\d\d+", str(sizes[cell])))
            assert not hidden & set(re.findall(r"\d+", message))
