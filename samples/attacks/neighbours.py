"""Submissions that want others to starve, and the process that judges to break off."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack
from samples.attacks.patches import WRONG_BUILDER

SHORT = replace(SMALL, wall_s=6, cpu_s=4)
starve = partial(Attack, kind="processor", limits=SHORT)
fill = partial(Attack, kind="memory of no process", limits=SHORT)
reach = partial(Attack, kind="calls of Linux")
lie = partial(Attack, kind="lies to the verdict", assignment="vanilla")

TRY = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def tried(what, *arguments):
    try:
        what(*arguments)
        print("done")
    except (OSError, ValueError) as error:
        print("refused", type(error).__name__)
"""
SPIN = """
import os
for _ in range(40):
    if os.fork() == 0:
        while True:
            pass
"""


def lies(id: str, method: str, body: str, **how) -> Attack:
    """Return an attack whose process answers one kind of question with a lie."""
    code = f"""
from grading.untrusted import answer
import numpy as np
def lie(self, *given, **about):
{body}
answer._Answers.{method} = lie
"""
    return lie(id, code=WRONG_BUILDER + code, honest=WRONG_BUILDER, after=False, **how)


def facts(word: str) -> str:
    """Return a lie about what a model is made of, with ``word`` wherever it can be."""
    return f"""
    word = {word}
    layer = {{"class": word, "name": word, "activation": word, word: [word]}}
    return {{"facts": {{"class": word, "input_shape": [None, word], "layers": [layer],
            "output_shape": word, "parameters": 10 ** 4000, "optimizer": word}}}}
"""


