"""Known submissions of the sparse autoencoder, with the points that each loses."""

from functools import partial

from samples.submissions.submission import (
    KnownSubmission,
    changed,
    half_right,
    right,
    variant,
)

REFERENCE = """
def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    x = keras.Input(shape=(input_dims,))
    h = x
    for units in hidden_layers:
        h = layers.Dense(units, activation="relu")(h)
    z = layers.Dense(
        latent_dims,
        activation="relu",
        activity_regularizer=keras.regularizers.L1(lambtha),
    )(h)
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

REGULARIZER = "        activity_regularizer=keras.regularizers.L1(lambtha),\n"
AUTO = "    auto = keras.Model(x, decoder(encoder(x)))\n"
COMPILE = '    auto.compile(optimizer="adam", loss="binary_crossentropy")\n'
Z = f"""    z = layers.Dense(
        latent_dims,
        activation="relu",
{REGULARIZER}    )(h)
"""
PLAIN = changed(REFERENCE, (REGULARIZER, ""))

# --- right, written in different ways -------------------------------------------------

REGULARIZATION_LAYER = changed(
    REFERENCE,
    (REGULARIZER, ""),
    (
        "    encoder = keras.Model(x, z)\n",
        "    z = layers.ActivityRegularization(l1=lambtha)(z)\n"
        "    encoder = keras.Model(x, z)\n",
    ),
)

OWN_LAYER = """
class Sparse(layers.Layer):
    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def call(self, z):
        total = keras.ops.sum(keras.ops.abs(z), axis=-1)
        self.add_loss(self.weight * keras.ops.mean(total))
        return z

""" + changed(
    REFERENCE,
    (REGULARIZER, ""),
    ("keras.Model(x, z)", "keras.Model(x, Sparse(lambtha)(z))"),
)

LAYER_WITH_PENALTY = """
class SparseDense(layers.Dense):
    def call(self, inputs, training=None):
        z = keras.ops.relu(super().call(inputs))
        n = keras.ops.cast(keras.ops.shape(z)[0], "float32")
        self.add_loss(self.lambtha * keras.ops.sum(z) / n)
        return z


""" + changed(
    REFERENCE,
    (
        Z,
        "    last = SparseDense(latent_dims)\n"
        "    last.lambtha = lambtha\n"
        "    z = last(h)\n",
    ),
)

SEQUENTIAL = """
def stack(n, sizes, last, **options):
    model = keras.Sequential([keras.Input(shape=(n,))])
    for units in sizes[:-1]:
        model.add(layers.Dense(units))
        model.add(layers.ReLU())
    model.add(layers.Dense(sizes[-1]))
    model.add(layers.Activation(last, **options))
    return model


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    sizes = [*hidden_layers, latent_dims]
    l1 = keras.regularizers.L1(lambtha)
    encoder = stack(input_dims, sizes, "relu", activity_regularizer=l1)
    decoder = stack(latent_dims, [*sizes[-2::-1], input_dims], "sigmoid")
    auto = keras.Sequential([encoder, decoder])
    auto.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy())
    return encoder, decoder, auto
"""

INPUT_DIM = """
def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    encoder = keras.Sequential()
    for i, units in enumerate(hidden_layers):
        more = {"input_shape": (input_dims,)} if i == 0 else {}
        encoder.add(layers.Dense(units, "relu", **more))
    l1 = keras.regularizers.l1(lambtha)
    encoder.add(layers.Dense(latent_dims, "relu", activity_regularizer=l1))

    decoder = keras.Sequential([keras.Input((latent_dims,))])
    for units in hidden_layers[::-1]:
        decoder.add(layers.Dense(units, "relu"))
    decoder.add(layers.Dense(input_dims, "sigmoid"))

    auto = keras.Sequential([encoder, decoder])
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

SUBCLASSED = """
class Stack(keras.Model):
    def __init__(self, sizes, last, weight=0.0):
        super().__init__()
        self.weight = weight
        # made last to first: the order of the weights says nothing
        self.last = layers.Dense(sizes[-1], activation=last)
        self.hidden = [layers.Dense(n, activation="relu") for n in sizes[-2::-1]]

    def call(self, x):
        for layer in reversed(self.hidden):
            x = layer(x)
        out = self.last(x)
        if self.weight:
            self.add_loss(
                self.weight * keras.ops.mean(keras.ops.sum(keras.ops.abs(out), 1))
            )
        return out


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    encoder = Stack([*hidden_layers, latent_dims], "relu", lambtha)
    decoder = Stack([*hidden_layers[::-1], input_dims], "sigmoid")
    auto = Auto(encoder, decoder)
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

FLAT = """
def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    down = [layers.Dense(n, "relu", name=f"ab{i}") for i, n in enumerate(hidden_layers)]
    down.append(
        layers.Dense(
            latent_dims,
            "relu",
            name="middle",
            activity_regularizer=keras.regularizers.L1L2(l1=lambtha, l2=0.0),
        )
    )
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

