"""The sandbox: what code in it can see, do and use, and that nothing of it stays.

These tests need no Keras. What attacks do to the whole grader: test_attacks.py.
"""

import errno
import json
import os
import platform
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyseccomp
import pytest

from grading.runtime import sandbox
from grading.runtime.executor import Executor
from grading.runtime.job import Limits
from grading.runtime.sandbox import filesystem, limits, probe, seccomp, supervisor
from grading.runtime.sandbox.limits import NICE, SESSION_NICE
from grading.runtime.sandbox.namespaces import is_mapped
from grading.runtime.sandbox.supervisor import FIRST_USER
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
    lines = said(
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

    assert lines == ["2.0", *["Read-only file system"] * 5]


def test_the_course_folder_holds_nothing_but_the_checks() -> None:
    (folder,) = said(f"import os; say(sorted(os.listdir({str(ROOT)!r})))")

    assert set(eval(folder)) <= {"helpers", Path(sys.prefix).name}


@pytest.mark.parametrize("path", [__file__, str(ROOT / "solutions"), "/etc/shadow"])
def test_files_outside_the_view_are_not_there(path: str) -> None:
    assert said(f"import os; say(os.path.exists({path!r}))") == ["False"]


def test_the_private_folder_is_writable_small_and_gone_afterwards() -> None:
    name = f"left-{os.getpid()}"
    lines = said(
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

    assert lines == [sandbox.HOME, "No space left on device", "True"]
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
    lines = said(
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

    assert lines[0] == "['lo']"
    assert "connected" not in lines


def test_processes_of_the_machine_cannot_be_seen() -> None:
    (pids,) = said(
        "import os; say(sorted(n for n in os.listdir('/proc') if n.isdigit()))"
    )

    assert pids == "['1', '2']"


def test_the_first_process_can_neither_be_read_nor_killed() -> None:
    lines = said(
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

    assert lines == [*["PermissionError"] * 3, "still here"]


def test_there_are_no_privileges_and_none_to_be_had() -> None:
    lines = said(
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
    assert lines == ["[0, 0, 0, 0]", nobody, *["-1"] * 5]


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


HELD = """
import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
def mapped(flags, fd=-1):
    address = libc.syscall(9, 0, 1 << 20, 3, flags, fd, 0)
    return address == -1 and os.strerror(ctypes.get_errno())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="by the number of a call")
@pytest.mark.parametrize(
    "flags", [0x21, 0x23, 0x4021, 0x40022], ids=["shared", "3", "no reserve", "huge"]
)
def test_memory_without_a_file_is_never_shared_nor_of_huge_pages(flags: int) -> None:
    """It would count for no process once its pages are let go of."""
    assert said(f"{HELD}say(mapped({flags}))") == ["Function not implemented"]


def test_a_device_that_maps_as_shared_memory_is_not_there() -> None:
    assert said("import os; say(os.path.exists('/dev/zero'))") == ["False"]


def test_sockets_count_as_the_memory_that_they_can_hold() -> None:
    ended = run(
        """
import os, socket, time
for _ in range(10):
    if os.fork() == 0:
        kept = [socket.socketpair() for _ in range(100)]
        time.sleep(60)
time.sleep(60)
"""
    )

    assert ended["why"] == "memory"


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl; fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)",
        "socket.socket(socket.AF_UNIX).setsockopt(1, 7, 1 << 22)",
        "socket.socket(socket.AF_UNIX).setsockopt(1, 8, 1 << 22)",
        "os.splice(os.pipe()[0], os.pipe()[1], 1)",
    ],
    ids=["a pipe", "sent", "received", "pages in a pipe"],
)
def test_what_linux_keeps_for_a_file_cannot_be_made_larger(code: str) -> None:
    (words,) = said(f"import os, socket\n{code}\nsay('larger')")

    assert words.startswith("OSError: [Errno 38]")


def test_tables_of_addresses_count_as_memory() -> None:
    ended = run(
        """
import mmap, os, time
for _ in range(50):
    if os.fork() == 0:
        how = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ
        one = mmap.mmap(-1, 2800 << 20, *how)
        for at in range(0, len(one), 2 << 20):
            one[at]
        time.sleep(60)
time.sleep(60)
""",
        memory_mb=200,
        processes=60,
    )

    assert ended["why"] == "memory"


def test_pages_that_were_put_out_to_swap_count_as_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = os.sysconf("SC_PAGESIZE")
    files = {"statm": "9 3 1", "status": "VmRSS:\t 12 kB\nVmSwap:\t   2048 kB\n"}
    monkeypatch.setattr(limits, "_read", lambda _, file: files.get(file, ""))

    with subprocess.Popen(["sleep", "60"]) as alone:  # this process may have children
        memory = limits.usage(alone.pid, 1 << 30).memory
        alone.kill()
    assert memory == 3 * pages + (2 << 20)


def test_pages_that_cannot_be_told_apart_in_time_count_in_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a look at many processes would take so long that they could use more."""
    files = {"statm": "9 3 1", "smaps_rollup": "row\nPss:  1 kB\nSwapPss:  2 kB\n"}
    monkeypatch.setattr(limits, "_read", lambda _, file: files.get(file, ""))
    shared = limits._together([1, 2])
    monkeypatch.setattr(limits, "LOOK_S", 0)

    assert shared == 2 * (3 << 10)
    assert limits._together([1, 2]) == 2 * 3 * os.sysconf("SC_PAGESIZE")


def test_parts_of_files_cannot_be_locked_and_whole_files_can() -> None:
    """Linux keeps any number of such locks, in memory that counts for no process."""
    lines = said(
        """
import fcntl
file = open('x', 'w')
fcntl.flock(file, fcntl.LOCK_EX)
for lock in (fcntl.F_SETLK, fcntl.F_SETLKW, 37, 38):
    try:
        fcntl.fcntl(file, lock, bytes(32))
        say('locked')
    except OSError as error:
        say(error.strerror)
"""
    )

    assert lines == ["Function not implemented"] * 4


def test_each_sandbox_has_a_user_of_its_own_where_root_grades() -> None:
    """Linux counts pipes, watches and files in flight for each user."""
    users = [said("say(open('/proc/self/uid_map').read().split())") for _ in range(2)]
    (_, user, many), (_, other, _) = (eval(words) for (words,) in users)

    assert many == "1"
    assert user != other or os.geteuid() != 0 or not is_mapped(FIRST_USER)


@pytest.mark.parametrize(
    ("kills", "why"), [((0, 1), "oom"), ((1, 1), "exited")], ids=["memory", "itself"]
)
def test_it_is_told_apart_who_killed_a_process(
    monkeypatch: pytest.MonkeyPatch, kills: tuple[int, int], why: str
) -> None:
    counted = iter(kills)
    monkeypatch.setattr(supervisor, "killed_for_memory", lambda: next(counted))
    killed = os.posix_spawn("/bin/sh", ["sh", "-c", "kill -9 $$"], {})
    ours, theirs = socket.socketpair()

    with ours, theirs:
        ended = supervisor._watch(killed, Limits(), theirs)

    assert ended["why"] == why


@pytest.mark.parametrize("value", [0, 500, 1000])
def test_who_is_ended_where_memory_runs_out_cannot_be_changed(value: int) -> None:
    lines = said(
        f"""
say(open('/proc/self/oom_score_adj').read().strip())
open('/proc/self/oom_score_adj', 'w').write('{value}')
"""
    )

    assert lines[0] == "1000"
    assert "Read-only file system" in lines[1]


def test_a_sandbox_stands_back_and_cannot_come_forward() -> None:
    lines = said(
        """
import os, resource
say(os.nice(0))
try:
    os.nice(-1)
except OSError as error:
    say(error.strerror)
say(resource.getrlimit(resource.RLIMIT_NICE))
try:
    os.setsid()
except OSError as error:
    say(error.strerror)
say(os.path.exists('/proc/self/autogroup') and open('/proc/self/autogroup').read())
"""
    )

    assert int(lines[0]) >= NICE
    assert lines[1:4] == [*["Operation not permitted"], "(0, 0)", lines[1]]
    assert lines[4] == "False" or lines[4].endswith(f"nice {SESSION_NICE}")


def test_a_new_session_is_refused_also_after_a_fork() -> None:
    """Linux shares the processor among sessions first: one more is one more share."""
    lines = said(
        """
import os
r, w = os.pipe()
if os.fork() == 0:
    try:
        os.setsid()
        os.write(w, b'made')
    except OSError as error:
        os.write(w, error.strerror.encode())
    os._exit(0)
say(os.read(r, 100).decode())
"""
    )

    assert lines == ["Operation not permitted"]


def test_processor_time_of_all_processes_together_is_limited() -> None:
    ended = run(
        """
import os, time
for _ in range(4):
    if os.fork() == 0:
        while True:
            pass
time.sleep(60)
""",
        cpu_s=1,
        wall_s=30,
    )

    assert ended["why"] == "processor"
    assert ended["processor"] < 3


@pytest.mark.parametrize(
    "arguments",
    [
        "40, 1",
        "38, 5",
        "17, 3",
        "16, 2, 15",
        "2, 2, 132",
        "2, 1, 262",
        "31, 3",
        "21, 5",
    ],
    ids=["vm", "crypto", "packet", "uevents", "sctp", "mptcp", "bluetooth", "rds"],
)
def test_a_kind_of_socket_that_nobody_needs_cannot_be_made(arguments: str) -> None:
    (words,) = said(f"import socket\nsocket.socket({arguments})\nsay('made')")

    assert words.startswith("OSError: [Errno 38]")


@pytest.mark.parametrize("kind", ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"])
def test_kinds_of_sockets_that_programs_need_can_be_made(kind: str) -> None:
    code = (
        f"import socket\nsocket.socket(socket.{kind}, socket.SOCK_DGRAM)\nsay('made')"
    )

    assert said(code) == ["made"]


@pytest.mark.parametrize(
    "code",
    [
        "import threading\na = threading.Thread(target=say, args=(1,))\n"
        "a.start()\na.join()",
        "import subprocess\nsay(subprocess.run(['sh', '-c', 'exit 1']).returncode)",
        "from multiprocessing import Pool\nsay(Pool(2).map(abs, [-1])[0])",
        "import multiprocessing as m\nsay(m.Array('d', 3)[0:1][0] + 1 == 1 and 1)",
        "from multiprocessing.shared_memory import SharedMemory as S\n"
        "s = S(create=True, size=9); s.buf[0] = 1; say(s.buf[0]); s.unlink()",
        "import asyncio\nasync def f():\n  p = await asyncio.create_subprocess_exec("
        "'false')\n  return await p.wait()\nsay(asyncio.run(f()))",
        "import shutil\nopen('a', 'w').write('1')\nshutil.copytree('.', '/tmp/new')\n"
        "say(open('/tmp/new/a').read())",
        "import select, os\nr, w = os.pipe()\nos.write(w, b'1')\n"
        "say(len(select.select([r], [], [], 1)[0]))",
        "import socket\nsay(len([n for _, n in socket.if_nameindex() if n == 'lo']))",
        "import ctypes\nsay(ctypes.CDLL(None).getpid() > 0 and 1)",
    ],
    ids=lambda code: code[:30],
)
def test_what_honest_work_does_is_allowed(code: str) -> None:
    assert said(code, processes=64) == ["1"]


def test_processes_and_threads_are_limited() -> None:
    lines = said(
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

    assert 10 <= int(lines[0]) < 20


def test_processor_time_is_limited() -> None:
    started = time.monotonic()

    ended = run("while True: pass", cpu_s=1, wall_s=60)

    assert ended["why"] == "exited"
    assert ended["code"] != 0
    assert time.monotonic() - started < 50


@pytest.mark.parametrize(
    "code",
    [
        "import os, time\nif os.fork() == 0: os.fork(); time.sleep(99)",
        "import os, time\nif os.fork() == 0: os.setpgid(0, 0); time.sleep(99)",
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(99)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["double fork", "own group", "signals ignored", "stopped"],
)
def test_nothing_is_left_running(code: str) -> None:
    ended = run(f"say('begun')\n{code}", wall_s=1)

    assert ended["said"] == ["begun"]
    assert ended["left"] == []


def test_what_runs_can_be_interrupted() -> None:
    lines = said(
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

    assert lines == ["ready", "interrupted"]


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

    lines = said(
        f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
say(libc.syscall({number}, {arguments}))
say(ctypes.get_errno())
"""
    )

    assert lines == ["-1", str(errno.ENOSYS)]


def test_memory_of_no_process_cannot_be_made() -> None:
    lines = said(
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

    assert lines == ["Function not implemented", "No space left on device"]


@pytest.mark.parametrize("machine", ["X86_64", "AARCH64"])
def test_every_call_that_is_allowed_is_one_there_or_elsewhere(machine: str) -> None:
    architecture = getattr(pyseccomp.Arch, machine)
    numbers = {
        name: pyseccomp.resolve_syscall(architecture, name)
        for name in (*seccomp.ALLOWED, *(name for name, _ in seccomp.conditions()))
    }

    assert [name for name, number in numbers.items() if number == -1] == []
    assert sum(number >= 0 for number in numbers.values()) < 205
    assert {"read", "execve", "mmap", "clone"} <= numbers.keys()
    assert not {"clone3", "setsid", "ptrace", "bpf", "mount"} & numbers.keys()


def test_calls_in_another_form_are_refused() -> None:
    """As on x86-64 those of the x32 form, here ``getpid``."""
    if platform.machine() != "x86_64":
        pytest.skip("no other form that 64-bit code can call")

    lines = said(
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
say(libc.syscall(0x40000000 + 39))
say(ctypes.get_errno())
"""
    )

    assert lines == ["-1", str(errno.EPERM)]


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
    assert "wsl --install" in " ".join(done.stderr.split())


def test_limits_have_room_for_a_check() -> None:
    assert Limits().memory_mb >= 2048
    assert Limits().wall_s >= 60
