"""A student's models in the grader's kernel: built once, and asked once.

The checks repeat themselves. Each property has the builder called anew, mostly with the
same sizes; and the trusted process asks again all that the visible tests asked in the
notebook. So models that are as they were when they were built are handed out again, and
a visible test gets the answers that it got before. No verdict rests on that: models and
answers are the student's, who could give the same ones twice without it.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from helpers.checks.student.in_process import LocalStudent, steps_as_keras
from helpers.checks.student.interface import StudentError

import keras
import numpy as np

from grading.runtime import protocol


class Stale(Exception):
    """A visible test asks what it did not ask in the notebook."""


def _digest(*values: Any) -> bytes:
    """Return a hash of arrays, lists of arrays, and values that JSON can hold."""
    found = hashlib.blake2b(digest_size=16)
    for value in values:
        several = isinstance(value, list) and all(
            isinstance(one, np.ndarray) for one in value
        )
        for one in value if several else [value]:
            if isinstance(one, np.ndarray):
                found.update(f"{one.dtype.str}{one.shape}".encode())
                found.update(np.ascontiguousarray(one).data)
            else:
                found.update(json.dumps(protocol.encode(one)).encode())
    return found.digest()


def operate_directly() -> None:
    """Have TensorFlow run an operation as it is, not as a function that calls it.

    Such a function is made, and optimized, for each operation with new shapes or types,
    and again after each seed that is set: a quarter of the time of all checks. What an
    operation computes is the same. Where TensorFlow keeps this switch elsewhere than in
    2.21, checks take longer, and that is all.
    """
    if keras.backend.backend() == "tensorflow":
        with suppress(ImportError, AttributeError):
            from tensorflow.python import pywrap_tfe
            from tensorflow.python.eager.context import context

            context().ensure_initialized()
            pywrap_tfe.TFE_ContextSetRunEagerOpAsFunction(context()._handle, False)


# --- models that are handed out again -------------------------------------------------


class Built:
    """Models as a builder returned them.

    Args:
        builder: the student's function.
        models: what it returned, by part.
        arguments: as they were after the call.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        models: dict[str, keras.Model],
        arguments: list[Any],
    ) -> None:
        self.builder = builder
        self.models = models
        self.arguments = arguments
        self._values: list[tuple[keras.Variable, np.ndarray]] = []
        with suppress(Exception):  # a model that cannot say what it is made of
            self._values = [(one, one.numpy()) for one in self._variables()]

    def _variables(self) -> list[keras.Variable]:
        found = [one for model in self.models.values() for one in model.variables]
        return list({id(one): one for one in found}.values())

    def put_back(self) -> bool:
        """Give all variables their first values; return whether that can be done."""
        known = [id(variable) for variable, _ in self._values]
        with suppress(Exception):
            if known and known == [id(one) for one in self._variables()]:
                for variable, value in self._values:
                    variable.assign(value)
                return True
        return False

    def let_go(self) -> None:
        """Forget the models, but not what the call did to its arguments."""
        self.models = {}
        self._values = []


class ReusedStudent(LocalStudent):
    """A builder that is not called again while its models can be put back.

    Models that have been trained, or whose training is the student's own, are not used
    again: they, or their optimizers, may remember it elsewhere than in variables. Then
    the builder is called again as soon as one of its models is asked for.

    Args:
        builder: the student's function.
        parts: names of the models that it returns, in their order.
        built: models to hand out again, by what the builder was called with.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        parts: Sequence[str],
        built: dict[Any, Built],
    ) -> None:
        super().__init__(builder, parts)
        self._built = built
        self._call: Any = None
        self._arguments: Sequence[Any] = ()

    @property
    def models(self) -> dict[str, keras.Model]:
        """The models, by part."""
        if self._models is None:
            self._build()
        return self._models

    @models.setter
    def models(self, models: dict[str, keras.Model] | None) -> None:
        self._models = models

    def build(self, *arguments: Any) -> list[Any]:
        self._call = id(self.builder), self.parts, _digest(*arguments)
        self._arguments = arguments
        built = self._built.get(self._call)
        if built is None:
            return self._build()
        self.models = dict(built.models) if built.put_back() else None
        return built.arguments

    def _build(self) -> list[Any]:
        after = super().build(*self._arguments)
        self._built[self._call] = Built(self.builder, self.models, after)
        return after

    def let_go(self) -> None:
        """Have the builder called when models of this call are needed once more."""
        # Asked for first: models that are yet to be built shall not be kept either.
        if self.models and self._call in self._built:
            self._built[self._call].let_go()

    def training_loss(self, x: np.ndarray, y: np.ndarray, part: str = "auto") -> float:
        if not steps_as_keras(self.models.get(part)):
            self.let_go()
        return super().training_loss(x, y, part)

    @wraps(LocalStudent.train)
    def train(self, *pair: np.ndarray, **how: Any) -> list[float]:
        self.let_go()
        return super().train(*pair, **how)


# --- answers that are given again -----------------------------------------------------


@dataclass
class Answer:
    """What was asked, as a hash, and what came of it."""

    question: bytes
    value: Any = None
    error: StudentError | None = None


@dataclass
class Session:
    """What was asked of a builder's models, from one call of it to the next."""

    builder: Callable[..., Any]
    answers: list[Answer] = field(default_factory=list)


