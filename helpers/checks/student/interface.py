"""The one way in which a check sees a student's models.

A check calls the builder, reads facts, sets weights, predicts, and trains, always on
arrays that the check supplies. Only values that JSON can hold and plain NumPy arrays
pass in either direction. So the student's models may live in the same process, as in
the notebook (``in_process.LocalStudent``), or behind a process boundary. Expected
values stay on the check's side.

What comes back is looked at here, for both ways: a check meets finite numbers only.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.errors import CourseError

import numpy as np

Arrays = list[np.ndarray]

Size = int | tuple[int, ...]
"""Of one input or code: how many numbers, or a shape without the batch."""

ImageShape = tuple[int, int, int]
"""Height, width and channels."""

AUTOENCODER = ("encoder", "decoder", "auto")
"""The models that most builders return."""


WRONG_NUMBERS = "WrongNumbers"
"""The kind of a ``StudentError`` about answers that are no finite numbers."""


@dataclass
class StudentError(CourseError):
    """What went wrong in a student's code, as plain strings.

    Attributes:
        kind: class of the exception, such as ``"TypeError"``, or ``"WrongReturn"``.
        message: its text.
        line: the last line of the student's own code that was running, or ``""``.
        raised_in: name of the function that raised it.
    """

    kind: str
    message: str
    line: str = ""
    raised_in: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Student(ABC):
    """A student's builder and the models that it returned.

    Every method but the constructor may raise ``StudentError``.
    """

    parts: Sequence[str]
    """Names of the returned models, in the order in which the builder returns them."""

    @abstractmethod
    def build(self, *arguments: Any) -> list[Any]:
        """Call the builder, keep its models under the names in ``parts``.

        Returns:
            The arguments as they are after the call.
        """

    @abstractmethod
    def facts(self, part: str) -> dict[str, Any]:
        """Return what the model says about itself.

        Keys: ``class``; ``input_shape`` and ``output_shape`` (lists, ``None`` for the
        batch and where unknown); ``parameters``; ``optimizer`` (class name or
        ``None``); ``layers``: the layers in the order in which the model lists them,
        nested models opened, each with ``class``, ``name`` and, where it has them,
        ``units``, ``filters``, ``kernel_size``, ``strides``, ``pool_size``, ``size``,
        ``padding``, ``activation``, ``rate``. These are claims: a check relies on what
        a model computes, and reads facts for what the contract names or for the likely
        cause.
        """

    def get_weights(self, part: str) -> Arrays:
        """Return the model's weights in Keras's order. Predict once before."""
        arrays = self._weights(part)
        for array in arrays:
            _refuse_not_finite(array, f"a weight of {part} is")
        return arrays

    @abstractmethod
    def set_weights(self, part: str, arrays: Arrays) -> None:
        """Replace the model's weights: same number, order and shapes as returned."""

    def predict(
        self, part: str, x: np.ndarray, *, training: bool = False, graph: bool = False
    ) -> Arrays:
        """Return the model's outputs for the batch ``x``, always as a list.

        With ``graph``, they come as from Keras's predict: from a graph, which takes
        longer to make than an answer without it.
        """
        outputs = self._outputs(part, x, training=training, graph=graph)
        if not outputs or not all(np.size(array) for array in outputs):
            raise StudentError(WRONG_NUMBERS, f"{part} gives no numbers")
        return [_as_floats(array, part) for array in outputs]

    def training_loss(
        self, x: np.ndarray, y: np.ndarray, part: str = "auto", seed: int | None = None
    ) -> float:
        """Return the loss that training minimises on the batch ``(x, y)``.

        It is what one training step reports, added losses and own training steps
        included. Weights, optimizer and random state are put back afterwards. A
        ``seed`` makes all that is drawn the same in each call.
        """
        return _finite_loss(self._step_loss(x, y, part, seed), part)

    def gradients(
        self, x: np.ndarray, y: np.ndarray, part: str = "auto", seed: int | None = None
    ) -> Arrays:
        """Return the gradient that a training step on ``(x, y)`` follows.

        One array for each of the weights, 0 where a step does not reach. Otherwise as
        ``training_loss``.
        """
        arrays = self._gradients(x, y, part, seed)
        for array in arrays:
            _refuse_not_finite(array, f"a gradient of {part} is")
        return arrays

    def train(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        epochs: int,
        batch_size: int,
        seed: int | None = None,
        learning_rate: float | None = None,
        part: str = "auto",
        graph: bool = False,
    ) -> list[float]:
        """Train the model as the student compiled it; return the loss of each epoch.

        A ``seed`` makes all that is drawn the same in each run. It costs as much as a
        step or two: TensorFlow forgets its kernels. A ``learning_rate`` replaces the
        optimizer's. With ``graph``, every step is taken in a graph, as fit takes them;
        otherwise those of a short training are not.
        """
        losses = self._train(
            x,
            y,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            learning_rate=learning_rate,
            part=part,
            graph=graph,
        )
        return [_finite_loss(loss, part) for loss in losses]

    @abstractmethod
    def _weights(self, part: str) -> Arrays:
        """Answer ``get_weights``, unseen."""

    @abstractmethod
    def _outputs(
        self, part: str, x: np.ndarray, *, training: bool, graph: bool
    ) -> Arrays:
        """Answer ``predict``, unseen."""

    @abstractmethod
    def _step_loss(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> float:
        """Answer ``training_loss``, unseen."""

    @abstractmethod
    def _gradients(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> Arrays:
        """Answer ``gradients``, unseen."""

    @abstractmethod
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
        """Answer ``train``, unseen."""


def _refuse_not_finite(array: np.ndarray, what: str) -> None:
    """Raise StudentError if an array holds something else than finite numbers."""
    try:
        finite = array.dtype.kind != "c" and bool(np.isfinite(array).all())
    except TypeError:  # objects, strings, dates
        finite = False
    if not finite:
        outcome = "NaN or infinite" if array.dtype.kind == "f" else str(array.dtype)
        raise StudentError(WRONG_NUMBERS, f"{what} {outcome}")


def _as_floats(array: np.ndarray, part: str) -> np.ndarray:
    """Return an answer as float32 or float64: sums of smaller types overflow."""
    array = np.asarray(array)
    _refuse_not_finite(array, f"for finite inputs, {part} gives what is")
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32)


def _finite_loss(loss: float, part: str) -> float:
    """Return a training loss.

    Raises:
        StudentError: it is NaN or infinite.
    """
    if not math.isfinite(loss):
        raise StudentError(WRONG_NUMBERS, f"the training loss of {part} is {loss}")
    return loss
