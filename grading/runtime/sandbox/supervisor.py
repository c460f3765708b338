"""The processes of a sandbox: its supervisor, its init, and what runs student code."""

import contextlib
import json
import os
import select
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from grading.runtime.job import Limits
from grading.runtime.sandbox import INTERRUPT, namespaces, seccomp
from grading.runtime.sandbox.filesystem import HOME, INSIDE, make_view
from grading.runtime.sandbox.limits import (
    Usage,
    killed_for_memory,
    limit,
    stand_back,
    tree,
    usage,
)
from grading.runtime.sandbox.namespaces import map_user, prctl, unshare

NOBODY = 61_184
"""User and group id outside when root grades: one that owns nothing."""
FIRST_USER = 0x7000_0000
"""With a process id added, a user of which there is no other: Linux counts pipes, files
in flight and watches for each user, and one sandbox could take the share of another."""
OOM_SCORE, OWN_OOM_SCORE = 1000, 500
"""Where memory runs out, Linux ends what runs in a sandbox before its supervisor."""
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Exit codes of an init that was killed, or whose student's process was."""
LOOK_EVERY_MS = 40


def supervise(
    run: Callable[[], None],
    limits: Limits,
    control: socket.socket,
    keep: Sequence[int],
    folders: Sequence[str],
) -> NoReturn:
    """Run ``run`` in a sandbox until it ends or ``control`` is closed; then exit.

    ``INTERRUPT``, sent through ``control``, interrupts what runs.
    The calling process, which must have one thread, becomes the supervisor. At the end
    it sends one JSON object through ``control``: ``why`` it ended (``"exited"``,
    ``"stopped"``, ``"memory"``, ``"processor"``, ``"oom"`` or ``"error"``), the exit
    ``code``, and the seconds of ``processor`` time and of time in which it ``waited``
    for a processor. By then no process of the sandbox is left.

    Args:
        run: what the student's process does.
        limits: what the sandbox may use.
        control: the other end is the grader's.
        keep: file descriptors that ``run`` needs.
        folders: what the student's process may read.
    """
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _set_oom_score(OWN_OOM_SCORE)
        user = _user()
        if user == INSIDE:
            map_user(INSIDE, (os.geteuid(), os.getegid()))
        unshare(namespaces.CLONE_NEWPID)
        errors, failed = os.pipe()
        init = os.fork()
        if init == 0:
            _as_init(run, limits, (failed, *keep), folders, (user, user))
        os.close(failed)
        for fd in keep:
            os.close(fd)
        report = _watch(init, limits, control)
        if text := os.read(errors, 2000).decode(errors="replace"):
            report.update(why="error", error=text)
        with contextlib.suppress(OSError):
            control.sendall(json.dumps(report).encode())
        code = 0
    except BaseException as error:
        with contextlib.suppress(OSError):
            text = f"{type(error).__name__}: {error}"
            control.sendall(json.dumps({"why": "error", "error": text}).encode())
    finally:
        os._exit(code)


def supervise_without_sandbox(
    run: Callable[[], None],
    limits: Limits,
    control: socket.socket,
    keep: Sequence[int],
) -> NoReturn:
    """Do as ``supervise`` without a sandbox: only for code that one trusts.

    The limits hold for each process. What leaves the process group stays running.
    """
    with tempfile.TemporaryDirectory() as home:
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                _close_all_but(keep)
                os.chdir(home)
                os.environ.update(HOME=home, TMPDIR=home, IPYTHONDIR=f"{home}/.ipython")
                limit(limits)
                _mute()
                run()
            finally:
                os._exit(0)
        for fd in keep:
            os.close(fd)
        report = _watch(child, limits, control, os.killpg, sandboxed=False)
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(OSError):
            control.sendall(json.dumps(report).encode())
    os._exit(0)


def _set_oom_score(score: int) -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score))


def _user() -> int:
    """Return the user id, outside, of a sandbox: INSIDE if it is this process's own."""
    if os.geteuid() == 0:
        for user in (FIRST_USER + os.getpid(), NOBODY):
            if namespaces.is_mapped(user):
                return user
    return INSIDE


