"""The variational autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as ``check`` says. Hidden tests call the same
functions with other sizes: fields of ``Sizes``. What the code, its noise and the
divergence must do stands in ``helpers.checks.oracles.latent``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from helpers.checks.oracles import dense, latent, shared
from helpers.checks.oracles.dense import (
    DenseSizes,
    close,
    draw,
    inputs,
    orders,
    relu,
)
from helpers.checks.property_check import CheckFailed, check
from helpers.checks.student.interface import Student

import numpy as np


@dataclass(frozen=True)
class Sizes(DenseSizes, latent.Latent):
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
        return array.shape[-1] == self.input_dims


def _built(student: Student, sizes: dict[str, Any]) -> Sizes:
    """Call the builder; return what it was called with."""
    called = Sizes(**sizes)
    student.build(*called.arguments)
    return called


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives arrays of the right shape."""
    called = _built(student, sizes)
    shared.shapes_are(
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
    latent.ordered(student, _built(student, sizes))


@check("the encoder's layers")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """Dense layers with ReLU; then one for the mean and one for the log-variance.

    The activations of the last two are left open.
    """
    called = _built(student, sizes)
    heads = latent.find_heads(student, called)
    x = inputs(4, called.input_dims)
    arrays = draw(heads.weights)
    found = latent.outputs_with(student, arrays, x)
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
    outputs = [found[heads.at[name]] for name in latent.OUTPUTS[1:]]
    for way in ways:
        a = x
        for kernel, bias in way[:-2]:
            a = relu(a @ arrays[kernel] + arrays[bias])
        if all(
            dense.ends_in_known(out, a @ arrays[k] + arrays[b])
            for out, (k, b) in zip(outputs, way[-2:], strict=True)
        ):
            if all(
                close(in_training[heads.at[n]], found[heads.at[n]])
                for n in latent.OUTPUTS[1:]
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
    latent.heads_are_linear(student, _built(student, sizes))


@check("z is mean + exp(log_var / 2) times standard normal noise")
def spread(student: Student, **sizes: Any) -> None:
    """For several means and log-variances, the noise in z is standard normal."""
    latent.z_is_normal(student, _built(student, sizes))


@check("the noise is new for every call, image and number")
def noise(student: Student, **sizes: Any) -> None:
    """Two calls, two images and two numbers of the code get different noise."""
    latent.noise_is_new(student, _built(student, sizes))


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
    latent.auto_decodes_z(student, _built(student, sizes))


@check("the reconstruction loss is cross-entropy, summed over pixels")
def loss_is_bce(student: Student, **sizes: Any) -> None:
    """With mean and log-variance 0, the loss is that of decoder(z), z being noise."""
    latent.reconstruction_is_bce(
        student,
        _built(student, sizes),
        "Keras's binary cross-entropy is a mean over pixels: multiply by "
        "input_dims, or sum keras.ops.binary_crossentropy(x, x_hat) over axis -1.",
    )


@check("the loss adds the divergence, summed over the code")
def divergence(student: Student, **sizes: Any) -> None:
    """Mean and log-variance add the KL divergence from the standard normal.

    The decoder does not see the code, so nothing else changes with it.
    """
    latent.kl_is_added(student, _built(student, sizes))


@check("gradients reach mean and log_var through z")
def gradients(student: Student, **sizes: Any) -> None:
    """Where the divergence is flat, a training step still moves both layers."""
    latent.gradients_pass(student, _built(student, sizes))


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
    heads = latent.find_heads(student, called)
    x = _four_patterns(128, called.input_dims)
    latent.set_alike(student, called, heads=0.5, seen=True, biases=0)
    student.train(x, x, epochs=9, batch_size=len(x), learning_rate=3e-2)
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
    shared.optimizer_is_adam(student, called.input_dims, elsewhere=called.is_head)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    shared.arguments_stay(student, Sizes(**sizes).arguments, position=1)
