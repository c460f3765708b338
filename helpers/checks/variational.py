"""The variational autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as :func:`helpers.checks.report.check` says. Hidden tests call the same
functions with other sizes: fields of :class:`Sizes`.

The code is random, so the checks take the noise apart from the rest: they set weights
with which the log-variance, the divergence or the decoder's view of the code is known.
What is left to chance is averaged over thousands of numbers, and the limits are several
standard errors away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpers.checks import builders, dense
from helpers.checks.dense import (
    ACTIVATIONS,
    DenseSizes,
    close,
    draw,
    inputs,
    orders,
    relu,
    weights_of,
)
from helpers.checks.interface import Arrays, Student
from helpers.checks.report import CheckFailed, check

import numpy as np

NAMES = ("z", "mean", "log_var")
SUMMED = "binary cross-entropy summed over the inputs"
SMALL = -30.0
"""A log-variance at which noise, exp(-15) of it, vanishes beside float32 numbers."""


@dataclass(frozen=True)
class Sizes(DenseSizes):
    """What the builder is called with: small, because chance needs many inputs."""

    input_dims: int = 100
    hidden_layers: Sequence[int] = (48, 32)
    latent_dims: int = 10

    @property
    def head(self) -> tuple[int, int]:
        """Return the shape of the kernel that makes the mean or the log-variance."""
        return self.hidden_layers[-1], self.latent_dims

    def is_head(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to mean or log-variance."""
        return array.shape in (self.head, self.head[1:])


def _built(student: Student, sizes: dict[str, Any]) -> Sizes:
    """Call the builder; return what it was called with."""
    called = Sizes(**sizes)
    student.build(*called.arguments)
    return called


@dataclass
class Heads:
    """How the encoder's outputs and weights belong together.

    Found by experiment, so that a check that is not about the order of the outputs
    holds in any order.

    Attributes:
        at: position of z, mean and log_var among the encoder's outputs.
        bias: position of the bias of mean and log_var among the encoder's weights.
        weights: the encoder's weights.
    """

    at: dict[str, int]
    bias: dict[str, int]
    weights: Arrays

    def zeros(self, **biases: Any) -> Arrays:
        """Return weights of zeros, but for the biases of mean or log_var."""
        arrays = [np.zeros_like(array) for array in self.weights]
        for name, value in biases.items():
            arrays[self.bias[name]] += np.asarray(value, np.float32)
        return arrays


def _outputs(student: Student, arrays: Arrays, x: np.ndarray, **options: Any) -> Arrays:
    """Return what the encoder gives with these weights."""
    student.set_weights("encoder", arrays)
    return student.predict("encoder", x, **options)


