"""An explorer's page computes what Keras computes, and is complete without a script."""

import html
import json
import re
import subprocess
from pathlib import Path
from unittest import mock

from helpers import explore, interactive
from helpers.data import bundled
from helpers.explore import hints, plane
from helpers.explore.rounding import rounded
from helpers.explore.weights import chain, entries, packed

import keras
import numpy as np
import playwright
import pytest
from keras import layers
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import lesson_form

# The browser tests' package brings a JavaScript engine for every platform.
(NODE,) = Path(playwright.__file__).parent.glob("driver/node*")
MODULES = [
    (interactive.TEMPLATES / name).read_text("utf-8")
    for name in ("decoder.js", "strokes.js")
]
RUN = """
import { readFileSync } from "node:fs";
const passed = JSON.parse(readFileSync(0, "utf-8"));
const answer = (() => { %s })();
console.log(JSON.stringify(answer));
"""
DECODED = """
const { models, codes } = passed;
const images = (decode) => codes.map((code) => Array.from(decode(code)));
return models.map((layers) => images(makeDecoder(layers)));
"""
PIXEL, CODE = 1 / 255, 1e-3


def run(code, passed):
    """Return what some code makes of ``passed`` with the page's own modules."""
    process = subprocess.run(
        [NODE, "--input-type=module", "--eval", "".join(MODULES) + RUN % code],
        input=json.dumps(passed),
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def run_by_page(layers, inputs):
    """Return what the page's JavaScript makes of inputs, for each list of layers."""
    flat = np.asarray(inputs, float).reshape(len(inputs), -1)
    outputs = run(DECODED, {"models": layers, "codes": flat.tolist()})
    return [np.array(images) for images in outputs]


def exported(decoder):
    """Return a decoder's layers with weights of 16 bits."""
    return [entry for layer in chain(decoder) for entry in entries(layer)]


def decoded(decoders, codes):
    """Return what the page's JavaScript makes of codes, for each decoder."""
    return run_by_page(list(map(exported, decoders)), codes)


def by_keras(decoder, codes):
    return np.asarray(decoder(codes)).reshape(len(codes), -1)


def dense(*activations):
    decoder = keras.Sequential([keras.Input((2,))])
    for activation in activations:
        decoder.add(layers.Dense(24, activation, bias_initializer="normal"))
    decoder.add(layers.Dense(784, "sigmoid"))
    decoder.add(layers.Reshape((28, 28, 1)))
    return decoder


def convolutional(*widening):
    """Return a decoder from two numbers over 4×4 images of three channels."""
    first = [keras.Input((2,)), layers.Dense(48, "relu"), layers.Reshape((4, 4, 3))]
    last = layers.Conv2D(1, 3, padding="same", activation="sigmoid")
    return keras.Sequential([*first, *widening, last])


def transposed():
    """Yield transposed convolutions of every overlap of kernel and stride."""
    for padding in ("same", "valid"):
        for kernel, strides in (
            (3, 2),
            (2, 2),
            (4, 2),
            (2, 3),
            (3, 1),
            ((3, 2), (1, 2)),
        ):
            yield layers.Conv2DTranspose(
                5,
                kernel,
                strides,
                padding,
                activation="relu",
                bias_initializer="normal",
            )


def decoders():
    """Yield a name and a decoder for all that an explorer says that it runs."""
    for activation in ("linear", "relu", "sigmoid", "tanh", "elu", "selu"):
        yield activation, dense(activation)
    yield "deep", dense("relu", "selu", "tanh")
    yield "nested", keras.Sequential([keras.Input((2,)), dense("relu")])
    z = keras.Input((2,))
    x = layers.Dropout(0.5)(layers.Activation("relu")(layers.Dense(9)(z)))
    yield (
        "functional",
        keras.Model(z, layers.Dense(6, use_bias=False)(layers.ReLU()(x))),
    )
    for layer in transposed():
        name = f"transposed {layer.kernel_size} {layer.strides} {layer.padding}"
        yield name, convolutional(layer)
    for padding, strides in (("same", 1), ("same", 2), ("valid", 1), ("valid", 2)):
        layer = layers.Conv2D(4, (3, 2), strides, padding, activation="selu")
        yield f"convolution {strides} {padding}", convolutional(layer)
    yield "upsampling", convolutional(layers.UpSampling2D((2, 3)), layers.Conv2D(4, 3))


def test_the_page_decodes_as_keras_does_whatever_the_layers_are():
    keras.utils.set_random_seed(1)
    codes = np.random.default_rng(1).normal(0, 3, (5, 2)).astype("float32")
    models = dict(decoders())
    pages = decoded(models.values(), codes)
    for (name, model), images in zip(models.items(), pages, strict=True):
        assert np.abs(images - by_keras(model, codes)).max() < PIXEL, name


def test_large_weights_are_decoded_to_the_same_pixels_too():
    model = dense("relu", "relu")
    generator = np.random.default_rng(2)
    model.set_weights([generator.normal(0, 0.5, w.shape) for w in model.get_weights()])
    codes = generator.normal(0, 10, (20, 2)).astype("float32")
    (images,) = decoded([model], codes)
    assert np.abs(images - by_keras(model, codes)).max() < PIXEL


def digits(n):
    """Return real digits of 8×8 pixels, enlarged to 24×24 inside of 28×28."""
    small = bundled.small_digits()[0][:n].reshape(-1, 8, 8)
    return np.pad(small.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))


