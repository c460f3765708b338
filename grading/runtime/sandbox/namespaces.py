"""Namespaces, mounts and privileges of Linux, by its own system calls."""

import ctypes
import os
import platform
import struct
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC = 2, 4, 8, 0x1000, 0x4000
MS_PRIVATE, MNT_DETACH = 0x40000, 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS = 38
SYS_MOUNT_SETATTR = 442
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(platform.machine(), -1)
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}.get(platform.machine(), -1)
SYS_CAPSET = {"x86_64": 126, "aarch64": 91}.get(platform.machine(), -1)
CAPABILITIES_V3 = 0x20080522


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Enter new namespaces of these kinds."""
    _checked(_libc().unshare(flags), "unshare")


def prctl(option: int, value: int) -> None:
    """Set a property of this process."""
    _checked(_libc().prctl(option, value, 0, 0, 0), f"prctl {option}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount ``source`` at ``target``."""
    result = _libc().mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _checked(result, f"mount {target}")


def restrict(target: str, attributes: int, flags: int = AT_RECURSIVE) -> None:
    """Set mount attributes at ``target``, on everything below it too."""
    request = struct.pack("<QQQQ", attributes, 0, 0, 0)
    result = _libc().syscall(
        SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(target), flags, request, len(request)
    )
    _checked(result, f"mount_setattr {target}")


def drop_capabilities() -> None:
    """Give up all privileges inside the namespaces, for good."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        prctl(PR_CAPBSET_DROP, capability)
    header = struct.pack("<Ii", CAPABILITIES_V3, 0)
    _checked(_libc().syscall(SYS_CAPSET, header, bytes(24)), "capset")
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def map_user(inside: int, outside: tuple[int, int]) -> None:
    """Enter a user namespace where user and group have the id ``inside``."""
    unshare(CLONE_NEWUSER)
    # A process that changed its user owns its files in /proc only when it says so.
    prctl(PR_SET_DUMPABLE, 1)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{inside} {outside[1]} 1")
    Path("/proc/self/uid_map").write_text(f"{inside} {outside[0]} 1")


def pivot_root() -> None:
    """Make the current folder the root, and let go of the old one."""
    _checked(_libc().syscall(SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
    _checked(_libc().umount2(b".", MNT_DETACH), "umount")


def leave_keyring() -> None:
    """Get an empty keyring; a kernel without keyrings has none to hide."""
    _libc().syscall(SYS_KEYCTL, 1, None)


def is_mapped(user: int) -> bool:
    """Return whether this user namespace, a container's perhaps, has such a user."""
    spans = [
        [int(number) for number in row.split()]
        for row in Path("/proc/self/uid_map").read_text().splitlines()
    ]
    return any(first <= user < first + many for first, _, many in spans)
