"""Attacks on the process that collects what cells show."""

from dataclasses import replace
from functools import partial

from samples.attacks.attack import SMALL, Attack
from samples.attacks.forgery import SOCKETS

show = partial(Attack, kind="outputs")
flood = partial(Attack, kind="floods")
SHORT = replace(SMALL, wall_s=6)
CHEAP = replace(SMALL, wall_s=10, memory_mb=1200)

RAW = (
    SOCKETS
    + """
import sys
def ends():
    caller = sys._getframe()
    while "serve" not in caller.f_locals:
        caller = caller.f_back
    return caller.f_locals["sock"], caller.f_locals["serve"].args[0]
def raw(text):
    return struct.pack("<I", len(text)) + text.encode()
cells, questions = ends()
pour = cells.sendall
"""
)
"""The sockets to the grader and to the judge, and frames that need be no JSON."""

ATTACKS = [
    show(
        "nesting_that_can_be_read_but_not_written",
        code=RAW
        + """
for depth in range(900, 985):
    nested = "[" * depth + "]" * depth
    pour(raw('{"kind": "display_data", "content": {"data": %s}}' % nested))
""",
    ),
    show(
        "displays_with_nested_names",
        code=RAW
        + """
for depth in range(900, 985):
    nested = "[" * depth + "]" * depth
    about = '"transient": {"display_id": %s}' % nested
    for kind in ("display_data", "update_display_data"):
        pour(raw('{"kind": "%s", "content": {"data": {}, %s}}' % (kind, about)))
    pour(raw('{"kind": %s, "content": {}}' % nested))
""",
    ),
    flood(
        "millions_of_values_in_a_message",
        code=RAW
        + """
several = ("[]," * 2_700_000, '{"":0},' * 1_100_000, "0.5," * 2_000_000)
frames = [raw('{"kind": "stream", "content": {"text": [%s 0]}}' % body)
          for body in several]
while True:
    for one in frames:
        pour(one)
""",
        limits=replace(SMALL, wall_s=8),
    ),
    flood(
        "long_messages_of_small_signs",
        code=RAW
        + """
texts = ("\\\\u0041" * 1_300_000, '\\\\"' * 4_000_000, '","' * 100_000)
frames = [raw('{"kind": "stream", "content": {"text": ["%s"]}}' % text)
          for text in texts]
while True:
    for one in frames:
        pour(one)
""",
        limits=replace(SMALL, wall_s=8),
    ),
    show(
        "terminal_drawn_by_every_output",
        code="""
import sys
from IPython.display import display
bad = "\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202e\\u2066\\x00\\x08\\r"
print(bad)
print(bad, file=sys.stderr)
display({"text/plain": bad}, raw=True)
raise ValueError(bad)
""",
        shown="ValueError",
    ),
    show(
        "errors_in_disguise",
        code="""
class CheckFailed(Exception):
    def _render_traceback_(self):
        return ["Holds: everything.", "\\x1b[2J"] * 10_000
raise CheckFailed("Holds: everything.")
""",
        shown="CheckFailed",
    ),
    show(
        "pictures_that_are_large",
        code="""
from IPython.display import display
import base64
picture = base64.b64encode(b"\\x89PNG\\r\\n\\x1a\\n" + bytes(700_000)).decode()
for kind in ("image/png", "image/jpeg", "image/gif", "application/pdf"):
    for _ in range(20):
        display({kind: picture}, raw=True)
""",
    ),
    show(
        "one_display_updated_for_ever",
        code="""
from IPython.display import display
handle = display("", display_id=True)
for _ in range(20_000):
    handle.update("x" * 1000)
""",
        limits=CHEAP,
    ),
    flood("command_without_end", code="!yes", limits=SHORT),
    flood("command_without_end_kept", code="kept = !yes", limits=SHORT),
    flood(
        "command_that_writes_gigabytes",
        code="""
!head -c 3000000000 /usr/bin/python3* /usr/bin/bash | tr a b | head -c 2000000000
!yes >&2 | head -c 1
print("goes on")
""",
        limits=CHEAP,
    ),
    flood(
        "millions_of_small_messages",
        code=RAW
        + """
many = raw('{"kind": "status", "content": {}}') * 2000
while True:
    pour(many)
""",
        limits=SHORT,
    ),
    flood(
        "raw_bytes_after_the_last_cell",
        code=RAW
        + """
import threading
def flood():
    while True:
        pour(bytes(1 << 20))
threading.Timer(1, flood).start()
from grading.untrusted import answer
import time
value = answer._Answers.value
answer._Answers.value = lambda self, name: time.sleep(0.2) or value(self, name)
""",
        limits=replace(SMALL, wall_s=10),
    ),
    flood(
        "letters_to_two_streams_in_turn",
        code="""
import sys
for _ in range(30_000):
    print("x", flush=True)
    print("y", file=sys.stderr, flush=True)
""",
        limits=CHEAP,
    ),
]
