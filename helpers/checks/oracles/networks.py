"""What a contract's network computes, for models of images, built in Keras.

The check builds the network of the contract, gives it and the student's model the same
random weights, and compares what comes out. Which weight array belongs to which layer
is told by its shape; arrays of the same shape are tried in every order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from helpers.checks.oracles.probes import (
    STEADY,
    Function,
    Shape,
    alike,
    all_active,
    beyond,
    draw_steady,
    draw_telling,
    inputs,
    many_rows,
    name_of_activation,
    near,
    of_every_kind,
    orders,
    pictures,
    put_drawn,
    scaled,
    some,
    times,
    varies,
    weights_of,
)
from helpers.checks.oracles.shared import (
    MSE,
    first_moves,
    follows_input,
    goes_on,
    is_adam,
    loss_is,
    losses,
    same_always,
    same_steps,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import Arrays, Student

import keras
import numpy as np

Network = Callable[[], keras.Model]

MAX_ORDERS = 48
"""Of arrays of the same shape, to try."""
RANDOM_TRIES = 4
"""Equal answers in training, before they count as not random."""


def with_each_order(
    network: keras.Model, arrays: Arrays, x: np.ndarray
) -> Iterator[Arrays]:
    """Yield the network's outputs for each way to read ``arrays`` as its weights."""
    shapes = [array.shape for array in network.get_weights()]
    for order in islice(orders(arrays, shapes), MAX_ORDERS):
        network.set_weights([arrays[i] for i in order])
        outputs = keras.tree.flatten(network(x))
        yield [keras.ops.convert_to_numpy(output) for output in outputs]


def matching(
    student: Student,
    part: str,
    networks: Mapping[str, Network],
    x: np.ndarray,
    weights: Arrays | None = None,
) -> tuple[str, str] | None:
    """Return the network that the model computes, and the name of its last activation.

    Args:
        student: with built models.
        part: name of the model.
        networks: by name, functions that build networks which end without activation.
            They are built and tried in turn, until one agrees.
        x: inputs; they are tried with larger and smaller ones.
        weights: of the model; if not given, drawn ones with kernels of several sizes.
    """
    x = beyond(x)
    answers: list[tuple[Arrays, np.ndarray, np.ndarray]] = []

    def ask(ways: Iterable[tuple[Arrays, np.ndarray]]) -> bool:
        """Keep what the model answers; return whether all answers say something."""
        answers.clear()
        for arrays, probe in ways:
            student.set_weights(part, arrays)
            answers.append((arrays, probe, student.predict(part, probe)[0]))
        return all(varies(output) for _, _, output in answers)

    if weights is None:
        own = weights_of(student, part, x.shape[1:])
        draw_telling(own, lambda arrays: ask(scaled(arrays, x)), **STEADY)
    else:
        ask([(weights, x)])
    for name, build in networks.items():
        network = build()
        activations = (
            _last_activation(network, *answer, silent=weights is not None)
            for answer in answers
        )
        if (first := next(activations)) and all(activations):
            return name, first
    return None


