"""Known submissions of the variational autoencoder, with what each loses."""

from functools import partial

from samples.submissions import lesson_11
from samples.submissions.submission import changed, half_right, right, variant

REFERENCE = """
class Sampling(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, mean, log_var):
        kl = keras.ops.exp(log_var) + mean**2 - 1 - log_var
        self.add_loss(0.5 * keras.ops.mean(keras.ops.sum(kl, axis=-1)))
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seed_generator)
        return mean + keras.ops.exp(log_var / 2) * noise


def summed(x, x_hat):
    return keras.ops.sum(keras.ops.binary_crossentropy(x, x_hat), axis=-1)


def autoencoder(input_dims, hidden_layers, latent_dims):
    x = keras.Input(shape=(input_dims,))
    h = x
    for units in hidden_layers:
        h = layers.Dense(units, activation="relu")(h)
    mean = layers.Dense(latent_dims, name="mean")(h)
    log_var = layers.Dense(latent_dims, name="log_var")(h)
    z = Sampling()(mean, log_var)
    encoder = keras.Model(x, [z, mean, log_var])

    code = keras.Input(shape=(latent_dims,))
    k = code
    for units in reversed(hidden_layers):
        k = layers.Dense(units, activation="relu")(k)
    x_hat = layers.Dense(input_dims, activation="sigmoid")(k)
    decoder = keras.Model(code, x_hat)

    auto = keras.Model(x, decoder(encoder(x)[0]))
    auto.compile(optimizer="adam", loss=summed)
    return encoder, decoder, auto
"""

KL = "        kl = keras.ops.exp(log_var) + mean**2 - 1 - log_var\n"
ADD = "        self.add_loss(0.5 * keras.ops.mean(keras.ops.sum(kl, axis=-1)))\n"
NOISE = (
    "        noise = keras.random.normal(keras.ops.shape(mean), "
    "seed=self.seed_generator)\n"
)
Z = "        return mean + keras.ops.exp(log_var / 2) * noise\n"
SUM = "    return keras.ops.sum(keras.ops.binary_crossentropy(x, x_hat), axis=-1)\n"
MEAN = '    mean = layers.Dense(latent_dims, name="mean")(h)\n'
LOG_VAR = '    log_var = layers.Dense(latent_dims, name="log_var")(h)\n'
SAMPLE = "    z = Sampling()(mean, log_var)\n"
ENCODER = "    encoder = keras.Model(x, [z, mean, log_var])\n"
HIDDEN = '        h = layers.Dense(units, activation="relu")(h)\n'
HIDDEN_UP = '        k = layers.Dense(units, activation="relu")(k)\n'
AUTO = "    auto = keras.Model(x, decoder(encoder(x)[0]))\n"
COMPILE = '    auto.compile(optimizer="adam", loss=summed)\n'
RETURN = "    return encoder, decoder, auto\n"

# --- right, written in different ways -------------------------------------------------

WITHOUT_KL = changed(REFERENCE, (KL, ""), (ADD, ""))

KL_LAYER = """
class Divergence(layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        kl = -0.5 * (1 + log_var - mean**2 - keras.ops.exp(log_var))
        n = keras.ops.cast(keras.ops.shape(mean)[0], "float32")
        self.add_loss(keras.ops.sum(kl) / n)
        return mean, log_var

""" + changed(
    WITHOUT_KL,
    (SAMPLE, "    mean, log_var = Divergence()([mean, log_var])\n" + SAMPLE),
)

LAMBDA = """
def sample(inputs):
    mean, log_var = inputs
    noise = keras.random.normal(keras.ops.shape(mean))
    return mean + keras.ops.exp(0.5 * log_var) * noise


class Divergence(layers.Layer):
    def call(self, mean, log_var):
        kl = keras.ops.exp(log_var) + keras.ops.square(mean) - 1 - log_var
        self.add_loss(keras.ops.mean(keras.ops.sum(kl, axis=1)) / 2)
        return mean

""" + changed(
    WITHOUT_KL,
    (
        SAMPLE,
        "    mean = Divergence()(mean, log_var)\n"
        "    z = layers.Lambda(sample)([mean, log_var])\n",
    ),
)

