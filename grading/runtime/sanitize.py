"""Outputs of student code, as pages may show them: text and pictures, not active."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from nbformat.v4 import new_output

MAX_TEXT = 20_000
MAX_LINE = 500
MAX_PICTURE = 2_000_000
MAX_OUTPUTS = 100
CUT = "\n… cut off here."
# Controls, half surrogate pairs, marks that turn the direction of writing, unusual line
# ends, signs without width. The joiners of Persian and of emoji stay.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def clean(outputs: Any) -> list[NotebookNode]:
    """Return outputs that are safe to show, put together from what ``outputs`` hold.

    What stays: streams, errors, plain text, PNG and JPEG pictures. HTML, SVG, scripts,
    LaTeX, widgets and metadata do not, and neither does anything that is malformed.

    Args:
        outputs: a list of nbformat outputs, or whatever stands in its place.
    """
    if not isinstance(outputs, list):
        return []
    several = [_clean(out) for out in outputs[:MAX_OUTPUTS] if isinstance(out, dict)]
    return [output for output in several if output is not None]


def text(value: Any, most: int = MAX_TEXT) -> str:
    """Return text, or lines of it, without control characters and cut to ``most``."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    if not isinstance(value, str):
        return ""
    plain = CONTROL.sub("", strip_ansi(value[: 4 * most]).replace("\r\n", "\n"))
    return plain if len(plain) <= most else plain[:most] + CUT


def line(value: str, most: int = MAX_LINE) -> str:
    r"""Return text as one line to print, cut to ``most`` characters.

    What cannot be seen is written as Python would: names that differ stay different.

    >>> line("b\udcffd\n")
    'b\\udcffd\\n'
    """
    shown = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in value[:most]
    )
    return shown if len(value) <= most and len(shown) <= most else f"{shown[:most]}…"


def _clean(output: dict[str, Any]) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _made("stream", name=name, text=text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        return _made(
            "error",
            ename=text(output.get("ename"), 200),
            evalue=text(output.get("evalue")),
            traceback=_lines(lines if isinstance(lines, list) else []),
        )
    if kind in ("display_data", "execute_result"):
        data = output.get("data")
        shown = _data(data if isinstance(data, dict) else {})
        if not shown:
            return None
        if kind == "execute_result":
            return _made("execute_result", data=shown, execution_count=None)
        return _made("display_data", data=shown)
    return None


def _made(kind: str, **content: Any) -> NotebookNode:
    output: NotebookNode = new_output(kind, **content)
    return output


def _lines(lines: Iterable[Any]) -> list[str]:
    return text("\n".join(line for line in lines if isinstance(line, str))).split("\n")


def _data(data: dict[str, Any]) -> dict[str, str]:
    shown = {}
    if plain := text(data.get("text/plain")):
        shown["text/plain"] = plain
    for kind, start in PICTURES.items():
        if picture := _picture(data.get(kind), start):
            shown[kind] = picture
    return shown


def _picture(value: Any, start: bytes) -> str | None:
    """Return a picture in base64 again; None if it is none, or too large."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    if not isinstance(value, str) or len(value) > MAX_PICTURE:
        return None
    try:
        content = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(content).decode() if content.startswith(start) else None
