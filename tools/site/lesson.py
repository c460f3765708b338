"""A notebook as it is stored, turned into one that makes a good page."""

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.site import live

PICTURE = re.compile(r'src="data:image/(\w+);base64,([^"]+)"')
KEPT = ("text/html", "image/png", "image/svg+xml", "text/latex", "text/plain")
"""Kinds of output that a page can show, the best first."""


def prepare(path: Path, picture: Callable[[str, bytes], str]) -> NotebookNode:
    """Return a notebook as a page: folded, its questions live, its pictures in files.

    Args:
        path: the notebook, which stays as it is.
        picture: stores a picture under a name, and returns its address for the page.
    """
    notebook = nbformat.read(path, 4)
    live.revive(notebook, path.parent)
    for cell in notebook.cells:
        cell.metadata = _folds(cell)
        for output in cell.get("outputs", []):
            _clean(output, picture)
    notebook.metadata = NotebookNode(kernelspec=notebook.metadata.get("kernelspec", {}))
    return notebook


def _folds(cell: NotebookNode) -> NotebookNode:
    """Return metadata that fold on the page what JupyterLab shows folded."""
    folds = cell.metadata.get("jupyter", {})
    source, outputs = (folds.get(f"{part}_hidden") for part in ("source", "outputs"))
    if not (source or (outputs and cell.get("outputs"))):
        return NotebookNode()
    first = cell.source.splitlines()[0].removeprefix("# ")
    title = first if source else "What came out"
    return NotebookNode(
        tags=["hide-cell" if source else "hide-output"],
        mystnb={"code_prompt_show": title, "code_prompt_hide": title},
    )


def _clean(output: NotebookNode, picture: Callable[[str, bytes], str]) -> None:
    """Leave one kind of data in an output, its pictures in files."""
    if output.output_type == "stream":
        output.text = output.text.removeprefix(" \n")
    data = output.get("data")
    if not data:
        return
    kind = next(kind for kind in KEPT if kind in data)
    shown = data[kind].removeprefix(" \n")
    if kind == "text/html":
        shown = PICTURE.sub(lambda match: f'src="{_stored(match, picture)}"', shown)
    output.data = NotebookNode({kind: shown})
    output.metadata = NotebookNode()


def _stored(match: re.Match[str], picture: Callable[[str, bytes], str]) -> str:
    """Store the picture of a data address, and return its new one."""
    content = base64.b64decode(match[2])
    name = hashlib.sha256(content).hexdigest()[:16]
    return picture(f"{name}.{match[1]}", content)
