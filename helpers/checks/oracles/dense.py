"""What chains of dense layers must compute, in NumPy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpers.checks.contract import AutoencoderSizes, SizesToo, named, sizes_too
from helpers.checks.oracles import shared
from helpers.checks.oracles.probes import (
    Layer,
    arrow,
    beyond,
    chains,
    inputs,
    name_of_activation,
    near,
    put_drawn,
    relu,
    scaled,
    times,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import Draw, distinct, whole
from helpers.checks.student.interface import Arrays, Student

import numpy as np


@dataclass(frozen=True)
class DenseSizes(AutoencoderSizes):
    """What a builder of dense autoencoders is called with.

    Attributes:
        input_dims: numbers in one input.
        hidden_layers: units of the encoder's hidden layers.
        latent_dims: numbers in the code.
    """

    input_dims: int = 784
    hidden_layers: Sequence[int] = (128, 64)
    latent_dims: int = 32

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [self.input_dims, list(self.hidden_layers), self.latent_dims]

    @property
    def input_size(self) -> int:
        """Return how many numbers an input has."""
        return self.input_dims

    @property
    def code_size(self) -> int:
        """Return how many numbers a code has."""
        return self.latent_dims


DRAWS: dict[str, Draw] = {
    "input_dims": whole(100, 160),
    "hidden_layers": distinct(33, 99, 1, 2, 3),
    "latent_dims": whole(5, 24),
}
"""Sizes of dense autoencoders; no two of them, nor of those not drawn, are equal."""


DEEP = {"hidden_layers": (60, 44, 36)}
after_training_too: SizesToo = sizes_too(DEEP)
other_layers_too: SizesToo = sizes_too({"hidden_layers": (50,)}, DEEP)
"""Has a visible check look at one and three hidden layers too, all sizes unequal."""

other_sizes_too: SizesToo = sizes_too(
    {"input_dims": 90, "hidden_layers": (50,), "latent_dims": 7}, DEEP
)
"""The same, with other inputs and codes besides: one check asks for them."""


def pre_activations(x: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """Return what reaches the last activation of dense layers, ReLU between them."""
    *hidden, (kernel, bias) = layers
    for hidden_kernel, hidden_bias in hidden:
        x = relu(x @ hidden_kernel + hidden_bias)
    return x @ kernel + bias


def hidden_layers_are(
    student: Student, part: str, sizes: Sequence[int], likely_cause: str
) -> None:
    """Check that the model is dense layers of ``sizes``, ReLU after all but the last.

    The last activation is left open, among those that are known. The model gets random
    weights and inputs; NumPy computes what must reach the last activation.

    Args:
        student: with built models.
        part: name of the model.
        sizes: numbers in the input, in each hidden layer, and in the output.
        likely_cause: what to say when the weights are those of other layers.

    Raises:
        CheckFailed: it is not.
    """
    weights = weights_of(student, part, sizes[0])
    x = beyond(inputs(6, sizes[0]))
    kernels = list(pairwise(sizes))
    expected = f"dense layers {arrow(sizes)}, each with a bias"
    if not any(chains(weights, kernels)):
        raise CheckFailed(expected, layers_of(weights), likely_cause)
    drawn = put_drawn(student, part, weights, x)
    shared.same_always(student, part, x, expected, f"the {part}")
    own = near(weights)
    for arrays, probe in (*scaled(drawn, x), (own, x)):
        student.set_weights(part, arrays)
        output = student.predict(part, probe)[0]
        sums = [pre_activations(probe, layers) for layers in chains(arrays, kernels)]
        silent = arrays is own
        if not any(name_of_activation(output, a, silent=silent) for a in sums):
            raise other_numbers(part, sizes)


def layers_of(weights: Arrays) -> str:
    """Return the sizes of dense layers, for a message."""
    kernels = [times(array.shape) for array in weights if array.ndim == 2]
    return (
        f"kernels of {', '.join(kernels) or 'no dense layer'}; {len(weights)} weight "
        "arrays"
    )


def other_numbers(part: str, sizes: Sequence[int]) -> CheckFailed:
    """Return the failure of a model whose weights, but not whose numbers, are right."""
    return CheckFailed(
        f"ReLU after each hidden layer of the {part}, {arrow(sizes)}",
        "other numbers with the same weights",
        "a hidden layer without activation='relu', or something between the layers.",
    )


# --- what builders of dense autoencoders have in common -------------------------------


@named("three models with the right shapes")
@other_sizes_too
def shapes(student: Student, sizes: DenseSizes) -> None:
    """Each of the three models works alone and gives the right number of numbers."""
    shared.three_models(
        student,
        sizes,
        "models returned in another order than encoder, decoder, auto, or the units "
        "of the last layer.",
    )


@named("the encoder's hidden layers")
@other_layers_too
def encoder_layers(student: Student, sizes: DenseSizes) -> None:
    """Dense layers in the given order, ReLU after each hidden one."""
    hidden_layers_are(
        student,
        "encoder",
        [sizes.input_dims, *sizes.hidden_layers, sizes.latent_dims],
        "a layer is missing, extra, not chained, in another order or size.",
    )


@named("the decoder mirrors the encoder")
@other_layers_too
def decoder_layers(student: Student, sizes: DenseSizes) -> None:
    """The encoder's layer sizes from the code back to the input, with ReLU."""
    hidden_layers_are(
        student,
        "decoder",
        [sizes.latent_dims, *reversed(sizes.hidden_layers), sizes.input_dims],
        "hidden layers are not reversed, or one is missing, extra or not chained.",
    )


@named("the code is ReLU")
@after_training_too
def code_is_relu(student: Student, sizes: DenseSizes) -> None:
    """The encoder's last layer ends in a ReLU."""
    shared.last_activation_is(
        student,
        "encoder",
        (sizes.input_dims, sizes.latent_dims),
        "ReLU",
        "the activation of the layer with latent_dims units.",
    )


@named("the output is a sigmoid")
@after_training_too
def output_is_sigmoid(student: Student, sizes: DenseSizes) -> None:
    """The decoder's last layer ends in a sigmoid."""
    shared.last_activation_is(
        student,
        "decoder",
        (sizes.latent_dims, sizes.input_dims),
        "a sigmoid",
        "the activation of the layer with input_dims units.",
    )
