"""Inputs and weights that checks draw, and what they read from a model's answers.

A layer is recognised by what it does to numbers. The weights of a model are arrays in
some order; a kernel has two axes or more, a bias one. Names, nesting and the order in
which a model lists its layers play no part.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import permutations, product
from typing import Any

from helpers.checks.randomness import current_seed, generator
from helpers.checks.student.interface import Arrays, Size, Student

import numpy as np
from scipy import special
from sklearn.datasets import load_digits

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
    return np.asarray(special.expit(a))


NO_ACTIVATION = "no activation"
ACTIVATIONS: dict[str, Function] = {
    NO_ACTIVATION: lambda a: a,
    "ReLU": relu,
    "a sigmoid": sigmoid,
    "tanh": np.tanh,
    "ELU": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
    "SELU": lambda a: 1.0507 * np.where(a > 0, a, 1.67326 * np.expm1(np.minimum(a, 0))),
    "a leaky ReLU": lambda a: np.where(a > 0, a, 0.2 * a),
    "a leaky ReLU of slope 0.3": lambda a: np.where(a > 0, a, 0.3 * a),
    "a leaky ReLU of slope 0.1": lambda a: np.where(a > 0, a, 0.1 * a),
    "a leaky ReLU of slope 0.01": lambda a: np.where(a > 0, a, 0.01 * a),
    "ReLU6": lambda a: np.clip(a, 0, 6),
    "clipping to [0,1]": lambda a: np.clip(a, 0, 1),
    "softplus": lambda a: np.logaddexp(0, a),
    "softsign": lambda a: a / (1 + np.abs(a)),
    "SiLU": lambda a: a * sigmoid(a),
    "GELU": lambda a: a / 2 * (1 + special.erf(a / 2**0.5)),
    "an approximate GELU": lambda a: (
        a / 2 * (1 + np.tanh((2 / np.pi) ** 0.5 * (a + 0.044715 * a**3)))
    ),
    "Mish": lambda a: a * np.tanh(np.logaddexp(0, a)),
    "a hard sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "a hard tanh": lambda a: np.clip(a, -1, 1),
    "exp": lambda a: np.exp(np.minimum(a, 80)),
    "a softmax": lambda a: special.softmax(a, axis=-1),
}
"""What a last activation may be, so that it can be told apart from the layers before.

No other activation is known: where a check compared a model's answer with another
answer of the same model, one that says nothing would agree with itself.
"""


def close(output: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether two arrays agree within the tolerance of float32 sums."""
    if output.shape != expected.shape or not np.isfinite(output).all():
        return False
    scale = max(float(np.abs(expected).max(initial=0)), 1e-6)
    return bool(np.abs(output - expected).max(initial=0) <= TOLERANCE * scale)


def varies(output: np.ndarray) -> bool:
    """Return whether an answer is another one for other rows, visibly."""
    scale = max(float(np.abs(output).max(initial=0)), 1e-6)
    return bool(np.ptp(output, axis=0).max(initial=0) > 3 * TOLERANCE * scale)


def alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two answers of a student's own agree, number by number.

    Each number of an output has a scale of its own: one that is huge does not make the
    others look alike.
    """
    if first.shape != second.shape:
        return False
    size = np.maximum(np.abs(first), np.abs(second)).max(axis=0)
    scale = np.maximum(size, 1e-2 * np.median(size)) + 1e-30
    return bool((np.abs(first - second) <= TOLERANCE * scale).all())


# --- inputs ---------------------------------------------------------------------------


def shape_of(size: Size) -> Shape:
    """Return the shape of one input: ``(784,)`` for 784 numbers."""
    return (size,) if isinstance(size, int) else tuple(size)


def inputs(n: int, size: Size, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of random float32 numbers in [0,1]."""
    rng = generator("inputs", seed)
    return rng.random((n, *shape_of(size)), dtype=np.float32)


def some(low: int, high: int) -> int:
    """Return a number of inputs from low to high, another one in each run."""
    return int(generator("some", low, high).integers(low, high + 1))