OWN_REGULARIZER = """
class Lasso(keras.regularizers.Regularizer):
    def __init__(self, weight):
        self.weight = weight

    def __call__(self, activity):
        return self.weight * keras.ops.sum(keras.ops.abs(activity))


""" + changed(REFERENCE, ("keras.regularizers.L1(lambtha)", "Lasso(lambtha)"))

REGULARIZER_FUNCTION = changed(
    REFERENCE,
    (
        "keras.regularizers.L1(lambtha)",
        "lambda a: lambtha * keras.ops.sum(keras.ops.abs(a))",
    ),
)

COMPUTE_LOSS = changed(
    PLAIN,
    (
        AUTO,
        """
    class Auto(keras.Model):
        def call(self, inputs):
            self.z = self.encoder(inputs)
            return self.decoder(self.z)

        def compute_loss(self, *arguments, **named):
            loss = super().compute_loss(*arguments, **named)
            return loss + lambtha * keras.ops.mean(keras.ops.sum(self.z, axis=-1))

    auto = Auto()
    auto.encoder, auto.decoder = encoder, decoder
""",
    ),
)

TRAIN_STEP = changed(
    PLAIN,
    (
        AUTO,
        """
    import tensorflow as tf

    class Auto(keras.Model):
        def train_step(self, data):
            x, _ = data
            with tf.GradientTape() as tape:
                z = encoder(x, training=True)
                bce = keras.losses.binary_crossentropy(x, decoder(z, training=True))
                penalty = tf.reduce_mean(tf.reduce_sum(tf.abs(z), axis=1))
                loss = tf.reduce_mean(bce) + lambtha * penalty
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}

    auto = Auto(x, decoder(encoder(x)))
""",
    ),
)

TENSORFLOW_KERAS = """
import tensorflow as tf
from tensorflow.keras.layers import Dense, Input
from tensorflow.keras.models import Model
from tensorflow.keras.regularizers import l1


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    inputs = Input((input_dims,))
    encoded = inputs
    for nodes in hidden_layers:
        encoded = Dense(nodes, activation=tf.nn.relu)(encoded)
    encoded = Dense(latent_dims, tf.nn.relu, activity_regularizer=l1(lambtha))(encoded)
    encoder = Model(inputs, encoded)
    code = Input((latent_dims,))
    decoded = code
    for i in range(len(hidden_layers) - 1, -1, -1):
        decoded = Dense(hidden_layers[i], activation=tf.nn.relu)(decoded)
    decoded = Dense(input_dims, activation=tf.nn.sigmoid)(decoded)
    decoder = Model(code, decoded)
    auto = Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer=tf.keras.optimizers.Adam(), loss="binary_crossentropy")
    return encoder, decoder, auto
"""

HELPERS = """
def chain(tensor, sizes, **last):
    *hidden, units = sizes
    for n in hidden:
        tensor = layers.Dense(n, activation=keras.activations.relu)(tensor)
    return layers.Dense(units, **last)(tensor)


def model(n, sizes, name, **last):
    inputs = keras.Input((n,), name=f"{name}_input")
    return keras.Model(inputs, chain(inputs, sizes, **last), name=name)


def autoencoder(input_dims, hidden_layers, latent_dims, lambtha):
    mirrored = tuple(reversed(hidden_layers))
    l1 = {"class_name": "L1", "config": {"l1": lambtha}}
    encoder = model(
        input_dims,
        (*hidden_layers, latent_dims),
        "down",
        activation="relu",
        activity_regularizer=l1,
    )
    decoder = model(latent_dims, (*mirrored, input_dims), "up", activation="sigmoid")
    auto = keras.Sequential([encoder, decoder], name="both")
    auto.compile(loss=keras.losses.binary_crossentropy, optimizer="adam")
    return encoder, decoder, auto
"""

# --- wrong, one defect each -----------------------------------------------------------

