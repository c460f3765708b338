"""Reads a notebook that somebody else wrote, whatever it holds, within limits.

Only cells, their text and nbgrader's data are read; outputs never are.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from helpers.errors import CourseError

import nbformat

MAX_BYTES = 20_000_000
MAX_DEPTH = 100
MAX_BRACKETS = 1_000_000
MAX_CELLS = 2_000
MAX_TEXT = 1_000_000
# A string, to its end or the text's, or a bracket. Possessive: linear on any text.
TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{}]', re.S)


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


def read(content: bytes) -> tuple[list[StudentCell], list[str]]:
    """Return the cells of a notebook, and a sentence for each repair.

    Raises:
        UnreadableError: no cells can be had from it.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableError(
            f"The notebook is larger than {MAX_BYTES // 1_000_000} MB. "
            "Clear its outputs and hand it in again."
        )
    text, notes = _decode(content)
    if not text.strip():
        raise UnreadableError("The notebook is an empty file.")
    _check_nesting(text)
    try:
        # Raw line ends and tabs inside strings are read, too.
        notebook, end = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError) as error:
        raise UnreadableError(_why_no_json(text, error)) from None
    if text.lstrip()[end:].strip("\x00 \t\r\n"):
        notes.append("There is text after the notebook's end; it was left out.")
    if not isinstance(notebook, dict):
        raise UnreadableError("The file holds JSON, but no notebook.")
    version = notebook.get("nbformat")
    if "worksheets" in notebook or (isinstance(version, int) and version < 4):
        notebook = _upgraded(notebook, version)
        notes.append(f"It was in the old notebook format {version}.")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not cells:
        raise UnreadableError("The notebook has no cells.")
    if len(cells) > MAX_CELLS:
        raise UnreadableError(f"The notebook has more than {MAX_CELLS} cells.")
    student_cells = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in student_cells) > MAX_TEXT:
        raise UnreadableError(
            f"The notebook's cells hold more than {MAX_TEXT:,} characters."
        )
    return student_cells, notes


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


def _check_nesting(text: str) -> None:
    """Refuse what would take a gigabyte when it is decoded: the worst 20 MB do.

    Raises:
        UnreadableError: there are too many lists and objects, or too deep ones.
    """
    depth = brackets = 0
    for match in TOKEN.finditer(text):
        token = match.group()
        if token in ("[", "{"):
            depth += 1
            brackets += 1
        elif token in ("]", "}"):
            depth -= 1
        if depth > MAX_DEPTH:
            raise UnreadableError(
                f"The notebook is nested more than {MAX_DEPTH} levels deep."
            )
        if brackets > MAX_BRACKETS:
            raise UnreadableError(
                f"The notebook has more than {MAX_BRACKETS:,} lists and objects."
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


def _upgraded(notebook: dict[str, Any], version: object) -> dict[str, Any]:
    try:
        return dict(nbformat.convert(nbformat.from_dict(notebook), 4))
    except Exception:  # whatever an old converter makes of a damaged notebook
        raise UnreadableError(
            f"The notebook is in the old format {version} and could not be converted."
        ) from None


def _cell(cell: dict[str, Any]) -> StudentCell:
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    about = metadata.get("nbgrader")
    names = (cell.get("id"), metadata.get("id"))  # the second is Colab's
    return StudentCell(
        kind=str(cell.get("cell_type")),
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
