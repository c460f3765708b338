"""What chains of dense layers must compute, in NumPy.

A layer is recognised by what it does to numbers. The weights of a model are arrays in
some order; a kernel has two axes, a bias one. Names, nesting and the order in which a
model lists its layers play no part.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, permutations, product
from typing import Any

from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import Arrays, Student

import numpy as np

# float32 sums over 784 numbers agree to 1e-5; a wrong activation shows above 1e-2.
TOLERANCE = 1e-3

# The class of keras.Model(x, y). Others may make their weights when they are called.
BUILT_AT_ONCE = "Functional"

Size = int | tuple[int, ...]
"""Of one input or code: how many numbers, or a shape without the batch."""


def relu(a: np.ndarray) -> np.ndarray:
    """Return max(a, 0)."""
    return np.maximum(a, 0)


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-a))."""
    return 1 / (1 + np.exp(-a))


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


def shape_of(size: Size) -> tuple[int, ...]:
    """Return the shape of one input: ``(784,)`` for 784 numbers."""
    return (size,) if isinstance(size, int) else tuple(size)


def inputs(n: int, size: Size, seed: int = 1) -> np.ndarray:
    """Return ``n`` arrays of random float32 numbers in [0,1]."""
    rng = np.random.default_rng(seed)
    return rng.random((n, *shape_of(size)), dtype=np.float32)


def draw(
    weights: Arrays, *, gain: float = 2.0, seed: int = 2, by_shape: bool = False
) -> Arrays:
    """Return random arrays of the same shapes: kernels by fan-in, biases not zero.

    With a gain of 2, pre-activations spread over several units, so that activations
    differ visibly; with 1.4, ReLU layers keep the spread of their input. With
    ``by_shape``, the first array of a shape always gets the same numbers, in whichever
    model it stands, and so does the second.
    """
    shapes = [array.shape for array in weights]
    if by_shape:
        numbers = [
            _normal((seed, shapes[:index].count(shape), *shape), (shape,))[0]
            for index, shape in enumerate(shapes)
        ]
    else:
        numbers = _normal(seed, tuple(shapes))
    drawn = []
    for array, standard in zip(weights, numbers, strict=True):
        scale = gain / np.sqrt(fan_in(array)) if array.ndim > 1 else gain
        drawn.append(np.asarray(scale * standard, array.dtype))
    return drawn


@lru_cache(maxsize=64)
def _normal(
    seed: int | tuple[int, ...], shapes: tuple[tuple[int, ...], ...]
) -> list[np.ndarray]:
    """Return standard normal numbers; checks draw the same ones again and again."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def fan_in(kernel: np.ndarray) -> int:
    """Return how many numbers each unit of a dense or convolution kernel sums."""
    return int(np.prod(kernel.shape[:-1]))


def all_active(weights: Arrays, seed: int = 3) -> Arrays:
    """Return arrays of the same shapes with which every ReLU unit is active."""
    rng = np.random.default_rng(seed)
    return [
        (
            rng.uniform(0.5, 1.5, array.shape) / fan_in(array)
            if array.ndim > 1
            else np.full(array.shape, 0.1)
        ).astype(array.dtype)
        for array in weights
    ]


def weights_of(student: Student, part: str, size: Size) -> Arrays:
    """Return the weights of a model whose inputs have the given size."""
    facts = student.facts(part)
    built = facts["class"] == BUILT_AT_ONCE
    if not (built and facts["input_shape"] == [None, *shape_of(size)]):
        student.predict(part, inputs(1, size))
    return student.get_weights(part)


def arrow(sizes: Sequence[int]) -> str:
    """Return ``"784 → 128 → 32"``."""
    return " → ".join(map(str, sizes))


def orders(
    weights: Arrays, kernels: Sequence[tuple[int, ...]]
) -> Iterator[list[tuple[int, int]]]:
    """Yield every way to read ``weights`` as layers whose kernels have these shapes.

    Each is a list of (index of the kernel, index of the bias), first layer first.
    Nothing is yielded when the weights are not those of such layers.
    """

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

    if len(weights) != 2 * len(kernels):
        return
    for found in assign(list(kernels)):
        for biases in assign([shape[-1:] for shape in kernels]):
            yield list(zip(found, biases, strict=True))


def answers_of_last_layer(
    student: Student, part: str, size: Size, rows: np.ndarray
) -> np.ndarray:
    """Return what the model's last layer makes of the given pre-activations.

    All weights are set to 0 but the last layer's bias, which becomes each row in turn:
    then the model's output is the last activation of that row, whatever the layers
    before do. Of an image, the first pixel is returned.

    Args:
        rows: shape (n, units, or channels, of the last layer).
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


