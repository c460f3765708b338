"""Generate ``release/`` from ``solutions/`` with nbgrader: ``make release``."""

import sys

from samples.course import assignments, nbgrader


def main() -> None:
    """Generate the assignments named on the command line; all, if none is."""
    for name in sys.argv[1:] or assignments():
        # Without the gradebook, which holds marks: students get nothing from it.
        nbgrader("generate_assignment", name, "--force", "--no-db")
        print(f"release/{name}")


if __name__ == "__main__":
    main()
