"""Every state of the latent plane is reached by mouse, by keys and by touch."""

import functools
import re

from helpers import explore

import keras
import numpy as np
import pytest
from keras import layers

from tests.browser.conftest import shown
from tests.browser.look import painted, require_contrast, require_narrow
from tests.browser.walk import (
    Explorer,
    Student,
    button,
    chosen,
    focused_name,
    labelled,
    milliseconds,
)

PLANE = Explorer(
    "latent_plane",
    ways={
        "following": (),
        "dragging": ("press",),
        "still": ("slide",),
        "walking": ("walk",),
        "playing": ("play",),
    },
    controls={
        "slide": labelled("z₁"),
        "walk": chosen("To", "a 7"),
        "follow": button("Follow the pointer"),
        "hold": button("Follow the pointer"),
        "play": button("Play"),
        "pause": button("Pause"),
    },
)
NARROW = {"viewport": {"width": 320, "height": 640}}
TOUCH = {"has_touch": True}


@functools.cache
def decoder():
    """Return a decoder with hidden layers of the size of lesson 00's."""
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(128, "relu"),
            layers.Dense(64, "relu"),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


@functools.cache
def shown_plane():
    """Return the HTML of a plane."""
    generator = np.random.default_rng(1)
    codes = generator.normal(size=(600, 2)), np.arange(600) % 10
    images = generator.random((600, 28, 28))
    return shown(lambda: explore.latent_plane(decoder(), *codes, images))


@pytest.fixture
def output():
    return shown_plane()


@pytest.mark.parametrize(("device", "state", "event"), list(PLANE.cases()))
def test_the_plane_goes_from_state_to_state_as_its_table_says(
    device, state, event, output, open_page
):
    page = open_page(output, has_touch=device == "touch")
    student = Student(page, PLANE, device)
    student.reach(state)
    student.do(event)
    assert student.state == PLANE.transitions[state][event]


def test_a_hover_moves_nothing_once_the_point_is_put_somewhere(output, open_page):
    student = Student(open_page(output), PLANE, "mouse")
    student.reach("walking")
    where = student.page.locator(".course-where").text_content()
    student.do("hover")
    assert student.page.locator(".course-where").text_content() == where


def test_the_picture_is_keras_s(output, open_page):
    student = Student(open_page(output), PLANE, "keyboard")
    axes = [student.page.get_by_label(name) for name in ("z₁", "z₂")]
    for axis in axes:
        axis.press("PageUp")  # from here on the point is where the sliders say
    got = painted(student.page.locator(".course-seen canvas"))
    code = np.array([[float(axis.input_value()) for axis in axes]], "float32")
    expected = np.asarray(decoder()(code)).ravel() * 255
    assert np.abs(got - expected).max() <= 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_codes_stand_out_from_a_light_and_a_dark_page(scheme, output, open_page):
    student = Student(open_page(output, color_scheme=scheme), PLANE, "mouse")
    canvas = student.page.locator(".course-plane canvas")
    require_contrast(canvas, scheme)


def test_on_a_narrow_screen_nothing_sticks_out_and_a_finger_hits(output, open_page):
    page = open_page(output, **NARROW, **TOUCH)
    Student(page, PLANE, "touch")
    require_narrow(page, "button:visible")


def test_with_reduced_motion_nothing_plays_and_all_else_works(output, open_page):
    page = open_page(output, reduced_motion="reduce")
    student = Student(page, PLANE, "mouse")
    assert not page.get_by_role("button", name="Play").is_visible()
    student.do("walk")
    assert student.state == "walking"


def test_the_tab_key_visits_every_control_once_and_in_order(output, open_page):
    page = open_page(output)
    Student(page, PLANE, "keyboard")
    visited = []
    for _ in range(26):
        page.keyboard.press("Tab")
        visited.append(focused_name(page))
    pictures = [*(f"a {k}" for k in range(8)), "an 8", "a 9"]
    assert visited[0].startswith("Plane of codes")
    assert visited[1:4] == ["z₁", "z₂", "Follow the pointer"]
    assert visited[4:] == [*pictures, *pictures, "Along the way", "Play"]


def test_what_a_key_does_is_read_out_and_what_a_pointer_does_is_not(output, open_page):
    student = Student(open_page(output), PLANE, "mouse")
    spoken = student.page.locator(".course-where")
    assert spoken.get_attribute("aria-live") == "off"
    student.do("key")
    assert spoken.get_attribute("aria-live") == "polite"
    assert re.match(r"z = \(−?\d+\.\d\d, −?\d+\.\d\d\)\. ", spoken.text_content())


def test_without_scripts_the_figure_stands_there(output, open_page):
    page = open_page(output, java_script_enabled=False)
    assert "Plane of the codes" in page.locator("img").get_attribute("alt")


@pytest.mark.parametrize("event", ["pointermove", "input"])
def test_a_picture_follows_within_a_sixtieth_of_a_second(event, output, open_page):
    page = open_page(output)
    student = Student(page, PLANE, "mouse")
    control = student.area if event == "pointermove" else page.get_by_label("z₁")
    assert milliseconds(page, event, control) <= 16
