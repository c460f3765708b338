"""What lies in a student's folder: regular files within limits; no link is followed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from grading.submission.read_notebook import MAX_BYTES, UnreadableError

MAX_FILES = 1_000
MAX_FOLDER_DEPTH = 4
LEFT_OUT = {".ipynb_checkpoints", "__MACOSX"}


def files(folder: Path) -> Iterator[Path]:
    """Yield regular files and links, and what is neither, but not of hidden names.

    Raises:
        UnreadableError: there are too many.
        OSError: a folder cannot be read.
    """
    seen = 0
    folders = [folder]
    while folders:
        parent = folders.pop(0)
        names: list[str] = []
        inner: list[str] = []
        with os.scandir(parent) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_FILES:
                    raise UnreadableError(
                        f"The folder holds more than {MAX_FILES} files."
                    )
                is_folder = entry.is_dir(follow_symlinks=False)
                (inner if is_folder else names).append(entry.name)
        yield from (parent / name for name in sorted(names) if name[0] != ".")
        if len(parent.relative_to(folder).parts) < MAX_FOLDER_DEPTH:
            folders += [parent / name for name in sorted(set(inner) - LEFT_OUT)]


def is_there(path: Path) -> bool:
    """Return whether there is something of this name, be it a link to nothing.

    Raises:
        OSError: the folder that it is in cannot be read.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def content(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a regular file's content, at most one byte more than ``limit``.

    Raises:
        UnreadableError: it is a link, a pipe, a device.
        OSError: it cannot be read.
    """
    if path.is_symlink():
        raise UnreadableError(f"{path.name[:80]} is a link; links are not followed.")
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, name, 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnreadableError(f"{path.name[:80]} is not a file.")
        return file.read(limit + 1)
