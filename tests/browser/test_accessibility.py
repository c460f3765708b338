"""axe-core, which looks for faults of accessibility, finds none in any explorer."""

import functools
import os
from pathlib import Path

import pytest

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
# The page around an output is JupyterLab's or the site's, and none of its business.
RUN = """async () => {
  const { violations } = await axe.run('.course');
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target }) => `${id}: ${help}, at ${target}`));
}"""


@pytest.fixture(scope="session")
def axe():
    """Return the text of axe-core, which COURSE_AXE names."""
    path = os.environ.get("COURSE_AXE")
    if not path:
        pytest.skip("COURSE_AXE names no axe.min.js: npm pack axe-core brings one")
    return Path(path).read_text("utf-8")


@functools.cache
def output(name):
    """Return the HTML of an explorer's output."""
    return OUTPUTS[name]()


def faults(page, axe):
    page.evaluate(axe)
    return page.evaluate(RUN)


@pytest.mark.parametrize("width", [800, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", EXPLORERS)
def test_axe_finds_no_fault_in_any_state_of_an_explorer(
    name, scheme, width, axe, open_page
):
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 640}}
    for state in EXPLORERS[name].ways:
        page = open_page(output(name), **options)
        Student(page, EXPLORERS[name]).reach(state)
        assert faults(page, axe) == [], state


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", test_latent_planes.DRAWING.ways)
def test_axe_finds_no_fault_in_a_drawing(state, scheme, axe, open_page):
    page = open_page(output("latent_planes"), color_scheme=scheme)
    Student(page, test_latent_planes.DRAWING).reach(state)
    assert faults(page, axe) == []


@pytest.mark.parametrize("name", EXPLORERS)
def test_axe_finds_no_fault_in_the_figure_without_a_script(name, axe, open_page):
    page = open_page(output(name).split("<script>")[0])
    assert page.locator("img").is_visible()
    assert faults(page, axe) == []


def test_axe_finds_a_fault_where_there_is_one(axe, open_page):
    page = open_page("<div class='course'><input><p style='color: #ddd'>pale</p></div>")
    assert len(faults(page, axe)) == 2
