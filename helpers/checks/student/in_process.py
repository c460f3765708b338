"""A student's models in this process: what checks in a notebook use."""

import contextlib
import copy
import json
import linecache
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

from helpers.checks.student.asked import Asked
from helpers.checks.student.interface import (
    AUTOENCODER,
    Arrays,
    Student,
    StudentError,
)

import keras
import numpy as np

T = TypeVar("T")
Logs = dict[str, Any]

LAYER_FACTS = (
    "units",
    "filters",
    "kernel_size",
    "strides",
    "pool_size",
    "size",
    "padding",
    "rate",
)
# A step costs less in a graph, but a graph costs as much to make as some ten steps.
MAX_EAGER_STEPS = 12
FAR = 100.0
"""Learning rate of the step that shows a gradient: so that rounding hides nothing."""
NOT_THE_STUDENTS = (
    str(Path(keras.__file__).parents[1]),
    str(Path(__file__).parents[2]),
)


def _as_student_error(error: BaseException) -> StudentError:
    """Return ``error`` as plain text, with the student's own line that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(NOT_THE_STUDENTS)]
    line = ""
    if own:
        line = linecache.getline(own[-1].filename, own[-1].lineno or 0).strip()
    return StudentError(
        kind=type(error).__name__,
        message=str(error),
        line=line,
        raised_in=frames[-1].name if frames else "",
    )


def _students_code(method: Callable[..., T]) -> Callable[..., T]:
    """Turn whatever the student's code raises in ``method`` into a StudentError."""

    @wraps(method)
    def wrapper(*arguments: Any, **named: Any) -> T:
        try:
            return method(*arguments, **named)
        except StudentError:
            raise
        except (Exception, SystemExit) as error:
            raise _as_student_error(error) from None

    return wrapper


def _shape(model: Any, name: str) -> Any:
    """Return a model's input or output shape as lists, None where it has none yet."""
    try:
        return json.loads(json.dumps(getattr(model, name)))
    except (AttributeError, ValueError, TypeError):
        return None


def _layer_facts(layer: Any) -> dict[str, Any]:
    """Return what a layer says about itself; see ``Student.facts``."""
    facts = {"class": type(layer).__name__, "name": layer.name}
    for name in LAYER_FACTS:
        value = getattr(layer, name, None)
        if isinstance(value, int | float | str):
            facts[name] = value
        elif isinstance(value, tuple | list):
            facts[name] = list(value)
    activation = getattr(layer, "activation", None)
    if activation is not None:
        facts["activation"] = getattr(activation, "__name__", type(activation).__name__)
    return facts


