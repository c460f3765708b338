"""The VAE with its own training step: one function for each property of the contract.

Each takes the builder ``vae(input_shape, latent_dims, beta)`` and prints or raises as
``check`` says. Hidden tests call the same functions with other sizes: fields of
``Sizes``. What the code, its noise and the divergence must do stands in
``helpers.checks.oracles.latent``.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.checks.contract import Contract, trained_too
from helpers.checks.oracles import latent, networks, shared
from helpers.checks.oracles.latent import LatentSizes
from helpers.checks.oracles.probes import (
    codes,
    inputs,
    name_of_activation,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import choice, each, fixed, real, whole
from helpers.checks.student.interface import ImageShape, Student
from helpers.data import bundled

import keras
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Sizes(LatentSizes):
    """What the builder is called with; height and width can be divided by 4."""

    input_shape: ImageShape = (8, 8, 1)
    latent_dims: int = 6
    beta: float = 1.0
    mean = "mu"

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments."""
        return [tuple(self.input_shape), self.latent_dims, self.beta]

    @property
    def input_size(self) -> ImageShape:
        """Return the shape of an image."""
        height, width, channels = self.input_shape
        return height, width, channels

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


contract = Contract(
    Sizes,
    draws={
        "input_shape": choice((8, 12, 1), (12, 8, 1), (12, 12, 1), (8, 16, 1)),
        "latent_dims": choice(7, 8, 9, 11),
    },
)


@contract.check(
    "three models with the right shapes",
    input_shape=each(*[whole(8, 20, step=4)] * 2, whole(2, 3)),
)
def shapes(
    student: Student, *, input_shape: ImageShape = (28, 28, 1), latent_dims: int = 10
) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    shared.three_models(
        student,
        contract.build(student, input_shape=input_shape, latent_dims=latent_dims),
        "models returned in another order; an encoder that does not return z, mu and "
        "log_var; or a size that is written as a number.",
        codes=3,
    )


order = contract.check_built("the encoder returns z, mu, log_var, in this order")(
    latent.ordered
)


def _two_heads(sizes: Sizes, kind: str = "two layers") -> keras.Model:
    """Return the contract's network from images to mu and log_var."""
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    x = h = keras.Input(sizes.input_size)
    for filters in (32, 64):
        h = layers.Conv2D(filters, 3, **options)(h)
    h = layers.Flatten()(h)
    k = sizes.latent_dims
    if kind == "two layers":
        return keras.Model(x, [layers.Dense(k)(h), layers.Dense(k)(h)])
    both = layers.Dense(2 * k)(h)
    halves = [both[:, :k], both[:, k:]]
    return keras.Model(x, halves if kind == "mu first" else halves[::-1])


