"""The vanilla autoencoder: one function for each property of the contract.

Each takes the builder ``autoencoder(input_dims, hidden_layers, latent_dims)`` and
prints or raises as ``check`` says. Hidden tests call the same functions with other
sizes: fields of ``DenseSizes``.
"""

from helpers.checks.contract import Contract
from helpers.checks.oracles import dense, shared
from helpers.checks.oracles.dense import DenseSizes
from helpers.checks.student.interface import Student

contract = Contract(DenseSizes, draws=dense.DRAWS)

shapes = contract.add(dense.shapes)
encoder_layers = contract.add(dense.encoder_layers)
code_is_relu = contract.add(dense.code_is_relu)
decoder_layers = contract.add(dense.decoder_layers)
output_is_sigmoid = contract.add(dense.output_is_sigmoid)
shared_weights = contract.add(shared.auto_is_both)


@contract.check_built("the loss is binary cross-entropy")
def loss_is_bce(student: Student, sizes: DenseSizes) -> None:
    """Auto trains on the mean binary cross-entropy of x and auto(x), and that alone."""
    shared.loss_is_bce(
        student,
        sizes.input_dims,
        "the loss given to auto.compile, or a penalty added to it: the vanilla "
        "autoencoder has none.",
    )


optimizer_is_adam = contract.add(shared.optimizer_is_adam)
arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
