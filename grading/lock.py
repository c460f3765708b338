"""One grader at a time."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from helpers.errors import CourseError


class HeldError(CourseError):
    """Another grader is at work in this course folder."""


def share(*paths: Path) -> None:
    """Let the group of files and folders write them; who does not own one cannot."""
    for path in paths:
        mode = path.stat().st_mode
        more = 0o2070 if path.is_dir() else 0o060
        with suppress(PermissionError):
            if mode & more != more:
                path.chmod(mode | more)


@contextmanager
def lock(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock file ``path`` during the block.

    The lock ends with the process, however that ends; the file stays.

    Args:
        path: the file.
        shared: whether other accounts of the file's group may hold it at other times.

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
        if shared:
            share(path.parent, path)
        yield
