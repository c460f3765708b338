"""The keys of graded questions about models agree with the models themselves."""

import ast
import re
from functools import cache

import keras
import pytest

from samples.notebooks import references, source

NOTEBOOK = source("vanilla")
CELLS = {cell.id: cell.source for cell in NOTEBOOK.cells}
QUESTION = CELLS["question-2"]
OPTIONS = dict(re.findall(r"^- \*\*([a-d])\.\*\* (.+)$", QUESTION, re.M))
RIGHT = ast.literal_eval(re.findall(r"\{.+?\}", references("vanilla")["answer_2"])[-1])

# The sizes that the notebook trains with, and those that the question asks about.
(CALL,) = re.findall(r"autoencoder(\(784, .+\))$", CELLS["training"], re.M)
BEFORE = ast.literal_eval(CALL)
LATENT_DIMS = int(*re.findall(r"`latent_dims` to (\d+)", QUESTION))
AFTER = (*BEFORE[:2], LATENT_DIMS)


@cache
def encoder_and_decoder(asked: bool) -> tuple[keras.Model, keras.Model]:
    """Build the reference's models, with the question's sizes or the notebook's."""
    namespace: dict = {"keras": keras, "layers": keras.layers}
    exec(references("vanilla")["autoencoder"], namespace)
    encoder, decoder, _ = namespace["autoencoder"](*(AFTER if asked else BEFORE))
    return encoder, decoder


def narrowest() -> int:
    """Return the numbers in the narrowest layer of the model that is asked about."""
    models = encoder_and_decoder(asked=True)
    return min(layer.output.shape[-1] for model in models for layer in model.layers)


def options(pattern: str) -> dict[str, re.Match[str]]:
    """Return the options that match a pattern, by letter."""
    matches = {letter: re.search(pattern, text) for letter, text in OPTIONS.items()}
    return {letter: match for letter, match in matches.items() if match}


def test_the_bottleneck_is_gone_only_where_no_layer_is_narrower_than_the_image():
    (letter,) = options(r"bottleneck is gone")
    assert (letter in RIGHT) == (narrowest() >= BEFORE[0])


def test_a_bottleneck_that_is_left_has_as_many_numbers_as_the_narrowest_layer():
    ((letter, match),) = options(r"bottleneck of (\d+) numbers is left").items()
    assert (letter in RIGHT) == (narrowest() == int(match[1]) < BEFORE[0])


def test_the_encoder_has_more_weights_where_the_key_says_so():
    (letter,) = options(r"encoder has more weights than before")
    before, after = (encoder_and_decoder(asked)[0] for asked in (False, True))
    assert (letter in RIGHT) == (after.count_params() > before.count_params())


def test_the_question_names_the_hidden_layers_that_it_asks_about():
    assert str(BEFORE[1]) in QUESTION


@pytest.mark.parametrize("cell", ["answer_2_no_wrong", "answer_2_complete"])
def test_each_test_cell_has_the_key_of_the_reference(cell):
    (key,) = re.findall(r'answer_2, right="([a-d]+)"', CELLS[cell])
    assert set(key) == RIGHT
