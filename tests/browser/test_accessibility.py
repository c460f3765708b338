"""axe-core, which looks for faults of accessibility, finds none in any explorer."""

import functools

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import test_explorers, test_latent_plane, test_latent_planes
from tests.browser.conftest import shown
from tests.browser.walk import Student

OUTPUTS = {
    **{
        name: functools.partial(shown, act) for name, act in test_explorers.SHOW.items()
    },
    "latent_plane": test_latent_plane.shown_plane,
    "latent_planes": test_latent_planes.shown_planes,
}
EXPLORERS = {
    **test_explorers.BY_NAME,
    "latent_plane": test_latent_plane.PLANE,
    "latent_planes": test_latent_planes.PLANES,
}


@functools.cache
def output(name):
    """Return the HTML of an explorer's output."""
    return OUTPUTS[name]()


def faults(page):
    """Return what axe-core finds in an output, not in the page around it."""
    violations = Axe().run(page, ".course").response["violations"]
    return [
        f"{fault['id']}: {fault['help']}, at {node['target']}"
        for fault in violations
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("width", [800, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_axe_finds_no_fault_in_any_state_of_an_explorer(name, scheme, width, open_page):
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 640}}
    for state in EXPLORERS[name].ways:
        page = open_page(output(name), **options)
        Student(page, EXPLORERS[name]).reach(state)
        assert faults(page) == [], state


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", test_latent_planes.DRAWING.ways)
def test_axe_finds_no_fault_in_a_drawing(state, scheme, open_page):
    page = open_page(output("latent_planes"), color_scheme=scheme)
    Student(page, test_latent_planes.DRAWING).reach(state)
    assert faults(page) == []


@pytest.mark.parametrize("name", EXPLORERS)
def test_axe_finds_no_fault_in_the_figure_without_a_script(name, open_page):
    page = open_page(output(name).split("<script>")[0])
    assert page.locator("img").is_visible()
    assert faults(page) == []


def test_axe_finds_a_fault_where_there_is_one(open_page):
    page = open_page("<div class='course'><input><p style='color: #ddd'>pale</p></div>")
    assert len(faults(page)) == 2
