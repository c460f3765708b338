"""Two planes side by side, and a drawing of one's own, by mouse, keys and touch."""

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
    milliseconds,
)

NAMES = ["plain", "VAE"]
NARROW = {"viewport": {"width": 320, "height": 640}}
SIDE = 28


def part(name):
    return lambda page: page.get_by_role("group", name=name, exact=True)


def plane(name):
    return lambda page: part(name)(page).get_by_role("application")


def pad(page):
    return page.get_by_role("application", name="Pad for your own drawing")


def planes(name):
    """Return the walk over both planes, whose pointer is on that of one model."""
    return Explorer(
        "latent_plane",
        ways={
            "following": (),
            "dragging": ("press",),
            "still": ("slide",),
            "walking": ("walk",),
            "playing": ("play",),
        },
        controls={
            "slide": lambda page: part(name)(page).get_by_label("z₁"),
            "walk": chosen("To", "a 7"),
            "follow": button("Follow the pointer"),
            "hold": button("Follow the pointer"),
            "play": button("Play"),
            "pause": button("Pause"),
        },
        area=plane(name),
    )


PLANES = planes("VAE")
DRAWING = Explorer(
    "drawing",
    ways={"blank": (), "drawing": ("down",), "drawn": ("down", "move", "lift")},
    controls={"clear": button("Clear")},
    area=pad,
    region="drawing",
    is_pad=True,
)
CASES = [
    pytest.param(explorer, *case, id="-".join([name, *case]))
    for name, explorer in {"planes": PLANES, "pad": DRAWING}.items()
    for case in explorer.cases()
]


def decoder(hidden):
    widths = [layers.Dense(units, "relu") for units in reversed(hidden)]
    last = [layers.Dense(784, "sigmoid"), layers.Reshape((SIDE, SIDE))]
    return keras.Sequential([keras.Input((2,)), *widths, *last])


def plain_encoder(hidden):
    widths = [layers.Dense(units, "tanh") for units in hidden]
    first = [keras.Input((SIDE, SIDE, 1)), layers.Flatten()]
    return keras.Sequential([*first, *widths, layers.Dense(2)])


class Sampling(layers.Layer):
    def call(self, mu, log_var):
        return mu + keras.ops.exp(0.5 * log_var)


def vae_encoder():
    """Return a convolutional encoder to z, mu and log_var."""
    x = keras.Input((SIDE, SIDE, 1))
    h = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    h = layers.MaxPooling2D(2, padding="same")(h)
    h = layers.Flatten()(h)
    mu, log_var = layers.Dense(2)(h), layers.Dense(2)(h)
    return keras.Model(x, [Sampling()(mu, log_var), mu, log_var])


@functools.cache
def models(hidden=(32,)):
    """Return decoders and encoders by their models' names."""
    keras.utils.set_random_seed(1)
    return {
        "decoders": {name: decoder(hidden) for name in NAMES},
        "encoders": {"plain": plain_encoder(hidden), "VAE": vae_encoder()},
    }


@functools.cache
def shown_planes(hidden=(32,)):
    """Return the HTML of two planes with a pad; of small models, as tests are many."""
    generator = np.random.default_rng(1)
    codes = {name: generator.normal(size=(200, 2)) for name in NAMES}
    images = np.zeros((200, SIDE, SIDE))
    images[:, 4:24, 4:24] = generator.random((200, 20, 20))
    arrays = codes, np.arange(200) % 10, images
    passed = models(hidden)
    options = {"encoders": passed["encoders"], "output": 1}
    return shown(lambda: explore.latent_planes(passed["decoders"], *arrays, **options))


@pytest.fixture
def output():
    return shown_planes()


@pytest.fixture
def student(output, open_page):
    """Return a function that puts somebody before the planes."""

    def student(explorer=PLANES, device="mouse", **options):
        page = open_page(output, has_touch=device == "touch", **options)
        return Student(page, explorer, device)

    return student


@pytest.mark.parametrize(("explorer", "device", "state", "event"), CASES)
def test_planes_and_pad_go_from_state_to_state_as_their_tables_say(
    explorer, device, state, event, student
):
    somebody = student(explorer, device)
    somebody.reach(state)
    somebody.do(event)
    assert somebody.state == explorer.transitions[state][event]


def where(page, name):
    return part(name)(page).locator(".course-where").text_content()


@pytest.mark.parametrize("device", ["mouse", "touch"])
def test_a_pointer_moves_the_point_of_its_own_plane_alone(device, student):
    somebody = student(PLANES, device)
    page = somebody.page
    before = {name: where(page, name) for name in NAMES}
    for event in ("press", "move", "release"):
        somebody.do(event)
    assert where(page, "VAE") != before["VAE"]
    assert where(page, "plain") == before["plain"]


