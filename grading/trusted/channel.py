"""A student's models behind a socket: the small interface of the checks, at a distance.

``RemoteStudent`` asks, in a trusted process; ``grading.untrusted.answer`` answers. The
answers may be lies, so every one is looked at before a check sees it, and whatever is
wrong with one becomes a ``StudentError``. That all numbers are finite is looked at by
``Student``, for models in a notebook too.
"""

import math
import secrets
import socket
import time
from collections.abc import Sequence
from typing import Any

from helpers.checks.student.interface import Arrays, Student, StudentError

import numpy as np

from grading.runtime import protocol
from grading.runtime.protocol import Bounds, ProtocolError

CALL_S = 30.0
MAX_MESSAGE = 4000
MAX_WORD = 200
"""Characters of a name or a class that a model claims."""
MAX_WEIGHTS = 1 << 22
"""Numbers in a model's weights: checks make others of the same shapes."""

BOUNDS = Bounds()


class Channel:
    """Questions to a student's process, answered one by one.

    After an answer that is late or malformed nothing more is asked: the rest of the
    stream could be anything.

    Args:
        sock: the trusted end.
        deadline: when all must be done, on the clock of ``time.monotonic``.

    Attributes:
        asked: how many questions were put.
        broken: why nothing more can be asked; None while it can.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock = sock
        self.deadline = deadline
        self.asked = 0
        self.broken: StudentError | None = None

    def ask(
        self,
        question: str,
        arrays: Sequence[np.ndarray] = (),
        *,
        bounds: Bounds = BOUNDS,
        **about: Any,
    ) -> tuple[dict[str, Any], Arrays]:
        """Return the answer's object and arrays.

        Args:
            question: which.
            arrays: go with it.
            bounds: what is taken of the answer at most.
            about: what else the question says.

        Raises:
            StudentError: the student's code raised it, or did not answer properly.
        """
        self.asked += 1
        if self.broken:
            raise self.broken
        deadline = min(self.deadline, time.monotonic() + CALL_S)
        # Answers that were written before the question do not know its number.
        number = secrets.randbits(48)
        try:
            protocol.send(
                self.sock,
                {"ask": question, "number": number, **about},
                arrays,
                deadline=deadline,
            )
            answer, given = protocol.receive(
                self.sock, bounds=bounds, deadline=deadline
            )
            if answer.get("number") != number:
                raise ProtocolError("an answer that was not asked for")
        except protocol.LateError:
            self.broken = StudentError("Timeout", "your model takes too long to answer")
            raise self.broken from None
        except ProtocolError as error:
            self.broken = StudentError(
                "NoAnswer", f"your model cannot be used: {error}"
            )
            raise self.broken from None
        if "error" in answer:
            raise _as_error(answer["error"])
        return answer, given

    def value(self, name: str) -> Any:
        """Return the student's value of ``name``, or a ``RemoteStudent``.

        Raises:
            NameError: the student has no such name.
            StudentError: the value cannot be read.
        """
        answer, _ = self.ask("value", name=name)
        kind = answer.get("kind")
        if kind == "callable":
            return RemoteStudent(self, name)
        if kind != "value":
            raise NameError(f"{name} is not defined")
        try:
            return protocol.decode(answer.get("value"))
        except ProtocolError as error:
            raise StudentError("WrongValue", f"{name} is {error}") from None


def _as_error(report: Any) -> StudentError:
    """Return the error that a student's process reports, cut to size."""
    names = ("kind", "message", "line", "raised_in")
    if not isinstance(report, dict):
        report = {}
    texts = [report.get(name) for name in names]
    return StudentError(
        *(text[:MAX_MESSAGE] if isinstance(text, str) else "" for text in texts)
    )


def _short(value: Any) -> Any:
    """Return a value with all strings in it cut to ``MAX_WORD``."""
    if isinstance(value, str):
        return value[:MAX_WORD]
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {key[:MAX_WORD]: _short(item) for key, item in value.items()}
    return value


