"""Known submissions of the VAE by hand, with the points that each loses."""

from functools import partial

from samples.submissions import lesson_11, submission
from samples.submissions.submission import changed, half_right

REFERENCE = """
class Sampling(layers.Layer):
    def call(self, mu, log_var):
        epsilon = keras.random.normal(ops.shape(mu))
        return mu + ops.exp(log_var / 2) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, beta):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.beta = beta
        self.mean_loss = keras.metrics.Mean(name="loss")

    def call(self, x):
        z, mu, log_var = self.encoder(x)
        return self.decoder(z)

    def train_step(self, data):
        x, _ = data
        with tf.GradientTape() as tape:
            z, mu, log_var = self.encoder(x, training=True)
            x_hat = self.decoder(z, training=True)
            bce = ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))
            reconstruction = ops.mean(bce)
            terms = ops.exp(log_var) + mu**2 - 1 - log_var
            kl = 0.5 * ops.mean(ops.sum(terms, axis=1))
            loss = reconstruction + self.beta * kl
        weights = self.trainable_weights
        gradients = tape.gradient(loss, weights)
        self.optimizer.apply(gradients, weights)
        mean = self.mean_loss(loss)
        return {"loss": mean, "reconstruction": reconstruction, "kl": kl}


def vae(input_shape, latent_dims, beta):
    trunk = strided_trunk(input_shape)
    x = keras.Input(input_shape)
    h = trunk(x)
    mu = layers.Dense(latent_dims)(h)
    log_var = layers.Dense(latent_dims)(h)
    z = Sampling()(mu, log_var)
    encoder = keras.Model(x, [z, mu, log_var])
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = VAE(encoder, decoder, beta)
    auto.compile(optimizer="adam")
    return encoder, decoder, auto
"""

NOISE = "        epsilon = keras.random.normal(ops.shape(mu))\n"
Z = "        return mu + ops.exp(log_var / 2) * epsilon\n"
X_HAT = "            x_hat = self.decoder(z, training=True)\n"
BCE = "            bce = ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))\n"
MEAN = "            reconstruction = ops.mean(bce)\n"
TERMS = "            terms = ops.exp(log_var) + mu**2 - 1 - log_var\n"
KL = "            kl = 0.5 * ops.mean(ops.sum(terms, axis=1))\n"
LOSS = "            loss = reconstruction + self.beta * kl\n"
GRADIENTS = "        gradients = tape.gradient(loss, weights)\n"
APPLY = "        self.optimizer.apply(gradients, weights)\n"
MU = "    mu = layers.Dense(latent_dims)(h)\n"
LOG_VAR = "    log_var = layers.Dense(latent_dims)(h)\n"
SAMPLE = "    z = Sampling()(mu, log_var)\n"
ENCODER = "    encoder = keras.Model(x, [z, mu, log_var])\n"
RETURN = "    return encoder, decoder, auto\n"

# --- right, written in different ways -------------------------------------------------

COMPUTE_LOSS = """
class Sampling(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, inputs):
        mu, log_var = inputs
        epsilon = keras.random.normal(ops.shape(mu), seed=self.seeds)
        return mu + ops.sqrt(ops.exp(log_var)) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, beta):
        super().__init__()
        self.decoder, self.encoder = decoder, encoder
        self.beta = beta
        self.terms = [keras.metrics.Mean(n) for n in ("reconstruction", "kl")]

    def call(self, x):
        z, self.mu, self.log_var = self.encoder(x)
        return self.decoder(z)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        pixels = ops.shape(y)[1] * ops.shape(y)[2] * ops.shape(y)[3]
        bce = keras.losses.BinaryCrossentropy()(y, y_pred)
        bce = bce * ops.cast(pixels, "float32")
        kl = -0.5 * (1 + self.log_var - ops.square(self.mu) - ops.exp(self.log_var))
        kl = ops.mean(ops.sum(kl, axis=-1))
        self.terms[0].update_state(bce)
        self.terms[1].update_state(kl)
        return bce + self.beta * kl


def vae(input_shape, latent_dims, beta):
    x = keras.Input(input_shape, name="pixels")
    h = strided_trunk(input_shape)(x)
    log_var = layers.Dense(latent_dims, name="spread")(h)
    mu = layers.Dense(latent_dims, name="middle")(h)
    encoder = keras.Model(x, (Sampling()((mu, log_var)), mu, log_var))
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = VAE(encoder, decoder, beta)
    auto.compile(optimizer=keras.optimizers.Adam(2e-3))
    return encoder, decoder, auto
"""

