"""What a student's process answers to the checks, after all cells.

Nothing here protects anything: it runs beside student code, which can change it.
"""

import contextlib
import functools
import io
import logging
import socket
import warnings
from collections.abc import Mapping
from typing import Any

from helpers.checks.student.interface import Arrays, StudentError

import numpy as np

from grading.runtime import protocol
from grading.runtime.protocol import ProtocolError
from grading.untrusted.model_cache import Built, ReusedStudent, run_operations_directly
from grading.untrusted.objects import FROM_TEST, Objects


class _Answers:
    """The answer to each kind of question, as a method of that name."""

    def __init__(self, names: dict[str, Any], objects: Objects) -> None:
        self.names = names
        self.find = objects.find
        self.operate = objects.operate
        self.built: dict[Any, Built] = {}
        self.student: Any = None

    def value(self, name: str) -> dict[str, Any]:
        if name not in self.names:
            return {"kind": "missing"}
        value = self.names[name]
        if callable(value):
            return {"kind": "callable"}
        return {"kind": "value", "value": protocol.encode(value)}

    def build(self, name: str, parts: list[str], arguments: Any) -> dict[str, Any]:
        run_operations_directly()
        self.student = ReusedStudent(self.names[name], parts, self.built)
        after = self.student.build(*protocol.decode(arguments))
        return {"arguments": protocol.encode(after)}

    def facts(self, part: str) -> dict[str, Any]:
        return {"facts": self.student.facts(part)}

    def get_weights(self, part: str) -> Arrays:
        weights: Arrays = self.student.get_weights(part)
        return weights

    def set_weights(self, *arrays: np.ndarray, part: str) -> dict[str, Any]:
        self.student.set_weights(part, list(arrays))
        return {}

    def predict(self, x: np.ndarray, *, part: str, **how: bool) -> Arrays:
        outputs: Arrays = self.student.predict(part, x, **how)
        return outputs

    def training_loss(self, *pair: np.ndarray, **how: Any) -> dict[str, Any]:
        return {"loss": self.student.training_loss(*pair, **how)}

    def gradients(self, *pair: np.ndarray, **how: Any) -> Arrays:
        arrays: Arrays = self.student.gradients(*pair, **how)
        return arrays

    def train(self, *pair: np.ndarray, **how: Any) -> dict[str, Any]:
        return {"losses": self.student.train(*pair, **how)}


def serve(
    sock: socket.socket,
    names: dict[str, Any],
    kept: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Answer a ``Channel`` about ``names`` until it is closed.

    Args:
        sock: the student's end.
        names: what the cells left behind.
        kept: what they had left behind before a test cell, by its grade id.
    """
    objects = Objects(names, kept or {}, sock)
    answers = _Answers(names, objects)
    objects.answer = functools.partial(_answer, sock, answers, objects)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with contextlib.suppress(ProtocolError):
        while True:
            objects.answer(*protocol.receive(sock, bounds=FROM_TEST))


def _answer(
    sock: socket.socket,
    answers: _Answers,
    objects: Objects,
    question: dict[str, Any],
    given: Arrays,
) -> None:
    """Answer one question.

    Raises:
        ProtocolError: nobody listens any more.
    """
    # Others may be asked before this one is answered: the last one's number counts.
    objects.number = question.pop("number")
    arrays: Arrays = []
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            answer = getattr(answers, question.pop("ask"))(*given, **question)
        if isinstance(answer, list):
            arrays = [_plain(array) for array in answer]
            answer = {}
        elif isinstance(answer, tuple):
            answer, arrays = answer
        protocol.send(sock, {**answer, "number": objects.number}, arrays)
    except StudentError as error:
        protocol.send(sock, {"error": vars(error), "number": objects.number})
    except ProtocolError:
        raise
    except BaseException as error:
        about = {"kind": type(error).__name__, "message": str(error)}
        protocol.send(sock, {"error": about, "number": objects.number})


def _plain(array: Any) -> np.ndarray:
    """Return an array of a type that may pass: bfloat16 and its like as float32."""
    plain: np.ndarray = np.asarray(array)
    return plain if plain.dtype.str in protocol.DTYPES else plain.astype(np.float32)