TENSORFLOW = """
import tensorflow as tf
from tensorflow.keras.layers import Dense, Input, Layer
from tensorflow.keras.models import Model


class Sampling(Layer):
    def call(self, inputs):
        mean, log_var = inputs
        kl = -0.5 * tf.reduce_sum(
            1 + log_var - tf.square(mean) - tf.exp(log_var), axis=1
        )
        self.add_loss(tf.reduce_mean(kl))
        noise = tf.random.normal(tf.shape(mean))
        return mean + tf.exp(log_var / 2) * noise


def autoencoder(input_dims, hidden_layers, latent_dims):
    inputs = Input((input_dims,))
    encoded = inputs
    for nodes in hidden_layers:
        encoded = Dense(nodes, activation=tf.nn.relu)(encoded)
    mean = Dense(latent_dims, activation=None)(encoded)
    log_var = Dense(latent_dims, activation=None)(encoded)
    z = Sampling()([mean, log_var])
    encoder = Model(inputs, [z, mean, log_var])
    code = Input((latent_dims,))
    decoded = code
    for i in range(len(hidden_layers) - 1, -1, -1):
        decoded = Dense(hidden_layers[i], activation=tf.nn.relu)(decoded)
    decoder = Model(code, Dense(input_dims, activation=tf.nn.sigmoid)(decoded))
    auto = Model(inputs, decoder(encoder(inputs)[0]))

    def loss(x, x_hat):
        return input_dims * tf.keras.losses.binary_crossentropy(x, x_hat)

    auto.compile(optimizer=tf.keras.optimizers.Adam(), loss=loss)
    return encoder, decoder, auto
"""

COMPUTE_LOSS = changed(
    WITHOUT_KL,
    (
        AUTO + COMPILE,
        """
    class Auto(keras.Model):
        def call(self, inputs):
            z, self.mean, self.log_var = self.encoder(inputs)
            return self.decoder(z)

        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            kl = keras.ops.exp(self.log_var) + self.mean**2 - 1 - self.log_var
            each = summed(y, y_pred) + 0.5 * keras.ops.sum(kl, axis=-1)
            return keras.ops.mean(each)

    auto = Auto()
    auto.encoder, auto.decoder = encoder, decoder
    auto.compile(optimizer="adam")
""",
    ),
)

TRAIN_STEP = changed(
    WITHOUT_KL,
    (
        AUTO + COMPILE,
        """
    import tensorflow as tf

    class Auto(keras.Model):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.total = keras.metrics.Mean(name="loss")

        @property
        def metrics(self):
            return [self.total]

        def loss_of(self, x):
            z, mean, log_var = encoder(x)
            kl = 0.5 * tf.reduce_sum(tf.exp(log_var) + mean**2 - 1 - log_var, axis=1)
            loss = tf.reduce_mean(summed(x, decoder(z)) + kl)
            self.total.update_state(loss)
            return loss

        def train_step(self, data):
            with tf.GradientTape() as tape:
                loss = self.loss_of(data[0])
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": self.total.result()}

        def test_step(self, data):
            self.loss_of(data[0])
            return {"loss": self.total.result()}

    auto = Auto(x, decoder(encoder(x)[0]))
    auto.compile(optimizer="adam")
""",
    ),
)

