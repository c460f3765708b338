"""Numbers as lines, bars and histograms."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from helpers.arrays import as_numbers
from helpers.plots import validation
from helpers.plots.alt_text import count, listed, number, plain
from helpers.plots.figure import (
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    Picture,
    describe,
    new_chart,
    styled,
)

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    Locator,
    LogLocator,
    MaxNLocator,
    NullLocator,
)
from numpy.typing import ArrayLike

HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++")
MAX_RUNS = 100  # more numbers for a bar are rather forgotten to be averaged


@styled
def loss_curves(
    history: Any,
    metric: str = "loss",
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw a metric over the epochs, for training and, if recorded, validation.

    Args:
        history: what ``model.fit`` returns, or its ``.history`` dictionary.
        metric: A name in the history, without ``val_``.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    record = getattr(history, "history", history)
    if not isinstance(record, Mapping):
        raise TypeError(
            f"history is a {type(history).__name__}; expected what model.fit returns, "
            "or its .history dictionary."
        )
    if metric not in record:
        names = [name for name in record if not name.startswith("val_")]
        raise ValueError(
            f"history has no {metric!r}; it has {listed(map(repr, names))}. Name one "
            "of these, or add the metric to model.compile(metrics=[...])."
        )
    series = {
        label: _epoch_values(record[key], key)
        for label, key in (("training", metric), ("validation", f"val_{metric}"))
        if key in record
    }
    lower = min(series, key=lambda label: series[label][-1])
    name = metric.replace("_", " ")

    picture, axes = new_chart(680, 380, title)
    for i, (label, values) in enumerate(series.items()):
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, **_line(i, len(values)))
        # The lower label goes below its line's end, so that two close ends stay apart.
        below = label == lower and len(series) > 1
        axes.annotate(
            f"{label} {number(values[-1])}",
            (epochs[-1], values[-1]),
            xytext=(8, -1 if below else 1),
            textcoords="offset points",
            va="top" if below else "bottom",
        )
    axes.margins(y=0.09)
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(_whole_ticks())
    parts = [
        f"{label} goes from {number(values[0])} to {number(values[-1])}"
        for label, values in series.items()
    ]
    length = count(max(map(len, series.values())), "epoch")
    described = f"Line plot of {name} over {length}; {', '.join(parts)}."
    return describe(picture, alt, title, described)


@styled
def curves(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    log_y: bool = False,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw lines through points, each with its own colour, dashes and marker.

    Args:
        series: for each line its label, and x and y of shape (n,).
        xlabel: what the horizontal axis shows, with the unit.
        ylabel: the same for the vertical axis.
        log_x: whether the horizontal axis is logarithmic; its values must then be
            positive.
        log_y: the same for the vertical axis.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    lines = validation.named_arrays(series, "series", _xy)
    for axis, log, name in ((0, log_x, "x"), (1, log_y, "y")):
        for label, line in lines.items():
            if log and line[axis].min() <= 0:
                raise ValueError(
                    f"series[{label!r}] has {name} values down to "
                    f"{number(line[axis].min())}; a logarithmic axis needs positive "
                    f"ones. Leave log_{name} out, or drop these points."
                )
    picture, axes = new_chart(680, 400, title)
    for i, (label, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, label=label, **_line(i, len(x)))
    axes.set(
        xlabel=xlabel,
        ylabel=ylabel,
        xscale="log" if log_x else "linear",
        yscale="log" if log_y else "linear",
    )
    all_x = np.unique(np.concatenate([x for x, _ in lines.values()]))
    if log_x:
        places = np.log(all_x)
        apart = np.diff(places).min(initial=np.inf) > 0.09 * np.ptp(places)
        few = len(all_x) <= 8 and apart
        ticks = FixedLocator(all_x.tolist()) if few else LogLocator(subs=(1, 2, 5))
        _log_ticks(axes.xaxis, ticks)
    elif (all_x == all_x.round()).all():
        axes.xaxis.set_major_locator(_whole_ticks())
    if log_y:
        _log_ticks(axes.yaxis, LogLocator(subs=(1, 2, 5)))
    _legend(axes, len(lines))
    parts = [
        f"{label}: from {number(y[0])} at {number(x[0])} to {number(y[-1])} at "
        f"{number(x[-1])}"
        for label, (x, y) in lines.items()
    ]
    described = (
        f"Line plot of {plain(ylabel)} against {plain(xlabel)}. {'; '.join(parts)}."
    )
    return describe(picture, alt, title, described)


@styled
def bars(
    values: Mapping[str, Any],
    *,
    ylabel: str,
    fmt: str = "{:.2f}",
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw bars, with the number written at the end of each.

    A bar of several runs stands at their mean, with a whisker of one standard deviation
    up and down. Bars of several series stand side by side.

    Args:
        values: for each label a number; or the numbers of 2 to 100 runs; or for each
            series one of these, ``{"PCA": {"MNIST": 0.05, "clothes": 0.03}, ...}``.
        ylabel: what the numbers are, with the unit.
        fmt: how a number is written, such as ``"{:.1f} dB"`` or ``"{:.0%}"``.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    grouped = validation.named_arrays(values, "values", _by_series)
    names = list(next(iter(grouped.values())))
    for label, group in grouped.items():
        if list(group) != names:
            raise ValueError(
                f"values[{label!r}] has the series {listed(group)}; expected "
                f"{listed(names)}, as in the first group."
            )
    width = int(np.clip((60 + 50 * len(names)) * len(grouped) + 90, 420, 900))
    picture, axes = new_chart(width, 360, title)
    share = 0.6 if len(names) == 1 else 0.84
    narrow = width / (len(names) * len(grouped)) < 40
    for i, name in enumerate(names):
        places = np.arange(len(grouped)) + share * ((i + 0.5) / len(names) - 0.5)
        runs = [group[name] for group in grouped.values()]
        axes.bar(
            places,
            [numbers.mean() for numbers in runs],
            width=share / len(names),
            color=COLOURS[i % len(COLOURS)],
            hatch=HATCHES[i % len(HATCHES)],
            edgecolor="white",
            linewidth=0 if len(names) == 1 else 1,
            label=name,
        )
        for place, numbers in zip(places, runs, strict=True):
            _whisker_and_number(axes, place, numbers, fmt, upright=not narrow)
    _dress_bars(axes, list(grouped), width, ylabel)
    _legend(axes, len(names), beside=True)
    parts = (
        f"{f'{label}, {name}' if name else label} {_written(numbers, fmt)}"
        for label, group in grouped.items()
        for name, numbers in group.items()
    )
    return describe(
        picture, alt, title, f"Bars of {plain(ylabel)}: {', '.join(parts)}."
    )


@styled
def histogram(
    values: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    bins: int = 40,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw how numbers are distributed, as the share of each set in each bin.

    Args:
        values: label and numbers of each set, of any shape and size.
        xlabel: what the numbers are, with the unit.
        bins: the number of bins, the same ones for all sets.
        title: text above the picture; none by default.
        alt: the alt text; made from what is drawn by default.
    """
    sets = validation.named_arrays(
        values, "values", lambda v, name: as_numbers(v, name).ravel()
    )
    edges = np.histogram_bin_edges(np.concatenate(list(sets.values())), bins)
    picture, axes = new_chart(680, 360, title)
    for i, (label, numbers) in enumerate(sets.items()):
        share = np.histogram(numbers, edges)[0] / len(numbers)
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.15)
        axes.stairs(
            share, edges, color=colour, linewidth=1.8, linestyle=dash, label=label
        )
    axes.set(xlabel=xlabel, ylabel="share per bin")
    axes.yaxis.set_major_formatter("{x:.0%}")
    _legend(axes, len(sets))
    parts = [
        f"{label}: mean {number(v.mean())}, from {number(v.min())} to "
        f"{number(v.max())}, {v.size:,} values"
        for label, v in sets.items()
    ]
    described = f"Histogram of {plain(xlabel)}. {'; '.join(parts)}."
    return describe(picture, alt, title, described)


