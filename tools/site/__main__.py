"""Build the course's site from the notebooks as they are stored, and open it."""

import argparse
import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

from tools.site.faults import faults
from tools.site.plan import ROOT
from tools.site.sources import Sources

BUILD = ROOT / "build/site"


def build(folder: Path = BUILD) -> Path:
    """Build the site in a folder; return its first page.

    Raises:
        SystemExit: Sphinx failed, or warned of something.
    """
    sources = Sources(folder)
    sources.write()
    html = folder / "html"
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--quiet"]
    command += ["--fail-on-warning", "--keep-going", "--jobs", "2"]
    command += ["--conf-dir", str(ROOT / "site"), "--doctree-dir", str(folder / "tree")]
    command += ["--define", f"html_extra_path={sources.extra}"]
    if subprocess.run([*command, str(sources.folder), str(html)]).returncode:
        sys.exit("Sphinx found what the lines above say; the site is not complete.")
    return html / "index.html"


def main() -> None:
    """Build the site, and open it in a browser unless told not to."""
    parser = argparse.ArgumentParser(prog="make site", description=__doc__)
    parser.add_argument("--no-open", action="store_true", help="only build it")
    options = parser.parse_args()
    begun = time.monotonic()
    first = build()
    pages = sum(1 for _ in first.parent.rglob("*.html"))
    print(f"{pages} pages in {time.monotonic() - begun:.0f} s: {first}")
    if wrong := list(faults(first.parent)):
        sys.exit("\n".join(wrong))
    if not (options.no_open or os.environ.get("CI")):
        webbrowser.open(first.as_uri())


if __name__ == "__main__":
    main()
