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

from helpers.plots.charts import bars, curves, histogram, loss_curves
from helpers.plots.diagrams import diagram, hourglass
from helpers.plots.fields import arrows
from helpers.plots.figure import COLOURS, MARKERS, Picture, save
from helpers.plots.images import (
    colorization,
    denoising,
    heatmaps,
    image_row,
    image_rows,
    reconstructions,
)
from helpers.plots.latent import (
    latent_grid,
    latent_scatter,
    manifold,
    point_cloud,
    residuals,
    thumbnails,
)

__all__ = [
    "COLOURS",
    "MARKERS",
    "Picture",
    "arrows",
    "bars",
    "colorization",
    "curves",
    "denoising",
    "diagram",
    "heatmaps",
    "histogram",
    "hourglass",
    "image_row",
    "image_rows",
    "latent_grid",
    "latent_scatter",
    "loss_curves",
    "manifold",
    "point_cloud",
    "reconstructions",
    "residuals",
    "save",
    "thumbnails",
]