def encoders():
    """Yield a name, an encoder of images of 28×28, and which output is its code."""
    for activation in ("relu", "tanh"):
        widths = [layers.Dense(units, activation) for units in (128, 64)]
        model = [keras.Input((28, 28)), layers.Flatten(), *widths, layers.Dense(2)]
        yield activation, keras.Sequential(model), 0
    yield (
        "of flat images",
        keras.Sequential(
            [keras.Input((784,)), layers.Dense(64, "selu"), layers.Dense(2)]
        ),
        0,
    )
    x = keras.Input((28, 28, 1))
    h = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    h = layers.MaxPooling2D(3, strides=2, padding="same")(h)
    h = layers.MaxPooling2D(2)(layers.Conv2D(16, 3, activation="relu")(h))
    h = layers.Flatten()(h)
    mean, log_var = layers.Dense(2)(h), layers.Dense(2)(h)
    drawn = layers.Add()([mean, log_var])
    yield "convolutional, of a VAE", keras.Model(x, [drawn, mean, log_var]), 1


DRAWN = """
const { models, drawings } = passed;
const images = drawings.map((strokes) => likeMnist(strokes, 28));
const all = (encode) => images.map((x) => Array.from(encode(x)));
const codes = models.map((layers) => all(makeDecoder(layers)));
return [images.map((x) => Array.from(x)), codes];
"""


def drawings():
    """Yield drawings, in strokes of points: digits, scribbles, a line, a dot."""
    generator = np.random.default_rng(7)
    turn = np.linspace(0, 2 * np.pi, 25)
    yield [np.stack([0.5 + 0.2 * np.sin(turn), 0.5 - 0.4 * np.cos(turn)], axis=1)]
    yield [np.array([[0.25, 0.1], [0.75, 0.1], [0.4, 0.9]])]
    yield [np.array([[0.2, 0.2], [0.2, 0.8], [0.8, 0.8], [0.8, 0.2], [0.2, 0.2]])]
    yield [np.array([[0.1, 0.5], [0.9, 0.5]])]
    yield [np.array([[0.3, 0.3]])]
    for _ in range(5):
        yield [generator.random((9, 2)) for _ in range(3)]


def as_strokes():
    return [[stroke.tolist() for stroke in drawing] for drawing in drawings()]


def test_the_page_encodes_drawings_as_keras_does():
    keras.utils.set_random_seed(1)
    models = {name: (model, output) for name, model, output in encoders()}
    exports = [plane.encoder_layers(*model, digits(200)) for model in models.values()]
    images, codes = run(DRAWN, {"models": exports, "drawings": as_strokes()})
    for (name, (model, output)), got in zip(models.items(), codes, strict=True):
        shape = model.input_shape[1:]
        expected = model(np.reshape(images, (-1, *shape)).astype("float32"))
        expected = expected[output] if isinstance(expected, list) else expected
        assert np.abs(np.array(got) - np.asarray(expected)).max() < CODE, name