ADD_LOSS = """
class Code(layers.Layer):
    def __init__(self, beta):
        super().__init__()
        self.beta = beta

    def call(self, mu, log_var):
        kl = ops.sum(ops.exp(log_var) + mu**2 - 1 - log_var, axis=-1)
        self.add_loss(self.beta * 0.5 * ops.mean(kl))
        return mu + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mu))


def summed(x, x_hat):
    return ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))


def vae(input_shape, latent_dims, beta):
    x = keras.Input(input_shape)
    h = strided_trunk(input_shape)(x)
    mu, log_var = (layers.Dense(latent_dims)(h) for _ in range(2))
    encoder = keras.Model(x, [Code(beta)(mu, log_var), mu, log_var])
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = keras.Model(x, decoder(encoder(x)[0]))
    auto.compile("adam", loss=summed)
    return [encoder, decoder, auto]
"""

SUBCLASSED = """
class Encoder(keras.Model):
    def __init__(self, input_shape, latent_dims):
        super().__init__()
        self.both = layers.Dense(2 * latent_dims)  # the first half is log_var
        self.trunk = strided_trunk(input_shape)

    def call(self, x):
        log_var, mu = tf.split(self.both(self.trunk(x)), 2, axis=1)
        z = mu + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mu))
        return z, mu, log_var


class Auto(keras.Model):
    def __init__(self, encoder, decoder, beta):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, float(beta)

    def call(self, x):
        return self.decoder(self.encoder(x)[0])

    def terms(self, x):
        z, mu, log_var = self.encoder(x)
        p = tf.clip_by_value(self.decoder(z), 1e-7, 1 - 1e-7)
        bce = x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p)
        kl = tf.reduce_sum(1 + log_var - tf.square(mu) - tf.exp(log_var), axis=1)
        return -tf.reduce_mean(tf.reduce_sum(bce, [1, 2, 3])), -tf.reduce_mean(kl) / 2

    def train_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            reconstruction, kl = self.terms(x)
            total = reconstruction + self.beta * kl
        gradients = tape.gradient(total, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": total, "reconstruction": reconstruction, "kl": kl}


def vae(input_shape, latent_dims, beta):
    encoder = Encoder(input_shape, latent_dims)
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = Auto(encoder, decoder, beta)
    auto.compile(keras.optimizers.Adam(1e-3))
    return encoder, decoder, auto
"""

OLD_IMPORTS = changed(
    REFERENCE,
    (
        "\nclass Sampling(layers.Layer):",
        "\nfrom tensorflow.keras.layers import Dense\n"
        "from tensorflow.keras.models import Model\n\n\nclass Sampling(layers.Layer):",
    ),
    ("class VAE(keras.Model):", "class VAE(Model):"),
    (MU, MU.replace("layers.", "")),
    (LOG_VAR, LOG_VAR.replace("layers.", "")),
    (ENCODER, ENCODER.replace("keras.", "")),
    (
        SAMPLE,
        """
    def draw(pair):
        epsilon = keras.random.normal(ops.shape(pair[0]))
        return pair[0] + ops.exp(0.5 * pair[1]) * epsilon

    z = layers.Lambda(draw)([mu, log_var])
""",
    ),
)

# --- wrong, one defect each -----------------------------------------------------------

ALL = {
    "shapes",
    "order",
    "network",
    "no_activation",
    "spread",
    "noise",
    "shared_weights",
    "reconstruction",
    "divergence",
    "beta_weighs",
    "gradients",
    "fresh_noise",
    "adam_moves_all",
    "trains",
}
TRAINING = {
    "reconstruction",
    "divergence",
    "beta_weighs",
    "gradients",
    "fresh_noise",
    "adam_moves_all",
    "trains",
}


