"""The sandbox: what code in it can see, do and use, and that nothing of it stays.

These tests need no Keras. What attacks do to the whole grader: test_attacks.py.
"""

import errno
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import pyseccomp
import pytest

from grading.runtime import sandbox
from grading.runtime.executor import Executor
from grading.runtime.job import Limits
from grading.runtime.sandbox import filesystem, probe, seccomp
from samples.course import ROOT

LIMITS = {"wall_s": 10, "memory_mb": 400, "processes": 20, "file_mb": 4, "cpu_s": 10}


pytestmark = pytest.mark.usefixtures("needs_sandbox")


def run(code: str, **limits: float) -> dict:
    """Run code in a sandbox; return what it said and how it ended."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.grading.runtime.in_sandbox",
            json.dumps({**LIMITS, **limits}),
        ],
        input=code,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def said(code: str, **limits: float) -> list[str]:
    """Return what code said in a sandbox."""
    return run(code, **limits)["said"]


def test_code_runs_and_its_end_is_reported() -> None:
    ended = run("say(1 + 1)")

    assert ended["said"] == ["2"]
    assert (ended["why"], ended["code"]) == ("exited", 0)


def test_the_environment_is_there_and_read_only() -> None:
    found = said(
        """
import numpy, sys
say(numpy.ones(2).sum())
for folder in (sys.prefix, sys.base_prefix, '/usr', '/etc', '/'):
    try:
        open(folder + '/new', 'w')
    except OSError as error:
        say(error.strerror)
"""
    )

    assert found == ["2.0", *["Read-only file system"] * 5]


def test_the_course_folder_holds_nothing_but_the_checks() -> None:
    (folder,) = said(f"import os; say(sorted(os.listdir({str(ROOT)!r})))")

    assert set(eval(folder)) <= {"helpers", Path(sys.prefix).name}


@pytest.mark.parametrize("path", [__file__, str(ROOT / "solutions"), "/etc/shadow"])
def test_files_outside_the_view_are_not_there(path: str) -> None:
    assert said(f"import os; say(os.path.exists({path!r}))") == ["False"]


def test_the_private_folder_is_writable_small_and_gone_afterwards() -> None:
    name = f"left-{os.getpid()}"
    found = said(
        f"""
import os
say(os.getcwd())
open('/tmp/{name}', 'w').write('x')
written = 0
try:
    for i in range(9):
        written += open(f'/tmp/{{i}}', 'wb', 0).write(bytes(1 << 20))
except OSError as error:
    say(error.strerror)
say(written <= 4 << 20)
"""
    )

    assert found == [sandbox.HOME, "No space left on device", "True"]
    assert not Path("/tmp", name).exists()


def test_a_single_file_has_a_limit_of_its_own() -> None:
    assert said(
        """
import os
open('x', 'w').close()
try:
    os.truncate('x', 5 << 20)
except OSError as error:
    say(error.strerror)
"""
    ) == ["File too large"]


def test_there_is_no_network() -> None:
    found = said(
        """
import socket
say([name for _, name in socket.if_nameindex()])
for address in (('127.0.0.1', 22), ('1.1.1.1', 53)):
    try:
        socket.create_connection(address, 2)
        say('connected')
    except OSError as error:
        say(type(error).__name__)
"""
    )

    assert found[0] == "['lo']"
    assert "connected" not in found


def test_processes_of_the_machine_cannot_be_seen() -> None:
    (pids,) = said(
        "import os; say(sorted(n for n in os.listdir('/proc') if n.isdigit()))"
    )

    assert pids == "['1', '2']"


def test_the_first_process_can_neither_be_read_nor_killed() -> None:
    found = said(
        """
import os
for file in ('mem', 'environ', 'maps'):
    try:
        open(f'/proc/1/{file}', 'rb').read(1)
        say('read')
    except OSError as error:
        say(type(error).__name__)
os.kill(1, 9)
say('still here')
"""
    )

    assert found == [*["PermissionError"] * 3, "still here"]


def test_there_are_no_privileges_and_none_to_be_had() -> None:
    found = said(
        """
import ctypes, os
status = dict(row.split(':', 1) for row in open('/proc/self/status'))
say([int(status[name], 16) for name in ('CapEff', 'CapPrm', 'CapBnd', 'CapAmb')])
say([os.getuid(), os.getgid(), int(status['NoNewPrivs'])])
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x20000, 0x20000000):
    say(libc.unshare(flags))
say(libc.mount(None, b'/usr', None, 0x1020, None))
say(libc.umount2(b'/proc', 2))
"""
    )

    nobody = f"[{filesystem.INSIDE}, {filesystem.INSIDE}, 1]"
    assert found == ["[0, 0, 0, 0]", nobody, *["-1"] * 5]


def test_no_descriptor_but_the_given_ones_is_open() -> None:
    kinds = said(
        """
import os
for name in sorted(os.listdir('/proc/self/fd'), key=int):
    try:
        say(os.readlink(f'/proc/self/fd/{name}').split(':')[0])
    except OSError:
        pass  # the list itself
"""
    )

    assert [kind for kind in kinds[3:] if kind != "socket"] == []
    assert len(kinds) == 4


def test_stderr_leads_nowhere() -> None:
    assert said("import os; say(os.readlink('/proc/self/fd/2'))") == ["/dev/null"]


def test_memory_is_limited_in_one_process() -> None:
    assert said("bytearray(500 << 20)") == ["MemoryError: "]


def test_memory_is_limited_over_all_processes() -> None:
    ended = run(
        """
