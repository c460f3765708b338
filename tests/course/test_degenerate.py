"""What computes nothing earns nothing: a sample by day, the whole table at night."""

import keras
import pytest

from grading.untrusted.model_cache import run_operations_directly
from samples import degenerate
from samples.course import ASSIGNMENTS

pytestmark = pytest.mark.slow

BEHAVIOURS = {behaviour.name: behaviour for behaviour in degenerate.BEHAVIOURS}
NAMES = [name for name in ASSIGNMENTS if name != "quiz"]
SAMPLE = {
    "vanilla": (
        "right for up to three inputs",
        "SGD named Adam, rate NaN",
        "right for calls without a graph",
        "the right loss, the gradient of another",
    ),
    "upsampling": ("the constant 1",),
    "convolutional": ("right for inputs between 0 and 1", "right for large biases"),
    "cross_domain_denoising": ("nearly 1/2", "random numbers"),
    "stacked_classifier": ("right for a model that is untrained",),
    "super_resolution": ("a last activation of one", "right for large kernels"),
}
"""Behaviours that earned points before checks asked what an answer depends on."""


@pytest.fixture(scope="module", autouse=True)
def _direct():
    run_operations_directly()
    yield
    keras.backend.clear_session()


def _earns_nothing(name, behaviour):
    assert not degenerate.gained(name, behaviour)
    assert not degenerate.kept(name, behaviour)


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [(name, behaviour) for name, chosen in SAMPLE.items() for behaviour in chosen],
)
def test_a_behaviour_that_earned_points_earns_none(name, behaviour):
    _earns_nothing(name, BEHAVIOURS[behaviour])


@pytest.mark.long
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("name", NAMES)
def test_no_behaviour_earns_points(name, behaviour):
    _earns_nothing(name, BEHAVIOURS[behaviour])


def test_there_are_at_least_fifty_behaviours():
    assert len(BEHAVIOURS) == len(degenerate.BEHAVIOURS) >= 50
