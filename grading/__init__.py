"""Grades a class fast and safely; nbgrader keeps notebooks, gradebook and feedback."""

import sys

# What reads notebooks imports this where it is installed, for a format that notebooks
# do not use: more than a second.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
