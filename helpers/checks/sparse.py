"""The sparse autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims, lambtha)``
and prints or raises as ``check`` says. Hidden tests call the same functions with
other sizes: fields of ``Sizes``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.checks.contract import Contract
from helpers.checks.oracles import dense, shared
from helpers.checks.oracles.dense import DenseSizes
from helpers.checks.oracles.probes import (
    SEEDS,
    draw,
    inputs,
    small_outputs,
    varies,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import each, real
from helpers.checks.student.interface import Arrays, Student

import numpy as np


@dataclass(frozen=True)
class Sizes(DenseSizes):
    """What the builder is called with; ``lambtha`` is the weight of the penalty."""

    lambtha: float = 0.3  # as in `penalty` and `nothing_else`: a model less to build

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [*super().arguments, self.lambtha]

    def not_of_code(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to another layer than the code's."""
        return bool(array.shape[-1] != self.latent_dims)


contract = Contract(
    Sizes,
    draws={
        **dense.DRAWS,
        "lambtha": real(0.4, 0.8),
        "lambthas": each(real(0.0, 0.1), real(0.4, 0.8)),
    },
)

shapes = contract.add(dense.shapes)
encoder_layers = contract.add(dense.encoder_layers)
code_is_relu = contract.add(dense.code_is_relu)
decoder_layers = contract.add(dense.decoder_layers)
output_is_sigmoid = contract.add(dense.output_is_sigmoid)
shared_weights = contract.add(shared.auto_is_both)


def _put(arrays: Arrays, sizes: Sizes, *, bias: float, seen: bool) -> None:
    """Change weights in place.

    Args:
        arrays: weights of any of the models.
        sizes: what the models were built with.
        bias: added to every bias of the code; -20 makes a ReLU code zero, and 3 lets
            nearly every unit through, so that a small code is not 0 by chance.
        seen: whether the decoder sees the code. If not, its output is the same for all.
    """
    for array in arrays:
        if array.shape == (sizes.latent_dims,):
            array += bias
        if array.shape[0] == sizes.latent_dims and array.ndim == 2 and not seen:
            array *= 0


LossAndCodes = tuple[float, np.ndarray]


def _loss_and_codes(
    student: Student, sizes: Sizes, *, bias: float, seen: bool, seed: int = SEEDS[0]
) -> LossAndCodes:
    """Return the training loss and the codes with drawn weights, changed as told.

    The encoder gets the same numbers as auto even where they share none.
    """
    x = inputs(8, sizes.input_dims)
    for part, size in sizes.parts.items():
        own = weights_of(student, part, size)
        arrays = draw(own, gain=1.4, seed=seed, by_shape=True)
        small_outputs(arrays, sizes.input_dims)
        _put(arrays, sizes, bias=bias, seen=seen)
        student.set_weights(part, arrays)
    return student.training_loss(x, x), student.predict("encoder", x)[0]


@contract.check("without the penalty, the loss is binary cross-entropy")
def loss_is_bce(student: Student, *, lambtha: float = 0.0, **sizes: Any) -> None:
    """With lambtha 0 and a code of zeros, auto trains on the mean cross-entropy."""
    built = contract.build(student, lambtha=lambtha, **sizes)
    shared.loss_is_bce(
        student,
        built.input_dims,
        "the loss given to auto.compile, or a second penalty added to it.",
        prepare=lambda arrays: _put(arrays, built, bias=-20, seen=False),
    )


