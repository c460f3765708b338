"""Known submissions get their marks from the notebook's own test cells."""

import re
from functools import cache

import keras
import pytest

from tests.grading_support import (
    ASSIGNMENTS,
    HIDDEN,
    expected_marks,
    graded_cells,
    grader,
    marks_in_process,
    source,
    submissions,
)

every_submission = pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param(name, number, id=f"{name}: {submission.name}")
        for name in ASSIGNMENTS
        for number, submission in enumerate(submissions(name))
    ],
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
