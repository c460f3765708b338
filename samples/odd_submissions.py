"""Odd but possible submissions of the vanilla assignment, and what must come of them.

Each is made from the right submission by a function that changes the notebook, or that
writes the folder's files. ``python -m samples.odd_marks`` marks all and prints a table.
"""

import json
import os
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from samples.course import ROOT
from samples.notebooks import grader, source, with_cells
from samples.submissions.vanilla import REFERENCE

NAME = "vanilla"
FILE = f"{NAME}.ipynb"
RIGHT = {
    "autoencoder": REFERENCE.strip(),
    "answer_1": 'answer_1 = {"a", "c"}',
    "answer_2": 'answer_2 = {"b", "c"}',
}
STUB = next(
    cell.source
    for cell in source(NAME, "release").cells
    if grader(cell).get("grade_id") == "autoencoder"
)


@dataclass(frozen=True)
class Link:
    """A symbolic link, in place of a file's content."""

    target: str


class Pipe:
    """A named pipe, in place of a file's content."""


Files = dict[str, bytes | Link | Pipe]


@dataclass(frozen=True)
class Odd:
    """An odd submission.

    Attributes:
        name: what is odd about it, in a few words.
        files: makes the folder's files from the right notebook.
        note: what a note for the instructor, or the refusal, must say; empty if there
            must be no note.
        loses: solution cells that count as not done; all others must work as right.
        refused: whether nothing can be run, which is a zero with a sentence.
        when_run: whether the note is made when it runs, not when it is read.
    """

    name: str
    files: Callable[[NotebookNode], Files]
    note: str = ""
    loses: tuple[str, ...] = ()
    refused: bool = False
    when_run: bool = False


def right() -> NotebookNode:
    """Return the notebook that students get, filled in."""
    return with_cells(source(NAME, "release"), RIGHT)


def hand_in(folder: Path, files: Files) -> None:
    """Write a submission's files into a folder, which is made."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, Pipe):
            os.mkfifo(path)
        else:
            path.write_bytes(content)


def written(notebook: NotebookNode) -> bytes:
    """Return a notebook as a file, nothing checked or repaired."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


def changed(
    name: str,
    change: Callable[[NotebookNode], object],
    note: str = "",
    loses: tuple[str, ...] = (),
) -> Odd:
    """Return a submission whose notebook ``change`` changed."""

    def files(notebook: NotebookNode) -> Files:
        change(notebook)
        return {FILE: written(notebook)}

    return Odd(name, files, note, loses)


def recoded(name: str, recode: Callable[[bytes], bytes], note: str = "") -> Odd:
    """Return a submission whose file ``recode`` changed."""
    return Odd(name, lambda notebook: {FILE: recode(written(notebook))}, note)


def refused(name: str, note: str, **files: bytes | Link | Pipe) -> Odd:
    """Return a submission of these files alone, which cannot be run."""
    named = {path.replace("__", "."): content for path, content in files.items()}
    return Odd(name, lambda notebook: named, note, refused=True)


# --- ways to change a notebook ---


def place(notebook: NotebookNode, name: str) -> int:
    """Return where the cell with an id stands."""
    return [cell.get("id") for cell in notebook.cells].index(name)


