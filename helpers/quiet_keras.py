"""Keras, imported without TensorFlow's start-up messages.

TensorFlow's C++ core writes a line about missing CUDA drivers straight to file
descriptor 2 before any log level is read, and a notebook would show it in red under its
first cell. Importing this module imports Keras with the descriptor closed to such
lines. A Python exception still comes through.

In the quick profile TensorFlow's warning of too many tracings is left out as well: a
model is called so few times there that nearly every call is its first.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from helpers.profile import QUICK


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what is written to file descriptor 2 inside the block."""
    kept = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(null)
        os.close(kept)


with silent_stderr():
    import keras  # noqa: F401

if QUICK:
    logging.getLogger("tensorflow").addFilter(
        lambda record: "triggered tf.function retracing" not in record.getMessage()
    )
