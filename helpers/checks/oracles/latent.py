"""What checks of variational autoencoders share, whatever the layers around the code.

The code is random, so the checks take the noise apart from the rest: they set weights
with which the log-variance, the divergence or the decoder's view of the code is known.
What is left to chance is averaged over thousands of numbers, and the limits are several
standard errors away.

Every function takes a ``Student`` whose models are built and what they were built
with, a ``LatentSizes``. It raises ``CheckFailed`` when the property does not hold.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.checks.contract import AutoencoderSizes, named, take_step
from helpers.checks.oracles import shared
from helpers.checks.oracles.last_activation import ANOTHER, Bias, Ending, name_of_last
from helpers.checks.oracles.probes import (
    NO_ACTIVATION,
    SEEDS,
    TOLERANCE,
    beyond,
    close,
    codes,
    draw,
    draw_steady,
    inputs,
    near,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import generator
from helpers.checks.student.interface import (
    WRONG_NUMBERS,
    Arrays,
    Student,
    StudentError,
)

import numpy as np
from scipy import special

OUTPUTS = ("z", "mean", "log_var")
MAX_LOSS = 5000.0
"""Of drawn weights: beside a larger loss, the divergence would vanish."""

MIN_KL = 0.05
"""Of drawn weights, with which the reference has more than 1."""

TINY_LOG_VAR = -30.0
"""A log-variance at which noise, exp(-15) of it, vanishes beside float32 numbers."""


class LatentSizes(AutoencoderSizes):
    """What a builder of variational autoencoders is called with.

    Attributes:
        latent_dims: numbers in the code.
        beta: what the divergence is multiplied with.
        mean: what the contract calls the mean.
    """

    latent_dims: int
    beta: float = 1.0
    mean = "mean"

    @property
    def code_size(self) -> int:
        """Return how many numbers a code has."""
        return self.latent_dims

    @property
    @abstractmethod
    def head(self) -> tuple[int, int]:
        """Return the shape of the kernel that makes the mean or the log-variance."""

    @abstractmethod
    def is_last(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to the layer that paints the output."""

    def is_head(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to mean or log-variance."""
        return array.shape in (self.head, self.head[1:])


@dataclass
class Heads:
    """How the encoder's outputs and weights belong together.

    Found by experiment, so that a check that is not about the order of the outputs
    holds in any order.

    Attributes:
        at: position of z, mean and log_var among the encoder's outputs.
        bias: where the bias of mean and log_var is among the encoder's weights.
        weights: the encoder's weights.
    """

    at: dict[str, int]
    bias: dict[str, Bias]
    weights: Arrays

    def mean_and_log_var(self, outputs: Arrays) -> Arrays:
        """Return these two of the encoder's outputs."""
        return [outputs[self.at[name]] for name in OUTPUTS[1:]]

    def put(self, arrays: Arrays, name: str, value: Any) -> None:
        """Set the bias of mean or log_var, in place."""
        index, units = self.bias[name]
        arrays[index][units] = value

    def zeros(self, **biases: Any) -> Arrays:
        """Return weights of zeros, but for the biases of mean or log_var."""
        arrays = [np.zeros_like(array) for array in self.weights]
        for name, value in biases.items():
            self.put(arrays, name, value)
        return arrays


def outputs_with(
    student: Student, arrays: Arrays, x: np.ndarray, **options: Any
) -> Arrays:
    """Return what the encoder gives with these weights."""
    student.set_weights("encoder", arrays)
    return student.predict("encoder", x, **options)


def find_heads(student: Student, sizes: LatentSizes) -> Heads:
    """Find out what the encoder's outputs are. Its weights are put back.

    Raises:
        CheckFailed: there are no three outputs, or no layers for mean and log_var.
    """
    weights = weights_of(student, "encoder", sizes.input_size)
    x = inputs(300, sizes.input_size)
    k = sizes.latent_dims
    # A layer for each of the two, or one for both whose output is split.
    candidates = [
        (index, slice(start, start + k))
        for index, array in enumerate(weights)
        if array.shape in ((k,), (2 * k,))
        for start in range(0, len(array), k)
    ]
    heads = _linear_heads(student, weights, candidates, x)
    if heads is None:
        heads = _heads_one_by_one(student, sizes, weights, candidates, x)
        student.set_weights("encoder", weights)
    return heads


def _linear_heads(
    student: Student, weights: Arrays, candidates: list[Bias], x: np.ndarray
) -> Heads | None:
    """Find out in two calls what the encoder's outputs are, if they are in order.

    With another number in each bias, outputs without an activation show the number of
    theirs, and z lies around its mean. Otherwise the answer is None, and
    ``_heads_one_by_one`` has to try one bias after the other.
    """
    numbers = np.linspace(-6, -4, len(candidates))
    arrays = [np.zeros_like(array) for array in weights]
    for (index, units), number in zip(candidates, numbers, strict=True):
        arrays[index][units] = number
    first = outputs_with(student, arrays, x)
    second = student.predict("encoder", x)
    student.set_weights("encoder", weights)
    shown = {
        output: which
        for output, array in enumerate(first)
        for which, number in enumerate(numbers)
        if close(array, np.full_like(array, number))
    }
    if len(first) != 3 or len(shown) != 2 or len(set(shown.values())) != 2:
        return None
    (z,) = {0, 1, 2} - set(shown)
    near = [i for i in shown if abs(first[z].mean() - numbers[shown[i]]) < 0.3]
    if _varying(first, second) != [z] or len(near) != 1:
        return None
    biases = {output: candidates[which] for output, which in shown.items()}
    return _heads(z, near[0], biases, weights)


def _heads_one_by_one(
    student: Student,
    sizes: LatentSizes,
    weights: Arrays,
    candidates: list[Bias],
    x: np.ndarray,
) -> Heads:
    """Find out what the encoder's outputs are by moving one bias after the other."""
    zeros = [np.zeros_like(array) for array in weights]
    first, second = (outputs_with(student, zeros, x) for _ in range(2))
    if [array.shape for array in first] != [(len(x), sizes.latent_dims)] * 3:
        raise CheckFailed(
            f"the encoder returns three arrays: z, {sizes.mean} and log_var",
            f"{len(first)}, of shape {', '.join(str(a.shape) for a in first)}",
            f"the encoder is keras.Model(x, [z, {sizes.mean}, log_var]).",
        )
    varying = _varying(first, second)
    _not_all_drawn(sizes, varying)
    z = varying[0] if len(varying) == 1 else 0
    others = [i for i in range(3) if i != z]

    def moved(bias: Bias, value: float) -> Arrays:
        """Return the outputs when all weights are 0 but one bias."""
        arrays = [array.copy() for array in zeros]
        arrays[bias[0]][bias[1]] = value
        return outputs_with(student, arrays, x)

    biases: dict[int, Bias] = {}
    for bias in candidates:
        outputs = moved(bias, 0.5)
        for i in others:
            if not close(outputs[i], first[i]):
                biases.setdefault(i, bias)
    _each_has_a_layer(sizes, biases)
    # z follows its mean down; the spread only shrinks. A ReLU shows on the way up.
    follow = [i for i in others if moved(biases[i], -6)[z].mean() < -3]
    if len(follow) != 1:
        follow = [i for i in others if moved(biases[i], 3)[z].mean() > 1.5]
    mean = follow[0] if len(follow) == 1 else others[0]
    return _heads(z, mean, biases, weights)


def _not_all_drawn(sizes: LatentSizes, varying: list[int]) -> None:
    """Check that mean and log_var do not both differ from call to call."""
    if len(varying) == len(OUTPUTS):
        raise CheckFailed(
            f"{sizes.mean} and log_var are the same for the same images",
            "all outputs of the encoder differ from call to call",
            f"numbers that are drawn, besides the noise that makes z of {sizes.mean}.",
        )


def _each_has_a_layer(sizes: LatentSizes, biases: dict[int, Bias]) -> None:
    """Check that mean and log_var each follow a bias of their own."""
    if len(biases) < 2:
        raise CheckFailed(
            f"{sizes.mean} and log_var each come from a dense layer of latent_dims "
            "units",
            "one that follows no bias of such a layer",
            f"{sizes.mean} and log_var share a layer, or one is no Dense(latent_dims) "
            "of the last hidden layer.",
        )


def _varying(first: Arrays, second: Arrays) -> list[int]:
    """Return which of three outputs differ between two calls."""
    return [i for i in range(3) if not np.array_equal(first[i], second[i])]


def _heads(z: int, mean: int, biases: dict[int, Bias], weights: Arrays) -> Heads:
    """Return the heads, from positions among the outputs and the biases of those."""
    at = {"z": z, "mean": mean, "log_var": 3 - z - mean}
    return Heads(at, {name: biases[at[name]] for name in OUTPUTS[1:]}, weights)


@dataclass(frozen=True)
class HeadsAnswer:
    """What mean and log_var are for some images, with some weights.

    Attributes:
        arrays: the encoder's weights.
        x: the images.
        outputs: mean and log_var.
        silent: whether they may hardly differ from image to image.
    """

    arrays: Arrays
    x: np.ndarray
    outputs: Arrays
    silent: bool


def heads_answers(
    student: Student, sizes: LatentSizes, heads: Heads, expected: str
) -> list[HeadsAnswer]:
    """Return mean and log_var with drawn weights, and such as the builder made.

    Args:
        student: with built models.
        sizes: what they were built with.
        heads: of the encoder.
        expected: what the contract asks for.

    Raises:
        CheckFailed: they are not the same in training, or for fewer images.
    """
    x = beyond(inputs(7, sizes.input_size))
    drawn = _steady(sizes, heads)
    student.set_weights("encoder", drawn)
    at = [heads.at[name] for name in OUTPUTS[1:]]
    shared.same_always(student, "encoder", x, expected, "the encoder", outputs=at)
    answers = []
    own = near(heads.weights)
    for arrays, probe in (*_scaled(sizes, drawn, x), (own, x)):
        try:
            outputs = outputs_with(student, arrays, probe)
        except StudentError as error:
            # With a builder's own weights exp of log_var may overflow.
            if arrays is own and error.kind == WRONG_NUMBERS:
                continue
            raise
        both = heads.mean_and_log_var(outputs)
        answers.append(HeadsAnswer(arrays, probe, both, arrays is own))
    return answers


def _scaled(
    sizes: LatentSizes, drawn: Arrays, x: np.ndarray
) -> Iterator[tuple[Arrays, np.ndarray]]:
    """Yield weights and inputs as they are, with smaller and with larger kernels.

    Mean and log_var keep their size: exp of a log_var must be finite.
    """
    rng = generator("scale of layers")
    hidden = [array.ndim > 1 and not _ends_in_code(sizes, array) for array in drawn]
    for factor in (1, rng.uniform(0.22, 0.3), rng.uniform(3, 5)):
        size = factor ** -sum(hidden)
        arrays = [
            a * np.float32(factor if kernel else min(1, size) if a.ndim > 1 else 1)
            for a, kernel in zip(drawn, hidden, strict=True)
        ]
        yield arrays, x * np.float32(max(1, size))


def _steady(sizes: LatentSizes, heads: Heads, seed: int = SEEDS[0]) -> Arrays:
    """Return drawn weights with which exp(log_var / 2), which makes z, is finite."""
    weights = draw_steady(heads.weights, seed)
    for array in weights:
        array *= 0.3 if array.ndim > 1 and _ends_in_code(sizes, array) else 1
    return weights


def _ends_in_code(sizes: LatentSizes, array: np.ndarray) -> bool:
    """Return whether a weight array makes a code's numbers, maybe of wrong features."""
    return sizes.is_head(array) or array.shape[-1:] == (sizes.latent_dims,)


def ordered(student: Student, sizes: LatentSizes) -> None:
    """Check that the encoder returns z, the mean and log_var, in this order."""
    at = find_heads(student, sizes).at
    words = {"z": "z", "mean": sizes.mean, "log_var": "log_var"}
    order = sorted(OUTPUTS, key=lambda name: at[name])
    if tuple(order) != OUTPUTS:
        raise CheckFailed(
            ", ".join(words.values()),
            ", ".join(words[name] for name in order),
            "the outputs of the encoder: keras.Model(x, "
            f"[{', '.join(words.values())}]).",
        )


def heads_are_linear(student: Student, sizes: LatentSizes) -> None:
    """Check that mean and log_var may become any number, also below 0."""
    heads = find_heads(student, sizes)
    x = beyond(inputs(7, sizes.input_size))

    redraw = partial(_steady, sizes, heads)
    for name, word in zip(OUTPUTS[1:], (sizes.mean, "log_var"), strict=True):
        ending = Ending(
            partial(_output, student, heads.at[name]),
            redraw(SEEDS[0]),
            [heads.bias[name]],
            sizes.latent_dims,
            x,
            partial(_scaled, sizes),
            redraw,
        )
        if not all(
            ending.is_activation(NO_ACTIVATION, training=training)
            for training in (False, True)
        ):
            activation = name_of_last(ending)
            raise CheckFailed(
                f"no activation after the layer of {word}",
                ANOTHER if activation == NO_ACTIVATION else activation,
                f"an activation on the Dense of {word}: it may be negative, so leave "
                "it out.",
            )


def _output(
    student: Student, position: int, arrays: Arrays, x: np.ndarray, training: bool
) -> np.ndarray:
    """Return one of the encoder's outputs with these weights."""
    return outputs_with(student, arrays, x, training=training)[position]


def z_is_normal(student: Student, sizes: LatentSizes) -> None:
    """Check that z is the mean plus exp(log_var / 2) times standard normal noise."""
    heads = find_heads(student, sizes)
    n = sizes.latent_dims
    log_var = np.linspace(-4, 2, n)
    # Besides, each image has a mean and a log-variance that are a little its own.
    weights = draw_steady(heads.weights)
    for array in weights:
        array *= 0.1 if sizes.is_head(array) else 1
    heads.put(weights, "mean", np.cos(3.0 * np.arange(n)))
    heads.put(weights, "log_var", log_var)
    outputs = outputs_with(student, weights, inputs(1500, sizes.input_size))
    z, mean, log_var = (outputs[heads.at[name]].astype(np.float64) for name in OUTPUTS)
    _follow_their_biases({sizes.mean: mean, "log_var": log_var})
    deviation = _deviation(z - mean, np.exp(log_var / 2))
    if not deviation:
        return
    expected = f"(z - {sizes.mean}) / exp(log_var / 2) is standard normal noise"
    if np.array_equal(z, mean):
        deviation = f"z equals {sizes.mean}"
    else:
        _differs_by_image((z - mean) / np.exp(log_var / 2), expected)
    others = {
        "exp(log_var) as the spread": np.exp(log_var),
        "log_var as the spread": log_var,
        "1 as the spread": np.ones_like(z),
        "exp(-log_var / 2) as the spread": np.exp(-log_var / 2),
    }
    with np.errstate(all="ignore"):
        names = [
            name for name, spread in others.items() if not _deviation(z - mean, spread)
        ]
    raise CheckFailed(
        expected,
        names[0] if names else deviation,
        "the spread: exp(log_var) is the variance, not the standard deviation; or "
        "noise that is not standard normal.",
    )


def _differs_by_image(noise: np.ndarray, expected: str) -> None:
    """Check that images do not share their noise."""
    if np.ptp(noise, axis=0).max() < TOLERANCE:
        raise CheckFailed(
            expected,
            "the same noise for all images",
            "the shape of the noise: numbers of its own for each image of the batch.",
        )


def _follow_their_biases(outputs: dict[str, np.ndarray]) -> None:
    """Check that mean and log_var, by name, vary as the biases of their layers do."""
    for name, output in outputs.items():
        if not 0.2 < np.ptp(output) < 20:
            raise CheckFailed(
                f"{name} follows the bias of its layer, which lies between -4 and 2",
                f"numbers between {output.min():.3g} and {output.max():.3g}",
                "an activation, or an operation after the layer.",
            )


def _deviation(difference: np.ndarray, spread: np.ndarray) -> str:
    """Return what keeps difference / spread from being standard normal, or ``""``."""
    noise = difference / spread
    each, total = noise.std(axis=0), noise.std()
    if not abs(noise.mean()) <= 0.15:
        return f"noise with the mean {noise.mean():.2f}"
    if not (0.9 < total < 1.1 and each.min() > 0.8 and each.max() < 1.25):
        return (
            f"noise with a standard deviation between {each.min():.3g} and "
            f"{each.max():.3g}"
        )
    # 3 for the normal distribution, 1.8 for the uniform one
    peak = (noise**4).mean() / total**4
    if 2.4 < peak < 3.8 and _distance_from_normal(noise.ravel() / total) < 0.035:
        return ""
    return "noise of another form than the normal one"


def _distance_from_normal(numbers: np.ndarray) -> float:
    """Return how far shares of numbers differ from those of the normal distribution.

    The largest difference of the two distribution functions, without the mean: for
    9,000 normal numbers 0.009 or so, for a few values that are drawn 0.2 or more.
    """
    ordered = np.sort(numbers - numbers.mean())
    shares = (np.arange(len(ordered)) + 0.5) / len(ordered)
    return float(np.abs(special.ndtr(ordered) - shares).max())


@named("the noise is new for every call, image and number")
def noise_is_new(student: Student, sizes: LatentSizes) -> None:
    """Check that two calls, two images and two numbers of the code differ in noise."""
    heads = find_heads(student, sizes)
    x = inputs(400, sizes.input_size)
    weights = heads.zeros(log_var=1)
    first = outputs_with(student, weights, x)[heads.at["z"]]
    again = outputs_with(student, weights, x)[heads.at["z"]]
    in_training = outputs_with(student, weights, x, training=True)[heads.at["z"]]
    more = outputs_with(student, weights, x, training=True)[heads.at["z"]]
    size = first.std()
    new = {
        "z is the same in every call, or nearly": _unlike(first, again)
        and _unlike(in_training, more),
        "all images of a batch get the same noise": first.std(axis=0).mean()
        >= 0.5 * size,
        "all numbers of a code get the same noise": first.std(axis=1).mean()
        >= 0.5 * size,
        "images of a batch, or numbers of a code, share noise but for its sign": (
            _of_its_own(first) and _of_its_own(in_training)
        ),
    }
    for alike, holds in new.items():
        if not holds:
            raise CheckFailed(
                "noise of its own for every call, image and number",
                alike,
                f"noise of another shape than {sizes.mean}, or drawn outside of a "
                "layer's call, by NumPy, or with a fixed seed.",
            )
    take_step(student, x[:2], x[:2])
    trained = outputs_with(student, weights, x)[heads.at["z"]]
    if not (_unlike(first, trained) and 0.5 * size < trained.std() < 2 * size):
        raise CheckFailed(
            "noise of the same size after a step of training",
            f"a standard deviation of {trained.std():.2g} instead of {size:.2g}",
            "something in the model that training changes besides its weights.",
        )


def _unlike(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two draws of thousands of numbers have little in common.

    Without their means, their product is 0 on average, within 0.02 or so of their
    squares.
    """
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first**2).sum(dtype=float) * (second**2).sum(dtype=float))
    return bool(abs((first * second).sum(dtype=float)) < 0.3 * size)


def _of_its_own(noise: np.ndarray) -> bool:
    """Return whether no noise is shared, whatever its sign, by images or numbers.

    Of a table whose rows, or columns, are multiples of each other, one product of a row
    and a column is all; of hundreds of codes of 6 numbers or more, a quarter.
    """
    sizes = np.linalg.svd(noise - noise.mean(), compute_uv=False) ** 2
    rows = np.abs(noise[np.abs(noise[:, 0]).argsort()])
    equal = np.abs(np.diff(rows, axis=0)).max(axis=1) < TOLERANCE * noise.std()
    return bool(sizes[0] < 0.6 * sizes.sum() and equal.mean() < 0.1)


@named("auto is the encoder's z followed by the decoder")
def auto_decodes_z(student: Student, sizes: LatentSizes) -> None:
    """Check that auto is decoder(z), whatever the weights of either; z is random."""
    heads = find_heads(student, sizes)

    x = inputs(20, sizes.input_size)
    small = heads.zeros(mean=1, log_var=TINY_LOG_VAR)
    z = [outputs_with(student, small, x)[heads.at["z"]] for _ in range(2)]
    # Where a mistake keeps the noise, averages are compared instead of outputs.
    noisy = not close(*z)

    def quiet(part: str, arrays: Arrays) -> None:
        """Make the noise vanish, or if it stays, the code alike for all inputs."""
        if part == "encoder":
            for array in arrays:
                if array.ndim > 1 and _ends_in_code(sizes, array):
                    array *= 0 if noisy else 0.3
            heads.put(arrays, "log_var", 0 if noisy else TINY_LOG_VAR)

    try:
        shared.auto_is_both(
            student, sizes, code=heads.at["z"], prepare=quiet, average=noisy
        )
    except CheckFailed:
        _refuse_other_codes(student, sizes, heads, x)
        raise
    weights = heads.zeros(log_var=1)
    z = [outputs_with(student, weights, x)[heads.at["z"]] for _ in range(2)]
    x_hat = [student.predict("auto", x)[0] for _ in range(2)]
    if not close(*z) and close(*x_hat):
        raise CheckFailed(
            "auto decodes z, which is random: two calls differ",
            "two calls of auto give the same",
            f"auto decodes {sizes.mean}. Take the first of the encoder's outputs.",
        )


def _refuse_other_codes(
    student: Student, sizes: LatentSizes, heads: Heads, x: np.ndarray
) -> None:
    """Raise CheckFailed if auto decodes the mean or the log-variance."""
    set_alike(student, sizes, heads=0.4, seen=True, contrast=1)
    outputs = student.predict("encoder", x)
    x_hat = student.predict("auto", x)[0]
    for name, word in zip(OUTPUTS[1:], (sizes.mean, "log_var"), strict=True):
        if close(x_hat, student.predict("decoder", outputs[heads.at[name]])[0]):
            raise CheckFailed(
                "auto(x) is decoder(z)",
                f"auto decodes {word}",
                "the decoder in auto gets another output of the encoder than z.",
            )


def set_alike(
    student: Student,
    sizes: LatentSizes,
    *,
    heads: float,
    seen: bool,
    biases: float = 1.0,
    contrast: float = 0.3,
    paints: float | None = None,
) -> None:
    """Set drawn weights, the same in the models and, if it has its own, in auto.

    A number on its own, such as a beta that the model keeps, stays as it is.

    Args:
        student: with built models.
        sizes: what they were built with.
        heads: what the weights of mean and log-variance are multiplied with. With 0
            both are 0: the divergence and its gradient vanish, and z is noise alone.
        seen: whether the decoder sees the code.
        biases: what the biases of all other layers are multiplied with.
        contrast: what the weights of the last layer are multiplied with.
        paints: what the biases of the last layer are instead, if anything.
    """
    for part, size in sizes.parts.items():
        weights = weights_of(student, part, size)
        arrays = draw(weights, gain=1.4, by_shape=True)
        for array, before in zip(arrays, weights, strict=True):
            if not array.shape:
                array[...] = before
                continue
            if sizes.is_last(array):
                array *= contrast
                if paints is not None and array.ndim == 1:
                    array[...] = paints
            if sizes.is_head(array):
                array *= heads
            elif array.ndim == 2 and len(array) == sizes.latent_dims != array.shape[1]:
                array *= seen  # not of a log-variance that is made from the mean
            elif array.ndim == 1:
                array *= biases
        student.set_weights(part, arrays)


def kl(heads: Heads, outputs: Arrays) -> float:
    """Return the KL divergence for what the encoder gave, a mean over the batch."""
    mean, log_var = (a.astype(np.float64) for a in heads.mean_and_log_var(outputs))
    each = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1)
    return float(each.mean())


AVERAGED = "binary cross-entropy averaged over the pixels instead of summed"


def reconstruction_is_bce(
    student: Student, sizes: LatentSizes, likely_cause: str
) -> None:
    """Check that with mean and log-variance 0, the loss is the summed cross-entropy.

    It is that of x and decoder(z), z being noise.
    """
    heads = find_heads(student, sizes)
    _is_summed_bce(student, sizes, heads, likely_cause)
    _is_that_of_decoded_z(student, sizes, heads)
    x = inputs(8, sizes.input_size)
    set_alike(student, sizes, heads=0.4, seen=True)
    shared.keep_inside(student, x)
    shared.goes_down(student, x, x, elsewhere=sizes.is_head, seed=0)


def _is_summed_bce(
    student: Student, sizes: LatentSizes, heads: Heads, likely_cause: str
) -> None:
    """Check the loss of an output that is the same for each code."""
    x = inputs(16, sizes.input_size)
    set_alike(student, sizes, heads=0, seen=False)
    values = shared.losses(x, student.predict("auto", x)[0])
    # The divergence is 0, unless mean or log_var have an activation.
    rest = sizes.beta * kl(heads, student.predict("encoder", x))
    expected = values[shared.SUMMED_BCE]
    loss = student.training_loss(x, x) - rest
    if not abs(loss - expected) <= 2e-5 * expected:
        name = shared.named_loss(loss, _other_reconstructions(values, x))
        raise CheckFailed(
            f"with {sizes.mean} and log_var 0, a loss of {expected:.2f}: binary "
            "cross-entropy, summed over pixels",
            f"{loss:.2f}{name}",
            likely_cause
            if AVERAGED in name
            else "the loss given to compile, or one that a layer or model adds to it.",
        )
    shared.same_for_many(student, x, x, loss + rest)


def _other_reconstructions(values: dict[str, float], x: np.ndarray) -> dict[str, float]:
    """Return other losses than the summed cross-entropy, from known ones, by name."""
    others = dict(values)
    mean, expected = others.pop(shared.BCE), others.pop(shared.SUMMED_BCE)
    swapped = others.pop(shared.SWAPPED_BCE)
    pixels = x[0].size
    mse = others["the mean squared error"]
    return {
        AVERAGED: mean,
        "the squared error, summed": mse * pixels,
        "binary cross-entropy summed over the batch too": expected * len(x),
        "binary cross-entropy with x and x_hat swapped": swapped * pixels,
        "twice the binary cross-entropy": 2 * expected,
        "binary cross-entropy and its mean besides": expected + mean,
        "binary cross-entropy and the squared error": expected + mse * pixels,
        "binary cross-entropy and the mean squared error": expected + mse,
        **others,
    }


def _is_that_of_decoded_z(student: Student, sizes: LatentSizes, heads: Heads) -> None:
    """Check that the loss is that of x and decoder(z), not of another code."""
    # Without biases, the decoder paints grey for z = 0, and contrasts for other z.
    x = inputs(200, sizes.input_size)
    set_alike(student, sizes, heads=0, seen=True, biases=0, contrast=2)
    outputs = student.predict("encoder", x, training=True)
    z = outputs[heads.at["z"]]
    if z.std(axis=1).mean() < 0.5 * z.std():  # one noise for a code: more to average
        x = inputs(3000, sizes.input_size)
        outputs = student.predict("encoder", x, training=True)
        z = outputs[heads.at["z"]]
    shared.follows_input(
        student.predict("decoder", codes(len(x), sizes.latent_dims))[0], "the decoder"
    )
    if z.std(axis=0).mean() < 0.5 * z.std():  # one noise for all: too few to average
        return
    x_hat = student.predict("decoder", z)[0]
    rest = sizes.beta * kl(heads, outputs)
    expected = shared.losses(x, x_hat)[shared.SUMMED_BCE] + rest
    loss = student.training_loss(x, x)
    if not abs(loss - expected) <= 0.1 * expected:
        raise CheckFailed(
            f"a loss of about {expected:.0f}: the cross-entropy of x and decoder(z)",
            f"{loss:.0f}",
            f"the loss is computed from another x_hat, such as decoder({sizes.mean}).",
        )


def added_by_kl(student: Student, sizes: LatentSizes) -> tuple[float, float]:
    """Return what mean and log-variance add to the loss, and with what error.

    The decoder does not see the code, so nothing else changes with it. The models keep
    the weights with which mean and log-variance are not 0.
    """
    x = inputs(8, sizes.input_size)
    set_alike(student, sizes, heads=0, seen=False)
    rest = student.training_loss(x, x)
    set_alike(student, sizes, heads=0.4, seen=False)
    loss = student.training_loss(x, x)
    return loss - rest, 2e-5 * min(abs(loss), MAX_LOSS)


def _other_divergences(
    heads: Heads, outputs: Arrays, expected: float, x: np.ndarray
) -> dict[str, float]:
    """Return what a wrong divergence adds to the loss, by name.

    Args:
        heads: of the encoder.
        outputs: of the encoder.
        expected: what the right divergence adds.
        x: what the encoder got.
    """
    m, v = (a.astype(np.float64) for a in heads.mean_and_log_var(outputs))

    def half(terms: np.ndarray) -> float:
        return 0.5 * float(terms.sum(axis=1).mean())

    pixels = x[0].size
    return {
        "the mean over the code's numbers instead of their sum": expected / m.shape[1],
        "the sum over the batch instead of its mean": expected * len(x),
        "the divergence with the wrong sign": -expected,
        "twice the divergence": 2 * expected,
        "the divergence divided by the number of pixels": expected / pixels,
        "the divergence times the number of pixels": expected * pixels,
        "the divergence for log_var as the logarithm of the standard deviation": half(
            np.exp(2 * v) + m**2 - 1 - 2 * v
        ),
        "a divergence without the mean": half(np.exp(v) - 1 - v),
        "a divergence without the squares of the mean": half(np.exp(v) + m - 1 - v),
    }


def kl_is_added(student: Student, sizes: LatentSizes) -> None:
    """Check that the loss adds the divergence from the standard normal, and that alone.

    It must have a gradient too. For a beta of 1.
    """
    heads = find_heads(student, sizes)
    x = inputs(8, sizes.input_size)
    set_alike(student, sizes, heads=0, seen=False)
    flat = kl(heads, student.predict("encoder", x))
    added, error = added_by_kl(student, sizes)
    outputs = student.predict("encoder", x)
    expected = kl(heads, outputs) - flat
    if not expected > MIN_KL:
        raise CheckFailed(
            f"a divergence of more than {MIN_KL} for drawn weights",
            f"{sizes.mean} and log_var whose divergence is {expected:.2g}",
            "an activation, or an operation at the end, that lets nothing through.",
        )
    if not abs(added - expected) <= 1e-3 * abs(expected) + error:
        guesses = _other_divergences(heads, outputs, expected, x)
        nothing = abs(added) <= 1e-3 * abs(expected)
        name = ", nothing" if nothing else shared.named_loss(added, guesses)
        raise CheckFailed(
            f"{sizes.mean} and log_var add a divergence of {expected:.3f} to the loss",
            f"{added:.3f}{name}",
            "its signs, its factor, its sum over the code or its mean over the batch.",
        )
    is_added_to_seen_codes(student, sizes)
    goes_down(student, sizes)
    heads_move(
        student,
        sizes,
        {"heads": 0.4, "seen": False},
        "one step on the divergence alone moves the layers of "
        f"{sizes.mean} and log_var",
        "the divergence has no gradient: stop_gradient, NumPy, or computed outside the "
        "tape.",
    )


def is_added_to_seen_codes(student: Student, sizes: LatentSizes) -> None:
    """Check that the divergence is added also where the decoder sees the code.

    What it paints then differs visibly, but little: the reconstruction hardly changes.

    Args:
        student: with built models.
        sizes: what they were built with.
    """
    x = inputs(8, sizes.input_size)

    def loss(*, heads: float, seen: bool) -> float:
        # Light grey by a sigmoid, and also without: a missing one is no mistake here.
        set_alike(student, sizes, heads=heads, seen=seen, contrast=0.02, paints=0.5)
        return student.training_loss(x, x)

    expected = loss(heads=0.4, seen=False) - loss(heads=0, seen=False)
    with_code = loss(heads=0.4, seen=True)
    added = with_code - loss(heads=0, seen=True)
    chance = 5e-3 * min(abs(with_code), MAX_LOSS)
    if not abs(added - expected) <= 0.2 * abs(expected) + chance:
        raise CheckFailed(
            f"{sizes.mean} and log_var add a divergence of about {expected:.2f}, also "
            "where the decoder sees the code",
            f"{added:.2f}",
            "a divergence that is added to some losses only.",
        )


def goes_down(student: Student, sizes: LatentSizes) -> None:
    """Check that training moves mean and log-variance down the divergence."""
    x = inputs(8, sizes.input_size)
    set_alike(student, sizes, heads=0.4, seen=False)
    shared.goes_down(
        student, x, x, elsewhere=lambda array: not sizes.is_head(array), seed=0
    )


def moves_of_heads(student: Student, sizes: LatentSizes, **weights: Any) -> list[float]:
    """Return how far one step moves each array of mean and log-variance.

    They are shares of the longest move of any weight; NaN if nothing moves at all.
    """
    x = inputs(32, sizes.input_size)
    set_alike(student, sizes, **weights)
    before = student.get_weights("auto")
    student.train(x, x, epochs=1, batch_size=len(x), learning_rate=1e-3)
    moves = [
        (sizes.is_head(a), np.abs(b - a).max(initial=0))
        for a, b in zip(before, student.get_weights("auto"), strict=True)
    ]
    most = max(move for _, move in moves) or np.nan
    return [float(move / most) for head, move in moves if head]


def heads_move(
    student: Student,
    sizes: LatentSizes,
    weights: dict[str, Any],
    expected: str,
    likely_cause: str,
) -> None:
    """Check that a training step from these weights moves mean and log-variance."""
    moves = moves_of_heads(student, sizes, **weights)
    still = [move for move in moves if not move > 1e-6]
    if still:
        raise CheckFailed(
            expected,
            f"{len(still)} of their {len(moves)} weight arrays stay",
            likely_cause,
        )


def gradients_pass(student: Student, sizes: LatentSizes) -> None:
    """Check that a step moves mean and log-variance where the divergence is flat."""
    heads_move(
        student,
        sizes,
        {"heads": 0, "seen": True},
        f"where the divergence is flat, one step moves the layers of {sizes.mean} "
        "and log_var",
        "z is not computed from both, or with stop_gradient or NumPy.",
    )
