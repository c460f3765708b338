"""Starts the command ``course``, also as ``python -m grading``."""

import sys


def main() -> None:
    """Run the command."""
    # jsonschema, which nbformat needs, imports rfc3987_syntax where it is installed: a
    # third of the time to start, for a format that notebooks do not use.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from grading.cli import main

    main()


if __name__ == "__main__":
    main()
