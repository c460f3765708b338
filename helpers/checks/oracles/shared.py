"""What the assignments on builders check alike, whatever the shapes and layers.

Every function takes a ``Student`` whose models are built, unless it says otherwise, and
raises ``CheckFailed`` when the property does not hold.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from helpers.checks.contract import AutoencoderSizes, Sizes, named
from helpers.checks.hints import is_stub
from helpers.checks.oracles.last_activation import ending_of, name_of_last
from helpers.checks.oracles.probes import (
    SEEDS,
    alike,
    all_active,
    close,
    draw,
    draw_telling,
    inputs,
    many_rows,
    pictures,
    put_drawn,
    shape_of,
    small_outputs,
    some,
    times,
    varies,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import generator
from helpers.checks.student.interface import (
    AUTOENCODER,
    Arrays,
    Size,
    Student,
    StudentError,
)

import numpy as np

# --- shapes ---------------------------------------------------------------------------


def shapes_are(
    student: Student,
    wanted: Mapping[str, tuple[Size, Sequence[Size]]],
    likely_cause: str | Mapping[str, str],
) -> None:
    """Check that each model works alone and gives arrays of the right shapes.

    Args:
        student: with built models.
        wanted: size of the inputs and sizes of all outputs, by model.
        likely_cause: what to say of other shapes, of all models or by model.
    """
    n = 5
    for part, (size, sizes) in wanted.items():
        shapes = [array.shape for array in student.predict(part, inputs(n, size))]
        expected = [(n, *shape_of(of_output)) for of_output in sizes]
        if shapes != expected:
            raise CheckFailed(
                f"{part}: an input of {times(shape_of(size))} gives "
                f"{_outputs_of(expected, n)}",
                _outputs_of(shapes, n),
                likely_cause if isinstance(likely_cause, str) else likely_cause[part],
            )


def _outputs_of(shapes: Sequence[tuple[int, ...]], n: int) -> str:
    """Return ``"3 outputs of 10"`` for what n inputs give, as a message says it."""
    each = [times(shape[1:]) if shape[:1] == (n,) else str(shape) for shape in shapes]
    if len(set(each)) == 1:
        return f"{len(each)} output{'s' * (len(each) > 1)} of {each[0]}"
    return f"{len(each)} outputs: {', '.join(each)}"


def three_models(
    student: Student,
    sizes: AutoencoderSizes,
    likely_cause: str | Mapping[str, str],
    *,
    codes: int = 1,
) -> None:
    """Check the shapes of what encoder, decoder and auto give.

    Args:
        student: with built models.
        sizes: what they were built with.
        likely_cause: what to say of other shapes, of all models or by model.
        codes: how many arrays of the code's size the encoder gives.
    """
    image, code = sizes.input_size, sizes.code_size
    shapes_are(
        student,
        {
            "encoder": (image, [code] * codes),
            "decoder": (code, [image]),
            "auto": (image, [image]),
        },
        likely_cause,
    )


def gives_inputs_shape(student: Student, x: np.ndarray, part: str) -> np.ndarray:
    """Return what a model gives for ``x``; check that it has the shape of ``x``."""
    x_hat = student.predict(part, x)[0]
    if x_hat.shape != x.shape:
        raise CheckFailed(
            f"{part} gives arrays of its input's shape, {x.shape[1:]}",
            f"{x_hat.shape[1:]}",
            "what the first check says about shapes.",
        )
    return x_hat


def shape_is_kept(student: Student, x: np.ndarray, likely_cause: str) -> None:
    """Check that auto gives one array, of the shape of its inputs ``x``."""
    shapes = [array.shape for array in student.predict("auto", x)]
    if shapes != [x.shape]:
        raise CheckFailed(
            f"images {x.shape} give one array {x.shape}",
            ", ".join(map(str, shapes)),
            likely_cause,
        )


# --- layers ---------------------------------------------------------------------------


def last_activation_is(
    student: Student, part: str, sizes: tuple[Size, int], wanted: str, likely_cause: str
) -> None:
    """Check the activation of the model's last layer.

    Args:
        student: with built models.
        part: name of the model.
        sizes: of the model's inputs; units, or channels, of its last layer.
        wanted: a key of ``last_activation.INVERSES``.
        likely_cause: what to say of another one.
    """
    expected = f"{wanted} after the last layer of the {part}"
    ending = ending_of(student, part, *sizes)
    if not ending.is_activation(wanted):
        name = name_of_last(ending)
        observed = "something else for usual weights" if name == wanted else name
        raise CheckFailed(expected, observed, likely_cause)
    if not ending.is_activation(wanted, training=True):
        raise CheckFailed(
            expected, "something else while the model trains", likely_cause
        )


def same_always(
    student: Student,
    part: str,
    x: np.ndarray,
    expected: str,
    model: str = "the model",
    example: str = "noise",
    outputs: Sequence[int] = (0,),
) -> None:
    """Check that a model gives the same whenever it is called, for training or not.

    Of a few inputs, and of many, it gives the same as of all.

    Args:
        student: with built models.
        part: name of the model.
        x: inputs.
        expected: what the contract asks for.
        model: its name in the message.
        example: a layer that acts in training only, besides Dropout.
        outputs: which of the model's outputs, which are of one shape.
    """

    def answer(x: np.ndarray, **how: bool) -> np.ndarray:
        answers = student.predict(part, x, **how)
        return np.stack([answers[i] for i in outputs], axis=-1)

    output, in_training = (answer(x, training=training) for training in (False, True))
    if not close(in_training, output):
        raise CheckFailed(
            expected,
            f"{model} computes something else while it trains",
            f"a layer that acts in training only, such as Dropout or {example}.",
        )
    rows = (x[:1], x[1:3], x[3:])
    again = [answer(few) for few in rows if len(few)]
    if not close(np.concatenate(again), output):
        raise CheckFailed(
            expected,
            f"{model} computes something else when it is called again, or for fewer "
            "inputs",
            "something in the model that counts calls or inputs, or draws numbers.",
        )
    many = many_rows(len(x), 260, 400)  # more than nearly every batch has in the course
    if not close(answer(x[many], graph=True), output[many]):
        raise CheckFailed(
            expected,
            f"{model} computes something else for {len(many)} inputs, in the graph "
            "that predict makes",
            "something that depends on the number of inputs, or on whether there is a "
            "graph.",
        )


ALWAYS = "auto(x) equals decoder(encoder(x)), always"


@dataclass(frozen=True)
class _Models:
    """What auto gives, beside what encoder and decoder give.

    Attributes:
        student: with built models.
        x: inputs.
        code: which of the encoder's outputs the decoder gets.
        average: compare means over all inputs, which are the same.
    """

    student: Student
    x: np.ndarray
    code: int
    average: bool

    def painted(self) -> np.ndarray:
        """Return what auto gives."""
        return self.student.predict("auto", self.x)[0]

    def agree(self) -> bool:
        """Return whether auto gives what the decoder makes of the code."""
        z = self.student.predict("encoder", self.x)[self.code]
        return self.same(self.painted(), self.student.predict("decoder", z)[0])

    def same(self, first: np.ndarray, second: np.ndarray) -> bool:
        """Return whether two outputs are the same, but for chance."""
        if self.average:  # numbers in [0,1]: off by 0.013 or less, one standard error
            difference = first.mean(axis=0) - second.mean(axis=0)
            return bool(np.abs(difference).max() < 0.08)
        return alike(first, second)

    def follow_weights(self, part: str, before: np.ndarray) -> None:
        """Check that auto has changed with the weights of an encoder or decoder."""
        if not self.average:
            follows_input(self.painted(), "auto")
        if self.same(self.painted(), before):
            raise CheckFailed(
                f"auto(x) changes with the weights of the {part}",
                "it stays as it was",
                f"auto is not made from the {part} that you return.",
            )
        if not self.agree():
            raise CheckFailed(
                ALWAYS,
                f"they differ once the weights of the {part} change",
                f"the {part} that you return and the one in auto are two sets of "
                "layers.",
            )


@named("auto is the encoder followed by the decoder")
def auto_is_both(
    student: Student,
    sizes: AutoencoderSizes,
    *,
    code: int = 0,
    prepare: Callable[[str, Arrays], None] = lambda part, arrays: None,
    average: bool = False,
) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change.

    Args:
        student: with built models.
        sizes: what they were built with.
        code: which of the encoder's outputs the decoder gets.
        prepare: called with a model's name and its new weights, to change them.
        average: compare means over many calls for one input, for a code with noise.

    Raises:
        CheckFailed: they differ, or auto answers the same whatever it gets.
    """
    parts = sizes.parts
    # From dark to bright: what averages over an image tells these apart too.
    x = inputs(some(5, 12), parts["encoder"])
    x *= np.linspace(0.1, 1, len(x), dtype=x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    if average:
        x = x[-1:].repeat(3000, axis=0)
    weights = {part: weights_of(student, part, parts[part]) for part in parts}
    models = _Models(student, x, code, average)

    def put(part: str, arrays: Arrays) -> None:
        prepare(part, arrays)
        student.set_weights(part, arrays)

    put("encoder", weights["encoder"])
    if not models.agree():
        raise CheckFailed(
            ALWAYS,
            "they differ",
            "auto has layers of its own: make it from the encoder and decoder that "
            "you return.",
        )
    # With small weights of their own, the one not drawn lets nothing through.
    for part, seed in (("encoder", SEEDS[-1] + 2), ("decoder", SEEDS[-1] + 3)):
        put(part, draw(weights[part], seed=seed))
    for part in ("encoder", "decoder"):
        before = models.painted()
        draw_telling(weights[part], partial(_tells, models, partial(put, part)))
        models.follow_weights(part, before)
    _no_other_weights(weights)
    _follow_auto(student, weights["auto"])


def _tells(models: _Models, put: Callable[[Arrays], None], arrays: Arrays) -> bool:
    """Set drawn weights; return whether auto gives other numbers for other inputs."""
    put(arrays)
    return models.average or varies(models.painted())


def _no_other_weights(weights: Mapping[str, Arrays]) -> None:
    """Check that auto has as many arrays of weights as encoder and decoder."""
    own = len(weights["auto"]) - len(weights["encoder"]) - len(weights["decoder"])
    if own:
        raise CheckFailed(
            "auto has the weights of encoder and decoder and no others",
            f"{abs(own)} weight arrays {'more' if own > 0 else 'fewer'}",
            "a layer stands in auto only, or the decoder holds the encoder too.",
        )


def _follow_auto(student: Student, weights: Arrays) -> None:
    """Check that encoder and decoder change with the weights of auto."""
    student.set_weights("auto", draw(weights, seed=SEEDS[-1] + 1))
    of_both = [a for part in AUTOENCODER[:2] for a in student.get_weights(part)]
    for array in student.get_weights("auto"):
        if not any(np.array_equal(array, other) for other in of_both):
            raise CheckFailed(
                "encoder and decoder have the weights of auto, also once these change",
                "they stay as they were",
                "auto has layers of its own, which take over the weights of the two "
                "models that you return: make it from these models.",
            )


# --- the loss -------------------------------------------------------------------------

MAX_OUTPUT = 1e4
"""Of a usual model with drawn weights; beside more, a penalty would not show."""


def follows_input(x_hat: np.ndarray, model: str) -> None:
    """Check that answers differ with what the model got, and are of a usual size.

    What a loss, or a training, does to other answers says nothing.
    """
    if not varies(x_hat):
        raise CheckFailed(
            f"{model} answers other inputs with other numbers",
            f"nearly the same for each: {x_hat.min():.3g} to {x_hat.max():.3g}",
            "an activation, or an operation at the end, that lets nothing through.",
        )
    if not np.abs(x_hat).max() <= MAX_OUTPUT:
        raise CheckFailed(
            f"{model} answers images with numbers of a usual size",
            f"{x_hat.min():.3g} to {x_hat.max():.3g}",
            "an operation at the end that makes them huge.",
        )


BCE = "the mean binary cross-entropy"
MSE = "the mean squared error"
SUMMED_BCE = "binary cross-entropy summed over the inputs"
SWAPPED_BCE = "binary cross-entropy with x and x_hat swapped"

# What a loss may be instead, to name it: where the contract has one of the two.
_MAE = "the mean absolute error"
INSTEAD = {
    BCE: (
        MSE,
        _MAE,
        SUMMED_BCE,
        "binary cross-entropy with from_logits=True",
        "categorical cross-entropy",
        SWAPPED_BCE,
    ),
    MSE: (
        "binary cross-entropy",
        _MAE,
        "the squared error summed over each image",
        "half the mean squared error",
        "the root of the mean squared error",
    ),
}


def losses(x: np.ndarray, x_hat: np.ndarray, wanted: str = BCE) -> dict[str, float]:
    """Return the loss of a contract, and others to name what a student's model has.

    Args:
        x: targets in [0,1], shape (n, ...).
        x_hat: outputs, of the same shape.
        wanted: the contract's, ``BCE`` or ``MSE``; the others are those ``INSTEAD``.
    """
    if x.shape != x_hat.shape:  # arithmetic would make them one large array
        raise CheckFailed(
            f"outputs of shape {x.shape}",
            str(x_hat.shape),
            "a model whose outputs have another shape than its targets.",
        )
    p = np.clip(x_hat, np.float32(1e-7), np.float32(1 - 1e-7))  # as Keras does
    x, x_hat, p = x.astype(np.float64), x_hat.astype(np.float64), p.astype(np.float64)
    bce = float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).mean())
    q = np.clip(x, 1e-7, 1 - 1e-7)
    swapped = float(-(x_hat * np.log(q) + (1 - x_hat) * np.log(1 - q)).mean())
    logits = np.log1p(np.exp(-np.abs(x_hat))) + np.maximum(x_hat, 0) - x * x_hat
    mse = float(((x - x_hat) ** 2).mean())
    values = {
        BCE: bce,
        "binary cross-entropy": bce,
        SUMMED_BCE: bce * x[0].size,
        SWAPPED_BCE: swapped,
        "binary cross-entropy with from_logits=True": float(logits.mean()),
        "categorical cross-entropy": float(
            -(x * np.log(p / p.sum(axis=-1, keepdims=True))).sum(axis=-1).mean()
        ),
        MSE: mse,
        "half the mean squared error": mse / 2,
        "the root of the mean squared error": mse**0.5,
        "the squared error summed over each image": mse * x[0].size,
        _MAE: float(np.abs(x - x_hat).mean()),
    }
    return {name: values[name] for name in (wanted, *INSTEAD[wanted])}