def _by_series(values: Any, name: str) -> dict[str, np.ndarray]:
    """Return the runs of each series; one series without a name if there is one."""
    if isinstance(values, Mapping):
        return validation.named_arrays(values, name, _runs)
    return {"": _runs(values, name)}


def _runs(values: ArrayLike, name: str) -> np.ndarray:
    """Return the numbers of 1 to 100 runs, shape (n,)."""
    array = as_numbers(values, name)
    if array.ndim > 1 or array.size > MAX_RUNS:
        raise ValueError(
            f"{name} has shape {array.shape}; expected one number, or those of up to "
            f"{MAX_RUNS} runs. Average it first: .mean()."
        )
    return np.atleast_1d(array)


def _whisker_and_number(
    axes: Axes, place: float, numbers: np.ndarray, fmt: str, *, upright: bool
) -> None:
    """Draw the spread of a bar's runs, and write their mean beyond it."""
    mean, spread = numbers.mean(), numbers.std()
    if len(numbers) > 1:
        axes.errorbar(place, mean, spread, color=INK, elinewidth=1.2, capsize=4)
    above = mean >= 0
    axes.annotate(
        fmt.format(mean),
        (place, mean + spread if above else mean - spread),
        xytext=(0, 3 if above else -3),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        rotation=0 if upright else 90,
    )


