"""What the assignments on builders check alike, whatever the shapes and layers.

Every function takes a ``Student`` whose models are built, and raises
``CheckFailed`` when the property does not hold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from helpers.checks.oracles.dense import (
    Size,
    all_active,
    close,
    draw,
    inputs,
    shape_of,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import Arrays, Student

import numpy as np


def shapes_are(
    student: Student,
    wanted: Mapping[str, tuple[Size, Sequence[Size]]],
    likely_cause: str,
) -> None:
    """Check that each model works alone and gives arrays of the right shapes.

    Args:
        wanted: size of the inputs and sizes of all outputs, by model.
    """
    n = 5
    for part, (size, sizes) in wanted.items():
        outputs = student.predict(part, inputs(n, size))
        found = [array.shape for array in outputs]
        expected = [(n, *shape_of(one)) for one in sizes]
        if found != expected:
            arrays = "one array" if len(expected) == 1 else f"{len(expected)} arrays"
            raise CheckFailed(
                f"{part}: an input of shape {(n, *shape_of(size))} gives {arrays} of "
                f"shape {', '.join(map(str, expected))}",
                ", ".join(map(str, found)),
                likely_cause,
            )


def auto_is_both(
    student: Student,
    parts: Mapping[str, Size],
    *,
    code: int = 0,
    prepare: Callable[[str, Arrays], None] = lambda part, arrays: None,
    average: bool = False,
) -> None:
    """Check that auto(x) is decoder(code of x), whatever the weights of either.

    Args:
        parts: size of the inputs of each model.
        code: which of the encoder's outputs the decoder gets.
        prepare: called with a model's name and its new weights, to change them.
        average: compare means over many calls for one input, for a code with noise.
    """
    x = inputs(6, parts["encoder"])
    if average:
        x = x[:1].repeat(3000, axis=0)
    weights = {part: weights_of(student, part, parts[part]) for part in parts}

    def agree() -> bool:
        z = student.predict("encoder", x)[code]
        found = student.predict("auto", x)[0]
        expected = student.predict("decoder", z)[0]
        if average:  # of numbers in [0,1]: off by 0.013 or less, one standard error
            difference = found.mean(axis=0) - expected.mean(axis=0)
            return bool(np.abs(difference).max() < 0.08)
        return close(found, expected)

    def change(part: str) -> None:
        arrays = draw(weights[part])
        prepare(part, arrays)
        student.set_weights(part, arrays)

    always = "auto(x) equals decoder(encoder(x)), always"
    untouched = weights["encoder"]
    prepare("encoder", untouched)
    student.set_weights("encoder", untouched)
    if not agree():
        raise CheckFailed(
            always,
            "they differ",
            "auto has layers of its own: make it from the encoder and the decoder that "
            "you return, as decoder(encoder(x)).",
        )
    for part in ("encoder", "decoder"):
        change(part)
        if not agree():
            raise CheckFailed(
                always,
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


BCE = "the mean binary cross-entropy"


def losses(x: np.ndarray, x_hat: np.ndarray) -> dict[str, float]:
    """Return the mean binary cross-entropy, and other losses to name what was found.

    Args:
        x: targets in [0,1], shape (n, ...).
        x_hat: outputs, of the same shape.
    """
    p = np.clip(x_hat, np.float32(1e-7), np.float32(1 - 1e-7))  # as Keras does
    x, x_hat, p = x.astype(np.float64), x_hat.astype(np.float64), p.astype(np.float64)
    bce = float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).mean())
    logits = np.log1p(np.exp(-np.abs(x_hat))) + np.maximum(x_hat, 0) - x * x_hat
    return {
        BCE: bce,
        "the mean squared error": float(((x - x_hat) ** 2).mean()),
        "the mean absolute error": float(np.abs(x - x_hat).mean()),
        "binary cross-entropy summed over the inputs": bce * x[0].size,
        "binary cross-entropy with from_logits=True": float(logits.mean()),
        "categorical cross-entropy": float(
            -(x * np.log(p / p.sum(axis=-1, keepdims=True))).sum(axis=-1).mean()
        ),
    }


def named(found: float, values: Mapping[str, float], tolerance: float = 1e-3) -> str:
    """Return ``", which is NAME"`` for the first value that was found, or ``""``."""
    for name, value in values.items():
        if abs(found - value) <= tolerance * abs(value):
            return f", which is {name}"
    return ""


def small_outputs(arrays: Arrays, units: int) -> None:
    """Make the last layer's weights smaller, in place.

    It keeps a sigmoid away from 0 and 1, where cross-entropy is cut off.
    """
    for array in arrays:
        if array.shape[-1] == units:
            array *= 0.3


def loss_is_bce(
    student: Student,
    size: Size,
    likely_cause: str,
    *,
    prepare: Callable[[Arrays], None] = lambda arrays: None,
) -> None:
    """Check that auto trains on the mean binary cross-entropy, and on that alone.

    Args:
        size: of auto's inputs.
        prepare: called with auto's new weights, to change them.
    """
    x = inputs(16, size)
    # Larger codes than untrained ones make an added penalty show.
    weights = draw(weights_of(student, "auto", size), gain=1.4)
    small_outputs(weights, shape_of(size)[-1])
    prepare(weights)
    student.set_weights("auto", weights)
    values = losses(x, student.predict("auto", x)[0])
    loss_is(BCE, student, x, x, values, likely_cause, 2e-5)


def loss_is(
    name: str,
    student: Student,
    x: np.ndarray,
    y: np.ndarray,
    values: Mapping[str, float],
    likely_cause: str,
    tolerance: float = 5e-5,
) -> None:
    """Check that auto trains on one of these losses, and on that alone.

    Args:
        name: of the loss that it must be.
        x: inputs.
        y: targets.
        values: by name, what the losses are for the model's weights.
        tolerance: relative.
    """
    others = dict(values)
    expected = others.pop(name)
    found = student.training_loss(x, y)
    if not abs(found - expected) <= tolerance * expected:
        raise CheckFailed(
            f"a training loss of {expected:.4f}: {name}",
            f"{found:.4f}{named(found, others)}",
            likely_cause,
        )


def is_adam(student: Student, part: str = "auto") -> None:
    """Check that a model is compiled with Adam."""
    name = student.facts(part)["optimizer"]
    if name != "Adam":
        raise CheckFailed(
            "the optimizer Adam",
            name or f"{part} is not compiled",
            f"the optimizer given to {part}.compile.",
        )


def first_moves(
    student: Student,
    before: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
) -> Arrays:
    """Check that a step of training moves every weight array; return by how much.

    Args:
        before: auto's weights to start from.
        x: inputs of one batch.
        y: their targets.
        elsewhere: whether another check looks at the movement of a weight array.
    """
    student.set_weights("auto", before)
    # More than one step, because a schedule may start at a learning rate of 0.
    for _ in range(3):
        student.train(x, y, epochs=1, batch_size=len(x))
        moves = [
            np.abs(a - b)
            for a, b in zip(student.get_weights("auto"), before, strict=True)
            if not elsewhere(a)
        ]
        if max(move.max() for move in moves) > 0:
            break
    if still := [move for move in moves if move.max() == 0]:
        raise CheckFailed(
            "one step of training moves every weight",
            f"{len(still)} of {len(moves)} weight arrays stay as they were",
            "some layers are frozen (trainable=False), or do not reach the output.",
        )
    return moves


def optimizer_is_adam(
    student: Student,
    size: Size,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
) -> None:
    """Check that the optimizer is Adam, steps as Adam, and moves every weight.

    Args:
        size: of auto's inputs.
        elsewhere: whether another check looks at the movement of a weight array.
    """
    is_adam(student)
    x = inputs(32, size)
    before = all_active(weights_of(student, "auto", size))
    small_outputs(before, shape_of(size)[-1])
    moves = first_moves(student, before, x, x, elsewhere=elsewhere)
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


def arguments_stay(student: Student, arguments: Iterable[Any], position: int) -> None:
    """Check that calling the builder leaves its arguments unchanged.

    Args:
        arguments: what the builder is called with.
        position: of the list among them.
    """
    given = list(arguments)
    after = student.build(*given)
    if after != given:
        raise CheckFailed(
            f"the list is still {given[position]} after the call",
            f"{after[position]}",
            "a method such as .reverse(), .pop() or .append() changes the list of the "
            "caller: use reversed(...) or [::-1].",
        )
