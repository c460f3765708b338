"""A piece of page in a cell's output: a text that a script makes interactive.

The text alone is complete. It is what remains where scripts do not run: in a notebook
that was opened and not run, on GitHub, in a test. The scripts stand in the output
itself: nothing is fetched, and nothing but the page itself is asked.
"""

import html
import json
from importlib.resources import files
from typing import Any

from IPython.display import display

TEMPLATES = files("helpers") / "templates"


def show(kind: str, text: str, plain: str, data: dict[str, Any]) -> None:
    """Display a text and the script that makes it interactive.

    Args:
        kind: the script's name in `helpers/templates`, without its ending.
        text: HTML that says the same without the script.
        plain: the same as plain text.
        data: what the script needs to know.
    """
    style, controls, script = (
        (TEMPLATES / name).read_text("utf-8")
        for name in ("interactive.css", "controls.js", f"{kind}.js")
    )
    page = (
        f'<div class="course" data-course="{html.escape(json.dumps(data))}">'
        f'<div class="course-text">{text}</div>\n<style>\n{style}</style>\n'
        f"<script>\n(() => {{\n{controls}\n{script}}})();\n</script></div>"
    )
    display({"text/html": page, "text/plain": plain}, raw=True)
