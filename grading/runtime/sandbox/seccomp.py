"""System calls that student code may not make: a filter in the kernel of Linux.

Namespaces decide what a process sees. The filter makes what they leave smaller: calls
that make memory outside of every limit, that look into other processes, that change
mounts and namespaces, and large parts of Linux that no assignment needs and in which
most holes were found.

Import this before a sandbox is made: to find libseccomp, a program is run.
"""

import errno

try:
    import pyseccomp
except (ImportError, RuntimeError, OSError):  # also where libseccomp is missing
    pyseccomp = None

MISSING = (
    "libseccomp is missing. Install it, with `apt install libseccomp2` on Debian and "
    "Ubuntu, and the packages of requirements.lock"
)
REFUSED = (
    # memory that belongs to no process and counts for none
    "memfd_create",
    "memfd_secret",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    # other processes
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    # namespaces and mounts
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "name_to_handle_at",
    "open_by_handle_at",
    # parts of Linux that no assignment needs
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "fanotify_init",
    "init_module",
    "finit_module",
    "kexec_load",
    "quotactl",
    "acct",
)


def refuse() -> None:
    """Refuse these calls to this process and to all that it will start, for good.

    Calls of another architecture, such as 32-bit ones, are refused as well.

    Raises:
        OSError: libseccomp is missing or does not know a call, or Linux has no filters.
    """
    if pyseccomp is None:
        raise OSError(MISSING)
    refused = pyseccomp.ERRNO(errno.EPERM)
    filter_ = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    filter_.set_attr(pyseccomp.Attr.ACT_BADARCH, refused)
    # With speculation as it is elsewhere: without, arithmetic would be slower.
    filter_.set_attr(pyseccomp.Attr.CTL_SSB, 1)
    for name in REFUSED:
        filter_.add_rule_exactly(refused, name)
    filter_.load()
