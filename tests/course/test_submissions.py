"""Known submissions get their marks from the notebook's own test cells.

`make test` marks the right ones, and of the wrong ones so many that every test cell is
lost at least once; `make test-all` marks all.
"""

import re
from functools import cache

import keras
import pytest

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
        marks = [pytest.mark.xdist_group(f"submissions of {name}")]
        if not new:
            marks.append(pytest.mark.long)
        yield pytest.param(name, number, id=f"{name}: {submission.name}", marks=marks)


pytestmark = pytest.mark.slow
every_submission = pytest.mark.parametrize(
    ("name", "number"), [case for name in ASSIGNMENTS for case in known(name)]
)


@cache
def marked(name, number):
    keras.backend.clear_session()
    return marks_in_process(name, submissions(name)[number].cells)


@every_submission
def test_a_known_submission_gets_its_marks(name, number):
    marks, messages = marked(name, number)
    assert marks == expected_marks(name, submissions(name)[number]), messages


@every_submission
def test_a_message_of_a_hidden_test_tells_none_of_its_sizes(name, number):
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