right = partial(submission.right, cell="vae")
wrong = partial(submission.variant, REFERENCE, cell="vae")


SUBMISSIONS = [
    right("a training step with a tape", REFERENCE),
    right("compute_loss, the cross-entropy times the pixels", COMPUTE_LOSS),
    right("add_loss in a layer, functional, a list returned", ADD_LOSS),
    right("subclassed, one layer split in two, TensorFlow", SUBCLASSED),
    right("tensorflow.keras, a Lambda layer that samples", OLD_IMPORTS),
    right("the VAE of lesson 11", lesson_11.by_hand("VAE")),
    right("the VAE of lesson 11 with its train step", lesson_11.by_hand("TapeVAE")),
    # the code
    wrong(
        "z is mu",
        {"spread", "noise", "gradients", "fresh_noise"},
        (Z, "        return mu\n"),
    ),
    wrong(
        "exp(log_var) as the spread",
        {"spread"},
        (Z, Z.replace("log_var / 2", "log_var")),
        graded=True,
    ),
    wrong(
        "noise of size 1",
        {"spread", "gradients"},
        (Z, "        return mu + epsilon\n"),
        may_lose={"shared_weights"},
    ),
    wrong(
        "uniform noise",
        {"spread"},
        (NOISE, NOISE.replace("normal", "uniform")),
    ),
    wrong(
        "the same noise in every call",
        {"noise", "fresh_noise"},
        (NOISE, NOISE.replace("ops.shape(mu)", "ops.shape(mu), seed=1")),
    ),
    wrong(
        "noise drawn once, when the model is made",
        {"spread", "noise", "fresh_noise"},
        (
            "    def call(self, mu, log_var):\n",
            "    def __init__(self, k):\n"
            "        super().__init__()\n"
            "        self.epsilon = keras.random.normal((1, k))\n\n"
            "    def call(self, mu, log_var):\n",
        ),
        (NOISE, "        epsilon = self.epsilon\n"),
        (SAMPLE, SAMPLE.replace("Sampling()", "Sampling(latent_dims)")),
    ),
    wrong(
        "noise by NumPy, which a graph draws once",
        {"fresh_noise", "noise", "shared_weights", "spread"},
        (
            NOISE,
            "        import numpy as np\n\n"
            "        shape = [n or 1 for n in mu.shape]\n"
            '        epsilon = np.random.normal(size=shape).astype("float32")\n',
        ),
    ),
    wrong(
        "the same noise for all images of a batch",
        {"spread", "noise"},
        (NOISE, NOISE.replace("ops.shape(mu)", "ops.shape(mu[:1])")),
    ),
    wrong(
        "the same noise for all numbers of a code",
        {"noise"},
        (NOISE, NOISE.replace("ops.shape(mu)", "ops.shape(mu[:, :1])")),
    ),
    wrong(
        "no gradient to log_var through z",
        {"gradients"},
        (Z, Z.replace("log_var / 2", "ops.stop_gradient(log_var) / 2")),
        may_lose={"reconstruction", "trains"},
    ),
    # mu and log_var
    wrong(
        "ReLU on mu",
        {"no_activation", "gradients", "trains"},
        (MU, MU.replace("latent_dims", 'latent_dims, "relu"')),
    ),
    wrong(
        "ReLU on log_var",
        {"no_activation", "gradients"},
        (LOG_VAR, LOG_VAR.replace("latent_dims", 'latent_dims, "relu"')),
        may_lose={"trains"},
    ),
    wrong(
        "softplus on log_var",
        {"no_activation"},
        (LOG_VAR, LOG_VAR.replace("latent_dims", 'latent_dims, "softplus"')),
    ),
    wrong("one layer for both", {"network"}, (LOG_VAR, "    log_var = mu\n")),
    wrong(
        "log_var made from mu", {"network"}, (LOG_VAR, LOG_VAR.replace("(h)", "(mu)"))
    ),
    wrong(
        "a hidden layer before mu",
        {"network"},
        (MU, '    h = layers.Dense(50, "relu")(h)\n' + MU),
        may_lose={"divergence"},
    ),
    # what the models return
    wrong(
        "mu, log_var, z",
        {"order"},
        (ENCODER, ENCODER.replace("z, mu, log_var", "mu, log_var, z")),
        (
            "        z, mu, log_var = self.encoder(x)\n",
            "        mu, log_var, z = self.encoder(x)\n",
        ),
        (
            "            z, mu, log_var = self.encoder(x, training=True)\n",
            "            mu, log_var, z = self.encoder(x, training=True)\n",
        ),
    ),
    wrong(
        "z, log_var, mu",
        {"order"},
        (ENCODER, ENCODER.replace("mu, log_var", "log_var, mu")),
        (
            "            z, mu, log_var = self.encoder(x, training=True)\n",
            "            z, log_var, mu = self.encoder(x, training=True)\n",
        ),
    ),
    wrong(
        "auto decodes mu",
        {"shared_weights"},
        ("        return self.decoder(z)\n", "        return self.decoder(mu)\n"),
    ),
    wrong(
        "auto has copies of its own",
        {"shared_weights", "trains"},
        (
            RETURN,
            "    copies = [keras.models.clone_model(m) for m in (encoder, decoder)]\n"
            "    return *copies, auto\n",
        ),
        may_lose={"reconstruction"},
    ),
    wrong("nothing returned", ALL, (RETURN, "")),
    wrong("two models returned", ALL, (RETURN, "    return encoder, auto\n")),
    wrong(
        "ten numbers of the code, whatever is asked for",
        ALL - {"adam_moves_all"},
        ("    trunk =", "    latent_dims = 10\n    trunk ="),
    ),
    wrong(
        "one channel, whatever is asked for",
        {"shapes", "reconstruction"},
        ("    trunk =", "    input_shape = (*input_shape[:2], 1)\n    trunk ="),
    ),
    # the loss
    wrong(
        "cross-entropy averaged over the pixels",
        {"reconstruction", "trains"},
        (BCE, BCE.replace("ops.sum", "ops.mean")),
    ),
    wrong(
        "cross-entropy averaged over the channels",
        {"reconstruction"},
        (
            BCE,
            BCE.replace(
                "ops.sum(ops.binary_crossentropy(x, x_hat), axis=(1, 2, 3))",
                "ops.sum(keras.losses.binary_crossentropy(x, x_hat), axis=(1, 2))",
            ),
        ),
    ),
    wrong(
        "cross-entropy summed over the batch",
        {"reconstruction"},
        (MEAN, MEAN.replace("mean", "sum")),
    ),
    wrong(
        "the squared error, summed",
        {"reconstruction"},
        (BCE, "            bce = ops.sum((x - x_hat) ** 2, axis=(1, 2, 3))\n"),
    ),
    wrong(
        "the loss of decoder(mu)",
        {"reconstruction", "gradients", "fresh_noise"},
        (X_HAT, X_HAT.replace("(z,", "(mu,")),
    ),
    wrong(
        "no divergence",
        {"divergence", "beta_weighs"},
        (LOSS, "            loss = reconstruction\n"),
    ),
    wrong(
        "the divergence averaged over the code",
        {"divergence"},
        (KL, KL.replace("ops.sum(terms, axis=1)", "terms")),
    ),
    wrong(
        "the divergence summed over the batch",
        {"divergence", "trains"},
        (KL, KL.replace("ops.mean(ops.sum(terms, axis=1))", "ops.sum(terms)")),
    ),
    wrong(
        "the divergence with the wrong sign",
        {"divergence", "trains"},
        (KL, KL.replace("0.5", "-0.5")),
    ),
    wrong(
        "log_var taken for the logarithm of the standard deviation",
        {"divergence"},
        (
            TERMS,
            TERMS.replace("exp(log_var)", "exp(2 * log_var)").replace(
                "- log_var", "- 2 * log_var"
            ),
        ),
    ),
    wrong(
        "the divergence without mu",
        {"divergence"},
        (TERMS, TERMS.replace(" + mu**2", "")),
    ),
    wrong("twice the divergence", {"divergence"}, (KL, KL.replace("0.5 * ", ""))),
    # Where beta counts as 1, the code collapses.
    wrong(
        "beta ignored",
        {"beta_weighs", "trains"},
        (LOSS, LOSS.replace("self.beta * ", "")),
    ),
    wrong("beta squared", {"beta_weighs"}, (LOSS, LOSS.replace("beta", "beta**2"))),
    wrong(
        "beta on the reconstruction",
        {"reconstruction", "beta_weighs", "trains"},
        (LOSS, "            loss = self.beta * reconstruction + kl\n"),
    ),
    wrong(
        "beta on both",
        {"beta_weighs", "reconstruction", "trains"},
        (LOSS, "            loss = self.beta * (reconstruction + kl)\n"),
    ),
    # the training step
    wrong(
        "the divergence outside the tape",
        {"beta_weighs", "divergence"},
        (TERMS + KL + LOSS, "            loss = reconstruction\n"),
        (
            GRADIENTS,
            GRADIENTS + (TERMS + KL + LOSS).replace("            ", "        "),
        ),
        may_lose={"shared_weights", "reconstruction"},
    ),
    wrong(
        "all outside the tape",
        TRAINING,
        (X_HAT, X_HAT.replace("            ", "        ")),
        (BCE, BCE.replace("            ", "        ")),
        (MEAN, MEAN.replace("            ", "        ")),
        (TERMS, TERMS.replace("            ", "        ")),
        (KL, KL.replace("            ", "        ")),
        (LOSS, LOSS.replace("            ", "        ")),
    ),
    wrong(
        "it reports beta times the divergence and minimises it without beta",
        {"beta_weighs", "trains"},
        (GRADIENTS, GRADIENTS.replace("loss,", "minimised,")),
        (LOSS, LOSS + "            minimised = reconstruction + kl\n"),
        may_lose={"reconstruction"},
    ),
    wrong(
        "it minimises the reconstruction alone",
        {"beta_weighs", "divergence"},
        (GRADIENTS, GRADIENTS.replace("loss,", "reconstruction,")),
        may_lose={"reconstruction"},  # its steps may lower the reported loss as well
    ),
    wrong(
        "the reconstruction reported as loss",
        {"beta_weighs", "divergence", "reconstruction"},
        ("self.mean_loss(loss)", "self.mean_loss(reconstruction)"),
    ),
    wrong(
        "the decoder's weights only",
        {"beta_weighs", "divergence", "gradients", "adam_moves_all", "trains"},
        (
            "weights = self.trainable_weights",
            "weights = self.decoder.trainable_weights",
        ),
    ),
    wrong(
        "the gradients are not applied",
        {
            *("adam_moves_all", "beta_weighs", "divergence", "gradients"),
            *("reconstruction", "trains"),
        },
        (APPLY, ""),
    ),
    wrong(
        "a beta with weights of its own in auto",
        {"shared_weights", "adam_moves_all"},
        ("self.beta = beta", "self.beta = keras.Variable(beta, trainable=False)"),
    ),
    wrong(
        "SGD",
        {"adam_moves_all"},
        ('optimizer="adam"', "optimizer=keras.optimizers.SGD(1e-3)"),
        may_lose={"trains"},
    ),
    wrong("not compiled", TRAINING, ('    auto.compile(optimizer="adam")\n', "")),
    # Keras 2
    wrong(
        "functions of keras.backend, as in Keras 2",
        ALL,
        (NOISE, "        epsilon = keras.backend.random_normal(ops.shape(mu))\n"),
    ),
    wrong(
        "TensorFlow on symbolic tensors, as in Keras 2",
        ALL,
        (SAMPLE, "    z = mu + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mu))\n"),
    ),
    half_right("a", "acd"),
]
