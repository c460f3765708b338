"""What stands after a last layer, told by what the layer's bias does.

Nobody knows what a model's layers make of its inputs, and they may be wrong. But its
last bias is added to that: with drawn weights the model gives f(g(x) + b). Where f can
be inverted, one answer says what g(x) is. Then all others must follow from it, whatever
the bias, the number of inputs in a batch, in use and in training.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from helpers.checks.oracles.probes import (
    ACTIVATIONS,
    NO_ACTIVATION,
    SEEDS,
    TOLERANCE,
    Function,
    beyond,
    close,
    draw_steady,
    inputs,
    many_rows,
    name_of_activation,
    scaled,
    spread,
    varies,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import generator
from helpers.checks.student.interface import Arrays, Size, Student

import numpy as np
from scipy import special

ANOTHER = "another activation"

Bias = tuple[int, slice]
"""Position of a bias among a model's weights, and which of its numbers."""


@dataclass(frozen=True)
class Inverse:
    """How to read what reached an activation from what it gives.

    Attributes:
        function: the inverse.
        low: it holds for answers that are larger than this, ...
        high: ... and smaller than this.
        bias: with which most answers lie between the two.
    """

    function: Function
    low: float = -np.inf
    high: float = np.inf
    bias: float = 0.0


INVERSES = {
    NO_ACTIVATION: Inverse(lambda a: a),
    "ReLU": Inverse(lambda a: a, low=0, bias=30),
    "a sigmoid": Inverse(special.logit, low=1e-3, high=1 - 1e-3),
    "a softmax": Inverse(np.log, low=1e-4),  # but for a number that all units share
}
"""Of the activations that contracts ask for."""


@dataclass(frozen=True)
class Ending:
    """A model that is asked what it makes of numbers added to its last bias.

    Attributes:
        answer: returns what the model gives with some weights, for inputs, in use or in
            training.
        weights: its weights, drawn.
        biases: where its last bias may be.
        units: how many numbers the bias has.
        x: inputs.
        scaled: yields weights and inputs as they are, smaller and larger, as ``scaled``
            of ``probes`` does.
        redraw: returns other drawn weights for a seed, to be tried where the answers
            hardly differ with the first ones: every ReLU may give 0.
    """

    answer: Callable[[Arrays, np.ndarray, bool], np.ndarray]
    weights: Arrays
    biases: list[Bias]
    units: int
    x: np.ndarray
    scaled: Callable[[Arrays, np.ndarray], Iterator[tuple[Arrays, np.ndarray]]] = scaled
    redraw: Callable[[int], Arrays] | None = None

    def with_bias(
        self, bias: Bias, value: np.ndarray | float, x: np.ndarray, *, training: bool
    ) -> np.ndarray:
        """Return what the model gives for ``x`` when a bias has this value."""
        index, units = bias
        arrays = [array.copy() for array in self.weights]
        arrays[index][units] = value
        return self.answer(arrays, x, training).astype(np.float64)

    def is_activation(self, name: str, *, training: bool = False) -> bool:
        """Return whether an activation of ``INVERSES`` stands after the last layer.

        In training, other layers may draw numbers. Then nothing is known, and no fault
        is seen.

        Args:
            name: of the activation.
            training: whether to ask the model in training.
        """
        for ending in self._redrawn():
            verdicts = [ending._verdict(bias, name, training) for bias in self.biases]
            if True in verdicts or None not in verdicts:
                return True in verdicts
        return False

    def _redrawn(self) -> Iterator["Ending"]:
        """Yield the model with its weights, then with others that are drawn."""
        yield self
        if self.redraw:
            for seed in SEEDS[1:]:
                yield replace(self, weights=self.redraw(seed))

    def _verdict(self, bias: Bias, name: str, training: bool) -> bool | None:
        """Return what ``_follows`` says of weights as they are and, in use, scaled."""
        follows = self._follows(bias, name, training=training)
        return self._follows_scaled(bias, name) if follows and not training else follows

    def _follows_scaled(self, bias: Bias, name: str) -> bool | None:
        """Return whether an answer follows from another, whatever the weights' size."""
        _, *others = self.scaled(self.weights, self.x)
        # Biases that are next to 0, as they are while a model trains.
        quiet = [array * 0.02 if array.ndim == 1 else array for array in self.weights]
        verdicts = [
            replace(self, weights=weights, x=x)._follows(bias, name, questions=1)
            for weights, x in [(quiet, self.x), *others]
        ]
        return None if None in verdicts and False not in verdicts else all(verdicts)

    def _follows(
        self,
        bias: Bias,
        name: str,
        *,
        training: bool = False,
        questions: int | None = None,
    ) -> bool | None:
        """Return whether all answers, or so many, follow from one for this bias.

        None where answers hardly differ: then they say nothing.
        """
        inverse, f = INVERSES[name], ACTIVATIONS[name]
        for smaller in self._smaller():
            output = smaller.with_bias(bias, inverse.bias, self.x, training=training)
            if output.shape[-1] != self.units or len(output) != len(self.x):
                return False
            if ((output > inverse.low) & (output < inverse.high)).all():
                break
        else:
            return False
        if training and not close(
            smaller.with_bias(bias, inverse.bias, self.x, training=True), output
        ):
            return True
        a = inverse.function(output) - inverse.bias
        if not (varies(a) and np.ptp(a, axis=0).max() > TOLERANCE):
            return None
        return all(
            _agree(
                smaller.with_bias(bias, more, self.x[rows], training=training),
                f(a[rows] + more),
            )
            for more, rows in islice(_questions(self.units, len(self.x)), questions)
        )

    def _smaller(self) -> Iterator["Ending"]:
        """Yield the model with smaller and smaller weights of the last layer.

        All kernels are made smaller that may be the last one's.
        """
        for factor in (1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6):
            weights = [
                array * factor
                if array.ndim > 1 and self.units in array.shape[-2:]
                else array
                for array in self.weights
            ]
            yield replace(self, weights=weights)