def cell_with_id(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell with an id."""
    return notebook.cells[place(notebook, name)]


def insert(name: str, text: str, after: bool = False) -> Callable[[NotebookNode], None]:
    """Return a change: a new code cell before, or after, the cell ``name``."""

    def change(notebook: NotebookNode) -> None:
        notebook.cells.insert(place(notebook, name) + after, new_code_cell(text))

    return change


def write(name: str, text: str) -> Callable[[NotebookNode], None]:
    """Return a change: a cell's text."""

    def change(notebook: NotebookNode) -> None:
        cell_with_id(notebook, name).source = text

    return change


def several(*changes: Callable[[NotebookNode], object]) -> Callable:
    """Return a change: one after the other."""

    def change(notebook: NotebookNode) -> None:
        for change in changes:
            change(notebook)

    return change


def each_cell(change: Callable[[NotebookNode], object]) -> Callable:
    """Return a change of all cells."""

    def all_cells(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            change(cell)

    return all_cells


def without(*names: str) -> Callable[[NotebookNode], None]:
    """Return a change: cells deleted."""

    def change(notebook: NotebookNode) -> None:
        notebook.cells = [cell for cell in notebook.cells if cell.id not in names]

    return change


def no_tests(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not grader(cell).get("grade")]


def lose_ids(cell: NotebookNode) -> None:
    cell.pop("id", None)


def lose_metadata(cell: NotebookNode) -> None:
    cell.metadata = NotebookNode()


def vs_code(notebook: NotebookNode) -> None:
    """As older versions of VS Code save: new ids, own metadata."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{number:08x}"
        if cell.cell_type == "code":
            cell.metadata["vscode"] = {"languageId": "python"}
            cell.execution_count = number


def colab(notebook: NotebookNode) -> None:
    """As Google Colab saves: ids in the metadata, none of nbgrader's data."""
    notebook.nbformat_minor = 0
    notebook.metadata["colab"] = {"provenance": [], "gpuType": "T4"}
    notebook.metadata["accelerator"] = "GPU"
    for cell in notebook.cells:
        cell.metadata = NotebookNode(id=cell.pop("id"), colab={"base_uri": "x"})
        cell.source = cell.source.splitlines(keepends=True)


def colab_new_ids(notebook: NotebookNode) -> None:
    colab(notebook)
    for number, cell in enumerate(notebook.cells):
        cell.metadata["id"] = f"x{number}y"


def noisy_outputs(notebook: NotebookNode) -> None:
    """Warnings, prints, a plot and a widget, as a run leaves them."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                new_output("stream", name="stderr", text="UserWarning: deprecated\n"),
                new_output("stream", name="stdout", text="epoch 1\n" * 1000),
                new_output("display_data", data={"image/png": "iVBORw0KGgo="}),
                new_output(
                    "display_data",
                    data={
                        "application/vnd.jupyter.widget-view+json": {"model_id": "1"}
                    },
                ),
            ]
    notebook.metadata["widgets"] = {"application/json": {"state": {}}}


def format_3(notebook: NotebookNode) -> Files:
    """As IPython 2 saved."""
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            **(
                {
                    "input": cell.source.splitlines(keepends=True),
                    "language": "python",
                    "outputs": [],
                    "collapsed": False,
                }
                if cell.cell_type == "code"
                else {"source": cell.source.splitlines(keepends=True)}
            ),
        }
        for cell in notebook.cells
    ]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"metadata": {}, "cells": cells}],
    }
    return {FILE: json.dumps(old).encode()}


def relabel(notebook: NotebookNode) -> None:
    """Change what nbgrader's data say: points, kinds, locks."""
    for cell in notebook.cells:
        if about := grader(cell):
            about.update(grade=True, solution=True, points=1000, locked=False)


def swap_names(notebook: NotebookNode) -> None:
    first, second = (
        cell_with_id(notebook, "autoencoder"),
        cell_with_id(notebook, "shapes"),
    )
    for cell in (first, second):
        cell.id = f"new-{cell.id}"
    first.metadata, second.metadata = second.metadata, first.metadata


def move_to_end(notebook: NotebookNode) -> None:
    notebook.cells.append(notebook.cells.pop(place(notebook, "autoencoder")))


def reverse(notebook: NotebookNode) -> None:
    notebook.cells.reverse()


def copy_below(text: str, far: bool = False) -> Callable[[NotebookNode], None]:
    """Return a change: a copy of the solution cell with another text."""

    def change(notebook: NotebookNode) -> None:
        at = place(notebook, "autoencoder")
        copy = deepcopy(notebook.cells[at])
        copy.update(id="copy", source=text)
        notebook.cells.insert(len(notebook.cells) if far else at + 1, copy)

    return change


def retype(kind: str, fence: bool) -> Callable[[NotebookNode], None]:
    """Return a change: the solution cell is of another type."""

    def change(notebook: NotebookNode) -> None:
        cell = cell_with_id(notebook, "autoencoder")
        cell.cell_type = kind
        cell.pop("outputs")
        cell.pop("execution_count")
        if fence:
            cell.source = f"```python\n{cell.source}\n```"

    return change


HELPER = """def stack(h, sizes):
    for units in sizes:
        h = layers.Dense(units, activation="relu")(h)
    return h"""
LOOPS = re.compile(
    r"    for units in (.*):\n        (\w) = layers.Dense\(units.*\)\(\2\)\n"
)
WITH_HELPER = LOOPS.sub(r"    \2 = stack(\2, \1)\n", RIGHT["autoencoder"])
WITH_CONSTANT = RIGHT["autoencoder"].replace('activation="relu"', "**OPTIONS")
USES_MATH = RIGHT["autoencoder"].replace(
    "    x = keras", "    latent_dims = max(latent_dims, math.floor(0))\n    x = keras"
)
LONG_RUN = "import time\n\ntime.sleep(100_000)\nencoder, decoder, auto = 1, 2, 3"

SETUP = next(c.source for c in source(NAME, "release").cells if c.id == "setup")
NEW_CELL = several(
    write("autoencoder", STUB), insert("autoencoder", RIGHT["autoencoder"], after=True)
)
NEST = 200_000

ODD = [
    # formats
    changed("nothing odd", lambda notebook: None),
    recoded("a byte order mark", lambda content: b"\xef\xbb\xbf" + content),
    recoded("CRLF line ends", lambda content: content.replace(b"\n", b"\r\n")),
    changed(
        "CRLF inside cells",
        each_cell(lambda cell: cell.update(source=cell.source.replace("\n", "\r\n"))),
    ),
    recoded("UTF-16", lambda content: content.decode().encode("utf-16"), "UTF-16"),
    recoded(
        "UTF-16 without a mark",
        lambda content: content.decode().encode("utf-16-le"),
        "UTF-16",
    ),
    recoded(
        "Latin-1",
        lambda content: content.replace("→".encode(), b"\xe9"),
        "Latin-1",
    ),
    Odd("nbformat 3", format_3, "old notebook format 3"),
    changed("no version", lambda notebook: notebook.pop("nbformat")),
    recoded("one long line", lambda c: json.dumps(json.loads(c)).encode()),
    recoded("zeros at the end, from a bad disk", lambda content: content + b"\0" * 99),
    recoded("text after the end", lambda content: content + b"}]", "after the"),
    changed("warnings, prints, plots and widgets in outputs", noisy_outputs),
    changed(
        "half a surrogate pair in a comment",
        write("answer_1", f"{RIGHT['answer_1']}  # \\ud83d"),
    ),
    # names and places
    Odd("renamed", lambda n: {"vanilla (1).ipynb": written(n)}, "name was"),
    Odd("as text", lambda n: {"vanilla.ipynb.txt": written(n)}, "name was"),
    Odd("in capitals", lambda n: {"VANILLA.IPYNB": written(n)}, "name was"),
    Odd(
        "in a folder", lambda n: {"vanilla/vanilla.ipynb": written(n)}, "in the folder"
    ),
    Odd(
        "zipped on a Mac",
        lambda n: {
            FILE: written(n),
            "__MACOSX/._vanilla.ipynb": b"\0\5\26\7",
            "._vanilla.ipynb": b"\0\5\26\7",
            ".ipynb_checkpoints/vanilla-checkpoint.ipynb": b"{}",
            ".DS_Store": b"\0",
        },
    ),
    Odd(
        "the work in a copy, the original untouched",
        lambda n: {
            FILE: written(source(NAME, "release")),
            "vanilla-Copy1.ipynb": written(n),
        },
        "2 notebooks",
    ),
    Odd(
        "an old draft next to it",
        lambda n: {
            FILE: written(n),
            "draft.ipynb": written(source(NAME, "release")),
        },
        "2 notebooks",
    ),
    Odd(
        "a damaged file next to a good one",
        lambda n: {FILE: written(n)[:500], "vanilla (1).ipynb": written(n)},
        "2 notebooks",
    ),
    Odd(
        "other files next to it",
        lambda n: {FILE: written(n), "notes.pdf": b"%PDF", "data/x.csv": b"1,2"},
    ),
    Odd(
        "a time that is none",
        lambda n: {FILE: written(n), "timestamp.txt": b"yesterday"},
        "timestamp",
    ),
    # editors
    changed("VS Code", vs_code),
    changed("Colab", colab, "lost nbgrader's data"),
    changed("Colab, other ids", colab_new_ids, "by what it defines"),
    changed("ids lost", each_cell(lose_ids)),
    changed("nbgrader's data lost", each_cell(lose_metadata), "lost nbgrader's data"),
    changed(
        "both lost",
        several(each_cell(lose_ids), each_cell(lose_metadata)),
        "by what it defines",
    ),
    changed("nbgrader's data changed", relabel, "without effect"),
    changed(
        "grade id changed",
        lambda n: cell_with_id(n, "autoencoder").metadata.nbgrader.update(
            grade_id="mine"
        ),
        "lost nbgrader's data",
    ),
    changed("grade ids swapped", swap_names, "by what it defines"),
    # cells
    changed("all cells in reverse", reverse),
    changed(
        "all tests deleted",
        no_tests,
        "Missing tests, which ran all the same: shapes, encoder_layers, code_is_relu "
        "and 10 more.",
    ),
    changed("one test deleted", without("shapes"), "Missing tests"),
    changed("a test emptied", write("shapes", "pass"), "Changed tests"),
    changed("solution moved to the end", move_to_end),
    changed("solution copied", copy_below(RIGHT["autoencoder"]), "more than once"),
    changed("stub copied below the solution", copy_below(STUB), "more than once"),
    changed(
        "a broken copy at the end",
        copy_below("def autoencoder(: oops", far=True),
        "more than once",
    ),
    changed("solution retyped to raw", retype("raw", False), "of type raw"),
    changed("solution retyped to text", retype("markdown", True), "of type markdown"),
    changed("solution in a new cell below the stub", NEW_CELL, "by what it defines"),
    changed(
        "solution in a new cell, the stub deleted",
        several(NEW_CELL, without("autoencoder")),
        "by what it defines",
    ),
    changed(
        "solution in a new cell above the stub",
        several(
            write("autoencoder", STUB), insert("autoencoder", RIGHT["autoencoder"])
        ),
        "by what it defines",
    ),
    changed(
        "solution at the very end, below the stub",
        several(
            write("autoencoder", STUB),
            insert("progress", RIGHT["autoencoder"], after=True),
        ),
        "by what it defines",
    ),
    changed(
        "split: own function in a cell above",
        several(write("autoencoder", WITH_HELPER), insert("autoencoder", HELPER)),
        "1 cell that",
    ),
    changed(
        "split: own function in a cell below",
        several(
            write("autoencoder", WITH_HELPER),
            insert("autoencoder", HELPER, after=True),
        ),
        "1 cell that",
    ),
    changed(
        "split by JupyterLab, both parts with nbgrader's data",
        several(copy_below(WITH_HELPER), write("autoencoder", HELPER)),
        "more than once",
    ),
    changed(
        "own function in a cell after the tests",
        several(write("autoencoder", WITH_HELPER), insert("train", HELPER)),
        "1 cell that",
    ),
    changed(
        "values and changes of them in cells of their own",
        several(
            write("autoencoder", WITH_CONSTANT),
            insert("autoencoder", "OPTIONS = {}"),
            insert("autoencoder", 'OPTIONS["activation"] = "relu"'),
        ),
        "2 cells that",
    ),
    changed(
        "an import in the set-up cell",
        several(
            write("autoencoder", USES_MATH),
            write("setup", f"%matplotlib inline\nimport math\n{SETUP}"),
        ),
        "1 cell that",
    ),
    changed(
        "a star import in a cell of its own",
        several(
            write("autoencoder", USES_MATH),
            insert("contract", "from math import *\nimport math"),
        ),
        "1 cell that",
    ),
    changed(
        "a cell that installs packages",
        insert("setup", "!pip install keras tensorflow\n%pip install numpy"),
    ),
    changed("a long run before the tests", insert("autoencoder", LONG_RUN, after=True)),
    changed("a long run in the training cell", write("training", LONG_RUN)),
    changed(
        "an experiment after the tests that spoils names",
        insert("train", "layers = keras = None"),
    ),
    changed("prints and plots in cells of their own", insert("train", "print(1)")),
    changed("no text cells", without("card", "contract", "checks", "train")),
    changed(
        "own text cells",
        lambda n: n.cells.insert(3, new_markdown_cell("# my plan\n`def autoencoder`")),
    ),
    changed(
        "one answer deleted", without("answer_1"), "answer_1 is missing", ("answer_1",)
    ),
    replace(
        changed(
            "one answer no Python",
            write("answer_1", "answer_1 = a and c, I think"),
            "answer_1 is not defined: the cell answer_1 breaks off with SyntaxError",
            ("answer_1",),
        ),
        when_run=True,
    ),
    changed(
        "never started",
        lambda n: n.update(source(NAME, "release")),
        "nothing was written",
        tuple(RIGHT),
    ),
    # what cannot be run
    refused("an empty file", "empty file", vanilla__ipynb=b""),
    refused("blanks alone", "empty file", vanilla__ipynb=b" \n\t"),
    refused("no file", "no file"),
    refused("a PDF", "no notebook, but work.pdf", work__pdf=b"%PDF-1.7"),
    refused("text", "not JSON", vanilla__ipynb=b"here is my work"),
    refused("random bytes", "not JSON", vanilla__ipynb=bytes(range(128, 256)) * 9),
    refused("JSON, no notebook", "no notebook", vanilla__ipynb=b"[1, 2]"),
    refused("no cells", "no cells", vanilla__ipynb=b'{"cells": [], "nbformat": 4}'),
    refused(
        "cells that are none",
        "none of the cells",
        vanilla__ipynb=b'{"cells": [null, 1, {}, {"source": 5}], "nbformat": 4}',
    ),
    refused("nesting", "levels deep", vanilla__ipynb=b"[" * NEST + b"]" * NEST),
    refused(
        "a million lists", "300,000 values", vanilla__ipynb=b"[" + b"[]," * 1_000_001
    ),
    refused(
        "a huge number", "no cells", vanilla__ipynb=b'{"cells":' + b"9" * 9_999 + b"}"
    ),
    refused("too large", "larger than", vanilla__ipynb=b'{"' + b"a" * 20_000_001),
    refused("a link", "is a link", vanilla__ipynb=Link("/etc/passwd")),
    refused("a link to nothing", "is a link", vanilla__ipynb=Link("nowhere")),
    refused("a pipe", "is not a file", vanilla__ipynb=Pipe()),
    refused(
        "old and damaged",
        "old format",
        vanilla__ipynb=b'{"worksheets": 5, "nbformat": 3}',
    ),
    Odd(
        "truncated",
        lambda n: {FILE: written(n)[:-3000]},
        "breaks off before its end",
        refused=True,
    ),
    Odd(
        "a git conflict",
        lambda n: {FILE: written(n).replace(b' "cells"', b'<<<<<<< HEAD\n "cells"', 1)},
        "git conflict",
        refused=True,
    ),
    Odd(
        "another notebook",
        lambda n: {FILE: (ROOT / "notebooks/00_start_here.ipynb").read_bytes()},
        "none of the cells",
        refused=True,
    ),
]
