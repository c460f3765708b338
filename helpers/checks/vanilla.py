"""The vanilla autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as :func:`helpers.checks.report.check` says. Hidden tests call the same
functions with other sizes.
"""

from collections.abc import Sequence

from helpers.checks.dense import (
    all_active,
    arrow,
    close,
    draw,
    hidden_layers_are,
    inputs,
    last_activation_is,
    weights_of,
)
from helpers.checks.interface import Student
from helpers.checks.report import CheckFailed, check

import numpy as np


def _built(
    student: Student, input_dims: int, hidden_layers: Sequence[int], latent_dims: int
) -> Student:
    student.build(input_dims, list(hidden_layers), latent_dims)
    return student


@check("three models with the right shapes")
def shapes(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """Each of the three models works alone and gives the right number of numbers."""
    _built(student, input_dims, hidden_layers, latent_dims)
    n = 5
    for part, width, units in (
        ("encoder", input_dims, latent_dims),
        ("decoder", latent_dims, input_dims),
        ("auto", input_dims, input_dims),
    ):
        outputs = student.predict(part, inputs(n, width))
        found = [array.shape for array in outputs]
        if found != [(n, units)]:
            raise CheckFailed(
                f"{part}: {n} rows of {width} numbers give one array ({n}, {units})",
                ", ".join(map(str, found)),
                "the models are returned in another order than encoder, decoder, auto, "
                "or the last layer has the wrong number of units.",
            )


@check("the encoder's hidden layers")
def encoder_layers(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """Dense layers in the given order, ReLU after each hidden one."""
    _built(student, input_dims, hidden_layers, latent_dims)
    hidden_layers_are(
        student,
        "encoder",
        [input_dims, *hidden_layers, latent_dims],
        "a layer is missing or extra, in another order, or has another size than "
        "hidden_layers says.",
    )


@check("the code is ReLU")
def code_is_relu(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """The encoder's last layer ends in a ReLU."""
    _built(student, input_dims, hidden_layers, latent_dims)
    last_activation_is(
        student,
        "encoder",
        (input_dims, latent_dims),
        "ReLU",
        "the activation of the layer with latent_dims units.",
    )


@check("the decoder mirrors the encoder")
def decoder_layers(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """The encoder's layer sizes from the code back to the input, with ReLU."""
    _built(student, input_dims, hidden_layers, latent_dims)
    hidden_layers_are(
        student,
        "decoder",
        [latent_dims, *reversed(hidden_layers), input_dims],
        "the hidden layers are not reversed, or one is missing or extra.",
    )


@check("the output is a sigmoid")
def output_is_sigmoid(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """The decoder's last layer ends in a sigmoid."""
    _built(student, input_dims, hidden_layers, latent_dims)
    last_activation_is(
        student,
        "decoder",
        (latent_dims, input_dims),
        "a sigmoid",
        "the activation of the layer with input_dims units.",
    )


@check("auto is the encoder followed by the decoder")
def shared_weights(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    _built(student, input_dims, hidden_layers, latent_dims)
    x = inputs(6, input_dims)
    widths = {"encoder": input_dims, "decoder": latent_dims, "auto": input_dims}
    weights = {part: weights_of(student, part, widths[part]) for part in widths}

    def agree() -> bool:
        code = student.predict("encoder", x)[0]
        return close(student.predict("auto", x)[0], student.predict("decoder", code)[0])

    expected = "auto(x) equals decoder(encoder(x)), always"
    if not agree():
        raise CheckFailed(
            expected,
            "they differ",
            "auto has layers of its own: make it from the encoder and the decoder that "
            "you return, as decoder(encoder(x)).",
        )
    for part in ("encoder", "decoder"):
        student.set_weights(part, draw(weights[part]))
        if not agree():
            raise CheckFailed(
                expected,
                f"they differ once the weights of the {part} change",
                f"the {part} that you return and the one inside auto are two sets of "
                "layers. Training auto would leave the returned one untrained.",
            )
    own = len(weights["auto"]) - len(weights["encoder"]) - len(weights["decoder"])
    if own:
        raise CheckFailed(
            "auto has the weights of encoder and decoder and no others",
            f"{abs(own)} weight arrays {'more' if own > 0 else 'fewer'}",
            "a layer stands in auto only, or the decoder holds the encoder too.",
        )


def _losses(x: np.ndarray, x_hat: np.ndarray) -> dict[str, float]:
    """Return the mean binary cross-entropy, and other losses to name what was found."""
    p = np.clip(x_hat, np.float32(1e-7), np.float32(1 - 1e-7))  # as Keras does
    x, x_hat, p = x.astype(np.float64), x_hat.astype(np.float64), p.astype(np.float64)
    bce = float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).mean())
    logits = np.log1p(np.exp(-np.abs(x_hat))) + np.maximum(x_hat, 0) - x * x_hat
    return {
        "binary cross-entropy": bce,
        "the mean squared error": float(((x - x_hat) ** 2).mean()),
        "the mean absolute error": float(np.abs(x - x_hat).mean()),
        "binary cross-entropy summed over the inputs": bce * x.shape[1],
        "binary cross-entropy with from_logits=True": float(logits.mean()),
        "categorical cross-entropy": float(
            -(x * np.log(p / p.sum(axis=1, keepdims=True))).sum(axis=1).mean()
        ),
    }


@check("the loss is binary cross-entropy")
def loss_is_bce(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """auto trains on the mean binary cross-entropy of x and auto(x), and that alone."""
    _built(student, input_dims, hidden_layers, latent_dims)
    x = inputs(16, input_dims)
    # Larger codes than untrained ones make an added penalty show; the small last layer
    # keeps the output away from 0 and 1, where cross-entropy is cut off.
    weights = draw(weights_of(student, "auto", input_dims), gain=1.4)
    for array in weights:
        array *= 0.3 if array.shape[-1] == input_dims else 1
    student.set_weights("auto", weights)
    losses = _losses(x, student.predict("auto", x)[0])
    expected = losses.pop("binary cross-entropy")
    found = student.training_loss(x, x)
    if abs(found - expected) <= 2e-5 * expected:
        return
    names = (
        f", which is {name}"
        for name, value in losses.items()
        if abs(found - value) <= 1e-3 * abs(value)
    )
    raise CheckFailed(
        f"a training loss of {expected:.4f}: the mean binary cross-entropy",
        f"{found:.4f}{next(names, '')}",
        "the loss given to auto.compile, or a penalty added to it: the vanilla "
        "autoencoder has none.",
    )


@check("auto is compiled with Adam")
def optimizer_is_adam(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    _built(student, input_dims, hidden_layers, latent_dims)
    name = student.facts("auto")["optimizer"]
    if name != "Adam":
        raise CheckFailed(
            "the optimizer Adam",
            name or "auto is not compiled",
            "the optimizer given to auto.compile.",
        )
    x = inputs(32, input_dims)
    before = all_active(weights_of(student, "auto", input_dims))
    for array in before:
        array *= 0.3 if array.shape[-1] == input_dims else 1
    student.set_weights("auto", before)
    # More than one step, because a schedule may start at a learning rate of 0.
    for _ in range(3):
        student.train(x, x, epochs=1, batch_size=len(x))
        after = student.get_weights("auto")
        moves = [np.abs(a - b) for a, b in zip(after, before, strict=True)]
        if max(move.max() for move in moves) > 0:
            break
    if still := [move for move in moves if move.max() == 0]:
        raise CheckFailed(
            "one step of training moves every weight",
            f"{len(still)} of {len(moves)} weight arrays stay as they were",
            "some layers are frozen (trainable=False), or not part of auto.",
        )
    # Adam's first step is the learning rate, whatever the size of the gradient.
    low, high = np.quantile(
        np.concatenate([move.ravel() for move in moves]), [0.1, 0.9]
    )
    if high > 1.5 * low:
        raise CheckFailed(
            "a first step of the same size for all weights, as Adam takes it",
            f"steps between {low:.1e} and {high:.1e}",
            "the optimizer's settings, or a training step of your own.",
        )


@check("the arguments stay as they were")
def arguments_unchanged(
    student: Student,
    *,
    input_dims: int = 784,
    hidden_layers: Sequence[int] = (128, 64),
    latent_dims: int = 32,
) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    given = [input_dims, list(hidden_layers), latent_dims]
    after = student.build(input_dims, list(hidden_layers), latent_dims)
    if after != given:
        raise CheckFailed(
            f"hidden_layers is still {arrow(hidden_layers)} after the call",
            f"{after[1]}",
            "a method such as hidden_layers.reverse() or .append() changes the list "
            "of the caller: use reversed(hidden_layers) or hidden_layers[::-1].",
        )
