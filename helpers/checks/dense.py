"""What chains of dense layers must compute, in NumPy.

A layer is recognised by what it does to numbers. The weights of a model are arrays in
some order; a kernel has two axes, a bias one. Names, nesting and the order in which a
model lists its layers play no part.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, permutations, product

from helpers.checks.interface import Arrays, Student
from helpers.checks.report import CheckFailed

import numpy as np

# float32 sums over 784 numbers agree to 1e-5; a wrong activation shows above 1e-2.
TOLERANCE = 1e-3


def relu(a: np.ndarray) -> np.ndarray:
    """Return max(a, 0)."""
    return np.maximum(a, 0)


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-a))."""
    return 1 / (1 + np.exp(-a))


# Only to name in a message what was found.
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
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


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether two arrays agree within the tolerance of float32 sums."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return False
    scale = max(float(np.abs(expected).max(initial=0)), 1e-6)
    return bool(np.abs(found - expected).max(initial=0) <= TOLERANCE * scale)


def inputs(n: int, width: int, seed: int = 1) -> np.ndarray:
    """Return ``n`` rows of ``width`` random float32 numbers in [0,1]."""
    return np.random.default_rng(seed).random((n, width), dtype=np.float32)


def draw(weights: Arrays, *, gain: float = 2.0, seed: int = 2) -> Arrays:
    """Return random arrays of the same shapes: kernels by fan-in, biases not zero.

    With a gain of 2, pre-activations spread over several units, so that activations
    differ visibly; with 1.4, ReLU layers keep the spread of their input.
    """
    rng = np.random.default_rng(seed)
    return [
        rng.normal(
            scale=gain / np.sqrt(array.shape[0]) if array.ndim > 1 else gain,
            size=array.shape,
        ).astype(array.dtype)
        for array in weights
    ]


def all_active(weights: Arrays, seed: int = 3) -> Arrays:
    """Return arrays of the same shapes with which every ReLU unit is active."""
    rng = np.random.default_rng(seed)
    return [
        (
            rng.uniform(0.5, 1.5, array.shape) / array.shape[0]
            if array.ndim > 1
            else np.full(array.shape, 0.1)
        ).astype(array.dtype)
        for array in weights
    ]


def weights_of(student: Student, part: str, width: int) -> Arrays:
    """Return the weights of a model whose input has ``width`` numbers."""
    student.predict(part, inputs(1, width))  # a subclassed model is built by its call
    return student.get_weights(part)


def arrow(sizes: Sequence[int]) -> str:
    """Return ``"784 → 128 → 32"``."""
    return " → ".join(map(str, sizes))


def orders(weights: Arrays, sizes: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """Yield every way to read ``weights`` as dense layers of ``sizes``.

    Each is a list of (index of the kernel, index of the bias), first layer first.
    Nothing is yielded when the weights are not those of such layers.
    """
    pairs = list(pairwise(sizes))

    def assign(shapes: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
        """Yield every choice of one array for each shape, none used twice."""
        at = {
            shape: [i for i, array in enumerate(weights) if array.shape == shape]
            for shape in dict.fromkeys(shapes)
        }
        ways = [
            permutations(indices, shapes.count(shape)) for shape, indices in at.items()
        ]
        for chosen in product(*ways):
            pools = {shape: iter(one) for shape, one in zip(at, chosen, strict=True)}
            yield tuple(next(pools[shape]) for shape in shapes)

    if len(weights) != 2 * len(pairs):
        return
    for kernels in assign(pairs):
        for biases in assign([(width,) for _, width in pairs]):
            yield list(zip(kernels, biases, strict=True))


def answers_of_last_layer(
    student: Student, part: str, width: int, rows: np.ndarray
) -> np.ndarray:
    """Return what the model's last layer makes of the given pre-activations.

    All weights are set to 0 but the last layer's bias, which becomes each row in turn:
    then the model's output is the last activation of that row, whatever the layers
    before do.

    Args:
        rows: shape (n, units of the last layer).
    """
    weights = weights_of(student, part, width)
    biases = [
        index for index, array in enumerate(weights) if array.shape == rows.shape[1:]
    ]
    if not biases:
        raise CheckFailed(
            f"a last dense layer of {rows.shape[1]} units, with a bias",
            "no bias of that size",
            "the last layer has another number of units, or no bias.",
        )
    outputs = []
    for row in rows.astype(np.float32):
        arrays = [np.zeros_like(array) for array in weights]
        for index in biases:
            arrays[index] = row
        student.set_weights(part, arrays)
        outputs.append(student.predict(part, inputs(1, width))[0][0])
    student.set_weights(part, weights)
    return np.stack(outputs)


def last_activation_is(
    student: Student, part: str, sizes: tuple[int, int], wanted: str, likely_cause: str
) -> None:
    """Check the activation of the model's last layer.

    Args:
        sizes: numbers in the model's input and in its output.
        wanted: a name in :data:`ACTIVATIONS`.
    """
    width, units = sizes
    probe = np.random.default_rng(4).permutation(np.linspace(-4, 4, units))
    rows = np.stack([probe, -probe]).astype(np.float32)
    found = answers_of_last_layer(student, part, width, rows)
    if close(found, ACTIVATIONS[wanted](rows)):
        return
    names = (name for name, f in ACTIVATIONS.items() if close(found, f(rows)))
    raise CheckFailed(
        f"{wanted} after the last layer of the {part}",
        next(names, "another activation"),
        likely_cause,
    )


def hidden_layers_are(
    student: Student, part: str, sizes: Sequence[int], likely_cause: str
) -> None:
    """Check that the model is dense layers of ``sizes``, ReLU after all but the last.

    The last activation is left open. The model gets random weights and inputs; NumPy
    computes what must reach the last activation, and the model's own last layer says
    what that gives.

    Args:
        sizes: numbers in the input, in each hidden layer, and in the output.
    """
    weights = weights_of(student, part, sizes[0])
    expected = f"dense layers {arrow(sizes)}, each with a bias, and nothing else"
    found_sizes = ", ".join(arrow(array.shape) for array in weights if array.ndim == 2)
    x = inputs(4, sizes[0])
    arrays = draw(weights)
    student.set_weights(part, arrays)
    found = student.predict(part, x)[0]
    in_training = student.predict(part, x, training=True)[0]
    possible = False
    for order in orders(weights, sizes):
        possible = True
        a = x
        for kernel, bias in order[:-1]:
            a = relu(a @ arrays[kernel] + arrays[bias])
        kernel, bias = order[-1]
        a = a @ arrays[kernel] + arrays[bias]
        if close(found, answers_of_last_layer(student, part, sizes[0], a)):
            if close(in_training, found):
                return
            raise CheckFailed(
                expected,
                f"the {part} computes something else while it trains",
                "a layer that acts in training only, such as Dropout or noise.",
            )
    if not possible:
        raise CheckFailed(
            expected,
            f"kernels of {found_sizes or 'no dense layer'}, "
            f"{len(weights)} weight arrays in all",
            likely_cause,
        )
    raise CheckFailed(
        f"ReLU after each hidden layer of the {part}: {arrow(sizes)}",
        "other numbers than these layers give with the same weights",
        "a hidden layer without activation='relu', with another activation, or an "
        "extra operation between the layers.",
    )
