"""System calls that student code may make, by name: a filter in the kernel of Linux.

Namespaces decide what a process sees. The filter makes what they leave smaller: a call
that is not named here answers as if Linux did not have it (``ENOSYS``), so that
libraries fall back on another. Some calls are there for some arguments only: those that
would make namespaces, memory that counts for no process, other kinds of sockets, or a
session, which would have a share of the processor of its own.

Import this before a sandbox is made: to find libseccomp, a program is run.
"""

import errno
from collections.abc import Iterator, Sequence
from typing import Any

try:
    import pyseccomp
except (ImportError, RuntimeError, OSError):  # also where libseccomp is missing
    pyseccomp = None

MISSING = (
    "libseccomp is missing. Install it, with `apt install libseccomp2` on Debian and "
    "Ubuntu, and the packages of requirements.lock"
)

# Names that one of x86-64 and 64-bit ARM lacks are left out there.
NAMES = """
    # files
    open openat creat close close_range read write readv writev pread64 pwrite64 preadv
    pwritev preadv2 pwritev2 lseek stat fstat lstat newfstatat statx access faccessat
    faccessat2 readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir mkdirat
    rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod
    fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat
    utimensat truncate ftruncate fallocate fsync fdatasync flock umask statfs fstatfs
    fadvise64 getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr dup dup2 dup3
    pipe pipe2
    # memory
    munmap mprotect mremap madvise brk mincore msync membarrier
    # processes
    fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid
    getpgrp getpgid setpgid getsid getuid geteuid getgid getegid getresuid getresgid
    getgroups capget pidfd_open pidfd_send_signal kill tkill tgkill futex rseq
    set_tid_address set_robust_list get_robust_list arch_prctl restart_syscall getrlimit
    setrlimit prlimit64 getrusage times getpriority setpriority sched_yield
    sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler
    sched_get_priority_min sched_get_priority_max getcpu get_mempolicy
    # signals
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait
    rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack signalfd signalfd4 pause
    # time
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time alarm
    setitimer getitimer timer_create timer_settime timer_gettime timer_getoverrun
    timer_delete timerfd_create timerfd_settime timerfd_gettime
    # waiting
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait
    epoll_pwait epoll_pwait2 eventfd eventfd2
    # sockets
    bind listen accept accept4 connect getsockname getpeername sendto recvfrom sendmsg
    recvmsg sendmmsg recvmmsg shutdown getsockopt
    # machine
    uname sysinfo getrandom
"""
ALLOWED = [
    name
    for row in NAMES.splitlines()
    if not row.lstrip().startswith("#")
    for name in row.split()
]
"""Calls that are allowed whatever their arguments."""

NEW_NAMESPACES = 0x7E02_0000
MAP_KIND = 0x4002F  # how it is shared, anonymous, huge pages
FILE_SHARED, FILE_PRIVATE, FILE_VALIDATED, ANONYMOUS_PRIVATE = 1, 2, 3, 0x22
UNIX, INTERNET, INTERNET_6, NETLINK = 1, 2, 10, 16
TCP, UDP, ROUTES = 6, 17, 0
SOL_SOCKET, IPV6 = 1, 41
PLAIN_OPTIONS = (2, 6, 9, 13, 15, 16, 20, 21)  # reuse, broadcast, …, time limits
# Not F_SETPIPE_SZ, leases, seals, and locks of parts of files: Linux keeps any number
# of them, in memory of no process. Whole files can be locked, with flock.
FILE_COMMANDS = (*range(6), *range(8, 12), 15, 16, 36, 1030, 1032)
# Is it a terminal, its size and group; bytes to read, blocking, closing at exec.
DEVICE_COMMANDS = (0x5401, 0x5413, 0x540F, 0x541B, 0x5421, 0x5450, 0x5451)
# Names of threads and memory, signals to parents, dumps, capabilities, privileges.
PROPERTIES = (1, 2, 3, 4, 15, 16, 23, 38, 39, 41, 42, 0x53564D41)
POLICIES = (0, 3, 5)  # the usual one, batch and idle: TensorFlow sets the first

Condition = tuple[int, int, int]
"""Number of an argument, a mask, and what is left of the argument under it."""
WHOLE = 0xFFFF_FFFF
"""All of an argument that Linux reads as 32 bits; the rest it does not look at."""


def _equal(argument: int, *values: int) -> Iterator[list[Condition]]:
    for value in values:
        yield [(argument, WHOLE, value)]


def conditions() -> Iterator[tuple[str, Sequence[Condition]]]:
    """Yield calls that are allowed for some arguments, each with such arguments."""
    yield "clone", [(0, NEW_NAMESPACES, 0)]
    for kind in (FILE_SHARED, FILE_PRIVATE, FILE_VALIDATED, ANONYMOUS_PRIVATE):
        yield "mmap", [(3, MAP_KIND, kind)]
    yield "socket", [(0, WHOLE, UNIX)]
    for family in (INTERNET, INTERNET_6):
        for protocol in (0, TCP, UDP):
            yield "socket", [(0, WHOLE, family), (2, WHOLE, protocol)]
    yield "socket", [(0, WHOLE, NETLINK), (2, WHOLE, ROUTES)]
    yield "socketpair", [(0, WHOLE, UNIX)]
    for option in PLAIN_OPTIONS:
        yield "setsockopt", [(1, WHOLE, SOL_SOCKET), (2, WHOLE, option)]
    for level, option in ((TCP, 1), (IPV6, 26)):  # no delay; version 6 alone
        yield "setsockopt", [(1, WHOLE, level), (2, WHOLE, option)]
    for call, argument, values in (
        ("fcntl", 1, FILE_COMMANDS),
        ("ioctl", 1, DEVICE_COMMANDS),
        ("prctl", 0, PROPERTIES),
        ("sched_setscheduler", 1, POLICIES),
    ):
        for condition in _equal(argument, *values):
            yield call, condition


def refuse() -> None:
    """Refuse all other calls to this process and to all that it will start, for good.

    Calls of another architecture, such as 32-bit ones, are refused as well.

    Raises:
        OSError: libseccomp is missing, or Linux has no filters.
    """
    if pyseccomp is None:
        raise OSError(MISSING)
    filter_ = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    filter_.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.ERRNO(errno.EPERM))
    # With speculation as it is elsewhere: without, arithmetic would be slower.
    filter_.set_attr(pyseccomp.Attr.CTL_SSB, 1)
    # A session would have a share of the processor of its own.
    filter_.add_rule_exactly(pyseccomp.ERRNO(errno.EPERM), "setsid")
    for name in ALLOWED:
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            filter_.add_rule_exactly(pyseccomp.ALLOW, name)
    for name, arguments in conditions():
        filter_.add_rule_exactly(pyseccomp.ALLOW, name, *map(_argument, arguments))
    filter_.load()


def _argument(condition: Condition) -> Any:
    number, mask, value = condition
    return pyseccomp.Arg(number, pyseccomp.MASKED_EQ, mask, value)