def _decoder(sizes: Sizes, activation: str | None = "relu") -> keras.Model:
    """Return the decoder that is given, without its sigmoid."""
    height, width, channels = sizes.input_shape
    maps = (height // 4, width // 4, 32)
    options = {"strides": 2, "padding": "same", "activation": activation}
    z = keras.Input((sizes.latent_dims,))
    h = layers.Dense(int(np.prod(maps)), activation=activation)(z)
    h = layers.Reshape(maps)(h)
    for filters in (64, 32):
        h = layers.Conv2DTranspose(filters, 3, **options)(h)
    return keras.Model(z, layers.Conv2DTranspose(channels, 3, padding="same")(h))


@contract.check_built("the given networks, with a layer for mu and one for log_var")
@trained_too
def network(student: Student, sizes: Sizes) -> None:
    """Both come from the trunk's features, by weights of their own."""
    kinds = ("two layers", "mu first", "log_var first")
    models = [_two_heads(sizes, kind) for kind in kinds]
    expected = (
        f"strided_trunk, and two dense layers of {sizes.latent_dims} units on its "
        "features"
    )
    heads = latent.find_heads(student, sizes)
    for answer in latent.heads_answers(student, sizes, heads, expected):
        if not any(
            all(
                name_of_activation(output, a, silent=answer.silent)
                for output, a in zip(answer.outputs, outputs, strict=True)
            )
            for model in models
            for outputs in networks.with_each_order(model, answer.arrays, answer.x)
        ):
            wanted, own = map(
                networks.kernels, (models[0].get_weights(), answer.arrays)
            )
            same = own == wanted
            raise CheckFailed(
                f"{expected}: kernels of {wanted}",
                "other numbers with the same weights" if same else own,
                "something between these layers, or another activation."
                if same
                else "mu and log_var share a layer, or there is a layer more or less.",
            )
    networks.computes(
        student,
        "decoder",
        {
            "the contract": partial(_decoder, sizes),
            "hidden layers without ReLU": partial(_decoder, sizes, activation=None),
        },
        codes(4, (sizes.latent_dims,)),
        "transposed_decoder",
        "the decoder is another one than transposed_decoder(input_shape, latent_dims).",
    )


no_activation = contract.check_built("mu and log_var have no activation")(
    trained_too(latent.heads_are_linear)
)
spread = contract.check_built("z is mu + exp(log_var / 2) times standard normal noise")(
    latent.z_is_normal
)
noise = contract.add(latent.noise_is_new)
shared_weights = contract.add(latent.auto_decodes_z)


@contract.check(
    "with beta=0, the loss is cross-entropy, summed over the pixels",
    input_shape=each(*[whole(8, 12, step=4)] * 2, whole(3, 4)),
    beta=real(1.5, 3),
)
def reconstruction(
    student: Student, *, input_shape: ImageShape = (8, 8, 2), beta: float = 0.0
) -> None:
    """It is that of x and decoder(z), also while z is noise alone."""
    latent.reconstruction_is_bce(
        student,
        contract.build(student, input_shape=input_shape, beta=beta),
        "a mean over pixels or channels, a sum over the batch, or a beta that weighs "
        "the reconstruction.",
    )


divergence = contract.check_built(
    "with beta=1, the loss adds the divergence, summed over the code"
)(latent.kl_is_added)


@contract.check("beta weighs the divergence, and nothing else", beta=real(0.2, 0.6))
def beta_weighs(student: Student, *, beta: float = 4.0, **sizes: Any) -> None:
    """The divergence adds beta times what it adds for beta=1, and moves with beta.

    What it adds for beta=1 plays no part.
    """
    unit, error = latent.added_by_kl(student, contract.build(student, **sizes))
    weighed = contract.build(student, **{**sizes, "beta": beta})
    added, more = latent.added_by_kl(student, weighed)
    expected = beta * unit
    if not abs(added - expected) <= 1e-3 * abs(expected) + beta * error + more:
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
            f"{added:.3f}{shared.named_loss(added, guesses)}",
            "loss = reconstruction + beta * kl, with the beta that the function got.",
        )
    if not abs(unit) > error:
        raise CheckFailed(
            "mu and log_var add to the loss",
            "nothing, for beta=1 and for other betas",
            "the divergence is not in the loss that the training step reports.",
        )
    latent.is_added_to_seen_codes(student, weighed)
    latent.goes_down(student, weighed)
    without = contract.build(student, **{**sizes, "beta": 0.0})
    moves = latent.moves_of_heads(student, without, heads=0.4, seen=False)
    still = [move for move in moves if move <= 1e-6]
    if len(still) < len(moves):
        raise CheckFailed(
            "with beta=0 and a decoder that ignores the code, mu and log_var stay",
            f"{len(moves) - len(still)} of their {len(moves)} weight arrays move",
            "the training step minimises another loss than the one that it reports.",
        )


gradients = contract.check_built("gradients reach mu and log_var through z")(
    latent.gradients_pass
)


