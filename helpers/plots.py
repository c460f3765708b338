"""Pictures for the lessons: every function takes arrays and returns a ``Picture``.

A ``Picture`` is a matplotlib figure that carries a description of what it shows
(``.alt``). As the last expression of a notebook cell it is displayed once, as an image
with that description as its alt text. pyplot is not involved and no global state
changes: a user's own matplotlib settings neither affect a ``Picture`` nor are affected.

Images have shape (n, h, w), (n, h, w, 1) or (n, h, w, 3) and values in [0, 1]. Whatever
``numpy.asarray`` takes is accepted, such as a Keras tensor. Wrong input raises
``ValueError`` or ``TypeError`` with a message that says what was found, what is wanted
and how to get there. Every function takes ``title`` (none by default) and ``alt`` (by
default made from what is drawn).

Colours are those of Okabe & Ito (2008, https://jfly.uni-koeln.de/color/), which stay
apart under colour-blindness, and never stand alone: markers, dashes or labels say the
same. The background is white, on a dark page too.
"""

import base64
import functools
import html
import io
import itertools
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from helpers.metrics import as_images, as_numbers

import matplotlib.style
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch, Rectangle
from matplotlib.ticker import (
    FixedLocator,
    Locator,
    LogLocator,
    MaxNLocator,
    NullLocator,
)
from numpy.typing import ArrayLike
from PIL import Image
from PIL.PngImagePlugin import PngInfo

P = ParamSpec("P")
T = TypeVar("T")

DPI = 100
# The colours of Okabe and Ito without their yellow, which is too light for white, and
# three more that stay apart from these under the three kinds of colour-blindness.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#800000", "#666666", "#332288"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 4)))
INK = "#222222"
STYLE = {
    "figure.dpi": DPI,
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#666666",
    "xtick.labelcolor": INK,
    "ytick.color": "#666666",
    "ytick.labelcolor": INK,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
}
# The width that a row of images should have, and the most columns that stay readable.
ROW_PIXELS = 940
MAX_COLUMNS = 20


def _styled(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function under ``STYLE``, whatever the user has set in matplotlib."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with matplotlib.style.context(STYLE, after_reset=True):
            return function(*args, **kwargs)

    return run


class Picture(Figure):
    """A matplotlib figure with a description, unknown to pyplot.

    Attributes
    ----------
    alt : str
        What the picture shows, in words; may be set.
    """

    def __init__(self, width: float, height: float, **options: Any) -> None:
        """Make an empty picture of ``width`` × ``height`` pixels."""
        super().__init__(figsize=(width / DPI, height / DPI), dpi=DPI, **options)
        FigureCanvasAgg(self)
        self.alt = ""

    @_styled
    def png(self) -> bytes:
        """Return the picture as a PNG file that holds ``alt`` as its description."""
        self.canvas.draw()
        pixels = np.asarray(self.canvas.buffer_rgba())[..., :3]
        about = PngInfo()
        about.add_itxt("Description", self.alt)
        file = io.BytesIO()
        _compact(pixels).save(file, "PNG", optimize=True, pnginfo=about)
        return file.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict:
        """Return what a notebook stores: an HTML image with alt text, and the text."""
        data = base64.b64encode(self.png()).decode()
        image = (
            f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}" '
            'style="max-width:100%">'
        )
        return {"text/html": image, "text/plain": self.alt}

    def _ipython_display_(self) -> None:
        # Once pyplot is used, IPython adds a PNG without alt text to every figure's
        # output. Displaying the bundle ourselves leaves it no chance.
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)


