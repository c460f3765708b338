"""Wrong answers to `vanilla` and `sparse`: chains of dense layers."""

from samples.wrong_answers.answer import Cause, Slip, slips

NUMBER = "written as a number"

LISTED = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    down = [layers.Dense(n, activation="relu") for n in hidden_layers]
    down += [layers.Dense(latent_dims, activation="relu", name="z")]
    up = [layers.Dense(n, activation="relu") for n in hidden_layers[::-1]]
    up += [layers.Dense(input_dims, activation="sigmoid", name="x_hat")]
    encoder = keras.Sequential([keras.Input((input_dims,)), *down])
    decoder = keras.Sequential([keras.Input((latent_dims,)), *up])
    auto = keras.Sequential([keras.Input((input_dims,)), encoder, decoder])
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

INDEXED = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    inputs = keras.layers.Input(shape=(input_dims,), name="image")
    encoded = keras.layers.Dense(hidden_layers[0], activation="relu")(inputs)
    for i in range(1, len(hidden_layers)):
        encoded = keras.layers.Dense(hidden_layers[i], activation="relu")(encoded)
    latent = keras.layers.Dense(latent_dims, activation="relu")(encoded)
    encoder = keras.models.Model(inputs=inputs, outputs=latent)

    latent_input = keras.layers.Input(shape=(latent_dims,))
    decoded = keras.layers.Dense(hidden_layers[-1], activation="relu")(latent_input)
    for i in range(len(hidden_layers) - 2, -1, -1):
        decoded = keras.layers.Dense(hidden_layers[i], activation="relu")(decoded)
    output = keras.layers.Dense(input_dims, activation="sigmoid")(decoded)
    decoder = keras.models.Model(inputs=latent_input, outputs=output)

    auto = keras.models.Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy")
    return encoder, decoder, auto
"""

SUBCLASSED = """
class Chain(keras.Model):
    def __init__(self, sizes, last):
        super().__init__()
        self.hidden = [layers.Dense(n) for n in sizes[:-1]]
        self.out = layers.Dense(sizes[-1])
        self.last = last

    def call(self, x):
        for layer in self.hidden:
            x = keras.ops.relu(layer(x))
        return self.last(self.out(x))


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def autoencoder(input_dims, hidden_layers, latent_dims):
    encoder = Chain([*hidden_layers, latent_dims], keras.ops.relu)
    decoder = Chain([*reversed(hidden_layers), input_dims], keras.ops.sigmoid)
    auto = Auto(encoder, decoder)
    auto.compile(optimizer="adam", loss=keras.losses.BinaryCrossentropy())
    return encoder, decoder, auto
