"""Students whose models do nothing, or what is asked for only where a check may look.

    python -m samples.degenerate                 # all assignments: an hour
    python -m samples.degenerate vanilla sparse
    python -m samples.degenerate vanilla --only zero

Each behaviour is tried on the reference, and on a network that is wrong in most ways.
On the wrong network it must earn nothing: no check may hold that fails without it;
``CONCEDED`` names the exceptions, with their reasons. On
the reference, a behaviour that leaves nothing of what the models answer must not keep
more than the points of checks that look at no answers. Prints a table of points.
"""

import argparse
import os
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from helpers import profile  # noqa: F401  before keras, it silences its start
from helpers.checks.student.in_process import LocalStudent
from helpers.checks.student.interface import Arrays

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from samples.course import ASSIGNMENTS
from samples.marking import run_cell
from samples.notebooks import cells_that_count, grader, source

Models = dict[str, keras.Model]
Change = Callable[[Models], None]
"""Changes models in place, as they come from the builder."""

SHAPES = "the shapes are right, whatever the numbers are"
REFUSES = "the builder refuses what it must refuse"
MOVES = "the weights move as the contract's optimizer moves them"
LOSSES = "the losses of training differ as they must, whatever the outputs are"

WITHOUT_OUTPUTS = {
    **dict.fromkeys(("shapes", "other_sizes", "channels", "any_size"), SHAPES),
    **dict.fromkeys(("wrong_factor", "unknown_kind"), REFUSES),
    **dict.fromkeys(("optimizer_is_adam", "adam_moves_all"), MOVES),
    **dict.fromkeys(("nothing_else", "target_is_clean", "fresh_noise"), LOSSES),
    "beta_weighs": "the losses and weights change with beta as they must",
    "gradients": "the weights move where the divergence is flat",
    "arguments_unchanged": "calling the builder leaves its arguments alone",
    "same_weights": "both kinds have equally many weights",
    "shared_layers": "the classifier's weights are those of the autoencoders",
}
"""Checks that look at no number that a model answers; what is honest about each."""


class Degenerate(LocalStudent):
    """A student whose models are changed after building, and who may lie about them.

    Args:
        builder: makes the models.
        change: what is done to them.
        lies: what is answered instead, by the name of a method of ``Student``: a
            function of the honest answer.
    """

    def __init__(
        self,
        builder: Callable[..., Any],
        change: Change,
        lies: dict[str, Callable[[Any], Any]],
    ) -> None:
        super().__init__(builder)
        self.change = change
        self.lies = lies

    def build(self, *arguments: Any) -> list[Any]:
        """Call the builder, then change its models."""
        after = super().build(*arguments)
        self.change(self.models)
        return after

    def facts(self, part: str) -> dict[str, Any]:
        """Return what the models say about themselves, or a lie."""
        return self._instead("facts", super().facts(part))

    def set_weights(self, part: str, arrays: Arrays) -> None:
        """Set what is given, or something else."""
        super().set_weights(part, self._instead("set_weights", arrays))

    def _weights(self, part: str) -> Arrays:
        return self._instead("get_weights", super()._weights(part))

    def _outputs(self, part: str, x: np.ndarray, **how: bool) -> Arrays:
        return self._instead("predict", super()._outputs(part, x, **how))

    def _step_loss(self, *arguments: Any) -> float:
        return self._instead("loss", super()._step_loss(*arguments))

    def _train(self, *arguments: Any, **named: Any) -> list[float]:
        losses = super()._train(*arguments, **named)
        return [self._instead("loss", loss) for loss in losses]

    def _instead(self, method: str, answer: Any) -> Any:
        return self.lies.get(method, lambda answer: answer)(answer)


@dataclass(frozen=True)
class Behaviour:
    """What a student does besides the network.

    Attributes:
        name: in a few words.
        change: what is done to the models.
        lies: see ``Degenerate``.
        says_nothing: whether nothing of the models is left in their answers.
    """

    name: str
    change: Change = lambda models: None
    lies: tuple[tuple[str, Callable[[Any], Any]], ...] = ()
    says_nothing: bool = False


