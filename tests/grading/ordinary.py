"""Ordinary tests run as the process that judges runs them, student and all here."""

import ast
import contextlib
import io
import logging
import socket
import textwrap
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from grading.runtime.job import Cell, Ordinary, Verdict
from grading.trusted.channel import Channel
from grading.trusted.ordinary import _value, judge_in_order
from grading.untrusted.answer import serve


def run(source: str, names: dict[str, Any]) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return _value(ast.parse(source).body, names)


@contextlib.contextmanager
def served(names: dict[str, Any], kept: dict[str, dict[str, Any]]) -> Iterator[Channel]:
    """Serve names in another thread; yield the way to them."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(theirs, names, kept))
    thread.start()
    try:
        yield Channel(ours, time.monotonic() + 60)
    finally:
        ours.close()
        thread.join()
        theirs.close()
        logging.disable(logging.NOTSET)  # as serve does for its own process


def small(
    tests: str,
    solution: str,
    *,
    hidden: str = "",
    classes: tuple[str, ...] = (),
    needs: Ordinary | None = None,
) -> Verdict:
    """Return the verdict of one test cell on one solution."""
    names: dict[str, Any] = {"__name__": "__main__"}
    run(textwrap.dedent(solution), names)
    tests, hidden = textwrap.dedent(tests), textwrap.dedent(hidden)
    seen = Cell("test", "test", "code", tests, "test", 1.0)
    whole = replace(seen, source=f"{tests}\n{hidden}")
    needs = needs or Ordinary(classes=classes)
    with served(names, {}) as channel:
        *_, verdict = judge_in_order(
            [needs.definitions], [seen], [whole], needs, channel
        )
    return verdict