"""

STYLES = {"lists": LISTED, "indices": INDEXED, "classes": SUBCLASSED}

HIDDEN = Cause("a hidden layer has no ReLU", ("hidden layer", "relu"), (NUMBER,))
CODE = Cause("the code has another activation", ("code is ReLU",), (NUMBER,))
OUTPUT = Cause("the output has another activation", ("sigmoid",), (NUMBER,))
ORDER = Cause("the decoder's layers are not reversed", ("revers",), (NUMBER,))
MISSING = Cause("a hidden layer is missing", ("missing|not chained",), (NUMBER,))
CHAINED = Cause(
    "each hidden layer takes the input, not the layer before", ("missing|chain",)
)
SEPARATE = Cause(
    "auto has layers of its own", ("auto", "layers of its own|two sets"), (NUMBER,)
)
RETURNED = Cause("models in another order", ("another order",), (NUMBER,))
LOSS = Cause("another loss", ("squared error",), (NUMBER, "summed"))
SUMMED = Cause("a loss that is summed", ("summed",), (NUMBER,))
PENALTY = Cause("something is added to the loss", ("penalty|added",), (NUMBER,))
OPTIMIZER = Cause("another optimizer", ("Adam", "SGD|RMSprop"), (NUMBER,))
COMPILED = Cause("auto is not compiled", ("compile",), (NUMBER,))
FROZEN = Cause("layers do not train", ("frozen|trainable",), (NUMBER,))
DROPOUT = Cause("a layer that acts in training", ("dropout|training only",), (NUMBER,))
CHANGED = Cause(
    "the caller's list changes", (r"list", r"reverse|pop|append"), (NUMBER,)
)
FIXED = Cause("a size is a number", (NUMBER,))
NO_MODELS = Cause("no models are returned", ("return",), (NUMBER,))
KERAS_2 = Cause("Keras 2", ("Keras 3|keras.ops",), (NUMBER,))
NO_COMMA = Cause("a shape that is no tuple", ("tuple|comma",), (NUMBER,))

SLIPS: list[Slip] = [
    (
        "linear hidden layers",
        HIDDEN,
        {
            "lists": (
                (
                    'layers.Dense(n, activation="relu") for n in hidden_layers]',
                    "layers.Dense(n) for n in hidden_layers]",
                ),
            ),
            "indices": (
                (
                    'Dense(hidden_layers[i], activation="relu")(encoded)',
                    "Dense(hidden_layers[i])(encoded)",
                ),
            ),
            "classes": (("x = keras.ops.relu(layer(x))", "x = layer(x)"),),
        },
    ),
    (
        "tanh in hidden layers",
        HIDDEN,
        {
            "lists": (
                (
                    'layers.Dense(n, activation="relu") for',
                    'layers.Dense(n, activation="tanh") for',
                ),
            ),
            "classes": (("keras.ops.relu(layer(x))", "keras.ops.tanh(layer(x))"),),
        },
    ),
    (
        "linear hidden layers in the decoder",
        HIDDEN,
        {
            "lists": (
                (
                    '"relu") for n in hidden_layers[::-1]',
                    '"linear") for n in hidden_layers[::-1]',
                ),
            ),
            "indices": (('[i], activation="relu")(decoded)', "[i])(decoded)"),),
        },
    ),
    (
        "a linear code",
        CODE,
        {
            "lists": (('latent_dims, activation="relu", name', "latent_dims, name"),),
            "indices": (('(latent_dims, activation="relu")', "(latent_dims)"),),
            "classes": (("latent_dims], keras.ops.relu", "latent_dims], lambda x: x"),),
        },
    ),
    (
        "a code that is a sigmoid",
        CODE,
        {
            "indices": (
                (
                    '(latent_dims, activation="relu")',
                    '(latent_dims, activation="sigmoid")',
                ),
            ),
            "classes": (
                ("latent_dims], keras.ops.relu", "latent_dims], keras.ops.sigmoid"),
            ),
        },
    ),
    (
        "a linear output",
        OUTPUT,
        {
            "lists": (('input_dims, activation="sigmoid", name', "input_dims, name"),),
            "indices": (('(input_dims, activation="sigmoid")', "(input_dims)"),),
        },
    ),
    (
        "a ReLU output",
        OUTPUT,
        {
            "lists": (('"sigmoid"', '"relu"'),),
            "classes": (("keras.ops.sigmoid)", "keras.ops.relu)"),),
        },
    ),
    ("a softmax output", OUTPUT, {"indices": (('"sigmoid"', '"softmax"'),)}),
    (
        "a decoder that is not reversed",
        ORDER,
        {
            "lists": (("hidden_layers[::-1]", "hidden_layers"),),
            "indices": (
                ("hidden_layers[-1]", "hidden_layers[0]"),
                (
                    "range(len(hidden_layers) - 2, -1, -1)",
                    "range(1, len(hidden_layers))",
                ),
            ),
            "classes": (("reversed(hidden_layers)", "hidden_layers"),),
        },
    ),
    (
        "a slice that drops the last hidden layer",
        MISSING,
        {
            "lists": (("for n in hidden_layers]", "for n in hidden_layers[:-1]]"),),
            "indices": (
                ("range(1, len(hidden_layers))", "range(1, len(hidden_layers) - 1)"),
            ),
            "classes": (
                ("[*hidden_layers, latent_dims]", "[*hidden_layers[:-1], latent_dims]"),
            ),
        },
    ),
    (
        "a slice that drops the decoder's first",
        MISSING,
        {
            "lists": (("hidden_layers[::-1]", "hidden_layers[-2::-1]"),),
            "classes": (("*reversed(hidden_layers)", "*hidden_layers[-2::-1]"),),
        },
    ),
    (
        "only the first and the last hidden layer",
        MISSING,
        {
            "indices": (
                (
                    "range(1, len(hidden_layers))",
                    "range(len(hidden_layers) - 1, len(hidden_layers))",
                ),
            )
        },
    ),
    (
        "hidden layers that are not chained",
        CHAINED,
        {
            "indices": (
                (
                    'activation="relu")(encoded)\n    latent',
                    'activation="relu")(inputs)\n    latent',
                ),
            )
        },
    ),
    (
        "the decoder's hidden layers not chained",
        CHAINED,
        {
            "indices": (
                (
                    'activation="relu")(decoded)\n    output',
                    'activation="relu")(latent_input)\n    output',
                ),
            )
        },
    ),
    (
        "auto with a second set of layers",
        SEPARATE,
        {
            "lists": (
                (
                    "auto = keras.Sequential([keras.Input((input_dims,)), encoder, "
                    "decoder])",
                    "auto = keras.Sequential([keras.Input((input_dims,)), "
                    "keras.models.clone_model(encoder), decoder])",
                ),
            ),
            "classes": (
                (
                    "Auto(encoder, decoder)",
                    "Auto(Chain([*hidden_layers, latent_dims], keras.ops.relu), "
                    "decoder)",
                ),
            ),
            "indices": (
                (
                    "decoder(encoder(inputs))",
                    "keras.models.clone_model(decoder)(encoder(inputs))",
                ),
            ),
        },
    ),
    (
        "models in another order",
        RETURNED,
        {
            "lists": (
                ("return encoder, decoder, auto", "return auto, encoder, decoder"),
            ),
            "indices": (
                ("return encoder, decoder, auto", "return decoder, encoder, auto"),
            ),
        },
    ),
    (
        "auto first",
        RETURNED,
        {
            "classes": (
                ("return encoder, decoder, auto", "return auto, encoder, decoder"),
            )
        },
    ),
    (
        "the squared error",
        LOSS,
        {
            "lists": (('"binary_crossentropy"', '"mse"'),),
            "classes": (("BinaryCrossentropy()", "MeanSquaredError()"),),
        },
    ),
    (
        "cross-entropy that is summed",
        SUMMED,
        {
            "classes": (
                (
                    "keras.losses.BinaryCrossentropy()",
                    "lambda y, p: keras.ops.sum(keras.ops.binary_crossentropy(y, "
                    "p), axis=-1)",
                ),
            )
        },
    ),
    (
        "cross-entropy with its arguments swapped",
        Cause("y_true and y_pred are swapped", ("swap|order",), (NUMBER,)),
        {
            "classes": (
                (
                    "loss=keras.losses.BinaryCrossentropy()",
                    "loss=lambda y, p: "
                    "keras.ops.mean(keras.ops.binary_crossentropy(p, y), axis=-1)",
                ),
            )
        },
    ),
    (
        "a penalty on weights",
        PENALTY,
        {
            "indices": (
                (
                    '(latent_dims, activation="relu")',
                    '(latent_dims, activation="relu", kernel_regularizer="l2")',
                ),
            ),
            "lists": (
                (
                    'latent_dims, activation="relu"',
                    'latent_dims, activation="relu", activity_regularizer="l1"',
                ),
            ),
        },
    ),
    (
        "SGD",
        OPTIMIZER,
        {
            "lists": (('compile("adam"', 'compile("sgd"'),),
            "indices": (("optimizers.Adam()", "optimizers.RMSprop()"),),
        },
    ),
    (
        "not compiled",
        COMPILED,
        {
            "lists": (('    auto.compile("adam", "binary_crossentropy")\n', ""),),
            "classes": (
                (
                    '    auto.compile(optimizer="adam", '
                    "loss=keras.losses.BinaryCrossentropy())\n",
                    "",
                ),
            ),
        },
    ),
    (
        "the encoder compiled instead of auto",
        COMPILED,
        {"indices": (("auto.compile", "encoder.compile"),)},
    ),
    (
        "a frozen encoder",
        FROZEN,
        {
            "lists": (
                ("    auto.compile", "    encoder.trainable = False\n    auto.compile"),
            )
        },
    ),
    (
        "dropout",
        DROPOUT,
        {
            "indices": (
                (
                    "    latent = ",
                    "    encoded = keras.layers.Dropout(0.2)(encoded)\n    latent = ",
                ),
            ),
            "lists": (
                ("    up = [", "    down.insert(1, layers.Dropout(0.5))\n    up = ["),
            ),
        },
    ),
    (
        "the list turned round in place",
        CHANGED,
        {
            "lists": (
                ("    up = [", "    hidden_layers.reverse()\n    up = ["),
                ("hidden_layers[::-1]", "hidden_layers"),
            ),
            "classes": (
                ("    decoder = ", "    hidden_layers.reverse()\n    decoder = "),
                ("*reversed(hidden_layers)", "*hidden_layers"),
            ),
        },
    ),
    (
        "784 as a number",
        FIXED,
        {
            "indices": (
                ("(input_dims, activation", "(784, activation"),
                ("(input_dims,)", "(784,)"),
            )
        },
    ),
    (
        "hidden sizes as numbers",
        FIXED,
        {"lists": (("for n in hidden_layers]", "for n in (128, 64)]"),)},
    ),
    (
        "only auto returned",
        NO_MODELS,
        {
            "lists": (("return encoder, decoder, auto", "return auto"),),
            "indices": (("    return encoder, decoder, auto\n", ""),),
        },
    ),
    (
        "tensors returned",
        NO_MODELS,
        {
            "indices": (
                ("return encoder, decoder, auto", "return latent, output, auto"),
            )
        },
    ),
    (
        "a shape without its comma",
        NO_COMMA,
        {"lists": (("keras.Input((latent_dims,))", "keras.Input((latent_dims))"),)},
    ),
    (
        "lr",
        Cause("lr is learning_rate", ("learning_rate",), (NUMBER,)),
        {"indices": (("Adam()", "Adam(lr=0.001)"),)},
    ),
    (
        "input and output in the singular",
        Cause("inputs and outputs", ("plural|inputs=",), (NUMBER,)),
        {
            "indices": (
                (
                    "Model(inputs=inputs, outputs=latent)",
                    "Model(input=inputs, output=latent)",
                ),
            )
        },
    ),
    (
        "the decoder made of the encoder's tensor",
        Cause(
            "the decoder needs an input of its own",
            ("decoder", "input|Input"),
            (NUMBER,),
        ),
        {
            "indices": (
                ('activation="relu")(latent_input)', 'activation="relu")(latent)'),
            )
        },
    ),
]

VANILLA = list(slips("vanilla", STYLES, SLIPS))