def test_a_drag_goes_on_where_it_began(student):
    somebody = student(PLANES)
    somebody.do("press")
    before = where(somebody.page, "plain")
    box = plane("plain")(somebody.page).bounding_box()
    somebody.point_at("move", box["x"] + 9, box["y"] + 9)
    somebody.do("release")
    assert where(somebody.page, "plain") == before
    assert somebody.state == "still"


def test_the_walk_moves_both_points_and_each_decoder_draws_its_own(student):
    somebody = student(PLANES, "keyboard")
    before = {name: where(somebody.page, name) for name in NAMES}
    somebody.do("walk")
    for name in NAMES:
        group = part(name)(somebody.page)
        assert where(somebody.page, name) != before[name]
        for axis in ("z₁", "z₂"):  # from here on the point is where the sliders say
            group.get_by_label(axis).press("ArrowRight")
        values = [group.get_by_label(axis).input_value() for axis in ("z₁", "z₂")]
        code = np.array([values], "float32")
        expected = np.asarray(models()["decoders"][name](code)).ravel() * 255
        got = painted(group.locator(".course-seen canvas"))
        assert np.abs(got - expected).max() <= 1


def stroke(somebody, *points):
    """Draw a line through points of the pad, from 0 to 1."""
    box = somebody.area.bounding_box()
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points
    ]
    for event, place in zip(
        ["press", *["move"] * (len(places) - 1)], places, strict=True
    ):
        somebody.point_at(event, *place)
    somebody.point_at("release", *places[-1])