def _written(numbers: np.ndarray, fmt: str) -> str:
    """Return a bar's number as text, with its spread if there is one."""
    spread = f" ± {fmt.format(numbers.std())}" if len(numbers) > 1 else ""
    return f"{fmt.format(numbers.mean())}{spread}"


def _dress_bars(axes: Axes, labels: Sequence[str], width: int, ylabel: str) -> None:
    """Name bars, and leave room above them for their numbers."""
    characters = max(6, (width - 90) // len(labels) // 8)
    axes.set_xticks(
        range(len(labels)),
        [textwrap.fill(label, characters, break_on_hyphens=False) for label in labels],
    )
    axes.set_ylabel(ylabel)
    axes.axhline(0, color="#666666", linewidth=0.8)
    axes.margins(y=0.12)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def _line(i: int, n: int) -> dict[str, Any]:
    """Return the look of the i-th line, which has n points."""
    return {
        "color": COLOURS[i % len(COLOURS)],
        "linestyle": DASHES[i % len(DASHES)],
        "marker": MARKERS[i % len(MARKERS)],
        "markevery": max(1, n // 15),
    }


def _whole_ticks() -> MaxNLocator:
    """Return ticks for an axis that counts."""
    return MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)


def _log_ticks(axis: Axis, ticks: Locator) -> None:
    """Write plain numbers at a logarithmic axis."""
    axis.set_major_locator(ticks)
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def _legend(axes: Axes, n: int, *, beside: bool = False) -> None:
    """Name n series, if there are several: beside the axes when they are many."""
    if n > 4 or (beside and n > 1):
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    elif n > 1:
        axes.legend(frameon=True, framealpha=0.9, edgecolor="none")


def _xy(pair: tuple[ArrayLike, ArrayLike], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of shape (n,)."""
    try:
        x, y = pair
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is not a pair; expected (x, y), two sequences of the same length."
        ) from None
    x, y = as_numbers(x, f"{name} x"), as_numbers(y, f"{name} y")
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"{name} has x of shape {x.shape} and y of shape {y.shape}; expected (n,) "
            "for both."
        )
    return x, y


def _epoch_values(values: ArrayLike, name: str) -> np.ndarray:
    """Return the finite values of a metric, one for each epoch."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"history[{name!r}] has shape {array.shape}; expected one number for each "
            "epoch. Train for at least one."
        )
    if not np.isfinite(array).all():
        epoch = int(np.argmin(np.isfinite(array))) + 1
        raise ValueError(
            f"{name} is not finite from epoch {epoch}: the training diverged. Lower "
            "the learning rate, or check that images lie in [0, 1]."
        )
    return array
