"""Every state of every explorer is reached by mouse, by keys and by touch."""

import functools
import re

from helpers import explore
from helpers.explore import hints

import keras
import numpy as np
import pytest
from keras import layers

from tests.browser.conftest import shown
from tests.browser.look import painted, require_narrow
from tests.browser.walk import (
    Explorer,
    Student,
    button,
    chosen,
    focused_name,
    labelled,
    milliseconds,
)

NARROW = {"viewport": {"width": 320, "height": 640}}
DIGITS = tuple(map(str, range(10)))

EXPLORERS = [
    Explorer(
        "code_axes",
        ways={"encoded": (), "moved": ("slide",)},
        controls={
            "slide": labelled("z"),
            "image": chosen("Start from", "7"),
            "reset": button("Back to the image's code"),
        },
        tabs=(*DIGITS, *("z",) * 6, "Back to the image's code"),
    ),
    Explorer(
        "stored_states",
        ways={"still": (), "playing": ("play",)},
        controls={
            "slide": labelled("Noise"),
            "image": chosen("Image", "image 2"),
            "play": button("Play"),
            "pause": button("Pause"),
        },
        tabs=("image 1", "image 2", "image 3", "Noise", "Play"),
    ),
    Explorer(
        "filters",
        ways={"following": (), "dragging": ("press",), "still": ("key",)},
        controls={
            "image": chosen("Image", "image 2"),
            "filter": chosen("Filter", "filter 2"),
            "hold": button("Follow the pointer"),
            "follow": button("Follow the pointer"),
        },
        tabs=(
            *("image 1", "image 2", "filter 1", "filter 2", "filter 3"),
            *("Image under the filter", "Follow the pointer"),
        ),
    ),
    Explorer(
        "paint",
        ways={"still": (), "playing": ("play",)},
        controls={
            "slide": labelled("Painted so far"),
            "kernel": chosen("Kernel", "4×4 ones"),
            "stride": chosen("Stride", "1"),
            "play": button("Play"),
            "pause": button("Pause"),
        },
        tabs=(
            *("2×2 ones", "3×3 ones", "4×4 ones", "1", "2", "3"),
            *("Painted so far", "Play"),
        ),
    ),
    Explorer(
        "colour_hints",
        ways={"bare": (), "hinted": ("hint",)},
        controls={
            "hint": lambda page: page.get_by_role("application"),
            "image": chosen("Image", "image 2"),
            "colour": chosen("Colour", "blue"),
            "clear": button("Take all hints away"),
        },
        tabs=(
            *("image 1", "image 2", *hints.COLOURS, "Image to colour"),
            "Take all hints away",
        ),
    ),
]
BY_NAME = {explorer.name: explorer for explorer in EXPLORERS}
CASES = [(explorer.name, *case) for explorer in EXPLORERS for case in explorer.cases()]
every_explorer = pytest.mark.parametrize("name", BY_NAME)


def decoder():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(64, "relu"),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


def digits(n):
    return np.random.default_rng(1).integers(0, 256, (n, 28, 28)) / 255


def code_axes():
    codes = np.random.default_rng(1).normal(size=(60, 6))
    kl = [0.2, 2, 0.01, 1.5, 0, 0.7]
    labels = np.arange(60) % 10
    explore.code_axes(decoder(), codes, digits(60), kl=kl, labels=labels)


def stored_states():
    def corrupt(x, level):
        return np.clip(x + level * np.random.default_rng(1).normal(size=x.shape), 0, 1)

    methods = {"square root": np.sqrt, "square": np.square}
    explore.noise(digits(3), corrupt, methods, levels=np.linspace(0.1, 1, 8))


def convolution():
    keras.utils.set_random_seed(1)
    options = {"padding": "same", "activation": "relu", "bias_initializer": "normal"}
    layer = layers.Conv2D(3, 3, **options)
    layer.build((None, 28, 28, 1))
    return layer


def colouring():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((None, None, 4)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.Conv2D(2, 3, padding="same"),
        ]
    )


def photos():
    return np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3)) / 255


SHOW = {
    "code_axes": code_axes,
    "stored_states": stored_states,
    "filters": lambda: explore.filters(convolution(), digits(2)),
    "paint": explore.paint,
    "colour_hints": lambda: explore.colour_hints(colouring(), photos()),
}


@functools.cache
def output(name):
    """Return the HTML of an explorer's output."""
    return shown(SHOW[name])


@pytest.fixture
def student(open_page):
    """Return a function that puts somebody before an explorer."""

    def student(name, device="mouse", **options):
        page = open_page(output(name), has_touch=device == "touch", **options)
        return Student(page, BY_NAME[name], device)

    return student


@pytest.mark.parametrize(("name", "device", "state", "event"), CASES)
def test_an_explorer_goes_from_state_to_state_as_its_table_says(
    name, device, state, event, student
):
    somebody = student(name, device)
    somebody.reach(state)
    somebody.do(event)
    assert somebody.state == BY_NAME[name].transitions[state][event]


@every_explorer
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_lines_stand_out_from_a_light_and_a_dark_page(name, scheme, student):
    page = student(name, color_scheme=scheme).page
    ink = page.locator(".course-explorer").evaluate("e => getComputedStyle(e).color")
    red = int(ink.split("(")[1].split(",")[0])
    assert red < 100 if scheme == "light" else red > 155


@every_explorer
def test_on_a_narrow_screen_nothing_sticks_out_and_a_finger_hits(name, student):
    page = student(name, "touch", **NARROW).page
    require_narrow(page, "button:visible")


