"""Files that somebody may hand in, made at random, and what it takes to read them.

``python -m samples.fuzzed_hand_ins 10000`` hands in so many and prints the worst.
"""

import gc
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from grading.course import Course
from grading.submission import assemble, intake
from grading.submission.assignment import Assignment
from samples.course import ROOT
from samples.odd_submissions import FILE, NAME, Files, Link, Pipe, hand_in, right

MAX_SECONDS = 1.0
MAX_MEGABYTES = 200.0
LARGEST = 21_000_000
"""More than the grader reads of one student."""

PART = 250

# What no console, page or table may show as it is: controls but tab and line end, marks
# that turn the direction of writing, line ends and signs without width, half pairs.
CONTROLS = "".join(
    chr(code)
    for first, last in (
        *((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x200E, 0x200F), (0x2028, 0x202E)),
        *((0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xD800, 0xD800), (0xDC80, 0xDCFF)),
    )
    for code in range(first, last + 1)
)
# What parsers and regular expressions stumble over, alone and many times in a row.
BAIT = [
    *"\n\r\t\f\v\0 ;:,.()[]{}'\"`\\%!?#@=*-~&a9é😀",
    *("\x1b[2J", "\u202e", "\u2028", "\ud800", "\x85", "\xa0", "\ufeff"),
    *("```", "```python\n", "\n```", '"""', "\\\n", "%%time\n", "!ls\n", "\n ", " \n"),
    *("import a.a", ".a", "a.a.", "def autoencoder", "autoencoder =", "class a:\n"),
    *(
        "lambda:",
        "x;",
        "f'{a}'",
        'f"""{',
        "a if b else ",
        "not ",
        "-",
        "0x",
        "1e",
        "**",
    ),
    *("def f():\n ", "for x in ", "b'a' ", "(a:=", "f(a=", "a[", "{a:", "await ", "<"),
]
JSON_BAIT = [
    *(b"[", b"]", b"{", b'{"', b'"', b'\\"', b"\\", b"[]", b"{}", b'{"a":0},', b"[[],"),
    *(
        b'"",',
        b'"a":',
        b"1,",
        b"9",
        b"1.5,",
        b"-",
        b"e9",
        b"\\u00e9",
        b"\\ud800",
        b"\\n",
    ),
    *(b"\xff", b"\0", b"\n", b" ", b"<<<<<<< ", b"null,", b"NaN,", b"\xef\xbb\xbf"),
    *("😀".encode(), b'"cells":[', b'{"cells":[{"source":"'),
]
MANY = 900_000
# Code that takes long, or much memory, to read.
LONG_CODE = {
    "line ends": "\n" * MANY,
    "open brackets and line ends": "a(\n" * (MANY // 3),
    "names with dots": "import a" + ".a" * (MANY // 2),
    "short names with dots": "import a" + ".a" * 9_000,
    "statements": "x;" * (MANY // 2),
    "fields of a format": 'f"' + "{a}" * (MANY // 3) + '"',
    "definitions": "autoencoder =\n" * (MANY // 14),
    "functions": "def f():\n"
    + "".join(f" a{i}=1;" for i in range(MANY // 20))
    + "lambda:0;" * (MANY // 20),
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"]
GRADE_IDS = ["autoencoder", "answer_1", "answer_2", "shapes", "nothing"]


def runs(pieces: list[Any], largest: int) -> st.SearchStrategy[Any]:
    """Return a strategy for pieces, each repeated, of ``largest`` signs at most."""
    sizes = [1] * 6 + [30] * 3 + [1_000] * 3 + [30_000] * 2 + [1_000_000, largest]
    size = st.sampled_from([size for size in sizes if size <= largest])
    run = st.tuples(st.sampled_from(pieces), size)

    def joined(several: list[tuple[Any, int]]) -> Any:
        left, parts = largest, []
        for piece, size in several:
            parts.append(piece * (min(size, left) // len(piece) or 1))
            left = max(0, left - size)
        return parts[0][:0].join(parts)

    return st.lists(run, min_size=1, max_size=6).map(joined)


def lines(text: str) -> list[str]:
    """Return the begin of a text as a list of lines, as Jupyter writes it."""
    return text[:100_000].splitlines(keepends=True)


def cells(largest: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for a cell as it may stand in a notebook."""
    text = runs(BAIT, max(1_000, largest // 10))
    grader = st.fixed_dictionaries(
        {"grade_id": st.sampled_from(GRADE_IDS)},
        optional={"points": st.just(9), "solution": st.booleans()},
    )
    nothing: list[Any] = [{}, [], None]
    about: st.SearchStrategy[Any] = grader | st.just("?")
    metadata = st.sampled_from(nothing) | st.fixed_dictionaries({"nbgrader": about})
    return st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(
                ["code", "code", "markdown", "raw", "\x1b", 1]
            ),
            "source": text | text.map(lines) | st.none(),
            "metadata": metadata,
        },
        optional={"id": st.sampled_from(GRADE_IDS), "input": text},
    )


@st.composite
def notebooks(draw: st.DrawFn, largest: int) -> bytes:
    """Return a strategy for a notebook's file: the right one, changed, or none."""
    if draw(st.integers(0, 3)) == 0:
        return bytes(draw(runs(JSON_BAIT, largest)))
    notebook: dict[str, Any] = json.loads(json.dumps(right()))
    several = draw(st.lists(cells(largest), max_size=4))
    left = largest
    for cell in several:
        if draw(st.booleans()):
            at = draw(st.integers(0, len(notebook["cells"]) - 1))
            notebook["cells"][at]["source"] = cell["source"]
        else:
            times = draw(st.sampled_from([1, 1, 1, 30, 1_000]))
            size = len(json.dumps(cell))
            many = max(1, min(times, left // size))
            notebook["cells"] += [cell] * many
            left = max(0, left - many * size)
    if draw(st.integers(0, 7)) == 0:
        sheet = {"cells": notebook.pop("cells")}
        notebook["worksheets"] = draw(st.sampled_from([[sheet], sheet, [sheet, 1]]))
        notebook["nbformat"] = draw(
            st.sampled_from([3, 2.5, "\x1b[2J", [], "a" * 9_999])
        )
    text = json.dumps(notebook, ensure_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(ENCODINGS))
    content = text.encode(encoding, "replace")
    cut = draw(st.sampled_from([1.0, 1.0, 1.0, 0.5]))
    return content[: min(largest + 100_000, int(cut * len(content)))]


def names() -> st.SearchStrategy[str]:
    """Return a strategy for names of files, as Linux allows them."""
    signs = st.sampled_from([*BAIT, "\udcff", "\u2066", "ä"])
    free = st.lists(signs, min_size=1, max_size=9).map("".join)
    end = st.sampled_from([".ipynb", ".ipynb.txt", ".IPYNB", ".json", ".txt", ""])
    odd = st.builds(lambda name, end: f"x{name}{end}", free, end).map(
        lambda name: name.replace("/", "").replace("\0", "").replace("\ud800", "\udc80")
    )
    return st.sampled_from([FILE, FILE, f"inner/{FILE}", "timestamp.txt"]) | odd


def hand_ins(largest: int = LARGEST) -> st.SearchStrategy[Files]:
    """Return a strategy for what a student's folder holds, small files and large."""
    sizes = [5_000] * 8 + [200_000, largest]
    return st.sampled_from([size for size in sizes if size <= largest]).flatmap(folders)


def folders(largest: int) -> st.SearchStrategy[Files]:
    """Return a strategy for the files of a folder, about so large at most."""
    time = runs([*map(str, range(10)), *"-: +TZ\n", "UTC", "9999-12-31"], 300)
    nothing: list[Any] = [b"", b"{}", Link("/etc/passwd"), Link("."), Pipe()]
    content: st.SearchStrategy[Any] = (
        notebooks(largest)
        | notebooks(largest)
        | time.map(str.encode)
        | st.sampled_from(nothing)
    )
    others = st.dictionaries(names(), content, max_size=3)

    def with_notebook(others: Files, notebook: bytes) -> Files:
        return {**others, FILE: notebook}

    return others | st.builds(with_notebook, others, notebooks(largest))


@dataclass
class Worst:
    """What the reading of files took.

    Attributes:
        cases: how many were handed in.
        refused: how many of them were refused.
        seconds: of processor time, with that of processes that were started, at most.
        megabytes: at most, beyond what was in use before.
    """

    cases: int = 0
    refused: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.cases:,} handed in, {self.refused:,} refused by name: "
            f"{self.seconds:.2f} s and {self.megabytes:.0f} MB at most."
        )


def fuzz(cases: int, largest: int = LARGEST, derandomize: bool = False) -> Worst:
    """Hand in files made at random, read them, and return what it took.

    Raises:
        AssertionError: a file took too long or too much memory to read, or what is
            said of it cannot be printed.
    """
    course, worst = _course(), Worst()
    first = 0 if derandomize else random.getrandbits(32)
    try:
        # Hypothesis keeps what it has made: in parts, it lets go of it.
        for part in range(0, cases, PART):
            _read_some(course, worst, min(PART, cases - part), largest, first + part)
            gc.collect()
    finally:
        shutil.rmtree(course.root)
    return worst


def _read_some(
    course: Course, worst: Worst, cases: int, largest: int, number: int
) -> None:
    """Hand in so many files, made from the seed ``number``.

    Raises:
        AssertionError: the first failure of ``read``. It is raised at the end, as
            Hypothesis would hand in the same files again: what took long may take less
            then.
    """
    assignment = Assignment.load(course, NAME)
    failures: list[AssertionError] = []

    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @seed(number)
    @given(hand_ins(largest))
    def read_all(files: Files) -> None:
        try:
            read(course, assignment, files, worst)
        except AssertionError as error:
            sizes = {name: _size(content) for name, content in files.items()}
            error.add_note(f"Files: {sizes}; seed {number}.")
            failures.append(error)

    read_all()
    if failures:
        raise failures[0]


def _size(content: Any) -> str:
    """Return how large a file is, or which other kind it is, for a message."""
    return f"{len(content):,} bytes" if isinstance(content, bytes) else repr(content)


def _course() -> Course:
    """Return a new course folder; its assignments are the project's."""
    folder = Path(tempfile.mkdtemp(prefix="fuzzed-"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "solutions").symlink_to(ROOT / "solutions")
    return Course.load(folder)


def read(course: Course, assignment: Assignment, files: Files, worst: Worst) -> None:
    """Hand in files and read them as the grader does; keep what it took.

    Raises:
        AssertionError: as ``fuzz``.
    """
    folder = course.path(course.submitted, "eve", NAME)
    shutil.rmtree(folder.parent, ignore_errors=True)
    hand_in(folder, files)
    submission, seconds, megabytes = measured(
        lambda: intake.receive(course, assignment, "eve")
    )
    worst.cases += 1
    worst.refused += submission.refused is not None
    worst.seconds = max(worst.seconds, seconds)
    worst.megabytes = max(worst.megabytes, megabytes)
    assert seconds <= MAX_SECONDS, f"{seconds:.2f} s"
    assert megabytes <= MAX_MEGABYTES, f"{megabytes:.0f} MB"
    assert submission.refused != ""
    for sentence in (submission.refused or "", *submission.notes):
        assert sentence.isprintable()
        sentence.encode()
    job = assemble.job(assignment, submission, "")
    if submission.refused is not None:
        assert "Not graded" in str(assemble.refusal(job, submission).messages)


def measured(function: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a function returns, seconds of processor time and megabytes."""
    before, used = _memory("VmRSS", reset=True), _processor_time()
    value = function()
    return value, _processor_time() - used, (_memory("VmHWM") - before) / 1024


def _processor_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _memory(name: str, reset: bool = False) -> int:
    """Return what Linux says of this process's memory, in KB."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")  # the peak is what is in use
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise OSError(os.strerror(2), name)


if __name__ == "__main__":
    print(fuzz(int(sys.argv[1])))
