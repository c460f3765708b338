"""What honest students put beside a right solution costs no point, and is not noted.

`make test` has all that can stand in a place there at once; `make test-all` each alone.
"""

import pytest

from grading.runtime.executor import Executor
from samples.honest_idioms import PLACES, beside, idioms, known
from samples.odd_marks import Marker


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory, executor: Executor) -> Marker:
    """Return what marks; skipped where the machine cannot make a sandbox."""
    return Marker(tmp_path_factory.mktemp("course"), executor)


@pytest.mark.parametrize("place", PLACES)
def test_idioms_of_honest_students_cost_nothing(marker: Marker, place: str) -> None:
    together = "\n".join(idioms(place).values())

    row = marker.mark(beside(together, place))

    assert row.problems == [], row.result.messages


@pytest.mark.long
@pytest.mark.parametrize(("place", "name"), known())
def test_each_idiom_alone_costs_nothing(marker: Marker, place: str, name: str) -> None:
    row = marker.mark(beside(idioms(place)[name], place))

    assert row.problems == [], row.result.messages
