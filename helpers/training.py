"""How the course trains: where it starts, its learning rate, a check at the end.

The recipe in three sentences. Before training, `start_at_mean` sets the output's bias
so that the network paints the mean picture instead of mid-grey. Then Adam takes large
steps early (a peak rate of 1e-2, ten times its default); the rate climbs there from
zero while Adam's averages fill. From the peak it falls along half a cosine wave to
zero, so that the last steps are small. Lesson 02's first exercise measures what each
of them is worth.

A schedule knows its own length: more epochs mean a longer wave, never the same wave
followed by epochs at rate zero.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from helpers import quiet_keras  # noqa: F401  (before Keras: quiet start)
from helpers.data import Dataset
from helpers.profile import QUICK

import keras
import numpy as np

MAX_EAGER_STEPS = 30
"""Steps that take less time without a graph than a graph takes to make."""


def warmup_cosine(
    peak: float,
    *,
    epochs: int,
    n_images: int,
    batch_size: int,
    warmup: float = 0.1,
) -> keras.optimizers.schedules.CosineDecay:
    """Return a rate that climbs from 0 to ``peak``, then falls along a cosine to 0.

    Warm-up: Goyal et al. (2017), https://arxiv.org/abs/1706.02677. Cosine: Loshchilov &
    Hutter (2017), https://arxiv.org/abs/1608.03983.

    Args:
        peak: highest learning rate, reached when the warm-up ends.
        epochs: as given to ``model.fit``: the schedule ends with the last of its
            ``epochs * ceil(n_images / batch_size)`` steps.
        n_images: as given to ``model.fit``.
        batch_size: as given to ``model.fit``.
        warmup: share of all steps that the climb takes, from 0 (none) to below 1.

    Raises:
        ValueError: a number is out of its range; the message names it.

    >>> rate = warmup_cosine(0.01, epochs=10, n_images=1000, batch_size=100)
    >>> [round(float(rate(step)), 4) for step in (0, 5, 10, 55, 100)]
    [0.0, 0.005, 0.01, 0.005, 0.0]
    """
    if not peak > 0:
        raise ValueError(f"peak is {peak}: give a learning rate above 0, such as 1e-2.")
    if not 0 <= warmup < 1:
        raise ValueError(
            f"warmup is {warmup}: give the share of all steps, from 0 to below 1, "
            "such as 0.1."
        )
    counts = {"epochs": epochs, "n_images": n_images, "batch_size": batch_size}
    for name, count in counts.items():
        if count < 1:
            raise ValueError(
                f"{name} is {count}: give the number that model.fit gets, 1 or more."
            )
    steps = epochs * math.ceil(n_images / batch_size)
    # At least one step stays for the cosine, however short the training.
    climb = min(round(warmup * steps), steps - 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if climb else peak,
        decay_steps=steps - climb,
        warmup_target=peak if climb else None,
        warmup_steps=climb,
    )


def start_at_mean(model: keras.Model, images: np.ndarray) -> None:
    """Set the output layer's bias so that the untrained model paints the mean.

    The bias of an output unit becomes logit(m) = log(m / (1 - m)), where m is the mean
    of what that unit has to paint: its pixel for a dense layer, its channel for a
    convolution. For a sigmoid output only. It is the "prior" of Lin et al. (2017),
    section 3.3, https://arxiv.org/abs/1708.02002.

    Args:
        model: built, and ending in a layer with a bias; an autoencoder made of an
            encoder and a decoder will do.
        images: the targets, shape (n, ...), in [0, 1]. Means are kept within 0.01 and
            0.99, since a pixel that is always black would ask for minus infinity.

    Raises:
        ValueError: the model does not end in a bias, or the images do not fit its
            output.
    """
    bias = model.trainable_variables[-1]
    if not bias.path.endswith("bias"):
        raise ValueError(
            f"The model ends in {bias.path!r}, which is no bias: end it in a layer "
            "with use_bias=True."
        )
    units = bias.shape[0]
    if images[0].size % units:
        raise ValueError(
            f"Images of shape {images.shape[1:]} do not fit an output layer of {units} "
            "units: pass what the model has to paint."
        )
    mean = np.clip(images.reshape(-1, units).mean(axis=0), 0.01, 0.99)
    bias.assign(np.log(mean / (1 - mean)))


def fit(
    model: keras.Model,
    x: np.ndarray,
    target: np.ndarray | None = None,
    *,
    epochs: int,
    valid: np.ndarray | tuple[np.ndarray, np.ndarray] | None = None,
    loss: Any = "binary_crossentropy",
    peak: float = 1e-2,
    batch_size: int = 128,
    at_mean: bool = True,
    clipnorm: float | None = None,
    verbose: int = 0,
    **compile_options: Any,
) -> keras.callbacks.History:
    """Train a model by the course's recipe, as lesson 02 writes it out.

    Args:
        model: ends in a sigmoid, or `at_mean` must be False.
        x: the inputs, shape (n, ...).
        target: what to paint, by default ``x`` itself.
        epochs: as for ``model.fit``.
        valid: images that the model shall reproduce, or inputs and targets, on which
            the loss is measured after each epoch.
        loss: as for ``model.compile``.
        peak: the highest learning rate of `warmup_cosine`.
        batch_size: as for ``model.fit``.
        at_mean: whether to start from the mean picture (`start_at_mean`).
        clipnorm: shorten a gradient that is longer than this, over all weights.
        verbose: as for ``model.fit``: 2 prints a line each epoch, 0 nothing.
        **compile_options: more for ``model.compile``, such as ``metrics`` or
            ``jit_compile``.

    Returns:
        What ``model.fit`` returns.
    """
    target = x if target is None else target
    pair = (valid, valid) if isinstance(valid, np.ndarray) else valid
    rate = warmup_cosine(peak, epochs=epochs, n_images=len(x), batch_size=batch_size)
    adam = keras.optimizers.Adam(rate, beta_2=0.99, global_clipnorm=clipnorm)
    if at_mean:
        start_at_mean(model, target)
    # These change the speed alone: a graph takes longer to make than a few steps
    # without one, which the quick profile takes.
    few = QUICK and epochs * math.ceil(len(x) / batch_size) <= MAX_EAGER_STEPS
    speed = {"run_eagerly": True} if few else {"steps_per_execution": 20}
    model.compile(adam, loss, **(compile_options | speed))
    return model.fit(
        x,
        target,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=pair,
        verbose=verbose,
    )


def reached(
    value_or_history: float | keras.callbacks.History | Mapping[str, Sequence[float]],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    name: str = "val_loss",
    data: Dataset | None = None,
    cause: str | None = None,
) -> None:
    """Print one line: whether a training ended where it should; if not, why, likely.

    It never stops a notebook: a wrong call, too, is answered by a line that says what
    to change. Nothing is judged in the quick profile, nor on data that are not the
    complete real set. For instance ``reached(history, at_most=0.094, data=mnist)``
    prints ``reached: val_loss 0.0912 <= 0.0940``.

    Args:
        value_or_history: a number, or what ``model.fit`` returned (or its
            ``.history``), of which the last value of ``name`` counts.
        at_most: the highest value that counts as reached; give it or ``at_least``.
        at_least: the lowest value that counts as reached.
        name: the figure's name: the key in the history, and the word in the line.
        data: the data set trained on: ``data.full`` decides whether to judge.
        cause: the likely cause to name when the bar is missed. Without it, the cause is
            read from the history.
    """
    print(
        _verdict(
            value_or_history,
            at_most=at_most,
            at_least=at_least,
            name=name,
            data=data,
            cause=cause,
        )
    )


def _verdict(
    value_or_history: float | keras.callbacks.History | Mapping[str, Sequence[float]],
    *,
    at_most: float | None,
    at_least: float | None,
    name: str,
    data: Dataset | None,
    cause: str | None,
) -> str:
    """Return the line that `reached` prints."""
    history = getattr(value_or_history, "history", value_or_history)
    if not isinstance(history, Mapping):
        history = {name: [history]}
    if not len(history.get(name, ())):
        known = ", ".join(map(repr, history)) or "nothing: did fit run an epoch?"
        return f"not judged: the history has no {name!r}, it has {known}"
    try:
        value = float(history[name][-1])
    except (TypeError, ValueError):
        return f"not judged: {name} must be one number or a History"
    if at_most is not None and at_least is None:
        bar, is_reached, sign, missed = at_most, value <= at_most, "<=", ">"
    elif at_least is not None and at_most is None:
        bar, is_reached, sign, missed = at_least, value >= at_least, ">=", "<"
    else:
        return (
            f"not judged: {name} {value:.4f}; give reached() at_most=... or "
            "at_least=..., one of the two"
        )
    shown, shown_bar = _texts(value, bar)
    if QUICK:
        return f"not judged (quick profile): {name} {shown}"
    if data is not None and not data.full:
        return f"not judged ({data.source} data, incomplete): {name} {shown}"
    if is_reached:
        return f"reached: {name} {shown} {sign} {shown_bar}"
    return (
        f"NOT reached: {name} {shown} {missed} {shown_bar}; "
        f"likely cause: {cause or _likely_cause(history, name)}"
    )


def _texts(value: float, bar: float) -> tuple[str, str]:
    """Return both numbers as text, with enough decimals to tell them apart.

    >>> _texts(0.0912, 0.094), _texts(35.871, 36), _texts(0.08424, 0.0842)
    (('0.0912', '0.0940'), ('35.87', '36.00'), ('0.08424', '0.08420'))
    """
    decimals = 4 if abs(bar) < 10 else 2
    while (
        decimals < 8
        and value != bar
        and f"{value:.{decimals}f}" == f"{bar:.{decimals}f}"
    ):
        decimals += 1
    return f"{value:.{decimals}f}", f"{bar:.{decimals}f}"


def _likely_cause(history: Mapping[str, Sequence[float]], name: str) -> str:
    """Read from the course of the training what most likely went wrong."""
    values = [float(value) for value in history[name]]
    training = history.get(name.removeprefix("val_"), values)
    first, last = values[0], values[-1]
    if not math.isfinite(last):
        return "the learning rate is too high, or a logarithm met zero"
    if len(values) == 1:
        return "another model, loss, seed or number of epochs than in the text"
    if abs(last - first) < 0.01 * abs(first):
        return "it hardly moved: dead ReLU units, or a learning rate far off"
    if abs(last - values[-2]) > 0.01 * abs(last):
        return "it was still changing at the end: train for more epochs"
    if abs(training[-1] - last) > 0.1 * abs(last):
        return "training and validation part: overfitting, or different inputs"
    return "it has settled: dead ReLU units, a smaller model, or another loss"
