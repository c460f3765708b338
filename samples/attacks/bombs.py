"""Submissions that use up the machine. The limits here are small."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack

bomb = partial(Attack, kind="bombs")
SHORT = replace(SMALL, wall_s=4)
CHEAP = replace(SMALL, wall_s=8, memory_mb=1200)

ATTACKS = [
    bomb(
        "fork_bomb",
        code="""
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        limits=replace(SHORT, processes=24),
    ),
    bomb(
        "thread_bomb",
        code="""
import threading, time
started = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        started += 1
except RuntimeError as error:
    print("stopped", started < 64)
""",
        shown="stopped True",
    ),
    bomb(
        "memory_at_once",
        code="""
try:
    big = bytearray(8 << 30)
except MemoryError:
    print("no memory")
""",
        shown="no memory",
    ),
    bomb(
        "memory_bit_by_bit",
        code="""
kept = []
try:
    while True:
        kept.append(bytearray(16 << 20))
except MemoryError:
    print("no memory", len(kept) < 100)
    del kept
""",
        limits=replace(SMALL, wall_s=40),
        shown="no memory True",
    ),
    bomb(
        "shared_memory",
        code="""
import mmap
kept = []
while True:
    one = mmap.mmap(-1, 64 << 20)
    one.write(b"x" * len(one))
    kept.append(one)
""",
        limits=CHEAP,
    ),
    bomb(
        "memory_of_many_processes",
        code="""
import os, time
for _ in range(20):
    if os.fork() == 0:
        kept = [os.urandom(1 << 20) for _ in range(200)]
        time.sleep(100)
time.sleep(100)
""",
        limits=CHEAP,
    ),
    bomb(
        "memory_of_no_process",
        code="""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
made = [key for key in range(1, 100) if libc.shmget(key, 64 << 20, 0o1666) >= 0]
for _ in range(100):
    try:
        made.append(os.memfd_create("x"))
        os.write(made[-1], bytes(8 << 20))
    except OSError:
        pass
print("made", len(made))
""",
        shown="made 0",
    ),
    bomb(
        "disk_filled",
        code="""
import os
written = 0
for folder in ("/tmp", "/dev/shm", "/tmp/home", "/var/tmp", "/usr", "."):
    try:
        for i in range(100):
            written += open(f"{folder}/{i}", "wb").write(bytes(1 << 20))
    except OSError as error:
        print(type(error).__name__)
print("filled", written <= 8 << 20)
""",
        shown="filled True",
    ),
    bomb(
        "many_files",
        code="""
n = 0
try:
    while True:
        open(f"/tmp/{n}", "w").close()
        n += 1
except OSError:
    print("stopped", n < 20_001)
""",
        shown="stopped True",
    ),
    bomb(
        "many_open_files",
        code="""
kept = []
try:
    while True:
        kept.append(open("/dev/null"))
except OSError:
    print("stopped", len(kept) < 513)
    for one in kept:
        one.close()
""",
        shown="stopped True",
    ),
    bomb("output_without_end", code="while True: print('x' * 1000)", limits=SHORT),
    bomb("one_large_output", code="print('x' * (100 << 20))", limits=CHEAP),
    bomb(
        "many_displays",
        code="""
from IPython.display import display
for i in range(3000):
    display(i)
""",
    ),
    bomb(
        "output_while_answering",
        code="""
import threading
def flood():
    while True:
        print("x" * 10_000)
threading.Thread(target=flood, daemon=True).start()
""",
        limits=replace(SMALL, wall_s=10),
    ),
    bomb("endless_loop", code="while True: pass", limits=SHORT),
    bomb("endless_sleep", code="import time\ntime.sleep(10_000)", limits=SHORT),
    bomb("processor_time", code="while True: pass", limits=replace(SMALL, cpu_s=2)),
    bomb(
        "number_that_holds_the_interpreter",
        code="x = 3 ** (3 ** 25)\nstr(9 ** 9 ** 9)",
        limits=SHORT,
    ),
    bomb(
        "regular_expression_without_end",
        code='import re\nre.match(r"(a+)+$", "a" * 60 + "b")',
        limits=SHORT,
    ),
    bomb(
        "recursion_until_the_stack_ends",
        code="""
import sys
sys.setrecursionlimit(10**8)
def f():
    f()
f()
""",
        limits=SHORT,
    ),
    bomb(
        "interrupts_ignored",
        code="""
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
        limits=SHORT,
    ),
]