class LocalStudent(Student):
    """A builder called in this process.

    Args:
        builder: the student's function.
        parts: names of the models that it returns, in their order.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        parts: Sequence[str] = AUTOENCODER,
    ) -> None:
        self.builder = builder
        self.parts = tuple(parts)
        self.models: dict[str, Any] = {}
        self._asked: dict[Any, Asked] = {}

    @_students_code
    def build(self, *arguments: Any) -> list[Any]:
        given = copy.deepcopy(list(arguments))
        returned = self.builder(*given)
        if len(self.parts) == 1 and isinstance(returned, keras.Model):
            returned = (returned,)
        several = isinstance(returned, tuple | list)
        if not several or len(returned) != len(self.parts):
            outcome = f"{len(returned)} values" if several else type(returned).__name__
            names = ", ".join(self.parts)
            raise StudentError(
                "WrongReturn", f"the function returns {outcome} instead of {names}"
            )
        for name, model in zip(self.parts, returned, strict=True):
            if not isinstance(model, keras.Model):
                raise StudentError(
                    "WrongReturn", f"{name} is a {type(model).__name__}, not a model"
                )
        self.models = dict(zip(self.parts, returned, strict=True))
        return given

    @_students_code
    def facts(self, part: str) -> dict[str, Any]:
        model = self.models[part]
        optimizer = getattr(model, "optimizer", None)
        return {
            "class": type(model).__name__,
            "input_shape": _shape(model, "input_shape"),
            "output_shape": _shape(model, "output_shape"),
            "parameters": model.count_params() if model.built else None,
            "optimizer": type(optimizer).__name__ if optimizer else None,
            "layers": [
                _layer_facts(layer)
                for layer in model._flatten_layers(include_self=False)
                if not layer._layers
            ],
        }

    @_students_code
    def _weights(self, part: str) -> Arrays:
        weights: Arrays = keras.Model.get_weights(self.models[part])
        return weights

    @_students_code
    def set_weights(self, part: str, arrays: Arrays) -> None:
        # Not by a method of the student's own: training does not call it.
        variables = keras.Model.weights.fget(self.models[part])
        for variable, array in zip(variables, arrays, strict=True):
            if variable.name == "moving_variance":  # below 0 it makes all outputs NaN
                array = np.abs(array)
            # To change a variable takes longer than to look at it.
            if not np.array_equal(variable.numpy(), array):
                variable.assign(array)

    @_students_code
    def _outputs(
        self, part: str, x: np.ndarray, *, training: bool, graph: bool
    ) -> Arrays:
        model = self.models[part]
        if not training and _has_own(model, *PREDICT):
            outputs = model.predict(x, verbose=0)
        else:
            outputs = self._asked_for(part, x, training)(x, graph=graph)
        return [
            keras.ops.convert_to_numpy(array) for array in keras.tree.flatten(outputs)
        ]

    def _asked_for(self, part: str, x: np.ndarray, training: bool) -> Asked:
        """Return a model as it is asked for outputs of inputs of this shape."""
        key = part, training, x.shape[1:], x.dtype
        asked = self._asked.get(key)
        if asked is None or asked.model is not self.models[part]:
            asked = self._asked[key] = Asked(self.models[part], training)
        return asked

    @_students_code
    def _step_loss(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> float:
        model = self.models[part]
        model._assert_compile_called("fit")
        with _put_back(model):
            if seed is not None:
                keras.utils.set_random_seed(seed)
            if steps_as_keras(model) and not _has_own(model, *FIT):
                return _loss(model, x, y)
            # Not train_on_batch: it hands the step other data than fit does.
            with _plain_steps(model.optimizer, 0.0):
                return _step(model, x, y)

    @_students_code
    def _gradients(
        self, x: np.ndarray, y: np.ndarray, part: str, seed: int | None
    ) -> Arrays:
        model = self.models[part]
        model._assert_compile_called("fit")
        before = self._weights(part)
        with _put_back(model):
            if seed is not None:
                keras.utils.set_random_seed(seed)
            with _plain_steps(model.optimizer, FAR):
                _step(model, x, y)
            after = self._weights(part)
        pairs = zip(before, after, strict=True)
        return [np.asarray((old - new) / FAR, old.dtype) for old, new in pairs]

    @_students_code
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
        if seed is not None:
            keras.utils.set_random_seed(seed)
        self.models[part]._assert_compile_called("fit")
        if learning_rate is not None:
            # As a schedule: an optimizer that was made with one takes nothing else.
            constant = keras.optimizers.schedules.ExponentialDecay(learning_rate, 1, 1)
            self.models[part].optimizer.learning_rate = constant
        return _train(
            self.models[part],
            x,
            y,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed or 0,
            graph=graph,
        )


def as_student(
    builder: Callable[..., Any] | Student, parts: Sequence[str] = AUTOENCODER
) -> Student:
    """Return a builder as a ``Student``.

    A student is returned itself, and learns the names of its models.
    """
    if isinstance(builder, Student):
        builder.parts = tuple(parts)
        return builder
    return LocalStudent(builder, parts)


class _Reported(keras.callbacks.Callback):
    """Keeps what each epoch's last step reported.

    The history would show 0 for a student's own train_step that leaves Keras's loss
    tracker alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.last = logs or {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.losses.append(_reported_loss(self.last))


def steps_as_keras(model: Any) -> bool:
    """Return whether a model's training step is Keras's, not the student's own."""
    step = getattr(model, "train_step", None)
    return getattr(step, "__func__", None) is keras.Model.train_step


FIT = ("fit", "make_train_function")
PREDICT = ("predict", "make_predict_function", "predict_step")


def _has_own(model: Any, *names: str) -> bool:
    """Return whether a model has a method of its own instead of one of Keras's."""
    return any(
        getattr(getattr(model, name, None), "__func__", None)
        is not getattr(keras.Model, name)
        for name in names
    )


def _loss(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return what Keras's training step reports, without its gradients and metrics."""
    x, y = (keras.ops.convert_to_tensor(array) for array in (x, y))
    y_pred = model(x, training=True) if model._call_has_training_arg else model(x)
    return float(model._compute_loss(x=x, y=y, y_pred=y_pred, training=True))


def _reported_loss(logs: Logs) -> float:
    """Return the loss that a training step reports."""
    # An own train_step may name its total otherwise; it stands first then.
    return float(logs.get("loss", next(iter(logs.values()), np.nan)))


def _step(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Take a training step on a batch as it is, and return the loss.

    Not shuffled: noise that is drawn with the same seed falls on the same inputs.
    """
    return _train(model, x, y, epochs=1, batch_size=len(x), shuffle=False)[0]


def _train(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    seed: int = 0,
    shuffle: bool = True,
    graph: bool = False,
) -> list[float]:
    """Train and return the loss of each epoch."""
    if keras.backend.backend() == "tensorflow" and not _has_own(model, *FIT):
        orders = _orders(len(x), epochs, seed if shuffle else None)
        many = len(orders) * -(-len(x) // batch_size) > MAX_EAGER_STEPS
        return _train_by_steps(
            model, x, y, orders, batch_size, _steps(model, graph=graph, many=many)
        )
    reported = _Reported()
    model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        callbacks=[reported],
        verbose=0,
    )
    return reported.losses


def _orders(n: int, epochs: int, seed: int | None) -> list[np.ndarray]:
    """Return the order of n inputs in each epoch; as they are, without a seed."""
    if seed is None:
        return [np.arange(n)] * epochs
    rng = np.random.default_rng(seed)
    return [rng.permutation(n) for _ in range(epochs)]


def _train_by_steps(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    orders: Sequence[np.ndarray],
    batch_size: int,
    steps: Iterator[Callable[..., Logs]],
) -> list[float]:
    """Take the training steps that fit would take, without its pipeline."""
    losses = []
    for rows in orders:
        model.reset_metrics()
        for start in range(0, len(x), batch_size):
            batch = rows[start : start + batch_size]
            pair = tuple(keras.ops.convert_to_tensor(a[batch]) for a in (x, y))
            logs = next(steps)(pair)
        losses.append(_reported_loss(logs))
    return losses


def _steps(
    model: keras.Model, *, graph: bool, many: bool
) -> Iterator[Callable[..., Logs]]:
    """Yield a model's training step for each step that is taken.

    The first makes all variables, unless they are there. After it, more than a few
    steps are taken in a graph, as fit takes them: what the step's Python code does, it
    then does only once more.
    """
    import tensorflow as tf

    if not graph:
        yield model.train_step
    later = model.train_step
    if graph and not model.optimizer.built:  # as fit does; in a graph it takes longer
        model.optimizer.build(model.trainable_variables)
    if (graph or many) and not model.run_eagerly:
        later = tf.function(later, autograph=False, reduce_retracing=True)
    yield from repeat(later)


@contextlib.contextmanager
def _plain_steps(optimizer: Any, rate: float) -> Iterator[None]:
    """Have an optimizer move weights along their gradients, and do nothing besides.

    It is the model's own, so that a loss cannot be another one with it than with the
    one that is asked about here.
    """

    def apply(gradients: Any, variables: Any = None) -> None:
        moved = optimizer._trainable_variables if variables is None else variables
        for gradient, variable in zip(gradients, moved, strict=True):
            if gradient is not None and rate:
                gradient = keras.ops.convert_to_tensor(gradient)
                move = keras.ops.cast(rate, gradient.dtype) * gradient
                variable.assign(variable - keras.ops.cast(move, variable.dtype))

    instead = {
        "apply": apply,
        "apply_gradients": lambda pairs, **named: apply(*zip(*pairs, strict=True)),
        "scale_loss": lambda loss: loss,
    }
    before = {name: vars(optimizer).get(name) for name in instead}
    vars(optimizer).update(instead)
    try:
        yield
    finally:
        for name, own in before.items():
            del vars(optimizer)[name]
            if own is not None:
                vars(optimizer)[name] = own


@contextlib.contextmanager
def _put_back(model: keras.Model) -> Iterator[None]:
    """Restore weights, random state and optimizer after the block."""
    optimizer = model.optimizer
    kept = [(variable, variable.numpy()) for variable in model.variables]
    try:
        yield
    finally:
        model.optimizer = optimizer
        for variable, value in kept:
            variable.assign(value)