def named_loss(
    loss: float, values: Mapping[str, float], tolerance: float = 1e-3
) -> str:
    """Return ``", which is NAME"`` for the first value that ``loss`` is, or ``""``."""
    for name, value in values.items():
        if abs(loss - value) <= tolerance * abs(value):
            return f", which is {name}"
    return ""


def loss_is_bce(
    student: Student,
    size: Size,
    likely_cause: str,
    *,
    prepare: Callable[[Arrays], None] = lambda arrays: None,
    part: str = "auto",
) -> None:
    """Check that a model trains on the mean binary cross-entropy, and on that alone.

    Args:
        student: with built models.
        size: of the model's inputs.
        likely_cause: what to say of another loss.
        prepare: called with the model's new weights, to change them.
        part: name of the model.
    """
    x = pictures(some(12, 20), size)
    # Larger codes than untrained ones make an added penalty show.
    soften = partial(small_outputs, units=shape_of(size)[-1])
    own = weights_of(student, part, size)
    weights = put_drawn(student, part, own, x, soften, gain=1.4)
    follows_input(gives_inputs_shape(student, x, part), part)
    prepare(weights)
    student.set_weights(part, weights)
    keep_inside(student, x, part)
    values = losses(x, student.predict(part, x)[0])
    loss_is(BCE, student, x, x, values, likely_cause, 2e-5, part=part)


