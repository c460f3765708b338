"""Known submissions of the vanilla autoencoder, with the points that each loses."""

from functools import partial

from samples.submissions.submission import (
    KnownSubmission,
    changed,
    half_right,
    right,
    variant,
)

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

HIDDEN = '        h = layers.Dense(units, activation="relu")(h)\n'
HIDDEN_UP = '        k = layers.Dense(units, activation="relu")(k)\n'
CODE = '    z = layers.Dense(latent_dims, activation="relu")(h)\n'
OUTPUT = '    x_hat = layers.Dense(input_dims, activation="sigmoid")(k)\n'
AUTO = "    auto = keras.Model(x, decoder(encoder(x)))\n"
COMPILE = '    auto.compile(optimizer="adam", loss="binary_crossentropy")\n'
RETURN = "    return encoder, decoder, auto\n"

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

INPUT_SHAPE = """
def autoencoder(input_dims, hidden_layers, latent_dims):
    encoder = keras.Sequential()
    for i, units in enumerate(hidden_layers):
        more = {"input_shape": (input_dims,)} if i == 0 else {}
        encoder.add(layers.Dense(units, "relu", **more))
    encoder.add(layers.Dense(latent_dims, "relu"))

    decoder = keras.Sequential([keras.Input((latent_dims,))])
    for units in hidden_layers[::-1]:
        decoder.add(layers.Dense(units, "relu"))
    decoder.add(layers.Dense(input_dims, "sigmoid"))

    auto = keras.models.Sequential([encoder, decoder])
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

COMPUTE_LOSS = changed(
    REFERENCE,
    (
        AUTO + COMPILE,
        """
    class Auto(keras.Model):
        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return keras.ops.mean(keras.ops.binary_crossentropy(y, y_pred))

    auto = Auto(x, decoder(encoder(x)))
    auto.compile(optimizer="adam")
""",
    ),
)

TENSORFLOW_KERAS = """
import tensorflow as tf
from tensorflow.keras.layers import Dense, Input
from tensorflow.keras.models import Model


def autoencoder(input_dims, hidden_layers, latent_dims):
    inputs = Input((input_dims,))
    encoded = inputs
    for nodes in hidden_layers:
        encoded = Dense(nodes, activation=tf.nn.relu)(encoded)
    encoded = Dense(latent_dims, activation=tf.nn.relu)(encoded)
    encoder = Model(inputs, encoded)
    code = Input((latent_dims,))
    decoded = code
    for i in range(len(hidden_layers) - 1, -1, -1):
        decoded = Dense(hidden_layers[i], activation=tf.nn.relu)(decoded)
    decoder = Model(code, Dense(input_dims, activation=tf.nn.sigmoid)(decoded))
    auto = Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer=tf.keras.optimizers.Adam(), loss="binary_crossentropy")
    return encoder, decoder, auto
"""

HELPERS = """
def chain(tensor, sizes, last):
    *hidden, units = sizes
    for n in hidden:
        tensor = layers.Dense(n, activation=keras.activations.relu)(tensor)
    return layers.Dense(units, activation=last)(tensor)


def model(n, sizes, last, name):
    inputs = keras.Input((n,), name=f"{name}_input")
    return keras.Model(inputs, chain(inputs, sizes, last), name=name)


def autoencoder(input_dims, hidden_layers, latent_dims):
    mirrored = tuple(reversed(hidden_layers))
    encoder = model(input_dims, (*hidden_layers, latent_dims), "relu", "down")
    decoder = model(latent_dims, (*mirrored, input_dims), "sigmoid", "up")
    auto = keras.Sequential([encoder, decoder], name="both")
    auto.compile(loss=keras.losses.binary_crossentropy, optimizer="Adam")
    return encoder, decoder, auto
"""

OWN_LAYER = """
class Affine(layers.Layer):
    def __init__(self, units, f):
        super().__init__()
        self.units, self.f = units, f

    def build(self, shape):
        self.shift = self.add_weight((self.units,), "zeros")
        self.matrix = self.add_weight((shape[-1], self.units), "glorot_uniform")

    def call(self, x):
        return self.f(x @ self.matrix + self.shift)

