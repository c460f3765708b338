"""Work that is right only where a check may look does not earn the points for it."""

import keras
import pytest

from grading.untrusted.model_cache import run_operations_directly
from samples.cheats import CHEATS
from samples.marking import marks_in_process

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _direct():
    run_operations_directly()
    yield
    keras.backend.clear_session()


@pytest.mark.parametrize(
    ("name", "cheat"), [pytest.param(*c, id=f"{c[0]}: {c[1].name}") for c in CHEATS]
)
def test_what_is_hidden_from_a_check_earns_nothing(name, cheat):
    marks, messages = marks_in_process(name, cheat.cells, cheat.loses)
    assert not any(marks.values())
    assert not any("cannot follow" in message for message in messages.values())
