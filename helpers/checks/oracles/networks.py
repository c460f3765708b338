"""What a contract's network computes, for models of images, built in Keras.

The check builds the network of the contract, gives it and the student's model the same
random weights, and compares what comes out. Which weight array belongs to which layer
is told by its shape; arrays of the same shape are tried in every order. Names, nesting
and the order in which a model lists its layers play no part.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, permutations, product

from helpers.checks.oracles.dense import (
    ACTIVATIONS,
    all_active,
    close,
    fan_in,
    inputs,
    weights_of,
)
from helpers.checks.oracles.shared import first_moves, is_adam, loss_is
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import Arrays, Student

import keras
import numpy as np

Shape = Sequence[int]
Network = Callable[[], keras.Model]
Target = Callable[[np.ndarray], np.ndarray]

MAX_ORDERS = 48


def codes(n: int, shape: Shape, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of ``shape`` of random float32 numbers in [-2,2]."""
    return 4 * inputs(n, shape, seed) - 2


def times(shape: Shape) -> str:
    """Return ``"3×3×1×16"``."""
    return "×".join(map(str, shape))


def draw(arrays: Arrays, seed: int = 2) -> Arrays:
    """Return random arrays of the same shapes that keep a signal's size, biases too."""
    rng = np.random.default_rng(seed)
    return [
        rng.normal(
            scale=np.sqrt(2 / fan_in(array)) if array.ndim > 1 else 0.5,
            size=array.shape,
        ).astype(array.dtype)
        for array in arrays
    ]


def orders(found: Arrays, wanted: Arrays) -> Iterator[list[int]]:
    """Yield the ways to give each wanted array one of the found ones, of its shape.

    Nothing is yielded when the shapes are not the same ones.
    """
    shapes = [array.shape for array in wanted]
    if sorted(shapes) != sorted(array.shape for array in found):
        return
    at = {
        shape: [i for i, array in enumerate(found) if array.shape == shape]
        for shape in dict.fromkeys(shapes)
    }
    for chosen in product(*(permutations(indices) for indices in at.values())):
        pools = {shape: iter(one) for shape, one in zip(at, chosen, strict=True)}
        yield [next(pools[shape]) for shape in shapes]


def matching(
    student: Student, part: str, networks: Mapping[str, Network], x: np.ndarray
) -> tuple[str, str] | None:
    """Return the network that the model computes, and the name of its last activation.

    Args:
        networks: by name, functions that build networks which end without activation.
            They are built and tried in turn, until one agrees.
    """
    arrays = draw(weights_of(student, part, x.shape[1:]))
    student.set_weights(part, arrays)
    found = student.predict(part, x)[0]
    for name, build in networks.items():
        network = build()
        for order in islice(orders(arrays, network.get_weights()), MAX_ORDERS):
            network.set_weights([arrays[i] for i in order])
            a = keras.ops.convert_to_numpy(network(x))
            if a.shape != found.shape:
                break
            for activation, function in ACTIVATIONS.items():
                if close(found, function(a)):
                    return name, activation
    return None


def kernels(arrays: Arrays) -> str:
    """Return the shapes of all kernels, for a message."""
    shapes = [times(array.shape) for array in arrays if array.ndim > 1]
    return ", ".join(shapes) or "none"


def computes(
    student: Student,
    part: str,
    networks: Mapping[str, Network],
    x: np.ndarray,
    expected: str,
    likely_cause: str,
) -> None:
    """Check that the model computes the first of ``networks``; its end is left open.

    Args:
        networks: the contract's first; the others are mistakes by name, such as
            ``"average pooling"``, to say what was found. See ``matching``.
    """
    wanted, *mistakes = networks
    found = matching(student, part, {wanted: networks[wanted]}, x)
    if found:
        again = student.predict(part, x)[0]
        if close(student.predict(part, x, training=True)[0], again):
            return
        raise CheckFailed(
            expected,
            f"the {part} computes something else while it trains",
            "a layer that acts in training only, such as Dropout or noise.",
        )
    found = matching(student, part, {name: networks[name] for name in mistakes}, x)
    if found:
        raise CheckFailed(expected, found[0], likely_cause)
    arrays = student.get_weights(part)
    reference = networks[wanted]().get_weights()
    if kernels(arrays) != kernels(reference) or len(arrays) != len(reference):
        raise CheckFailed(
            f"{expected}; kernels of {kernels(reference)}, and a bias for each",
            f"kernels of {kernels(arrays)}; {len(arrays)} weight arrays in all",
            likely_cause,
        )
    raise CheckFailed(
        expected,
        "weights of the right shapes, and other numbers than these layers give with "
        "them",
        likely_cause,
    )


MSE = "the mean squared error"


def losses(x: np.ndarray, x_hat: np.ndarray) -> dict[str, float]:
    """Return the mean squared error, and other losses to name what was found."""
    x, x_hat = x.astype(np.float64), x_hat.astype(np.float64)
    squared = (x - x_hat) ** 2
    p = x_hat.clip(1e-7, 1 - 1e-7)
    return {
        MSE: float(squared.mean()),
        "binary cross-entropy": float(
            -(x * np.log(p) + (1 - x) * np.log(1 - p)).mean()
        ),
        "the mean absolute error": float(np.abs(x - x_hat).mean()),
        "the squared error summed over each image": float(squared.sum() / len(x)),
        "half the mean squared error": float(squared.mean() / 2),
        "the root of the mean squared error": float(np.sqrt(squared.mean())),
    }


def loss_is_mse(
    student: Student,
    shape: Shape,
    *,
    target: Target | None = None,
) -> None:
    """Check that auto trains on the mean squared error, and on that alone.

    Args:
        shape: of auto's inputs.
        target: what auto shall paint, from what it paints; the inputs, if not given.
    """
    x = inputs(16, shape)
    student.set_weights("auto", draw(weights_of(student, "auto", shape)))
    x_hat = student.predict("auto", x)[0]
    y = x if target is None else target(x_hat)
    if x_hat.shape != y.shape:
        raise CheckFailed(
            f"auto gives images of the shape of x, {x.shape}",
            f"{x_hat.shape}",
            "auto is not the model that ends in the decoder.",
        )
    loss_is(
        MSE,
        student,
        x,
        y,
        losses(y, x_hat),
        "the loss given to compile, or a penalty added to it: the contract has none.",
    )


def adam_moves_all(
    student: Student,
    shape: Shape,
    *,
    target: Target | None = None,
) -> None:
    """Check that the optimizer is Adam, and that its first step moves every weight.

    Args:
        shape: of auto's inputs.
        target: what auto shall paint, from what it paints; the inputs, if not given.
    """
    is_adam(student)
    # Dark images: what all_active paints is brighter everywhere; no gradient cancels.
    x = 0.2 * inputs(16, shape)
    before = all_active(weights_of(student, "auto", shape))
    y = x if target is None else target(student.predict("auto", x)[0])
    # Adam's first step is the learning rate, whatever the size of the gradient, unless
    # that is below 1e-6: so the largest of each layer counts.
    steps = [float(move.max()) for move in first_moves(student, before, x, y)]
    if max(steps) > 1.5 * min(steps):
        raise CheckFailed(
            "a first step of the same size for all layers, as Adam takes it",
            f"steps between {min(steps):.1e} and {max(steps):.1e}",
            "the optimizer's settings, or a training step of your own.",
        )