# --- what models are made of ----------------------------------------------------------


def _inner(models: Models) -> Iterator[keras.Model]:
    """Yield each model that has layers of its own, once.

    In place of one that is made of other models alone, as auto is of encoder and
    decoder, these.
    """
    known: dict[int, keras.Model] = {}
    for model in models.values():
        nested = [layer for layer in model.layers if isinstance(layer, keras.Model)]
        all_weights = sum(len(layer.weights) for layer in nested) == len(model.weights)
        for leaf in nested if nested and all_weights else [model]:
            known[id(leaf)] = leaf
    yield from known.values()


def with_kernels(model: keras.Model) -> list[Any]:
    """Return the layers of a model that have weights and an activation, in order."""
    inner = (
        with_kernels(layer)
        if isinstance(layer, keras.Model)
        else [
            part
            for part in layer._flatten_layers()
            if part.weights and hasattr(part, "activation")
        ]
        for layer in model.layers
    )
    return [layer for layers in inner for layer in layers]


def ends_in(function: Callable[..., Any]) -> Change:
    """Return a change of all that models answer.

    Args:
        function: makes the new answer, of what came in, what comes out, and whether the
            model trains.
    """

    def change(models: Models) -> None:
        for model in _inner(models):
            _patch(model, function)

    return change


def _patch(model: keras.Model, function: Callable[..., Any]) -> None:
    original = model.call

    def call(x: Any, *arguments: Any, **named: Any) -> Any:
        outputs = original(x, *arguments, **named)
        training = bool(named.get("training"))
        return keras.tree.map_structure(lambda y: function(x, y, training), outputs)

    model.call = call


def last(make: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> Change:
    """Return a change of the activations of all last layers.

    Args:
        make: returns the new activation, from the old one.
    """

    def change(models: Models) -> None:
        for model in _inner(models):
            for layer in with_kernels(model)[-1:]:
                layer.activation = make(layer.activation)

    return change


def hidden(make: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]) -> Change:
    """Return a change of the activations of all layers but the last."""

    def change(models: Models) -> None:
        for model in _inner(models):
            for layer in with_kernels(model)[:-1]:
                layer.activation = make(layer.activation)

    return change


def optimizer(make: Callable[[], keras.optimizers.Optimizer]) -> Change:
    """Return a change of the optimizers."""

    def change(models: Models) -> None:
        for model in models.values():
            if getattr(model, "optimizer", None) is not None:
                model.optimizer = make()

    return change


def _without_gradient(model: keras.Model) -> None:
    """Have a model report the right loss, and follow the gradient of its own."""
    if not hasattr(model, "right_loss"):
        return
    right, own = (keras.losses.get(loss) for loss in (model.right_loss, model.loss))

    def loss(y: Any, y_pred: Any) -> Any:
        wrong = ops.mean(own(y, y_pred))
        return wrong + ops.stop_gradient(ops.mean(right(y, y_pred)) - wrong)

    model.compile(model.optimizer, loss)


def _gradient_of_another(models: Models) -> None:
    for model in models.values():
        _without_gradient(model)


# --- networks -------------------------------------------------------------------------


def _spoil(models: Models) -> None:
    """Make hidden layers linear, last ones tanh, and train by SGD on another loss."""
    for model in _inner(models):
        for layer in with_kernels(model):
            layer.right_activation = layer.activation
    hidden(lambda old: keras.activations.linear)(models)
    last(lambda old: keras.activations.tanh)(models)
    for model in models.values():
        if getattr(model, "optimizer", None) is None:
            continue
        if model.train_step.__func__ is keras.Model.train_step:
            model.right_loss = model.loss
            model.compile(keras.optimizers.SGD(0.01), "mae")
        else:
            model.optimizer = keras.optimizers.SGD(0.01)


class _Wrong(Degenerate):
    """A wrong network: auto has layers of its own, and ``_spoil`` does the rest."""

    def build(self, *arguments: Any) -> list[Any]:
        """Call the builder twice."""
        after = LocalStudent.build(self, *arguments)
        if "auto" in self.parts and len(self.parts) > 1:
            auto = self.models["auto"]
            LocalStudent.build(self, *arguments)
            self.models["auto"] = auto
        _spoil(self.models)
        self.change(self.models)
        return after