ATTACKS = [
    starve("spinners", code=SPIN + "while True: pass"),
    starve(
        "spinners_in_sessions_of_their_own",
        code=SPIN.replace("while True:", "os.setsid()\n        while True:"),
    ),
    starve(
        "spinners_in_groups_of_their_own",
        code=SPIN.replace("while True:", "os.setpgid(0, 0)\n        while True:"),
    ),
    starve(
        "threads_that_spin",
        code="""
import hashlib, threading
def spin():
    while True:
        hashlib.sha256(bytes(1 << 20))
for _ in range(20):
    threading.Thread(target=spin, daemon=True).start()
spin()
""",
    ),
    starve(
        "short_lives_that_nobody_waits_for",
        code="""
import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    try:
        if os.fork() == 0:
            sum(range(10**6))
            os._exit(0)
    except OSError:
        pass
""",
    ),
    starve(
        "priority_raised",
        code=TRY
        + """
tried(os.nice, -20)
tried(os.setpriority, os.PRIO_PROCESS, 0, -20)
tried(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
tried(os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1))
tried(lambda: open("/proc/self/autogroup", "w").write("-20"))
tried(os.setsid)
""",
        shown="\\n".join(["refused PermissionError"] * 2),
    ),
    fill(
        "shared_pages_let_go",
        code="""
import mmap
kept = []
while True:
    one = mmap.mmap(-1, 64 << 20)
    one.write(b"x" * len(one))
    one.madvise(mmap.MADV_DONTNEED)
    kept.append(one)
""",
        shown="Function not implemented",
    ),
    fill(
        "shared_pages_of_a_device",
        code="""
import mmap, os
for device in ("zero", "full", "null"):
    try:
        mmap.mmap(os.open(f"/dev/{device}", os.O_RDWR), 1 << 20)
        print("mapped")
    except OSError as error:
        print(type(error).__name__)
""",
        shown="FileNotFoundError",
    ),
    fill(
        "sockets_filled",
        code="""
import os, socket, time
for _ in range(30):
    if os.fork() == 0:
        break
kept = []
try:
    while True:
        kept.append(socket.socketpair())
        for one in kept[-1]:
            one.setblocking(False)
            try:
                while True:
                    one.send(bytes(1 << 16))
            except BlockingIOError:
                pass
except OSError:
    time.sleep(100)
""",
        limits=replace(SMALL, wall_s=30),
        status=frozenset({"failed"}),
    ),
    fill(
        "buffers_made_larger",
        code=TRY
        + """
import fcntl
one = socket.socket(socket.AF_UNIX)
for option in (socket.SO_SNDBUF, socket.SO_RCVBUF, 32, 33):
    tried(one.setsockopt, socket.SOL_SOCKET, option, 1 << 24)
tried(fcntl.fcntl, os.pipe()[1], 1031, 1 << 20)
""",
        shown="\\n".join(["refused OSError"] * 5),
    ),
    fill(
        "pages_gifted_to_pipes",
        code=TRY
        + """
r, w = os.pipe()
tried(os.splice, r, w, 1)
print(libc.vmsplice(w, None, 0, 8), libc.tee(r, w, 1, 0))
""",
        shown="-1 -1",
    ),
    fill(
        "sockets_in_flight",
        code="""
import os, socket
r, w = os.pipe()
one, other = socket.socketpair()
sent = 0
try:
    while True:
        a, b = socket.socketpair()
        socket.send_fds(one, [b"x"], [a.fileno(), b.fileno()])
        a.close()
        b.close()
        sent += 1
except OSError as error:
    print("stopped", sent < 300)
""",
        shown="stopped True",
    ),
    fill(
        "addresses_without_end",
        code="""
import mmap
kept = []
try:
    while True:
        kept.append(mmap.mmap(-1, 1 << 32, mmap.MAP_PRIVATE | 0x20, mmap.PROT_READ))
except OSError:
    print("stopped", len(kept) < 10)
""",
        shown="stopped True",
    ),
    fill(
        "first_to_go_no_more",
        code=TRY
        + """
for value in ("0", "-1000", "999"):
    tried(lambda: open("/proc/self/oom_score_adj", "w").write(value))
tried(lambda: open("/proc/self/oom_adj", "w").write("-17"))
print(open("/proc/self/oom_score_adj").read().strip())
""",
        shown="1000",
    ),
    reach(
        "sockets_to_the_host",
        code=TRY
        + """
for family in (40, 38, 17, 21, 29, 30, 31, 44):
    tried(socket.socket, family, socket.SOCK_STREAM)
for protocol in (132, 262, 136):
    tried(socket.socket, socket.AF_INET, socket.SOCK_STREAM, protocol)
for protocol in (4, 9, 12, 15, 16):
    tried(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, protocol)
""",
        shown="\\n".join(["refused OSError"] * 16),
    ),
    reach(
        "new_namespaces_by_clone",
        code="""
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
flags = (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000, 0x4000000, 0x2000000)
print([libc.syscall(number, flag | signal.SIGCHLD, 0, 0, 0, 0) for flag in flags])
print(libc.syscall(435, None, 0))
""",
        shown=str([-1] * 7),
    ),
    reach(
        "calls_that_nobody_needs",
        code="""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
names = ("setns", "quotactl", "swapon", "klogctl", "personality", "inotify_init",
         "fanotify_init", "vhangup", "iopl", "sethostname", "syncfs",
         "mlockall", "ioperm", "delete_module")
found = [getattr(libc, name)(0, 0, 0, 0, 0) for name in names if hasattr(libc, name)]
print({value for value in found if value != -1} - {0} or "none", found.count(0))
""",
        shown="none",
    ),
    reach(
        "a_filter_of_its_own",
        code="""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([libc.prctl(option, 1, 0, 0, 0) for option in (22, 36, 47, 53, 59)])
print([libc.syscall(number, 0, 0, None) for number in (317, 277, 444, 448)])
""",
        shown=str([-1] * 5),
    ),
    lies("facts_full_of_tabs", "facts", facts('"\\t" * 90_000')),
    lies("facts_that_are_one_long_word", "facts", facts('"x" * 90_000')),
    lies("facts_that_draw_a_terminal", "facts", facts('"\\x1b[2J\\x1b]0;x\\x07" * 99')),
    lies(
        "answers_of_another_shape",
        "predict",
        "    return [np.zeros((8000, 1, 1), np.float32)]",
    ),
    lies(
        "answers_as_large_as_may_be",
        "predict",
        "    return [np.zeros((1 << 27) // 512, np.int8)] * 512",
    ),
    lies(
        "weights_of_a_new_size_each_time",
        "get_weights",
        """
    lie.calls = getattr(lie, "calls", 0) + 1
    return [np.zeros(60_000_000 + lie.calls, np.int8)]
""",
    ),
    lies(
        "weights_just_below_the_bound",
        "get_weights",
        """
    lie.calls = getattr(lie, "calls", 0) + 1
    return [np.zeros((1 << 22) - lie.calls, np.int8)]
""",
    ),
    lies(
        "error_full_of_tabs",
        "build",
        '    raise ValueError("\\t" * 900_000)',
    ),
]
