"""The variational autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as ``check`` says. Hidden tests call the same functions with
other sizes: fields of ``Sizes``. What the code, its noise and the
divergence must do stands in ``helpers.checks.oracles.latent``.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from helpers.checks.contract import Contract
from helpers.checks.oracles import dense, latent, shared
from helpers.checks.oracles.probes import (
    Layer,
    arrow,
    chains,
    name_of_activation,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import choice, distinct, fixed, generator, whole
from helpers.checks.student.interface import Student

import numpy as np


@dataclass(frozen=True)
class Sizes(dense.DenseSizes, latent.LatentSizes):
    """What the builder is called with: small, because chance needs many inputs."""

    input_dims: int = 100
    hidden_layers: Sequence[int] = (48, 32)
    latent_dims: int = 10

    @property
    def head(self) -> tuple[int, int]:
        """Return the shape of the kernel that makes the mean or the log-variance."""
        return self.hidden_layers[-1], self.latent_dims

    def is_last(self, array: np.ndarray) -> bool:
        """Return whether a weight array belongs to the layer that paints the output."""
        return bool(array.shape[-1] == self.input_dims)


contract = Contract(
    Sizes,
    draws={
        "input_dims": whole(101, 130),
        "hidden_layers": distinct(20, 60, 1, 2, 3),
        "latent_dims": choice(8, 9, 11, 12, 13, 14),
    },
)


@contract.check_built("three models with the right shapes")
@dense.other_sizes_too
def shapes(student: Student, sizes: Sizes) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    shared.three_models(
        student,
        sizes,
        "models returned in another order; an encoder that does not return z, mean "
        "and log_var; or the units of a last layer.",
        codes=3,
    )


order = contract.check_built("the encoder returns z, mean, log_var, in this order")(
    latent.ordered
)


@contract.check_built("the encoder's layers")
@dense.other_layers_too
def encoder_layers(student: Student, sizes: Sizes) -> None:
    """Dense layers with ReLU; then one for the mean and one for the log-variance.

    The activations of the last two are left open.
    """
    chain = [sizes.input_dims, *sizes.hidden_layers]
    kernels = [*pairwise(chain), sizes.head, sizes.head]
    expected = (
        f"dense layers {arrow(chain)}, each with a bias, then two of "
        f"{sizes.latent_dims} units"
    )
    heads = latent.find_heads(student, sizes)
    if not any(chains(heads.weights, kernels)):
        raise CheckFailed(
            expected,
            dense.layers_of(heads.weights),
            "a layer is missing, extra, in another order or size; or mean and log_var "
            "share one.",
        )
    for answer in latent.heads_answers(student, sizes, heads, expected):
        ways = chains(answer.arrays, kernels)
        if not any(_gives(answer, layers) for layers in ways):
            raise dense.other_numbers("encoder", chain)


def _gives(answer: latent.HeadsAnswer, layers: Sequence[Layer]) -> bool:
    """Return whether dense layers, the last two side by side, give these outputs."""
    *hidden, mean, log_var = layers
    return all(
        name_of_activation(
            output,
            dense.pre_activations(answer.x, [*hidden, head]),
            silent=answer.silent,
        )
        for output, head in zip(answer.outputs, (mean, log_var), strict=True)
    )


no_activation = contract.check_built("mean and log_var have no activation")(
    dense.after_training_too(latent.heads_are_linear)
)
spread = contract.check_built(
    "z is mean + exp(log_var / 2) times standard normal noise"
)(latent.z_is_normal)
noise = contract.add(latent.noise_is_new)
decoder_layers = contract.add(dense.decoder_layers)
output_is_sigmoid = contract.add(dense.output_is_sigmoid)
shared_weights = contract.add(latent.auto_decodes_z)


@contract.check_built("the reconstruction loss is cross-entropy, summed over pixels")
def loss_is_bce(student: Student, sizes: Sizes) -> None:
    """With mean and log-variance 0, the loss is that of decoder(z), z being noise."""
    latent.reconstruction_is_bce(
        student,
        sizes,
        "Keras's binary cross-entropy is a mean over pixels; here it is summed.",
    )


divergence = contract.check_built("the loss adds the divergence, summed over the code")(
    latent.kl_is_added
)
gradients = contract.check_built("gradients reach mean and log_var through z")(
    latent.gradients_pass
)


def _four_patterns(n: int, width: int) -> np.ndarray:
    """Return ``n`` noisy images of four patterns."""
    rng = generator("patterns")
    patterns = rng.random((4, width)) < 0.5
    flipped = rng.random((n, width)) < 0.02
    return (patterns[np.arange(n) % 4] ^ flipped).astype(np.float32)


# For all sizes that are drawn, the means of the reference deviate by 1.2 or more; those
# of a ReLU by 0. A bad start gets a second chance, with other noise.
MIN_DEVIATION, MAX_DEVIATION = 0.3, 50
TRAININGS = 2


def deviation_of_means(student: Student, sizes: Sizes, seed: int = 0) -> float:
    """Return how much the means of different images differ after a short training.

    The noise in it is that of the seed.
    """
    student.build(*sizes.arguments)
    heads = latent.find_heads(student, sizes)
    x = _four_patterns(128, sizes.input_dims)
    latent.set_alike(student, sizes, heads=0.2, seen=True, biases=0)
    # Means below 0 to begin with: a ReLU after them never lets one through.
    arrays = student.get_weights("encoder")
    for array in arrays:  # a layer between the two, which would make log_var large
        array *= 0.2 if array.shape == (sizes.latent_dims, sizes.latent_dims) else 1
    heads.put(arrays, "mean", -1.0)
    student.set_weights("encoder", arrays)
    student.train(x, x, epochs=9, batch_size=len(x), learning_rate=3e-2, seed=seed)
    means = student.predict("encoder", x)[heads.at["mean"]]
    return float(means.std(axis=0).max())


@contract.check("the code does not collapse", hidden_layers=distinct(33, 48, 1))
def no_collapse(
    student: Student,
    *,
    input_dims: int = 64,
    hidden_layers: Sequence[int] = (32,),
    latent_dims: int = 3,
) -> None:
    """After a short training on four patterns, the mean tells the images apart."""
    sizes = Sizes(input_dims, hidden_layers, latent_dims)
    for seed in range(TRAININGS):
        with fixed():
            deviation = deviation_of_means(student, sizes, seed)
        if MIN_DEVIATION <= deviation <= MAX_DEVIATION:
            return
    optimizer = student.facts("auto")["optimizer"]
    raise CheckFailed(
        "after a short training, the means of images differ, with a standard "
        f"deviation of {MIN_DEVIATION} or more",
        f"{deviation:.2g}",
        "the divergence outweighs a cross-entropy that is averaged over pixels, or the "
        "mean has an activation."
        if optimizer == "Adam"
        else f"the optimizer: it is {optimizer}, not Adam.",
    )


@contract.check_built("auto is compiled with Adam")
def optimizer_is_adam(student: Student, sizes: Sizes) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""

    def quiet() -> None:
        """Make the noise vanish, which may bring ReLU units to rest by chance."""
        arrays = student.get_weights("encoder")
        with suppress(CheckFailed):  # no such outputs: another check's concern
            heads = latent.find_heads(student, sizes)
            heads.put(arrays, "log_var", latent.TINY_LOG_VAR)
        student.set_weights("encoder", arrays)

    shared.optimizer_is_adam(student, sizes, elsewhere=sizes.is_head, prepare=quiet)


arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
