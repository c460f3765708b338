"""Weights rounded as coarsely as what a model computes allows, for a small page.

Most of a model's weights stand in one or two layers. How finely they must be known is
measured: they are rounded ever more coarsely, for as long as what the model makes of
some inputs stays within a tolerance. In a dense layer the rounding of a row also makes
up for that of rows whose inputs go along with its own, and rows whose inputs are small,
or follow from others, get coarse steps: what is learnt from the inputs' covariance. So
do the columns of outputs that a sigmoid keeps near 0 or 1, such as those of an image's
empty edges.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from helpers.explore.weights import chain, entries

import keras
import numpy as np
from scipy.linalg import qr

FEW = 2048  # weights that keep 16 bits
PER_OCTAVE = 4  # steps are powers of the fourth root of 2
MOST = 10  # octaves that a column's steps may be larger
FINEST = -24 * PER_OCTAVE  # of the steps that are tried, next to the largest weight


@dataclass(frozen=True)
class Rows:
    """A kernel as rows of whole numbers.

    Attributes:
        whole: (rows, columns), whole numbers.
        exponents: each row's step is 2 ** (exponent / 4), (rows,).
        columns: by how many octaves each column's steps are larger, (columns,).
    """

    whole: np.ndarray
    exponents: np.ndarray
    columns: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Return the rounded kernel, (rows, columns)."""
        rows = self.exponents[:, np.newaxis] / PER_OCTAVE
        return self.whole * 2.0 ** (rows + self.columns)

    def packed(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Return what `unpack` of the page's `decoder.js` reads: a Rice code.

        A number is doubled, less 1 where it is negative, so that none is; its upper
        bits are written as so many ones and a zero, its lower bits as they are. How
        many are lower is chosen for each row, and less for columns of larger steps.
        """
        positive = np.where(self.whole >= 0, 2 * self.whole, -2 * self.whole - 1)
        lows, parts = [], []
        for row in positive.astype(np.int64):
            options = [(low - self.columns).clip(0) for low in range(24)]
            lengths = [(low + (row >> low)).sum() for low in options]
            lows.append(int(np.argmin(lengths)))
            parts.append(_rice(row, options[lows[-1]]))
        about = np.stack([self.exponents, lows], axis=1)
        return {
            "shape": list(shape),
            "rows": _in_base64(about.astype(np.int8)),
            "columns": _in_base64(self.columns.astype(np.int8))
            if self.columns.any()
            else "",
            "data": _in_base64(np.packbits(np.concatenate(parts))),
        }


def rounded(
    model: keras.Model,
    inputs: np.ndarray,
    tolerance: float,
    *,
    besides: float = 0.0,
    used: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Return a model's layers as JSON can hold them, with coarser weights.

    Args:
        model: built; its layers stand in a row.
        inputs: all that matters of what the model will see, (n, ...).
        tolerance: how far an output may move, for any of the inputs.
        besides: what else a dense layer may see, as a share of its inputs' mean square
            and the same in all directions: 0 where the inputs are all there is.
        used: the numbers of one input that are not 0 at all times, as flat booleans;
            the weights of the others are left out if the first layer is dense.

    Raises:
        ExplorerError: a layer or an activation is of a kind that no explorer runs, or
            the layers do not stand in a row.
    """
    layers = list(chain(model))
    written = {layer: list(entries(layer)) for layer in layers}
    large = [layer for layer in layers if _kernel(layer).size > FEW]
    expected = _run(layers, inputs)
    kernels: dict[keras.layers.Layer, np.ndarray] = {}
    for number, layer in enumerate(sorted(large, key=lambda x: _kernel(x).size), 1):
        shape = _kernel(layer).shape
        before = _run(layers[: layers.index(layer)], inputs)
        is_dense = isinstance(layer, keras.layers.Dense)
        kept = used if is_dense and used is not None and len(used) == shape[0] else None
        columns = _columns(layer, before)
        round_with = _rounding(
            layer, before if is_dense else None, besides, kept, columns
        )

        def error(rows: Rows, layer: Any = layer, shape: Any = shape) -> float:
            changed = {**kernels, layer: rows.values.reshape(shape)}
            return float(np.abs(_run(layers, inputs, changed) - expected).max())

        rows = _coarsest(round_with, error, tolerance * number / len(large))
        kernels[layer] = rows.values.reshape(shape)
        written[layer][0]["kernel"] = rows.packed(shape)
    return [entry for layer in layers for entry in written[layer]]


def _kernel(layer: keras.layers.Layer) -> np.ndarray:
    """Return the kernel of a layer; an empty one for a layer that has none."""
    return np.asarray(layer.get_weights()[0] if hasattr(layer, "kernel") else [], float)


def _run(
    layers: list[keras.layers.Layer],
    inputs: np.ndarray,
    kernels: Mapping[keras.layers.Layer, np.ndarray] = MappingProxyType({}),
) -> np.ndarray:
    """Return what layers make of inputs, some of them with other kernels."""
    x = keras.ops.convert_to_tensor(np.asarray(inputs, "float32"))
    for layer in layers:
        if layer not in kernels:
            x = layer(x)
            continue
        kernel = keras.ops.convert_to_tensor(np.asarray(kernels[layer], "float32"))
        groups = layer.trainable_variables, layer.non_trainable_variables
        values = [
            [
                kernel if variable is layer.kernel else variable.value
                for variable in group
            ]
            for group in groups
        ]
        x, _ = layer.stateless_call(*values, x)
    return keras.ops.convert_to_numpy(x)


def _coarsest(
    round_with: Callable[[int], Rows], error: Callable[[Rows], float], allowed: float
) -> Rows:
    """Return the coarsest rounding whose error is allowed; the finest if none is."""
    fine, coarse = FINEST, 0
    rows = round_with(fine)
    while coarse - fine > 1:
        tried = (coarse + fine) // 2
        candidate = round_with(tried)
        if error(candidate) <= allowed:
            fine, rows = tried, candidate
        else:
            coarse = tried
    return rows


def _rounding(
    layer: keras.layers.Layer,
    inputs: np.ndarray | None,
    besides: float,
    used: np.ndarray | None,
    columns: np.ndarray,
) -> Callable[[int], Rows]:
    """Return a function that rounds a layer's kernel with steps of some size.

    Args:
        layer: dense or a convolution.
        inputs: what a dense layer sees, (n, rows); None rounds all rows alike.
        besides: see `rounded`.
        used: rows that are not left out.
        columns: by how many octaves each column's steps are larger.
    """
    kernel = _kernel(layer)
    weights = kernel.reshape(-1, kernel.shape[-1])
    kept = np.flatnonzero(used) if used is not None else np.arange(len(weights))
    if inputs is None:
        order, upper = kept, np.eye(len(kept))
    else:
        order, upper = _in_order(np.asarray(inputs, float)[:, kept], besides)
        order = kept[order]
    share = upper / np.diag(upper)[:, np.newaxis]
    sizes = np.abs(np.diag(upper))
    unit = np.log2(np.abs(weights).max() * sizes.max() / sizes)

    def round_with(exponent: int) -> Rows:
        exponents = np.zeros(len(weights), int)
        exponents[order] = np.floor(PER_OCTAVE * unit + exponent).clip(-128, 127)
        whole = np.zeros(weights.shape, np.int64)
        errors = np.zeros((len(order), weights.shape[1]))
        for k in reversed(range(len(order))):
            row = weights[order[k]]
            step = 2.0 ** (exponents[order[k]] / PER_OCTAVE + columns)
            wanted = row + share[k, k + 1 :] @ errors[k + 1 :]
            whole[order[k]] = np.round(wanted / step)
            errors[k] = row - step * whole[order[k]]
        return Rows(whole, exponents, columns)

    return round_with


def _columns(layer: keras.layers.Layer, inputs: np.ndarray) -> np.ndarray:
    """Return by how many octaves the steps of each output's column may be larger.

    That is what a sigmoid takes from an error, where it is steepest for the inputs.
    """
    outputs = _kernel(layer).shape[-1]
    is_transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    if is_transposed or layer.activation is not keras.activations.sigmoid:
        return np.zeros(outputs, int)
    values = _run([layer], inputs).reshape(-1, outputs).astype(float)
    steepest = (values * (1 - values)).max(axis=0)
    return np.floor(-np.log2(4 * steepest.clip(1e-6))).clip(0, MOST).astype(int)


def _in_order(inputs: np.ndarray, besides: float) -> tuple[np.ndarray, np.ndarray]:
    """Return an order of the inputs, and how each goes along with those after it.

    The first has the largest mean square, the next that of which most is left once
    what the first tells about it is taken away, and so on. The second array is upper
    triangular; its product with its own transpose is the inputs' second moment.
    """
    moment = inputs.T @ inputs / len(inputs)
    mean = max(float(np.trace(moment)) / len(moment), 1e-12)
    moment += (besides + 1e-7) * mean * np.eye(len(moment))
    upper, order = qr(np.linalg.cholesky(moment).T, mode="r", pivoting=True)
    return order, upper


def _rice(row: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Return the bits of whole numbers from 0 on, each with so many lower ones."""
    ends = np.cumsum((row >> low) + 1 + low)
    bits = np.ones(ends[-1], np.uint8)
    bits[ends - low - 1] = 0
    for k in range(low.max()):
        has = low > k
        bits[ends[has] - 1 - k] = row[has] >> k & 1
    return bits


def _in_base64(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.tobytes()).decode()
