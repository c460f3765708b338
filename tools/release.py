"""Generate ``release/`` from ``solutions/`` with nbgrader: ``make release``.

The assignments are entered in the gradebook too. Those that it holds submissions of
stay as they are in it.
"""

import sys

from grading.course import Course
from grading.gradebook import entries
from samples.course import ROOT


def main() -> None:
    """Generate the assignments named on the command line; all, if none is."""
    course = Course.load(ROOT)
    names = sys.argv[1:] or entries.names(course)
    kept = entries.generate(course, *names)
    for name in names:
        print(f"release/{name}")
    for name in kept:
        print(f"{name}: the gradebook holds submissions; there it stays as it was")


if __name__ == "__main__":
    main()