def drawn(somebody):
    """Draw a seven; return its image, and each model's code of it as the page says."""
    somebody.area.scroll_into_view_if_needed()
    if somebody.device == "keyboard":
        keys = ["ArrowRight"] * 6 + ["ArrowDown"] * 9
        for key in ["Space", *keys, "Space"]:
            somebody.area.press(key)
    else:
        stroke(somebody, (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    text = somebody.page.locator(".course-drawn .course-where").inner_text()
    numbers = re.findall(r"z = \((−?[\d.]+), (−?[\d.]+)\)", text)
    codes = np.array([[float(n.replace("−", "-")) for n in z] for z in numbers])
    canvases = somebody.page.locator(".course-drawn canvas").all()
    return canvases, codes


@pytest.mark.parametrize("device", ["mouse", "keyboard", "touch"])
def test_a_drawing_s_code_and_reconstruction_are_keras_s(device, student):
    canvases, codes = drawn(student(DRAWING, device))
    image = painted(canvases[0])
    x = (np.round(image / 255 * 16) / 16).reshape(1, SIDE, SIDE, 1)  # as it was counted
    assert image.max() == 255
    for k, name in enumerate(NAMES):
        encoded = models()["encoders"][name](x)
        code = np.asarray(encoded[1] if name == "VAE" else encoded)
        assert np.abs(codes[k] - code[0]).max() < 0.005 + 1e-3  # as it is written
        expected = np.asarray(models()["decoders"][name](code)).ravel() * 255
        assert np.abs(painted(canvases[k + 1]) - expected).max() <= 1


def test_a_drawing_is_marked_on_both_planes_until_it_is_cleared(student):
    somebody = student(DRAWING)
    maps = [plane(name)(somebody.page).locator("canvas") for name in NAMES]

    def pictures():
        return [canvas.evaluate("c => c.toDataURL()") for canvas in maps]

    bare = pictures()
    drawn(somebody)
    assert all(now != then for now, then in zip(pictures(), bare, strict=True))
    somebody.do("clear")
    assert pictures() == bare
    assert not somebody.page.locator(".course-drawn canvas").first.is_visible()


def test_what_is_drawn_is_read_out_once_the_pen_is_lifted(student):
    somebody = student(DRAWING, "keyboard")
    spoken = somebody.page.locator(".course-drawn .course-where")
    somebody.do("down")
    assert spoken.get_attribute("aria-live") == "off"
    somebody.do("lift")
    assert spoken.get_attribute("aria-live") == "polite"
    assert re.match(r"plain: z = \(−?\d+\.\d\d, −?\d+\.\d\d\)\. ", spoken.inner_text())


def test_nothing_is_read_out_again_because_something_else_moved(student):
    somebody = student(DRAWING)
    drawn(somebody)
    page = somebody.page
    page.evaluate(
        """() => {
          window.told = [];
          for (const node of document.querySelectorAll('[aria-live]'))
            new MutationObserver(() => told.push(node.textContent)).observe(
              node, { childList: true, characterData: true, subtree: true });
        }"""
    )
    plane("VAE")(page).press("ArrowRight")
    assert page.evaluate("told.length") == 1
    somebody.do("down")
    somebody.do("lift")
    told = page.evaluate("told")
    assert all(text.startswith("plain: z") for text in told[1:])


def test_a_key_on_a_plane_reads_out_that_plane_alone(student):
    somebody = student(PLANES, "keyboard")
    somebody.do("key")
    live = [
        part(name)(somebody.page).locator(".course-where").get_attribute("aria-live")
        for name in NAMES
    ]
    assert live == ["off", "polite"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pad_and_planes_stand_out_from_a_light_and_a_dark_page(scheme, student):
    somebody = student(DRAWING, color_scheme=scheme)
    drawn(somebody)
    for canvas in (
        somebody.area.locator("canvas"),
        *(plane(name)(somebody.page).locator("canvas") for name in NAMES),
    ):
        require_contrast(canvas, scheme)


THEME_CHANGES = """async () => {
  const shown = document.querySelector(".course-explorer");
  shown.style.display = "none"; // as JupyterLab has it while a theme is loaded
  document.body.dataset.jpThemeName = "another";
  await null;
  shown.style.display = "";
  await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
}"""


def test_a_drawing_outlives_a_change_of_theme(student):
    somebody = student(DRAWING)
    drawn(somebody)
    canvas = somebody.area.locator("canvas")
    before = canvas.evaluate("c => c.toDataURL()")
    somebody.page.evaluate(THEME_CHANGES)
    assert canvas.evaluate("c => c.toDataURL()") == before


def test_strokes_that_cross_are_as_dark_as_others(student):
    somebody = student(DRAWING)
    somebody.area.evaluate("pad => (pad.style.color = 'rgba(0, 0, 0, 0.5)')")
    somebody.area.scroll_into_view_if_needed()
    stroke(somebody, (0.2, 0.5), (0.8, 0.5))
    stroke(somebody, (0.5, 0.2), (0.5, 0.8))
    opaque = somebody.area.locator("canvas").evaluate(
        "c => Math.max(...c.getContext('2d').getImageData(0, 0, c.width, c.height)"
        ".data.filter((_, i) => i % 4 == 3))"
    )
    assert 120 < opaque < 135


def test_on_a_narrow_screen_the_planes_stand_below_each_other(student):
    somebody = student(DRAWING, "touch", **NARROW)
    drawn(somebody)
    page = somebody.page
    require_narrow(page, "button:visible, [role=application]")
    first, second = (plane(name)(page).bounding_box() for name in NAMES)
    assert second["y"] > first["y"] + first["height"]
    assert first["width"] > 250


def test_on_a_wide_screen_the_planes_stand_side_by_side(student):
    page = student().page
    first, second = (plane(name)(page).bounding_box() for name in NAMES)
    assert second["y"] == first["y"]
    assert second["x"] > first["x"] + first["width"]


def test_with_reduced_motion_nothing_plays_and_all_else_works(student):
    somebody = student(PLANES, reduced_motion="reduce")
    assert not somebody.page.get_by_role("button", name="Play").is_visible()
    somebody.do("walk")
    assert somebody.state == "walking"
    pen = Student(somebody.page, DRAWING)
    pen.reach("drawn")


def test_the_tab_key_visits_every_control_once_and_in_order(student):
    page = student(PLANES, "keyboard").page
    visited = []
    for _ in range(31):
        page.keyboard.press("Tab")
        visited.append(focused_name(page).split(".")[0])
    pictures = [*(f"a {k}" for k in range(8)), "an 8", "a 9"]
    of_planes = [
        control
        for name in NAMES
        for control in (f"Plane of codes of the {name}", "z₁", "z₂")
    ]
    walk = [*pictures, *pictures, "Along the way", "Play"]
    drawing = ["Pad for your own drawing", "Clear"]
    assert visited == [*of_planes, "Follow the pointer", *walk, *drawing]
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.course')")


def test_every_picture_and_control_has_a_name(student):
    somebody = student(DRAWING)
    drawn(somebody)
    for picture in somebody.page.locator("canvas:not([aria-hidden])").all():
        assert picture.get_attribute("aria-label")
    for control in somebody.page.locator("input").all():
        assert control.evaluate("e => e.labels[0].innerText.trim()")


def test_without_scripts_a_figure_of_both_planes_stands_there(output, open_page):
    page = open_page(output, java_script_enabled=False)
    alt = page.locator("img").get_attribute("alt")
    assert "Planes of two models, plain and VAE" in alt


@pytest.mark.parametrize("device", ["plane", "slider", "along the way", "pad"])
def test_pictures_follow_within_a_sixtieth_of_a_second(device, open_page):
    page = open_page(shown_planes(hidden=(128, 64)))
    drawn(Student(page, DRAWING))  # so that there is a mark on the planes too
    group = part("VAE")(page)
    control = {
        "plane": plane("VAE")(page),
        "slider": group.get_by_label("z₁"),
        "along the way": page.get_by_label("Along the way"),
        "pad": pad(page),
    }[device]
    if device == "pad":
        control.focus()
        box = control.bounding_box()
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
    event = "pointermove" if device in ("plane", "pad") else "input"
    assert milliseconds(page, event, control) <= 16
