"""Inputs and weights that checks draw, and what they read from a model's answers.

A layer is recognised by what it does to numbers. The weights of a model are arrays in
some order; a kernel has two axes or more, a bias one. Names, nesting and the order in
which a model lists its layers play no part.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations, product

from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import current_seed, generator
from helpers.checks.student.interface import Arrays, Size, Student

import numpy as np

TOLERANCE = 1e-3
"""float32 sums over 784 numbers agree to 1e-5; a wrong activation shows above 1e-2."""

FUNCTIONAL = "Functional"
"""The class of keras.Model(x, y). Others may make their weights when first called."""

Function = Callable[[np.ndarray], np.ndarray]
Shape = tuple[int, ...]


def relu(a: np.ndarray) -> np.ndarray:
    """Return max(a, 0)."""
    return np.asarray(np.maximum(a, 0))


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-a))."""
    return np.asarray(1 / (1 + np.exp(-a)))


ACTIVATIONS: dict[str, Function] = {
    "no activation": lambda a: a,
    "ReLU": relu,
    "a sigmoid": sigmoid,
    "tanh": np.tanh,
    "ELU": lambda a: np.where(a > 0, a, np.expm1(a)),
    "SELU": lambda a: 1.0507 * np.where(a > 0, a, 1.67326 * np.expm1(a)),
    "a leaky ReLU": lambda a: np.where(a > 0, a, 0.2 * a),
    "softplus": lambda a: np.log1p(np.exp(a)),
    "SiLU": lambda a: a * sigmoid(a),
    "a hard sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "a softmax": lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True),
}


