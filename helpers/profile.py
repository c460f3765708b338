"""How much to compute: ``COURSE_PROFILE=full`` (default) or ``quick``.

``full`` is what a student runs. ``quick`` runs every line of every lesson on fewer
images and epochs, so that a lesson can be validated in seconds. Where a lesson trains
many models, it makes no graphs for them in ``quick``: a graph takes longer to make than
a few steps without one.
"""

import os
from typing import TypeVar

T = TypeVar("T")

PROFILE = os.environ.get("COURSE_PROFILE") or "full"
if PROFILE not in ("full", "quick"):
    raise ValueError(
        f"COURSE_PROFILE is {PROFILE!r}. Set it to 'full' or 'quick', or unset it."
    )
QUICK = PROFILE == "quick"


def pick(*, full: T, quick: T) -> T:
    """Return the value of the active profile.

    >>> pick(full=1, quick=1)
    1
    """
    return quick if QUICK else full
