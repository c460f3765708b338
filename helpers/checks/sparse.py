"""The sparse autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims, lambtha)``
and prints or raises as ``check`` says. Hidden tests call the
same functions with other sizes: fields of ``Sizes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.checks.oracles import dense, shared
from helpers.checks.oracles.dense import DenseSizes, draw, inputs, weights_of
from helpers.checks.property_check import CheckFailed, check
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


def _built(student: Student, sizes: dict[str, Any]) -> Sizes:
    """Call the builder; return what it was called with."""
    called = Sizes(**sizes)
    student.build(*called.arguments)
    return called


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives the right number of numbers."""
    called = _built(student, sizes)
    shared.shapes_are(
        student,
        {
            "encoder": (called.input_dims, [called.latent_dims]),
            "decoder": (called.latent_dims, [called.input_dims]),
            "auto": (called.input_dims, [called.input_dims]),
        },
        "the models are returned in another order than encoder, decoder, auto, or the "
        "last layer has the wrong number of units.",
    )


@check("the encoder's hidden layers")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """Dense layers in the given order, ReLU after each hidden one."""
    dense.encoder_is_dense(student, _built(student, sizes))


@check("the code is ReLU")
def code_is_relu(student: Student, **sizes: Any) -> None:
    """The encoder's last layer ends in a ReLU."""
    dense.code_is_relu(student, _built(student, sizes))


@check("the decoder mirrors the encoder")
def decoder_layers(student: Student, **sizes: Any) -> None:
    """The encoder's layer sizes from the code back to the input, with ReLU."""
    dense.decoder_is_dense(student, _built(student, sizes))


@check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The decoder's last layer ends in a sigmoid."""
    dense.output_is_sigmoid(student, _built(student, sizes))


@check("auto is the encoder followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    shared.auto_is_both(student, _built(student, sizes).parts)


def _put(arrays: Arrays, called: Sizes, *, bias: float, seen: bool) -> None:
    """Change weights in place.

    Args:
        arrays: weights of any of the models.
        bias: added to every bias of the code; -20 makes a ReLU code zero.
        seen: whether the decoder sees the code. If not, its output is the same for all.
    """
    for array in arrays:
        if array.shape == (called.latent_dims,):
            array += bias
        if array.shape[0] == called.latent_dims and array.ndim == 2 and not seen:
            array *= 0


def _loss_and_codes(
    student: Student, called: Sizes, *, bias: float, seen: bool
) -> tuple[float, np.ndarray]:
    """Return the training loss and the codes with drawn weights, changed as told.

    The encoder gets the same numbers as auto even where they share none.
    """
    x = inputs(8, called.input_dims)
    for part, size in called.parts.items():
        arrays = draw(weights_of(student, part, size), gain=1.4, by_shape=True)
        shared.small_outputs(arrays, called.input_dims)
        _put(arrays, called, bias=bias, seen=seen)
        student.set_weights(part, arrays)
    return student.training_loss(x, x), student.predict("encoder", x)[0]


@check("without the penalty, the loss is binary cross-entropy")
def loss_is_bce(student: Student, **sizes: Any) -> None:
    """With lambtha 0 and a code of zeros, auto trains on the mean cross-entropy."""
    called = _built(student, {"lambtha": 0.0, **sizes})
    shared.loss_is_bce(
        student,
        called.input_dims,
        "the loss given to auto.compile, or a second penalty added to it.",
        prepare=lambda arrays: _put(arrays, called, bias=-20, seen=False),
    )


@check("the penalty is lambtha times the sum of |code|")
def penalty(
    student: Student, *, lambthas: Sequence[float] = (0.02, 0.3), **sizes: Any
) -> None:
    """A larger code adds just that to the training loss, averaged over the batch.

    Two sets of weights differ in the bias of the code. As the decoder does not see the
    code, the rest of the loss is the same for both, whatever it is.
    """
    for lambtha in lambthas:
        called = _built(student, {**sizes, "lambtha": lambtha})
        loss, code = _loss_and_codes(student, called, bias=0.5, seen=False)
        rest, rest_code = _loss_and_codes(student, called, bias=-20, seen=False)
        found = loss - rest

        def difference(f: Any, code: Any = code, rest_code: Any = rest_code) -> float:
            return float((f(code).sum(axis=1) - f(rest_code).sum(axis=1)).mean())

        l1 = difference(np.abs)
        expected = lambtha * l1
        if abs(found - expected) <= 1e-3 * abs(expected) + 2e-5 * abs(rest):
            continue
        guesses = {
            "the square of lambtha instead of lambtha": lambtha**2 * l1,
            "twice too much": 2 * expected,
            "half of it": expected / 2,
            "the mean over the code's numbers instead of their sum": expected
            / called.latent_dims,
            "the sum over the batch instead of its mean": expected * len(code),
            "the squares of the code, an L2 penalty": lambtha * difference(np.square),
            "a penalty with the wrong sign": -expected,
        }
        causes = {
            "twice": "the penalty is added twice: by two layers, or because auto calls "
            "the encoder twice.",
            "nothing": "lambtha is not used, or it is a penalty on the weights "
            "(kernel_regularizer), on another layer, or on numbers before the ReLU.",
            "other": "the penalty: keras.regularizers.L1(lambtha) as the "
            "activity_regularizer of the code's layer does this.",
        }
        name = shared.named(found, guesses)
        nothing = abs(found) <= 1e-3 * abs(expected)
        cause = "nothing" if nothing else "twice" if "twice" in name else "other"
        raise CheckFailed(
            f"with lambtha {lambtha:g}, a code with the sum {l1:.2f}, averaged over "
            f"the batch, adds {expected:.4f} to the training loss",
            f"it adds {found:.4f}{', nothing' if nothing else name}",
            causes[cause],
        )


@check("nothing but the code is penalised")
def nothing_else(student: Student, *, lambtha: float = 0.3, **sizes: Any) -> None:
    """With a code of zeros, the training loss is the same for every lambtha."""
    results = []
    for weight in (0.0, lambtha):
        called = _built(student, {**sizes, "lambtha": weight})
        results.append(_loss_and_codes(student, called, bias=-20, seen=True))
    (without, _), (loss, code) = results
    of_code = lambtha * float(np.abs(code).sum(axis=1).mean())
    found = loss - without - of_code
    if abs(found) > 1e-3 * of_code + 2e-5 * abs(loss):
        raise CheckFailed(
            "a code of zeros costs nothing: the training loss is the same for every "
            "lambtha",
            f"with lambtha {lambtha:g} it is {abs(found):.4f} "
            f"{'higher' if found > 0 else 'lower'} than with 0",
            "a penalty on weights (kernel_regularizer, bias_regularizer), on another "
            "layer's output, or on the numbers before the code's ReLU.",
        )


@check("auto is compiled with Adam")
def optimizer_is_adam(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    shared.optimizer_is_adam(student, _built(student, sizes).input_dims)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    shared.arguments_stay(student, Sizes(**sizes).arguments, position=1)