""" + changed(
    REFERENCE,
    (HIDDEN, "        h = Affine(units, keras.ops.relu)(h)\n"),
    (CODE, "    z = Affine(latent_dims, keras.ops.relu)(h)\n"),
    (HIDDEN_UP, "        k = Affine(units, keras.ops.relu)(k)\n"),
    (OUTPUT, "    x_hat = Affine(input_dims, keras.ops.sigmoid)(k)\n"),
)

OPERATIONS = changed(
    REFERENCE,
    (HIDDEN, "        h = keras.ops.maximum(layers.Dense(units)(h), 0)\n"),
    (OUTPUT, "    x_hat = keras.ops.sigmoid(layers.Dense(input_dims)(k))\n"),
)

LAMBDA = changed(
    REFERENCE,
    (
        HIDDEN_UP,
        "        k = layers.Dense(units)(k)\n"
        "        k = layers.Lambda(lambda t: keras.ops.relu(t))(k)\n",
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


wrong = partial(variant, REFERENCE)

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential, activations as layers", SEQUENTIAL),
    right("subclassed, layers made last to first", SUBCLASSED, graded=True),
    right("flat, layers shared, a list returned, warm-up", FLAT),
    right("a training step of its own", OWN_TRAIN_STEP),
    right("sequential with input_shape, as in Keras 2", INPUT_SHAPE),
    right("compute_loss", COMPUTE_LOSS),
    right("tensorflow.keras imports", TENSORFLOW_KERAS),
    right("helper functions, tuples", HELPERS),
    right("dense layers of its own", OWN_LAYER),
    right("keras.ops as activations", OPERATIONS),
    right("Lambda layers", LAMBDA),
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
    KnownSubmission(
        "encoder and decoder copied",
        {"autoencoder": APART},
        frozenset({"shared_weights"}),
    ),
    KnownSubmission(
        "list reversed in place",
        {"autoencoder": IN_PLACE},
        frozenset({"arguments_unchanged"}),
    ),
    KnownSubmission(
        "add_loss on a symbolic tensor, as in Keras 2",
        {"autoencoder": KERAS_2_PENALTY},
        frozenset(EVERY_CHECK),
    ),
    wrong(
        "nothing returned",
        EVERY_CHECK,
        ("    return encoder, decoder, auto\n", ""),
    ),
    wrong(
        "leaky ReLU on the code",
        {"code_is_relu"},
        (CODE, CODE.replace('"relu"', '"leaky_relu"')),
    ),
    wrong(
        "sigmoid on the code",
        {"code_is_relu"},
        (CODE, CODE.replace('"relu"', '"sigmoid"')),
    ),
    wrong(
        "no activation in the encoder's hidden layers",
        {"encoder_layers"},
        (HIDDEN, HIDDEN.replace(', activation="relu"', "")),
    ),
    wrong(
        "the first hidden layer left out",
        {"encoder_layers"},
        ("    for units in hidden_layers:", "    for units in hidden_layers[-1:]:"),
    ),
    wrong(
        "hidden layers sorted",
        {"encoder_layers"},
        ("    for units in hidden_layers:", "    for units in sorted(hidden_layers):"),
    ),
    wrong(
        "an extra layer in the decoder",
        {"decoder_layers"},
        (OUTPUT, '    k = layers.Dense(48, activation="relu")(k)\n' + OUTPUT),
    ),
    wrong(
        "no bias in the decoder",
        {"decoder_layers"},
        (HIDDEN_UP, HIDDEN_UP.replace("units,", "units, use_bias=False,")),
    ),
    wrong(
        "tanh output",
        {"output_is_sigmoid"},
        ('activation="sigmoid"', "activation='tanh'"),
    ),
    wrong("linear output", {"output_is_sigmoid"}, (', activation="sigmoid"', "")),
    wrong(
        "cross-entropy summed over the pixels",
        {"loss_is_bce"},
        (
            'loss="binary_crossentropy"',
            "loss=lambda x, p: keras.ops.sum(keras.ops.binary_crossentropy(x, p), -1)",
        ),
    ),
    wrong(
        "the latent size as a number",
        {"shapes"},
        (CODE, CODE.replace("latent_dims", "32")),
        ("shape=(latent_dims,)", "shape=(32,)"),
    ),
    wrong(
        "a frozen encoder",
        {"optimizer_is_adam"},
        (AUTO, "    encoder.trainable = False\n" + AUTO),
    ),
    wrong("not compiled", {"loss_is_bce", "optimizer_is_adam"}, (COMPILE, "")),
    wrong(
        "an auto with a decoder of its own",
        {"shared_weights"},
        (AUTO, AUTO.replace("decoder(", "keras.models.clone_model(decoder)(")),
    ),
    wrong(
        "decoder and encoder swapped",
        {
            "shapes",
            "encoder_layers",
            "code_is_relu",
            "decoder_layers",
            "output_is_sigmoid",
            "shared_weights",
        },
        (RETURN, "    return decoder, encoder, auto\n"),
    ),
    half_right("a", "bcd", graded=True),
]
