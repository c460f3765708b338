"""Attacks by the way in which code ends, or does not: exits, finalizers, callbacks."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack
from samples.attacks.outputs import RAW
from samples.attacks.patches import WRONG_BUILDER

end = partial(Attack, kind="endings")
SHORT = replace(SMALL, wall_s=6)

ATTACKS = [
    end(
        "exit_from_the_loop_of_the_kernel",
        code="""
import asyncio, sys
asyncio.get_event_loop().call_soon(sys.exit)
await asyncio.sleep(0.1)
""",
    ),
    end(
        "interrupts_from_the_loop_of_the_kernel",
        code="""
import asyncio
loop = asyncio.get_event_loop()
def again():
    loop.call_soon(again)
    raise KeyboardInterrupt
loop.call_soon(again)
await asyncio.sleep(100)
""",
        limits=SHORT,
    ),
    end(
        "exits_in_every_event_of_a_cell",
        code="""
def leave(*_):
    raise SystemExit
def interrupt(*_):
    raise KeyboardInterrupt
for name in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    get_ipython().events.register(name, leave)
    get_ipython().events.register(name, interrupt)
""",
    ),
    end(
        "error_of_a_cell_with_a_hostile_text",
        code="""
class Text(Exception):
    def __str__(self):
        raise SystemExit
    __repr__ = __str__
    __class__ = property(__str__)
raise Text
""",
    ),
    end(
        "text_of_a_value_that_never_ends",
        code="""
class Endless:
    def __repr__(self):
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
Endless()
""",
        limits=SHORT,
    ),
    end(
        "callbacks_at_the_end_of_everything",
        code="""
import atexit, os, signal, threading, time, weakref
def last(*_):
    print("Holds: everything.")
    os.kill(-1, signal.SIGKILL)
atexit.register(last)
threading._register_atexit(last)
class Kept:
    pass
kept = Kept()
weakref.finalize(kept, last)
os.register_at_fork(before=last, after_in_child=last)
threading.Thread(target=lambda: time.sleep(1e6), daemon=False).start()
""",
    ),
    end(
        "collector_that_never_comes_back",
        code="""
import gc, time
gc.set_threshold(1, 1, 1)
gc.callbacks.append(lambda *_: time.sleep(0.01))
class Undead:
    def __init__(self):
        self.me = self
    def __del__(self):
        Undead()
Undead()
""",
        limits=SHORT,
    ),
    end(
        "alarms_while_it_answers",
        code="""
import os, signal
def over(*_):
    raise SystemExit
for number in (signal.SIGALRM, signal.SIGIO, signal.SIGCHLD, signal.SIGUSR1):
    signal.signal(number, over)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
""",
        limits=SHORT,
    ),
    end(
        "two_processes_that_answer",
        code="""
import os
for _ in range(4):
    os.fork()
answer_1 = {"a"} if os.getpid() % 2 else {"b"}
""",
        honest='answer_1 = {"b"}',
        limits=SHORT,
    ),
    end(
        "a_thread_that_answers_first",
        code=RAW
        + """
import threading, re
def answer():
    asked = socket.socket(fileno=os.dup(questions.fileno()))
    while True:
        seen = asked.recv(1 << 16, socket.MSG_PEEK)
        for number in re.findall(rb'"number": (\\d+), "name": "answer_1"', seen):
            right = {"kind": "set", "items": ["b", "c"]}
            asked.sendall(frame({"kind": "value", "value": right,
                                 "number": int(number)}))
threading.Thread(target=answer, daemon=True).start()
""",
        honest='answer_1 = {"b", "c"}',
        limits=SHORT,
    ),
    end(
        "builder_that_ends_the_process_later",
        assignment="vanilla",
        after=False,
        honest=WRONG_BUILDER,
        code=WRONG_BUILDER
        + """
import os, threading
build, calls = autoencoder, []
def autoencoder(*arguments):
    calls.append(arguments)
    if len(calls) == 3:
        threading.Timer(0.01, os._exit, [0]).start()
    return build(*arguments)
""",
    ),
    end(
        "builder_that_forks_and_lets_the_child_answer",
        assignment="vanilla",
        after=False,
        honest=WRONG_BUILDER,
        code=WRONG_BUILDER
        + """
import os, time
build = autoencoder
def autoencoder(*arguments):
    if os.fork():
        time.sleep(1000)
    return build(*arguments)
""",
        limits=SHORT,
    ),
]