NETWORKS: dict[str, type[Degenerate]] = {"right": Degenerate, "wrong": _Wrong}


# --- behaviours -----------------------------------------------------------------------


def right_where(condition: Callable[..., Any]) -> Change:
    """Return a change that undoes ``_spoil`` of all layers where a condition holds.

    Args:
        condition: of what a model gets, whether it trains, the models, and the model.
    """

    def change(models: Models) -> None:
        for model in _inner(models):
            flag = [False]
            _flagged(model, flag, partial(condition, models=models, model=model))
            for layer in with_kernels(model):
                layer.activation = _either(
                    flag, getattr(layer, "right_activation", layer.activation), layer
                )

    return change


def _flagged(
    model: keras.Model, flag: list[Any], condition: Callable[..., Any]
) -> None:
    """Have a model note, while it is called, whether a condition holds."""
    original = model.call

    def call(x: Any, *arguments: Any, **named: Any) -> Any:
        before = flag[0]
        flag[0] = condition(x, bool(named.get("training")))
        try:
            return original(x, *arguments, **named)
        finally:
            flag[0] = before

    model.call = call


def _either(flag: list[Any], right: Callable[[Any], Any], layer: Any) -> Any:
    """Return an activation that is the right one where a flag is set."""
    wrong = layer.activation
    return lambda a: ops.where(flag[0], right(a), wrong(a))