def test_a_trained_encoder_s_codes_are_keras_s_too():
    """Training moves weights apart, and codes further than a fresh encoder does."""
    keras.utils.set_random_seed(2)
    _, encoder, _ = next(encoders())
    images = digits(600)
    wanted = 30 * np.random.default_rng(3).normal(size=(600, 2))
    encoder.compile(keras.optimizers.Adam(3e-3), "mse")
    encoder.fit(images, wanted, epochs=5, verbose=0)
    entries = plane.encoder_layers(encoder, 0, images)
    drawn, (codes,) = run(DRAWN, {"models": [entries], "drawings": as_strokes()})
    expected = np.asarray(encoder(np.reshape(drawn, (-1, 28, 28)).astype("float32")))
    assert np.abs(expected).max() > 5
    assert np.abs(np.array(codes) - expected).max() < CODE


def mirrored():
    """Return a decoder from two numbers, with hidden layers [64, 128]."""
    widths = [layers.Dense(units, "relu") for units in (64, 128)]
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((28, 28))]
    return keras.Sequential([keras.Input((2,)), *widths, *last])


@pytest.fixture(scope="module")
def trained():
    """Return a decoder that has learnt digits for some codes, the codes, the digits."""
    keras.utils.set_random_seed(4)
    images, codes = digits(600), np.random.default_rng(4).normal(size=(600, 2))
    decoder = mirrored()
    decoder.compile("adam", "binary_crossentropy")
    decoder.fit(3 * codes, images, epochs=8, verbose=0)
    return decoder, 3 * codes, images


def bytes_of(act):
    """Return how many bytes of page an explorer puts into a cell's output."""
    with mock.patch.object(interactive, "display") as display:
        act()
    return len(display.call_args.args[0]["text/html"].encode())


def data_of(act):
    """Return the data that an explorer passes to its page."""
    with mock.patch.object(interactive, "show") as show:
        act()
    return show.call_args.args[3]


@pytest.mark.parametrize("size", [1, plane.FAR])
def test_coarser_weights_decode_to_keras_s_pixels_all_over_the_plane(size, trained):
    decoder, codes, images = trained
    _, encoder, _ = next(encoders())
    options = {} if size == 1 else {"encoder": encoder}
    act = explore.latent_plane
    data = data_of(lambda: act(decoder, codes, np.arange(600) % 10, images, **options))
    (part,) = data["planes"]
    low, high = map(np.array, part["extent"])
    middle, half = (low + high) / 2, size * (high - low) / 2
    generator = np.random.default_rng(5)
    points = middle + half * generator.uniform(-1, 1, (2000, 2))
    ends = codes[generator.choice(data["stops"], (2, 200))]
    walks = ends[0] + generator.random((200, 1)) * (ends[1] - ends[0])
    points = np.concatenate([points, walks])
    (pixels,) = run_by_page([part["decoder"]], points)
    away = np.abs(pixels - by_keras(decoder, points.astype("float32")))
    assert away.max() < PIXEL


def test_coarser_weights_take_less_than_two_thirds_of_the_room(trained):
    decoder, codes, _ = trained
    coarse = rounded(decoder, codes.astype("float32"), PIXEL / 2)
    assert len(json.dumps(coarse)) < len(json.dumps(exported(decoder))) * 2 / 3


def test_two_planes_of_models_with_hidden_layers_128_and_64_are_small(trained):
    decoder, codes, images = trained
    both = {"plain": decoder, "VAE": decoder}, {"plain": codes, "VAE": codes}
    assert (
        bytes_of(lambda: explore.latent_planes(*both, np.arange(600) % 10, images))
        < 300_000
    )


def test_a_plane_with_a_pad_is_small_if_the_encoder_is_narrow(trained):
    decoder, codes, images = trained
    hidden = [layers.Dense(48, "tanh"), layers.Dense(64, "tanh")]
    flat = [keras.Input((28, 28, 1)), layers.Flatten()]
    encoder = keras.Sequential([*flat, *hidden, layers.Dense(2)])
    encoder.compile("adam", "mse")
    encoder.fit(np.reshape(images, (-1, 28, 28, 1)), codes, epochs=5, verbose=0)
    labels = np.arange(600) % 10
    assert (
        bytes_of(
            lambda: explore.latent_plane(
                decoder, codes, labels, images, encoder=encoder
            )
        )
        < 300_000
    )


IMAGES_OF = "return passed.map((strokes) => Array.from(likeMnist(strokes, 28)));"