def _heads(student: Student, called: Sizes) -> Heads:
    """Find out what the encoder's outputs are. Its weights are put back."""
    weights = weights_of(student, "encoder", called.input_dims)
    x = inputs(300, called.input_dims)
    zeros = [np.zeros_like(array) for array in weights]
    first, second = (_outputs(student, zeros, x) for _ in range(2))
    if [array.shape for array in first] != [(len(x), called.latent_dims)] * 3:
        raise CheckFailed(
            "the encoder returns three arrays: z, mean and log_var",
            f"{len(first)}, of shape {', '.join(str(a.shape) for a in first)}",
            "the encoder is keras.Model(x, [z, mean, log_var]).",
        )
    varying = [i for i in range(3) if not np.array_equal(first[i], second[i])]
    z = varying[0] if len(varying) == 1 else 0
    others = [i for i in range(3) if i != z]

    def moved(index: int, value: float) -> Arrays:
        """Return the outputs when all weights are 0 but one bias."""
        arrays = list(zeros)
        arrays[index] = arrays[index] + np.float32(value)
        return _outputs(student, arrays, x)

    biases: dict[int, int] = {}
    for index, array in enumerate(weights):
        if array.shape == called.head[1:]:
            now = moved(index, 0.5)
            for output in others:
                if not close(now[output], first[output]):
                    biases.setdefault(output, index)
    if len(biases) < 2:
        student.set_weights("encoder", weights)
        raise CheckFailed(
            "mean and log_var each come from a dense layer of latent_dims units",
            "an output that does not follow the bias of such a layer",
            "mean and log_var both are layers.Dense(latent_dims) of the last hidden "
            "layer; z comes from them.",
        )
    # z follows its mean down; the spread only shrinks. A ReLU shows on the way up.
    follow = [i for i in others if moved(biases[i], -6)[z].mean() < -3]
    if len(follow) != 1:
        follow = [i for i in others if moved(biases[i], 3)[z].mean() > 1.5]
    mean = follow[0] if len(follow) == 1 else others[0]
    student.set_weights("encoder", weights)
    at = {"z": z, "mean": mean, "log_var": 3 - z - mean}
    return Heads(
        at,
        {name: biases[at[name]] for name in NAMES[1:]},
        weights,
    )


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    called = _built(student, sizes)
    builders.shapes_are(
        student,
        {
            "encoder": (called.input_dims, [called.latent_dims] * 3),
            "decoder": (called.latent_dims, [called.input_dims]),
            "auto": (called.input_dims, [called.input_dims]),
        },
        "the models are returned in another order than encoder, decoder, auto; the "
        "encoder does not return z, mean and log_var; or a last layer has the wrong "
        "number of units.",
    )


@check("the encoder returns z, mean, log_var, in this order")
def order(student: Student, **sizes: Any) -> None:
    """The first output is random, the second is its mean."""
    at = _heads(student, _built(student, sizes)).at
    found = sorted(NAMES, key=lambda name: at[name])
    if tuple(found) != NAMES:
        raise CheckFailed(
            ", ".join(NAMES),
            ", ".join(found),
            "the outputs of the encoder: keras.Model(x, [z, mean, log_var]).",
        )


@check("the encoder's layers")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """Dense layers with ReLU; then one for the mean and one for the log-variance.

    The activations of the last two are left open.
    """
    called = _built(student, sizes)
    heads = _heads(student, called)
    x = inputs(4, called.input_dims)
    arrays = draw(heads.weights)
    found = _outputs(student, arrays, x)
    in_training = student.predict("encoder", x, training=True)
    chain = [called.input_dims, *called.hidden_layers]
    ways = list(orders(heads.weights, [*pairwise(chain), called.head, called.head]))
    expected = (
        f"dense layers {dense.arrow(chain)}, each with a bias, then two of "
        f"{called.latent_dims} units"
    )
    if not ways:
        kernels = (dense.arrow(a.shape) for a in heads.weights if a.ndim == 2)
        raise CheckFailed(
            expected,
            f"kernels of {', '.join(kernels)}, {len(heads.weights)} weight arrays in "
            "all",
            "a layer is missing or extra, in another order, or has another size than "
            "hidden_layers says; or mean and log_var share a layer.",
        )
    outputs = [found[heads.at[name]] for name in NAMES[1:]]
    for way in ways:
        a = x
        for kernel, bias in way[:-2]:
            a = relu(a @ arrays[kernel] + arrays[bias])
        if all(
            any(close(out, f(a @ arrays[k] + arrays[b])) for f in ACTIVATIONS.values())
            for out, (k, b) in zip(outputs, way[-2:], strict=True)
        ):
            if all(
                close(in_training[heads.at[n]], found[heads.at[n]]) for n in NAMES[1:]
            ):
                return
            raise CheckFailed(
                expected,
                "mean and log_var are something else while the encoder trains",
                "a layer that acts in training only, such as Dropout or noise.",
            )
    raise CheckFailed(
        f"ReLU after each hidden layer of the encoder: {dense.arrow(chain)}",
        "other numbers than these layers give with the same weights",
        "a hidden layer without activation='relu', with another activation, or an "
        "extra operation between the layers.",
    )


