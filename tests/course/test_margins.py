"""Right work passes its checks, whatever the grader draws, and wrong work does not.

`make test` tries seeds with which right work once lost points; `make test-all` so many
others that a check which refuses right work once in a hundred runs is likely to show.
"""

from helpers.checks import property_check, randomness
from helpers.checks.oracles.dense import DRAWS, DenseSizes
from helpers.checks.oracles.probes import beyond, inputs

import keras
import pytest

from grading.untrusted.model_cache import ReusedStudent, run_operations_directly
from samples.course import ASSIGNMENTS
from samples.marking import marks_in_process
from samples.submissions import submissions

pytestmark = pytest.mark.slow

NAMES = [name for name in ASSIGNMENTS if name != "quiz"]
SEEDS = range(1_000, 1_010)
UNLUCKY = [
    (
        "convolutional",
        "tensorflow.keras imports",
        "shared_weights",
        11159344324917671700,
    ),
    ("convolutional", "functional", "encoder_layers", 1066892073787022308),
    ("convolutional", "functional", "decoder_layers", 11676216850335500168),
    ("convolutional", "functional", "output_is_sigmoid", 8081601689733200840),
    ("custom_denoiser", "a training step with a tape", "clipped", 5),
    ("custom_denoiser", "noise in call while training", "network", 1002),
    ("stacked_classifier", "functional", "adam_moves_all", 4042899298210215226),
    (
        "stacked_classifier",
        "subclassed, a schedule that starts at 0",
        "classifier_loss",
        13795768533531023718,
    ),
]
"""Assignment, right work, a test cell that it lost, and the seed."""
LUCKY = [
    (
        "custom_denoiser",
        "noise that has a mean of its own",
        "noise_level",
        637540496365295000,
    ),
]
"""Assignment, wrong work, a test cell whose points it got, and the seed."""


@pytest.fixture
def lost(monkeypatch):
    """Return a function that marks work, with a seed: what it loses, and why."""
    run_operations_directly()
    seed_before = randomness.current_seed()

    def lost(name, cells, seed, tests=None):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed % 2**32)
        randomness.use_seed(seed)
        built = {}
        monkeypatch.setattr(
            property_check,
            "as_student",
            lambda builder, parts: ReusedStudent(builder, parts, built),
        )
        return marks_in_process(name, cells, tests)[1]

    yield lost
    randomness.use_seed(seed_before)


@pytest.mark.parametrize(("name", "work", "test", "seed"), UNLUCKY)
def test_right_work_passes_with_seeds_that_were_unlucky(lost, name, work, test, seed):
    (cells,) = [known.cells for known in submissions(name) if known.name == work]

    assert lost(name, cells, seed, {test}) == {}


@pytest.mark.parametrize(("name", "work", "test", "seed"), LUCKY)
def test_wrong_work_loses_with_seeds_that_were_lucky(lost, name, work, test, seed):
    (cells,) = [known.cells for known in submissions(name) if known.name == work]

    assert set(lost(name, cells, seed, {test})) == {test}


@pytest.mark.parametrize("seed", range(200))
def test_no_hidden_layer_is_as_wide_as_a_code(seed):
    # By its shape, a check could not tell its bias from that of the code.
    usual = DenseSizes()
    randomness.use_seed(seed)
    hidden = randomness.drawn({"hidden_layers": ...}, DRAWS)["hidden_layers"]
    randomness.use_seed(0)

    assert not {usual.latent_dims, usual.input_dims} & set(hidden)


@pytest.mark.parametrize("seed", range(200))
def test_layers_are_asked_about_numbers_that_no_image_has(seed):
    randomness.use_seed(seed)
    noise = beyond(inputs(4, 36))[3]
    randomness.use_seed(0)

    assert noise.min() < 0
    assert noise.max() > 1


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_right_work_passes_whatever_is_drawn(lost, name, seed):
    right = [known for known in submissions(name) if not known.loses]
    work = right[seed % len(right)]

    assert lost(name, work.cells, seed) == {}, work.name