def test_a_drawing_fills_a_box_of_twenty_pixels_with_its_mass_in_the_middle():
    images = np.reshape(run(IMAGES_OF, as_strokes()), (-1, 28, 28))
    assert images.min() >= 0
    assert images.max() <= 1
    for image in images:
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        sides = [np.ptp(places) + 1 for places in (rows, columns)]
        assert max(sides) in (20, 21) or image.sum() < 10  # a dot stays a dot
        assert min(rows[0], columns[0]) >= 1  # the edge stays free
        assert max(rows[-1], columns[-1]) <= 26
        for axis, places in enumerate((rows, columns)):
            weights = image.sum(axis=1 - axis)
            mass = (weights * (np.arange(28) + 0.5)).sum() / weights.sum()
            moved = abs((places[0] + places[-1] + 1) / 2 - 14)
            assert abs(mass - 14) <= 0.5 or moved >= 2.5  # 3 pixels at most


def test_size_and_place_of_a_drawing_do_not_matter():
    shape = np.array([[0.2, 0.1], [0.7, 0.2], [0.3, 0.9]])
    here, there = run(IMAGES_OF, [[shape.tolist()], [(shape / 2 + 0.3).tolist()]])
    np.testing.assert_allclose(here, there, atol=2 / 16)


def hint_network():
    """Return the network of lesson 10 that colours images with hints."""
    options = {"padding": "same", "activation": "relu"}
    network = keras.Sequential([keras.Input((None, None, 4))])
    network.add(layers.Conv2D(24, 3, **options))
    for filters, strides in ((32, 2), (48, 2), (48, 1), (48, 1)):
        network.add(layers.Conv2D(filters, 3, strides=strides, **options))
    for filters in (32, 24):
        network.add(layers.Conv2DTranspose(filters, 3, strides=2, **options))
    network.add(layers.Conv2D(2, 3, padding="same"))
    return network


def photos(n):
    """Return smooth images in colour, (n, 32, 32, 3)."""
    coarse = np.random.default_rng(8).random((n, 8, 8, 3))
    return np.asarray(keras.ops.image.resize(coarse, (32, 32))).clip(0, 1)


def test_coarser_weights_colour_an_image_as_keras_does():
    keras.utils.set_random_seed(5)
    network, images = hint_network(), photos(2)
    data = data_of(lambda: explore.colour_hints(network, images))
    x = np.zeros((2, 32, 32, 4), "float32")
    x[..., 0] = images @ hints.LUMA
    x[0, 5:8, 20, 1:], x[1, 12, 3, 1:] = [0.1, -0.2, 1], [-0.1, 0.3, 1]
    start = {"kind": "reshape", "shape": [32, 32, 4]}
    (chroma,) = run_by_page([[start, *data["model"]]], x)
    away = chroma.reshape(2, 32, 32, 2) - np.asarray(network(x))
    assert np.abs(away @ hints.TO_RGB).max() < PIXEL


def test_the_explorer_of_lesson_10_is_small():
    keras.utils.set_random_seed(6)
    with mock.patch.object(interactive, "display") as display:
        explore.colour_hints(hint_network(), photos(8))
    assert len(display.call_args.args[0]["text/html"].encode()) < 300_000


def test_a_last_layer_that_paints_with_a_sigmoid_is_rounded_too():
    keras.utils.set_random_seed(7)
    last = layers.Conv2DTranspose(32, 5, 2, "same", activation="sigmoid")
    widths = [layers.Dense(512, "relu"), layers.Reshape((4, 4, 32))]
    decoder = keras.Sequential([keras.Input((2,)), *widths, last])
    points = np.random.default_rng(9).normal(size=(50, 2)).astype("float32")
    coarse = rounded(decoder, points, PIXEL / 2)
    assert "rows" in coarse[-1]["kernel"]
    (pixels,) = run_by_page([coarse], points)
    assert np.abs(pixels - by_keras(decoder, points)).max() < PIXEL


class OwnDecoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.last, self.first = layers.Dense(4), layers.Dense(2)

    def call(self, z):
        return self.last(self.first(z))


