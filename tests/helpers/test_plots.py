"""Pictures: what they draw, what they say, what they refuse."""

import base64
import io
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from helpers import plots

import matplotlib
import nbclient
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.quiver import Quiver
from matplotlib.text import Text
from PIL import Image

RNG = np.random.default_rng(0)
DIGITS = RNG.random((12, 28, 28, 1)).round()
PHOTOS = np.broadcast_to(RNG.random((3, 1, 1, 3)), (3, 32, 32, 3))
LABELS = np.arange(200) % 10
CODES = RNG.normal(size=(200, 2)) + LABELS[:, np.newaxis]
SPACE = RNG.normal(size=(20, 3))
LAYERS = {"x": (0, 0, 3), "encoder": (1, 0), "z": (2, 0, 1), "x_hat\n28×28": (3, 0, 3)}
HISTORY = {"loss": [0.21, 0.12, 0.09], "val_loss": [0.2, 0.13, 0.1]}

PICTURES = {
    "image_row": lambda **words: plots.image_row(DIGITS, range(12), **words),
    "image_rows": lambda **words: plots.image_rows(
        {"small": DIGITS[:, ::2, ::2], "large": DIGITS},
        captions={"large": ["21.3 dB"] * 12},
        **words,
    ),
    "reconstructions": lambda **words: plots.reconstructions(DIGITS, DIGITS, **words),
    "denoising": lambda **words: plots.denoising(DIGITS, DIGITS, DIGITS, **words),
    "colorization": lambda **words: plots.colorization(
        PHOTOS[..., 0], PHOTOS, PHOTOS, **words
    ),
    "loss_curves": lambda **words: plots.loss_curves(HISTORY, **words),
    "curves": lambda **words: plots.curves(
        {"PCA": ([2, 8], [0.1, 0.05]), "autoencoder": ([2, 8], [0.08, 0.02])},
        xlabel="latent components",
        ylabel="error",
        log_x=True,
        log_y=True,
        **words,
    ),
    "bars": lambda **words: plots.bars(
        {"bicubic": 20.31, "model": 24.25}, ylabel="PSNR", fmt="{:.1f} dB", **words
    ),
    "histogram": lambda **words: plots.histogram(
        {"test": CODES, "unknown": CODES + 5}, xlabel="error", **words
    ),
    "latent_scatter": lambda **words: plots.latent_scatter(CODES, LABELS, **words),
    "thumbnails": lambda **words: plots.thumbnails(
        CODES[:12], DIGITS, LABELS[:12], **words
    ),
    "manifold": lambda **words: plots.manifold(DIGITS[:9], **words),
    "point_cloud": lambda **words: plots.point_cloud(
        {"points": SPACE},
        {"PCA": ([0, 0, 0], [[1, 0, 0], [0, 1, 0.2]])},
        **words,
    ),
    "heatmaps": lambda **words: plots.heatmaps(
        CODES[:48].reshape(6, 4, 4), list("abcdef"), **words
    ),
    "residuals": lambda **words: plots.residuals(
        CODES[:9],
        {"plane": CODES[:9] * (1, 0), "curve": CODES[:9] + 0.1},
        xlabel="across",
        ylabel="up",
        **words,
    ),
    "hourglass": lambda **words: plots.hourglass(
        {"image": DIGITS[0, ..., 0], "30 units": CODES[:30, 0], "code": [1, -2]},
        **words,
    ),
    "arrows": lambda **words: plots.arrows(CODES, -0.1 * CODES, CODES, **words),
    "diagram": lambda **words: plots.diagram(LAYERS, [LAYERS], marked=["z"], **words),
}


@pytest.fixture(params=PICTURES)
def draw(request):
    return PICTURES[request.param]


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB")).astype(int)