def _identity(x: Any, y: Any, training: bool) -> Any:
    """Return the input, cut or repeated to the shape of the output."""
    n, size = ops.shape(y)[0], int(np.prod(y.shape[1:]))
    flat = ops.reshape(x, (n, -1))
    times = -(-size // int(flat.shape[1]))
    return ops.reshape(ops.tile(flat, (1, times))[:, :size], ops.shape(y))


def _only(condition: Callable[..., Any]) -> Change:
    """Return a change that answers 0 but where a condition on x, y, training holds."""
    return ends_in(
        lambda x, y, training: ops.where(condition(x, y, training), y, 0.0 * y)
    )


def _in_first_calls(count: int) -> Change:
    """Return a change that answers 0 after the first calls of each model."""

    def change(models: Models) -> None:
        for model in _inner(models):
            left = [count]

            def function(x: Any, y: Any, training: bool, left: list[int] = left) -> Any:
                left[0] -= 1
                return y if left[0] >= 0 else 0.0 * y

            _patch(model, function)

    return change


def _first_number(function: Callable[[Any], Any]) -> Change:
    """Return a change of the first number of each row that models answer."""

    def change_first(x: Any, y: Any, training: bool) -> Any:
        first = ops.arange(int(np.prod(y.shape[1:]))) == 0
        return ops.where(ops.reshape(first, (1, *y.shape[1:])), function(y), y)

    return ends_in(change_first)


def _rows(function: Callable[[Any], Any]) -> Change:
    return ends_in(lambda x, y, training: function(y) + 0.0 * y)


def _all_rows_alike(y: Any) -> Any:
    return ops.all(ops.max(y, axis=0) - ops.min(y, axis=0) < 1e-6)


ENDS: dict[str, Change] = {
    "zero": _rows(lambda y: 0.0 * y),
    "the constant 1/2": _rows(lambda y: 0.0 * y + 0.5),
    "the constant 1": _rows(lambda y: 0.0 * y + 1),
    "tiny": _rows(lambda y: 1e-12 * y),
    "nearly 1/2": _rows(lambda y: 0.5 + 1e-9 * y),
    "huge": _rows(lambda y: 1e25 * y),
    "a large number added": _rows(lambda y: y + 1e9),
    "one huge number": _first_number(lambda y: 1e25 * (1 + y)),
    "the first row for all": _rows(lambda y: y[:1]),
    "the mean row for all": _rows(lambda y: ops.mean(y, axis=0, keepdims=True)),
    "one number for a row": _rows(lambda y: ops.mean(y, axis=-1, keepdims=True)),
    "its own input": ends_in(_identity),
    "random numbers": ends_in(
        lambda x, y, training: keras.random.uniform(ops.shape(y)) + 0.0 * y
    ),
    "NaN": _rows(lambda y: y * np.nan),
    "one NaN": _first_number(lambda y: y * np.nan),
    "infinite": _rows(lambda y: y + np.inf),
    "minus infinity": _rows(lambda y: y - np.inf),
    "the sign": _rows(ops.sign),
    "0 or 1": _rows(lambda y: ops.where(y > 0.5, 1.0, 0.0)),
    "one decimal": _rows(lambda y: ops.round(y * 10) / 10),
    "rows the other way round": _rows(lambda y: y[::-1]),
    "numbers the other way round": _rows(lambda y: ops.flip(y, axis=1)),
    "right for inputs in [0,1]": _only(
        lambda x, y, training: ops.all((x >= 0) & (x <= 1))
    ),
    "right for small inputs": _only(lambda x, y, training: ops.all(ops.abs(x) <= 0.5)),
    "right for inputs of 0": _only(lambda x, y, training: ops.all(x == 0)),
    "right for one input at a time": _only(lambda x, y, training: ops.shape(x)[0] == 1),
    "right where all rows are alike": _only(lambda x, y, training: _all_rows_alike(y)),
    "right in use only": _only(lambda x, y, training: not training),
    "right in training only": _only(lambda x, y, training: training),
    "right in the first call": _in_first_calls(1),
    "right in the first two calls": _in_first_calls(2),
}

# Activations that are right only for some numbers; the old one is replaced by none.
LASTS: dict[str, Change] = {
    "a last activation of zero": last(lambda f: lambda a: 0.0 * f(a)),
    "a last activation of one": last(lambda f: lambda a: 0.0 * f(a) + 1),
    "right up to 4": last(lambda f: lambda a: ops.where(ops.abs(a) <= 4.5, f(a), a)),
    "right up to 4, of all": last(
        lambda f: lambda a: ops.where(ops.max(ops.abs(a)) <= 4.5, f(a), 0.0 * a)
    ),
    "right where rows are alike": last(
        lambda f: lambda a: ops.where(_all_rows_alike(a), f(a), a)
    ),
    "right in batches of one": last(
        lambda f: lambda a: f(a) if ops.shape(a)[0] == 1 else a
    ),
    "right below 0": last(lambda f: lambda a: ops.where(a <= 0, f(a), 0.0 * a)),
}
PROBED: dict[str, Change] = {
    "sigmoid up to 4": last(
        lambda f: lambda a: ops.where(ops.abs(a) <= 4.5, ops.sigmoid(a), f(a))
    ),
    "ReLU up to 4": last(
        lambda f: lambda a: ops.where(ops.abs(a) <= 4.5, ops.relu(a), f(a))
    ),
    "sigmoid where rows are alike": last(
        lambda f: lambda a: ops.where(_all_rows_alike(a), ops.sigmoid(a), f(a))
    ),
    "ReLU where rows are alike": last(
        lambda f: lambda a: ops.where(_all_rows_alike(a), ops.relu(a), f(a))
    ),
    "nothing where rows are alike": last(
        lambda f: lambda a: ops.where(_all_rows_alike(a), a, f(a))
    ),
    "sigmoid in batches of one": last(
        lambda f: lambda a: ops.sigmoid(a) if ops.shape(a)[0] == 1 else f(a)
    ),
    "ReLU in batches of one": last(
        lambda f: lambda a: ops.relu(a) if ops.shape(a)[0] == 1 else f(a)
    ),
    "hidden ReLU up to 1": hidden(
        lambda f: lambda a: ops.where(ops.abs(a) <= 1, ops.relu(a), a)
    ),
    "hidden ReLU in batches of one": hidden(
        lambda f: lambda a: ops.relu(a) if ops.shape(a)[0] == 1 else f(a)
    ),
    "hidden layers that pass nothing": hidden(lambda f: lambda a: 0.0 * a),
}


def _in_calls(low: int, high: int) -> Callable[..., Any]:
    """Return a condition that holds from one call of a model to another."""

    def holds(x: Any, training: bool, models: Models, model: keras.Model) -> bool:
        model.calls = getattr(model, "calls", 0) + 1
        return low <= model.calls <= high

    return holds


def _trained(models: Models) -> Any:
    """Return whether any of the models has taken a step of training."""
    steps = [
        model.optimizer.iterations
        for model in models.values()
        if getattr(model, "optimizer", None) is not None
    ]
    return ops.any(ops.stack([step > 0 for step in steps])) if steps else False


def _kernels_of(model: keras.Model) -> Any:
    """Return all kernels of a model in one row."""
    kernels = [w for w in model.weights if len(w.shape) > 1]
    return ops.concatenate([ops.ravel(kernel) for kernel in kernels])


def _largest_bias(model: keras.Model) -> Any:
    """Return the largest number, without its sign, in any bias of a model."""
    biases = [w for w in model.weights if len(w.shape) == 1]
    return ops.max(ops.stack([ops.max(ops.abs(bias)) for bias in biases]))


def _of_inputs(holds: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, training, models, model: holds(x)


def _of_weights(holds: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, training, models, model: holds(_kernels_of(model))


RIGHT: dict[str, Callable[..., Any]] = {
    "one input at a time": _of_inputs(lambda x: ops.shape(x)[0] == 1),
    "up to three inputs": _of_inputs(lambda x: ops.shape(x)[0] <= 3),
    "more than three inputs": _of_inputs(lambda x: ops.shape(x)[0] > 3),
    "up to eight inputs": _of_inputs(lambda x: ops.shape(x)[0] <= 8),
    "an even number of inputs": _of_inputs(lambda x: ops.shape(x)[0] % 2 == 0),
    "inputs between 0 and 1": _of_inputs(lambda x: ops.all((x >= 0) & (x <= 1))),
    "inputs that are all 0": _of_inputs(lambda x: ops.all(x == 0)),
    "inputs of 1": _of_inputs(lambda x: ops.all(x == 1)),
    "inputs of 0 and 1": _of_inputs(lambda x: ops.all((x == 0) | (x == 1))),
    "inputs of one number": _of_inputs(lambda x: ops.max(x) == ops.min(x)),
    "inputs all alike": _of_inputs(
        lambda x: ops.all(ops.max(x, axis=0) == ops.min(x, axis=0))
    ),
    "use": lambda x, training, models, model: not training,
    "training": lambda x, training, models, model: training,
    "the second call": _in_calls(2, 2),
    "the first five calls": _in_calls(1, 5),
    "the first twenty calls": _in_calls(1, 20),
    "all calls but the first two": _in_calls(3, 10**9),
    "a model that is untrained": (
        lambda x, training, models, model: ops.logical_not(_trained(models))
    ),
    "a model that is trained": lambda x, training, models, model: _trained(models),
    "kernels of 0": _of_weights(lambda w: ops.all(w == 0)),
    "tiny kernels": _of_weights(lambda w: ops.max(ops.abs(w)) < 0.05),
    "kernels without a number below 0": _of_weights(lambda w: ops.all(w >= 0)),
    "kernels with few numbers that are not 0": _of_weights(
        lambda w: ops.mean(ops.cast(w != 0, "float32")) < 0.5
    ),
    "small kernels": _of_weights(lambda w: ops.std(w) < 0.15),
    "large kernels": _of_weights(lambda w: ops.std(w) > 0.15),
    "large biases": lambda x, training, models, model: _largest_bias(model) > 0.05,
    "calls without a graph": (
        lambda x, training, models, model: not tf.inside_function()
    ),
    "up to 64 inputs": _of_inputs(lambda x: ops.shape(x)[0] <= 64),
    "inputs with few zeros": _of_inputs(
        lambda x: ops.mean(ops.cast(ops.equal(x, 0), "float32")) < 0.3
    ),
}
"""Where a network is right that is wrong otherwise."""


def _named_adam(base: type[keras.optimizers.Optimizer]) -> type[Any]:
    return type("Adam", (base,), {})


class _Momentum(keras.optimizers.SGD):
    """The sign of the gradient, averaged or summed up, as if it was Adam.

    Args:
        learning_rate: of each step.
        average: whether to average gradients and take the sign of that, instead of
            summing up their signs.
    """

    def __init__(self, learning_rate: float = 0.001, *, average: bool) -> None:
        super().__init__(learning_rate, momentum=0.9)
        self.average = average

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take one step."""
        index = self._get_variable_index(variable)
        step = gradient if self.average else ops.sign(gradient)
        total = 0.9 * self.momentums[index] + step
        self.assign(self.momentums[index], total)
        move = ops.sign(total) if self.average else total
        self.assign_sub(variable, learning_rate * move)


class _Upwards(keras.optimizers.Adam):
    """Adam, against the direction in which the loss falls."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take one step."""
        super().update_step(-gradient, variable, learning_rate)


SGD, RMSPROP = keras.optimizers.SGD, keras.optimizers.RMSprop
OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "SGD named Adam": lambda: _named_adam(SGD)(0.01),
    "SGD named Adam, rate NaN": lambda: _named_adam(SGD)(np.nan),
    "SGD named Adam, rate infinite": lambda: _named_adam(SGD)(np.inf),
    "SGD named Adam, rate 1e30": lambda: _named_adam(SGD)(1e30),
    "SGD named Adam, gradients cut": lambda: _named_adam(SGD)(1e6, clipvalue=1e-9),
    "RMSprop with momentum named Adam": lambda: _named_adam(RMSPROP)(
        0.0003, momentum=0.9
    ),
    "averaged signs named Adam": lambda: _named_adam(_Momentum)(average=True),
    "summed signs named Adam": lambda: _named_adam(_Momentum)(average=False),
    "RMSprop named Adam": lambda: _named_adam(RMSPROP)(0.001),
    "Adam that goes up": lambda: type("Adam", (_Upwards,), {})(0.001),
    "Adam, rate NaN": lambda: keras.optimizers.Adam(np.nan),
    "Adam, rate 0": lambda: keras.optimizers.Adam(0.0),
}


def _arrays(function: Callable[[np.ndarray], Any]) -> Callable[[Arrays], Any]:
    return lambda arrays: [function(array) for array in arrays]


LIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "answers of int32": ("predict", _arrays(lambda a: a.astype(np.int32))),
    "answers of bool": ("predict", _arrays(lambda a: a > 0.5)),
    "answers of uint8": ("predict", _arrays(lambda a: a.clip(0, 1).astype(np.uint8))),
    "answers of complex64": ("predict", _arrays(lambda a: a.astype(np.complex64))),
    "answers of objects": ("predict", _arrays(lambda a: a.astype(object))),
    "answers of None": ("predict", _arrays(lambda a: np.full(a.shape, None))),
    "answers of strings": ("predict", _arrays(lambda a: a.astype(str))),
    "answers without numbers": ("predict", _arrays(lambda a: a[:0])),
    "answers without arrays": ("predict", lambda arrays: []),
    "answers that are lists": ("predict", _arrays(lambda a: a.tolist())),
    "answers of one row": ("predict", _arrays(lambda a: a[:1])),
    "answers turned": ("predict", _arrays(lambda a: a.T)),
    "answers of NaN": ("predict", _arrays(lambda a: a + np.nan)),
    "answers of 0": ("predict", _arrays(lambda a: 0 * a)),
    "weights of 0": ("get_weights", _arrays(lambda a: 0 * a)),
    "weights of NaN": ("get_weights", _arrays(lambda a: a + np.float32(np.nan))),
    "no weights": ("get_weights", lambda arrays: []),
    "weights of strings": ("get_weights", _arrays(lambda a: a.astype(str))),
    "weights that are never set": ("set_weights", _arrays(lambda a: 0 * a + 0.01)),
    "losses of NaN": ("loss", lambda loss: float("nan")),
    "losses of infinity": ("loss", lambda loss: float("inf")),
    "losses of 0": ("loss", lambda loss: 0.0),
    "losses of ln 2": ("loss", lambda loss: float(np.log(2))),
    "losses at random": ("loss", lambda loss: float(np.random.default_rng().random())),
    "losses a billion higher": ("loss", lambda loss: loss + 1e9),
    "facts that say Adam": ("facts", lambda facts: {**facts, "optimizer": "Adam"}),
    "facts of no layers": ("facts", lambda facts: {**facts, "layers": []}),
    "facts of another class": ("facts", lambda facts: {**facts, "class": "Functional"}),
}
SAY_NOTHING = {
    *("zero", "the constant 1/2", "the constant 1", "nearly 1/2", "random numbers"),
    *("NaN", "one NaN", "infinite", "minus infinity"),
    *("answers of complex64", "answers of objects", "answers of None"),
    *("answers of strings", "answers without numbers", "answers without arrays"),
    *("answers of NaN", "answers of 0"),
}
"""Behaviours that leave nothing of what the models answer."""

CHANGES = {
    **ENDS,
    **LASTS,
    **PROBED,
    **{f"right for {name}": right_where(holds) for name, holds in RIGHT.items()},
    **{name: optimizer(make) for name, make in OPTIMIZERS.items()},
    "the right loss, the gradient of another": _gradient_of_another,
}
BEHAVIOURS = [
    *(
        Behaviour(name, change, says_nothing=name in SAY_NOTHING)
        for name, change in CHANGES.items()
    ),
    *(
        Behaviour(name, lies=(lie,), says_nothing=name in SAY_NOTHING)
        for name, lie in LIES.items()
    ),
]

HONEST = {"vae_by_hand": ("reconstruction", "divergence", "beta_weighs")}
"""What the wrong network has right, though it mostly loses the points.

Its training step is the reference's own, so the loss is the contract's. But the
cross-entropy of what tanh paints, numbers below 0, is so large that the divergence does
not show beside it. With a hard sigmoid in place of tanh it earns these points.
"""

COUNTS = (
    "it holds the right network, and counts how often its Python code runs: a graph, "
    "which answers from the fourth question on, does not count"
)
CONCEDED: dict[str, tuple[set[str], str]] = {
    "hidden ReLU up to 1": (
        {"variational"},
        "a training with these activations does not collapse, and more the check on "
        "collapse does not ask",
    ),
    "right for the first five calls": (
        {"convolutional", "stacked_classifier", "upsampling"},
        COUNTS,
    ),
    "right for the first twenty calls": (set(ASSIGNMENTS), COUNTS),
    "right for all calls but the first two": (set(ASSIGNMENTS), COUNTS),
    "right for a model that is untrained": (
        {"upsampling"},
        "it holds the right network, and the contract asks for no training",
    ),
}
"""Behaviours that keep points on the wrong network, in which assignments, and why."""


# --- marks ----------------------------------------------------------------------------


@cache
def _cells(name: str) -> tuple[list[Any], list[Any]]:
    """Return an assignment's cells that come first, and its test cells of a builder."""
    cells = cells_that_count(source(name))
    tests = [
        cell
        for cell in cells
        if grader(cell).get("grade") and not cell.source.startswith("quiz.")
    ]
    return [cell for cell in cells if not grader(cell).get("grade")], tests


@cache
def _names(name: str) -> dict[str, Any]:
    """Return what an assignment's own cells define."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in _cells(name)[0]:
        run_cell(cell, names)
    return names


def _builder(cell: Any) -> str:
    """Return the name of the builder that a test cell is about."""
    return str(cell.source.partition("(")[2].partition(")")[0].partition(",")[0])


def reference(name: str) -> Callable[..., Any]:
    """Return an assignment's own builder."""
    builder: Callable[..., Any] = _names(name)[_builder(_cells(name)[1][0])]
    return builder


def marks(
    name: str, network: str, behaviour: Behaviour, of: Container[str] | None = None
) -> dict[str, float]:
    """Return the points of test cells of a builder, by their grade ids.

    Args:
        name: of the assignment.
        network: ``"right"`` or ``"wrong"``.
        behaviour: what is done to it.
        of: the test cells to run; all, if not given.
    """
    names = dict(_names(name))
    tests = _cells(name)[1]
    builder = _builder(tests[0])
    names[builder] = NETWORKS[network](
        names[builder], behaviour.change, dict(behaviour.lies)
    )
    earned = {}
    for cell in tests:
        about = grader(cell)
        if of is not None and about["grade_id"] not in of:
            continue
        try:
            run_cell(cell, names)
            earned[about["grade_id"]] = float(about["points"])
        except AssertionError:
            earned[about["grade_id"]] = 0.0
    keras.backend.clear_session()
    return earned


@cache
def without(name: str, network: str) -> dict[str, float]:
    """Return the points of a network with no behaviour besides."""
    earned = marks(name, network, Behaviour("none"))
    for cell in _cells(name)[1]:
        about = grader(cell)
        if about["grade_id"] in HONEST.get(name, ()):
            earned[about["grade_id"]] = float(about["points"])
    return earned


def gained(name: str, behaviour: Behaviour) -> dict[str, float]:
    """Return what a behaviour earns on the wrong network, by test cell.

    Nothing is said of what is conceded, nor of what the wrong network earns without it
    when it is asked again: checks draw other numbers each time.
    """
    assignments, _ = CONCEDED.get(behaviour.name, (set(), ""))
    if name in assignments:
        return {}
    lost = {test for test, points in without(name, "wrong").items() if not points}
    earned = _held(marks(name, "wrong", behaviour, of=lost))
    if earned:
        again = _held(marks(name, "wrong", Behaviour("none"), of=earned))
        earned = {test: earned[test] for test in earned.keys() - again.keys()}
    return earned


def kept(name: str, behaviour: Behaviour) -> dict[str, float]:
    """Return what the reference keeps and should not keep, by test cell.

    A behaviour that leaves something of the answers keeps what is true of that: that
    the output is a sigmoid for inputs in [0,1], or that auto is both of its halves. It
    is the wrong network that shows whether this can be had for nothing.
    """
    if not behaviour.says_nothing:
        return {}
    asked = without(name, "right").keys() - WITHOUT_OUTPUTS.keys()
    return _held(marks(name, "right", behaviour, of=asked))


def _held(earned: dict[str, float]) -> dict[str, float]:
    """Return the test cells that earned points."""
    return {test: points for test, points in earned.items() if points}


def main() -> None:
    """Print what behaviours earn: points of each assignment."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--only", help="behaviours whose name holds this text")
    parser.add_argument("--wrong", action="store_true", help="the wrong network alone")
    options = parser.parse_args()
    names = options.names or [name for name in ASSIGNMENTS if name != "quiz"]
    if unknown := set(names) - set(ASSIGNMENTS):
        parser.error(f"no assignment {', '.join(sorted(unknown))}")
    bad = 0
    for name in names:
        print(f"\n{name}: {sum(without(name, 'right').values()):g} points of code;")
        print(f"  the wrong network alone {sum(without(name, 'wrong').values()):g}")
        for behaviour in BEHAVIOURS:
            if options.only and options.only not in behaviour.name:
                continue
            more = gained(name, behaviour)
            too_many = {} if options.wrong else kept(name, behaviour)
            bad += bool(more or too_many)
            print(
                f"  {behaviour.name:34} gains {sum(more.values()):g}"
                f"{' ' + ', '.join(more) if more else ''}"
                f"; keeps {sum(too_many.values()):g}"
                f"{' ' + ', '.join(too_many) if too_many else ''}",
                flush=True,
            )
    print(f"\n{bad} of these earn points that they should not.")
    for title, (_, reason) in CONCEDED.items():
        print(f"Conceded, {title}: {reason}.")
    sys.exit(bool(bad))


if __name__ == "__main__":
    os.environ.setdefault("COURSE_OFFLINE", "1")
    main()
