"""The two pictures of a report: how the points are spread, and who lost them where."""

from helpers.plots import COLOURS, Picture
from helpers.plots.figure import (
    DPI,
    INK,
    SHARP,
    describe,
    fit_to_labels,
    new_chart,
    styled,
)

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator

from grading.report.summary import Summary
from grading.runtime.sanitize import line

# In pixels: a row, the widest column, the columns that labels, marks and gaps need.
ROW, COLUMN, LABEL, MARK, THIN = 20, 32, 13, 12, 4
MAX_WIDTH = 820
MAX_BARS = 25
NOT_RUN, FULL, PART, NONE = range(4)
# From light to dark: they stay apart without colours too.
SHADES = ("#FFFFFF", "#D6E6F2", "#F0B070", "#A63D00")
MARKS = {
    NOT_RUN: ("$/$", "#777777"),
    PART: ("_", INK),
    NONE: ("x", "#FFFFFF"),
}
KINDS = ("could not be run", "full points", "a part of the points", "no points")
SIGNS = ("/", "", "–", "×")


@styled
def distribution(summary: Summary) -> Picture:
    """Draw how many students have how many points. There is at least one student."""
    scores = np.array(list(summary.scores.values()))
    step = max(1, int(np.ceil(summary.max_points / MAX_BARS)))
    # A bar stands at its points; where it stands for several, at the middle of these.
    edges = np.arange(0, summary.max_points + 2 * step, step) - 0.5
    counts, _ = np.histogram(scores, edges)
    picture, axes = new_chart(540, 320, None)
    centres = (edges[:-1] + edges[1:]) / 2
    drawn = axes.bar(centres, counts, width=0.86 * step, color=COLOURS[5])
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    for count in axes.bar_label(drawn, padding=3, fontsize=9):
        count.set(bbox=behind, visible=count.get_text() != "0")
    lines = {"mean": (summary.mean, "-"), "median": (summary.median, "--")}
    for name, (value, dash) in lines.items():
        label = f"{name} {value:.4g}"
        axes.axvline(value, color=INK, linestyle=dash, lw=1.4, zorder=0.9, label=label)
    axes.set(xlabel=f"points of {summary.max_points:g}", ylabel="students")
    axes.set_xlim(edges[0] - step / 4, edges[-1] + step / 4)
    axes.set_ylim(0, 1.3 * counts.max())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(
            MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        )
    axes.grid(visible=False, axis="x")
    picture.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    picture.set_dpi(SHARP * DPI)
    parts = (
        f"from {scores.min():g} to {scores.max():g} of {summary.max_points:g} points"
    )
    alt = f"{len(scores)} students have {parts}; mean {summary.mean:.4g}, median "
    return describe(picture, None, None, f"{alt}{summary.median:.4g}.")


def table(summary: Summary) -> np.ndarray:
    """Return how each check ended, of shape (checks, students): 0 to 3, see KINDS."""
    kinds = np.full((len(summary.points), len(summary.results)), NOT_RUN)
    for column, result in enumerate(summary.results):
        if result.status == "refused":
            continue
        for row, (name, most) in enumerate(summary.points.items()):
            mark = result.marks.get(name, 0.0)
            kinds[row, column] = FULL if mark >= most else PART if mark > 0 else NONE
    return kinds


@styled
def heat_map(summary: Summary) -> Picture:
    """Draw checks × students. There is at least one of each."""
    kinds = table(summary)
    checks, students = kinds.shape
    column = float(np.clip(MAX_WIDTH / students, 1, COLUMN))
    width, height = column * students, float(ROW * checks)
    picture = Picture(width, height)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.imshow(
        kinds,
        ListedColormap(SHADES),
        vmin=0,
        vmax=3,
        aspect="auto",
        interpolation="none",
    )
    if column >= MARK:
        for kind, (marker, colour) in MARKS.items():
            rows, columns = np.nonzero(kinds == kind)
            axes.scatter(columns, rows, s=22, lw=1.2, marker=marker, color=colour)
    axes.hlines(np.arange(1, checks) - 0.5, -0.5, students - 0.5, "white", lw=1.5)
    if column >= THIN:
        axes.vlines(np.arange(1, students) - 0.5, -0.5, checks - 0.5, "white", lw=1)
    every = int(np.ceil(LABEL / column))
    shown = range(0, students, every)
    names = [_short(summary.results[i].student) for i in shown]
    axes.set_xticks(shown, names, rotation=90, fontsize=8, parse_math=False)
    axes.set_yticks(range(checks), map(_short, summary.points), parse_math=False)
    axes.tick_params(length=2 if every > 1 else 0)
    axes.spines[:].set(visible=True, color="#999999", linewidth=0.6)
    ordered = "students, fewest points on the left"
    axes.set_xlabel(
        f"{ordered}; one name in {every}" if every > 1 else ordered, loc="left"
    )
    fit_to_labels(picture, axes)
    picture.set_dpi(SHARP * DPI)
    worst = summary.checks[0]
    described = f"Heat map of {checks} checks × {students} students. "
    described += f"Most often lost: {worst.name}, by {worst.lost} of {worst.of}."
    return describe(picture, None, None, described)


def _short(name: str) -> str:
    return line(name, 21)
