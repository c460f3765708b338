"""Known submissions of the vanilla autoencoder, with the points that each loses."""

from tests.grading_support import Submission, changed

REFERENCE = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    x = keras.Input(shape=(input_dims,))
    h = x
    for units in hidden_layers:
        h = layers.Dense(units, activation="relu")(h)
    z = layers.Dense(latent_dims, activation="relu")(h)
    encoder = keras.Model(x, z)

    code = keras.Input(shape=(latent_dims,))
    k = code
    for units in reversed(hidden_layers):
        k = layers.Dense(units, activation="relu")(k)
    x_hat = layers.Dense(input_dims, activation="sigmoid")(k)
    decoder = keras.Model(code, x_hat)

    auto = keras.Model(x, decoder(encoder(x)))
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
"""

SEQUENTIAL = """
def stack(n, sizes, last):
    model = keras.Sequential([keras.Input(shape=(n,))])
    for units in sizes[:-1]:
        model.add(layers.Dense(units))
        model.add(layers.ReLU())
    model.add(layers.Dense(sizes[-1]))
    model.add(layers.Activation(last))
    return model


def autoencoder(input_dims, hidden_layers, latent_dims):
    sizes = [*hidden_layers, latent_dims]
    encoder = stack(input_dims, sizes, "relu")
    decoder = stack(latent_dims, [*sizes[-2::-1], input_dims], "sigmoid")
    auto = keras.Sequential([encoder, decoder])
    auto.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy())
    return encoder, decoder, auto
"""

SUBCLASSED = """
class Stack(keras.Model):
    def __init__(self, sizes, last):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.last = layers.Dense(sizes[-1], activation=last)
        self.hidden = [layers.Dense(n, activation="relu") for n in sizes[-2::-1]]

    def call(self, x):
        for layer in reversed(self.hidden):
            x = layer(x)
        return self.last(x)


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def autoencoder(input_dims, hidden_layers, latent_dims):
    encoder = Stack([*hidden_layers, latent_dims], "relu")
    decoder = Stack([*hidden_layers[::-1], input_dims], "sigmoid")
    auto = Auto(encoder, decoder)
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

FLAT = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    down = [layers.Dense(n, "relu", name=f"ab{i}") for i, n in enumerate(hidden_layers)]
    down.append(layers.Dense(latent_dims, "relu", name="middle"))
    up = [layers.Dense(n, "relu") for n in tuple(hidden_layers)[::-1]]
    up.append(layers.Dense(input_dims, "sigmoid"))

    def run(chain, tensor):
        for layer in chain:
            tensor = layer(tensor)
        return tensor

    x = keras.Input((input_dims,))
    code = keras.Input((latent_dims,))
    z = run(down, x)
    auto = keras.Model(x, run(up, z))
    rate = keras.optimizers.schedules.CosineDecay(0.0, 99, 0.0, "c", 0.01, 9)
    auto.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["mae"])
    return [keras.Model(x, z), keras.Model(code, run(up, code)), auto]
"""

OWN_TRAIN_STEP = changed(
    REFERENCE,
    (
        "    auto = keras.Model(x, decoder(encoder(x)))\n",
        """
    import tensorflow as tf

    class Auto(keras.Model):
        def train_step(self, data):
            x, _ = data
            with tf.GradientTape() as tape:
                loss = keras.ops.mean(keras.losses.binary_crossentropy(x, self(x)))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return {"loss": loss}

    auto = Auto(x, decoder(encoder(x)))
