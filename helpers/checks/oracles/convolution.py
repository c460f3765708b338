"""What 3×3 convolutions, pooling and upsampling must compute, in NumPy.

Images have the shape (n, height, width, channels).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from helpers.checks.oracles import shared
from helpers.checks.oracles.probes import (
    NO_ACTIVATION,
    Layer,
    Shape,
    beyond,
    chains,
    inputs,
    name_of_activation,
    near,
    put_drawn,
    scaled,
    times,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import Size, Student

import numpy as np


def convolve(images: np.ndarray, layer: Layer, padding: str = "same") -> np.ndarray:
    """Return a 3×3 convolution with its bias."""
    kernel, bias = layer
    if padding == "same":
        images = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    sums: np.ndarray = np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True)
    return sums + bias


def pool(images: np.ndarray, take: Callable[..., np.ndarray] = np.max) -> np.ndarray:
    """Return the largest of each 2×2 pixels; an odd edge makes smaller squares."""
    n, height, width, channels = images.shape
    fill = -np.inf if take is np.max else np.nan
    padded = np.pad(
        images,
        ((0, 0), (0, height % 2), (0, width % 2), (0, 0)),
        constant_values=fill,
    )
    squares = padded.reshape(n, -(-height // 2), 2, -(-width // 2), 2, channels)
    return take(squares, axis=(2, 4))


def upsample(images: np.ndarray) -> np.ndarray:
    """Return every pixel repeated as 2×2."""
    return images.repeat(2, axis=1).repeat(2, axis=2)


OTHER_NUMBERS = "other numbers with the same weights"

Compute = Callable[[np.ndarray, Sequence[Layer]], np.ndarray]
"""From images and layers to what these layers give."""


@dataclass(frozen=True)
class Chain:
    """Convolutions that a contract asks for, one after the other.

    Attributes:
        kernels: shapes of their kernels, first layer first.
        compute: what the layers give.
        mistakes: what other layers give, by name.
        in_words: the layers, for a message.
        open_end: whether any known activation may follow in the model, or none.
    """

    kernels: Sequence[Shape]
    compute: Compute
    mistakes: Mapping[str, Compute]
    in_words: str
    open_end: bool

    def agrees(self, output: np.ndarray, a: np.ndarray, silent: bool = False) -> bool:
        """Return whether the last of the layers gives ``a``, the model ``output``."""
        name = name_of_activation(output, a, silent=silent)
        return name is not None and (self.open_end or name == NO_ACTIVATION)

    def mistake(
        self, x: np.ndarray, output: np.ndarray, ways: Sequence[Sequence[Layer]]
    ) -> str | None:
        """Return the name of a mistake that makes ``output`` of ``x``, if known."""
        for name, compute in self.mistakes.items():
            for layers in ways:
                try:
                    a = compute(x, layers)
                except ValueError:  # images that become too small for this mistake
                    continue
                if self.agrees(output, a):
                    return name
        return None


def chain_is(student: Student, part: str, size: Size, chain: Chain) -> None:
    """Check that a model computes what a chain of convolutions does.

    Args:
        student: with built models.
        part: name of the model.
        size: of the model's inputs.
        chain: what it must compute.

    Raises:
        CheckFailed: it computes something else.
    """
    weights = weights_of(student, part, size)
    x = beyond(inputs(4, size))
    if not any(chains(weights, chain.kernels)):
        shapes = ", ".join(times(a.shape) for a in weights if a.ndim > 1)
        raise CheckFailed(
            f"kernels of {', '.join(map(times, chain.kernels))}, each with a bias",
            f"{shapes or 'no kernels'}; {len(weights)} weight arrays",
            "a convolution is missing, extra, not 3×3, or has other filters"
            f"{'; the decoder has them reversed' * (part == 'decoder')}.",
        )
    drawn = put_drawn(student, part, weights, x, gain=1.4)
    shared.same_always(student, part, x, chain.in_words, f"the {part}")
    own = near(weights)
    for arrays, probe in (*scaled(drawn, x), (own, x)):
        student.set_weights(part, arrays)
        output = student.predict(part, probe)[0]
        ways = list(chains(arrays, chain.kernels))
        sums = [chain.compute(probe, layers) for layers in ways]
        if not any(chain.agrees(output, a, arrays is own) for a in sums):
            raise _failure(chain, probe, output, ways)
    student.set_weights(part, weights)


def _failure(
    chain: Chain, x: np.ndarray, output: np.ndarray, ways: Sequence[Sequence[Layer]]
) -> CheckFailed:
    """Return what to say of a model with the right weights and another output."""
    mistake = chain.mistake(x, output, ways)
    if mistake:
        return CheckFailed(chain.in_words, f"numbers as from {mistake}", f"{mistake}.")
    shape = chain.compute(x[:1], ways[0]).shape[1:]
    if output.shape[1:] != shape:
        return CheckFailed(
            f"{chain.in_words}: outputs of {times(shape)}",
            f"outputs of {times(output.shape[1:])}",
            "padding, strides, or a missing or extra pooling or upsampling.",
        )
    return CheckFailed(
        chain.in_words,
        OTHER_NUMBERS,
        "an activation, a stride, the order of layers, or something between them.",
    )