import os, time
for _ in range(5):
    if os.fork() == 0:
        kept = os.urandom(150 << 20)
        time.sleep(60)
time.sleep(60)
"""
    )

    assert ended["why"] == "memory"


def test_shared_memory_counts() -> None:
    ended = run(
        """
import mmap, time
kept = [mmap.mmap(-1, 100 << 20) for _ in range(6)]
for one in kept:
    one.write(b'x' * len(one))
time.sleep(60)
"""
    )

    assert ended["why"] == "memory"


def test_processes_and_threads_are_limited() -> None:
    found = said(
        """
import threading, time
n = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        n += 1
except RuntimeError:
    say(n)
"""
    )

    assert 10 <= int(found[0]) < 20


def test_processor_time_is_limited() -> None:
    started = time.monotonic()

    ended = run("while True: pass", cpu_s=1, wall_s=60)

    assert ended["why"] == "exited"
    assert ended["code"] != 0
    assert time.monotonic() - started < 50


@pytest.mark.parametrize(
    "code",
    [
        "import os, time\nif os.fork() == 0: os.setsid(); os.fork(); time.sleep(99)",
        "import subprocess\nsubprocess.Popen(['sleep', '99'], start_new_session=True)",
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(99)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["double fork", "own session", "signals ignored", "stopped"],
)
def test_nothing_is_left_running(code: str) -> None:
    ended = run(f"say('begun')\n{code}", wall_s=1)

    assert ended["said"] == ["begun"]
    assert ended["left"] == []


def test_what_runs_can_be_interrupted() -> None:
    found = said(
        """
import time
try:
    say("ready")
    time.sleep(60)
except KeyboardInterrupt:
    say("interrupted")
""",
        wall_s=30,
    )

    assert found == ["ready", "interrupted"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("memfd_create", "b'x', 0"),
        ("shmget", "1, 4096, 0o1666"),
        ("ptrace", "0, 0, 0, 0"),
        ("unshare", "0"),
        ("bpf", "0, None, 0"),
        ("keyctl", "0, 0, 0"),
        ("userfaultfd", "0"),
        ("io_uring_setup", "1, None"),
        ("open_by_handle_at", "3, None, 0"),
    ],
)
def test_a_system_call_that_no_assignment_needs_is_refused(
    name: str, arguments: str
) -> None:
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)

    found = said(
        f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
say(libc.syscall({number}, {arguments}))
say(ctypes.get_errno())
"""
    )

    assert found == ["-1", str(errno.EPERM)]


def test_memory_of_no_process_cannot_be_made() -> None:
    found = said(
        """
import os
def in_memory(number):
    return os.memfd_create(str(number))
def shared(number):
    return os.open(f'/dev/shm/{number}', os.O_CREAT | os.O_WRONLY)
for make in (in_memory, shared):
    try:
        for number in range(9):
            os.write(make(number), bytes(1 << 20))
    except OSError as error:
        say(error.strerror)
"""
    )

    assert found == ["Operation not permitted", "No space left on device"]


@pytest.mark.parametrize("machine", ["X86_64", "AARCH64"])
def test_every_call_that_is_refused_has_a_number(machine: str) -> None:
    architecture = getattr(pyseccomp.Arch, machine)

    for name in seccomp.REFUSED:
        assert pyseccomp.resolve_syscall(architecture, name) >= 0, name


def test_calls_in_another_form_are_refused() -> None:
    """As on x86-64 those of the x32 form, here ``getpid``."""
    if platform.machine() != "x86_64":
        pytest.skip("no other form that 64-bit code can call")

    found = said(
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
say(libc.syscall(0x40000000 + 39))
say(ctypes.get_errno())
"""
    )

    assert found == ["-1", str(errno.EPERM)]


def test_without_libseccomp_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seccomp, "pyseccomp", None)

    with pytest.raises(OSError, match="apt install libseccomp2"):
        seccomp.refuse()


@pytest.mark.parametrize(
    ("system", "install"),
    [
        ("darwin", "brew install podman"),
        ("win32", "wsl --install"),
        ("freebsd14", "podman run --privileged"),
    ],
)
def test_a_system_without_namespaces_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, system: str, install: str
) -> None:
    monkeypatch.setattr(probe.sys, "platform", system)

    for trust in (False, True):
        with pytest.raises(sandbox.NoSandboxError, match=f"{system} has no") as error:
            Executor(trust_submissions=trust)
        assert install in str(error.value)


def test_linux_that_allows_no_namespaces_is_told_what_to_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = subprocess.CompletedProcess(
        [], 0, '{"why": "error", "error": "PermissionError: unshare"}\n', ""
    )
    monkeypatch.setattr(probe.subprocess, "run", lambda *_, **__: failed)

    with pytest.raises(sandbox.NoSandboxError, match="unshare") as error:
        sandbox.require()

    for advice in ("unprivileged_userns", "--privileged", "--trust-submissions"):
        assert advice in str(error.value)


def test_without_what_windows_lacks_the_command_can_still_refuse() -> None:
    code = (
        "import sys\n"
        "sys.modules.update(fcntl=None, resource=None)\n"
        "from grading import cli\n"
        "sys.platform = 'win32'\n"
        "sys.argv = ['course', 'grade', 'quiz']\n"
        "cli.main()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "wsl --install" in " ".join(done.stdout.split())


def test_limits_have_room_for_a_check() -> None:
    assert Limits().memory_mb >= 2048
    assert Limits().wall_s >= 60