""",
    ),
)

APART = changed(
    REFERENCE,
    (
        "    return encoder, decoder, auto",
        "    encoder, decoder = map(keras.models.clone_model, (encoder, decoder))\n"
        "    return encoder, decoder, auto",
    ),
)

IN_PLACE = changed(
    REFERENCE,
    (
        "    for units in reversed(hidden_layers):",
        "    hidden_layers.reverse()\n    for units in hidden_layers:",
    ),
)

KERAS_2_PENALTY = changed(
    REFERENCE,
    (
        "    auto.compile(",
        "    auto.add_loss(keras.ops.mean(z))\n    auto.compile(",
    ),
)

EVERY_CHECK = {
    "shapes",
    "encoder_layers",
    "code_is_relu",
    "decoder_layers",
    "output_is_sigmoid",
    "shared_weights",
    "loss_is_bce",
    "optimizer_is_adam",
    "arguments_unchanged",
}


def right(name: str, code: str, graded: bool = False) -> Submission:
    """A submission with full marks."""
    return Submission(name, {"autoencoder": code}, graded=graded)


def wrong(
    name: str, loses: set[str], *changes: tuple[str, str], graded: bool = False
) -> Submission:
    """The reference with ``changes``, which lose the test cells named."""
    code = changed(REFERENCE, *changes)
    return Submission(name, {"autoencoder": code}, frozenset(loses), graded)


SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential, activations as layers", SEQUENTIAL),
    right("subclassed, layers made last to first", SUBCLASSED, graded=True),
    right("flat, layers shared, a list returned, warm-up", FLAT),
    right("a training step of its own", OWN_TRAIN_STEP),
    wrong(
        "linear code",
        {"code_is_relu"},
        ('layers.Dense(latent_dims, activation="relu")', "layers.Dense(latent_dims)"),
        graded=True,
    ),
    wrong(
        "tanh in the encoder's hidden layers",
        {"encoder_layers"},
        (
            'h = layers.Dense(units, activation="relu")(h)',
            'h = layers.Dense(units, activation="tanh")(h)',
        ),
    ),
    wrong(
        "no activation in the decoder's hidden layers",
        {"decoder_layers"},
        ('k = layers.Dense(units, activation="relu")(k)', "k = layers.Dense(units)(k)"),
    ),
    wrong(
        "hidden layers not reversed",
        {"decoder_layers"},
        ("reversed(hidden_layers)", "hidden_layers"),
    ),
    wrong(
        "ReLU output",
        {"output_is_sigmoid"},
        ('activation="sigmoid"', 'activation="relu"'),
    ),
    wrong(
        "mean squared error",
        {"loss_is_bce"},
        ('loss="binary_crossentropy"', 'loss="mse"'),
    ),
    wrong(
        "L1 penalty on the code",
        {"loss_is_bce"},
        (
            'layers.Dense(latent_dims, activation="relu")',
            "layers.Dense(\n        latent_dims, 'relu', activity_regularizer="
            "keras.regularizers.L1(1e-5)\n    )",
        ),
    ),
    wrong("SGD", {"optimizer_is_adam"}, ('optimizer="adam"', 'optimizer="sgd"')),
    wrong(
        "RMSprop", {"optimizer_is_adam"}, ('optimizer="adam"', 'optimizer="rmsprop"')
    ),
    wrong(
        "an extra layer before the code",
        {"encoder_layers"},
        (
            '    z = layers.Dense(latent_dims, activation="relu")(h)',
            '    h = layers.Dense(48, activation="relu")(h)\n'
            '    z = layers.Dense(latent_dims, activation="relu")(h)',
        ),
    ),
    wrong(
        "784 as a number",
        {"shapes"},
        ("shape=(input_dims,)", "shape=(784,)"),
        ("Dense(input_dims,", "Dense(784,"),
    ),
    Submission(
        "encoder and decoder copied",
        {"autoencoder": APART},
        frozenset({"shared_weights"}),
    ),
    Submission(
        "list reversed in place",
        {"autoencoder": IN_PLACE},
        frozenset({"arguments_unchanged"}),
    ),
    Submission(
        "add_loss on a symbolic tensor, as in Keras 2",
        {"autoencoder": KERAS_2_PENALTY},
        frozenset(EVERY_CHECK),
    ),
    wrong(
        "nothing returned",
        EVERY_CHECK,
        ("    return encoder, decoder, auto\n", ""),
    ),
    Submission(
        "one question half right, one with a wrong choice",
        {"answer_1": 'answer_1 = {"a"}', "answer_2": 'answer_2 = {"b", "c", "d"}'},
        frozenset({"answer_1_complete", "answer_2_no_wrong", "answer_2_complete"}),
        graded=True,
    ),
]