@contract.check("the penalty is lambtha times the sum of |code|")
def penalty(
    student: Student, *, lambthas: Sequence[float] = (0.02, 0.3), **sizes: Any
) -> None:
    """A larger code adds just that to the training loss, averaged over the batch.

    Two sets of weights differ in the bias of the code. As the decoder does not see the
    code, the rest of the loss is the same for both, whatever it is.
    """
    for lambtha in lambthas:
        built = contract.build(student, **{**sizes, "lambtha": lambtha})
        (rest, rest_code), (loss, code) = _small_and_large(student, built)
        l1, l2 = (_difference(f, code, rest_code) for f in (np.abs, np.square))
        added, expected = loss - rest, lambtha * l1
        if abs(added - expected) <= 1e-3 * abs(expected) + _rounding(rest):
            if lambtha == max(lambthas):
                x = inputs(8, built.input_dims)
                shared.goes_down(student, x, x, elsewhere=built.not_of_code)
            continue
        guesses = {
            "the square of lambtha instead of lambtha": lambtha**2 * l1,
            "twice too much": 2 * expected,
            "half of it": expected / 2,
            "the mean over the code's numbers instead of their sum": expected
            / built.latent_dims,
            "the sum over the batch instead of its mean": expected * len(code),
            "the squares of the code, an L2 penalty": lambtha * l2,
            "a penalty with the wrong sign": -expected,
        }
        nothing = abs(added) <= 1e-3 * abs(expected)
        name = ", nothing" if nothing else shared.named_loss(added, guesses)
        raise CheckFailed(
            f"with lambtha {lambtha:g}, codes with the mean sum {l1:.2f} add "
            f"{expected:.4f} to the loss",
            f"{added:.4f}{name}",
            _cause(name),
        )


def _small_and_large(
    student: Student, sizes: Sizes
) -> tuple[LossAndCodes, LossAndCodes]:
    """Return losses and codes for a code of zeros, and for a larger one.

    Raises:
        CheckFailed: the code is the same for all images, or whatever its bias.
    """
    for seed in SEEDS:  # with some weights, every hidden ReLU gives 0
        small, large = (
            _loss_and_codes(student, sizes, bias=bias, seen=False, seed=seed)
            for bias in (-20, 3)
        )
        grows = _difference(np.abs, large[1], small[1])
        if abs(grows) > 0.1 and varies(large[1]):
            return small, large
    raise CheckFailed(
        "a code that differs from image to image, and changes with its bias",
        f"the sum of |code| changes by {grows:.3g}",
        "an activation, or an operation after it, that lets nothing through.",
    )


def _rounding(loss: float) -> float:
    """Return how exactly a loss is known: beside a huge one, a penalty vanishes."""
    return 2e-5 * min(abs(loss), 1000)


def _difference(
    function: Callable[[np.ndarray], np.ndarray], code: np.ndarray, rest: np.ndarray
) -> float:
    """Return by how much a function's sum over a code exceeds that over the rest."""
    return float((function(code).sum(axis=1) - function(rest).sum(axis=1)).mean())


def _cause(name: str) -> str:
    """Return the likely cause of a wrong penalty, from the name of what it adds."""
    if "nothing" in name:
        return (
            "lambtha is not used, or on weights (kernel_regularizer), on another "
            "layer, or before the ReLU."
        )
    if "twice" in name:
        return (
            "the penalty is added twice: by two layers, or because auto calls the "
            "encoder twice."
        )
    return "the penalty on the code: what it sums, averages and multiplies."


@contract.check("nothing but the code is penalised")
def nothing_else(student: Student, *, lambtha: float = 0.3, **sizes: Any) -> None:
    """With a code of zeros, the training loss is the same for every lambtha."""
    results = []
    for weight in (0.0, lambtha):
        built = contract.build(student, lambtha=weight, **sizes)
        results.append(_loss_and_codes(student, built, bias=-20, seen=True))
    (without, _), (loss, code) = results
    of_code = lambtha * float(np.abs(code).sum(axis=1).mean())
    rest = loss - without - of_code
    if not abs(rest) <= 1e-3 * of_code + _rounding(loss):
        raise CheckFailed(
            "a code of zeros costs nothing, for every lambtha",
            f"with lambtha {lambtha:g} the loss is {abs(rest):.4f} "
            f"{'higher' if rest > 0 else 'lower'} than with 0",
            "a penalty on weights (kernel_regularizer), on another layer, or on "
            "numbers before the code's ReLU.",
        )


optimizer_is_adam = contract.add(shared.optimizer_is_adam)
arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
