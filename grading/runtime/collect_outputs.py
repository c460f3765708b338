"""Outputs of a cell, out of the messages of a kernel that is not trusted."""

import json
import re
from typing import Any

from grading.runtime.job import Output
from grading.runtime.sanitize import PICTURES, clean

# Of an object, in its repr: another in every run.
ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b")
MAX_KEPT = 2000
# Room beyond the limit, for the frame of a stream and for the last error.
SLACK, MAX_ERROR = 200, 1 << 20
KEPT = ("text/plain", *PICTURES)
LEFT_OUT = "[further output is left out: the limit is reached]\n"


class Messages:
    """Collects what a cell shows, as a front end does.

    Args:
        room: bytes that are kept; what comes later is left out.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.size = 0
        self._found: list[Output] = []
        self._displays: dict[str, list[Output]] = {}
        self._clear_next = False
        self._full = False

    def add(self, message: dict[str, Any]) -> None:
        """Take one message of the kernel; one that is malformed is left out."""
        kind, content = message.get("kind"), message.get("content")
        if not isinstance(kind, str) or not isinstance(content, dict):
            return
        if kind == "clear_output":
            self._clear_next = True
            if not content.get("wait"):
                self._clear()
            return
        make = {
            "stream": _stream,
            "error": _error,
            "display_data": _display,
            "execute_result": _display,
            "update_display_data": _display,
        }.get(kind)
        output = make(kind, content) if make else None
        if output is None:
            return
        if self._clear_next:
            self._clear()
        if kind == "stream":
            left = max(0, self.room - self.size)
            self._full = self._full or len(output["text"]) > left
            output["text"] = output["text"][:left]
        size = len(json.dumps(output)) * self._copies(kind, content)
        # An error always has room, once: it says whether a cell passed.
        room = self.room + (MAX_ERROR if kind == "error" else SLACK)
        if self.size + size > room or len(self._found) >= MAX_KEPT:
            self._full = True
            return
        self.size += size
        self._put(kind, content, output)

    def _copies(self, kind: str, content: dict[str, Any]) -> int:
        """Return how many times a message is shown: an update, in each display."""
        if kind != "update_display_data":
            return 1
        return len(self._displays.get(_display_id(content), []))

    def _clear(self) -> None:
        self._found.clear()
        self._clear_next = False

    def _put(self, kind: str, content: dict[str, Any], output: Output) -> None:
        name = _display_id(content)
        if kind == "update_display_data":
            for shown in self._displays.get(name, []):
                shown["data"] = output["data"]
            return
        last = self._found[-1] if self._found else {}
        if kind == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
            return
        self._found.append(output)
        if name:
            self._displays.setdefault(name, []).append(output)

    def outputs(self) -> list[Output]:
        """Return the outputs, cleaned."""
        text = ADDRESS.sub("0x…", json.dumps(clean(self._found)))
        outputs: list[Output] = json.loads(text)
        if self._full:
            outputs.append(
                {"output_type": "stream", "name": "stdout", "text": LEFT_OUT}
            )
        return outputs


def _display_id(content: dict[str, Any]) -> str:
    """Return the name of a display; ``""`` if it has none."""
    transient = content.get("transient")
    name = transient.get("display_id") if isinstance(transient, dict) else None
    return name if isinstance(name, str) else ""


def _stream(_: str, content: dict[str, Any]) -> Output | None:
    name, text = content.get("name"), content.get("text")
    if name not in ("stdout", "stderr") or not isinstance(text, str):
        return None
    return {"output_type": "stream", "name": name, "text": text}


def _error(_: str, content: dict[str, Any]) -> Output:
    about = {name: _text(content.get(name)) for name in ("ename", "evalue")}
    lines = _lines(content.get("traceback"))
    return {"output_type": "error", **about, "traceback": lines}


def _display(kind: str, content: dict[str, Any]) -> Output:
    shown = "execute_result" if kind == "execute_result" else "display_data"
    data = content.get("data")
    texts = {
        name: _lines(value) or _text(value)
        for name, value in (data if isinstance(data, dict) else {}).items()
        if name in KEPT
    }
    return {"output_type": shown, "data": texts}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lines(value: Any) -> list[str]:
    """Return the lines of a text: nothing nested, which could be too deep to write."""
    lines = value if isinstance(value, list) else []
    return [line for line in lines if isinstance(line, str)]
