"""The keys of graded questions agree with the models and with each other."""

import ast
import math
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


# --- the quiz -------------------------------------------------------------------------

QUIZ = {cell.id: cell.source for cell in source("quiz").cells}
QUIZ_KEYS = {
    name: ast.literal_eval(re.findall(r"\{.+?\}", text)[-1])
    for name, text in references("quiz").items()
}


def quiz_question(number: int) -> str:
    """Return the text of a question of the quiz."""
    (text,) = (t for t in QUIZ.values() if t.startswith(f"## Question {number}:"))
    return text


def quiz_options(number: int, pattern: str) -> set[str]:
    """Return the letters of a question's options that match a pattern."""
    choices = re.findall(r"^- \*\*([a-d])\.\*\* (.+)$", quiz_question(number), re.M)
    return {letter for letter, text in choices if re.search(pattern, text)}


@pytest.mark.parametrize("answer", QUIZ_KEYS)
def test_each_question_of_the_quiz_has_one_key_and_a_reason_for_each_other_option(
    answer,
):
    calls = {
        call.func.attr: {
            word.arg: ast.literal_eval(word.value) for word in call.keywords
        }
        for text in QUIZ.values()
        if text.startswith("quiz.form") and f"({answer})" in text
        for call in (statement.value for statement in ast.parse(text).body)
        if call.keywords
    }
    (no_wrong, complete) = calls["no_wrong_option"], calls["every_right_option"]
    assert set(no_wrong["right"]) == set(complete["right"]) == QUIZ_KEYS[answer]
    assert set(no_wrong["why_not"]) == set("abcd") - QUIZ_KEYS[answer]


def test_the_kl_divergence_is_close_to_0_for_the_means_and_deviations_asked_about():
    mean, deviation = (
        float(number)
        for number in re.search(
            r"means of about (\S+) and standard deviations of about (\d+)",
            quiz_question(16),
        ).groups()
    )
    kl = (deviation**2 + mean**2 - 1 - 2 * math.log(deviation)) / 2
    assert (quiz_options(16, "KL divergence of every") <= QUIZ_KEYS["answer_16"]) == (
        kl < 1e-3
    )


def test_an_anomaly_that_is_easy_to_draw_is_missed_as_lesson_15_measures():
    assert quiz_options(19, "easy to draw is missed") <= QUIZ_KEYS["answer_19"]
    assert (
        not quiz_options(19, "never fails|cannot be reconstr") & QUIZ_KEYS["answer_19"]
    )


def test_a_vae_is_promised_no_better_images_than_its_assignment_shows():
    cells = [cell.source for cell in source("vae_by_hand").cells]
    (question,) = (text for text in cells if text.startswith("## Question 2"))
    assert '"a", "b"' in references("vae_by_hand")["answer_2"]
    assert "**a.** For codes from the standard normal" in question
    assert [text for text in cells if "pieces of them" in text][-1] == question
