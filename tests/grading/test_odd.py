"""Odd submissions get the marks that their work deserves, from intake to verdict.

`make test` marks one of each kind of repair; `make test-all` marks all. What intake
makes of each is in submission/test_intake.py.
"""

import pytest

from grading.runtime.executor import Executor
from samples.odd_marks import Marker
from samples.odd_submissions import ODD, Odd

SHORT = {
    "nbformat 3",
    "split: own function in a cell below",
    "one answer no Python",
    "truncated",
}


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory, executor: Executor) -> Marker:
    """Return what marks; skipped where the machine cannot make a sandbox."""
    return Marker(tmp_path_factory.mktemp("course"), executor)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(
            odd, id=odd.name, marks=() if odd.name in SHORT else pytest.mark.long
        )
        for odd in ODD
    ],
)
def test_an_odd_submission_gets_its_marks(marker: Marker, odd: Odd) -> None:
    row = marker.mark(odd)

    assert row.problems == [], row.result.messages


def test_the_short_selection_exists() -> None:
    assert {odd.name for odd in ODD} >= SHORT