def refused():
    """Yield decoders that no explorer runs, and a word that the refusal holds."""
    plain = [keras.Input((2,)), layers.Dense(4)]
    yield keras.Sequential([*plain, layers.BatchNormalization()]), "BatchNormalization"
    yield keras.Sequential([*plain, layers.Activation("softmax")]), "softmax"
    dilated = layers.Conv2D(2, 2, dilation_rate=2, padding="same")
    yield convolutional(dilated), "dilated"
    z = keras.Input((2,))
    twice = layers.Dense(2)
    yield keras.Model(z, layers.Add()([twice(z), z])), "Add"
    yield keras.Model(z, twice(twice(z))), "more than once"
    yield OwnDecoder(), "class of its own"


def test_a_decoder_that_the_page_cannot_run_is_refused_in_a_sentence():
    for decoder, word in refused():
        with pytest.raises(explore.ExplorerError, match=word):
            exported(decoder)


def test_weights_keep_sixteen_bits():
    values = np.array([[0.0, -3.0], [1.5, 1e-6]])
    restored = packed(values)
    assert restored["shape"] == [2, 2]
    assert restored["step"] == 3 / 32767


@pytest.fixture(scope="module")
def shown():
    """Return what a notebook's cell gets of an explorer."""
    keras.utils.set_random_seed(3)
    generator = np.random.default_rng(3)
    images = generator.random((700, 28, 28, 1))
    arrays = generator.normal(size=(700, 2)), np.arange(700) % 10, images
    with mock.patch.object(interactive, "display") as display:
        explore.latent_plane(dense("relu"), *arrays, title="A <plane>")
    return display.call_args.args[0]


def test_a_figure_of_the_first_view_stands_there_without_a_script(shown):
    text = re.search(r'course-text">(.*?)</div>', shown["text/html"], re.S)[1]
    alt = html.unescape(re.search(r'<img alt="([^"]*)"', text)[1])
    assert alt == shown["text/plain"]
    assert "Plane of the codes of 600 images" in alt
    assert "on the way from a 0 to a 1" in alt
    assert "Run this cell" in text


def test_what_is_stored_is_the_figure_with_a_png_and_no_script(shown):
    output = new_output("display_data", dict(shown))
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[output])])
    lesson_form.store(notebook)
    (output,) = notebook.cells[0].outputs
    assert "<script" not in output.data["text/html"]
    assert "data-course" not in output.data["text/html"]
    assert output.metadata["image/png"]["alt"] == shown["text/plain"]
    assert output.data["image/png"]


def test_a_page_fetches_nothing_and_cannot_be_ended_by_its_title(shown):
    page = re.sub(r'(src="data:|data-course=")[^"]*"', "", shown["text/html"])
    assert not re.search(r"https?:|src=|@import|url\(", page)
    assert "A <plane>" not in shown["text/html"]


def test_the_lessons_explorer_is_small():
    decoder = keras.Sequential([keras.Input((2,))])
    for units in (128, 64, 784):
        decoder.add(layers.Dense(units, "sigmoid"))
    arrays = np.zeros((600, 2)), np.arange(600) % 10, np.zeros((600, 28, 28))
    with mock.patch.object(interactive, "display") as display:
        explore.latent_plane(decoder, *arrays)
    assert len(display.call_args.args[0]["text/html"].encode()) < 300_000


def wrong_arrays():
    """Yield arrays that do not fit, and a word that the error holds."""
    codes, labels, images = (
        np.zeros((20, 2)),
        np.arange(20) % 10,
        np.zeros((20, 28, 28)),
    )
    yield (codes[:, :1], labels, images), "codes has shape"
    yield (codes, labels[:9], images), "labels has shape"
    yield (codes, labels, images[:9]), "different numbers"
    yield (codes, labels * 0, images), "one class"
    yield (codes, labels, np.zeros((20, 8, 8))), "from \\(2,\\) to an image of shape"


def test_arrays_that_do_not_fit_are_refused():
    decoder = dense("relu")
    for arrays, word in wrong_arrays():
        with pytest.raises((ValueError, explore.ExplorerError), match=word):
            explore.latent_plane(decoder, *arrays)


def small_decoder(size=4):
    return keras.Sequential([keras.Input((size,)), layers.Dense(64, "sigmoid")])


IMAGES = np.random.default_rng(4).random((20, 8, 8))
CODES = np.random.default_rng(5).normal(size=(20, 4)) * [1, 3, 0, 2]