@every_explorer
def test_with_reduced_motion_nothing_plays_and_all_else_works(name, student):
    somebody = student(name, reduced_motion="reduce")
    assert not somebody.page.get_by_role("button", name="Play").is_visible()
    first = somebody.state
    for event in ("slide", "image", "kernel"):
        if event in somebody.explorer.controls:
            somebody.do(event)
            assert somebody.state == somebody.explorer.transitions[first][event]
            first = somebody.state


@every_explorer
def test_the_tab_key_visits_every_control_once_and_in_order(name, student):
    page = student(name, "keyboard").page
    visited = []
    for _ in BY_NAME[name].tabs:
        page.keyboard.press("Tab")
        visited.append(focused_name(page))
    for expected, got in zip(BY_NAME[name].tabs, visited, strict=True):
        assert got.startswith(expected), visited
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.course')")


@every_explorer
def test_every_picture_and_control_has_a_name(name, student):
    page = student(name).page
    for picture in page.locator("canvas:not([aria-hidden])").all():
        assert picture.get_attribute("aria-label")
    for control in page.locator("input").all():
        assert control.evaluate("e => e.labels[0].innerText.trim()")


@every_explorer
def test_without_scripts_a_figure_with_words_stands_there(name, open_page):
    page = open_page(output(name), java_script_enabled=False)
    assert len(page.locator("img").get_attribute("alt")) > 40


@every_explorer
def test_an_explorer_is_small(name):
    assert len(output(name).encode()) < 300_000


def test_the_axes_are_sorted_and_those_that_tell_nothing_are_marked(student):
    page = student("code_axes").page
    rows = page.locator(".course-axes label").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["z2", "z4", "z6", "z1", "z3", "z5"]
    assert ["unused" in row for row in rows] == [False] * 4 + [True] * 2


def test_a_moved_code_is_decoded_as_keras_does(student):
    page = student("code_axes", "keyboard").page
    sliders = page.locator(".course-axes input").all()
    for slider in sliders:
        slider.press("PageUp")  # from here on the code is where the sliders say
    code = np.zeros((1, 6), "float32")
    code[0, [1, 3, 5, 0, 2, 4]] = [float(slider.input_value()) for slider in sliders]
    expected = np.asarray(decoder()(code)).ravel() * 255
    got = painted(page.locator(".course-pair canvas").nth(1))
    assert np.abs(got - expected).max() <= 1


def test_a_level_shows_what_each_method_made_of_the_chosen_image(student):
    somebody = student("stored_states", "keyboard")
    somebody.do("image")
    labelled("Noise")(somebody.page).press("Home")
    clean = digits(3)[1]
    noise = np.random.default_rng(1).normal(size=(3, 28, 28))[1]
    expected = [clean, np.clip(clean + 0.1 * noise, 0, 1)]
    expected += [np.sqrt(expected[1]), np.square(expected[1])]
    figures = somebody.page.locator(".course-pair figure").all()
    for figure, image in zip(figures, expected, strict=True):
        got = painted(figure.locator("canvas"))
        assert np.abs(got - 255 * image.ravel()).max() <= 1
    ratio = -10 * np.log10(np.mean((expected[3] - clean) ** 2))
    assert figures[3].inner_text() == f"square: {ratio:.1f} dB"


def test_the_sum_under_the_filter_is_keras_s(student):
    somebody = student("filters", "keyboard")
    for event in ("image", "filter", "key"):
        somebody.do(event)
    text = somebody.page.locator(".course-where").inner_text()
    row, column = (int(n) for n in re.findall(r"(?:Row|column) (\d+)", text))
    x = digits(2)[1:, ..., np.newaxis].astype("float32")
    expected = float(convolution()(x)[0, row, column, 1])
    value = float(text.rstrip(".").split()[-1].replace("−", "-"))
    assert abs(value - expected) < 0.006


def test_a_feature_map_is_keras_s(student):
    page = student("filters", "mouse").page
    map_of = page.locator(".course-pair canvas").nth(1)
    got = painted(map_of).reshape(28, 8, 28, 8)[:, 4, :, 4]  # its pixels are 8 wide
    x = digits(2)[:1, ..., np.newaxis].astype("float32")
    maps = np.asarray(convolution()(x))[0, ..., 0]
    away = np.abs(got - 255 * maps / maps.max())
    away[14, 14] = 0  # the frame
    assert away.max() <= 1


def test_the_explorer_counts_what_a_kernel_of_three_paints_with_stride_two(student):
    somebody = student("paint")
    assert "in the end: 1, 2, 4." in somebody.page.locator(".course-where").inner_text()


def test_a_hint_colours_the_image_as_keras_does(student):
    somebody = student("colour_hints", "keyboard")
    for event in ("colour", "hint"):
        somebody.do(event)
    luma = np.round(255 * (photos()[0] @ hints.LUMA)) / 255
    x = np.zeros((1, 16, 16, 4), "float32")
    x[0, ..., 0] = luma
    x[0, 8, 8, 1:] = [*(hints.COLOURS["blue"] @ hints.TO_YUV[:, 1:]), 1]
    rgb = luma[..., np.newaxis] + np.asarray(colouring()(x))[0] @ hints.TO_RGB
    got = painted(somebody.area.locator("canvas")).reshape(16, 8, 16, 8)[:, 4, :, 4]
    away = np.abs(got - 255 * np.clip(rgb[..., 0], 0, 1))
    away[8, 8] = 0  # the hint itself
    assert away.max() <= 1


@pytest.mark.parametrize(
    ("name", "event"), [("code_axes", "input"), ("filters", "pointermove")]
)
def test_pictures_follow_within_a_sixtieth_of_a_second(name, event, student):
    somebody = student(name)
    control = somebody.area if name == "filters" else labelled("z")(somebody.page)
    assert milliseconds(somebody.page, event, control) <= 16