@contract.check("every training step draws new noise")
def fresh_noise(student: Student, *, in_graph: bool = True, **sizes: Any) -> None:
    """With weights that stay, the loss of the same images differs from step to step.

    Args:
        student: its models are built here.
        in_graph: whether to look at the graph that fit makes of a step, which takes
            longer, or at the step alone.
        **sizes: what the builder is called with.
    """
    built = contract.build(student, **sizes)
    # Copies of one image, so that nothing but the noise can differ. The interface makes
    # a graph for more than 12 steps, 4 times 4, and takes the first without it.
    x = np.repeat(inputs(1, built.input_size), 4, axis=0)

    def losses(*, seen: bool, batch_size: int) -> list[float]:
        latent.set_alike(student, built, heads=0, seen=seen, biases=0, contrast=2)
        return student.train(
            x, x, epochs=4, batch_size=batch_size, learning_rate=1e-12
        )[1:]

    def differ(losses: list[float], least: float = 1e-4) -> bool:
        return bool(np.ptp(losses) > max(1e-4, least) * abs(np.mean(losses)))

    def seen() -> list[float]:
        return losses(seen=True, batch_size=1 if in_graph else 4)

    with_code = seen()
    least = MIN_SPREAD * _spread_of_losses(student, x[:1])
    if not (differ(with_code, least) or differ(with_code := seen(), least)):
        raise CheckFailed(
            "with weights that stay, another loss at each step, since z is another",
            f"always {with_code[0]:.4f}, or nearly",
            "the loss is not that of decoder(z), or the noise is drawn once: outside, "
            "with a fixed seed, or by NumPy.",
        )
    unseen = losses(seen=False, batch_size=4)
    if differ(unseen):
        raise CheckFailed(
            "the same loss at each step where the decoder does not see the code",
            f"losses between {min(unseen):.4f} and {max(unseen):.4f}",
            "something else than z draws numbers in the training step.",
        )


MIN_SPREAD = 0.02
"""Of what losses differ by from code to code; three differ by less very seldom."""


def _spread_of_losses(student: Student, x: np.ndarray) -> float:
    """Return by which share the loss of one image differs from code to code."""
    x_hat = student.predict("auto", np.repeat(x, 32, axis=0))[0]
    losses = [shared.losses(x, y[np.newaxis])[shared.BCE] for y in x_hat]
    return float(np.std(losses) / np.mean(losses))


@contract.check_built("auto is compiled with Adam, and a step moves every weight")
def adam_moves_all(student: Student, sizes: Sizes) -> None:
    """The optimizer is Adam, and its first step is Adam's for every layer."""
    networks.adam_moves_all(student, sizes.input_shape, graph=not sizes.usual)


def variance_explained(
    student: Student, latent_dims: int, beta: float, seed: int = 0
) -> float:
    """Return the share of held-out digits' variance that their codes explain.

    The digits are decoder(mu) after a short training, without their mean, which may lag
    behind. 0 for a code that has collapsed, 1 for perfect copies.
    """
    x_train, _, x_test, _ = bundled.small_digits()
    sizes = contract.build(
        student, input_shape=x_test.shape[1:], latent_dims=latent_dims, beta=beta
    )
    heads = latent.find_heads(student, sizes)
    latent.set_alike(student, sizes, heads=1, seen=True, biases=0, contrast=1)
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
MIN_EXPLAINED = 0.15
TRAININGS = 2


@contract.check(
    "after a short training, codes tell new digits apart", latent_dims=whole(7, 9)
)
def trains(student: Student, *, latent_dims: int = 6, beta: float = 0.1) -> None:
    """decoder(mu) shows how held-out digits differ from each other."""
    for seed in range(TRAININGS):
        # With other weights to start from, a mistake may have better luck.
        with fixed():
            explained = variance_explained(student, latent_dims, beta, seed)
        if explained >= MIN_EXPLAINED:
            return
    raise CheckFailed(
        f"after {STEPS} steps on digits, decoder(mu) explains {MIN_EXPLAINED:.0%} or "
        "more of how others differ",
        f"{explained:.0%}",
        "the divergence outweighs a reconstruction that is a mean over pixels, or "
        "weights do not move.",
    )
