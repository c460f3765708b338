"""System calls that student code may not make: a filter in the kernel of Linux.

Namespaces decide what a process sees. The filter makes what they leave smaller: calls
that make memory outside of every limit, that look into other processes, that change
mounts and namespaces, and large parts of Linux that no assignment needs and in which
most holes were found.
"""

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple


class Machine(NamedTuple):
    """A processor's name in filters, and the number of the call ``seccomp``."""

    audit: int
    seccomp: int
    column: int


MACHINES = {
    "x86_64": Machine(audit=0xC000003E, seccomp=317, column=0),
    "aarch64": Machine(audit=0xC00000B7, seccomp=277, column=1),
}
# The numbers of linux/unistd.h: on x86_64, and on aarch64.
REFUSED = {
    # memory that belongs to no process and counts for none
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # parts of Linux that no assignment needs
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "quotactl": (179, 60),
    "acct": (163, 89),
}

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE = 0, 4  # where they stand in what a filter is given
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
# On x86_64, numbers from here on mean the same calls in another form.
OTHER_FORM = 0x40000000
SET_FILTER, KEEP_SPECULATION = 1, 4


def program(machine: Machine) -> list[tuple[int, int, int, int]]:
    """Return the filter: code, steps if true, steps if not, and a number, in turn.

    Calls of another architecture, such as 32-bit ones, are refused as well.
    """
    numbers = sorted(both[machine.column] for both in REFUSED.values())
    tests = [(AT_LEAST, OTHER_FORM), *((EQUAL, number) for number in numbers)]
    allow = len(tests)
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 0, allow + 2, machine.audit),
        (LOAD, 0, 0, NUMBER),
        *((code, allow - at, 0, number) for at, (code, number) in enumerate(tests)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]


def refuse() -> None:
    """Refuse these calls to this process and to all that it will start, for good.

    The process must have given up the right to new privileges before.

    Raises:
        OSError: Linux, or this kind of processor, has no such filter.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(f"no filter of system calls for {platform.machine()}")
    steps = program(machine)
    filter_ = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *step) for step in steps)
    )
    about = struct.pack("HP", len(steps), ctypes.addressof(filter_))
    libc = ctypes.CDLL(None, use_errno=True)
    # With speculation as it is elsewhere: without, arithmetic would be slower.
    if libc.syscall(machine.seccomp, SET_FILTER, KEEP_SPECULATION, about) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
