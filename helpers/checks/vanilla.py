"""The vanilla autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as ``check`` says. Hidden tests call the same
functions with other sizes: fields of ``DenseSizes``.
"""

from typing import Any

from helpers.checks.oracles import dense, shared
from helpers.checks.oracles.dense import DenseSizes
from helpers.checks.property_check import check
from helpers.checks.student.interface import Student


def _built(student: Student, sizes: dict[str, Any]) -> DenseSizes:
    """Call the builder; return what it was called with."""
    called = DenseSizes(**sizes)
    student.build(*called.arguments)
    return called


@check("three models with the right shapes")
def shapes(student: Student, **sizes: Any) -> None:
    """Each of the three models works alone and gives the right number of numbers."""
    called = _built(student, sizes)
    shared.shapes_are(
        student,
        {
            "encoder": (called.input_dims, [called.latent_dims]),
            "decoder": (called.latent_dims, [called.input_dims]),
            "auto": (called.input_dims, [called.input_dims]),
        },
        "the models are returned in another order than encoder, decoder, auto, or the "
        "last layer has the wrong number of units.",
    )


@check("the encoder's hidden layers")
def encoder_layers(student: Student, **sizes: Any) -> None:
    """Dense layers in the given order, ReLU after each hidden one."""
    dense.encoder_is_dense(student, _built(student, sizes))


@check("the code is ReLU")
def code_is_relu(student: Student, **sizes: Any) -> None:
    """The encoder's last layer ends in a ReLU."""
    dense.code_is_relu(student, _built(student, sizes))


@check("the decoder mirrors the encoder")
def decoder_layers(student: Student, **sizes: Any) -> None:
    """The encoder's layer sizes from the code back to the input, with ReLU."""
    dense.decoder_is_dense(student, _built(student, sizes))


@check("the output is a sigmoid")
def output_is_sigmoid(student: Student, **sizes: Any) -> None:
    """The decoder's last layer ends in a sigmoid."""
    dense.output_is_sigmoid(student, _built(student, sizes))


@check("auto is the encoder followed by the decoder")
def shared_weights(student: Student, **sizes: Any) -> None:
    """auto(x) is decoder(encoder(x)), also after the weights of either change."""
    shared.auto_is_both(student, _built(student, sizes).parts)


@check("the loss is binary cross-entropy")
def loss_is_bce(student: Student, **sizes: Any) -> None:
    """auto trains on the mean binary cross-entropy of x and auto(x), and that alone."""
    shared.loss_is_bce(
        student,
        _built(student, sizes).input_dims,
        "the loss given to auto.compile, or a penalty added to it: the vanilla "
        "autoencoder has none.",
    )


@check("auto is compiled with Adam")
def optimizer_is_adam(student: Student, **sizes: Any) -> None:
    """The optimizer is Adam, its first step is Adam's, and it moves every weight."""
    shared.optimizer_is_adam(student, _built(student, sizes).input_dims)


@check("the arguments stay as they were")
def arguments_unchanged(student: Student, **sizes: Any) -> None:
    """Calling the builder leaves the list that it was given unchanged."""
    shared.arguments_stay(student, DenseSizes(**sizes).arguments, position=1)
