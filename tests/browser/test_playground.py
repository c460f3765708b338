"""Two models train in a page from the disk, by mouse, by keys and by touch."""

import json
import re
import time

import pytest

from tests.browser.look import require_contrast, require_narrow
from tools import playground

SOURCE = (playground.FOLDER / "states.js").read_text("utf-8")
TABLE = re.search(r"TRANSITIONS = (\{.*?\n\});", SOURCE, re.S)[1]
TRANSITIONS = json.loads(re.sub(r",\s*\}", "}", re.sub(r"(\w+):", r'"\1":', TABLE)))
WAYS = {  # from the first states, which follow Reset, Clear and a choice of codes
    "training": {
        "ready": (),
        "running": ("run",),
        "paused": ("step",),
        "warming": ("warm",),
        "held": ("warm", "pause"),
    },
    "digit": {
        "blank": (),
        "drawing": ("down",),
        "drawn": ("down", "lift"),
        "shown": ("example",),
    },
    "planes": {"codes": (), "pictures": ("pictures",)},
}
POINTER = {"down", "move", "lift"}
DEVICES = ("mouse", "keyboard", "touch")
NARROW = {"viewport": {"width": 320, "height": 640}}
PATIENCE = 120_000  # ms, for a warm-up on a busy machine


def cases():
    """Yield each transition with each device that can bring it about."""
    for device in DEVICES:
        for region, states in TRANSITIONS.items():
            for state, events in states.items():
                for event in events:
                    # A pointer that draws cannot press a button too.
                    busy = state == "drawing" and device != "keyboard"
                    if not busy or event in POINTER:
                        yield device, region, state, event


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Return the address of the page as a file, far from what it was made of."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(playground.page(), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def visit(browser, address):
    """Return a function that opens the page, which must raise and fetch nothing."""
    contexts, errors, fetched = [], [], []

    def visit(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        page.on("request", lambda request: fetched.append(request.url))
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == []
    assert {url for url in fetched if not url.startswith("blob:")} == {address}


class Student:
    """Somebody with a mouse, a keyboard or a finger in front of the page."""

    def __init__(self, page, device="mouse"):
        page.set_default_timeout(PATIENCE)
        page.wait_for_selector("[data-steps]")
        self.page, self.device = page, device
        self.touch = page.context.new_cdp_session(page) if device == "touch" else None

    def state(self, region):
        return self.page.locator("html").get_attribute(f"data-{region}")

    @property
    def steps(self):
        return int(self.page.locator("html").get_attribute("data-steps"))

    def text(self, selector):
        return self.page.locator(selector).text_content()

    def wait_for(self, steps):
        # Not wait_for_function: it evaluates text, which the page's policy forbids.
        end = time.monotonic() + PATIENCE / 1000
        while self.steps < steps:
            assert time.monotonic() < end
            self.page.wait_for_timeout(20)

    def begin(self):
        """Bring the page into its first states."""
        for event in ("reset", "clear", "codes"):
            self.do(event)
        self.page.wait_for_selector("[data-steps='0']")

    def reach(self, region, state):
        self.begin()
        for event in WAYS[region][state]:
            self.do(event)
        assert self.state(region) == state

    def do(self, event):
        if event == "tick":
            return self.wait_for(self.steps + 1)
        if event == "warmed":
            return self.page.wait_for_selector("[data-training='running']")
        if event in POINTER:
            return self.key(event) if self.device == "keyboard" else self.point(event)
        return self.use(event)

    def key(self, event):
        self.page.locator(".pad").press("ArrowDown" if event == "move" else "Space")

    def point(self, event):
        if event == "down":
            self.page.locator(".pad").scroll_into_view_if_needed()
        box = self.page.locator(".pad").bounding_box()
        share = 0.3 if event == "down" else 0.7
        x, y = box["x"] + 0.5 * box["width"], box["y"] + share * box["height"]
        if self.touch:
            names = {"down": "touchStart", "move": "touchMove", "lift": "touchEnd"}
            points = [] if event == "lift" else [{"x": x, "y": y}]
            message = {"type": names[event], "touchPoints": points}
            return self.touch.send("Input.dispatchTouchEvent", message)
        if event != "lift":
            self.page.mouse.move(x, y)
        if event != "move":
            {"down": self.page.mouse.down, "lift": self.page.mouse.up}[event]()

    def use(self, event):
        """Use a control: a slider is moved, a button pressed, a choice made."""
        control = self.page.locator("#run" if event == "pause" else f"#{event}")
        if self.device == "keyboard":
            keys = {"beta": "ArrowRight", "codes": "Space", "pictures": "Space"}
            return control.press(keys.get(event, "Enter"))
        place = {"position": {"x": 150, "y": 12}} if event == "beta" else {}
        act = control.tap if self.device == "touch" else control.click
        return act(**place)


@pytest.fixture(scope="module")
def students(visit):
    """Return a student for each device, each with a page that stays open."""
    return {d: Student(visit(has_touch=d == "touch"), d) for d in DEVICES}


@pytest.fixture
def student(students):
    """Return somebody with a mouse before a page in its first states."""
    students["mouse"].begin()
    return students["mouse"]


@pytest.mark.parametrize(("device", "region", "state", "event"), list(cases()))
def test_the_page_goes_from_state_to_state_as_its_table_says(
    device, region, state, event, students
):
    student = students[device]
    student.reach(region, state)
    student.do(event)
    assert student.state(region) == TRANSITIONS[region][state][event]
    if student.state("digit") == "drawing":  # neither a finger nor a button stays down
        student.do("lift")


def test_a_step_is_one_step_and_a_pause_ends_the_training(student):
    student.do("step")
    student.wait_for(1)
    assert student.steps == 1
    student.do("run")
    student.wait_for(2)
    student.do("pause")
    student.page.wait_for_timeout(1000)
    steps = student.steps
    student.page.wait_for_timeout(1000)
    assert student.steps == steps


def test_what_a_training_still_sends_after_a_reset_is_not_shown(student):
    student.do("run")
    student.wait_for(1)
    student.do("reset")
    student.page.wait_for_selector("[data-steps='0']")
    student.page.wait_for_timeout(1000)
    assert student.steps == 0


def test_a_large_beta_takes_the_vae_s_divergence_away_and_moves_its_codes_together(
    student,
):
    student.do("run")
    student.wait_for(100)
    student.do("collapse")
    student.wait_for(student.steps + 400)
    student.do("pause")
    assert float(student.text("#vae dd >> nth=1").split()[0]) < 0.05
    assert student.text("#plain dd >> nth=1") == "not in its loss"
    assert student.text("#beta-text") == "50"


def test_what_is_drawn_has_a_code_on_both_planes(student):
    for event in ("down", "move", "lift"):
        student.do(event)
    text = student.text("#digit-text")
    codes = re.findall(r"its code is \(−?\d+\.\d,\s−?\d+\.\d\)", text)
    assert len(codes) == 2
    assert student.page.locator(".pictures canvas").count() == 3
    student.do("clear")
    assert not student.page.locator(".pictures").is_visible()


@pytest.mark.parametrize("way", ["hover", "keys"])
def test_the_picture_is_that_of_the_point(way, student):
    plane = student.page.locator("#vae .plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    if way == "hover":
        student.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 3)
        expected = r"decoded at \(−1\.5,\s(2\.9|3\.0)\)"
    else:
        student.page.mouse.move(
            box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        )
        for key in ("Shift+ArrowLeft", "ArrowUp"):
            plane.press(key)
        expected = r"decoded at \(−0\.3,\s0\.1\)"
    assert re.fullmatch(expected, student.text("#vae figcaption"))
    label = student.page.locator("#vae .decoded canvas").get_attribute("aria-label")
    assert label.startswith("What the VAE decodes at (−")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_codes_stand_out_from_a_light_and_a_dark_page(scheme, visit):
    student = Student(visit(color_scheme=scheme))
    require_contrast(student.page.locator(".plane canvas").first, scheme)


def test_on_a_narrow_screen_nothing_sticks_out_and_a_finger_hits(visit):
    student = Student(visit(**NARROW, has_touch=True), "touch")
    student.do("example")
    require_narrow(student.page, "button, #beta")


def test_with_reduced_motion_the_planes_change_once_a_second(visit):
    student = Student(visit(reduced_motion="reduce"))
    student.do("run")
    changes = student.page.evaluate(
        """() => new Promise((done) => {
          let changes = 0;
          new MutationObserver(() => changes++).observe(
            document.documentElement, { attributeFilter: ['data-steps'] });
          setTimeout(() => done(changes), 5000);
        })"""
    )
    assert 1 <= changes <= 5


def test_the_tab_key_visits_every_control_once_and_in_order(visit):
    student = Student(visit())
    visited = []
    for _ in range(17):
        student.page.keyboard.press("Tab")
        visited.append(
            student.page.evaluate(
                "(({ id, ariaLabel, innerText }) => id || ariaLabel || innerText)"
                "(document.activeElement)"
            )
        )
    assert [name.split(".")[0] for name in visited] == [
        "what to try",
        *("run", "step", "reset", "beta", "collapse", "back", "warm", "codes"),
        "Plane of codes of the plain autoencoder",
        "Plane of codes of the VAE",
        *("Pad for your own digit", "clear", "example"),
        "What exactly trains here",
        *("Optical Recognition of Handwritten Digits", "CC BY 4"),
    ]


def test_nothing_is_read_out_while_a_training_runs(student):
    spoken = student.page.locator("#digit-text")
    assert spoken.get_attribute("aria-live") == "polite"
    student.do("run")
    assert spoken.get_attribute("aria-live") == "off"
    assert student.text("#status") == "Training."


def test_without_scripts_the_page_says_what_it_needs(visit):
    page = visit(java_script_enabled=False)
    assert page.get_by_text("needs JavaScript").is_visible()
