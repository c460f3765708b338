"""Wrong answers to `sparse`: the penalty, and what vanilla's answers have too."""

from samples.wrong_answers.answer import Cause, Slip, slips
from samples.wrong_answers.dense import (
    CODE,
    HIDDEN,
    INDEXED,
    LISTED,
    LOSS,
    MISSING,
    NUMBER,
    OPTIMIZER,
    ORDER,
)

HEAD = "(input_dims, hidden_layers, latent_dims)"
PENALISED = "(input_dims, hidden_layers, latent_dims, lambtha)"

STYLES = {
    "lists": LISTED.replace(HEAD, PENALISED).replace(
        'activation="relu", name="z"',
        'activation="relu", activity_regularizer=keras.regularizers.l1(lambtha)',
    ),
    "indices": INDEXED.replace(HEAD, PENALISED).replace(
        "    encoder = ",
        "    latent = keras.layers.ActivityRegularization(l1=lambtha)(latent)\n"
        "    encoder = ",
    ),
    "own layer": """
class Penalty(layers.Layer):
    def __init__(self, lambtha):
        super().__init__()
        self.lambtha = lambtha

    def call(self, z):
        sums = keras.ops.sum(keras.ops.abs(z), axis=1)
        self.add_loss(self.lambtha * keras.ops.mean(sums))
        return z


"""
    + INDEXED.replace(HEAD, PENALISED).replace(
        "    encoder = ", "    latent = Penalty(lambtha)(latent)\n    encoder = "
    ),
}

NOTHING = Cause("no penalty at all", ("nothing|lambtha is not used",), (NUMBER,))
ON_WEIGHTS = Cause(
    "the weights are penalised", ("weights|kernel_regularizer",), (NUMBER,)
)
L2 = Cause("squares instead of absolute values", ("squares|L2",), (NUMBER,))
MEAN = Cause("a mean over the code", ("mean over the code",), (NUMBER,))
BATCH = Cause("a sum over the batch", ("sum over the batch",), (NUMBER,))
SIGN = Cause("a penalty that rewards", ("sign",), (NUMBER,))
TWICE = Cause("the penalty counts twice", ("twice",), (NUMBER,))
ELSEWHERE = Cause("another layer is penalised", ("another layer",), (NUMBER,))

SLIPS: list[Slip] = [
    (
        "no penalty",
        NOTHING,
        {
            "lists": ((", activity_regularizer=keras.regularizers.l1(lambtha)", ""),),
            "own layer": (
                (
                    "        self.add_loss(self.lambtha * keras.ops.mean(sums))\n",
                    "",
                ),
            ),
        },
    ),
    (
        "a kernel_regularizer",
        ON_WEIGHTS,
        {"lists": (("activity_regularizer", "kernel_regularizer"),)},
    ),
    (
        "L2",
        L2,
        {
            "lists": (("regularizers.l1(", "regularizers.l2("),),
            "indices": (("l1=lambtha", "l2=lambtha"),),
            "own layer": (("keras.ops.abs(z)", "keras.ops.square(z)"),),
        },
    ),
    (
        "a mean",
        MEAN,
        {
            "own layer": (
                (
                    "keras.ops.mean(sums)",
                    "keras.ops.mean(keras.ops.abs(z))",
                ),
            )
        },
    ),
    (
        "a sum over all",
        BATCH,
        {
            "own layer": (
                (
                    "keras.ops.mean(sums)",
                    "keras.ops.sum(sums)",
                ),
            )
        },
    ),
    (
        "the wrong sign",
        SIGN,
        {"own layer": (("self.add_loss(self", "self.add_loss(-self"),)},
    ),
    (
        "lambtha as a number",
        Cause("lambtha is a number", ("lambtha",), ("weights",)),
        {
            "lists": (("l1(lambtha)", "l1(0.02)"),),
            "indices": (("l1=lambtha", "l1=1e-4"),),
        },
    ),
    (
        "the penalty twice",
        TWICE,
        {
            "indices": (
                (
                    '(latent_dims, activation="relu")',
                    '(latent_dims, activation="relu", '
                    "activity_regularizer=keras.regularizers.L1(lambtha))",
                ),
            )
        },
    ),
    (
        "the penalty on the hidden layers",
        ELSEWHERE,
        {
            "lists": (
                (", activity_regularizer=keras.regularizers.l1(lambtha)", ""),
                (
                    'layers.Dense(n, activation="relu") for n in hidden_layers]',
                    'layers.Dense(n, activation="relu", '
                    "activity_regularizer=keras.regularizers.L1(lambtha)) for n in "
                    "hidden_layers]",
                ),
            )
        },
    ),
    (
        "linear hidden layers",
        HIDDEN,
        {
            "indices": (
                (
                    'Dense(hidden_layers[i], activation="relu")(encoded)',
                    "Dense(hidden_layers[i])(encoded)",
                ),
            )
        },
    ),
    (
        "a decoder that is not reversed",
        ORDER,
        {"lists": (("hidden_layers[::-1]", "hidden_layers"),)},
    ),
    (
        "a slice",
        MISSING,
        {
            "lists": (
                ("for n in hidden_layers[::-1]]", "for n in hidden_layers[:0:-1]]"),
            )
        },
    ),
    (
        "a linear code",
        CODE,
        {"own layer": (('(latent_dims, activation="relu")', "(latent_dims)"),)},
    ),
    (
        "the squared error",
        LOSS,
        {"own layer": (('"binary_crossentropy"', '"mean_squared_error"'),)},
    ),
    (
        "RMSprop",
        OPTIMIZER,
        {"own layer": (("optimizers.Adam()", "optimizers.RMSprop()"),)},
    ),
]

SPARSE = list(slips("sparse", STYLES, SLIPS))