def _wrong(message: str) -> StudentError:
    return StudentError("WrongReturn", message)


class RemoteStudent(Student):
    """A builder in another process, as the checks see it.

    Args:
        channel: how to ask.
        builder: name of the student's function.
    """

    def __init__(self, channel: Channel, builder: str) -> None:
        self.channel = channel
        self.builder = builder
        self.parts = ("encoder", "decoder", "auto")
        self._shapes: dict[str, list[tuple[int, ...]]] = {}

    def __repr__(self) -> str:
        # As a message may quote it: without an address, the same in each run.
        return f"<the function {self.builder}>"

    def build(self, *arguments: Any) -> list[Any]:
        self._shapes.clear()
        answer, _ = self.channel.ask(
            "build",
            name=self.builder,
            parts=list(self.parts),
            arguments=protocol.encode(list(arguments)),
        )
        try:
            after = protocol.decode(answer.get("arguments"))
        except ProtocolError as error:
            raise _wrong(f"an argument became {error}") from None
        if not isinstance(after, list) or len(after) != len(arguments):
            raise _wrong("the arguments of the call are lost")
        return after

    def facts(self, part: str) -> dict[str, Any]:
        answer, _ = self.channel.ask("facts", part=part)
        facts = answer.get("facts")
        layers = facts.get("layers") if isinstance(facts, dict) else None
        if not (
            isinstance(facts, dict)
            and isinstance(layers, list)
            and all(
                isinstance(layer, dict)
                and all(isinstance(layer.get(key), str) for key in ("class", "name"))
                for layer in layers
            )
            and isinstance(facts.get("class"), str)
            and isinstance(facts.get("optimizer"), str | None)
            and isinstance(facts.get("parameters"), int | None)
            and {"input_shape", "output_shape"} <= facts.keys()
        ):
            raise _wrong(f"{part} does not say what it is made of")
        short: dict[str, Any] = _short(facts)
        return short

    def _weights(self, part: str) -> Arrays:
        _, arrays = self.channel.ask("get_weights", part=part)
        shapes = [array.shape for array in arrays]
        if sum(array.size for array in arrays) > MAX_WEIGHTS:
            raise _wrong(f"{part} has more than {MAX_WEIGHTS} weights")
        if self._shapes.setdefault(part, shapes) != shapes:
            raise _wrong(f"the weights of {part} change their number or shapes")
        if not shapes:
            del self._shapes[part]  # not built yet
        return arrays

    def set_weights(self, part: str, arrays: Arrays) -> None:
        self.channel.ask("set_weights", arrays, part=part)

    def _outputs(
        self, part: str, x: np.ndarray, *, training: bool, graph: bool
    ) -> Arrays:
        _, arrays = self.channel.ask(
            "predict", [x], part=part, training=training, graph=graph
        )
        return arrays

    def _step_loss(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> float:
        answer, _ = self.channel.ask("training_loss", [x, y], part=part, seed=seed)
        return _number(answer.get("loss"))

    def _gradients(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> Arrays:
        _, arrays = self.channel.ask("gradients", [x, y], part=part, seed=seed)
        if [array.shape for array in arrays] != self._shapes.get(part):
            raise _wrong(f"the gradients of {part} have other shapes than its weights")
        return arrays

    def _train(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        epochs: int,
        batch_size: int,
        seed: int | None,
        learning_rate: float | None,
        part: str,
        graph: bool,
    ) -> list[float]:
        answer, _ = self.channel.ask(
            "train",
            [x, y],
            part=part,
            graph=graph,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            learning_rate=learning_rate,
        )
        losses = answer.get("losses")
        if not isinstance(losses, list) or len(losses) != epochs:
            raise _wrong("training does not give one loss for each epoch")
        return [_number(loss) for loss in losses]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("a loss is no number")
    try:
        return float(value)
    except OverflowError:
        return math.inf
