"""Whether there is a network, found out within seconds."""

import contextlib
import functools
import os
import queue
import threading
import time

from helpers.data.datasets import SPECS

import requests

PROBE_SECONDS = 4.0  # to decide, once per session, that there is no network


def available() -> bool:
    """Say whether any mirror answers: within 4 seconds, and only once per session.

    False without trying when ``COURSE_OFFLINE`` is set to anything but 0.
    """
    if is_switched_off():
        return False
    mirrors = (mirror for spec in SPECS.values() for mirror in spec.mirrors)
    return _probe(tuple(dict.fromkeys(mirrors)))


def is_switched_off() -> bool:
    """Say whether ``COURSE_OFFLINE`` keeps the course off the network."""
    return os.environ.get("COURSE_OFFLINE", "0") not in ("", "0")


@functools.cache
def _probe(urls: tuple[str, ...]) -> bool:
    """Ask all hosts at once; the first answer of any kind says yes."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(url: str) -> None:
        try:
            requests.head(url, timeout=PROBE_SECONDS)
            answers.put(True)
        except requests.RequestException:
            answers.put(False)

    # Daemon threads, because looking up a host's name knows no timeout.
    for url in urls:
        threading.Thread(target=ask, args=(url,), daemon=True).start()
    end = time.monotonic() + PROBE_SECONDS
    with contextlib.suppress(queue.Empty):
        for _ in urls:
            if answers.get(timeout=max(0.0, end - time.monotonic())):
                return True
    return False
