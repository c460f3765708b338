"""What a student does in JupyterLab itself: run, predict, touch, see a check fail."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from grading.course import Course
from samples.course import ROOT

TOKEN = "test"
OPEN = "jupyterapp.shell.currentWidget.content"
RUN_MS = 180_000
"""A whole lesson in the quick profile, its imports too, on a busy machine."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Run JupyterLab in a folder; yield the address of its server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    places = ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(folder / name) for name in (*places, "JUPYTER_RUNTIME_DIR")}
    own |= {"COURSE_PROFILE": "quick", "COURSE_OFFLINE": "1"}
    # As `source .venv/bin/activate` has it.
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    log = folder / "log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own}, stdout=file, stderr=file
        )
    root = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{root}/api", timeout=5)
            break
        except requests.ConnectionError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
    yield root
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of the lessons and assignments, as a student has them."""
    folder = tmp_path_factory.mktemp("course")
    for room in ("notebooks", "release"):
        shutil.copytree(ROOT / room, folder / room)
    with served(folder) as root:
        yield root


class Notebook:
    """A notebook that is open in JupyterLab.

    Args:
        page: with JupyterLab in it.
        path: of the notebook's file in the course.
    """

    def __init__(self, page: Page, path: str) -> None:
        self.page = page
        self.names = [cell["id"] for cell in nbformat.read(ROOT / path, 4).cells]
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.content?.model")
        page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
            " === 'idle'",
            timeout=RUN_MS,
        )

    def run(self, command: str, name: str) -> None:
        """Do one of JupyterLab's commands from a cell on; wait until all has run."""
        self.page.evaluate(
            f"() => {{{OPEN}.activeCellIndex = {self.names.index(name)}; "
            f"return jupyterapp.commands.execute('notebook:{command}')}}"
        )

    def cell(self, name: str) -> Locator:
        """Scroll to a cell, by its id; return it."""
        index = self.names.index(name)
        self.page.evaluate(f"{OPEN}.scrollToItem({index}, 'start')")
        cell = self.page.locator(
            ".jp-NotebookPanel:not(.lm-mod-hidden) "
            f'.jp-Cell[data-windowed-list-index="{index}"]'
        )
        cell.wait_for()
        return cell

    def write(self, name: str, source: str) -> None:
        """Put a text into a cell."""
        self.cell(name)
        self.page.evaluate(
            f"source => {OPEN}.widgets[{self.names.index(name)}]"
            ".model.sharedModel.setSource(source)",
            source,
        )


@pytest.fixture
def opened(browser: Browser, lab: str) -> Iterator[Callable[[str], Notebook]]:
    """Return a function that opens a notebook of the course."""
    contexts = []

    def opened(path: str) -> Notebook:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{lab}/lab/tree/{path}?token={TOKEN}")
        return Notebook(page, path)

    yield opened
    for context in contexts:
        context.close()


def test_a_lesson_runs_is_answered_by_keys_and_its_model_follows_a_drag(
    opened: Callable[[str], Notebook],
) -> None:
    lesson = opened("notebooks/00_start_here.ipynb")
    lesson.run("run-all-above", "6d40b536")

    asked = lesson.cell("7863bb73")
    asked.get_by_role("button", name="4 × 4").press("Enter")
    asked.get_by_role("button", name="fairly sure").press("Enter")
    expect(asked.get_by_role("status")).to_contain_text("You said: 4 × 4")
    lesson.run("run-all-below", "6d40b536")
    compared = lesson.cell("6d40b536")
    expect(compared).to_contain_text("You said: 4 × 4 (fairly sure). It was: 7 × 7.")
    summary = lesson.cell("2272e05a")
    expect(summary).to_contain_text(re.compile(r"0 of 1 predictions? w"))

    plane = lesson.cell("e6235b79")
    where = plane.locator(".course-where")
    before = where.text_content()
    area = plane.locator("canvas").first.bounding_box()
    assert area is not None
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    lesson.page.mouse.move(*middle)
    lesson.page.mouse.down()
    lesson.page.mouse.move(middle[0] + 40, middle[1] - 30, steps=5)
    lesson.page.mouse.up()
    expect(where).not_to_have_text(before or "")


def test_an_assignment_shows_a_failed_check_and_validates(
    opened: Callable[[str], Notebook],
) -> None:
    assignment = opened("release/vanilla/vanilla.ipynb")
    assignment.write(
        "autoencoder",
        "def autoencoder(input_dims, hidden_layers, latent_dims):\n"
        "    x = keras.Input((input_dims,))\n"
        "    encoder = keras.Model(x, keras.layers.Dense(latent_dims)(x))\n"
        "    z = keras.Input((latent_dims,))\n"
        "    decoder = keras.Model(z, keras.layers.Dense(input_dims)(z))\n"
        "    auto = keras.Model(x, decoder(encoder(x)))\n"
        "    auto.compile('adam', 'binary_crossentropy')\n"
        "    return encoder, decoder, auto\n",
    )
    for name in ("setup", "autoencoder", "code_is_relu"):
        assignment.run("run-cell", name)
    failed = assignment.cell("code_is_relu").locator(".jp-OutputArea-output")
    expect(failed.last).to_contain_text("Does not hold", timeout=RUN_MS)
    expect(failed.last).to_contain_text("likely cause")

    assignment.page.get_by_role("button", name="Validate").click()
    verdict = assignment.page.get_by_role("dialog")
    expect(verdict).to_contain_text("code_is_relu", timeout=RUN_MS)


@pytest.mark.parametrize("sandboxed", [False, True])
def test_the_formgrader_s_own_button_grades(
    browser: Browser, tmp_path: Path, sandboxed: bool
) -> None:
    for room in ("solutions/quiz", "release/quiz"):
        shutil.copytree(ROOT / room, tmp_path / room)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    if sandboxed:
        guide = (ROOT / "grading/README.md").read_text("utf-8")
        section = guide.partition("The formgrader's button Autograde")[2]
        lines = re.findall(r"`(from grading\S* import \w+|c\.Autograde.+?)`", section)
        assert len(lines) == 2
        with (tmp_path / "nbgrader_config.py").open("a") as config:
            config.write("\n" + "\n".join(lines) + "\n")
    shutil.copytree(ROOT / "release/quiz", tmp_path / "submitted/ada/quiz")
    with served(tmp_path) as root:
        page = browser.new_page()
        page.goto(f"{root}/tree?token={TOKEN}")
        page.goto(f"{root}/formgrader/manage_submissions/quiz")
        row = page.get_by_role("row").filter(has_text="ada")
        row.locator(".autograde a").click(timeout=RUN_MS)
        expect(page.get_by_role("dialog")).to_contain_text(
            "Successfully", timeout=RUN_MS
        )
        page.close()
    with Course.load(tmp_path).gradebook() as gradebook:
        points = gradebook.find_submission("quiz", "ada").score
    assert points == 0
    assert (tmp_path / ".grading" / "journal.db").exists() == sandboxed