# An example of Keras's own documentation reports three losses, the total first.
THREE_LOSSES = changed(
    WITHOUT_KL,
    (
        AUTO + COMPILE,
        """
    import tensorflow as tf

    class VAE(keras.Model):
        def __init__(self, encoder, decoder):
            super().__init__()
            self.encoder = encoder
            self.decoder = decoder

        def call(self, inputs):
            return self.decoder(self.encoder(inputs)[0])

        def train_step(self, data):
            x = data[0] if isinstance(data, tuple) else data
            with tf.GradientTape() as tape:
                z, mean, log_var = self.encoder(x, training=True)
                x_hat = self.decoder(z, training=True)
                reconstruction = tf.reduce_mean(summed(x, x_hat))
                kl = -0.5 * (1 + log_var - tf.square(mean) - tf.exp(log_var))
                kl = tf.reduce_mean(tf.reduce_sum(kl, axis=1))
                total = reconstruction + kl
            weights = self.trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(total, weights), weights))
            return {"total_loss": total, "bce": reconstruction, "kl": kl}

    auto = VAE(encoder, decoder)
    auto.compile(optimizer=keras.optimizers.Adam())
""",
    ),
)

SUBCLASSED = """
class Encoder(keras.Model):
    def __init__(self, hidden_layers, latent_dims):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.log_var = layers.Dense(latent_dims)
        self.mean = layers.Dense(latent_dims)
        self.hidden = [layers.Dense(n, activation="relu") for n in hidden_layers[::-1]]
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x):
        for layer in reversed(self.hidden):
            x = layer(x)
        mean, log_var = self.mean(x), self.log_var(x)
        kl = keras.ops.exp(log_var) + mean**2 - 1 - log_var
        self.add_loss(0.5 * keras.ops.mean(keras.ops.sum(kl, axis=-1)))
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seeds)
        return mean + keras.ops.exp(0.5 * log_var) * noise, mean, log_var


class Decoder(keras.Model):
    def __init__(self, hidden_layers, input_dims):
        super().__init__()
        self.last = layers.Dense(input_dims, activation="sigmoid")
        self.hidden = [layers.Dense(n, activation="relu") for n in hidden_layers]

    def call(self, z):
        for layer in reversed(self.hidden):
            z = layer(z)
        return self.last(z)


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x)[0])


class Summed(keras.losses.Loss):
    def call(self, x, x_hat):
        return keras.ops.sum(keras.ops.binary_crossentropy(x, x_hat), axis=-1)


def autoencoder(input_dims, hidden_layers, latent_dims):
    encoder = Encoder(hidden_layers, latent_dims)
    decoder = Decoder(hidden_layers, input_dims)
    auto = Auto(encoder, decoder)
    auto.compile("adam", Summed())
    return encoder, decoder, auto
"""

FLAT = changed(
    REFERENCE,
    (SAMPLE, "    z = Sampling()(mean, log_var)\n    up = []\n"),
    (HIDDEN_UP, '        up.append(layers.Dense(units, "relu"))\n'),
    (
        '    x_hat = layers.Dense(input_dims, activation="sigmoid")(k)\n',
        '    up.append(layers.Dense(input_dims, "sigmoid"))\n'
        "    out = z\n"
        "    for layer in up:\n"
        "        k, out = layer(k), layer(out)\n",
    ),
    ("keras.Model(code, x_hat)", "keras.Model(code, k)"),
    (AUTO, "    auto = keras.Model(x, out)\n"),
    (
        COMPILE,
        "    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 99, 0.9)\n"
        "    auto.compile(keras.optimizers.Adam(rate), summed, metrics=['mse'])\n",
    ),
    (RETURN, "    return [encoder, decoder, auto]\n"),
)

SEQUENTIAL = changed(
    REFERENCE,
    (
        "    code = keras.Input(shape=(latent_dims,))\n    k = code\n",
        "    decoder = keras.Sequential([keras.Input((latent_dims,))])\n",
    ),
    (
        HIDDEN_UP,
        "        decoder.add(layers.Dense(units))\n"
        "        decoder.add(layers.ReLU())\n",
    ),
    (
        '    x_hat = layers.Dense(input_dims, activation="sigmoid")(k)\n'
        "    decoder = keras.Model(code, x_hat)\n",
        "    decoder.add(layers.Dense(input_dims))\n"
        '    decoder.add(layers.Activation("sigmoid"))\n',
    ),
)