def _last_activation(
    network: keras.Model,
    arrays: Arrays,
    x: np.ndarray,
    output: np.ndarray,
    silent: bool,
) -> str | None:
    """Return the name of what makes a model's output of a network's, if it is known.

    ``silent`` as for ``name_of_activation``.
    """
    for (a,) in with_each_order(network, arrays, x):
        if a.shape != output.shape:
            break
        activation = name_of_activation(output, a, silent=silent)
        if activation:
            return activation
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
        student: with built models.
        part: name of the model.
        networks: the contract's first; the others are mistakes by name, such as
            ``"average pooling"``. See ``matching``.
        x: inputs.
        expected: what the contract asks for.
        likely_cause: what to say when the model computes something else.

    Raises:
        CheckFailed: it computes something else, or acts otherwise in training.
    """
    wanted, *mistakes = networks
    own = weights_of(student, part, x.shape[1:])
    student.set_weights(part, draw_steady(own))
    same_always(student, part, of_every_kind(x), expected, f"the {part}")
    contracts = {wanted: cache(networks[wanted])}  # built once, for all weights
    if matching(student, part, contracts, x):
        own = near(own)
        if matching(student, part, contracts, _telling(student, part, own, x), own):
            return
        raise CheckFailed(
            expected,
            "something else with weights as the function made them",
            "something in the model that depends on its weights being large.",
        )
    mistake = matching(student, part, {name: networks[name] for name in mistakes}, x)
    if mistake:
        raise CheckFailed(expected, mistake[0], likely_cause)
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


def _telling(student: Student, part: str, arrays: Arrays, x: np.ndarray) -> np.ndarray:
    """Return inputs so large that a model with these weights answers differently."""
    student.set_weights(part, arrays)
    for factor in (1, 10, 100):
        larger = np.float32(factor) * x
        if varies(student.predict(part, larger)[0]):
            break
    return larger


def loss_is_mse(
    student: Student, shape: Shape, *, target: Function | None = None
) -> None:
    """Check that auto trains on the mean squared error, and on that alone.

    Args:
        student: with built models.
        shape: of auto's inputs.
        target: what auto must paint, from what it paints; the inputs, if not given.
    """
    x = pictures(some(12, 20), shape)
    put_drawn(student, "auto", weights_of(student, "auto", shape), x, **STEADY)
    x_hat = student.predict("auto", x)[0]
    follows_input(x_hat, "auto")
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
        losses(y, x_hat, MSE),
        "the loss given to compile, or a penalty added to it: the contract has none.",
    )


def last_biases(arrays: Arrays, filters: int) -> list[int]:
    """Return which arrays may be the bias of a last convolution, by their place.

    Those of the right size that follow a kernel, and not the scales of a normalisation;
    all of the right size where none does, as in a layer of the student's own.

    Args:
        arrays: of a model, in its order.
        filters: of the convolution.
    """
    sized = [i for i, array in enumerate(arrays) if array.shape == (filters,)]
    return [i for i in sized if i and arrays[i - 1].ndim == 4] or sized


def moves_output(
    student: Student,
    arrays: Arrays,
    biases: Sequence[int],
    value: float,
    by: float,
    several: Sequence[np.ndarray],
) -> bool:
    """Return whether a value that is added to the last bias moves every output.

    In use, also for one input and for more than a batch. And in training for the first
    of the inputs, there with all other weights 0 too, where no dropout inside has
    anything to drop. What is random in training is another check's matter.

    Args:
        student: with built models.
        arrays: auto's weights.
        biases: which of them may be the last bias.
        value: what is added to these.
        by: how far the output must move.
        several: arrays of inputs.
    """

    def answers(weights: Arrays, in_use: Sequence[np.ndarray]) -> tuple[Arrays, Arrays]:
        student.set_weights("auto", weights)
        outputs = [student.predict("auto", x)[0] for x in in_use]
        # After the others: batch normalisation learns from what it is asked.
        tries = range(RANDOM_TRIES)
        trained = [student.predict("auto", several[0], training=True)[0] for _ in tries]
        return outputs, trained

    def pairs(
        weights: Arrays, in_use: Sequence[np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        moved = [array + value * (i in biases) for i, array in enumerate(weights)]
        before, before_trained = answers(weights, in_use)
        after, after_trained = answers(moved, in_use)
        groups = before_trained, after_trained
        is_random = not all(alike(y[0], other) for y in groups for other in y)
        trained = [] if is_random else [(before_trained[0], after_trained[0])]
        return [*zip(before, after, strict=True), *trained]

    first = several[0]
    usual = pairs(arrays, [*several, first[:1], first[many_rows(len(first))]])
    without_others = pairs([np.zeros_like(array) for array in arrays], [])
    return all(varies(old) for old, _ in usual if len(old) > 1) and all(
        alike(new, old + np.float32(by)) for old, new in usual + without_others
    )


def adam_moves_all(
    student: Student,
    shape: Shape,
    *,
    target: Function | None = None,
    part: str = "auto",
    graph: bool = True,
) -> None:
    """Check that the optimizer is Adam, and that its first step moves every weight.

    Args:
        student: with built models.
        shape: of the model's inputs.
        target: what it must paint, from what it paints; the inputs, if not given.
        part: name of the model.
        graph: whether to take the first step in a graph, as ``first_moves`` says.
    """
    is_adam(student, part)
    # Dark images, where they are the target: what all_active paints is brighter
    # everywhere, and no gradient cancels. Else bright ones: gradients grow with them.
    x = (0.2 if target is None else 1) * inputs(16, shape)
    before = all_active(weights_of(student, part, shape))
    y = x if target is None else target(student.predict(part, x)[0])
    # Adam's first step is the learning rate, whatever the size of the gradient, unless
    # that is below 1e-6: so the largest of each layer counts.
    moves, taken = first_moves(student, before, x, y, part=part, graph=graph)
    steps = [float(move.max()) for move in moves]
    same_steps(min(steps), max(steps), "layers")
    goes_on(student, x, y, taken, part=part)