def _mute() -> None:
    """Send stderr nowhere: one submission could leave the next a word in its file."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def _as_init(
    run: Callable[[], None],
    limits: Limits,
    keep: Sequence[int],
    folders: Sequence[str],
    user: tuple[int, int],
) -> NoReturn:
    """Be the first process in the sandbox: set it up, start ``run``, bury the dead."""
    code = 1
    try:
        try:
            _shut_in(limits, keep, folders, user)
            child = os.fork()
        except BaseException as error:
            os.write(keep[0], f"{type(error).__name__}: {error}".encode()[:1000])
            raise
        if child == 0:
            prctl(namespaces.PR_SET_DUMPABLE, 1)
            os.close(keep[0])
            os.chdir(HOME)
            _mute()
            run()
            os._exit(0)
        for fd in keep:
            os.close(fd)
        while True:
            pid, status = os.wait()
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                break
    finally:
        os._exit(code if code >= 0 else 128 - code)


def _shut_in(
    limits: Limits, keep: Sequence[int], folders: Sequence[str], user: tuple[int, int]
) -> None:
    """Shut this process in: its files, network, users, limits and system calls."""
    os.setsid()  # no signal to a process group reaches the supervisor
    stand_back()
    _set_oom_score(OOM_SCORE)
    _close_all_but(keep)
    unshare(
        namespaces.CLONE_NEWNS
        | namespaces.CLONE_NEWNET
        | namespaces.CLONE_NEWIPC
        | namespaces.CLONE_NEWUTS
    )
    socket.sethostname("sandbox")
    namespaces.leave_keyring()
    make_view(folders, user, limits.file_mb)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(*[user[1]] * 3)
        os.setresuid(*[user[0]] * 3)
    # The second user namespace: mounts can no longer be changed, processes are
    # counted on their own, and there is no third.
    map_user(INSIDE, user)
    unshare(namespaces.CLONE_NEWNS)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    # So that nobody inside can change who is ended where memory runs out.
    namespaces.restrict("/proc", namespaces.MOUNT_ATTR_RDONLY, 0)
    namespaces.drop_capabilities()
    prctl(namespaces.PR_SET_DUMPABLE, 0)
    prctl(namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    limit(limits)
    seccomp.refuse()


def _close_all_but(keep: Sequence[int]) -> None:
    edges = sorted({0, 1, 2, *keep})
    for edge, following in zip(edges, [*edges[1:], 1 << 20], strict=True):
        os.closerange(edge + 1, following)


def _exceeded(used: Usage, limits: Limits) -> str:
    """Return what is used beyond its limit, ``""`` if nothing is."""
    if used.memory > limits.memory_mb << 20:
        return "memory"
    return "processor" if used.processor > limits.cpu_s else ""


def _watch(
    first: int,
    limits: Limits,
    control: socket.socket,
    kill: Callable[[int, int], None] = os.kill,
    *,
    sandboxed: bool = True,
) -> dict[str, Any]:
    """Wait until the process ``first`` ends, or end it; return how it went.

    Args:
        first: the topmost process.
        limits: what it and those below may use.
        control: a message interrupts the kernel, the end of it ends all.
        kill: how to end it.
        sandboxed: whether the kernel stands below ``first``, in a network of its own.
    """
    killed_before = killed_for_memory()
    used, took = Usage(), 0.0
    handle = os.pidfd_open(first)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN | select.POLLHUP)
    while True:
        # A look that takes long is followed by a longer pause: others have work too.
        ready = {fd for fd, _ in poll.poll(LOOK_EVERY_MS + 2000 * took)}
        if handle in ready:
            why = "exited"
            break
        if ready and control.recv(len(INTERRUPT)):
            with contextlib.suppress(OSError, IndexError):
                os.kill(list(tree(first))[1 if sandboxed else 0], signal.SIGINT)
            continue
        began = time.thread_time()
        used = usage(first, limits.memory_mb << 20, sandboxed=sandboxed)
        took = time.thread_time() - began
        if why := "stopped" if ready else _exceeded(used, limits):
            kill(first, signal.SIGKILL)
            break
    _, status = os.waitpid(first, 0)  # for an init: when its namespace is empty
    code = os.waitstatus_to_exitcode(status)
    if why == "exited" and code in KILLED and killed_for_memory() > killed_before:
        why = "oom"
    return {
        "why": why,
        "code": code,
        "processor": used.processor,
        "waited": used.waited,
    }