def codes(n: int, size: Size, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of random float32 numbers in [-2,2]."""
    return 4 * inputs(n, size, seed) - 2


@cache
def _digits() -> np.ndarray:
    """Return scikit-learn's digits, 8×8 numbers in [0,1] each."""
    return np.asarray(load_digits().images / 16)


def pictures(n: int, size: Size) -> np.ndarray:
    """Return ``n`` digits in [0,1] of a size, as students train on: mostly black.

    What acts on smooth or dark images alone shows on them, not on noise.
    """
    shape = shape_of(size)
    length = math.ceil(shape[0] ** 0.5)
    height, width = shape[:2] if len(shape) > 1 else (length, length)
    digits = _digits()
    chosen = generator("pictures").choice(len(digits), n, replace=False)
    padded = np.pad(digits[chosen], ((0, 0), (1, 1), (1, 1)))
    rows, columns = (np.arange(side) * 10 // side for side in (height, width))
    large = padded[:, rows][:, :, columns]
    if len(shape) > 1:
        colours = np.ones((1, *shape[2:]))
        images = large.reshape(n, height, width, *[1] * colours[0].ndim) * colours
    else:
        images = large.reshape(n, -1)[:, : shape[0]]
    return np.asarray(images, np.float32)


def smooth(size: Size) -> np.ndarray:
    """Return one array in [0,1] that changes little from a number to its neighbours."""
    rng = generator("smooth")
    axes = [
        rng.uniform(0, 3) + rng.uniform(1, 2) * np.linspace(0, 1, n)
        for n in shape_of(size)
    ]
    waves = np.meshgrid(*map(np.sin, axes), indexing="ij")
    return np.asarray(0.5 + 0.5 * np.prod(waves, axis=0), np.float32)


def of_every_kind(x: np.ndarray) -> np.ndarray:
    """Return inputs of which the first is a picture, and the second is smooth."""
    kinds = x.astype(np.float32)
    kinds[:1] = pictures(1, x.shape[1:])
    kinds[1:2] = smooth(x.shape[1:])
    return kinds


def beyond(x: np.ndarray) -> np.ndarray:
    """Return inputs of which some are much larger or smaller, of any sign.

    The first is a picture, the second is smooth: a layer computes the same for what
    students train on, for what no image has, and for noise. The fourth has numbers
    below 0 and above 1, whatever is drawn.
    """
    rng = generator("beyond")
    factors = np.exp(rng.uniform(-3, 3, len(x))) * rng.choice([-1, 1], len(x))
    factors[::2] = 1
    kinds = of_every_kind(x * factors.reshape(-1, *[1] * (x.ndim - 1)))
    kinds[3:4] = np.exp(rng.uniform(1, 2)) * (2 * x[3:4] - 1)
    return kinds


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


SEEDS = range(2, 7)
"""Of drawn weights: the first, and others where answers hardly differ with those."""


def draw_telling(
    weights: Arrays, tells: Callable[[Arrays], bool], **how: Any
) -> Arrays:
    """Return random arrays as ``draw`` does: the first of SEEDS that tell something.

    With unlucky ones every ReLU gives 0, or a sigmoid gives 1 for all inputs, and a
    right model cannot be told from others.

    Args:
        weights: arrays of the shapes to draw.
        tells: sets the drawn arrays, and returns whether answers differ with them.
        **how: for ``draw``.
    """
    for seed in SEEDS:
        arrays = draw(weights, seed=seed, **how)
        if tells(arrays):
            break
    return arrays


def put_drawn(
    student: Student,
    part: str,
    weights: Arrays,
    x: np.ndarray,
    prepare: Callable[[Arrays], None] = lambda arrays: None,
    **how: Any,
) -> Arrays:
    """Set random weights with which a model's answers differ, and return them.

    Args:
        student: with built models.
        part: name of the model.
        weights: arrays of the shapes to draw.
        x: inputs.
        prepare: called with the drawn arrays, to change them.
        **how: for ``draw``.
    """

    def tells(arrays: Arrays) -> bool:
        prepare(arrays)
        student.set_weights(part, arrays)
        return varies(student.predict(part, x)[0])

    return draw_telling(weights, tells, **how)


STEADY: dict[str, Any] = {"gain": 2**0.5, "bias": 0.5}
"""How ``draw`` draws weights that keep a signal's size, biases too."""


def draw_steady(weights: Arrays, seed: int = SEEDS[0]) -> Arrays:
    """Return random arrays of the same shapes that keep a signal's size, biases too."""
    return draw(weights, seed=seed, **STEADY)


def scaled(arrays: Arrays, x: np.ndarray) -> Iterator[tuple[Arrays, np.ndarray]]:
    """Yield weights and inputs as they are, and with smaller and with larger kernels.

    Smaller kernels get larger inputs, or nothing but biases would reach the last layer.
    """
    rng = generator("scale of kernels")
    kernels = sum(array.ndim > 1 for array in arrays)
    yield arrays, x
    for factor in (rng.uniform(0.22, 0.3), rng.uniform(3, 5)):
        yield (
            [array * np.float32(factor ** (array.ndim > 1)) for array in arrays],
            x * np.float32(max(1.0, factor**-kernels)),
        )


def many_rows(n: int, low: int = 90, high: int = 150) -> np.ndarray:
    """Return the positions of more rows than a batch has by default, out of n."""
    rng = generator("many rows", low, high)
    return rng.integers(n, size=rng.integers(low, high))


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


def near(weights: Arrays) -> Arrays:
    """Return arrays as a builder made them, moved as by a few steps of training.

    Small biases among them: what acts on drawn ones alone shows here.
    """
    rng = generator("near")
    return [
        (array + rng.normal(0, 0.01, array.shape)).astype(array.dtype)
        for array in weights
    ]


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


def spread(n: int) -> np.ndarray:
    """Return n numbers in random order, evenly from about -4 to about 4."""
    rng = generator("probe")
    numbers = rng.uniform(0.8, 1.1) * np.linspace(-4, 4, n) + rng.uniform(-0.1, 0.1)
    return np.asarray(rng.permutation(numbers))


def name_of_activation(
    output: np.ndarray, a: np.ndarray, *, silent: bool = False
) -> str | None:
    """Return the name of the activation that makes ``output`` of ``a``, if known.

    Each row must agree, whatever its size. An activation that makes the same of all
    rows, as a softmax over one number does, says nothing about ``a``: it is not known.

    Args:
        output: what a model answers.
        a: what may reach its last activation.
        silent: whether that may be nearly the same for all rows nevertheless, as it is
            with the small weights that a builder may begin with.
    """
    names = (name for name, f in ACTIVATIONS.items() if _makes(f, a, output, silent))
    return next(names, None)


def _makes(f: Function, a: np.ndarray, output: np.ndarray, silent: bool) -> bool:
    """Return whether an activation makes ``output`` of ``a``, row by row."""
    if output.shape != a.shape:
        return False
    expected = f(a)
    axes = tuple(range(1, a.ndim))
    scale = np.maximum(
        np.abs(expected).max(axis=axes, initial=1e-6),
        1e-2 * np.abs(a).max(axis=axes, initial=0),
    )
    off = np.abs(output - expected).max(axis=axes, initial=0)
    return bool((off <= TOLERANCE * scale).all()) and (silent or varies(expected))


def small_outputs(arrays: Arrays, units: int) -> None:
    """Make the last layer's weights smaller, in place.

    It keeps a sigmoid away from 0 and 1, where cross-entropy is cut off.
    """
    for array in arrays:
        if array.shape[-1] == units:
            array *= 0.3


# --- words ----------------------------------------------------------------------------


def arrow(sizes: Sequence[int]) -> str:
    """Return ``"784 → 128 → 32"``."""
    return " → ".join(map(str, sizes))


def times(shape: Sequence[int]) -> str:
    """Return ``"3×3×1×16"``."""
    return "×".join(map(str, shape))
