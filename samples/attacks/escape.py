"""Attempts to get out, to stay, and to signal others."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack

escape = partial(Attack, kind="escape")
stay = partial(Attack, kind="left behind")
signals = partial(Attack, kind="signals")
SHORT = replace(SMALL, wall_s=4)

ATTACKS = [
    escape(
        "new_namespaces_and_mounts",
        code="""
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
r, w = os.pipe()
if os.fork() == 0:
    flags = (0x10000000, 0x20000, 0x40000000, 0x20000000)
    found = [libc.unshare(flag) for flag in flags]
    found.append(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
    found.append(libc.mount(None, b"/usr", None, 0x1020, None))
    found.append(libc.umount2(b"/proc", 2))
    found.append(libc.chroot(b"/tmp"))
    found.append(libc.setuid(0))
    os.write(w, str(found).encode())
    os._exit(0)
print(os.read(r, 1000).decode())
""",
        shown="[-1, -1, -1, -1, -1, -1, -1, -1, -1]",
    ),
    escape(
        "device_nodes_and_kernel_settings",
        code="""
import os
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/hostname",
             "/proc/sys/kernel/core_pattern", "/proc/sys/user/max_user_namespaces",
             "/proc/1/oom_score_adj", "/dev/kmsg", "/dev/mem", "/dev/sda", "/dev/vda"):
    try:
        open(path, "w").write("1")
        print("written", path)
    except OSError as error:
        print(type(error).__name__)
try:
    os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0))
    print("made")
except OSError as error:
    print(type(error).__name__)
""",
        shown="OSError",
    ),
    escape(
        "environment_poisoned_for_the_next",
        code="""
import sys, os, site
library = os.path.dirname(os.__file__)
for folder in [*sys.path, *site.getsitepackages(), library, "/usr/lib"]:
    for name in ("sitecustomize.py", "keras.py", "helpers.py", "x.pth"):
        try:
            open(os.path.join(folder or ".", name), "w").write("print('poisoned')")
            print("written", folder.startswith("/tmp") or not folder, folder)
        except OSError as error:
            print(type(error).__name__)
""",
        shown="OSError",
    ),
    escape(
        "parent_traced_and_tty_fed",
        code="""
import ctypes, fcntl, os, termios
libc = ctypes.CDLL(None)
print("ptrace", [libc.ptrace(request, 1, 0, 0) for request in (16, 0x4206)])
for fd in (0, 1, 2):
    try:
        fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        print("typed")
    except OSError as error:
        print(type(error).__name__)
print("writev", libc.process_vm_writev(1, None, 0, None, 0, 0))
""",
        shown="ptrace [-1, -1]",
    ),
    stay(
        "daemon_by_double_fork",
        code="""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            try:
                open("@COURSE@/left", "w").write("x")
            except OSError:
                pass
            time.sleep(0.05)
    os._exit(0)
""",
    ),
    stay(
        "many_daemons_that_ignore_signals",
        code="""
import os, signal, subprocess, sys
for _ in range(8):
    subprocess.Popen(
        [sys.executable, "-S", "-c", "import signal,time\\n"
         "for s in (1, 2, 3, 13, 15): signal.signal(s, signal.SIG_IGN)\\n"
         "time.sleep(1000)"], start_new_session=True)
subprocess.Popen("nohup sleep 1000 >/dev/null 2>&1 &", shell=True)
""",
    ),
    stay(
        "thread_that_never_ends",
        code="""
import threading, time
def run():
    while True:
        time.sleep(0.01)
for _ in range(5):
    threading.Thread(target=run, daemon=False).start()
""",
    ),
    stay(
        "program_without_a_file",
        code="""
import os
fd = os.memfd_create("x", 0)
os.write(fd, open("/usr/bin/sleep", "rb").read())
if os.fork() == 0:
    os.setsid()
    os.execv(f"/proc/self/fd/{fd}", ["sleep", "1000"])
""",
    ),
    stay(
        "watcher_that_waits_for_the_end",
        code="""
import os, time
if os.fork() == 0:
    os.setsid()
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.01)
    for _ in range(1000):
        if os.fork():
            os._exit(0)
        time.sleep(0.01)
""",
    ),
    signals(
        "signals_to_everybody",
        code="""
import os, signal
os.kill(1, signal.SIGKILL)
os.kill(1, signal.SIGTERM)
os.kill(os.getppid(), signal.SIGKILL)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("still here")
os.killpg(0, signal.SIGTERM)
os.kill(-1, signal.SIGKILL)
""",
        shown="still here",
    ),
    signals(
        "signals_to_numbers",
        code="""
import os
for pid in range(2, 5000):
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
            print("hit", pid)
        except OSError:
            pass
""",
    ),
    signals(
        "stops_itself",
        code="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        limits=SHORT,
    ),
    signals("exits_at_once", code="import os\nos._exit(0)"),
    signals("crashes", code="import ctypes\nctypes.string_at(0)"),
    signals(
        "exits_while_answering",
        code="""
import os
from grading.untrusted import answer
answer._Answers.value = lambda *a: os._exit(0)
class Exit:
    def __iter__(self):
        os._exit(0)
""",
    ),
    signals(
        "exit_by_every_means",
        code="""
import sys
get_ipython().ask_exit()
exit()
sys.exit(0)
""",
    ),
]