def keep_inside(student: Student, x: np.ndarray, part: str = "auto") -> None:
    """Make the last layer's weights so small that all outputs lie between 0 and 1.

    Outside, Keras cuts cross-entropy off: with a kink, where it has no slope. The
    activation is another check's; if nothing helps, the weights stay.

    Args:
        student: with built models.
        x: inputs.
        part: name of the model, whose outputs have the inputs' shape.
    """
    weights = student.get_weights(part)
    units = x.shape[-1]
    for factor, edge in ((1, 1e-6), (0.3, 0.01), (0.1, 0.01), (0.03, 0.01)):
        if factor < 1:
            student.set_weights(part, [_grey(a, units, factor) for a in weights])
        x_hat = student.predict(part, x)[0]
        if ((x_hat > edge) & (x_hat < 1 - edge)).all():
            return
    student.set_weights(part, weights)


def _grey(array: np.ndarray, units: int, factor: float) -> np.ndarray:
    """Return an array for outputs about 0.5, if it may be one of the last layer's."""
    if array.shape == (units,):
        return (0.5 + 0.2 * array).astype(array.dtype)
    last = array.ndim > 1 and units in array.shape[-2:]
    return (factor * array).astype(array.dtype) if last else array


def loss_is(
    name: str,
    student: Student,
    x: np.ndarray,
    y: np.ndarray,
    values: Mapping[str, float],
    likely_cause: str,
    tolerance: float = 5e-5,
    *,
    part: str = "auto",
) -> None:
    """Check that a model trains on one of these losses, and on that alone.

    Args:
        name: of the loss that it must be.
        student: with built models.
        x: inputs.
        y: targets.
        values: by name, what the losses are for the model's weights.
        likely_cause: what to say of another loss.
        tolerance: relative.
        part: name of the model.
    """
    others = dict(values)
    expected = others.pop(name)
    loss = student.training_loss(x, y, part)
    if not abs(loss - expected) <= tolerance * expected:
        raise CheckFailed(
            f"a training loss of {expected:.4f}: {name}",
            f"{loss:.4f}{named_loss(loss, others)}",
            likely_cause,
        )
    same_for_many(student, x, y, loss, part=part)
    goes_down(student, x, y, part=part)


