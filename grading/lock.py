"""One grader at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from helpers.errors import CourseError


class HeldError(CourseError):
    """Another grader is at work in this course folder."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` during the block.

    The lock ends with the process, however that ends; the file stays.

    Raises:
        HeldError: somebody else holds it; the message says who, and since when.
    """
    import fcntl  # Windows, where `course export` works, has none

    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(300).strip() or "an unknown process"
            raise HeldError(
                f"Another grader is at work here: {holder}. "
                "Wait until it has finished, or stop it."
            ) from None
        now = datetime.now().isoformat(" ", "seconds")
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now}\n")
        file.flush()
        yield
