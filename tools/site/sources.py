"""The sources that Sphinx builds the site from, made from the files of the course."""

import re
from pathlib import Path

import nbformat

from tools.site.lesson import prepare
from tools.site.links import rewrite
from tools.site.plan import PAGES, ROOT, WHOLE, SiteError

ONLY_IF = re.compile(r"<!-- if (\S+): (.*?) -->\n*", re.DOTALL)
SECTION = re.compile(r"<!-- (\S+): (.+?) -->")


class Sources:
    """The folder of the site's sources; what stays the same is not written again.

    Attributes:
        folder: for what Sphinx reads.
        extra: for what it copies as it is.
    """

    def __init__(self, build: Path) -> None:
        self.folder = build / "source"
        self.extra = build / "extra"
        self._written: set[Path] = set()

    def write(self) -> None:
        """Write the sources of all pages, and remove those of pages that are gone."""
        for file, page in PAGES.items():
            if file.endswith(".ipynb"):
                self._notebook(file, page)
            else:
                self._text(file, page)
        for file, page in WHOLE.items():
            if (ROOT / file).is_file():
                self._put(self.extra / page, (ROOT / file).read_bytes())
        for path in (*self.folder.rglob("*"), *self.extra.rglob("*")):
            if path.is_file() and path not in self._written:
                path.unlink()

    def _notebook(self, file: str, page: str) -> None:
        def picture(name: str, content: bytes) -> str:
            self._put(self.extra / "figures" / name, content)
            return f"../figures/{name}"

        notebook = prepare(ROOT / file, picture)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = rewrite(cell.source, file, page, self._copy)
        self._put(self.folder / page, nbformat.writes(notebook).encode())

    def _text(self, file: str, page: str) -> None:
        def section(match: re.Match[str]) -> str:
            path, heading = match.groups()
            return rewrite(_section(path, heading), path, page, self._copy)

        def where_there(match: re.Match[str]) -> str:
            path, words = match.groups()
            return f"{words}\n" if (ROOT / path).is_file() else ""

        text = ONLY_IF.sub(where_there, (ROOT / file).read_text("utf-8"))
        text = rewrite(text, file, page, self._copy)
        self._put(self.folder / page, SECTION.sub(section, text).encode())

    def _copy(self, path: str) -> None:
        """Take a file along that a page shows or links to."""
        self._put(self.folder / "files" / path, (ROOT / path).read_bytes())

    def _put(self, path: Path, content: bytes) -> None:
        self._written.add(path)
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _section(path: str, heading: str) -> str:
    """Return what stands under a heading of a text file of the course."""
    text = (ROOT / path).read_text("utf-8")
    _, heading_line, rest = f"\n{text}".partition(f"\n## {heading}\n")
    if not heading_line:
        raise SiteError(f"{path} has no section {heading!r}.")
    return rest.partition("\n## ")[0].strip()
