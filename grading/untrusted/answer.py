"""What a student's process answers to the checks. Nothing here protects anything."""

import contextlib
import io
import logging
import socket
import warnings
from typing import Any

from helpers.checks.student.interface import Arrays, StudentError

import numpy as np

from grading.runtime import protocol
from grading.runtime.protocol import STALE, Bounds, ProtocolError
from grading.untrusted.model_cache import Memory, Stale


class _Served:
    """What a student's process answers. Nothing here protects anything."""

    def __init__(self, names: dict[str, Any], memory: Memory) -> None:
        self.names = names
        self.memory = memory
        self.student: Any = None

    def begin(self, test: str | None) -> dict[str, Any]:
        self.memory.in_verdict(test)
        return {}

    def value(self, name: str) -> dict[str, Any]:
        if name not in self.names:
            return {"kind": "missing"}
        value = self.names[name]
        if callable(value):
            return {"kind": "callable"}
        return {"kind": "value", "value": protocol.encode(value)}

    def build(self, name: str, parts: list[str], arguments: Any) -> dict[str, Any]:
        self.student = self.memory.student(self.names[name], parts)
        after = self.student.build(*protocol.decode(arguments))
        return {"arguments": protocol.encode(after)}

    def facts(self, part: str) -> dict[str, Any]:
        return {"facts": self.student.facts(part)}

    def get_weights(self, part: str) -> Arrays:
        return self.student.get_weights(part)

    def set_weights(self, *arrays: np.ndarray, part: str) -> dict[str, Any]:
        self.student.set_weights(part, list(arrays))
        return {}

    def predict(self, x: np.ndarray, *, part: str, training: bool) -> Arrays:
        return self.student.predict(part, x, training=training)

    def training_loss(self, *pair: np.ndarray, part: str) -> dict[str, Any]:
        return {"loss": self.student.training_loss(*pair, part)}

    def train(self, *pair: np.ndarray, **how: Any) -> dict[str, Any]:
        return {"losses": self.student.train(*pair, **how)}


def serve(sock: socket.socket, names: dict[str, Any], memory: Memory) -> None:
    """Answer a ``Channel`` about ``names`` until it is closed.

    It runs in the student's process, after all cells.

    Args:
        sock: the student's end.
        names: what the cells left behind.
        memory: what it keeps of the tests in the notebook.
    """
    served = _Served(names, memory)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    while True:
        try:
            asked, given = protocol.receive(sock, bounds=Bounds(data=1 << 30))
        except ProtocolError:
            return
        number = {"number": asked.pop("number")}
        arrays: Arrays = []
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                answer = getattr(served, asked.pop("ask"))(*given, **asked)
            if isinstance(answer, list):
                arrays = [_plain(array) for array in answer]
                answer = {}
            protocol.send(sock, {**answer, **number}, arrays)
        except StudentError as error:
            protocol.send(sock, {"error": vars(error), **number})
        except Stale:
            protocol.send(sock, {"error": STALE, **number})
        except ProtocolError:
            return
        except BaseException as error:
            about = {"kind": type(error).__name__, "message": str(error)}
            protocol.send(sock, {"error": about, **number})


def _plain(array: Any) -> np.ndarray:
    """Return an array of a type that may pass: bfloat16 and its like as float32."""
    array = np.asarray(array)
    return array if array.dtype.str in protocol.DTYPES else array.astype(np.float32)