def _questions(units: int, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield values of a bias, and which of n inputs to ask about: one, a few, many."""
    rng = generator("last bias", units)
    middle = int(rng.integers(2, n - 1))
    every = np.arange(n)
    rows = [every, every[:1], every[1:middle], every[middle:], many_rows(n)]
    sizes = [(0, 0.03), (1, 3), (3, 5), (5, 12), (5, 12)]
    signs = rng.permutation([-1, -1, 1, 1, 1])
    for which, (low, high), sign in zip(rng.permutation(5), sizes, signs, strict=True):
        values = rng.uniform(low, high, units) * rng.choice([-1, 1], units)
        values[0] = sign * abs(values[0])  # of one unit, both signs are asked about
        yield values.astype(np.float32), rows[which]


def _agree(output: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether answers are what they must be, each to its own scale."""
    if output.shape != expected.shape:
        return False
    scale = np.maximum(np.abs(expected), 1)
    return bool((np.abs(output - expected) <= 2 * TOLERANCE * scale).all())


# --- of a student's model -------------------------------------------------------------


def last_biases(weights: Arrays, units: int) -> list[Bias]:
    """Return where biases of so many units are.

    Raises:
        CheckFailed: there is none.
    """
    biases = [
        (index, slice(0, units))
        for index, array in enumerate(weights)
        if array.shape == (units,)
    ]
    if not biases:
        raise CheckFailed(
            f"a last layer of {units} units, with a bias",
            "no bias of that size",
            "the last layer has another number of units, or no bias.",
        )
    return biases


def ending_of(student: Student, part: str, size: Size, units: int) -> Ending:
    """Return how a student's model ends.

    Args:
        student: with built models.
        part: name of the model.
        size: of its inputs.
        units: units, or channels, of its last layer.
    """
    weights = weights_of(student, part, size)

    def answer(arrays: Arrays, x: np.ndarray, training: bool) -> np.ndarray:
        student.set_weights(part, arrays)
        return student.predict(part, x, training=training)[0]

    biases = last_biases(weights, units)
    x = beyond(inputs(7, size))
    redraw = partial(draw_steady, weights)
    return Ending(answer, redraw(), biases, units, x, redraw=redraw)


def name_of_last(ending: Ending) -> str:
    """Return the name of a last activation, for a message.

    All weights are set to 0 but the biases that may be the last one. Then the output is
    the activation of these, whatever the layers before do.
    """
    probe = spread(max(ending.units, 4))
    step = min(ending.units, 4)
    shifted = [np.roll(probe, -i)[: ending.units] for i in range(0, 4, step)]
    rows = np.stack([*shifted, -shifted[0]]).astype(np.float32)
    outputs = []
    for row in rows:
        arrays = [np.zeros_like(array) for array in ending.weights]
        for index, units in ending.biases:
            arrays[index][units] = row
        output = ending.answer(arrays, ending.x[:1], False)
        outputs.append(output.reshape(-1, output.shape[-1])[0])
    return name_of_activation(np.stack(outputs), rows) or ANOTHER
