"""Attempts to use up what the kernel of Linux counts for a user, or for nobody."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack

fill = partial(Attack, kind="memory of no process", limits=replace(SMALL, wall_s=8))
SLOW = replace(SMALL, wall_s=40, memory_mb=1000)
share = partial(Attack, kind="shares of a user", limits=replace(SMALL, wall_s=8))

IN_ALL = """
import fcntl, mmap, os, select, socket, struct, time
for _ in range(4):
    os.fork()
"""
"""From here on 16 processes do the same."""

ATTACKS = [
    fill(
        "locks_without_end",
        code="""
import fcntl, os
made = 0
for number in range(200):
    file = os.open(f"/tmp/{number}", os.O_CREAT | os.O_RDWR)
    try:
        for start in range(0, 2000, 2):
            fcntl.lockf(file, fcntl.LOCK_EX, 1, start)
            made += 1
    except OSError:
        pass
print("locks", made)
""",
        shown="locks 0",
    ),
    fill(
        "mappings_without_end",
        code=IN_ALL
        + """
import ctypes
libc = ctypes.CDLL(None)
whole = mmap.mmap(-1, 1 << 29, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)
start = ctypes.addressof(ctypes.c_char.from_buffer_copy(b"x"))
row = [row for row in open("/proc/self/maps") if "r--p 00000000 00:00 0" in row]
low, high = max(([int(n, 16) for n in one.split()[0].split("-")] for one in row),
                key=lambda span: span[1] - span[0])
for address in range(low, min(high, low + (1 << 28)), 8192):
    if libc.mprotect(ctypes.c_void_p(address), 4096, 3):
        break
time.sleep(100)
""",
    ),
    fill(
        "pipes_filled",
        code=IN_ALL
        + """
kept, written = [], 0
try:
    while True:
        kept.append(os.pipe())
        os.set_blocking(kept[-1][1], False)
        try:
            while True:
                written += os.write(kept[-1][1], bytes(1 << 16))
        except BlockingIOError:
            pass
except OSError:
    time.sleep(100)
""",
    ),
    fill(
        "names_of_links_filled",
        code="""
import os
try:
    for number in range(30_000):
        os.symlink("x" * 4000, f"/tmp/{number}")
except OSError as error:
    print("stopped", number < 20_000)
""",
        shown="stopped True",
    ),
    fill(
        "pages_put_out_of_sight",
        code="""
import mmap
kept = []
try:
    while True:
        kept.append(bytearray(64 << 20))
        part = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        part.write(b"x" * len(part))
        for advice in (20, 21, 8):  # cold, out, free
            part.madvise(advice)
        kept.append(part)
except (MemoryError, OSError):
    print("stopped", len(kept) < 60)
    kept.clear()
""",
        limits=SLOW,
        shown="stopped True",
    ),
    fill(
        "a_large_memory_of_many_processes",
        code="""
import os, time
kept = bytearray(b"x") * (600 << 20)
for _ in range(55):
    if os.fork() == 0:
        time.sleep(3)
        while True:
            more = bytearray(os.urandom(1 << 20) * 90)
            time.sleep(1)
time.sleep(100)
""",
    ),
    fill(
        "pages_that_many_processes_share",
        code="""
import os, time
open("/tmp/large", "wb").write(bytes(7 << 20))
import mmap
for _ in range(50):
    if os.fork() == 0:
        file = os.open("/tmp/large", os.O_RDWR)
        kept = [mmap.mmap(file, 7 << 20) for _ in range(200)]
        for one in kept:
            for at in range(0, len(one), 4096):
                one[at] = 1
        time.sleep(100)
time.sleep(100)
""",
    ),
    share(
        "watches_without_end",
        code=IN_ALL
        + """
files = [end for _ in range(50) for end in os.pipe()]
kept = []
try:
    while True:
        kept.append(select.epoll())
        for file in files:
            kept[-1].register(file, select.EPOLLIN)
except OSError:
    time.sleep(100)
""",
    ),
    share(
        "files_in_flight_of_all_processes",
        code=IN_ALL
        + """
one, other = socket.socketpair()
kept = []
try:
    while True:
        socket.send_fds(one, [b"x"], [0] * 200)
except OSError:
    time.sleep(100)
""",
    ),
    share(
        "signals_and_timers_without_end",
        code="""
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, 40])
made = ctypes.c_void_p()
timers = sum(libc.timer_create(1, None, ctypes.byref(made)) == 0 for _ in range(5000))
queued = sum(libc.sigqueue(os.getpid(), 40, None) == 0 for _ in range(5000))
print("stopped", timers + queued <= 1100)
""",
        shown="stopped True",
    ),
    share(
        "user_of_another_submission",
        code="""
import os
(inside, outside, many), = (map(int, row.split()) for row in open("/proc/self/uid_map"))
for what in (os.PRIO_PROCESS, os.PRIO_PGRP, os.PRIO_USER):
    for who in (0, inside, outside):
        try:
            os.setpriority(what, who, 19)
        except OSError:
            pass
for pid in range(1, 3000):
    try:
        os.sched_setaffinity(pid, {0})
    except OSError:
        pass
print("one user", many == 1)
""",
        shown="one user True",
    ),
    share(
        "spinners_on_every_core",
        code="""
import os
for number in range(40):
    if os.fork() == 0:
        os.sched_setaffinity(0, {number % os.cpu_count()})
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        while True:
            pass
while True:
    pass
""",
        limits=replace(SMALL, wall_s=6, cpu_s=4),
    ),
]