EVERY_CHECK = {
    "shapes",
    "encoder_layers",
    "code_is_relu",
    "decoder_layers",
    "output_is_sigmoid",
    "shared_weights",
    "loss_is_bce",
    "penalty",
    "nothing_else",
    "optimizer_is_adam",
    "arguments_unchanged",
}
TRAINING = {"loss_is_bce", "penalty", "nothing_else", "optimizer_is_adam"}


def own_penalty(expression: str) -> str:
    """The reference with another penalty, computed from the code z."""
    layer = f"""
class Penalty(layers.Layer):
    def __init__(self, lambtha):
        super().__init__()
        self.lambtha = lambtha

    def call(self, z):
        self.add_loss({expression})
        return z

"""
    return layer + changed(
        PLAIN, ("keras.Model(x, z)", "keras.Model(x, Penalty(lambtha)(z))")
    )


def penalty_only(name: str, expression: str) -> KnownSubmission:
    """A submission whose penalty is another number."""
    code = own_penalty(expression)
    return KnownSubmission(name, {"autoencoder": code}, frozenset({"penalty"}))


wrong = partial(variant, REFERENCE)

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("a regularization layer", REGULARIZATION_LAYER),
    right("add_loss in a layer of its own", OWN_LAYER),
    right("a dense layer that adds its loss", LAYER_WITH_PENALTY),
    right("sequential, activations as layers", SEQUENTIAL),
    right("sequential with input_shape, as in Keras 2", INPUT_DIM),
    right("subclassed, layers made last to first", SUBCLASSED),
    right("flat, layers shared, a list returned, warm-up", FLAT),
    right("a regularizer of its own", OWN_REGULARIZER),
    right("a function as the regularizer", REGULARIZER_FUNCTION),
    right("compute_loss", COMPUTE_LOSS),
    right("a training step of its own", TRAIN_STEP),
    right("tensorflow.keras imports", TENSORFLOW_KERAS),
    right("helper functions, tuples, a regularizer by its name", HELPERS),
    # the penalty
    wrong("no penalty", {"penalty"}, (REGULARIZER, ""), graded=True),
    wrong("lambtha written as a number", {"penalty"}, ("L1(lambtha)", "L1(1e-5)")),
    wrong("Keras's default weight", {"penalty"}, ("L1(lambtha)", "L1()")),
    wrong("lambtha squared", {"penalty"}, ("L1(lambtha)", "L1(lambtha**2)")),
    wrong("lambtha doubled", {"penalty"}, ("L1(lambtha)", "L1(2 * lambtha)")),
    wrong("lambtha halved", {"penalty"}, ("L1(lambtha)", "L1(lambtha / 2)")),
    wrong("L2 on the code", {"penalty"}, ("L1(lambtha)", "L2(lambtha)")),
    wrong("L1 and L2 on the code", {"penalty"}, ("L1(", "L1L2(lambtha, ")),
    penalty_only(
        "a penalty with the wrong sign",
        "-self.lambtha * keras.ops.mean(keras.ops.sum(z, axis=-1))",
    ),
    penalty_only(
        "the mean over the code's numbers",
        "self.lambtha * keras.ops.mean(keras.ops.abs(z))",
    ),
    penalty_only(
        "the sum over the batch",
        "self.lambtha * keras.ops.sum(keras.ops.abs(z))",
    ),
    penalty_only(
        "the largest number of the code",
        "self.lambtha * keras.ops.mean(keras.ops.max(z, axis=-1))",
    ),
    penalty_only(
        "the length of the code",
        "self.lambtha * keras.ops.mean(keras.ops.sqrt(keras.ops.sum(z * z, axis=-1)))",
    ),
    wrong(
        "L1 on the kernel",
        {"penalty", "nothing_else"},
        ("activity_regularizer", "kernel_regularizer"),
    ),
    wrong(
        "L1 on the bias",
        {"penalty", "nothing_else"},
        ("activity_regularizer", "bias_regularizer"),
    ),
    wrong(
        "L1 on the code and on its kernel",
        {"nothing_else"},
        (
            REGULARIZER,
            REGULARIZER + REGULARIZER.replace("activity", "kernel"),
        ),
    ),
    wrong(
        "L1 on every layer of the encoder",
        {"nothing_else", "optimizer_is_adam"},
        (
            'h = layers.Dense(units, activation="relu")(h)',
            'h = layers.Dense(units, activation="relu",\n'
            "            activity_regularizer=keras.regularizers.L1(lambtha))(h)",
        ),
    ),
    wrong(
        "L1 on a hidden layer instead of the code",
        {"penalty", "nothing_else"},
        (
            'h = layers.Dense(units, activation="relu")(h)',
            'h = layers.Dense(units, activation="relu",\n'
            "            activity_regularizer=keras.regularizers.L1(lambtha))(h)",
        ),
        (REGULARIZER, ""),
    ),
    wrong(
        "L1 on the decoder's output too",
        {"nothing_else"},
        (
            'activation="sigmoid")',
            'activation="sigmoid",\n'
            "        activity_regularizer=keras.regularizers.L1(lambtha))",
        ),
    ),
    wrong(
        "L1 on the decoder's hidden layers instead of the code",
        {"penalty", "nothing_else"},
        (REGULARIZER, ""),
        (
            'k = layers.Dense(units, activation="relu")(k)',
            'k = layers.Dense(units, activation="relu",\n'
            "            activity_regularizer=keras.regularizers.L1(lambtha))(k)",
        ),
    ),
    wrong(
        "L1 on the numbers before the code's ReLU",
        {"penalty", "nothing_else"},
        (
            Z,
            Z.replace('        activation="relu",\n', "")
            + "    z = layers.ReLU()(z)\n",
        ),
    ),
    wrong(
        "the encoder called twice",
        {"penalty"},
        (
            AUTO,
            "    both = layers.Average()([encoder(x), encoder(x)])\n"
            "    auto = keras.Model(x, decoder(both))\n",
        ),
    ),
    wrong(
        "cross-entropy weighed with lambtha",
        {"nothing_else"},
        (
            'loss="binary_crossentropy"',
            "loss=lambda x, p: (1 - lambtha) * keras.losses.binary_crossentropy(x, p)",
        ),
    ),
    # the autoencoder
    wrong(
        "linear code",
        {"code_is_relu"},
        (
            '        activation="relu",\n        activity_reg',
            "        activity_reg",
        ),
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
        "the first hidden layer left out",
        {"encoder_layers"},
        ("    for units in hidden_layers:", "    for units in hidden_layers[-1:]:"),
    ),
    wrong(
        "an extra layer in the decoder",
        {"decoder_layers"},
        (
            "    x_hat =",
            '    k = layers.Dense(48, activation="relu")(k)\n    x_hat =',
        ),
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
    wrong("SGD", {"optimizer_is_adam"}, ('optimizer="adam"', 'optimizer="sgd"')),
    wrong("not compiled", TRAINING, (COMPILE, "")),
    wrong(
        "784 as a number",
        {"shapes"},
        ("shape=(input_dims,)", "shape=(784,)"),
        ("Dense(input_dims,", "Dense(784,"),
    ),
    wrong(
        "the list reversed in place",
        {"arguments_unchanged"},
        (
            "    for units in reversed(hidden_layers):",
            "    hidden_layers.reverse()\n    for units in hidden_layers:",
        ),
    ),
    wrong(
        "encoder and decoder copied",
        {"shared_weights"},
        (
            "    return encoder, decoder, auto",
            "    encoder, decoder = map(keras.models.clone_model, (encoder, decoder))\n"
            "    return encoder, decoder, auto",
        ),
    ),
    wrong(
        "decoder and encoder swapped",
        EVERY_CHECK - TRAINING - {"arguments_unchanged"} | {"penalty", "nothing_else"},
        ("return encoder, decoder, auto", "return decoder, encoder, auto"),
    ),
    wrong("nothing returned", EVERY_CHECK, ("    return encoder, decoder, auto\n", "")),
    # Keras 2
    wrong(
        "add_loss on a symbolic tensor, as in Keras 2",
        EVERY_CHECK,
        (REGULARIZER, ""),
        (
            "    auto.compile(",
            "    auto.add_loss(lambtha * keras.ops.mean(keras.ops.sum(z, axis=1)))\n"
            "    auto.compile(",
        ),
    ),
    wrong(
        "K.sum on a symbolic tensor, as in Keras 2",
        EVERY_CHECK,
        (REGULARIZER, ""),
        (
            "    auto.compile(",
            "    auto.add_loss(lambtha * keras.backend.sum(z))\n    auto.compile(",
        ),
    ),
    wrong(
        "a loss that uses the symbolic code, as in Keras 2",
        TRAINING,
        (REGULARIZER, ""),
        (
            COMPILE,
            """
    def loss(x, x_hat):
        penalty = lambtha * keras.ops.sum(z, axis=-1)
        return keras.losses.binary_crossentropy(x, x_hat) + penalty

    auto.compile(optimizer="adam", loss=loss)
""",
        ),
    ),
    half_right("a", "abd"),
]