SCALED_LOSS = changed(
    REFERENCE,
    (
        COMPILE,
        "    bce = keras.losses.BinaryCrossentropy()\n"
        "    auto.compile(\n"
        "        optimizer=keras.optimizers.Adam(1e-3),\n"
        "        loss=lambda x, x_hat: input_dims * bce(x, x_hat),\n"
        "    )\n",
    ),
)

LOSS_WEIGHTS = changed(
    REFERENCE,
    (
        COMPILE,
        '    auto.compile("adam", "binary_crossentropy", loss_weights=[input_dims])\n',
    ),
)

HELPERS = """
def chain(tensor, sizes):
    for n in sizes:
        tensor = layers.Dense(n, activation=keras.activations.relu)(tensor)
    return tensor


class Code(layers.Layer):
    def __init__(self, **named):
        super().__init__(**named)
        self.seeds = keras.random.SeedGenerator()

    def call(self, pair):
        m, v = pair
        sigma = keras.ops.sqrt(keras.ops.exp(v))
        each = keras.ops.sum(sigma * sigma + m * m - 1 - v, axis=-1)
        self.add_loss(keras.ops.mean(each) / 2)
        return keras.random.normal(keras.ops.shape(m), seed=self.seeds) * sigma + m


def autoencoder(input_dims, hidden_layers, latent_dims):
    sizes = tuple(hidden_layers)
    x = keras.Input((input_dims,), name="pixels")
    h = chain(x, sizes)
    v = layers.Dense(latent_dims, name="spread", activation="linear")(h)
    m = layers.Dense(latent_dims, name="middle", activation="linear")(h)
    encoder = keras.Model(inputs=x, outputs=(Code()((m, v)), m, v), name="down")
    code = keras.Input((latent_dims,), name="code")
    out = layers.Dense(input_dims, activation=keras.activations.sigmoid)
    decoder = keras.Model(code, out(chain(code, sizes[::-1])), name="up")
    z, _, _ = encoder(x)
    auto = keras.Model(x, decoder(z), name="both")

    def loss(y_true, y_pred):
        p = keras.ops.clip(y_pred, 1e-7, 1 - 1e-7)
        terms = y_true * keras.ops.log(p) + (1 - y_true) * keras.ops.log(1 - p)
        return -keras.ops.sum(terms, axis=1)

    auto.compile(loss=loss, optimizer="Adam")
    return encoder, decoder, auto
"""

DENSE_WITH_LOSS = """
class LogVariance(layers.Dense):
    def call(self, inputs, training=None):
        log_var = super().call(inputs)
        kl = keras.ops.sum(keras.ops.exp(log_var) - 1 - log_var, axis=-1)
        self.add_loss(0.5 * keras.ops.mean(kl))
        return log_var

""" + changed(
    WITHOUT_KL,
    (
        MEAN,
        MEAN.replace('name="mean"', "activity_regularizer=keras.regularizers.L2(0.5)"),
    ),
    (LOG_VAR, "    log_var = LogVariance(latent_dims)(h)\n"),
)

# --- wrong, one defect each -----------------------------------------------------------

ALL = {
    "shapes",
    "order",
    "encoder_layers",
    "no_activation",
    "spread",
    "noise",
    "decoder_layers",
    "output_is_sigmoid",
    "shared_weights",
    "loss_is_bce",
    "divergence",
    "gradients",
    "no_collapse",
    "optimizer_is_adam",
    "arguments_unchanged",
}
NEEDS_ENCODER = ALL - {
    "decoder_layers",
    "output_is_sigmoid",
    "optimizer_is_adam",
    "arguments_unchanged",
    "gradients",
}
TRAINING = {
    "loss_is_bce",
    "divergence",
    "gradients",
    "no_collapse",
    "optimizer_is_adam",
}
FROZEN_OUTSIDE = """
import numpy as np


class Sampling(layers.Layer):
    def __init__(self, latent_dims):
        super().__init__()
        self.noise = np.random.default_rng(0).normal(size=(1, latent_dims))

"""

wrong = partial(variant, REFERENCE)

