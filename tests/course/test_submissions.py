"""Known submissions get their marks from the notebook's own test cells.

`make test` marks the right ones, and of the wrong ones so many that every test cell is
lost at least once; `make test-all` marks all.
"""

import re
from functools import cache

import keras
import pytest

from grading.untrusted.model_cache import run_operations_directly
from samples.course import ASSIGNMENTS
from samples.marking import expected_marks, marks_in_process
from samples.notebooks import HIDDEN, graded_cells, grader, source
from samples.submissions import submissions


def known(name):
    """Yield a parameter for each submission; long for those that lose nothing new."""
    lost = set()
    for number, submission in enumerate(submissions(name)):
        new = not submission.loses or submission.loses - lost
        lost |= submission.loses
        marks = () if new else pytest.mark.long
        yield pytest.param(name, number, id=f"{name}: {submission.name}", marks=marks)


pytestmark = pytest.mark.slow
every_submission = pytest.mark.parametrize(
    ("name", "number"), [case for name in ASSIGNMENTS for case in known(name)]
)


@pytest.fixture(scope="module")
def marked():
    """Return a function that marks a submission.

    TensorFlow's operations run directly, as in the grader, which saves a quarter of the
    time. In test_agreement.py plain nbgrader marks all submissions without that.
    """

    @cache
    def marked(name, number):
        keras.backend.clear_session()
        return marks_in_process(name, submissions(name)[number].cells)

    run_operations_directly()
    return marked


@every_submission
def test_a_known_submission_gets_its_marks(marked, name, number):
    marks, messages = marked(name, number)
    assert marks == expected_marks(name, submissions(name)[number]), messages


@every_submission
def test_a_message_of_a_hidden_test_tells_none_of_its_sizes(marked, name, number):
    hidden = {
        grader(cell)["grade_id"]: set(
            re.findall(r"\d\d+", "".join(HIDDEN.findall(cell.source)))
        )
        for cell in graded_cells(source(name))
    }
    _, messages = marked(name, number)
    for cell, message in messages.items():
        if "other sizes" in message:
            assert not hidden[cell] & set(re.findall(r"\d+", message))