def ends_in_known(found: np.ndarray, a: np.ndarray) -> bool:
    """Return whether one of the known activations makes ``found`` of ``a``."""
    return any(close(found, function(a)) for function in ACTIVATIONS.values())


def activation_of(student: Student, part: str, size: Size, units: int) -> str:
    """Return the name of a model's last activation.

    Args:
        size: of the model's inputs.
        units: units, or channels, of its last layer.
    """
    probe = np.random.default_rng(4).permutation(np.linspace(-4, 4, max(units, 4)))
    if units < 4:
        rows = np.stack([np.roll(probe, -i)[:units] for i in range(0, 4, units)])
    else:
        rows = np.stack([probe, -probe])
    rows = rows.astype(np.float32)
    found = answers_of_last_layer(student, part, size, rows)
    names = (name for name, f in ACTIVATIONS.items() if close(found, f(rows)))
    return next(names, "another activation")


def last_activation_is(
    student: Student, part: str, sizes: tuple[Size, int], wanted: str, likely_cause: str
) -> None:
    """Check the activation of the model's last layer.

    Args:
        sizes: of the model's inputs; units, or channels, of its last layer.
        wanted: a name in ``ACTIVATIONS``.
    """
    found = activation_of(student, part, *sizes)
    if found != wanted:
        raise CheckFailed(
            f"{wanted} after the last layer of the {part}", found, likely_cause
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
    for order in orders(weights, list(pairwise(sizes))):
        possible = True
        a = x
        for kernel, bias in order[:-1]:
            a = relu(a @ arrays[kernel] + arrays[bias])
        kernel, bias = order[-1]
        a = a @ arrays[kernel] + arrays[bias]
        if ends_in_known(found, a) or close(
            found, answers_of_last_layer(student, part, sizes[0], a)
        ):
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


@dataclass(frozen=True)
class DenseSizes:
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
    def parts(self) -> dict[str, Size]:
        """Return the size of the inputs of each model."""
        return {
            "encoder": self.input_dims,
            "decoder": self.latent_dims,
            "auto": self.input_dims,
        }


def encoder_is_dense(student: Student, sizes: DenseSizes) -> None:
    """Check the encoder's dense layers, ReLU after each hidden one."""
    hidden_layers_are(
        student,
        "encoder",
        [sizes.input_dims, *sizes.hidden_layers, sizes.latent_dims],
        "a layer is missing or extra, in another order, or has another size than "
        "hidden_layers says.",
    )


def decoder_is_dense(student: Student, sizes: DenseSizes) -> None:
    """Check the decoder's dense layers: the encoder's sizes, reversed, with ReLU."""
    hidden_layers_are(
        student,
        "decoder",
        [sizes.latent_dims, *reversed(sizes.hidden_layers), sizes.input_dims],
        "the hidden layers are not reversed, or one is missing or extra.",
    )


def code_is_relu(student: Student, sizes: DenseSizes) -> None:
    """Check that the encoder ends in a ReLU."""
    last_activation_is(
        student,
        "encoder",
        (sizes.input_dims, sizes.latent_dims),
        "ReLU",
        "the activation of the layer with latent_dims units.",
    )


def output_is_sigmoid(student: Student, sizes: DenseSizes) -> None:
    """Check that the decoder ends in a sigmoid."""
    last_activation_is(
        student,
        "decoder",
        (sizes.latent_dims, sizes.input_dims),
        "a sigmoid",
        "the activation of the layer with input_dims units.",
    )
