"""Links between the course's files, turned into links between the site's pages."""

import os
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from tools.site.plan import ALIASES, PAGES, ROOT, SiteError

LINK = r"(?<=\]\()(?!\w+:)([^)\s#]*)(#[^)\s]*)?(?=\))"
CODE = r"^```.*?^```$|`[^`\n]+`"
LINK_OR_CODE = re.compile(f"{LINK}|{CODE}", re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    """Return the anchor of a heading, written in any of the ways that front ends do.

    >>> slug("What goes wrong: β, twice"), slug("What-goes-wrong:-β,-twice")
    ('what-goes-wrong-β-twice', 'what-goes-wrong-β-twice')
    """
    words = re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower())
    return re.sub(r"[\s-]+", "-", words).strip("-")


def rewrite(text: str, file: str, page: str, copy: Callable[[str], object]) -> str:
    """Return a Markdown text of a file of the course as one of a page of the site.

    Args:
        text: Markdown, whose links are relative to the file.
        file: where the text stands, from the course's folder.
        page: where the page will stand, from the site's.
        copy: is told each file that a link leads to and that is no page.

    Raises:
        SiteError: a link leads to no file.
    """

    def replaced(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]  # code, in which nothing is a link
        anchor = f"#{slug(match[2][1:])}" if match[2] else ""
        if not match[1]:
            return anchor  # a place on the same page
        path = os.path.normpath(PurePosixPath(file).parent / match[1])
        if path not in PAGES and not (ROOT / path).is_file() and path not in ALIASES:
            raise SiteError(f"{file} links to {match[1]}, which is not here.")
        target = ALIASES.get(path) or PAGES.get(path)
        if target is None:
            target = f"files/{path}"
            copy(path)
        return os.path.relpath(target, PurePosixPath(page).parent) + anchor

    return LINK_OR_CODE.sub(replaced, text)