@check("mean and log_var have no activation")
def no_activation(student: Student, **sizes: Any) -> None:
    """Both may become any number, also below 0."""
    called = _built(student, sizes)
    heads = _heads(student, called)
    probe = np.random.default_rng(4).permutation(np.linspace(-4, 4, called.latent_dims))
    x = inputs(1, called.input_dims)
    for name in NAMES[1:]:
        rows = np.stack([probe, -probe]).astype(np.float32)
        found = np.concatenate(
            [
                _outputs(student, heads.zeros(**{name: row}), x)[heads.at[name]]
                for row in rows
            ]
        )
        if not close(found, rows):
            names = (n for n, f in ACTIVATIONS.items() if close(found, f(rows)))
            raise CheckFailed(
                f"no activation after the layer of {name}",
                next(names, "another activation"),
                f"layers.Dense(latent_dims) for {name}, without an activation: a mean "
                "and the logarithm of a variance may be negative.",
            )


@check("z is mean + exp(log_var / 2) times standard normal noise")
def spread(student: Student, **sizes: Any) -> None:
    """For several means and log-variances, the noise in z is standard normal."""
    called = _built(student, sizes)
    heads = _heads(student, called)
    n = called.latent_dims
    log_var = np.linspace(-4, 2, n)
    weights = heads.zeros(mean=np.cos(3.0 * np.arange(n)), log_var=log_var)
    outputs = _outputs(student, weights, inputs(1500, called.input_dims))
    z, mean, log_var = (outputs[heads.at[name]].astype(np.float64) for name in NAMES)

    def deviates(spread: np.ndarray) -> str:
        """Return what keeps (z - mean) / spread from being standard normal."""
        noise = (z - mean) / spread
        each, all_ = noise.std(axis=0), noise.std()
        if abs(noise.mean()) > 0.15:
            return f"noise with the mean {noise.mean():.2f}"
        if not (0.9 < all_ < 1.1 and each.min() > 0.8 and each.max() < 1.25):
            return (
                f"noise with a standard deviation between {each.min():.3g} and "
                f"{each.max():.3g}"
            )
        # 3 for the normal distribution, 1.8 for the uniform one
        peak = (noise**4).mean() / all_**4
        return "" if 2.4 < peak < 3.8 else "noise of another form than the normal one"

    found = deviates(np.exp(log_var / 2))
    if not found:
        return
    if np.array_equal(z, mean):
        found = "z equals mean"
    others = {
        "exp(log_var) as the spread": np.exp(log_var),
        "log_var as the spread": log_var,
        "1 as the spread": np.ones_like(z),
        "exp(-log_var / 2) as the spread": np.exp(-log_var / 2),
    }
    with np.errstate(all="ignore"):
        names = [name for name, value in others.items() if not deviates(value)]
    raise CheckFailed(
        "(z - mean) / exp(log_var / 2) has the mean 0 and the standard deviation 1 "
        "and is normal",
        names[0] if names else found,
        "the variance is exp(log_var), so the standard deviation is exp(log_var / 2); "
        "the noise is keras.random.normal(keras.ops.shape(mean)).",
    )


@check("the noise is new for every call, image and number")
def noise(student: Student, **sizes: Any) -> None:
    """Two calls, two images and two numbers of the code get different noise."""
    called = _built(student, sizes)
    heads = _heads(student, called)
    x = inputs(400, called.input_dims)
    weights = heads.zeros(log_var=1)
    first = _outputs(student, weights, x)[heads.at["z"]]
    again = _outputs(student, weights, x)[heads.at["z"]]
    in_training = _outputs(student, weights, x, training=True)[heads.at["z"]]
    more = _outputs(student, weights, x, training=True)[heads.at["z"]]
    size = first.std()
    same = {
        "z is the same in every call": np.abs(first - again).max() <= 1e-6
        or np.abs(in_training - more).max() <= 1e-6,
        "all images of a batch get the same noise": first.std(axis=0).mean()
        < 0.5 * size,
        "all numbers of a code get the same noise": first.std(axis=1).mean()
        < 0.5 * size,
    }
    for found, holds in same.items():
        if holds:
            raise CheckFailed(
                "new noise for every call, for every image and every number of its "
                "code, in training or not",
                found,
                "draw the noise in the call of a layer, in the shape of the mean: "
                "keras.random.normal(keras.ops.shape(mean)). Drawn outside, with NumPy "
                "or with seed=1, it is the same for ever.",
            )