@_styled
def image_row(
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    captions: ArrayLike | None = None,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw up to 20 images in a row, with ``labels`` above and ``captions`` below."""
    images = as_images(images)
    picture = image_rows(
        {"": images},
        labels,
        captions=None if captions is None else {"": captions},
        title=title,
    )
    described = f"A row of {_count(len(images), 'image')}"
    if labels is not None:
        described += f": {_listed(np.ravel(labels))}"
    if captions is not None:
        described += f". Below them: {_listed(captions)}"
    return _describe(picture, alt, title, f"{described}.")


@_styled
def image_rows(
    rows: Mapping[str, ArrayLike],
    labels: ArrayLike | None = None,
    *,
    captions: Mapping[str, ArrayLike] | None = None,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw rows of images under each other, each row's name at its left.

    Parameters
    ----------
    rows
        Name and images of each row; all rows hold the same number of images, at most
        20, but may differ in image size.
    labels
        What stands above each column, such as class names.
    captions
        For a row's name, a short text below each of its images, such as ``"21.3 dB"``.
    """
    arrays = _named_arrays(rows, "rows", as_images)
    n = _same_length(arrays)
    if n > MAX_COLUMNS:
        raise ValueError(
            f"rows hold {n} images each; at most {MAX_COLUMNS} fit side by side. "
            f"Choose some, such as images[:{MAX_COLUMNS // 2}]."
        )
    captions = {
        name: _texts(texts, n, f"captions[{name!r}]")
        for name, texts in (captions or {}).items()
    }
    if unknown := [repr(name) for name in captions if name not in arrays]:
        raise ValueError(
            f"captions are given for {_listed(unknown)}; expected names of rows: "
            f"{_listed(map(repr, arrays))}."
        )
    columns = _texts(labels, n, "labels")
    picture = _draw_rows(arrays, columns, captions, title)
    count = _count(len(arrays), "row")
    described = f"{count} of {_count(n, 'image')}: {' above '.join(arrays)}."
    if labels is not None:
        described += f" Columns: {_listed(columns)}."
    for name, texts in captions.items():
        described += f" Below {name}: {_listed(texts)}."
    return _describe(picture, alt, title, described)


@_styled
def reconstructions(
    originals: ArrayLike,
    reconstructed: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw original images above their reconstructions, at most 20."""
    rows = {"original": originals, "reconstruction": reconstructed}
    return _compared(rows, "original", labels, title, alt)


@_styled
def denoising(
    noisy: ArrayLike,
    denoised: ArrayLike,
    clean: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw noisy images above the denoised ones, and above clean ones if given."""
    rows = {"noisy": noisy, "denoised": denoised, "clean": clean}
    return _compared(rows, "clean", labels, title, alt)


@_styled
def colorization(
    grey: ArrayLike,
    predicted: ArrayLike,
    original: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw grey images above predicted colour, and above the original if given."""
    rows = {"grey": grey, "predicted": predicted, "original": original}
    return _compared(rows, "original", labels, title, alt)


@_styled
def loss_curves(
    history: Any,
    metric: str = "loss",
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw a metric over the epochs, for training and, if recorded, validation.

    Parameters
    ----------
    history
        What ``model.fit`` returns, or its ``.history`` dictionary.
    metric
        A name in the history, without ``val_``.
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
            f"history has no {metric!r}; it has {_listed(map(repr, names))}. Name one "
            "of these, or add the metric to model.compile(metrics=[...])."
        )
    series = {
        label: _epoch_values(record[key], key)
        for label, key in (("training", metric), ("validation", f"val_{metric}"))
        if key in record
    }
    lower = min(series, key=lambda label: series[label][-1])
    name = metric.replace("_", " ")

    picture, axes = _chart(680, 380, title)
    for i, (label, values) in enumerate(series.items()):
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, **_line(i, len(values)))
        # The lower label goes below its line's end, so that two close ends stay apart.
        below = label == lower and len(series) > 1
        axes.annotate(
            f"{label} {_number(values[-1])}",
            (epochs[-1], values[-1]),
            xytext=(8, -1 if below else 1),
            textcoords="offset points",
            va="top" if below else "bottom",
        )
    axes.margins(y=0.09)
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.set_major_locator(_whole_ticks())
    parts = [
        f"{label} goes from {_number(values[0])} to {_number(values[-1])}"
        for label, values in series.items()
    ]
    epochs = _count(max(map(len, series.values())), "epoch")
    described = f"Line plot of {name} over {epochs}; {', '.join(parts)}."
    return _describe(picture, alt, title, described)


@_styled
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

    Parameters
    ----------
    series
        For each line its label, and x and y of shape (n,).
    xlabel, ylabel
        What the axes show, with the unit.
    log_x, log_y
        Whether an axis is logarithmic; its values must then be positive.
    """
    lines = _named_arrays(series, "series", _xy)
    for axis, log, name in ((0, log_x, "x"), (1, log_y, "y")):
        for label, line in lines.items():
            if log and line[axis].min() <= 0:
                raise ValueError(
                    f"series[{label!r}] has {name} values down to "
                    f"{_number(line[axis].min())}; a logarithmic axis needs positive "
                    f"ones. Leave log_{name} out, or drop these points."
                )
    picture, axes = _chart(680, 400, title)
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
        few = len(all_x) <= 8
        ticks = FixedLocator(all_x) if few else LogLocator(subs=(1, 2, 5))
        _log_ticks(axes.xaxis, ticks)
    elif (all_x == all_x.round()).all():
        axes.xaxis.set_major_locator(_whole_ticks())
    if log_y:
        _log_ticks(axes.yaxis, LogLocator(subs=(1, 2, 5)))
    _legend(axes, len(lines))
    parts = [
        f"{label}: from {_number(y[0])} at {_number(x[0])} to {_number(y[-1])} at "
        f"{_number(x[-1])}"
        for label, (x, y) in lines.items()
    ]
    described = (
        f"Line plot of {_plain(ylabel)} against {_plain(xlabel)}. {'; '.join(parts)}."
    )
    return _describe(picture, alt, title, described)


@_styled
def bars(
    values: Mapping[str, float],
    *,
    ylabel: str,
    fmt: str = "{:.2f}",
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw one bar for each number, with the number written at its end.

    Parameters
    ----------
    values
        Label and number of each bar.
    ylabel
        What the numbers are, with the unit.
    fmt
        How a number is written, such as ``"{:.1f} dB"`` or ``"{:.0%}"``.
    """
    numbers = _named_arrays(values, "values", _scalar)
    written = [fmt.format(value) for value in numbers.values()]
    width = int(np.clip(110 * len(numbers) + 90, 420, 900))
    characters = max(6, (width - 90) // len(numbers) // 8)
    labels = [
        textwrap.fill(label, characters, break_on_hyphens=False) for label in numbers
    ]
    picture, axes = _chart(width, 360, title)
    drawn = axes.bar(labels, list(numbers.values()), width=0.6, color=COLOURS[0])
    axes.bar_label(drawn, written, padding=3)
    axes.set_ylabel(ylabel)
    axes.axhline(0, color="#666666", linewidth=0.8)
    axes.margins(y=0.12)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")
    parts = [f"{label} {text}" for label, text in zip(numbers, written, strict=True)]
    return _describe(
        picture, alt, title, f"Bars of {_plain(ylabel)}: {', '.join(parts)}."
    )


@_styled
def histogram(
    values: Mapping[str, ArrayLike],
    *,
    xlabel: str,
    bins: int = 40,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw how numbers are distributed, as the share of each set in each bin.

    Parameters
    ----------
    values
        Label and numbers of each set, of any shape and size.
    xlabel
        What the numbers are, with the unit.
    bins
        The number of bins, the same ones for all sets.
    """
    sets = _named_arrays(values, "values", lambda v, name: as_numbers(v, name).ravel())
    edges = np.histogram_bin_edges(np.concatenate(list(sets.values())), bins)
    picture, axes = _chart(680, 360, title)
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
        f"{label}: mean {_number(v.mean())}, from {_number(v.min())} to "
        f"{_number(v.max())}, {v.size:,} values"
        for label, v in sets.items()
    ]
    described = f"Histogram of {_plain(xlabel)}. {'; '.join(parts)}."
    return _describe(picture, alt, title, described)


@_styled
def latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    xlabel: str = "$z_1$",
    ylabel: str = "$z_2$",
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points of the plane coloured by class, the class written at its median.

    Parameters
    ----------
    codes
        Points of shape (n, 2): codes, or a projection of them.
    labels
        Classes 0 to 9 of shape (n,).
    class_names
        Names of the classes, in the order of the labels; else the labels themselves.
    """
    codes = _points(codes, 2, "codes")
    labels = _classes(labels, len(codes))
    names = _class_names(labels, class_names)
    picture, axes = _chart(720, 600, title)
    axes.grid(visible=False)
    medians = {}
    size = np.clip(40_000 / len(codes), 5, 30)
    for label, name in names.items():
        of_class = codes[labels == label]
        medians[name] = np.median(of_class, axis=0)
        axes.scatter(
            *of_class.T,
            s=size,
            color=COLOURS[label],
            marker=MARKERS[label],
            alpha=0.6,
            linewidths=0,
            label=name,
        )
    axes.set(xlabel=xlabel, ylabel=ylabel)
    # One unit is equally long on both axes: distances in the plane are comparable.
    axes.set_aspect("equal", adjustable="datalim")
    _class_legend(axes)
    _write_apart(axes, medians)
    (low_x, low_y), (high_x, high_y) = codes.min(axis=0), codes.max(axis=0)
    places = [
        f"{name} at ({_number(x)}, {_number(y)})" for name, (x, y) in medians.items()
    ]
    described = (
        f"Scatter of {_count(len(codes), 'point')} in {_count(len(names), 'class')}; "
        f"{_plain(xlabel)} from {_number(low_x)} to {_number(high_x)}, "
        f"{_plain(ylabel)} from {_number(low_y)} to {_number(high_y)}. Class medians: "
        f"{', '.join(places)}."
    )
    return _describe(picture, alt, title, described)


@_styled
def thumbnails(
    points: ArrayLike,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    min_distance: float = 0.05,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points of the plane, and images at as many as there is room for.

    In the order given, an image is placed unless it would lie on one already placed
    (after Géron, *Hands-On Machine Learning*, chapter on autoencoders). Both axes are
    scaled to [0, 1], so that the map shows neighbours and not units.

    Parameters
    ----------
    points
        Points of shape (n, 2), such as a t-SNE projection of codes.
    images
        The n images that belong to the points.
    labels, class_names
        Classes 0 to 9 of shape (n,) for colours and markers, and their names.
    min_distance
        How far two placed images are apart at least, along x or y, as a share of the
        map's side: also about the side of an image.
    """
    points = _points(points, 2, "points")
    images = as_images(images)
    if len(images) != len(points):
        raise ValueError(
            f"there are {len(points)} points and {len(images)} images; expected one "
            "image for each point."
        )
    if not 0.01 <= min_distance <= 1:
        raise ValueError(
            f"min_distance is {min_distance}; expected a share of the map's side from "
            "0.01 to 1, such as 0.05."
        )
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / np.where(high > low, high - low, 1)
    if labels is not None:
        labels = _classes(labels, len(points))
    classes = np.zeros(len(points), int) if labels is None else labels
    names = _class_names(classes, class_names)

    picture, axes = _pixel_axes(720, 720)
    for label, name in names.items():
        axes.scatter(
            *points[classes == label].T,
            s=12,
            color=COLOURS[label],
            marker=MARKERS[label],
            alpha=0.5,
            linewidths=0,
            label=name,
        )
    placed = _apart(points, min_distance)
    half = 0.46 * min_distance
    for i in placed:
        x, y = points[i]
        _put(axes, images[i], (x - half, x + half, y - half, y + half))
        frame = Rectangle(
            (x - half, y - half),
            2 * half,
            2 * half,
            fill=False,
            edgecolor=COLOURS[classes[i]],
            linewidth=1.5,
            zorder=4,
        )
        axes.add_patch(frame)
    limits = (-1.1 * half, 1 + 1.1 * half)
    axes.set(xlim=limits, ylim=limits, xticks=[], yticks=[])
    _set_title(axes, title)
    if labels is not None:
        _class_legend(axes)
    _fit(picture, axes)
    described = (
        f"Map of {_count(len(points), 'point')} with {_count(len(placed), 'image')} at "
        "their places"
    )
    if labels is not None:
        described += f", in {_count(len(names), 'class')}: {_listed(names.values())}"
    return _describe(picture, alt, title, f"{described}.")


def latent_grid(n: int, low: float, high: float) -> np.ndarray:
    """Return n × n points of the latent plane, in the order that ``manifold`` expects.

    Rows run from top to bottom, so the second component falls from ``high`` to ``low``;
    within a row the first component rises. Shape (n * n, 2), float32.

    >>> latent_grid(2, -1, 1).tolist()
    [[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]
    """
    if n < 2 or not low < high:
        raise ValueError(
            f"n is {n}, low {low} and high {high}; expected n of 2 or more and low "
            "below high, such as latent_grid(20, -2, 2)."
        )
    values = np.linspace(low, high, n, dtype=np.float32)
    z1, z2 = np.meshgrid(values, values[::-1])
    return np.stack([z1.ravel(), z2.ravel()], axis=1)


@_styled
def manifold(
    images: ArrayLike,
    extent: tuple[float, float] = (-2, 2),
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw images decoded from a grid of the latent plane, on axes in latent units.

    Parameters
    ----------
    images
        The n * n images decoded from ``latent_grid(n, *extent)``, in its order.
    extent
        Lowest and highest value of both components.
    """
    images = as_images(images)
    n = round(len(images) ** 0.5)
    low, high = extent
    if n < 2 or n * n != len(images):
        raise ValueError(
            f"there are {len(images)} images; expected a square number from 4, such as "
            "400. Decode plots.latent_grid(20, -2, 2)."
        )
    if not low < high:
        raise ValueError(
            f"extent is ({low}, {high}); expected (low, high), as (-2, 2)."
        )
    mosaic = _mosaic(images, n)
    height, width = mosaic.shape[:2]
    scale = _scaled(width, 600) // width
    # A tile's middle, not its edge, stands at its latent value.
    half = (high - low) / (n - 1) / 2
    picture, axes = _pixel_axes(scale * width, scale * height)
    _put(axes, mosaic, (low - half, high + half) * 2)
    axes.set(
        xlim=(low - half, high + half),
        ylim=(low - half, high + half),
        xlabel="$z_1$",
        ylabel="$z_2$",
    )
    _set_title(axes, title)
    _fit(picture, axes)
    described = (
        f"Mosaic of {n} by {n} decoded images: z1 from {_number(low)} (left) to "
        f"{_number(high)} (right), z2 from {_number(low)} (bottom) to {_number(high)} "
        "(top)."
    )
    return _describe(picture, alt, title, described)


@_styled
def point_cloud(
    clouds: Mapping[str, ArrayLike],
    planes: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    *,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw points in space, and planes as translucent sheets under them.

    Parameters
    ----------
    clouds
        Label and points of shape (n, 3) of each cloud.
    planes
        Label, and a point of shape (3,) and two directions of shape (2, 3), of each
        plane. A sheet reaches as far as the points do.
    """
    # Matplotlib knows the projection "3d" once this module is imported.
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    arrays = _named_arrays(clouds, "clouds", lambda v, name: _points(v, 3, name))
    everything = np.concatenate(list(arrays.values()))
    sheets = {
        label: _sheet(plane, everything, f"planes[{label!r}]")
        for label, plane in (planes or {}).items()
    }
    picture = Picture(680, 560, layout="constrained")
    axes = picture.add_subplot(projection="3d")
    for i, (label, points) in enumerate(arrays.items()):
        axes.scatter(
            *points.T,
            s=28,
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[i % len(MARKERS)],
            depthshade=False,
            label=label,
        )
    handles = axes.get_legend_handles_labels()[0]
    for i, (label, corners) in enumerate(sheets.items(), start=len(arrays)):
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        look = {"facecolor": (colour, 0.12), "edgecolor": colour, "linestyle": dash}
        axes.add_collection3d(Poly3DCollection([corners], **look))
        handles.append(Patch(label=label, **look))
    axes.set(xlabel="$x_1$", ylabel="$x_2$", zlabel="$x_3$")
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    _set_title(axes, title)
    if len(handles) > 1:
        axes.legend(handles=handles, loc="upper right")
    parts = [
        f"{label} ({_count(len(points), 'point')})" for label, points in arrays.items()
    ]
    described = f"Points in space: {_listed(parts)}"
    if sheets:
        described += f"; {_count(len(sheets), 'plane')}: {_listed(sheets)}"
    return _describe(picture, alt, title, f"{described}.")


@_styled
def heatmaps(
    arrays: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    shared: bool = True,
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw arrays of numbers as coloured maps: codes, filters, activations.

    With negative numbers the colours run from orange through white at 0 to purple;
    otherwise from dark to light.

    Parameters
    ----------
    arrays
        Shape (n, h, w), at most 64. The channels of one code of shape (h, w, n) are
        ``np.moveaxis(code, -1, 0)``.
    labels
        What stands above each map.
    shared
        One colour bar for all, or one for each, when their ranges differ much.
    """
    arrays = as_numbers(arrays, "arrays")
    if arrays.ndim != 3:
        raise ValueError(
            f"arrays has shape {arrays.shape}; expected (n, h, w). One array alone "
            "needs an axis in front: array[np.newaxis]. Channels go to the front: "
            "np.moveaxis(code, -1, 0)."
        )
    n, height, width = arrays.shape
    if n > 64:
        raise ValueError(
            f"arrays holds {n} maps; at most 64 stay readable. Choose some, such as "
            "arrays[:16]."
        )
    names = _texts(labels, n, "labels")
    columns = min(n, 8 if shared else 5)
    rows = -(-n // columns)
    cell = _scaled(width, min(240, 800 / columns - (0 if shared else 75)))
    tall = round(cell * height / width)
    across = cell + (8 if shared else 75)
    down = tall + (8 if labels is None else 26)
    diverging = arrays.min() < 0

    total = (columns - 1) * across + cell, (rows - 1) * down + tall
    picture, axes = _pixel_axes(*total)
    for i, (array, name) in enumerate(zip(arrays, names, strict=True)):
        left = i % columns * across
        bottom = total[1] - tall - i // columns * down
        drawn = arrays if shared else array
        reach = np.abs(drawn).max() or 1
        image = axes.imshow(
            array,
            cmap="PuOr" if diverging else "viridis",
            vmin=-reach if diverging else drawn.min(),
            vmax=reach if diverging else drawn.max(),
            extent=(left, left + cell, bottom, bottom + tall),
            interpolation="nearest",
            aspect="auto",
        )
        frame = {"fill": False, "edgecolor": "#666666", "linewidth": 0.8}
        axes.add_patch(Rectangle((left, bottom), cell, tall, clip_on=False, **frame))
        axes.text(left + cell / 2, bottom + tall + 4, name, ha="center")
        if not shared:
            _colour_bar(axes, image, left + cell, bottom, tall)
    if shared:
        _colour_bar(axes, image, total[0], 0, total[1])
    axes.set(xlim=(0, total[0]), ylim=(0, total[1]), xticks=[], yticks=[])
    _set_title(axes, title, pad=8 if labels is None else 20)
    _fit(picture, axes)
    described = (
        f"{_count(n, 'heat map')} of {height} by {width} numbers, from "
        f"{_number(arrays.min())} to {_number(arrays.max())}"
    )
    if labels is not None:
        described += f": {_listed(names)}"
    return _describe(picture, alt, title, f"{described}.")


@_styled
def diagram(
    boxes: Mapping[str, Sequence[float]],
    arrows: Sequence[Sequence[str]] = (),
    *,
    marked: Sequence[str] = (),
    title: str | None = None,
    alt: str | None = None,
) -> Picture:
    """Draw boxes with text, and arrows between them: a map, or the layers of a model.

    Parameters
    ----------
    boxes
        The text of each box, by which it is also called, and its place (column, row):
        columns run to the right, rows down, and 1.5 is a place too. A third number is
        the box's height in rows, if it shall be taller than its text.
    arrows
        Chains of two or more boxes, with an arrow from each to the next.
    marked
        Boxes that stand out by colour and a thicker frame.

    >>> layers = {"x": (0, 0, 3), "z": (1, 0, 1), "x_hat": (2, 0, 3)}
    >>> diagram(layers, [["x", "z", "x_hat"]], marked=["z"]).alt
    'Diagram with 3 boxes: x, z and x_hat. Arrows: x to z and z to x_hat.'
    """
    places = _named_arrays(boxes, "boxes", _place)
    pairs = [pair for chain in arrows for pair in _pairs(chain, places)]
    if unknown := [repr(name) for name in marked if name not in places]:
        raise ValueError(f"marked holds {_listed(unknown)}; expected names of boxes.")
    picture, axes = _pixel_axes(1, 1)
    renderer = picture.canvas.get_renderer()
    texts = {
        name: axes.text(0, 0, name, ha="center", va="center", zorder=4, linespacing=1.4)
        for name in places
    }
    padding = np.array([20, 16])
    sizes = [text.get_window_extent(renderer).size + padding for text in texts.values()]
    width, tallest = np.ceil(np.max(sizes, axis=0))
    across, down = width + 34, tallest + 30
    centres = {
        name: np.array([column * across, row * down])
        for name, (column, row, _) in places.items()
    }
    heights = {
        name: max(rows * down, size[1])
        for (name, (_, _, rows)), size in zip(places.items(), sizes, strict=True)
    }
    _refuse_overlaps(centres, heights, width)

    drawn = {}
    for name, (x, y) in centres.items():
        texts[name].set(x=x, y=y)
        stands_out = name in marked
        drawn[name] = FancyBboxPatch(
            (x - width / 2, y - heights[name] / 2),
            width,
            heights[name],
            boxstyle="round,pad=0,rounding_size=6",
            facecolor="#E1EEF7" if stands_out else "white",
            edgecolor=COLOURS[0] if stands_out else "#666666",
            linewidth=2.2 if stands_out else 1,
            zorder=3,
        )
        axes.add_patch(drawn[name])
    for start, end in pairs:
        axes.add_patch(
            FancyArrowPatch(
                centres[start],
                centres[end],
                patchA=drawn[start],
                patchB=drawn[end],
                arrowstyle="-|>",
                mutation_scale=12,
                color="#666666",
            )
        )
    reach = {name: np.array([width, heights[name]]) / 2 for name in places}
    low = np.min([centres[name] - reach[name] for name in places], axis=0) - 2
    high = np.max([centres[name] + reach[name] for name in places], axis=0) + 2
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), xticks=[], yticks=[])
    picture.set_size_inches((high - low) / DPI)
    _set_title(axes, title)
    _fit(picture, axes)
    names = {name: " ".join(name.split()) for name in places}
    described = f"Diagram with {_count(len(places), 'box')}: {_listed(names.values())}."
    if pairs:
        ways = [f"{names[start]} to {names[end]}" for start, end in pairs]
        described += f" Arrows: {_listed(ways)}."
    return _describe(picture, alt, title, described)


def save(picture: Picture, path: str | Path) -> Path:
    """Write a picture to a PNG file, with its alt text as the file's description.

    Returns the path. The folder must exist: none is made.
    """
    if not isinstance(picture, Picture):
        raise TypeError(
            f"picture is a {type(picture).__name__}; expected what a function of "
            "helpers.plots returns."
        )
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} is no PNG file. Name it {path.with_suffix('.png')}.")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"there is no folder {path.parent}. Make it first: "
            f"Path({str(path.parent)!r}).mkdir(parents=True)."
        )
    path.write_bytes(picture.png())
    return path


# Drawing ----------------------------------------------------------------------------


def _chart(width: float, height: float, title: str | None) -> tuple[Picture, Axes]:
    """Return a picture of that size in pixels with axes, a light grid and a title."""
    picture = Picture(width, height, layout="constrained")
    axes = picture.add_subplot()
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    _set_title(axes, title)
    return picture, axes


def _set_title(axes: Axes, title: str | None, pad: float = 8) -> None:
    """Write a title, in as many lines as the picture's width asks for."""
    if title:
        # A letter is about 8 pixels wide, the margin with an axis's numbers 90.
        characters = int((max(axes.figure.bbox.width, 420) - 90) / 8)
        axes.set_title(textwrap.fill(title, characters), loc="left", pad=pad)


def _pixel_axes(width: float, height: float) -> tuple[Picture, Axes]:
    """Return a picture with axes of exactly that size in pixels, for ``_fit``."""
    picture = Picture(width, height)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.spines[:].set_visible(False)
    return picture, axes


def _fit(picture: Picture, axes: Axes, margin: int = 8) -> None:
    """Grow the picture around its axes by what their labels need.

    The axes keep their size in pixels, so that each pixel of an image stays a whole
    number of pixels of the picture.
    """
    inner = axes.bbox.frozen()
    outer = axes.get_tightbbox(picture.canvas.get_renderer())
    left, bottom = np.ceil(np.maximum(inner.min - outer.min, 0)) + margin
    right, top = np.ceil(np.maximum(outer.max - inner.max, 0)) + margin
    width, height = inner.width + left + right, inner.height + bottom + top
    picture.set_size_inches(width / DPI, height / DPI)
    place = (left / width, bottom / height, inner.width / width, inner.height / height)
    axes.set_position(place)


def _put(axes: Axes, image: np.ndarray, extent: tuple[float, ...]) -> None:
    """Draw an image in [0, 1] at (left, right, bottom, top)."""
    look = {"cmap": "gray", "vmin": 0, "vmax": 1, "zorder": 3}
    axes.imshow(image, extent=extent, aspect="auto", **look)


def _scaled(pixels: int, wanted: float) -> int:
    """Return the multiple of an image's side nearest to the one wanted on the page."""
    return pixels * max(1, round(wanted / pixels))


def _colour_bar(
    axes: Axes, image: Any, left: float, bottom: float, tall: float
) -> None:
    """Draw what an image's colours mean, at a place that the axes measure in pixels."""
    place = axes.inset_axes((left + 10, bottom, 12, tall), transform=axes.transData)
    bar = axes.figure.colorbar(image, cax=place)
    bar.locator = MaxNLocator(nbins=max(2, tall // 30))
    bar.update_ticks()


def _draw_rows(
    rows: dict[str, np.ndarray],
    labels: list[str],
    captions: dict[str, list[str]],
    title: str | None,
) -> Picture:
    """Draw rows of images on axes that measure in pixels, from the top left corner."""
    n = _same_length(rows)
    gap, caption_height = 4, 18
    # A whole multiple of an image's pixels keeps them all of one size.
    widest = max(images.shape[2] for images in rows.values())
    cell = _scaled(widest, min(112, ROW_PIXELS / n - gap))
    lefts = np.arange(n) * (cell + gap)
    heights = [round(cell * a.shape[1] / a.shape[2]) for a in rows.values()]
    spaces = [caption_height if name in captions else gap for name in rows]
    tops = np.cumsum([0, *(h + s for h, s in zip(heights, spaces, strict=True))])
    width, height = int(lefts[-1]) + cell, int(tops[-1])

    picture, axes = _pixel_axes(width, height)
    for (name, images), top, tall in zip(rows.items(), tops, heights, strict=False):
        for image, left in zip(images, lefts, strict=True):
            _put(axes, image, (left, left + cell, top + tall, top))
        for text, left in zip(captions.get(name, ()), lefts, strict=False):
            middle = left + cell / 2
            axes.text(middle, top + tall + 3, text, size=8, ha="center", va="top")
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set_xticks(lefts + cell / 2, labels)
    axes.set_yticks(
        tops[:-1] + np.array(heights) / 2, [textwrap.fill(name, 18) for name in rows]
    )
    renderer = picture.canvas.get_renderer()
    texts = axes.get_xticklabels()
    if max(text.get_window_extent(renderer).width for text in texts) > cell + gap:
        for text in texts:
            text.set(rotation=40, ha="left", rotation_mode="anchor")
    _set_title(axes, title)
    _fit(picture, axes)
    return picture


def _compared(
    rows: dict[str, ArrayLike | None],
    truth: str,
    labels: ArrayLike | None,
    title: str | None,
    alt: str | None,
) -> Picture:
    """Draw the rows that are given; describe how far each is from the true one."""
    rows = {name: as_images(a, name) for name, a in rows.items() if a is not None}
    picture = image_rows(rows, labels, title=title, alt=alt)
    errors = [
        f"{name} {_number(np.mean((images - rows[truth]) ** 2))}"
        for name, images in rows.items()
        if truth in rows and name != truth and images.shape == rows[truth].shape
    ]
    if errors and not alt:
        picture.alt += f" Mean squared error to {truth}: {_listed(errors)}."
    return picture


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


def _legend(axes: Axes, n: int) -> None:
    """Name n series: beside the axes when they are many, not at all when it is one."""
    if n > 4:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    elif n > 1:
        axes.legend(frameon=True, framealpha=0.9, edgecolor="none")


def _class_legend(axes: Axes) -> None:
    """Name the classes beside the axes, with markers large and opaque."""
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0.2)
    for handle in legend.legend_handles:
        handle.set(alpha=1, sizes=[45])


def _write_apart(axes: Axes, places: Mapping[str, np.ndarray]) -> None:
    """Write each name at its place, or above or below where names would overlap."""
    texts = [
        axes.annotate(
            name,
            place,
            xytext=(0, 0),
            textcoords="offset pixels",
            ha="center",
            va="center",
            weight="bold",
            size=12,
            path_effects=[patheffects.withStroke(linewidth=3.5, foreground="white")],
        )
        for name, place in places.items()
    ]
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts]
    sizes = np.array([box.size for box in boxes])
    start = np.array([(box.min + box.max) / 2 for box in boxes])
    middles = start.copy()
    for _ in range(200):
        moved = False
        for i in range(len(texts)):
            for j in range(i):
                apart = middles[i] - middles[j]
                overlap = (sizes[i] + sizes[j]) / 2 - np.abs(apart)
                if (overlap > 0.5).all():
                    push = np.copysign(overlap[1] / 2, apart[1])
                    middles[i, 1] += push
                    middles[j, 1] -= push
                    moved = True
        if not moved:
            break
    for text, offset in zip(texts, middles - start, strict=True):
        text.set_position(offset)


def _mosaic(images: np.ndarray, columns: int) -> np.ndarray:
    """Return (n * n, h, w[, 3]) images as one image, row by row."""
    n, height, width, *channels = images.shape
    rows = n // columns
    tiles = images.reshape(rows, columns, height, width, *channels).swapaxes(1, 2)
    return tiles.reshape(rows * height, columns * width, *channels)


def _refuse_overlaps(
    centres: Mapping[str, np.ndarray], heights: Mapping[str, float], width: float
) -> None:
    """Raise if a box of a diagram would lie on another."""
    for (one, a), (other, b) in itertools.combinations(centres.items(), 2):
        apart = np.abs(a - b)
        if apart[0] < width and apart[1] < (heights[one] + heights[other]) / 2:
            raise ValueError(
                f"boxes {one!r} and {other!r} overlap; move one of them by a column "
                "or a row."
            )


def _apart(points: np.ndarray, distance: float) -> list[int]:
    """Return the indices of points that keep a distance along x or y, first come."""
    placed: list[int] = []
    for i, point in enumerate(points):
        if not placed or np.abs(points[placed] - point).max(axis=1).min() >= distance:
            placed.append(i)
    return placed


def _sheet(
    plane: tuple[ArrayLike, ArrayLike], points: np.ndarray, name: str
) -> np.ndarray:
    """Return the corners (4, 3) of the part of a plane that lies under the points."""
    try:
        origin, directions = plane
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is not a pair; expected (origin, directions) of shapes (3,) and "
            "(2, 3)."
        ) from None
    origin = as_numbers(origin, f"{name} origin")
    directions = as_numbers(directions, f"{name} directions")
    if origin.shape != (3,) or directions.shape != (2, 3):
        raise ValueError(
            f"{name} has origin {origin.shape} and directions {directions.shape}; "
            "expected (3,) and (2, 3). A matrix whose columns are the directions needs "
            "a transpose: directions.T."
        )
    if np.linalg.matrix_rank(directions) < 2:
        raise ValueError(
            f"{name} has two parallel directions, which span a line; give two that "
            "span a plane."
        )
    steps = (points - origin) @ np.linalg.pinv(directions)
    (low_a, low_b), (high_a, high_b) = steps.min(axis=0), steps.max(axis=0)
    corners = [[low_a, low_b], [high_a, low_b], [high_a, high_b], [low_a, high_b]]
    return origin + np.array(corners) @ directions


def _compact(pixels: np.ndarray) -> Image.Image:
    """Return pixels (h, w, 3) as the smallest kind of image that looks the same."""
    if (pixels == pixels[..., :1]).all():
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    palette = image.quantize(256, dither=Image.Dither.NONE)
    error = np.asarray(palette.convert("RGB"), float) - pixels
    # Charts lose nothing visible by 256 colours. Photographs would, so they keep 64
    # levels of each primary colour, which the eye cannot tell from 256 either.
    if np.sqrt(np.mean(error**2)) < 1.5:
        return palette
    return Image.fromarray((np.round(pixels / 4) * 4).clip(0, 255).astype(np.uint8))


# Words ------------------------------------------------------------------------------


def _describe(
    picture: Picture, alt: str | None, title: str | None, described: str
) -> Picture:
    """Give the picture the alt text asked for, or else the title and what is drawn."""
    picture.alt = alt or (f"{title.rstrip('.')}. {described}" if title else described)
    return picture


def _number(value: float) -> str:
    """Return a number with three significant digits, as a reader would write it."""
    if float(value).is_integer() and abs(value) < 1e5:
        text = f"{value:.0f}"
    elif 1e-4 <= abs(value) < 1e5:
        text = f"{value:.{max(0, 2 - int(np.floor(np.log10(abs(value)))))}f}"
    else:
        text = f"{value:.1e}"
    return text.replace("-", "\N{MINUS SIGN}")


def _plain(label: str) -> str:
    """Return an axis label without its mathematical markup."""
    return label.replace("$", "").replace("_", "").replace("\\", "")


def _count(n: int, noun: str) -> str:
    """Return a count and its noun: 1 row, 2 rows, 10 classes."""
    plural = f"{noun}es" if noun.endswith(("s", "x")) else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def _listed(items: Any) -> str:
    """Return items as words: a, b and c."""
    *first, last = [str(item) for item in items] or [""]
    return f"{', '.join(first)} and {last}" if first else last


# Input ------------------------------------------------------------------------------


def _named_arrays(
    given: Mapping[str, Any], name: str, convert: Callable[[Any, str], Any]
) -> dict[str, Any]:
    """Return the values of a dictionary, each converted and called by its key."""
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{name} is a {type(given).__name__}; expected a dictionary with a label "
            f'for each entry, such as {{"model": ...}}.'
        )
    if not given:
        raise ValueError(f"{name} is empty; give at least one entry.")
    return {
        str(label): convert(value, f"{name}[{label!r}]" if label else name)
        for label, value in given.items()
    }


def _same_length(arrays: Mapping[str, np.ndarray]) -> int:
    """Return how many images each row holds."""
    lengths = {name: len(images) for name, images in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = _listed(f"{name!r} {n}" for name, n in lengths.items())
        raise ValueError(
            f"rows hold different numbers of images: {found}; expected the same. "
            f"Cut all to images[:{min(lengths.values())}]."
        )
    return next(iter(lengths.values()))


def _texts(texts: ArrayLike | None, n: int, name: str) -> list[str]:
    """Return one text for each of n things; empty ones for None."""
    if texts is None:
        return [""] * n
    found = [str(text) for text in np.ravel(texts)]
    if len(found) != n:
        raise ValueError(f"{name} has length {len(found)}; expected {n}, one for each.")
    return found


def _points(values: ArrayLike, dimensions: int, name: str) -> np.ndarray:
    """Return points of shape (n, dimensions)."""
    array = as_numbers(values, name)
    if array.ndim != 2 or array.shape[1] != dimensions:
        fix = f"Choose {dimensions} columns: {name}[:, :{dimensions}]."
        if array.ndim != 2 or array.shape[1] < dimensions:
            fix = "Give one row for each point."
        elif dimensions == 2:
            fix = f"Choose two columns, {name}[:, :2], or project them, as by t-SNE."
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, {dimensions}). {fix}"
        )
    return array


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


def _place(place: Sequence[float], name: str) -> tuple[float, float, float]:
    """Return column, row and height in rows (0: as tall as the text)."""
    array = as_numbers(place, name)
    if array.shape not in ((2,), (3,)):
        raise ValueError(
            f"{name} has shape {array.shape}; expected (column, row), or (column, row, "
            "height)."
        )
    column, row, height = [*array, 0][:3]
    return column, row, height


def _pairs(chain: Sequence[str], boxes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each box of a chain of arrows together with the next."""
    names = [chain] if isinstance(chain, str) else list(chain)
    if unknown := [repr(name) for name in names if name not in boxes]:
        raise ValueError(
            f"arrows hold {_listed(unknown)}; expected names of boxes, such as "
            f"{next(iter(boxes))!r}."
        )
    if len(names) < 2:
        raise ValueError(
            f"arrows hold {chain!r}; expected chains of two boxes or more, such as "
            "[('x', 'z')]."
        )
    return list(itertools.pairwise(names))


def _scalar(value: float, name: str) -> float:
    """Return one number."""
    array = as_numbers(value, name)
    if array.size != 1:
        raise ValueError(
            f"{name} has shape {array.shape}; expected one number. Average it first: "
            ".mean()."
        )
    return float(array.reshape(()))


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


def _classes(labels: ArrayLike, n: int) -> np.ndarray:
    """Return n class labels from 0 to 9."""
    array = as_numbers(labels, "labels")
    if array.shape != (n,):
        fix = "Pass class numbers, not one-hot rows: labels.argmax(axis=1)."
        if array.ndim != 2:
            fix = "Give one label for each point."
        raise ValueError(f"labels has shape {array.shape}; expected ({n},). {fix}")
    if (array != array.round()).any() or array.min() < 0 or array.max() > 9:
        raise ValueError(
            f"labels run from {_number(array.min())} to {_number(array.max())}; "
            "expected whole numbers 0 to 9, one for each of ten colours. Choose or "
            "renumber classes."
        )
    return array.astype(int)


def _class_names(
    labels: np.ndarray, class_names: Sequence[str] | None
) -> dict[int, str]:
    """Return the name of each class that occurs, by its label."""
    if class_names is not None and len(class_names) <= labels.max():
        raise ValueError(
            f"class_names has length {len(class_names)}, but labels go up to "
            f"{labels.max()}; expected a name for each class from 0."
        )
    return {
        int(label): str(label if class_names is None else class_names[label])
        for label in np.unique(labels)
    }
