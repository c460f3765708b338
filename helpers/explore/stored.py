"""Pictures stored for each of some states: levels of noise, trained models."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers import metrics
from helpers.arrays import as_images, as_numbers
from helpers.explore import page
from helpers.plots import validation
from helpers.plots.figure import Picture
from helpers.plots.images import image_rows

import numpy as np
from numpy.typing import ArrayLike

IN_FIGURE = 5  # states in the figure
CAPTION = 17  # letters that fit below an image of the figure


@dataclass(frozen=True)
class Panel:
    """A picture that changes from state to state.

    Attributes:
        name: what it shows.
        images: of each state, (states, n, h, w) or (states, n, h, w, 3); n is the
            number of images that one chooses from, or 1. One state stands for all.
        texts: what stands below each of them.
    """

    name: str
    images: np.ndarray
    texts: list[str] = field(default_factory=list)


def noise(
    images: ArrayLike,
    corrupt: Callable[[np.ndarray, float], ArrayLike],
    methods: Mapping[str, Callable[[np.ndarray], ArrayLike]],
    *,
    levels: Sequence[float],
    labels: Sequence[str] | None = None,
    title: str = "More noise, less noise: what each method makes of it",
) -> None:
    """Show what methods make of images with more and less noise.

    Each method runs here, once for each level; the page shows what came out, with the
    PSNR of each image.

    Args:
        images: clean, shape (n, h, w), (n, h, w, 1) or (n, h, w, 3), in [0, 1].
        corrupt: returns the images with noise of a level.
        methods: for a name, what returns denoised images for noisy ones.
        levels: of the noise, at least two.
        labels: what the images are called; numbers by default.
        title: text above it.

    Raises:
        ExplorerError: images, levels and methods are too many to be stored.
        ValueError: an array is not one of images, or there are too few levels.
    """
    if len(levels) < 2:
        raise ValueError(f"levels holds {len(levels)}; a slider needs two or more.")
    given, clean = np.asarray(images), as_images(images)
    noisy = [np.asarray(corrupt(given, float(level))) for level in levels]
    outputs = {"noisy": noisy} | {
        name: [np.asarray(method(x)) for x in noisy] for name, method in methods.items()
    }
    panels = [Panel("clean", clean[np.newaxis])]
    for name, of_levels in outputs.items():
        shown = np.stack([as_images(np.clip(x, 0, 1), name) for x in of_levels])
        ratios = np.stack([metrics.psnr(clean, x, per_image=True) for x in shown])
        texts = [f"{ratio:.1f} dB" for ratio in ratios.ravel()]
        panels.append(Panel(name, shown, texts))
    states = [f"noise {float(level):.3g}" for level in levels]
    _show(clean, labels, states, panels, {}, "Noise", title)


def snapshots(
    images: ArrayLike,
    reconstructions: Mapping[str, ArrayLike],
    samples: Mapping[str, ArrayLike] | None = None,
    numbers: Mapping[str, Mapping[str, float]] | None = None,
    *,
    axis: str = "Model",
    labels: Sequence[str] | None = None,
    title: str = "From model to model: reconstructions, samples and what they cost",
) -> None:
    """Show trained models one after the other, such as VAEs of more and more β.

    Args:
        images: originals, shape (n, h, w), (n, h, w, 1) or (n, h, w, 3), in [0, 1].
        reconstructions: for a model's name, what it makes of the images.
        samples: for a model's name, images that it invented; shown in a square.
        numbers: for a model's name, what was measured, by its name and unit.
        axis: what the slider is called.
        labels: what the images are called; numbers by default.
        title: text above it.

    Raises:
        ExplorerError: images and models are too many to be stored.
        ValueError: an array is not one of images, or models are missing somewhere.
    """
    originals = as_images(images)
    names = list(validation.named_arrays(reconstructions, "reconstructions", as_images))
    given = {"samples": samples or {}, "numbers": numbers or {}}
    for what, entries in given.items():
        if entries and list(entries) != names:
            raise ValueError(
                f"{what} has the models {list(entries)}; expected those of "
                f"reconstructions, in the same order: {names}."
            )
    rebuilt = np.stack(
        [as_images(x, "reconstructions") for x in reconstructions.values()]
    )
    panels = [
        Panel("original", originals[np.newaxis]),
        Panel("reconstruction", rebuilt),
    ]
    if samples:
        squares = [_square(as_images(x, "samples")) for x in samples.values()]
        panels.append(Panel("samples", np.stack(squares)[:, np.newaxis]))
    texts: dict[str, list[str]] = {}
    for measured in (numbers or {}).values():
        for name, value in measured.items():
            checked = as_numbers(value, f"numbers, {name!r}")
            texts.setdefault(name, []).append(f"{float(checked):.1f}")
    _show(originals, labels, names, panels, texts, axis, title)


def _square(images: np.ndarray) -> np.ndarray:
    """Return the images as tiles of one: as many rows as columns."""
    side = int(np.sqrt(len(images)))
    tiles = images[: side**2].reshape(side, side, *images.shape[1:])
    return np.concatenate(np.concatenate(tiles, axis=1), axis=1)


def _show(
    images: np.ndarray,
    labels: Sequence[str] | None,
    states: list[str],
    panels: list[Panel],
    numbers: dict[str, list[str]],
    axis: str,
    title: str,
) -> None:
    """Put an explorer of stored pictures, and its figure, into the cell's output.

    Args:
        images: what one chooses from, (n, h, w) or (n, h, w, 3).
        labels: what they are called; None for numbers.
        states: names of the slider's places.
        panels: what changes from state to state.
        numbers: by name, a text for each state.
        axis: what the slider is called.
        title: text above it.
    """
    names = _checked_names(images, labels, states, panels, numbers)
    data: dict[str, Any] = {
        "title": title,
        "axis": axis,
        "states": states,
        "first": len(states) // 2,
        "names": names,
        "images": page.packed_images(images),
        "panels": [
            {
                "name": panel.name,
                "pictures": page.packed_images(
                    panel.images.reshape(-1, *panel.images.shape[2:])
                ),
                "each": panel.images.shape[1],
                "texts": panel.texts,
            }
            for panel in panels
        ],
        "numbers": [{"name": name, "texts": texts} for name, texts in numbers.items()],
    }
    twin = _first_view(states, panels, numbers, title)
    page.show("stored_states", twin, f"move through {len(states)} states", data)


def _checked_names(
    images: np.ndarray,
    labels: Sequence[str] | None,
    states: list[str],
    panels: list[Panel],
    numbers: dict[str, list[str]],
) -> list[str]:
    """Return what the images are called, or raise for what does not fit."""
    if len(states) < 2:
        raise ValueError(f"There is one model, {states[0]!r}; a slider needs two.")
    for panel in panels:
        if panel.images.shape[1] not in (1, len(images)):
            raise ValueError(
                f"{panel.name!r} has {panel.images.shape[1]} images in each state; "
                f"expected {len(images)}, as many as there are originals."
            )
    if incomplete := [
        name for name, texts in numbers.items() if len(texts) != len(states)
    ]:
        raise ValueError(f"numbers has {incomplete[0]!r} for some models only.")
    names = validation.text_each(labels, len(images), "labels")
    return [name or f"image {k + 1}" for k, name in enumerate(names)]


def _first_view(
    states: list[str], panels: list[Panel], numbers: dict[str, list[str]], title: str
) -> Picture:
    """Draw the first image in some of the states, one column for each."""
    chosen = np.unique(np.linspace(0, len(states) - 1, IN_FIGURE).round().astype(int))
    rows = {
        panel.name: panel.images[chosen if len(panel.images) > 1 else chosen * 0, 0]
        for panel in panels
    }
    captions = {
        panel.name: [panel.texts[k * panel.images.shape[1]] for k in chosen]
        for panel in panels
        if panel.texts
    }
    if numbers:
        lines = [
            [f"{name} {texts[k]}" for name, texts in numbers.items()] for k in chosen
        ]
        captions[panels[-1].name] = [
            "\n".join(textwrap.fill(text, CAPTION) for text in line) for line in lines
        ]
    return image_rows(rows, [states[k] for k in chosen], captions=captions, title=title)