def test_axes_come_by_divergence_where_it_is_given_and_else_by_variance():
    by_kl = data_of(
        lambda: explore.code_axes(small_decoder(), CODES, IMAGES, kl=[0, 1, 3, 2])
    )
    assert [axis["axis"] for axis in by_kl["axes"]] == [2, 3, 1, 0]
    assert [axis["unused"] for axis in by_kl["axes"]] == [False] * 3 + [True]
    assert all(axis["low"] <= -3 and axis["high"] >= 3 for axis in by_kl["axes"])
    plain = data_of(lambda: explore.code_axes(small_decoder(), CODES, IMAGES))
    assert [axis["axis"] for axis in plain["axes"]] == [1, 3, 0, 2]
    assert [axis["unused"] for axis in plain["axes"]] == [False] * 3 + [True]


def test_sliders_at_any_place_decode_to_keras_s_pixels(trained):
    decoder, codes, images = trained
    data = data_of(lambda: explore.code_axes(decoder, codes, images))
    low, high = ([axis[end] for axis in data["axes"]] for end in ("low", "high"))
    axes = [axis["axis"] for axis in data["axes"]]
    points = np.random.default_rng(6).uniform(low, high, (2000, 2))
    points[:4] = [low, high, [low[0], high[1]], [high[0], low[1]]]
    points = points[:, np.argsort(axes)]
    (pixels,) = run_by_page([data["decoder"]], points)
    away = np.abs(pixels - by_keras(decoder, points.astype("float32")))
    assert away.max() < PIXEL
    assert len(json.dumps(data["decoder"])) < len(json.dumps(exported(decoder))) * 2 / 3


def test_a_start_for_each_class_or_the_first_ten_images():
    labels = np.arange(20) % 3
    data = data_of(
        lambda: explore.code_axes(small_decoder(), CODES, IMAGES, labels=labels)
    )
    assert data["names"] == ["0", "1", "2"]
    data = data_of(lambda: explore.code_axes(small_decoder(), CODES, IMAGES))
    assert data["names"][-1] == "image 10"


def test_each_method_runs_once_for_each_level():
    seen = []

    def method(x):
        seen.append(x.max())
        return x

    levels = [0.1, 0.2, 0.3]
    data = data_of(
        lambda: explore.noise(
            IMAGES[:2], lambda x, level: x * level, {"same": method}, levels=levels
        )
    )
    np.testing.assert_allclose(seen, IMAGES[:2].max() * np.array(levels))
    assert data["states"] == ["noise 0.1", "noise 0.2", "noise 0.3"]
    assert [panel["name"] for panel in data["panels"]] == ["clean", "noisy", "same"]


def test_snapshots_show_their_numbers_and_their_samples_in_a_square():
    models = {"β = 1": IMAGES[:3], "β = 4": IMAGES[3:6]}
    samples = dict.fromkeys(models, IMAGES[:9])
    numbers = {"β = 1": {"KL": 2.04}, "β = 4": {"KL": 0.5}}
    data = data_of(lambda: explore.snapshots(IMAGES[:3], models, samples, numbers))
    assert data["numbers"] == [{"name": "KL", "texts": ["2.0", "0.5"]}]
    assert data["panels"][2]["pictures"]["side"] == [24, 24]


def test_a_filter_by_hand_and_a_trained_layer_are_both_passed_on():
    by_hand = data_of(lambda: explore.filters(np.ones((3, 3)), IMAGES))
    assert by_hand["plain"]
    assert not by_hand["layer"]["same"]
    layer = layers.Conv2D(5, 3, padding="same", activation="relu")
    layer.build((None, 8, 8, 1))
    trained = data_of(lambda: explore.filters(layer, IMAGES))
    assert trained["layer"]["kernel"]["shape"] == [3, 3, 1, 5]


def wrong_encoders():
    """Yield encoders that cannot be shown, an output, and a word of the refusal."""
    flat = [keras.Input((8, 8)), layers.Flatten()]
    yield keras.Sequential([*flat, layers.Dense(3)]), 0, "a code of two numbers"
    yield (
        keras.Sequential([keras.Input((9, 9)), layers.Flatten(), layers.Dense(2)]),
        0,
        ("expected from grey, square images"),
    )
    yield (
        keras.Sequential([keras.Input((8, 8)), layers.Dense(2), layers.Flatten()]),
        0,
        ("a code of two numbers"),
    )
    x = keras.Input((8, 8))
    h = layers.Flatten()(x)
    heads = keras.Model(x, [layers.Dense(2)(h), layers.Dense(2)(h)])
    yield heads, 2, "has 2 outputs, numbered from 0"
    normal = [*flat, layers.BatchNormalization(), layers.Dense(2)]
    yield keras.Sequential(normal), 0, "BatchNormalization"


