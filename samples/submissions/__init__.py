"""Known submissions of each assignment, right and wrong, and their marks."""

import importlib

from samples.submissions.submission import KnownSubmission

__all__ = ["KnownSubmission", "submissions"]


def submissions(name: str) -> list[KnownSubmission]:
    """Return the known submissions of an assignment."""
    module = importlib.import_module(f"samples.submissions.{name}")
    known: list[KnownSubmission] = module.SUBMISSIONS
    return known