SUBMISSIONS = [
    right("functional, one layer that samples and adds the divergence", REFERENCE),
    right("a layer for the divergence", KL_LAYER),
    right("a Lambda layer that samples", LAMBDA),
    right("tensorflow.keras and tf.random", TENSORFLOW),
    right("compute_loss", COMPUTE_LOSS),
    right("a training step of its own", TRAIN_STEP),
    right("a training step that reports three losses", THREE_LOSSES),
    right("the classes of lesson 11", lesson_11.VARIATIONAL),
    right("subclassed, layers made last to first", SUBCLASSED),
    right("flat, layers shared, a list returned, a schedule", FLAT),
    right("a sequential decoder, activations as layers", SEQUENTIAL),
    right("the mean cross-entropy times input_dims", SCALED_LOSS),
    right("loss_weights", LOSS_WEIGHTS),
    right("helper functions, tuples, a loss by hand", HELPERS),
    right("the divergence in two dense layers", DENSE_WITH_LOSS),
    # the code
    wrong(
        "z is the mean", {"spread", "noise", "gradients"}, (Z, "        return mean\n")
    ),
    wrong(
        "exp(log_var) as the spread",
        {"spread"},
        (Z, Z.replace("log_var / 2", "log_var")),
        graded=True,
    ),
    wrong(
        "log_var as the spread",
        {"spread"},
        (Z, "        return mean + log_var * noise\n"),
    ),
    wrong(
        "noise of size 1",
        {"gradients", "spread"},
        (Z, "        return mean + noise\n"),
        may_lose={"shared_weights"},
    ),
    wrong(
        "exp(-log_var / 2) as the spread",
        {"spread"},
        (Z, Z.replace("log_var / 2", "-log_var / 2")),
    ),
    wrong(
        "noise subtracted from twice the mean",
        {"spread"},
        (Z, Z.replace("mean +", "2 * mean -")),
    ),
    wrong(
        "uniform noise",
        {"spread"},
        (
            NOISE,
            NOISE.replace(
                "normal(keras.ops.shape(mean),",
                "uniform(\n            keras.ops.shape(mean), -(3**0.5), 3**0.5,",
            ),
        ),
    ),
    wrong(
        "noise from 0 to 1",
        {"spread"},
        (NOISE, NOISE.replace("normal", "uniform")),
    ),
    wrong(
        "the same noise in every call",
        {"noise"},
        ("seed=self.seed_generator", "seed=1"),
    ),
    wrong(
        "noise drawn once, with NumPy",
        {"spread", "noise"},
        (
            REFERENCE[: REFERENCE.index("    def call")],
            FROZEN_OUTSIDE,
        ),
        (NOISE, '        noise = keras.ops.cast(self.noise, "float32")\n'),
        (SAMPLE, "    z = Sampling(latent_dims)(mean, log_var)\n"),
    ),
    wrong(
        "the same noise for all images of a batch",
        {"spread", "noise"},
        (NOISE, NOISE.replace("ops.shape(mean)", "ops.shape(mean[:1])")),
    ),
    wrong(
        "the same noise for all numbers of a code",
        {"noise"},
        (NOISE, NOISE.replace("ops.shape(mean)", "ops.shape(mean[:, :1])")),
    ),
    wrong(
        "noise in training only",
        {"spread", "noise"},
        (
            "def call(self, mean, log_var):",
            "def call(self, mean, log_var, training=None):",
        ),
        (Z, Z.replace("noise\n", "noise * float(bool(training))\n")),
    ),
    wrong(
        "ReLU on z",
        {"spread"},
        (
            Z,
            Z.replace(
                "mean + keras.ops.exp(log_var / 2) * noise",
                "keras.ops.relu(mean + keras.ops.exp(log_var / 2) * noise)",
            ),
        ),
    ),
    # mean and log_var
    wrong(
        "ReLU on the mean",
        {"no_activation", "gradients", "no_collapse"},
        (MEAN, MEAN.replace('name="mean"', '"relu"')),
    ),
    wrong(
        "ReLU on the log-variance",
        {"no_activation", "gradients"},
        (LOG_VAR, LOG_VAR.replace('name="log_var"', '"relu"')),
        may_lose={"shared_weights"},
    ),
    wrong(
        "tanh on the mean",
        {"no_activation"},
        (MEAN, MEAN.replace('name="mean"', '"tanh"')),
    ),
    wrong(
        "softplus on the log-variance",
        {"no_activation"},
        (LOG_VAR, LOG_VAR.replace('name="log_var"', '"softplus"')),
        may_lose={"shared_weights"},
    ),
    wrong(
        "mean and log-variance from one layer",
        {"encoder_layers", "optimizer_is_adam"},
        (LOG_VAR, "    log_var = mean\n"),
    ),
    wrong(
        "the log-variance made from the mean",
        {"encoder_layers"},
        (LOG_VAR, LOG_VAR.replace("(h)", "(mean)")),
    ),
    wrong(
        "no gradient to the log-variance through z",
        {"gradients"},
        (Z, Z.replace("log_var / 2", "keras.ops.stop_gradient(log_var) / 2")),
        may_lose={"loss_is_bce"},
    ),
    wrong(
        "no gradient to the mean through z",
        {"gradients", "loss_is_bce", "no_collapse"},
        (Z, Z.replace("return mean", "return keras.ops.stop_gradient(mean)")),
    ),
    wrong(
        "no gradient of the divergence",
        {"divergence", "loss_is_bce"},
        (ADD, "        kl = keras.ops.stop_gradient(kl)\n" + ADD),
    ),
    # what the models return
    wrong(
        "mean, log_var, z",
        {"order"},
        (ENCODER, ENCODER.replace("z, mean, log_var", "mean, log_var, z")),
        (AUTO, AUTO.replace("[0]", "[2]")),
    ),
    wrong(
        "z, log_var, mean",
        {"order"},
        (ENCODER, ENCODER.replace("mean, log_var", "log_var, mean")),
    ),
    wrong(
        "the encoder returns z alone",
        NEEDS_ENCODER,
        (ENCODER, ENCODER.replace("[z, mean, log_var]", "z")),
        (AUTO, AUTO.replace("[0]", "")),
    ),
    wrong(
        "auto decodes the mean",
        {"shared_weights", "loss_is_bce", "gradients"},
        (AUTO, AUTO.replace("[0]", "[1]")),
    ),
    wrong(
        "encoder and decoder made a second time",
        {"shared_weights", "no_collapse"},
        ("def autoencoder(", "def build("),
        (
            RETURN,
            RETURN
            + """

def autoencoder(*arguments):
    encoder, decoder, _ = build(*arguments)
    return encoder, decoder, build(*arguments)[2]
""",
        ),
    ),
    wrong(
        "decoder and encoder swapped",
        ALL - {"arguments_unchanged"},
        (RETURN, "    return decoder, encoder, auto\n"),
    ),
    wrong("nothing returned", ALL, (RETURN, "")),
    # the loss
    wrong("no divergence", {"divergence"}, (ADD, "")),
    wrong(
        "cross-entropy averaged over the pixels",
        {"loss_is_bce", "no_collapse"},
        (SUM, SUM.replace("ops.sum", "ops.mean")),
    ),
    wrong(
        "Keras's binary cross-entropy as it is",
        {"loss_is_bce", "no_collapse"},
        ("loss=summed", 'loss="binary_crossentropy"'),
    ),
    wrong(
        "the divergence averaged over the code",
        {"divergence"},
        (ADD, ADD.replace("ops.sum(kl, axis=-1)", "ops.mean(kl, axis=-1)")),
    ),
    wrong(
        "both averaged over the pixels",
        {"loss_is_bce", "divergence"},
        (SUM, SUM.replace("ops.sum", "ops.mean")),
        (ADD, ADD.replace("0.5 *", "0.5 / 100 *")),
    ),
    wrong(
        "the divergence summed over the batch",
        {"divergence", "no_collapse"},
        (
            ADD,
            ADD.replace(
                "keras.ops.mean(keras.ops.sum(kl, axis=-1))", "keras.ops.sum(kl)"
            ),
        ),
    ),
    wrong(
        "the divergence with the wrong sign",
        {"divergence"},
        (ADD, ADD.replace("0.5 *", "-0.5 *")),
    ),
    wrong(
        "twice the divergence",
        {"divergence"},
        (ADD, ADD.replace("0.5 *", "1.0 *")),
    ),
    wrong(
        "the divergence without the mean",
        {"divergence"},
        (KL, KL.replace(" + mean**2", "")),
    ),
    wrong(
        "the mean instead of its square in the divergence",
        {"divergence"},
        (KL, KL.replace("mean**2", "mean")),
    ),
    wrong(
        "the standard deviation in the divergence",
        {"divergence"},
        (KL, KL.replace("ops.exp(log_var)", "ops.exp(log_var / 2)")),
    ),
    wrong(
        "the squared error, summed",
        {"loss_is_bce"},
        (SUM, "    return keras.ops.sum((x - x_hat) ** 2, axis=-1)\n"),
    ),
    wrong(
        "cross-entropy summed over the batch too",
        {"loss_is_bce"},
        (SUM, SUM.replace(", axis=-1", "")),
    ),
    wrong(
        "SGD",
        {"no_collapse", "optimizer_is_adam"},
        ('optimizer="adam"', 'optimizer="sgd"'),
    ),
    wrong("not compiled", TRAINING, (COMPILE, "")),
    # the layers
    wrong(
        "tanh in the encoder",
        {"encoder_layers"},
        (HIDDEN, HIDDEN.replace("relu", "tanh")),
    ),
    wrong(
        "an extra layer in the encoder",
        {"encoder_layers"},
        (MEAN, '    h = layers.Dense(48, "relu")(h)\n' + MEAN),
        may_lose={"divergence"},
    ),
    wrong(
        "hidden layers not reversed",
        {"decoder_layers"},
        ("reversed(hidden_layers)", "hidden_layers"),
    ),
    wrong(
        "no activation in the decoder",
        {"decoder_layers"},
        (HIDDEN_UP, HIDDEN_UP.replace(', activation="relu"', "")),
    ),
    wrong(
        "linear output",
        {"output_is_sigmoid"},
        ('layers.Dense(input_dims, activation="sigmoid")', "layers.Dense(input_dims)"),
    ),
    wrong(
        "the list reversed in place",
        {"arguments_unchanged"},
        (
            "    for units in reversed(hidden_layers):",
            "    hidden_layers.reverse()\n    for units in hidden_layers:",
        ),
    ),
    # Keras 2
    wrong(
        "add_loss on a symbolic tensor, as in Keras 2",
        ALL,
        (KL, ""),
        (ADD, ""),
        (
            COMPILE,
            "    kl = keras.ops.exp(log_var) + mean**2 - 1 - log_var\n"
            "    auto.add_loss(0.5 * keras.ops.mean(keras.ops.sum(kl, axis=-1)))\n"
            + COMPILE,
        ),
    ),
    wrong(
        "a loss that uses symbolic tensors, as in Keras 2",
        TRAINING,
        (KL, ""),
        (ADD, ""),
        (
            COMPILE,
            """
    def loss(x, x_hat):
        kl = keras.ops.exp(log_var) + mean**2 - 1 - log_var
        return summed(x, x_hat) + 0.5 * keras.ops.sum(kl, axis=-1)

    auto.compile(optimizer="adam", loss=loss)
""",
        ),
    ),
    wrong(
        "functions of keras.backend, as in Keras 2",
        ALL,
        (
            NOISE,
            "        noise = keras.backend.random_normal(keras.ops.shape(mean))\n",
        ),
    ),
    wrong(
        "TensorFlow on symbolic tensors, as in Keras 2",
        ALL,
        (
            SAMPLE,
            "    import tensorflow as tf\n\n"
            "    z = mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))\n",
        ),
    ),
    half_right("b", "acd"),
]
