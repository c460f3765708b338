"""What a sandbox sees of the file system: what Python needs, and one private folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from grading.runtime.sandbox import namespaces
from grading.runtime.sandbox.namespaces import mount, restrict

HOME = "/tmp/home"
INSIDE = 1000
"""User and group id inside."""

# Not /dev/zero: mapped, it is memory that belongs to no process.
DEVICES = ("null", "full", "random", "urandom")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
)


def environment_folders() -> list[str]:
    """Return the folders that Python and the checks need, and nothing above them."""
    import helpers

    packages = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    checks = str(Path(helpers.__file__).parent)
    folders = [sys.base_prefix, sys.prefix, *packages, checks]
    topmost: list[str] = []
    for folder in map(os.path.abspath, folders):
        if not any(Path(folder).is_relative_to(other) for other in ("/usr", *topmost)):
            topmost.append(folder)
    return topmost


def make_view(folders: Sequence[str], user: tuple[int, int], size_mb: int) -> None:
    """Replace the root folder by a view: Python, system libraries, devices, and /tmp.

    Must run as the first process of a pid namespace, in a mount namespace of its own.

    Args:
        folders: what to show besides the system's own, read-only.
        user: user and group that own the private folders.
        size_mb: what the private folder /tmp, in memory, holds at most.
    """
    mount("none", "/", "", namespaces.MS_REC | namespaces.MS_PRIVATE)
    # Opened now, because the new root hides what lies below /tmp.
    sources = {
        path: os.open(path, os.O_PATH)
        for path in (*folders, *SYSTEM, *SETTINGS, *(f"/dev/{d}" for d in DEVICES))
        if os.path.exists(path) and not os.path.islink(path)
    }
    links = {path: os.readlink(path) for path in SYSTEM if os.path.islink(path)}
    _mount_memory("/tmp", "size=1m,mode=755")
    os.chdir("/tmp")
    # The private folder first: the environment itself may lie below /tmp.
    os.mkdir("tmp")
    uid, gid = user
    _mount_memory(
        "tmp", f"size={size_mb}m,nr_inodes=20000,mode=700,uid={uid},gid={gid}"
    )
    for path, descriptor in sources.items():
        _show(path, descriptor)
    for path, target in links.items():
        os.symlink(target, path[1:])
    _make_system_folders(user)
    namespaces.pivot_root()
    os.chdir("/")
    restrict("/", namespaces.MOUNT_ATTR_RDONLY, 0)


def _mount_memory(target: str, options: str) -> None:
    flags = namespaces.MS_NOSUID | namespaces.MS_NODEV
    mount("none", target, "tmpfs", flags, options)


def _show(path: str, descriptor: int) -> None:
    """Mount what was opened at ``path`` below the current folder, read-only."""
    here = path[1:]
    opened = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(opened):
        os.makedirs(here, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(here), exist_ok=True)
        Path(here).touch()
    mount(opened, here, "", namespaces.MS_BIND | namespaces.MS_REC)
    attributes = namespaces.MOUNT_ATTR_RDONLY | namespaces.MOUNT_ATTR_NOSUID
    if not path.startswith("/dev/"):
        attributes |= namespaces.MOUNT_ATTR_NODEV
    restrict(here, attributes)
    os.close(descriptor)


def _make_system_folders(user: tuple[int, int]) -> None:
    """Make /proc, /dev/shm, the names of open files, /etc and the private folders."""
    for folder in ("proc", "dev/shm"):
        os.makedirs(folder, exist_ok=True)
    for name, target in (
        ("fd", ""),
        ("stdin", "/0"),
        ("stdout", "/1"),
        ("stderr", "/2"),
    ):
        os.symlink(f"/proc/self/fd{target}", f"dev/{name}")
    Path("etc/passwd").write_text(f"student:x:{INSIDE}:{INSIDE}::{HOME}:/bin/sh\n")
    Path("etc/group").write_text(f"student:x:{INSIDE}:\n")
    flags = namespaces.MS_NOSUID | namespaces.MS_NODEV | namespaces.MS_NOEXEC
    mount("proc", "proc", "proc", flags)
    for folder in ("tmp/home", "tmp/shm"):
        os.mkdir(folder, 0o700)
        os.chown(folder, *user)
    mount("tmp/shm", "dev/shm", "", namespaces.MS_BIND)