def close(output: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether two arrays agree within the tolerance of float32 sums."""
    if output.shape != expected.shape or not np.isfinite(output).all():
        return False
    scale = max(float(np.abs(expected).max(initial=0)), 1e-6)
    return bool(np.abs(output - expected).max(initial=0) <= TOLERANCE * scale)


# --- inputs ---------------------------------------------------------------------------


def shape_of(size: Size) -> Shape:
    """Return the shape of one input: ``(784,)`` for 784 numbers."""
    return (size,) if isinstance(size, int) else tuple(size)


def inputs(n: int, size: Size, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of random float32 numbers in [0,1]."""
    rng = generator("inputs", seed)
    return rng.random((n, *shape_of(size)), dtype=np.float32)


def codes(n: int, size: Size, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of random float32 numbers in [-2,2]."""
    return 4 * inputs(n, size, seed) - 2


# --- weights --------------------------------------------------------------------------


def weights_of(student: Student, part: str, size: Size) -> Arrays:
    """Return the weights of a model whose inputs have the given size."""
    facts = student.facts(part)
    built = facts["class"] == FUNCTIONAL
    if not (built and facts["input_shape"] == [None, *shape_of(size)]):
        student.predict(part, inputs(1, size))
    return student.get_weights(part)


def draw(
    weights: Arrays,
    *,
    gain: float = 2.0,
    bias: float | None = None,
    seed: int = 2,
    by_shape: bool = False,
) -> Arrays:
    """Return random arrays of the same shapes: kernels by fan-in, biases not zero.

    With a gain of 2, pre-activations spread over several units, so that activations
    differ visibly; with 1.4, ReLU layers keep the spread of their input.

    Args:
        weights: arrays of the shapes to draw.
        gain: standard deviation of kernels, times the root of the fan-in.
        bias: standard deviation of biases; the gain, if not given.
        seed: the same one gives the same numbers.
        by_shape: whether the first array of a shape always gets the same numbers, in
            whichever model it stands, and so does the second.
    """
    shapes = [array.shape for array in weights]
    run = current_seed()
    if by_shape:
        numbers = [
            _normal(run, (seed, shapes[:index].count(shape), *shape), (shape,))[0]
            for index, shape in enumerate(shapes)
        ]
    else:
        numbers = _normal(run, (seed,), tuple(shapes))
    spread = gain if bias is None else bias
    drawn = []
    for array, standard in zip(weights, numbers, strict=True):
        scale = gain / np.sqrt(fan_in(array)) if array.ndim > 1 else spread
        drawn.append(np.asarray(scale * standard, array.dtype))
    return drawn


def draw_steady(weights: Arrays) -> Arrays:
    """Return random arrays of the same shapes that keep a signal's size, biases too."""
    return draw(weights, gain=2**0.5, bias=0.5)


@lru_cache(maxsize=16)  # the shapes are the student's
def _normal(run: int, purpose: tuple[int, ...], shapes: tuple[Shape, ...]) -> Arrays:
    """Return standard normal numbers; checks draw the same ones again and again.

    Args:
        run: the seed of the run, so that numbers of another are not given.
        purpose: the same one gives the same numbers in a run.
        shapes: of the arrays.
    """
    rng = generator("weights", *purpose)
    return [rng.normal(size=shape) for shape in shapes]


def fan_in(kernel: np.ndarray) -> int:
    """Return how many numbers each unit of a dense or convolution kernel sums."""
    return int(np.prod(kernel.shape[:-1]))


def all_active(weights: Arrays, seed: int = 3) -> Arrays:
    """Return arrays of the same shapes with which every ReLU unit is active."""
    rng = generator("active", seed)
    return [
        (
            rng.uniform(0.5, 1.5, array.shape) / fan_in(array)
            if array.ndim > 1
            else np.full(array.shape, 0.1)
        ).astype(array.dtype)
        for array in weights
    ]


# --- which array belongs to which layer -----------------------------------------------


def orders(arrays: Arrays, shapes: Sequence[Shape]) -> Iterator[list[int]]:
    """Yield the ways to choose one array for each shape, by their positions.

    Nothing is yielded when the arrays do not have just these shapes.
    """
    if sorted(shapes) != sorted(array.shape for array in arrays):
        return
    positions = {
        shape: [i for i, array in enumerate(arrays) if array.shape == shape]
        for shape in dict.fromkeys(shapes)
    }
    for choice in product(*(permutations(of_shape) for of_shape in positions.values())):
        left = dict(zip(positions, map(iter, choice), strict=True))
        yield [next(left[shape]) for shape in shapes]


Layer = tuple[np.ndarray, np.ndarray]
"""Kernel, shape (..., inputs, outputs), and bias, shape (outputs,)."""


def chains(arrays: Arrays, kernels: Sequence[Shape]) -> Iterator[list[Layer]]:
    """Yield every way to read arrays as layers whose kernels have these shapes.

    Nothing is yielded when they are not the kernels and biases of such layers.
    """
    shapes = [shape for kernel in kernels for shape in (kernel, kernel[-1:])]
    for order in orders(arrays, shapes):
        chosen = [arrays[i] for i in order]
        yield list(zip(chosen[::2], chosen[1::2], strict=True))


# --- activations ----------------------------------------------------------------------


def answers_of_last_layer(
    student: Student, part: str, size: Size, rows: np.ndarray
) -> np.ndarray:
    """Return what the model's last layer makes of the given pre-activations.

    All weights are set to 0 but the last layer's bias, which becomes each row in turn:
    then the model's output is the last activation of that row, whatever the layers
    before do. Of an image, the first pixel is returned.

    Args:
        student: with built models.
        part: name of the model.
        size: of the model's inputs.
        rows: shape (n, units, or channels, of the last layer).

    Raises:
        CheckFailed: no bias has that size.
    """
    weights = weights_of(student, part, size)
    biases = [
        index for index, array in enumerate(weights) if array.shape == rows.shape[1:]
    ]
    if not biases:
        raise CheckFailed(
            f"a last layer of {rows.shape[1]} units, with a bias",
            "no bias of that size",
            "the last layer has another number of units, or no bias.",
        )
    outputs = []
    for row in rows.astype(np.float32):
        arrays = [np.zeros_like(array) for array in weights]
        for index in biases:
            arrays[index] = row
        student.set_weights(part, arrays)
        output = student.predict(part, inputs(1, size))[0]
        outputs.append(output.reshape(-1, output.shape[-1])[0])
    student.set_weights(part, weights)
    return np.stack(outputs)


def spread(n: int) -> np.ndarray:
    """Return n numbers in random order, evenly from about -4 to about 4."""
    rng = generator("probe")
    numbers = rng.uniform(0.8, 1.1) * np.linspace(-4, 4, n) + rng.uniform(-0.1, 0.1)
    return np.asarray(rng.permutation(numbers))


def name_of_activation(output: np.ndarray, a: np.ndarray) -> str | None:
    """Return the name of the activation that makes ``output`` of ``a``, if known."""
    names = (name for name, f in ACTIVATIONS.items() if close(output, f(a)))
    return next(names, None)


def activation_of(student: Student, part: str, size: Size, units: int) -> str:
    """Return the name of a model's last activation.

    Args:
        student: with built models.
        part: name of the model.
        size: of the model's inputs.
        units: units, or channels, of its last layer.
    """
    probe = spread(max(units, 4))
    if units < 4:
        rows = np.stack([np.roll(probe, -i)[:units] for i in range(0, 4, units)])
    else:
        rows = np.stack([probe, -probe])
    rows = rows.astype(np.float32)
    output = answers_of_last_layer(student, part, size, rows)
    return name_of_activation(output, rows) or "another activation"


# --- words ----------------------------------------------------------------------------


def arrow(sizes: Sequence[int]) -> str:
    """Return ``"784 → 128 → 32"``."""
    return " → ".join(map(str, sizes))


def times(shape: Sequence[int]) -> str:
    """Return ``"3×3×1×16"``."""
    return "×".join(map(str, shape))
