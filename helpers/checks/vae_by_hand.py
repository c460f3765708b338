"""The VAE with its own training step: one function for each property of the contract.

Each takes the builder ``vae(input_shape, latent_dims, beta)`` and prints or raises as
``check`` says. Hidden tests call the same functions with
other sizes: fields of ``Sizes``. What the code, its noise and the divergence must
do stands in ``helpers.checks.oracles.latent``.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from helpers.checks.oracles import latent, networks, shared
from helpers.checks.oracles.dense import ACTIVATIONS, Size, close, inputs
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.interface import Arrays, Student
from helpers.data import bundled

import keras
import numpy as np
from keras import layers

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Sizes(latent.Latent):
    """What the builder is called with; height and width can be divided by 4."""

    input_shape: Shape = (8, 8, 1)
    latent_dims: int = 6
    beta: float = 1.0
    mean = "mu"

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments."""
        return [tuple(self.input_shape), self.latent_dims, self.beta]

    @property
    def parts(self) -> dict[str, Size]:  # type: ignore[override]
        """Return the size of the inputs of each model."""
        image = tuple(self.input_shape)
        return {"encoder": image, "decoder": self.latent_dims, "auto": image}

    @property
    def head(self) -> tuple[int, int]:
        """Return the shape of the kernel that makes mu or log_var."""
        height, width, _ = self.input_shape
        return height // 4 * (width // 4) * 64, self.latent_dims

    def is_head(self, array: np.ndarray) -> bool:
        """Return whether an array belongs to mu or log_var, or to a layer for both."""
        features, k = self.head
        return array.shape in ((features, k), (k,), (features, 2 * k), (2 * k,))

    def is_last(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to the layer that paints the output."""
        channels = self.input_shape[-1]
        return array.shape in ((3, 3, channels, 32), (channels,))


def _built(student: Student, called: Sizes) -> Sizes:
    """Call the builder; return what it was called with."""
    student.build(*called.arguments)
    return called


@check("three models with the right shapes")
def shapes(
    student: Student, *, input_shape: Shape = (28, 28, 1), latent_dims: int = 10
) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    called = _built(student, Sizes(input_shape, latent_dims))
    image, code = called.size, called.latent_dims
    shared.shapes_are(
        student,
        {
            "encoder": (image, [code] * 3),
            "decoder": (code, [image]),
            "auto": (image, [image]),
        },
        "the models are returned in another order than encoder, decoder, auto; the "
        "encoder does not return z, mu and log_var; or a size is written as a number "
        "instead of an argument.",
    )


@check("the encoder returns z, mu, log_var, in this order")
def order(student: Student, **sizes: Any) -> None:
    """The first output is random, the second is its mean."""
    latent.ordered(student, _built(student, Sizes(**sizes)))


def _two_heads(called: Sizes, kind: str = "two layers") -> keras.Model:
    """Return the contract's network from images to mu and log_var."""
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    x = h = keras.Input(called.size)
    for filters in (32, 64):
        h = layers.Conv2D(filters, 3, **options)(h)
    h = layers.Flatten()(h)
    k = called.latent_dims
    if kind == "two layers":
        return keras.Model(x, [layers.Dense(k)(h), layers.Dense(k)(h)])
    both = layers.Dense(2 * k)(h)
    halves = [both[:, :k], both[:, k:]]
    return keras.Model(x, halves if kind == "mu first" else halves[::-1])


def _decoder(called: Sizes, activation: str | None = "relu") -> keras.Model:
    """Return the decoder that is given, without its sigmoid."""
    height, width, channels = called.input_shape
    maps = (height // 4, width // 4, 32)
    options = {"strides": 2, "padding": "same", "activation": activation}
    z = keras.Input((called.latent_dims,))
    h = layers.Dense(int(np.prod(maps)), activation=activation)(z)
    h = layers.Reshape(maps)(h)
    for filters in (64, 32):
        h = layers.Conv2DTranspose(filters, 3, **options)(h)
    return keras.Model(z, layers.Conv2DTranspose(channels, 3, padding="same")(h))


def _heads_agree(found: Arrays, arrays: Arrays, model: keras.Model, x: Arrays) -> bool:
    """Return whether a network gives these mu and log_var, up to their activations."""
    for places in islice(
        networks.orders(arrays, model.get_weights()), networks.MAX_ORDERS
    ):
        model.set_weights([arrays[i] for i in places])
        wanted = [keras.ops.convert_to_numpy(one) for one in model(x)]
        if all(
            any(close(one, function(a)) for function in ACTIVATIONS.values())
            for one, a in zip(found, wanted, strict=True)
        ):
            return True
    return False


@check("the given networks, with a layer for mu and one for log_var")
def network(student: Student, **sizes: Any) -> None:
    """Both come from the trunk's features, by weights of their own."""
    called = _built(student, Sizes(**sizes))
    heads = latent.find_heads(student, called)
    x = inputs(4, called.size)
    arrays = networks.draw(heads.weights)
    ways = {}
    for training in (False, True):
        outputs = latent.outputs_with(student, arrays, x, training=training)
        ways[training] = [outputs[heads.at[name]] for name in latent.OUTPUTS[1:]]
    kinds = ("two layers", "mu first", "log_var first")
    expected = (
        f"strided_trunk, and two dense layers of {called.latent_dims} units on its "
        "features"
    )
    models = [_two_heads(called, kind) for kind in kinds]
    if not any(_heads_agree(ways[False], arrays, model, x) for model in models):
        raise CheckFailed(
            f"{expected}: kernels of {networks.kernels(models[0].get_weights())}",
            f"kernels of {networks.kernels(arrays)}, or other numbers than these "
            "layers give",
            "mu and log_var share a layer, one is made from the other, or there is a "
            "layer more or less.",
        )
    if not all(close(a, b) for a, b in zip(*ways.values(), strict=True)):
        raise CheckFailed(
            expected,
            "mu and log_var are something else while the encoder trains",
            "a layer that acts in training only, such as Dropout or noise.",
        )
    networks.computes(
        student,
        "decoder",
        {
            "the contract": partial(_decoder, called),
            "hidden layers without ReLU": partial(_decoder, called, activation=None),
        },
        networks.codes(4, (called.latent_dims,)),
        "transposed_decoder",
        "the decoder is another one than transposed_decoder(input_shape, latent_dims).",
    )


@check("mu and log_var have no activation")
def no_activation(student: Student, **sizes: Any) -> None:
    """Both may become any number, also below 0."""
    latent.heads_are_linear(student, _built(student, Sizes(**sizes)))


@check("z is mu + exp(log_var / 2) times standard normal noise")
def spread(student: Student, **sizes: Any) -> None:
    """For several means and log-variances, the noise in z is standard normal."""
    latent.z_is_normal(student, _built(student, Sizes(**sizes)))


@check("the noise is new for every call, image and number")
def noise(student: Student, **sizes: Any) -> None:
    """Two calls, two images and two numbers of the code get different noise."""
    latent.noise_is_new(student, _built(student, Sizes(**sizes)))


@check("auto is the encoder's z followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(z), also after the weights of either change; z is random."""
    latent.auto_decodes_z(student, _built(student, Sizes(**sizes)))


@check("with beta=0, the loss is cross-entropy, summed over the pixels")
def reconstruction(
    student: Student, *, input_shape: Shape = (8, 8, 2), beta: float = 0.0
) -> None:
    """It is that of x and decoder(z), also while z is noise alone."""
    latent.reconstruction_is_bce(
        student,
        _built(student, Sizes(input_shape, beta=beta)),
        "a mean over pixels or channels, a sum over the batch, or a beta that "
        "weighs the reconstruction. Keras's binary cross-entropy is a mean: sum "
        "keras.ops.binary_crossentropy(x, x_hat) over the axes 1, 2 and 3.",
    )


@check("with beta=1, the loss adds the divergence, summed over the code")
def divergence(student: Student, **sizes: Any) -> None:
    """mu and log_var add the KL divergence from the standard normal; it has gradients.

    The decoder does not see the code, so nothing else changes with it.
    """
    latent.kl_is_added(student, _built(student, Sizes(**sizes)))


@check("beta weighs the divergence, and nothing else")
def beta_weighs(student: Student, *, beta: float = 4.0, **sizes: Any) -> None:
    """The divergence adds beta times what it adds for beta=1, and moves with beta.

    What it adds for beta=1 plays no part.
    """
    one = _built(student, Sizes(**sizes))
    unit, error = latent.added_by_kl(student, one)
    called = _built(student, replace(one, beta=beta))
    found, more = latent.added_by_kl(student, called)
    expected = beta * unit
    if not abs(found - expected) <= 1e-3 * abs(expected) + beta * error + more:
        guesses = {
            "the same: beta plays no part": unit,
            "the square of beta times as much": beta**2 * unit,
            "the root of beta times as much": beta**0.5 * unit,
            "1 / beta times as much": unit / beta,
            "1 + beta times as much": (1 + beta) * unit,
        }
        raise CheckFailed(
            f"with beta={beta:g}, mu and log_var add {beta:g} times what they add with "
            f"beta=1, {expected:.3f}",
            f"{found:.3f}{shared.named(found, guesses)}",
            "loss = reconstruction + beta * kl, with the beta that the function got.",
        )
    if not abs(unit) > error:
        raise CheckFailed(
            "mu and log_var add to the loss",
            "nothing, for beta=1 and for other betas",
            "the divergence is not in the loss that the training step reports.",
        )
    called = _built(student, replace(one, beta=0.0))
    moves = latent.moves_of_heads(student, called, heads=0.4, seen=False)
    if any(move > 1e-6 for move in moves):
        raise CheckFailed(
            "with beta=0 and a decoder that does not see the code, nothing moves the "
            "layers of mu and log_var",
            f"{sum(move > 1e-6 for move in moves)} of their {len(moves)} weight arrays "
            "move",
            "the training step minimises another loss than the one that it reports: "
            "the gradient must be that of reconstruction + beta * kl.",
        )


@check("gradients reach mu and log_var through z")
def gradients(student: Student, **sizes: Any) -> None:
    """Where the divergence is flat, a training step still moves both layers."""
    latent.gradients_pass(student, _built(student, Sizes(**sizes)))


@check("every training step draws new noise")
def fresh_noise(student: Student, *, in_graph: bool = True, **sizes: Any) -> None:
    """With weights that stay, the loss of the same images differs from step to step.

    Args:
        in_graph: whether to look at the graph that fit makes of a step, which takes
            longer, or at the step alone.
    """
    called = _built(student, Sizes(**sizes))
    latent.set_alike(student, called, heads=0, seen=True, biases=0, contrast=2)
    # Copies of one image, so that nothing but the noise can differ. The interface makes
    # a graph for more than 12 steps, 4 times 4, and takes the first without it.
    x = np.repeat(inputs(1, called.size), 4, axis=0)
    losses = student.train(
        x, x, epochs=4, batch_size=1 if in_graph else 4, learning_rate=1e-12
    )[1:]
    if np.ptp(losses) <= 1e-4 * abs(np.mean(losses)):
        raise CheckFailed(
            "with weights that stay, another loss at each step, since z is another",
            f"at each step of fit the loss is {losses[0]:.4f}",
            "the loss is not that of decoder(z), or the noise is drawn once: outside, "
            "with a fixed seed, or by np.random, which a graph calls only once. Draw "
            "it with keras.random.normal.",
        )


@check("auto is compiled with Adam, and a step moves every weight")
def adam_moves_all(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, and its first step is Adam's for every layer."""
    called = _built(student, Sizes(**sizes))
    networks.adam_moves_all(student, called.input_shape)


def told_apart(student: Student, latent_dims: int, beta: float, seed: int = 0) -> float:
    """Return the share of held-out digits' variance that their codes explain.

    The digits are decoder(mu) after a short training, without their mean, which may lag
    behind. 0 for a code that has collapsed, 1 for perfect copies.
    """
    x_train, _, x_test, _ = bundled.small_digits()
    called = _built(student, Sizes(x_test.shape[1:], latent_dims, beta))
    heads = latent.find_heads(student, called)
    # From the same weights in each run: from others, a mistake may have better luck.
    latent.set_alike(student, called, heads=1, seen=True, biases=0, contrast=1)
    x_train = x_train[: STEPS * BATCH]
    student.train(
        x_train, x_train, epochs=1, batch_size=BATCH, learning_rate=RATE, seed=seed
    )
    mu = student.predict("encoder", x_test)[heads.at["mean"]]
    x_hat = student.predict("decoder", mu)[0]
    varied = x_test - x_test.mean(axis=0)
    missed = varied - (x_hat - x_hat.mean(axis=0))
    return float(1 - np.mean(missed**2) / np.mean(varied**2))


# With a small beta the code does not collapse at first, as it does with 1. Over 10
# seeds the reference explains 0.36 to 0.50, and 0.46 with beta=0.2 and 9 numbers; other
# right solutions 0.33 or more, and 0.19 to 0.29 those with another noise or SGD, which
# lose other points. With beta ignored: 0.14, and 0.08 for 8 numbers; a cross-entropy
# averaged over the pixels, a divergence summed over the batch, the decoder's weights
# alone: 0.02 or less.
STEPS, BATCH, RATE = 40, 32, 5e-3
LEAST_TOLD = 0.15
TRAININGS = 2


@check("after a short training, codes tell new digits apart")
def trains(student: Student, *, latent_dims: int = 6, beta: float = 0.1) -> None:
    """decoder(mu) shows how held-out digits differ from each other."""
    for seed in range(TRAININGS):
        found = told_apart(student, latent_dims, beta, seed)
        if found >= LEAST_TOLD:
            return
    raise CheckFailed(
        f"with beta={beta:g}, after {STEPS} steps on small digits, decoder(mu) "
        f"explains at least {LEAST_TOLD:.0%} of the variance of others",
        f"{found:.0%}",
        "the code has collapsed, because the divergence outweighs the reconstruction: "
        "a mean over pixels, or a sum over the batch; or weights that do not move.",
    )