def wrong_planes():
    """Yield calls of the planes that cannot be shown, and a word of the refusal."""
    labels, planes = np.arange(20) % 10, explore.latent_planes
    maker, points = small_decoder(2), CODES[:, :2]
    two, codes = {"a": maker, "b": maker}, {"a": points, "b": points}
    yield lambda: planes({"a": maker}, codes, labels, IMAGES), "the same two names"
    yield lambda: planes(two, {"a": points}, labels, IMAGES), "the same two names"
    others = {"encoders": {"c": maker}}
    yield lambda: planes(two, codes, labels, IMAGES, **others), "encoders \\['c'\\]"
    one_plane = explore.latent_plane
    for encoder, output, word in wrong_encoders():
        option = {"encoder": encoder, "output": output}
        yield lambda o=option: one_plane(maker, points, labels, IMAGES, **o), word


def wrong_calls():
    """Yield calls of explorers that cannot be shown, and a word of the refusal."""
    axes, decoder = explore.code_axes, small_decoder()
    yield lambda: axes(decoder, CODES[:, :3], IMAGES), "from \\(3,\\) to an image"
    yield lambda: axes(decoder, CODES[:9], IMAGES), "different numbers"
    yield lambda: axes(decoder, CODES, IMAGES, kl=[1, 2]), "kl has shape"
    yield lambda: axes(decoder, CODES[0], IMAGES), "codes has shape"

    def same(x, level=1):
        return x

    noise = explore.noise
    yield lambda: noise(IMAGES, same, {"same": same}, levels=[0.5]), "two or more"
    cut = {"cut": lambda x: x[:3]}
    yield lambda: noise(IMAGES, same, cut, levels=[0.1, 1]), "shape"

    models = {"a": IMAGES[:3], "b": IMAGES[3:6]}
    snapshots = explore.snapshots
    yield lambda: snapshots(IMAGES[:3], {"a": IMAGES[:3]}), "needs two"
    yield lambda: snapshots(IMAGES[:2], models), "as many as"
    yield lambda: snapshots(IMAGES[:3], models, {"a": IMAGES}), "same order"
    some = {"a": {"KL": 1.0}, "b": {}}
    yield lambda: snapshots(IMAGES[:3], models, numbers=some), "some models only"

    filters, wide = explore.filters, layers.Conv2D(2, 3, strides=2)
    wide.build((None, 8, 8, 1))
    yield lambda: filters(wide, IMAGES), "stride 1"
    yield lambda: filters(np.ones((9, 9)), IMAGES), "at most"
    yield lambda: filters(np.ones(3), IMAGES), "weights of one filter"
    yield lambda: filters(np.ones((3, 3)), np.ones((2, 8, 8, 3))), "grey"
    grey = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)])
    shrinks = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(2, 3)])
    colour = np.ones((2, 8, 8, 3))
    yield lambda: explore.colour_hints(grey, colour), "where there is a hint"
    yield lambda: explore.colour_hints(shrinks, colour), "The model makes"
    yield lambda: explore.colour_hints(shrinks, IMAGES), "expected \\(n, h, w, 3\\)"
    yield lambda: explore.colour_hints(shrinks, colour, size=2), "odd number"
    yield lambda: explore.paint({"line": np.ones(3)}), "line has shape"
    yield lambda: explore.paint(inputs=np.ones((9, 9))), "at most 64"


def test_what_an_explorer_cannot_show_is_refused_in_a_sentence():
    for call, word in (*wrong_calls(), *wrong_planes()):
        with pytest.raises((ValueError, explore.ExplorerError), match=word):
            call()


def test_more_than_a_notebook_should_hold_is_refused():
    images = np.random.default_rng(6).random((20, 64, 64))
    with pytest.raises(explore.ExplorerError, match="fewer or smaller images"):
        explore.noise(images, lambda x, _: x, {}, levels=np.linspace(0, 1, 20))
