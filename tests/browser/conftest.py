"""Pages with what a cell shows, in a browser: `make test-browser`."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from helpers import interactive

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOST = "http://course.test"  # answered by the tests themselves
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A lesson</title>
<style>
  body {{ font: 16px sans-serif; margin: 8px; background: #fff; color: #111 }}
  @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #ddd }} }}
</style>
<main><h1>A lesson</h1>{}</main>"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests here: a bare machine has no browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium or Chrome: that in COURSE_BROWSER, or the first in the PATH."""
    path = os.environ.get("COURSE_BROWSER") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    assert path, (
        "No Chromium or Chrome in the PATH: install one (Debian: apt install "
        "chromium), or name it in COURSE_BROWSER."
    )
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens outputs as a page, which must raise nothing."""
    contexts, errors = [], []

    def open_page(*outputs: str, **options: object) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.route(
            f"{HOST}/**",
            lambda route: route.fulfill(
                content_type="text/html; charset=utf-8",
                body=PAGE.format("\n".join(outputs)),
            ),
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(f"{HOST}/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def shown(act: Callable[[], object]) -> str:
    """Return the HTML that an action shows in a notebook."""
    with mock.patch.object(interactive, "display") as display:
        act()
    return display.call_args.args[0]["text/html"]
