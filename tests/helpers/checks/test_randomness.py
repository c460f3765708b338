"""What checks draw depends on one seed; hidden tests are other ones in each run."""

import contextlib
import importlib
import inspect

from helpers.checks import randomness
from helpers.checks.oracles.probes import codes, draw, inputs, spread
from helpers.checks.property_check import NotDone
from helpers.checks.student.in_process import LocalStudent

import keras
import numpy as np
import pytest

from samples.course import ASSIGNMENTS
from samples.hidden_tests import drawn_sizes, hidden_tests
from samples.marking import marks_in_process, run_cell
from samples.notebooks import cells_that_count, source, with_cells
from samples.submissions import vanilla

DRAWING = [name for name in ASSIGNMENTS if name != "quiz"]
"""Assignments with a builder, which is called with sizes."""


@pytest.fixture
def use_seed():
    yield randomness.use_seed
    randomness.use_seed(0)


@pytest.mark.parametrize(
    "numbers",
    [
        lambda: inputs(3, 5),
        lambda: codes(3, (4, 4, 1)),
        lambda: draw([np.zeros((4, 3)), np.zeros(3)])[0],
        lambda: draw([np.zeros((4, 3))], by_shape=True)[0],
        lambda: spread(9),
    ],
)
def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(
    use_seed, numbers
):
    first = numbers()
    use_seed(1)
    other = numbers()
    use_seed(0)

    assert np.array_equal(first, numbers())
    assert not np.isclose(first, other).any()


def test_a_training_with_a_measured_bar_draws_the_same_in_every_run(use_seed):
    expected = inputs(3, 5)
    use_seed(1)
    with randomness.fixed():
        assert np.array_equal(inputs(3, 5), expected)
    assert not np.isclose(inputs(3, 5), expected).any()


@pytest.mark.parametrize("name", DRAWING)
def test_an_assignment_has_ten_thousand_hidden_cases_or_more(use_seed, name):
    # With 10,000 cases that are equally likely, 400 runs give 8 that came before.
    runs = 400
    cases = set()
    for seed in range(runs):
        use_seed(seed)
        cases.add(repr(drawn_sizes(name)))
    assert len(cases) > runs - 8


@pytest.mark.parametrize("name", DRAWING)
def test_a_hidden_test_never_draws_a_size_of_its_visible_one(use_seed, name):
    module = importlib.import_module(f"helpers.checks.{name}")
    for seed in range(100):
        use_seed(seed)
        for grade_id, sizes in drawn_sizes(name).items():
            check, _ = hidden_tests(name)[grade_id]
            parameters = inspect.signature(check).parameters
            own = {key: parameter.default for key, parameter in parameters.items()}
            visible = {**vars(module.contract.sizes()), **own}
            same = [key for key, size in sizes.items() if visible.get(key) == size]
            assert same == [], check.property


class Learnt:
    """Builds as it should for what it knows, and without ReLU for all else."""

    def __init__(self, known):
        self.known = known

    def source(self):
        right = vanilla.REFERENCE.replace("def autoencoder", "def right")
        wrong = right.replace("def right", "def wrong").replace("'relu'", "None")
        wrong = wrong.replace('"relu"', "None")
        return (
            f"KNOWN = {self.known!r}\n{right}\n{wrong}\n"
            "def autoencoder(input_dims, hidden_layers, latent_dims):\n"
            "    sizes = (input_dims, tuple(hidden_layers), latent_dims)\n"
            "    return (right if sizes in KNOWN else wrong)(*sizes)\n"
        )


def visible_sizes():
    """Return what the visible tests of vanilla call a builder with."""
    known = set()
    build = LocalStudent.build

    def recorded(self, input_dims, hidden_layers, latent_dims):
        known.add((input_dims, tuple(hidden_layers), latent_dims))
        return build(self, input_dims, hidden_layers, latent_dims)

    cells = {"autoencoder": vanilla.REFERENCE}
    namespace = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalStudent, "build", recorded)
        for cell in cells_that_count(with_cells(source("vanilla", "release"), cells)):
            with contextlib.suppress(NotDone):  # the questions
                run_cell(cell, namespace)
    return known


@pytest.mark.slow
def test_who_has_learnt_the_sizes_of_earlier_runs_by_heart_gains_nothing(use_seed):
    defaults = {"input_dims": 784, "hidden_layers": (128, 64), "latent_dims": 32}
    known = visible_sizes()
    for seed in range(100):
        use_seed(seed)
        for sizes in drawn_sizes("vanilla").values():
            known.add(tuple({**defaults, **sizes}.values()))

    def lost(seed, tests=None):
        use_seed(seed)
        keras.backend.clear_session()
        cells = {"autoencoder": Learnt(known).source()}
        marks, _ = marks_in_process("vanilla", cells, tests)
        return {name for name, points in marks.items() if not points}

    assert lost(99) == set()
    without_relu = {"encoder_layers", "code_is_relu", "decoder_layers"}
    assert lost(100, without_relu) == without_relu
    assert lost(101, without_relu) == without_relu