@check("the decoder mirrors the encoder")
def decoder_layers(student: Student, **sizes: Any) -> None:
    """The encoder's layer sizes from the code back to the input, with ReLU."""
    dense.decoder_is_dense(student, _built(student, sizes))


@check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The decoder's last layer ends in a sigmoid."""
    dense.output_is_sigmoid(student, _built(student, sizes))


@check("auto is the encoder's z followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(z), also after the weights of either change; z is random."""
    called = _built(student, sizes)
    heads = _heads(student, called)

    x = inputs(20, called.input_dims)
    small = heads.zeros(mean=1, log_var=SMALL)
    z = [_outputs(student, small, x)[heads.at["z"]] for _ in range(2)]
    # Where a mistake keeps the noise, averages are compared instead of outputs.
    noisy = not close(*z)

    def quiet(part: str, arrays: Arrays) -> None:
        """Make the noise vanish, and mean and log_var the same for all inputs."""
        if part == "encoder":
            for array in arrays:
                array *= array.ndim == 1 or array.shape[-1] != called.latent_dims
            arrays[heads.bias["log_var"]][:] = 0 if noisy else SMALL

    builders.auto_is_both(
        student, called.parts, code=heads.at["z"], prepare=quiet, average=noisy
    )
    weights = heads.zeros(log_var=1)
    z = [_outputs(student, weights, x)[heads.at["z"]] for _ in range(2)]
    x_hat = [student.predict("auto", x)[0] for _ in range(2)]
    if not close(*z) and close(*x_hat):
        raise CheckFailed(
            "auto decodes z, which is random: two calls differ",
            "two calls of auto give the same",
            "auto decodes the mean. Take the first of the encoder's outputs.",
        )


def _set_alike(
    student: Student,
    called: Sizes,
    *,
    heads: float,
    seen: bool,
    biases: float = 1.0,
    contrast: float = 0.3,
) -> None:
    """Set drawn weights, the same in the models and, if it has its own, in auto.

    Args:
        heads: what the weights of mean and log-variance are multiplied with. With 0
            both are 0: the divergence and its gradient vanish, and z is noise alone.
        seen: whether the decoder sees the code.
        biases: what the biases of all other layers are multiplied with.
        contrast: what the weights of the last layer are multiplied with.
    """
    for part, size in called.parts.items():
        arrays = draw(weights_of(student, part, size), gain=1.4, by_shape=True)
        for array in arrays:
            if array.shape[-1] == called.input_dims:
                array *= contrast
            if called.is_head(array):
                array *= heads
            elif array.ndim == 2 and len(array) == called.latent_dims:
                array *= seen
            elif array.ndim == 1:
                array *= biases
        student.set_weights(part, arrays)


@check("the reconstruction loss is cross-entropy, summed over pixels")
def loss_is_bce(student: Student, **sizes: Any) -> None:
    """With mean and log-variance 0, the loss is that of decoder(z), z being noise."""
    called = _built(student, sizes)
    heads = _heads(student, called)
    x = inputs(16, called.input_dims)
    _set_alike(student, called, heads=0, seen=False)
    values = builders.losses(x, student.predict("auto", x)[0])
    mean = values.pop("binary cross-entropy")
    # The divergence is 0, unless mean or log_var have an activation.
    rest = _divergence(heads, student.predict("encoder", x))
    expected = values.pop(SUMMED)
    found = student.training_loss(x, x) - rest
    if not abs(found - expected) <= 2e-5 * expected:
        values = {
            "binary cross-entropy averaged over the pixels instead of summed": mean,
            "the squared error, summed": values["the mean squared error"] * x[0].size,
            "binary cross-entropy summed over the batch too": expected * len(x),
            **values,
        }
        raise CheckFailed(
            f"with mean 0 and log_var 0, where the divergence is 0, a training loss of "
            f"{expected:.2f}: binary cross-entropy, summed over the pixels and "
            "averaged over the batch",
            f"{found:.2f}{builders.named(found, values)}",
            "Keras's binary cross-entropy is a mean over pixels: multiply by "
            "input_dims, or sum keras.ops.binary_crossentropy(x, x_hat) over axis -1.",
        )
    # Without biases, the decoder paints grey for z = 0, and contrasts for other z.
    x = inputs(600, called.input_dims)
    _set_alike(student, called, heads=0, seen=True, biases=0, contrast=2)
    outputs = student.predict("encoder", x, training=True)
    z = outputs[heads.at["z"]]
    if z.std(axis=0).mean() < 0.5 * z.std():  # one noise for all: too few to average
        return
    x_hat = student.predict("decoder", z)[0]
    expected = builders.losses(x, x_hat)[SUMMED] + _divergence(heads, outputs)
    found = student.training_loss(x, x)
    if not abs(found - expected) <= 0.1 * expected:
        raise CheckFailed(
            f"a training loss of about {expected:.0f}: the cross-entropy of x and "
            "decoder(z)",
            f"{found:.0f}",
            "the loss is computed from another x_hat, such as decoder(mean).",
        )


def _divergence(heads: Heads, outputs: Arrays) -> float:
    """Return the KL divergence for what the encoder gave, a mean over the batch."""
    mean, log_var = (outputs[heads.at[name]].astype(np.float64) for name in NAMES[1:])
    each = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum(axis=1)
    return float(each.mean())


@check("the loss adds the divergence, summed over the code")
def divergence(student: Student, **sizes: Any) -> None:
    """Mean and log-variance add the KL divergence from the standard normal.

    The decoder does not see the code, so nothing else changes with it.
    """
    called = _built(student, sizes)
    heads = _heads(student, called)
    x = inputs(8, called.input_dims)
    _set_alike(student, called, heads=0, seen=False)
    rest = student.training_loss(x, x)
    flat = _divergence(heads, student.predict("encoder", x))
    _set_alike(student, called, heads=0.4, seen=False)
    loss = student.training_loss(x, x)
    outputs = student.predict("encoder", x)
    m, v = (outputs[heads.at[name]].astype(np.float64) for name in NAMES[1:])

    def kl(terms: np.ndarray) -> float:
        return 0.5 * float(terms.sum(axis=1).mean())

    expected = _divergence(heads, outputs) - flat
    found = loss - rest
    if not abs(found - expected) <= 1e-3 * abs(expected) + 2e-5 * abs(loss):
        guesses = {
            "the mean over the code's numbers instead of their sum": expected
            / called.latent_dims,
            "the sum over the batch instead of its mean": expected * len(x),
            "the divergence with the wrong sign": -expected,
            "twice the divergence": 2 * expected,
            "the divergence divided by input_dims": expected / called.input_dims,
            "the divergence times input_dims": expected * called.input_dims,
            "the divergence for log_var as the logarithm of the standard deviation": kl(
                np.exp(2 * v) + m**2 - 1 - 2 * v
            ),
            "a divergence without the mean": kl(np.exp(v) - 1 - v),
            "a divergence without the squares of the mean": kl(np.exp(v) + m - 1 - v),
        }
        nothing = abs(found) <= 1e-3 * abs(expected)
        raise CheckFailed(
            f"{expected:.3f} more than with mean 0 and log_var 0: 0.5 times the sum of "
            "exp(log_var) + mean² - 1 - log_var, averaged over the batch",
            f"{found:.3f}{', nothing' if nothing else builders.named(found, guesses)}",
            "the divergence: a sum over the code's numbers, a mean over the batch, "
            "added with weight 1, in the call of a layer with self.add_loss.",
        )
    _check_movement(
        student,
        called,
        {"heads": 0.4, "seen": False},
        "one step of training on the divergence alone moves the layers of mean and "
        "log_var",
        "the divergence has no gradient: stop_gradient, or numbers that NumPy made.",
    )


def _check_movement(
    student: Student,
    called: Sizes,
    weights: dict[str, Any],
    expected: str,
    likely_cause: str,
) -> None:
    """Check that a training step from these weights moves mean and log-variance."""
    x = inputs(32, called.input_dims)
    _set_alike(student, called, **weights)
    before = student.get_weights("auto")
    student.train(x, x, epochs=1, batch_size=len(x), learning_rate=1e-3)
    moves = [
        (called.is_head(a), np.abs(b - a).max())
        for a, b in zip(before, student.get_weights("auto"), strict=True)
    ]
    most = max(move for _, move in moves)
    still = [move for head, move in moves if head and move <= 1e-6 * most]
    if still or not most:
        raise CheckFailed(
            expected,
            f"{len(still)} of their {sum(head for head, _ in moves)} weight arrays "
            "stay as they were",
            likely_cause,
        )


@check("gradients reach mean and log_var through z")
def gradients(student: Student, **sizes: Any) -> None:
    """Where the divergence is flat, a training step still moves both layers."""
    called = _built(student, sizes)
    _check_movement(
        student,
        called,
        {"heads": 0, "seen": True},
        "with mean 0 and log_var 0, where the divergence is flat, one step of training "
        "moves the layers of mean and log_var",
        "z is not computed from both: z = mean + exp(log_var / 2) * noise, without "
        "stop_gradient and without NumPy.",
    )


def _four_patterns(n: int, width: int) -> np.ndarray:
    """Return ``n`` noisy images of four patterns."""
    rng = np.random.default_rng(7)
    patterns = rng.random((4, width)) < 0.5
    flipped = rng.random((n, width)) < 0.02
    return (patterns[np.arange(n) % 4] ^ flipped).astype(np.float32)


@check("the code does not collapse")
def no_collapse(
    student: Student,
    *,
    input_dims: int = 64,
    hidden_layers: Sequence[int] = (32,),
    latent_dims: int = 3,
) -> None:
    """After a short training on four patterns, the mean tells the images apart."""
    sizes = {"hidden_layers": hidden_layers, "latent_dims": latent_dims}
    called = _built(student, {"input_dims": input_dims, **sizes})
    heads = _heads(student, called)
    x = _four_patterns(128, called.input_dims)
    _set_alike(student, called, heads=0.5, seen=True, biases=0)
    student.train(x, x, epochs=12, batch_size=len(x), learning_rate=3e-2)
    means = student.predict("encoder", x)[heads.at["mean"]]
    found = float(means.std(axis=0).max())
    if not found >= 0.3:
        raise CheckFailed(
            "after a short training, the means of different images differ: their "
            "standard deviation is 0.3 or more in one number of the code",
            f"{found:.2g}: every image gets the same code",
            "the divergence outweighs the reconstruction: cross-entropy averaged over "
            "pixels instead of summed, or a divergence with too large a weight.",
        )


@check("auto is compiled with Adam")
def optimizer_is_adam(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    called = _built(student, sizes)
    builders.optimizer_is_adam(student, called.input_dims, elsewhere=called.is_head)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    builders.arguments_stay(student, Sizes(**sizes).arguments, position=1)