def run_notebook(*cells):
    """Return the outputs of each cell."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


# Every kind of picture ---------------------------------------------------------------


def test_every_kind_of_picture_describes_itself(draw):
    assert len(draw().alt) > 20


def test_every_kind_of_picture_takes_a_title_which_also_opens_its_alt_text(draw):
    picture = draw(title="What to see")
    assert picture.alt.startswith("What to see. ")
    assert "What to see" in {text.get_text() for text in picture.findobj(Text)}


def test_every_kind_of_picture_takes_another_alt_text(draw):
    assert draw(alt="My own words.").alt == "My own words."


def test_every_text_stands_out_from_the_white_background(draw):
    def luminance(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    picture = draw(title="What to see")
    assert to_rgb(picture.get_facecolor()) == (1, 1, 1)
    for text in picture.findobj(Text):
        if text.get_text():
            assert 1.05 / (luminance(text.get_color()) + 0.05) >= 4.5, text


def test_nothing_leaves_the_picture_even_if_the_title_is_long(draw):
    picture = draw(
        title="What to see, said at such length that it takes two lines " * 2
    )
    picture.canvas.draw()
    drawn = picture.get_tightbbox(picture.canvas.get_renderer())
    assert (drawn.min >= 0).all()
    assert (drawn.max <= picture.get_size_inches()).all()


def test_what_a_notebook_shows_is_twice_as_fine_as_the_page(draw):
    picture = draw(title="What to see")
    html = picture._repr_mimebundle_()["text/html"]
    width = int(re.search(r' width="(\d+)"', html)[1])
    data = re.search(r'src="data:image/webp;base64,([^"]+)"', html)[1]
    shown = Image.open(io.BytesIO(base64.b64decode(data)))
    assert shown.width == pytest.approx(2 * width, abs=1)
    # Of blocks, since an edge may lie half a pixel further.
    smooth = shown.convert("L").reduce(16)
    once = Image.open(io.BytesIO(picture.png())).convert("L").reduce(8)
    once = once.resize(smooth.size)
    assert np.abs(np.subtract(smooth, once, dtype=float)).mean() < 4


def test_matplotlibs_settings_neither_shape_a_picture_nor_change(draw):
    expected = draw().png()
    user = {"font.size": 30, "axes.facecolor": "black", "text.antialiased": False}
    with matplotlib.rc_context(user):
        before = dict(matplotlib.rcParams)
        same = draw().png() == expected
        assert dict(matplotlib.rcParams) == before
    assert same


# In a notebook -----------------------------------------------------------------------

DRAW = """
from helpers import plots
import numpy as np
plots.image_row(np.eye(28)[np.newaxis], alt='A "diagonal" & <nothing> else')
"""
ESCAPED = 'alt="A &quot;diagonal&quot; &amp; &lt;nothing&gt; else"'


def test_a_picture_is_shown_once_with_its_alt_text_whether_pyplot_is_used_or_not():
    pyplot = "import matplotlib.pyplot as plt; plt.figure()"
    bare, _, after_pyplot = run_notebook(DRAW, pyplot, DRAW)
    for outputs in (bare, after_pyplot):
        (output,) = outputs
        assert set(output["data"]) == {"text/html", "text/plain"}
        assert output["data"]["text/plain"] == 'A "diagonal" & <nothing> else'
        assert output["data"]["text/html"].count("<img") == 1
        assert ESCAPED in output["data"]["text/html"]


def test_a_picture_is_unknown_to_pyplot():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plots.image_row(DIGITS).png()
    assert plt.get_fignums() == before


def test_importing_the_plots_imports_neither_pyplot_nor_a_deep_learning_library():
    code = (
        "import sys; from helpers import metrics, plots; unwanted = "
        "{'tensorflow', 'keras', 'torch', 'jax', 'matplotlib.pyplot', 'skimage.util'}; "
        "print(unwanted & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"


# Images ------------------------------------------------------------------------------


def test_a_row_shows_the_pixels_of_its_images_in_order():
    images = np.zeros((3, 4, 4))
    images[1] = 1
    shown = pixels(plots.image_row(images))
    middle = shown[shown.shape[0] // 2, :, 0]
    centres = [middle[int(len(middle) * share)] for share in (0.2, 0.5, 0.8)]
    assert centres == [0, 255, 0]


def test_colours_of_photographs_survive_the_png():
    images = np.broadcast_to(RNG.random((5, 1, 1, 3)), (5, 8, 8, 3))
    shown = pixels(plots.image_row(images)).reshape(-1, 3)
    for image in images:
        assert np.abs(shown - 255 * image[0, 0]).max(axis=1).min() <= 3


def test_a_grey_picture_is_stored_in_grey():
    assert Image.open(io.BytesIO(plots.image_row(DIGITS).png())).mode == "L"


def test_rows_are_described_in_their_order_with_the_error():
    picture = plots.denoising(np.full((12, 8, 8), 0.5), *np.zeros((2, 12, 8, 8)))
    assert "3 rows of 12 images: noisy above denoised above clean." in picture.alt
    assert picture.alt.endswith(
        "Mean squared error to clean: noisy 0.250 and denoised 0."
    )


def test_a_row_of_a_keras_like_tensor_is_drawn():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return DIGITS.astype(dtype or float)

    assert "12 images" in plots.image_row(Tensor()).alt


def test_labels_and_captions_are_described():
    picture = plots.image_rows(
        {"small": DIGITS[:2, ::2, ::2], "large": DIGITS[:2]},
        ["seven", "two"],
        captions={"large": ["21.3 dB", "19.8 dB"]},
    )
    assert picture.alt == (
        "2 rows of 2 images: small above large. Columns: seven and two. "
        "Below large: 21.3 dB and 19.8 dB."
    )


def test_long_labels_turn_so_that_they_do_not_overlap():
    picture = plots.image_row(DIGITS, ["automobile with a trailer"] * 12)
    assert all(text.get_rotation() == 40 for text in picture.axes[0].get_xticklabels())


def test_more_images_than_fit_are_refused():
    with pytest.raises(ValueError, match=r"rows hold 30 images each; at most 20"):
        plots.image_row(np.zeros((30, 8, 8)))


def test_rows_of_different_length_are_refused():
    with pytest.raises(
        ValueError, match=r"'reconstruction' 5.*Cut all to images\[:5\]"
    ):
        plots.reconstructions(DIGITS, DIGITS[:5])


def test_a_wrong_shape_names_the_row_and_the_fix():
    with pytest.raises(
        ValueError,
        match=r"reconstruction has shape \(12, 784\).*reshape\(-1, 28, 28\)",
    ):
        plots.reconstructions(DIGITS, DIGITS.reshape(12, 784))


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match="labels has length 3; expected 12"):
        plots.image_row(DIGITS, [1, 2, 3])


def test_captions_for_a_row_that_does_not_exist_are_refused():
    with pytest.raises(ValueError, match="captions are given for 'modle'"):
        plots.image_rows({"model": DIGITS}, captions={"modle": ["x"] * 12})


def test_rows_that_are_no_dictionary_are_refused():
    with pytest.raises(TypeError, match="rows is a list; expected a dictionary"):
        plots.image_rows([DIGITS])


# Charts ------------------------------------------------------------------------------


def test_loss_curves_take_what_fit_returns():
    class History:
        history = HISTORY

    picture = plots.loss_curves(History())
    assert picture.alt == (
        "Line plot of loss over 3 epochs; training goes from 0.210 to 0.0900, "
        "validation goes from 0.200 to 0.100."
    )


def test_training_and_validation_differ_in_dash_and_marker():
    training, validation = plots.loss_curves(HISTORY).axes[0].lines
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


def test_loss_curves_work_without_validation_and_for_one_epoch():
    assert "training goes from 1 to 1." in plots.loss_curves({"loss": [1.0]}).alt


def test_the_numbers_of_many_narrow_bars_do_not_overlap():
    scores = {name: dict.fromkeys("vwxyz", 0.99) for name in "abcde"}
    picture = plots.bars(scores, ylabel="AUROC")
    picture.draw_without_rendering()
    boxes = [text.get_window_extent() for text in picture.axes[0].texts]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) == 25
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


@pytest.mark.parametrize("end", [0.003, 0.0015, 0.01])
def test_the_numbers_on_a_logarithmic_axis_never_overlap(end):
    x = np.array([1e-5, 1e-4, 3e-4, 1e-3, 2e-3, end])
    picture = plots.curves({"a": (x, x)}, xlabel="x", ylabel="y", log_x=True)
    picture.draw_without_rendering()
    boxes = [
        label.get_window_extent()
        for label in picture.axes[0].get_xticklabels()
        if label.get_text()
    ]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) >= 3
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


@pytest.mark.parametrize("close", [0.1, 0.1001, 0.11])
def test_the_two_labels_of_loss_curves_never_overlap(close):
    picture = plots.loss_curves({"loss": [0.2, 0.1], "val_loss": [0.2, close]})
    picture.canvas.draw()
    first, second = (text.get_window_extent() for text in picture.axes[0].texts)
    assert not first.overlaps(second)


@pytest.mark.parametrize(
    ("history", "error", "message"),
    [
        ({"mse": [1], "val_mse": [1]}, ValueError, "no 'loss'; it has 'mse'. Name one"),
        ({"loss": [0.2, np.nan]}, ValueError, "not finite from epoch 2: the training"),
        ({"loss": []}, ValueError, "Train for at least one"),
        ([0.2, 0.1], TypeError, "history is a list; expected what model.fit returns"),
    ],
)
def test_a_history_without_a_curve_is_refused(history, error, message):
    with pytest.raises(error, match=message):
        plots.loss_curves(history)


def test_lines_differ_in_colour_dash_and_marker():
    series = {str(i): ([1, 2], [i, i]) for i in range(7)}
    lines = plots.curves(series, xlabel="x", ylabel="y").axes[0].lines
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert len({str(getattr(line, look)()) for line in lines} | {look}) >= 4
    looks = {(line.get_color(), line.get_marker()) for line in lines}
    assert len(looks) == 7


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (([1, 2], [1, 2, 3]), r"x of shape \(2,\) and y of shape \(3,\)"),
        ([1, 2, 3], r"series\['a'\] is not a pair"),
        (([0, 1], [1, 2]), r"x values down to 0; .* Leave log_x out"),
    ],
)
def test_a_line_that_cannot_be_drawn_is_refused(pair, message):
    with pytest.raises(ValueError, match=message):
        plots.curves({"a": pair}, xlabel="x", ylabel="y", log_x=True)


def test_bars_write_their_numbers():
    picture = plots.bars({"PCA": 0.5, "model": -0.25}, ylabel="gain", fmt="{:.0%}")
    assert picture.alt == "Bars of gain: PCA 50%, model -25%."
    assert {"50%", "-25%"} <= {text.get_text() for text in picture.axes[0].texts}


def test_a_bar_of_several_runs_shows_their_mean_and_their_spread():
    picture = plots.bars({"PCA": 3, "model": [1, 3]}, ylabel="error", fmt="{:.1f}")
    assert picture.alt == "Bars of error: PCA 3.0, model 2.0 ± 1.0."
    tops = [patch.get_height() for patch in picture.axes[0].patches]
    assert tops == [3, 2]
    (whisker,) = picture.axes[0].collections
    assert [tuple(ends[:, 1]) for ends in whisker.get_segments()] == [(1, 3)]


def test_bars_of_several_series_stand_side_by_side_and_differ_not_in_colour_alone():
    values = {"PCA": {"digits": 1, "clothes": 2}, "model": {"digits": 3, "clothes": 4}}
    picture = plots.bars(values, ylabel="error", fmt="{:.0f}")
    bars = picture.axes[0].patches
    assert [bar.get_height() for bar in bars] == [1, 3, 2, 4]
    edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars)
    assert all(right <= left + 1e-9 for (_, right), (left, _) in pairwise(edges))
    assert len({(bar.get_facecolor(), bar.get_hatch()) for bar in bars}) == 2
    assert len({bar.get_hatch() for bar in bars}) == 2
    assert "PCA, digits 1, PCA, clothes 2" in picture.alt
    assert len(picture.axes[0].get_legend().get_texts()) == 2


def test_groups_of_different_series_are_refused():
    values = {"PCA": {"digits": 1}, "model": {"clothes": 4}}
    with pytest.raises(ValueError, match=r"'model'.*clothes; expected digits"):
        plots.bars(values, ylabel="error")


@pytest.mark.parametrize("shape", [(2, 2), (101,)])
def test_a_bar_of_numbers_that_are_no_runs_is_refused(shape):
    with pytest.raises(ValueError, match=r"values\['PCA'\] has shape .*Average"):
        plots.bars({"PCA": np.ones(shape)}, ylabel="error")


def test_a_histogram_shows_shares_that_add_up_to_one_whatever_the_set_size():
    picture = plots.histogram({"a": np.arange(10), "b": np.arange(1000)}, xlabel="x")
    steps = [patch.get_data().values.sum() for patch in picture.axes[0].patches]
    assert steps == pytest.approx([1] * len(steps))


# The latent plane --------------------------------------------------------------------


def test_a_scatter_names_ten_classes_with_ten_colours_and_ten_markers():
    axes = plots.latent_scatter(CODES, LABELS).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(
        "0123456789"
    )
    assert len(set(plots.COLOURS)) == len(set(plots.MARKERS)) == 10


def test_a_class_is_written_at_its_median():
    codes = np.repeat([[0.0, 0.0], [10.0, 5.0]], 50, axis=0)
    picture = plots.latent_scatter(codes, [0] * 50 + [3] * 50, list("abcd"))
    written = {text.get_text(): tuple(text.xy) for text in picture.axes[0].texts}
    assert written == {"a": (0, 0), "d": (10, 5)}
    assert "d at (10, 5)" in picture.alt


def test_names_do_not_hide_few_points():
    picture = plots.latent_scatter(CODES[:60], LABELS[:60])
    assert not picture.axes[0].texts


def test_class_names_at_the_same_place_are_written_beside_each_other():
    picture = plots.latent_scatter(np.zeros((200, 2)), LABELS)
    picture.canvas.draw()
    boxes = [text.get_window_extent() for text in picture.axes[0].texts]
    middles = sorted((box.y0 + box.y1) / 2 for box in boxes)
    assert np.diff(middles).min() > 10


@pytest.mark.parametrize(
    ("codes", "labels", "message"),
    [
        (
            np.zeros((5, 30)),
            np.zeros(5),
            r"codes has shape \(5, 30\); expected \(n, 2\)",
        ),
        (CODES, LABELS[:5], r"labels has shape \(5,\); expected \(200,\)"),
        (CODES, np.eye(10)[LABELS], r"labels\.argmax\(axis=1\)"),
        (CODES, LABELS + 1, "labels run from 1 to 10; expected whole numbers 0 to 9"),
        (CODES * np.nan, LABELS, "codes holds 400 values that are NaN"),
    ],
)
def test_codes_and_labels_that_do_not_fit_are_refused(codes, labels, message):
    with pytest.raises(ValueError, match=message):
        plots.latent_scatter(codes, labels)


def test_a_path_is_drawn_over_the_scatter_and_named():
    path = [(0, 0), (1, 2), (2, 4)]
    picture = plots.latent_scatter(CODES, LABELS, paths={"3 to 4": path})
    (line,) = picture.axes[0].lines
    assert line.get_xydata().tolist() == [[0, 0], [1, 2], [2, 4]]
    assert picture.alt.endswith("1 path over it: 3 to 4.")


def test_each_reconstruction_has_a_panel_with_a_stick_for_each_point():
    points = CODES[:9]
    picture = plots.residuals(
        points, {"a": points, "b": points + 1}, xlabel="x", ylabel="y"
    )
    first, second = picture.axes
    assert len(first.lines) == len(second.lines) == 9
    assert second.lines[3].get_xydata() == pytest.approx(
        np.stack([points[3], points[3] + 1])
    )


def test_points_without_their_reconstruction_are_refused():
    with pytest.raises(ValueError, match="'points' 9 and 'a' 8"):
        plots.residuals(CODES[:9], {"a": CODES[:8]}, xlabel="x", ylabel="y")


def test_too_few_class_names_are_refused():
    with pytest.raises(ValueError, match="class_names has length 2, but labels go up"):
        plots.latent_scatter(CODES, LABELS, ["a", "b"])


def test_thumbnails_do_not_overlap():
    points = RNG.random((300, 2))
    axes = plots.thumbnails(points, np.zeros((300, 8, 8)), min_distance=0.1).axes[0]
    boxes = np.array([image.get_extent() for image in axes.images])
    assert 20 < len(boxes) <= 121
    for i, (left, right, bottom, top) in enumerate(boxes):
        others = np.delete(boxes, i, axis=0)
        beside = (others[:, 1] <= left) | (others[:, 0] >= right)
        above = (others[:, 3] <= bottom) | (others[:, 2] >= top)
        assert (beside | above).all()


def test_the_first_of_two_close_images_is_kept():
    images = np.stack([np.zeros((8, 8)), np.ones((8, 8)), np.ones((8, 8))])
    points = [[0, 0], [0.001, 0], [1, 1]]
    axes = plots.thumbnails(points, images).axes[0]
    assert [image.get_array().mean() for image in axes.images] == [0, 1]


def test_points_and_images_of_different_number_are_refused():
    with pytest.raises(ValueError, match="there are 5 points and 12 images"):
        plots.thumbnails(CODES[:5], DIGITS)


def test_a_manifold_shows_each_image_at_the_latent_point_it_was_decoded_from():
    n, low, high = 5, -3, 1
    grid = plots.latent_grid(n, low, high)
    # A decoder that paints z: red grows with z1, green with z2.
    share = (grid - low) / (high - low)
    images = np.zeros((n * n, 6, 6, 3))
    images[..., 0], images[..., 1] = share[:, 0, None, None], share[:, 1, None, None]
    picture = plots.manifold(images, (low, high))
    shown = pixels(picture)
    for z, (red, green) in zip(grid, share, strict=True):
        x, y = picture.axes[0].transData.transform(z)
        colour = shown[round(shown.shape[0] - y), round(x)]
        assert np.abs(colour - [255 * red, 255 * green, 0]).max() <= 3


def test_a_number_of_images_that_is_no_square_is_refused():
    with pytest.raises(ValueError, match="there are 12 images; expected a square"):
        plots.manifold(DIGITS)


@pytest.mark.parametrize("arguments", [(1, -2, 2), (5, 2, -2)])
def test_a_grid_without_extent_is_refused(arguments):
    with pytest.raises(ValueError, match=r"such as latent_grid\(20, -2, 2\)"):
        plots.latent_grid(*arguments)


# Points in space, heat maps ----------------------------------------------------------


def test_a_sheet_lies_in_its_plane_and_under_the_points():
    points = np.array([[0, 0, 1], [2, 0, -1], [2, 3, 0.5], [0, 3, 0]])
    picture = plots.point_cloud(
        {"points": points}, {"floor": ([0, 0, 0], [[1, 0, 0], [0, 1, 0]])}
    )
    *_, sheet = picture.axes[0].collections
    corners = np.asarray(sheet._faces[0])
    assert corners == pytest.approx(
        np.array([[0, 0, 0], [2, 0, 0], [2, 3, 0], [0, 3, 0]])
    )


@pytest.mark.parametrize(
    ("plane", "message"),
    [
        (([0, 0, 0], np.eye(3)[:, :2]), r"directions \(3, 2\).*directions\.T"),
        (([0, 0, 0], [[1, 0, 0], [2, 0, 0]]), "two parallel directions"),
        ([0, 0, 0], "is not a pair"),
    ],
)
def test_a_plane_that_is_none_is_refused(plane, message):
    with pytest.raises(ValueError, match=message):
        plots.point_cloud({"points": np.eye(3)}, {"PCA": plane})


def test_points_of_the_plane_are_refused_in_space():
    with pytest.raises(ValueError, match=r"clouds\['codes'\] has shape \(200, 2\)"):
        plots.point_cloud({"codes": CODES})


# Arrows -------------------------------------------------------------------------------


def test_an_arrow_begins_at_its_point_and_is_as_long_as_its_move():
    picture = plots.arrows([[0, 0], [2, 2]], [[1, 0], [0, 0.5]])
    drawn = next(c for c in picture.axes[0].collections if isinstance(c, Quiver))
    assert drawn.get_offsets().tolist() == [[0, 0], [2, 2]]
    assert (drawn.U.tolist(), drawn.V.tolist()) == ([1, 0], [0, 0.5])
    assert (drawn.scale, drawn.scale_units, drawn.angles) == (1, "xy", "xy")


def test_points_and_moves_of_different_number_are_refused():
    with pytest.raises(ValueError, match="2 points and 1 moves"):
        plots.arrows([[0, 0], [1, 1]], [[1, 0]])


def test_heat_maps_with_negative_numbers_are_white_at_zero():
    arrays = np.array([[[-1.0, 0.0, 3.0]]])
    (image,) = plots.heatmaps(arrays).axes[0].images
    assert image.get_clim() == (-3, 3)


def test_heat_maps_share_their_colours_unless_told_otherwise():
    arrays = np.array([[[0.0, 1.0]], [[0.0, 100.0]]])
    shared = [image.get_clim() for image in plots.heatmaps(arrays).axes[0].images]
    own = plots.heatmaps(arrays, shared=False).axes[0].images
    assert shared == [(0, 100), (0, 100)]
    assert [image.get_clim() for image in own] == [(0, 1), (0, 100)]


@pytest.mark.parametrize("shared", [True, False])
def test_a_dead_channel_is_drawn_beside_a_live_one(shared):
    arrays = np.stack([np.zeros((4, 4)), CODES[:8].reshape(4, 4)])
    plots.heatmaps(arrays, shared=shared).png()
    plots.heatmaps(np.zeros((2, 4, 4)), shared=shared).png()


def test_the_channels_of_several_codes_are_no_heat_maps():
    with pytest.raises(ValueError, match=r"\(2, 4, 4, 8\); expected \(n, h, w\)"):
        plots.heatmaps(np.zeros((2, 4, 4, 8)))


# Diagrams ----------------------------------------------------------------------------


def box_outlines(picture):
    picture.canvas.draw()
    patches = picture.findobj(FancyBboxPatch)
    return [patch.get_window_extent() for patch in patches]


def test_a_box_stands_at_its_column_and_row_and_holds_its_text():
    places = {"top left": (0, 0), "right\nof it": (1, 0), "below": (0, 1)}
    picture = plots.diagram(places)
    first, right, below = box_outlines(picture)
    assert right.x0 > first.x1
    assert below.y1 < first.y0
    for box, text in zip((first, right, below), picture.axes[0].texts, strict=True):
        inside = text.get_window_extent()
        assert box.x0 < inside.x0 < inside.x1 < box.x1
        assert box.y0 < inside.y0 < inside.y1 < box.y1


def test_a_box_is_as_tall_as_asked_so_that_a_bottleneck_shows():
    wide, plain, narrow, _ = box_outlines(plots.diagram(LAYERS))
    assert wide.height == pytest.approx(3 * narrow.height)
    assert plain.height < narrow.height


def test_an_arrow_runs_from_the_edge_of_one_box_to_the_edge_of_the_next():
    picture = plots.diagram({"a": (0, 0), "b": (1, 0)}, [("a", "b")])
    first, second = box_outlines(picture)
    (arrow,) = picture.findobj(FancyArrowPatch)
    path = arrow.get_path()
    drawn = path.vertices[path.codes != path.CLOSEPOLY]
    along = arrow.get_transform().transform(drawn)[:, 0]
    assert first.x1 <= along.min() < along.max() <= second.x0


def test_a_chain_has_an_arrow_from_each_box_to_the_next():
    picture = plots.diagram(LAYERS, [["x", "encoder", "z"]])
    assert picture.alt.endswith("Arrows: x to encoder and encoder to z.")
    assert len(picture.findobj(FancyArrowPatch)) == 2


def test_a_marked_box_has_a_thicker_frame_as_well_as_a_colour():
    picture = plots.diagram(LAYERS, marked=["z"])
    plain, _, marked, _ = picture.findobj(FancyBboxPatch)
    assert marked.get_linewidth() > plain.get_linewidth()
    assert marked.get_edgecolor() != plain.get_edgecolor()


def test_boxes_on_each_other_are_refused():
    with pytest.raises(ValueError, match="boxes 'a' and 'c' overlap; move one"):
        plots.diagram({"a": (0, 0), "b": (1, 0), "c": (0.3, 0.1)})


@pytest.mark.parametrize(
    ("boxes", "arrows", "message"),
    [
        ({"a": (0,)}, [], r"boxes\['a'\] has shape \(1,\); expected \(column, row\)"),
        ({"a": (0, 0)}, [("a", "z")], r"arrows hold 'z'; expected names of boxes"),
        ({"a": (0, 0)}, ["a"], r"arrows hold 'a'; expected chains of two boxes"),
        ({}, [], "boxes is empty"),
    ],
)
def test_a_diagram_that_cannot_be_drawn_is_refused(boxes, arrows, message):
    with pytest.raises(ValueError, match=message):
        plots.diagram(boxes, arrows)


def test_marking_a_box_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="marked holds 'code'; expected names of box"):
        plots.diagram(LAYERS, marked=["code"])


# Files -------------------------------------------------------------------------------


def test_the_columns_of_an_hourglass_are_as_tall_as_their_layers():
    picture = plots.hourglass({"wide": np.ones(40), "code": [1, -1, 0.5, 0]})
    bars = picture.axes[0].patches
    wide, code = bars[:40], bars[40:]
    assert [np.sign(bar.get_width()) for bar in code] == [1, -1, 1, 0]
    top, bottom = (wide[i].get_y() for i in (0, -1))
    assert top - bottom == pytest.approx(13 * (code[0].get_y() - code[-1].get_y()))


def test_the_labels_of_an_hourglass_stand_below_it():
    picture = plots.hourglass({"wide": np.ones(40), "code": [1, -1, 0.5, 0]})
    renderer = picture.canvas.get_renderer()
    floor = picture.axes[0].bbox.y0
    labels = [text for text in picture.axes[0].texts if text.get_text()]
    assert [label.get_text() for label in labels] == ["wide", "code"]
    assert all(0 <= label.get_tightbbox(renderer).y0 < floor for label in labels)


def test_several_images_are_no_stage_of_an_hourglass():
    with pytest.raises(
        ValueError, match=r"stages\['image'\] has shape .*Take one image"
    ):
        plots.hourglass({"image": DIGITS})


def test_a_saved_picture_keeps_its_alt_text(tmp_path):
    path = plots.save(plots.image_row(DIGITS, alt="Zwölf Ziffern"), tmp_path / "a.png")
    assert Image.open(path).text["Description"] == "Zwölf Ziffern"


def test_saving_makes_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Make it first: Path\(.*\)\.mkdir"):
        plots.save(plots.image_row(DIGITS), tmp_path / "figures" / "a.png")
    assert not list(tmp_path.iterdir())


def test_only_png_files_are_written(tmp_path):
    with pytest.raises(ValueError, match=r"a\.jpg is no PNG file\. Name it .*a\.png"):
        plots.save(plots.image_row(DIGITS), tmp_path / "a.jpg")


def test_only_pictures_are_saved():
    with pytest.raises(TypeError, match="picture is a ndarray; expected"):
        plots.save(DIGITS, Path("a.png"))
