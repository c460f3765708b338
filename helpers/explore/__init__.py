"""Models that can be touched: a page in a cell's output that runs the student's own.

The weights go into the output as arrays, and a few hundred lines of JavaScript in
`helpers/templates` run the decoder there: no kernel, no server, no library. Where no
script runs, a figure of the first view stands in its place.

- `latent_plane`: a code of two numbers, to move over, and to find one's own drawing on.
- `latent_planes`: the same of two models, side by side.
- `code_axes`: a code of several numbers, a slider for each.
- `noise`: levels of noise, and what each method makes of them.
- `snapshots`: trained models, one after the other.
- `filters`: a filter that slides over an image.
- `paint`: a transposed convolution, painting number by number.
- `colour_hints`: a network that colours, with hints by click.
"""

from helpers import quiet_keras  # noqa: F401, I001  (first: it silences TensorFlow)

from helpers.explore.axes import code_axes
from helpers.explore.convolution import filters, paint
from helpers.explore.hints import colour_hints
from helpers.explore.plane import latent_plane, latent_planes
from helpers.explore.stored import noise, snapshots
from helpers.explore.weights import ExplorerError

__all__ = [
    "ExplorerError",
    "code_axes",
    "colour_hints",
    "filters",
    "latent_plane",
    "latent_planes",
    "noise",
    "paint",
    "snapshots",
]
