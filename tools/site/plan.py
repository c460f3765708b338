"""Which file of the course becomes which page of the site."""

from pathlib import Path

from helpers.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]


class SiteError(CourseError):
    """A page that cannot be made of what it is to be made of."""


def _each(pattern: str, folder: str) -> dict[str, str]:
    """Return the page, in a folder, of each file that a pattern matches."""
    return {
        path.relative_to(ROOT).as_posix(): f"{folder}/{path.name}"
        for path in sorted(ROOT.glob(pattern))
    }


LESSONS = _each("notebooks/[0-9][0-9]_*.ipynb", "lessons")
ASSIGNMENTS = _each("release/*/*.ipynb", "assignments")
GUIDES = _each("teaching/[0-9][0-9].md", "teaching")
TEXTS = {
    "site/index.md": "index.md",
    "site/lessons.md": "lessons/index.md",
    "site/assignments.md": "assignments/index.md",
    "notebooks/glossary.md": "glossary.md",
    "teaching/README.md": "teaching/index.md",
    "grading/README.md": "grading.md",
    "grading/SECURITY.md": "security.md",
    "COVERAGE.md": "coverage.md",
    "CLAIMS.md": "claims.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    ".github/SUPPORT.md": "support.md",
    ".github/SECURITY.md": "report.md",
    ".github/CODE_OF_CONDUCT.md": "conduct.md",
    "site/library.md": "library.md",
    "site/commands.md": "commands.md",
    **GUIDES,
}
PAGES = {**LESSONS, **ASSIGNMENTS, **TEXTS}
ALIASES = {"README.md": "index.md", "helpers/plots/__init__.py": "library.md"}
"""Files whose text stands on another file's page."""
WHOLE = {"playground/playground.html": "playground.html"}
"""Files that are pages already. Where another command has made one, the site takes it
along, and a text between ``<!-- if FILE:`` and ``-->`` may lead there."""