def same_for_many(
    student: Student, x: np.ndarray, y: np.ndarray, loss: float, *, part: str = "auto"
) -> None:
    """Check that the loss is a mean: of all inputs several times, it is the same.

    Args:
        student: with a model to whose weights the loss belongs.
        x: inputs.
        y: targets.
        loss: what it is for them.
        part: name of the model.
    """
    times = -(-len(many_rows(len(x))) // len(x))
    x, y = (np.concatenate([array] * times) for array in (x, y))
    of_many = student.training_loss(x, y, part)
    if not abs(of_many - loss) <= 1e-3 * abs(loss):
        raise CheckFailed(
            f"a training loss of {loss:.4f} for inputs, and for {times} times the same",
            f"{of_many:.4f} for these {len(x)}",
            "a loss that depends on how many inputs there are.",
        )


def goes_down(
    student: Student,
    x: np.ndarray,
    y: np.ndarray,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
    part: str = "auto",
    seed: int | None = None,
) -> None:
    """Check that training follows the gradient of the loss that it reports.

    A small way along the gradient, array by array up or down, changes the loss by what
    the gradient says. The model keeps its weights.

    Args:
        student: with built models.
        x: inputs.
        y: targets.
        elsewhere: whether to leave a weight array where it is.
        part: name of the model.
        seed: of what the loss draws, if it draws numbers.
    """
    start = student.get_weights(part)
    gradients = [
        0 * gradient if elsewhere(array) else gradient
        for array, gradient in zip(
            start, student.gradients(x, y, part, seed), strict=True
        )
    ]
    if not any(gradient.any() for gradient in gradients):
        raise _no_gradient()
    scale = abs(student.training_loss(x, y, part, seed))
    rng = generator("directions")
    for _ in range(DIRECTIONS):
        ways = [
            np.sign(g) * rng.uniform(0.5, 1.5, g.shape) * rng.choice([-1, 1])
            for g in gradients
        ]
        slopes = [
            float((g * way).sum(dtype=np.float64))
            for g, way in zip(gradients, ways, strict=True)
        ]
        most = sum(map(abs, slopes))
        length = CHANGE * scale / max(most, 1e-30)
        losses = []
        for step in (length, -length):
            _move(student, part, start, ways, step)
            losses.append(student.training_loss(x, y, part, seed))
        student.set_weights(part, start)
        slope = (losses[0] - losses[1]) / (2 * length)
        if not (most > 0 and abs(slope - sum(slopes)) <= MAX_OFF * most):
            raise _other_gradient(slope, sum(slopes))


def _move(
    student: Student, part: str, start: Arrays, ways: Arrays, step: float
) -> None:
    """Give a model weights that are a step off, along a way."""
    moved = [
        (array + step * way).astype(array.dtype)
        for array, way in zip(start, ways, strict=True)
    ]
    student.set_weights(part, moved)


def _no_gradient() -> CheckFailed:
    """Return the failure of training whose steps leave all weights as they were."""
    return CheckFailed(
        FOLLOWS,
        "a step that moves no weight",
        "gradients that are not applied, stop_gradient, or NumPy in the loss.",
    )


def _other_gradient(slope: float, expected: float) -> CheckFailed:
    """Return the failure of training that follows another gradient than its loss's."""
    return CheckFailed(
        FOLLOWS,
        f"a slope of {slope:.3g} where the gradient says {expected:.3g}",
        "stop_gradient, NumPy, or a training step that minimises another loss than it "
        "reports.",
    )


FOLLOWS = "training follows the gradient of the loss that it reports"
DIRECTIONS = 2
CHANGE = 5e-4
"""Of the loss, along the gradient, as a share of it: small, and far above rounding."""
MAX_OFF = 0.02
"""Of the slopes of all arrays; it is 2e-3 or less for the references."""


# --- the optimizer --------------------------------------------------------------------


def is_adam(student: Student, part: str = "auto") -> None:
    """Check that a model is compiled with Adam."""
    name = student.facts(part)["optimizer"]
    if name != "Adam":
        raise CheckFailed(
            "the optimizer Adam",
            name or f"{part} is not compiled",
            f"the optimizer given to {part}.compile.",
        )


MAX_FIRST_STEPS = 3


def first_moves(
    student: Student,
    before: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
    part: str = "auto",
    graph: bool = True,
) -> tuple[Arrays, int]:
    """Check that training moves every weight array.

    Args:
        student: with built models.
        before: the model's weights to start from.
        x: inputs of one batch.
        y: their targets.
        elsewhere: whether another check looks at the movement of a weight array.
        part: name of the model.
        graph: whether to take the first step in a graph, as fit does, which takes
            longer; the steps that follow are taken without one.

    Returns:
        How far the first step that moves any goes, for each array, if Adam had no
        epsilon; and how many steps that took, as a schedule may start at a rate of 0.
    """
    student.set_weights(part, before)
    gradients = student.gradients(x, y, part)
    taken = 0
    while taken < MAX_FIRST_STEPS:
        student.train(x, y, epochs=1, batch_size=len(x), part=part, graph=graph)
        taken += 1
        moves = [
            np.abs(a - b)
            for a, b in zip(student.get_weights(part), before, strict=True)
            if not elsewhere(a)
        ]
        if max(move.max() for move in moves) > 0:
            break
    if still := [move for move in moves if not move.max() > 0]:
        raise CheckFailed(
            "one step of training moves every weight",
            f"{len(still)} of {len(moves)} weight arrays stay as they were",
            "some layers are frozen (trainable=False), or do not reach the output.",
        )
    after = student.get_weights(part)
    steps = [new - old for new, old in zip(after, before, strict=True)]
    if not _against(steps, gradients, elsewhere):
        student.set_weights(part, before)
        sure = _sure_gradients(student, x, y, part)
        student.set_weights(part, after)
        if not _against(steps, sure, elsewhere):
            raise _up()
    largest = [np.abs(g).max(initial=0) for g in gradients if not elsewhere(g)]
    shares = [_adams_share(float(gradient)) for gradient in largest]
    return [move / share for move, share in zip(moves, shares, strict=True)], taken


def _adams_share(gradient: float) -> float:
    """Return which share of the learning rate Adam's first step takes.

    Its epsilon, Keras's here, shortens the step where the gradient is small. Where that
    is next to 0, nothing is known.
    """
    root = (1 - 0.999) ** 0.5 * gradient
    share = root / (root + 1e-7)
    return share if share > 0.1 else 1.0


def _against(
    steps: Arrays, gradients: Arrays, elsewhere: Callable[[np.ndarray], bool]
) -> bool:
    """Return whether most weights of each array have moved against their gradient."""
    for step, gradient in zip(steps, gradients, strict=True):
        clear = np.abs(gradient) > 0.1 * np.abs(gradient).max(initial=0)
        along = (step * gradient)[clear] > 0
        if not elsewhere(step) and along.size and along.mean() > 0.5:
            return False
    return True


def _up() -> CheckFailed:
    """Return the failure of a step that goes up."""
    return CheckFailed(
        "a first step that goes down, against the gradient of the loss",
        "one that goes up",
        "an optimizer, or a training step, that changes signs.",
    )


def _sure_gradients(
    student: Student, x: np.ndarray, y: np.ndarray, part: str
) -> Arrays:
    """Return gradients, 0 where noise in the model may change their sign."""
    several = [student.gradients(x, y, part) for _ in range(8)]
    means = [np.mean(arrays, axis=0) for arrays in zip(*several, strict=True)]
    spreads = [np.std(arrays, axis=0) for arrays in zip(*several, strict=True)]
    return [
        np.where(np.abs(mean) > 6 * spread, mean, 0)
        for mean, spread in zip(means, spreads, strict=True)
    ]


STEP = 1e-3
"""Learning rate of the steps that show whether an optimizer goes on as Adam does."""


@cache
def _adams_steps(taken: int) -> np.ndarray:
    """Return two steps of Adam without a gradient, after some with the same one.

    They are shares of the learning rate, for many settings, shape (settings, 2). With
    Keras's own, they are 0.67 and 0.52 after one step.
    """
    b1, b2 = np.meshgrid(np.linspace(0.05, 0.995, 190), 1 - np.geomspace(1e-4, 0.1, 9))

    def step(more: int) -> np.ndarray:
        mean = b1**more * (1 - b1**taken) / (1 - b1 ** (taken + more))
        square = b2**more * (1 - b2**taken) / (1 - b2 ** (taken + more))
        return mean / np.sqrt(square)

    return np.stack([step(1), step(2)], axis=-1).reshape(-1, 2)


def goes_on(
    student: Student,
    x: np.ndarray,
    y: np.ndarray,
    taken: int | None = None,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
    part: str = "auto",
) -> None:
    """Check that steps after others move weights that have no gradient now.

    With kernels of 0, the last layer alone has one. Adam remembers the gradients of
    the steps before, and moves all weights, by less at each step. What only bears
    Adam's name leaves them alone, or moves them otherwise.

    Args:
        student: with models that have just trained on the same inputs.
        x: inputs of one batch.
        y: their targets.
        taken: steps that were taken from the same weights; None if from others too.
        elsewhere: whether another check looks at the movement of a weight array.
        part: name of the model.
    """
    # Biases of more than 0: a code of zeros, and its length, have no gradient.
    before = [
        array if not array.shape else np.full_like(array, 0.1 * (array.ndim == 1))
        for array in student.get_weights(part)
    ]
    student.set_weights(part, before)
    gradients = student.gradients(x, y, part)
    looked_at = [
        i for i, array in enumerate(before) if array.shape and not elsewhere(array)
    ]
    pairs = _two_steps(student, part, before, x, y, looked_at)
    fitting = [_is_adams(pair, taken) for pair in pairs]
    # The last layer's two have a gradient, which may turn them round, and where codes
    # are penalised, those of the code's layer. All other kernels have none: they go on,
    # by less where their first gradient was not far above Adam's epsilon.
    kernels = [
        pair
        for i, pair in zip(looked_at, pairs, strict=True)
        if taken is not None and before[i].ndim > 1 and not gradients[i].any()
    ]
    goes_on = all(_is_adams(pair, None) for pair in kernels)
    if not goes_on or sum(fitting) < max(len(fitting) / 2, 1):
        first, second = np.median(pairs, axis=0)
        raise CheckFailed(
            "steps after others go on in their direction, as Adam's do",
            f"they move weights by {first:.2g} and {second:.2g} times the learning "
            "rate",
            "another optimizer than Adam, under its name.",
        )


def _two_steps(
    student: Student,
    part: str,
    before: Arrays,
    x: np.ndarray,
    y: np.ndarray,
    looked_at: Sequence[int],
) -> list[tuple[float, float]]:
    """Return how far two steps from the same weights move each of some arrays."""
    steps = []
    for _ in range(2):
        student.set_weights(part, before)
        student.train(x, y, epochs=1, batch_size=len(x), learning_rate=STEP, part=part)
        after = student.get_weights(part)
        steps.append(
            [float(np.abs(after[i] - before[i]).max()) / STEP for i in looked_at]
        )
    return list(zip(*steps, strict=True))


def _is_adams(pair: tuple[float, float], taken: int | None) -> bool:
    """Return whether Adam, with some settings, takes two steps of these sizes."""
    first, second = pair
    if taken is None:
        return 0.05 < first < 3 and 0.3 * first < second < 0.97 * first
    off = np.abs(_adams_steps(taken) - pair).max(axis=1)
    return bool(off.min() < 0.02)


@named("auto is compiled with Adam")
def optimizer_is_adam(
    student: Student,
    sizes: AutoencoderSizes,
    *,
    elsewhere: Callable[[np.ndarray], bool] = lambda array: False,
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight.

    Args:
        student: with built models.
        sizes: what they were built with.
        elsewhere: whether another check looks at the movement of a weight array.
        prepare: called with the weights set, to change those of auto's parts.
    """
    is_adam(student)
    size = sizes.input_size
    x = inputs(32, size)
    gives_inputs_shape(student, x, "auto")
    before = all_active(weights_of(student, "auto", size))
    small_outputs(before, shape_of(size)[-1])
    student.set_weights("auto", before)
    prepare()
    before = student.get_weights("auto")
    moves, taken = first_moves(
        student, before, x, x, elsewhere=elsewhere, graph=not sizes.usual
    )
    # Adam's first step is the learning rate, whatever the size of the gradient.
    low, high = np.quantile(
        np.concatenate([move.ravel() for move in moves]), [0.1, 0.9]
    )
    same_steps(low, high, "weights")
    goes_on(student, x, x, taken, elsewhere=elsewhere)


def same_steps(low: float, high: float, of: str) -> None:
    """Check that the steps of all weights, or of all layers, are of about one size."""
    if not high <= 1.5 * low:
        raise CheckFailed(
            f"a first step of the same size for all {of}, as Adam takes it",
            f"steps between {low:.1e} and {high:.1e}",
            "the optimizer's settings, or a training step of your own.",
        )


# --- the arguments --------------------------------------------------------------------


@named("the arguments stay as they were")
def arguments_stay(student: Student, sizes: Sizes) -> None:
    """Calling the builder, which is done here, leaves its arguments unchanged."""
    given = sizes.arguments
    after = student.build(*given)
    if after != given:
        position = next(i for i, value in enumerate(given) if isinstance(value, list))
        raise CheckFailed(
            f"the list is still {given[position]} after the call",
            f"{after[position]}",
            "a method such as .reverse(), .pop() or .append() changes the list of the "
            "caller: use reversed(...) or [::-1].",
        )


def refuses(
    student: Student,
    sizes: Sizes,
    says: Callable[[str], object],
    expected: str,
    likely_cause: str,
) -> None:
    """Check that the builder, called here, raises a ValueError.

    Args:
        student: whose models need not be built.
        sizes: of which one is wrong.
        says: whether the error's text is as the contract wants it.
        expected: what the contract wants.
        likely_cause: what to say of another error, or of none.
    """
    try:
        student.build(*sizes.arguments)
    except StudentError as error:
        if is_stub(error):
            raise
        if error.kind == "ValueError" and says(error.message):
            return
        outcome = f"{error.kind}: {error.message}"
    else:
        outcome = "a model, and no error"
    raise CheckFailed(expected, outcome, likely_cause)
