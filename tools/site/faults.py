"""What is wrong with a built site: dead links and anchors, pictures without words."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"img": "src", "script": "src", "iframe": "src", "source": "src"}
"""Attributes by which a page loads something without being asked."""


class Page(HTMLParser):
    """What a page links to, loads and can be linked by.

    Attributes:
        ids: its anchors.
        links: addresses that it leads to.
        loads: addresses that it loads.
        wordless: sources of pictures without a description.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.wordless: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element means for the page."""
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(given["href"])
        if FETCHED.get(tag) in given:
            self.loads.append(given[FETCHED[tag]])
        if tag == "img" and not given.get("alt", "").strip():
            self.wordless.append(given.get("src", "")[:60])


def faults(site: Path) -> Iterator[str]:
    """Yield what is wrong with the pages in a folder, a sentence each."""
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, page in sorted(pages.items()):
        name = path.relative_to(site)
        for source in page.wordless:
            yield f"{name}: the picture {source} has no description"
        for address in page.loads:
            if urlsplit(address).scheme not in ("", "data"):
                yield f"{name}: loads {address} from elsewhere"
        for address in [*page.links, *page.loads]:
            if not _leads_somewhere(address, path, pages):
                yield f"{name}: {address} leads nowhere"


def _leads_somewhere(address: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Say whether an address on a page is one of the site, with its anchor."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].ids