class Memory:
    """What a student's process keeps from one test to the next."""

    def __init__(self) -> None:
        self._built: dict[Any, Built] = {}
        self._sessions: dict[str, list[Session]] = {}
        self._record: list[Session] | None = None
        self._replay: Iterator[Session] | None = None

    def student(
        self, builder: Callable[..., Any], parts: Sequence[str]
    ) -> "RepeatedStudent":
        """Return a builder's models, which use this memory."""
        operate_directly()
        return RepeatedStudent(builder, parts, self._built, self._session)

    def in_notebook(self, test: str | None) -> None:
        """Keep the answers to the visible tests ``test``, which run next.

        None stands for any other cell. It may change what a builder does.
        """
        if test is None:
            self._built.clear()
        self._record = None if test is None else self._sessions.setdefault(test, [])

    def in_verdict(self, test: str | None) -> None:
        """Give the answers to the visible tests ``test`` again; None: answer anew."""
        self._record = None
        self._replay = None if test is None else iter(self._sessions.get(test, ()))

    def _session(
        self, builder: Callable[..., Any]
    ) -> tuple[list[Answer] | None, Iterator[Answer] | None]:
        """Return where to keep the next answers, and where to take them from."""
        if self._replay is not None:
            session = next(self._replay, None)
            if session is None or session.builder is not builder:
                raise Stale
            return None, iter(session.answers)
        if self._record is None:
            return None, None
        session = Session(builder)
        self._record.append(session)
        return session.answers, None


def _copied(value: Any) -> Any:
    """Return an answer with arrays of its own: a check may change those it gets."""
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _repeated(method: Callable) -> Callable:
    """Let a method give the answer that it gave before, or keep the one it gives."""
    signature = inspect.signature(method)

    @wraps(method)
    def answered(self: "RepeatedStudent", *arguments: Any, **named: Any) -> Any:
        if self.record is None and self.replay is None:
            return method(self, *arguments, **named)
        asked = signature.bind(self, *arguments, **named)
        asked.apply_defaults()
        question = _digest(method.__name__, *list(asked.arguments.values())[1:])
        if self.replay is None:
            answer = _answer(question, lambda: method(self, *arguments, **named))
            self.record.append(answer)
        else:
            answer = next(self.replay, None)
            if answer is None or answer.question != question:
                raise Stale
        if answer.error is not None:
            raise answer.error
        return _copied(answer.value)

    return answered


def _answer(question: bytes, give: Callable[[], Any]) -> Answer:
    try:
        return Answer(question, give())
    except StudentError as error:
        return Answer(question, error=error)


class RepeatedStudent(ReusedStudent):
    """A builder that answers a visible test in the verdict as it did in the notebook.

    Args:
        builder: the student's function.
        parts: names of the models that it returns, in their order.
        built: models to hand out again, by what the builder was called with.
        session: says where to keep answers, and where to take them from.

    Raises:
        Stale: in the notebook it was not asked this.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        parts: Sequence[str],
        built: dict[Any, Built],
        session: Callable,
    ) -> None:
        super().__init__(builder, parts, built)
        self._session = session
        self.record: list[Answer] | None = None
        self.replay: Iterator[Answer] | None = None

    def build(self, *arguments: Any) -> list[Any]:
        self.record, self.replay = self._session(self.builder)
        return self._called(self.parts, *arguments)

    @_repeated
    def _called(self, parts: Sequence[str], *arguments: Any) -> list[Any]:
        return super().build(*arguments)

    facts = _repeated(ReusedStudent.facts)
    get_weights = _repeated(ReusedStudent.get_weights)
    set_weights = _repeated(ReusedStudent.set_weights)
    predict = _repeated(ReusedStudent.predict)
    training_loss = _repeated(ReusedStudent.training_loss)
    train = _repeated(ReusedStudent.train)
