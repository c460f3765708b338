"""The form in which a lesson is stored: its metadata, its folds, no scripts.

A reader who opens a lesson sees the questions, but neither the answers to predictions
nor the solutions of exercises, until they run or unfold them.
"""

import ast
import base64
import io
import re
from collections.abc import Iterator
from typing import cast

from helpers.plots.figure import SHARP

from ipykernel.ipkernel import IPythonKernel
from nbformat import NotebookNode, from_dict
from PIL import Image

KERNEL = {
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
    "name": "python3",
}
PNG_COLOURS = 64
MAX_PNG = 15_000  # bytes; a larger one is halved and has fewer colours
FEW_COLOURS = 32
MAX_LOSSLESS = 50_000  # bytes of WebP; a larger one may have small losses
WEBP = re.compile(r'\s*(?:<div [^>]*>)*<img [^>]*src="data:image/webp;base64,([^"]+)"')
# What makes a text interactive; in a stored output it would not run.
SCRIPT = re.compile(
    r'\n?<style>.*?</style>|\n?<script>.*?</script>| data-course="[^"]*"', re.DOTALL
)


def store(notebook: NotebookNode) -> None:
    """Give a notebook the form in which it is stored.

    Its metadata are those that JupyterLab would write on opening it with this Python; a
    notebook with others is "changed" as soon as it is opened.
    """
    notebook.metadata.kernelspec = from_dict(KERNEL)
    notebook.metadata.language_info = from_dict(IPythonKernel.language_info)
    _fold(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html", "")
            if html.lstrip().startswith('<div class="course"'):
                output.data["text/html"] = SCRIPT.sub("", html)
            _shrink(output)
            if picture := picture_in(output):
                _add_png(output, picture)


def _webp(output: NotebookNode) -> str | None:
    """Return the picture that an output shows first, in base64."""
    match = WEBP.match(output.get("data", {}).get("text/html", ""))
    return match[1] if match else None


def picture_in(output: NotebookNode) -> Image.Image | None:
    """Return the picture that an output shows, at the size that it has on the page."""
    code = _webp(output)
    if code is None:
        return None
    sharp = Image.open(io.BytesIO(base64.b64decode(code)))
    return sharp.reduce(SHARP)


def _shrink(output: NotebookNode) -> None:
    """Store a picture with small losses that would be too large without."""
    code = _webp(output)
    if code is None:
        return
    webp = base64.b64decode(code)
    if len(webp) > MAX_LOSSLESS and webp[12:16] == b"VP8L":
        file = io.BytesIO()
        Image.open(io.BytesIO(webp)).save(file, "WEBP", quality=80, method=6)
        smaller = min(webp, file.getvalue(), key=len)
        output.data["text/html"] = output.data["text/html"].replace(
            code, base64.b64encode(smaller).decode(), 1
        )


def _png(picture: Image.Image, colours: int) -> bytes:
    """Return a picture as a PNG file with so many colours.

    They are chosen by an octree: a median cut counts pixels, and has thin lines grey.
    """
    file = io.BytesIO()
    pixels = picture.convert("RGB")
    few = pixels.quantize(
        colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    palette = few.getpalette() or []
    margin = 3 * cast(int, few.getpixel((0, 0)))
    palette[margin : margin + 3] = cast(tuple[int, ...], pixels.getpixel((0, 0)))
    few.putpalette(palette)
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _add_png(output: NotebookNode, picture: Image.Image) -> None:
    """Add a small PNG with its description, for viewers that show no HTML."""
    png = _png(picture, PNG_COLOURS)
    if len(png) > MAX_PNG:
        png = _png(picture.reduce(2), FEW_COLOURS)
    output.data["image/png"] = base64.b64encode(png).decode()
    output.metadata["image/png"] = {"alt": output.data["text/plain"]}


def _fold(notebook: NotebookNode) -> None:
    """Fold what answers a prediction, and solutions."""
    for cell in answers(notebook):
        _hide(cell, source=spells_out(cell.source))
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            _hide(cell, source=True)


def _hide(cell: NotebookNode, *, source: bool) -> None:
    jupyter = cell.metadata.setdefault("jupyter", NotebookNode())
    jupyter.outputs_hidden = True
    if source:
        jupyter.source_hidden = True
    for output in cell.get("outputs", [])[:1]:
        if output.output_type == "stream":
            output.text = _blank_first(output.text)
        for kind in ("text/html", "text/plain"):
            if kind in output.get("data", {}):
                output.data[kind] = _blank_first(output.data[kind])
                break


def _blank_first(text: str) -> str:
    """Return a text whose first line is blank: JupyterLab shows that of a fold."""
    return text if text.startswith(" \n") else f" \n{text}"


def answers(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the code cells from each prediction up to its comparison."""
    waiting: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if waiting:
            yield cell
        waiting -= compared(cell.source)
        waiting |= asked(cell.source)


def asked(source: str) -> set[str]:
    """Return the names that a cell gives to its predictions."""
    return {
        target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and is_question(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def compared(source: str) -> set[str]:
    """Return the names of the predictions that a cell compares with what came out."""
    return {name for name, _ in _comparisons(source)}


def spells_out(source: str) -> bool:
    """Say whether a cell spells out the answer that it compares with."""
    return any(isinstance(answer, ast.Constant) for _, answer in _comparisons(source))


def is_question(node: ast.expr) -> bool:
    """Say whether an expression asks for a prediction."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {
        "predict.choice",
        "predict.number",
    }


def _comparisons(source: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield the name and the answer of each call of ``NAME.compare(answer)``."""
    tree = ast.parse(source)
    rounds = dict(_rounds(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="compare"),
                args=[answer, *_],
            ):
                for prediction in rounds.get(name, [name]):
                    yield prediction, answer


def _rounds(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Yield the first variable of each loop over rows, and the names it stands for."""
    for node in ast.walk(tree):
        match node:
            case ast.For(
                target=ast.Tuple(elts=[ast.Name(id=variable), *_]),
                iter=ast.Tuple(elts=rows),
            ):
                first = [row.elts[0] for row in rows if isinstance(row, ast.Tuple)]
                yield variable, [n.id for n in first if isinstance(n, ast.Name)]
