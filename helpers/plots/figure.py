"""What all plots are: a ``Picture`` with an alt text, in one style."""

import base64
import functools
import html
import io
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

P = ParamSpec("P")
T = TypeVar("T")

DPI = 100
SHARP = 2  # a page shows this many pixels as one: sharp on a fine screen or enlarged
LESS_SHARP = 1.5  # where there is little room
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


def styled(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function under ``STYLE``, whatever the user has set in matplotlib."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with matplotlib.style.context(STYLE, after_reset=True):
            return function(*args, **kwargs)

    return run


class Picture(Figure):
    """A matplotlib figure with a description, unknown to pyplot.

    Attributes:
        alt: what the picture shows, in words; may be set.
    """

    canvas: FigureCanvasAgg

    def __init__(self, width: float, height: float, **options: Any) -> None:
        """Make an empty picture of ``width`` × ``height`` pixels."""
        super().__init__(figsize=(width / DPI, height / DPI), dpi=DPI, **options)
        FigureCanvasAgg(self)
        self.alt = ""

    def png(self) -> bytes:
        """Return the picture as a PNG file that holds ``alt`` as its description."""
        about = PngInfo()
        about.add_itxt("Description", self.alt)
        file = io.BytesIO()
        self._drawn().save(file, "PNG", optimize=True, pnginfo=about)
        return file.getvalue()

    def webp(self, *, small: bool = False) -> bytes:
        """Return the picture as a WebP file, with each pixel ``SHARP`` times finer.

        Args:
            small: only ``LESS_SHARP`` times finer, and written with more patience.
        """
        file = io.BytesIO()
        dpi = self.get_dpi()
        self.set_dpi((LESS_SHARP if small else SHARP) * DPI)
        try:
            drawn = self._drawn().convert("RGB")
            drawn.save(file, "WEBP", lossless=True, method=6 if small else 4)
        finally:
            self.set_dpi(dpi)
        return file.getvalue()

    @styled
    def _drawn(self) -> Image.Image:
        """Return the picture as the smallest kind of image that looks the same."""
        self.canvas.draw()
        return compact(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        """Return what a notebook stores: an HTML image with alt text, and the text."""
        return {"text/html": self.html(), "text/plain": self.alt}

    def html(self, *, small: bool = False) -> str:
        """Return the picture as an HTML image with its alt text.

        Args:
            small: as for `webp`.
        """
        data = base64.b64encode(self.webp(small=small)).decode()
        return (
            f'<img alt="{html.escape(self.alt)}" src="data:image/webp;base64,{data}" '
            f'width="{round(self.get_figwidth() * DPI)}" style="max-width:100%">'
        )

    def _ipython_display_(self) -> None:
        # Once pyplot is used, IPython adds a PNG without alt text to every figure's
        # output. Displaying the bundle ourselves leaves it no chance.
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)


def save(picture: Picture, path: str | Path) -> Path:
    """Write a picture to a PNG file, with its alt text as the file's description.

    Args:
        picture: what a function of `helpers.plots` returned.
        path: ends in ``.png``; its folder must exist.

    Returns:
        The path.

    Raises:
        TypeError: ``picture`` is something else.
        ValueError: the path has another ending.
        FileNotFoundError: there is no such folder.
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


def describe(
    picture: Picture, alt: str | None, title: str | None, described: str
) -> Picture:
    """Give the picture the alt text asked for, or else the title and what is drawn."""
    picture.alt = alt or (f"{title.rstrip('.')}. {described}" if title else described)
    return picture


def new_chart(width: float, height: float, title: str | None) -> tuple[Picture, Axes]:
    """Return a picture of that size in pixels with axes, a light grid and a title."""
    picture = Picture(width, height, layout="constrained")
    axes = picture.add_subplot()
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    set_title(axes, title)
    return picture, axes


def set_title(axes: Axes, title: str | None, pad: float = 8) -> None:
    """Write a title, in as many lines as the picture's width asks for."""
    if title:
        # A letter is about 8 pixels wide, the margin with an axis's numbers 90.
        characters = int((max(axes.figure.bbox.width, 420) - 90) / 8)
        axes.set_title(textwrap.fill(title, characters), loc="left", pad=pad)


def pixel_axes(width: float, height: float) -> tuple[Picture, Axes]:
    """Return a picture with axes of exactly that size in pixels, to fit later."""
    picture = Picture(width, height)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.spines[:].set_visible(False)
    return picture, axes


def fit_to_labels(picture: Picture, axes: Axes, margin: int = 8) -> None:
    """Grow the picture around its axes by what their labels need.

    The axes keep their size in pixels, so that each pixel of an image stays a whole
    number of pixels of the picture.
    """
    inner = axes.bbox.frozen()
    outer = axes.get_tightbbox(picture.canvas.get_renderer()) or inner
    left, bottom = np.ceil(np.maximum(np.subtract(inner.min, outer.min), 0)) + margin
    right, top = np.ceil(np.maximum(np.subtract(outer.max, inner.max), 0)) + margin
    width, height = inner.width + left + right, inner.height + bottom + top
    picture.set_size_inches(width / DPI, height / DPI)
    place = (left / width, bottom / height, inner.width / width, inner.height / height)
    axes.set_position(place)


def put_image(
    axes: Axes, image: np.ndarray, extent: tuple[float, float, float, float]
) -> None:
    """Draw an image in [0, 1] at (left, right, bottom, top)."""
    axes.imshow(
        image, cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto", zorder=3
    )


def scaled(pixels: int, wanted: float) -> int:
    """Return the multiple of an image's side nearest to the one wanted on the page."""
    return pixels * max(1, round(wanted / pixels))


def compact(pixels: np.ndarray) -> Image.Image:
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
