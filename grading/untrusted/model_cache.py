"""A student's models in the grader's kernel: built once for the same sizes.

The checks repeat themselves: each property has the builder called again, mostly with
the same sizes, and several take the same step of training then. So models that are as
they were when they were built, or after that step, are handed out again. No verdict
rests on that: the models are the student's, who could hand out the same ones twice
without it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from helpers.checks.student.in_process import LocalStudent, steps_as_keras
from helpers.checks.student.interface import Arrays

import keras
import numpy as np

from grading.runtime import protocol


def _digest(values: Sequence[Any]) -> bytes:
    """Return a hash of arrays and of values that JSON can hold."""
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(json.dumps(protocol.encode(value)).encode())
    return digest.digest()


def run_operations_directly() -> None:
    """Have TensorFlow run each operation as it is, not in a function of its own.

    By default it wraps each operation in a ``tf.function``, traced again for each shape
    and after each seed: a quarter of the time of all checks. What an operation computes
    is the same. Where TensorFlow keeps this switch elsewhere than in 2.21, checks take
    longer, and that is all.
    """
    if keras.backend.backend() == "tensorflow":
        with suppress(ImportError, AttributeError):
            from tensorflow.python import pywrap_tfe
            from tensorflow.python.eager.context import context

            context().ensure_initialized()
            pywrap_tfe.TFE_ContextSetRunEagerOpAsFunction(context()._handle, False)


class Built:
    """Models as they were after a call of their builder, or of their training.

    Args:
        builder: the student's function.
        models: what it returned, by part.
        answer: the arguments after the call, or the losses of the training.

    Attributes:
        asked: the models as they were asked for outputs, with the graphs made then.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        models: dict[str, keras.Model],
        answer: list[Any],
    ) -> None:
        self.builder = builder
        self.models = models
        self.answer = answer
        self.asked: dict[Any, Any] = {}
        self._values: list[tuple[keras.Variable, np.ndarray]] = []
        with suppress(Exception):  # a model that cannot say what it is made of
            self._values = [
                (variable, variable.numpy()) for variable in self._variables()
            ]

    def _variables(self) -> list[keras.Variable]:
        """Return each variable once: models share them."""
        unique = {
            id(variable): variable
            for model in self.models.values()
            for variable in model.variables
        }
        return list(unique.values())

    def put_back(self) -> bool:
        """Give all variables their first values; return whether that can be done."""
        known = [id(variable) for variable, _ in self._values]
        with suppress(Exception):
            if known and known == [id(variable) for variable in self._variables()]:
                for variable, value in self._values:
                    variable.assign(value)
                return True
        return False

    def let_go(self) -> None:
        """Forget the models, but not what the call answered."""
        self.models = {}
        self.asked = {}
        self._values = []


class ReusedStudent(LocalStudent):
    """A builder that is not called again while its models can be put back.

    Models that have been trained, or whose training is the student's own, are not used
    again as built: they, or their optimizers, may remember it elsewhere than in
    variables. Then the builder is called again as soon as one of its models is asked
    for. But after the same first training they are used again, as trained.

    Args:
        builder: the student's function.
        parts: names of the models that it returns, in their order.
        built: models to hand out again, by what was called.
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
        self._as_built = False
        self._source: Built | None = None

    @property
    def models(self) -> dict[str, keras.Model]:
        """The models, by part."""
        if self._models is None:
            self._build()
        return self._models or {}

    @models.setter
    def models(self, models: dict[str, keras.Model] | None) -> None:
        self._models = models

    def build(self, *arguments: Any) -> list[Any]:
        self._call = id(self.builder), self.parts, _digest(arguments)
        self._arguments = arguments
        self._as_built = True
        built = self._built.get(self._call)
        if built is None:
            return self._build()
        if not self._use(built):
            self.models = None
        return built.answer

    def _build(self) -> list[Any]:
        after: list[Any] = super().build(*self._arguments)
        self._keep(self._call, after)
        return after

    def _keep(self, call: Any, answer: list[Any]) -> None:
        """Remember the models as they are now."""
        self._source = self._built[call] = Built(self.builder, self.models, answer)
        self._source.asked = self._asked = {}

    def _use(self, built: Built) -> bool:
        """Take models as they were then; return whether that can be done."""
        if not built.put_back():
            return False
        self.models = dict(built.models)
        self._asked = built.asked
        self._source = built
        return True

    def let_go(self) -> None:
        """Have the builder called when models of this call are needed once more."""
        # Build first, if that is yet to be done: those models must not be kept either.
        if self.models and self._source:
            self._source.let_go()

    def set_weights(self, part: str, arrays: Arrays) -> None:
        self._as_built = False
        super().set_weights(part, arrays)

    def training_loss(
        self, x: np.ndarray, y: np.ndarray, part: str = "auto", seed: int | None = None
    ) -> float:
        if not steps_as_keras(self.models.get(part)):
            self.let_go()
            self._as_built = False
        loss: float = super().training_loss(x, y, part, seed)
        return loss

    def gradients(
        self, x: np.ndarray, y: np.ndarray, part: str = "auto", seed: int | None = None
    ) -> Arrays:
        if not steps_as_keras(self.models.get(part)):
            self.let_go()
        self._as_built = False
        arrays: Arrays = super().gradients(x, y, part, seed)
        return arrays

    def train(self, x: np.ndarray, y: np.ndarray, **how: Any) -> list[float]:
        first, self._as_built = self._as_built, False
        call = (self._call, _digest([x, y, how])) if first else None
        trained = self._built.get(call)
        if trained and self._use(trained):
            return trained.answer
        self.let_go()
        losses: list[float] = super().train(x, y, **how)
        if first:
            self._keep(call, losses)
        return losses
