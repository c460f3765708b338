"""Reads a notebook that somebody else wrote, whatever it holds, within limits.

Only cells, their text and nbgrader's data are read; outputs never are.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import CourseError

from grading.runtime.json_size import outside_strings

MAX_BYTES = 20_000_000
MAX_DEPTH = 100
MAX_VALUES = 300_000
MAX_CELLS = 2_000
MAX_TEXT = 1_000_000
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class UnreadableError(CourseError):
    """A file that holds no notebook; the message is a sentence for people."""


@dataclass(frozen=True)
class StudentCell:
    r"""A cell as a student handed it in.

    Attributes:
        kind: its type: ``"code"``, ``"markdown"``, ``"raw"`` or what stands there.
        source: its text, with ``\n`` between lines.
        ids: names that editors gave it.
        about: nbgrader's data on it, as they stand there.
    """

    kind: str
    source: str
    ids: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """Nbgrader's name of the cell; ``""`` if it has none."""
        name = self.about.get("grade_id")
        return name if isinstance(name, str) else ""


@dataclass
class Allowance:
    """What may still be read of all that one student handed in for an assignment.

    Attributes:
        size: bytes of notebooks.
        cells: how many cells.
        text: characters of cells.
    """

    size: int = MAX_BYTES
    cells: int = MAX_CELLS
    text: int = MAX_TEXT


def read(
    content: bytes, allowance: Allowance | None = None
) -> tuple[list[StudentCell], list[str]]:
    """Return the cells of a notebook, and a sentence for each repair.

    Args:
        content: the file's, or the begin of one that is larger than allowed.
        allowance: what may be read; what is read is taken off.

    Raises:
        UnreadableError: no cells can be had from it.
    """
    allowance = allowance or Allowance()
    allowance.size -= len(content)
    if allowance.size < 0:
        raise UnreadableError(
            f"The notebook is larger than {MAX_BYTES // 1_000_000} MB, or all together "
            "are. Clear its outputs and hand it in again."
        )
    text, notes = _decode(content)
    if not text.strip():
        raise UnreadableError("The notebook is an empty file.")
    _check_structure(text)
    notebook = _decoded(text, notes)
    cells = notebook.get("cells")
    if "worksheets" in notebook:
        cells = _old_cells(notebook["worksheets"])
        version = str(notebook.get("nbformat"))[:20].removesuffix(".0")
        notes.append(f"It was in the old notebook format {version}.")
    if not isinstance(cells, list) or not cells:
        raise UnreadableError("The notebook has no cells.")
    return _allowed(cells, allowance), notes


def _decoded(text: str, notes: list[str]) -> dict[str, Any]:
    """Return the object that a text holds; add to ``notes`` what was left out.

    Raises:
        UnreadableError: it holds none.
    """
    try:
        # Raw line ends and tabs inside strings are read, too. Whole numbers of
        # thousands of digits take long, other numbers do not.
        decoder = json.JSONDecoder(strict=False, parse_int=float)
        notebook, end = decoder.raw_decode(text, _first(text))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(_why_no_json(text, error)) from None
    if text[end:].strip("\x00 \t\r\n"):
        notes.append("There is text after the notebook's end; it was left out.")
    if not isinstance(notebook, dict):
        raise UnreadableError("The file holds JSON, but no notebook.")
    return notebook


def _first(text: str) -> int:
    """Return where the first character stands that is no blank."""
    return len(text) - len(text.lstrip())


def _allowed(cells: list[Any], allowance: Allowance) -> list[StudentCell]:
    """Return the cells, if there are not too many and they are not too long.

    Raises:
        UnreadableError: there are, or are.
    """
    allowance.cells -= len(cells)
    if allowance.cells < 0:
        raise UnreadableError(f"The notebook has more than {MAX_CELLS:,} cells.")
    named = [cell for cell in cells if isinstance(cell, dict)]
    allowance.text -= sum(_length(cell.get("source")) for cell in named)
    if allowance.text < 0:
        raise UnreadableError(
            f"The notebook's cells hold more than {MAX_TEXT:,} characters."
        )
    return [_cell(cell) for cell in named]


def _length(source: object) -> int:
    """Return how much there is of a cell's text, in characters or pieces."""
    if isinstance(source, list):
        return sum(len(line) + 1 for line in source if isinstance(line, str))
    return len(source) if isinstance(source, str) else 0


def _decode(content: bytes) -> tuple[str, list[str]]:
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # Never fails. Accents may turn into others, code does not.
        return content.decode("latin-1"), ["It is not in UTF-8; read as Latin-1."]
    if encoding in ("utf-8", "utf-8-sig"):
        return text, []
    # As UTF-16 and UTF-32 without a mark, the mark of the right one stays.
    return text.removeprefix("\ufeff"), [f"It is in {encoding.upper()}, not in UTF-8."]


def _check_structure(text: str) -> None:
    """Refuse what would take much time or memory when it is decoded.

    Raises:
        UnreadableError: there are too many values, or they are nested too deep.
    """
    content = text.encode("utf-8", "surrogatepass")
    outside = outside_strings(content, MAX_VALUES)
    if outside is None:
        raise UnreadableError(f"The notebook holds more than {MAX_VALUES:,} values.")
    depth = 0
    for bracket in outside.translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise UnreadableError(
                f"The notebook is nested more than {MAX_DEPTH} levels deep."
            )


def _why_no_json(text: str, error: Exception) -> str:
    if re.search(r"^<{7} ", text, re.M):
        return "The notebook holds the marks of a git conflict that nobody resolved."
    if not text.lstrip().startswith("{"):
        return "The file is no notebook: it is not JSON."
    if isinstance(error, json.JSONDecodeError) and error.pos >= len(text.rstrip()) - 1:
        return "The notebook breaks off before its end: it was not saved whole."
    if isinstance(error, json.JSONDecodeError) and error.msg.startswith("Unterminated"):
        return "The notebook breaks off before its end: it was not saved whole."
    return f"The notebook is damaged: {error}."


def _old_cells(worksheets: object) -> list[Any]:
    """Return the cells of a notebook of format 3, or 2, as those of format 4.

    Raises:
        UnreadableError: it holds none.
    """
    cells: list[Any] = []
    for sheet in worksheets if isinstance(worksheets, list) else []:
        inner = sheet.get("cells") if isinstance(sheet, dict) else None
        cells += inner if isinstance(inner, list) else []
    if not cells:
        raise UnreadableError("The notebook is in an old format and has no cells.")
    return [
        {**cell, "source": cell.get("input", cell.get("source"))}
        for cell in cells
        if isinstance(cell, dict)
    ]


def _cell(cell: dict[str, Any]) -> StudentCell:
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    about = metadata.get("nbgrader")
    names = (cell.get("id"), metadata.get("id"))  # the second is Colab's
    kind = cell.get("cell_type")
    return StudentCell(
        kind=kind if isinstance(kind, str) else "",
        source=_text(cell.get("source")),
        ids=tuple(name for name in names if isinstance(name, str)),
        about=about if isinstance(about, dict) else {},
    )


def _text(source: object) -> str:
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    # Half a surrogate pair cannot be written as UTF-8.
    text = source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
