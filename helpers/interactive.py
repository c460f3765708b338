"""A piece of page in a cell's output: a text that a script makes interactive.

The text alone is complete. It is what remains where scripts do not run: in a notebook
that was opened and not run, on GitHub, in a test. The scripts stand in the output
itself: nothing is fetched, and nothing but the page itself is asked.

A script is an ES module with the signature of an anywidget, ``render({model, el})``,
where ``model.get("data")`` is what was passed from here. anywidget itself is not
needed: no message goes back to the kernel, and its outputs show nothing without one.
"""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from IPython.display import display

TEMPLATES = files("helpers") / "templates"
IMPORT = re.compile(r'from "\./(\w+\.js)"')

_collected: list[str] | None = None


def show(kind: str, text: str, plain: str, data: dict[str, Any]) -> None:
    """Display a text and the script that makes it interactive.

    Args:
        kind: the script's name in `helpers/templates`, without its ending.
        text: HTML that says the same without the script.
        plain: the same as plain text.
        data: what the script needs to know.
    """
    page = (
        f'<div class="course" data-course="{html.escape(json.dumps(data))}">'
        f'<div class="course-text">{text}</div>\n'
        f"<style>\n{_read('interactive.css')}</style>\n"
        f"<script>\n{_script(kind)}</script></div>"
    )
    if _collected is None:
        display({"text/html": page, "text/plain": plain}, raw=True)
    else:
        _collected.append(page)


@contextmanager
def collect() -> Iterator[list[str]]:
    """Collect as HTML what `show` would display, for pages written without a kernel."""
    global _collected
    _collected = []
    try:
        yield _collected
    finally:
        _collected = None


@cache
def _script(kind: str) -> str:
    """Return a classic script that holds a module and all that it imports."""
    # No script ends where its text happens to speak of the end of one.
    sources = json.dumps(_modules(f"{kind}.js")).replace("</", "<\\/")
    return f"(() => {{\nconst SOURCES = {sources};\n{_read('loader.js')}}})();\n"


def _modules(name: str) -> dict[str, str]:
    """Return a module's text by its name, after those of the modules it imports."""
    text = _read(name)
    parts: dict[str, str] = {}
    for part in IMPORT.findall(text):
        parts |= _modules(part)
    return {**parts, name: text}


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")
