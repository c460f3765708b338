"""Wrong answers to `variational`: the code, its noise, the divergence, the loss."""

from samples.wrong_answers.answer import Cause, Slip, slips
from samples.wrong_answers.dense import (
    COMPILED,
    HIDDEN,
    NUMBER,
    OPTIMIZER,
    ORDER,
    OUTPUT,
)

LAYER = """
class Sample(layers.Layer):
    def call(self, inputs):
        mu, log_var = inputs
        eps = keras.random.normal(shape=keras.ops.shape(mu))
        return mu + keras.ops.exp(0.5 * log_var) * eps


class Divergence(layers.Layer):
    def call(self, inputs):
        mu, log_var = inputs
        terms = 1 + log_var - keras.ops.square(mu) - keras.ops.exp(log_var)
        kl = -0.5 * keras.ops.sum(terms, axis=1)
        self.add_loss(keras.ops.mean(kl))
        return mu, log_var


def autoencoder(input_dims, hidden_layers, latent_dims):
    def bce(x, x_hat):
        return input_dims * keras.losses.binary_crossentropy(x, x_hat)

    inputs = keras.Input((input_dims,))
    h = inputs
    for n in hidden_layers:
        h = layers.Dense(n, "relu")(h)
    mu = layers.Dense(latent_dims)(h)
    log_var = layers.Dense(latent_dims)(h)
    mu, log_var = Divergence()([mu, log_var])
    z = Sample()([mu, log_var])
    encoder = keras.Model(inputs, [z, mu, log_var])

    decoder = keras.Sequential([keras.Input((latent_dims,))])
    for n in hidden_layers[::-1]:
        decoder.add(layers.Dense(n, "relu"))
    decoder.add(layers.Dense(input_dims, "sigmoid"))

    codes = encoder(inputs)
    auto = keras.Model(inputs, decoder(codes[0]))
    auto.compile(optimizer="adam", loss=bce)
    return encoder, decoder, auto
"""

STEP = """
class VAE(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        z, mean, log_var = self.encoder(x)
        self.add_loss(kl_loss(mean, log_var))
        return self.decoder(z)


def kl_loss(mean, log_var):
    terms = keras.ops.exp(log_var) + mean**2 - 1.0 - log_var
    return 0.5 * keras.ops.mean(keras.ops.sum(terms, axis=-1))


def reconstruction(x, x_hat):
    return keras.ops.sum(keras.ops.binary_crossentropy(x, x_hat), axis=-1)


class Sampler(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rng = keras.random.SeedGenerator(1337)

    def call(self, mean, log_var):
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.rng)
        return noise * keras.ops.exp(log_var / 2) + mean


def autoencoder(input_dims, hidden_layers, latent_dims):
    x = keras.layers.Input(shape=(input_dims,))
    h = x
    for size in hidden_layers:
        h = keras.layers.Dense(size, activation="relu")(h)
    mean = keras.layers.Dense(latent_dims, name="mean")(h)
    log_var = keras.layers.Dense(latent_dims, name="log_var")(h)
    encoder = keras.Model(x, [Sampler()(mean, log_var), mean, log_var])

    code = keras.layers.Input(shape=(latent_dims,))
    h = code
    for size in reversed(hidden_layers):
        h = keras.layers.Dense(size, activation="relu")(h)
    decoder = keras.Model(code, keras.layers.Dense(input_dims, activation="sigmoid")(h))

    auto = VAE(encoder, decoder)
    auto.compile(optimizer=keras.optimizers.Adam(1e-3), loss=reconstruction)
    return encoder, decoder, auto
"""

STYLES = {"layers": LAYER, "an own model": STEP}

OWN = "layers of its own"
OF_LIST = Cause(
    "the decoder gets all three outputs", ("first|z", "list|three"), (NUMBER, OWN)
)
LOG_VAR = Cause("auto decodes log_var", ("log_var", "decod"), (NUMBER, OWN))
MEAN = Cause("auto decodes the mean", ("mean", "decod"), (NUMBER, OWN))
RETURNS = Cause(
    "the encoder returns something else", ("three|z, mean", "log_var"), (NUMBER,)
)
RETURN_ORDER = Cause("the outputs in another order", ("z, mean, log_var",), (NUMBER,))
ACTIVATION = Cause("an activation on mean or log_var", ("activation",), (NUMBER,))
SPREAD = Cause("another spread", ("spread|deviation",), (NUMBER,))
NO_NOISE = Cause("z has no noise", ("z equals|noise",), (NUMBER,))
SAME_NOISE = Cause("the same noise", ("same",), (NUMBER,))
NO_KL = Cause("no divergence", ("divergence", "nothing"), (NUMBER,))
KL_SIGN = Cause("the divergence with the wrong sign", ("sign",), (NUMBER,))
KL_MEAN = Cause("the divergence as a mean", ("mean over the code",), (NUMBER,))
KL_BATCH = Cause("the divergence as a sum over the batch", ("batch",), (NUMBER,))
KL_HALF = Cause("the divergence without the half", ("twice",), (NUMBER,))
BCE_MEAN = Cause("cross-entropy as a mean", ("averaged|mean over pixels",), (NUMBER,))
SQUARED = Cause("the squared error", ("squared error",), (NUMBER, "is a mean over"))
SWAPPED = Cause("arguments swapped", ("swap|order",), (NUMBER, "is a mean over"))
TWICE = Cause("cross-entropy twice", ("twice",), (NUMBER, "is a mean over"))
EXTRA = Cause(
    "something more in the loss", ("squared error",), (NUMBER, "is a mean over")
)
SHARED = Cause("mean and log_var are one layer", ("share|one layer|both",), (NUMBER,))
KERAS_2 = Cause(
    "Keras 2", ("keras.ops|Keras 3|layer of your own|call of a layer",), (NUMBER,)
)

NOISE = "keras.random.normal(shape=keras.ops.shape(mu))"

SLIPS: list[Slip] = [
    (
        "the decoder gets the encoder's list",
        OF_LIST,
        {
            "layers": (("decoder(codes[0])", "decoder(codes)"),),
            "an own model": (
                (
                    "        z, mean, log_var = self.encoder(x)\n"
                    "        self.add_loss(kl_loss(mean, log_var))\n"
                    "        return self.decoder(z)",
                    "        return self.decoder(self.encoder(x))",
                ),
            ),
        },
    ),
    (
        "auto decodes log_var",
        LOG_VAR,
        {
            "layers": (("codes[0]", "codes[2]"),),
            "an own model": (("self.decoder(z)", "self.decoder(log_var)"),),
        },
    ),
    (
        "auto decodes the mean",
        MEAN,
        {
            "layers": (("codes[0]", "codes[1]"),),
            "an own model": (("self.decoder(z)", "self.decoder(mean)"),),
        },
    ),
    (
        "the encoder returns z alone",
        RETURNS,
        {
            "layers": (
                ("[z, mu, log_var])", "z)"),
                ("decoder(codes[0])", "decoder(codes)"),
            )
        },
    ),
    (
        "the encoder returns mean and log_var",
        RETURNS,
        {
            "layers": (
                ("[z, mu, log_var])", "[mu, log_var])"),
                ("decoder(codes[0])", "decoder(Sample()(codes))"),
            )
        },
    ),
    (
        "mean first",
        RETURN_ORDER,
        {
            "layers": (
                ("[z, mu, log_var])", "[mu, log_var, z])"),
                ("codes[0]", "codes[2]"),
            ),
            "an own model": (
                (
                    "[Sampler()(mean, log_var), mean, log_var]",
                    "[mean, log_var, Sampler()(mean, log_var)]",
                ),
                ("z, mean, log_var = self", "mean, log_var, z = self"),
            ),
        },
    ),
    (
        "log_var before the mean",
        RETURN_ORDER,
        {"layers": (("[z, mu, log_var])", "[z, log_var, mu])"),)},
    ),
    (
        "ReLU on the mean",
        ACTIVATION,
        {
            "layers": (
                (
                    "    mu = layers.Dense(latent_dims)",
                    '    mu = layers.Dense(latent_dims, "relu")',
                ),
            ),
            "an own model": (
                (
                    'latent_dims, name="mean"',
                    'latent_dims, name="mean", activation="relu"',
                ),
            ),
        },
    ),
    (
        "softplus on log_var",
        ACTIVATION,
        {
            "an own model": (
                ('name="log_var")', 'name="log_var", activation="softplus")'),
            ),
            "layers": (
                (
                    "log_var = layers.Dense(latent_dims)",
                    'log_var = layers.Dense(latent_dims, "tanh")',
                ),
            ),
        },
    ),
    (
        "exp(log_var)",
        SPREAD,
        {
            "layers": (("0.5 * log_var) * eps", "log_var) * eps"),),
            "an own model": (("log_var / 2) + mean", "log_var) + mean"),),
        },
    ),
    (
        "log_var as the spread",
        SPREAD,
        {"layers": (("keras.ops.exp(0.5 * log_var) * eps", "log_var * eps"),)},
    ),
    (
        "z is the mean",
        NO_NOISE,
        {
            "layers": ((" + keras.ops.exp(0.5 * log_var) * eps", ""),),
            "an own model": (("noise * keras.ops.exp(log_var / 2) + mean", "mean"),),
        },
    ),
    (
        "noise of the uniform distribution",
        Cause("noise of another form", ("noise|deviation",), (NUMBER,)),
        {"layers": (("keras.random.normal(", "keras.random.uniform("),)},
    ),
    (
        "small noise",
        SPREAD,
        {"layers": (("keras.ops.shape(mu))", "keras.ops.shape(mu), stddev=0.1)"),)},
    ),
    (
        "one noise for all images",
        SAME_NOISE,
        {"layers": ((NOISE, "keras.random.normal(shape=(keras.ops.shape(mu)[1],))"),)},
    ),
    (
        "one number of noise for an image",
        SAME_NOISE,
        {
            "layers": (
                (NOISE, "keras.random.normal(shape=(keras.ops.shape(mu)[0], 1))"),
            )
        },
    ),
    (
        "a fixed seed",
        SAME_NOISE,
        {
            "layers": (("keras.ops.shape(mu))", "keras.ops.shape(mu), seed=3)"),),
            "an own model": (("seed=self.rng", "seed=7"),),
        },
    ),
    (
        "no divergence",
        NO_KL,
        {
            "layers": (("        self.add_loss(keras.ops.mean(kl))\n", ""),),
            "an own model": (("        self.add_loss(kl_loss(mean, log_var))\n", ""),),
        },
    ),
    (
        "the wrong sign",
        KL_SIGN,
        {
            "layers": (("kl = -0.5", "kl = 0.5"),),
            "an own model": (("return 0.5 *", "return -0.5 *"),),
        },
    ),
    (
        "a mean over the code",
        KL_MEAN,
        {
            "layers": (("keras.ops.sum(terms", "keras.ops.mean(terms"),),
            "an own model": (
                ("keras.ops.sum(terms, axis=-1)", "keras.ops.mean(terms, axis=-1)"),
            ),
        },
    ),
    (
        "a sum over the batch",
        KL_BATCH,
        {
            "layers": (("keras.ops.mean(kl)", "keras.ops.sum(kl)"),),
            "an own model": (
                (
                    "keras.ops.mean(keras.ops.sum(terms, axis=-1))",
                    "keras.ops.sum(terms)",
                ),
            ),
        },
    ),
    (
        "without the half",
        KL_HALF,
        {
            "layers": (("kl = -0.5 * ", "kl = -"),),
            "an own model": (("return 0.5 * ", "return "),),
        },
    ),
    (
        "cross-entropy as a mean",
        BCE_MEAN,
        {
            "layers": (("input_dims * keras.losses", "keras.losses"),),
            "an own model": (
                (
                    "keras.ops.sum(keras.ops.binary_crossentropy(x, x_hat), axis=-1)",
                    "keras.ops.mean(keras.ops.binary_crossentropy(x, x_hat), axis=-1)",
                ),
            ),
        },
    ),
    (
        "Keras's cross-entropy by name",
        BCE_MEAN,
        {"layers": (("loss=bce", 'loss="binary_crossentropy"'),)},
    ),
    (
        "the squared error, summed",
        SQUARED,
        {
            "an own model": (
                ("keras.ops.binary_crossentropy(x, x_hat)", "(x - x_hat) ** 2"),
            )
        },
    ),
    ("the squared error", SQUARED, {"layers": (("loss=bce", 'loss="mse"'),)}),
    (
        "cross-entropy with swapped arguments",
        SWAPPED,
        {
            "an own model": (
                ("binary_crossentropy(x, x_hat)", "binary_crossentropy(x_hat, x)"),
            ),
            "layers": (
                ("binary_crossentropy(x, x_hat)", "binary_crossentropy(x_hat, x)"),
            ),
        },
    ),
    (
        "cross-entropy twice",
        TWICE,
        {
            "layers": (("return input_dims", "return 2 * input_dims"),),
            "an own model": (
                (
                    "return keras.ops.sum(keras.ops.bin",
                    "return 2 * keras.ops.sum(keras.ops.bin",
                ),
            ),
        },
    ),
    (
        "a squared error too",
        EXTRA,
        {
            "an own model": (
                (
                    "axis=-1)\n\n\nclass Sampler",
                    "axis=-1) + keras.ops.sum((x - x_hat) ** 2, axis=-1)\n\n\n"
                    "class Sampler",
                ),
            )
        },
    ),
    (
        "one layer for both",
        SHARED,
        {
            "layers": (
                ("    log_var = layers.Dense(latent_dims)(h)\n", "    log_var = mu\n"),
            )
        },
    ),
    (
        "linear hidden layers",
        HIDDEN,
        {
            "layers": (('h = layers.Dense(n, "relu")(h)', "h = layers.Dense(n)(h)"),),
            "an own model": (
                (
                    'h = keras.layers.Dense(size, activation="relu")(h)\n    mean',
                    "h = keras.layers.Dense(size)(h)\n    mean",
                ),
            ),
        },
    ),
    (
        "a decoder that is not reversed",
        ORDER,
        {
            "layers": (("hidden_layers[::-1]", "hidden_layers"),),
            "an own model": (("reversed(hidden_layers)", "hidden_layers"),),
        },
    ),
    (
        "a linear output",
        OUTPUT,
        {
            "layers": (('input_dims, "sigmoid"', "input_dims"),),
            "an own model": ((', activation="sigmoid"', ""),),
        },
    ),
    ("SGD", OPTIMIZER, {"layers": (('optimizer="adam"', 'optimizer="sgd"'),)}),
    (
        "not compiled",
        COMPILED,
        {"layers": (('    auto.compile(optimizer="adam", loss=bce)\n', ""),)},
    ),
    (
        "add_loss of the model",
        KERAS_2,
        {
            "layers": (
                ("        self.add_loss(keras.ops.mean(kl))\n", ""),
                (
                    "    auto.compile",
                    "    auto.add_loss(keras.ops.mean(keras.ops.square(mu)))\n"
                    "    auto.compile",
                ),
            )
        },
    ),
    (
        "K of keras.backend",
        KERAS_2,
        {
            "an own model": (
                ("keras.ops.exp(log_var / 2)", "keras.backend.exp(log_var / 2)"),
            )
        },
    ),
    (
        "TensorFlow on symbolic tensors",
        KERAS_2,
        {
            "layers": (
                (
                    "    z = Sample()([mu, log_var])",
                    "    import tensorflow as tf\n"
                    "    z = mu + tf.exp(0.5 * log_var) * "
                    "tf.random.normal(tf.shape(mu))",
                ),
            )
        },
    ),
    (
        "a Lambda with output_shape=int",
        Cause(
            "output_shape is a tuple",
            ("output_shape", r"tuple|\(latent_dims,\)|comma"),
            (NUMBER,),
        ),
        {
            "layers": (
                (
                    "Sample()([mu, log_var])",
                    "layers.Lambda(lambda t: t[0] + keras.ops.exp(0.5 * t[1]) * "
                    "keras.random.normal(keras.ops.shape(t[0])), "
                    "output_shape=latent_dims)([mu, log_var])",
                ),
            )
        },
    ),
    (
        "a Lambda of keras.backend",
        KERAS_2,
        {
            "layers": (
                (
                    "Sample()([mu, log_var])",
                    "layers.Lambda(lambda t: t[0] + keras.backend.exp(0.5 * t[1]) "
                    "* keras.backend.random_normal(keras.backend.shape(t[0])))([mu,"
                    " log_var])",
                ),
            )
        },
    ),
    (
        "a Lambda with tensors from outside",
        Cause("tensors from outside", ("outside|inputs",), (NUMBER,)),
        {
            "layers": (
                (
                    "Sample()([mu, log_var])",
                    "layers.Lambda(lambda m: m + keras.ops.exp(0.5 * log_var) * "
                    "keras.random.normal(keras.ops.shape(m)), "
                    "output_shape=(latent_dims,))(mu)",
                ),
            )
        },
    ),
    (
        "a loss with tensors from outside",
        Cause("a loss uses symbolic tensors", ("loss", "outside|symbolic"), (NUMBER,)),
        {
            "layers": (
                ("        self.add_loss(keras.ops.mean(kl))\n", ""),
                (
                    "    auto.compile",
                    "    def loss(x, x_hat):\n"
                    "        kl = keras.ops.exp(log_var) + mu**2 - 1 - log_var\n"
                    "        return bce(x, x_hat) + 0.5 * keras.ops.sum(kl, "
                    "axis=-1)\n\n    auto.compile",
                ),
                ("loss=bce", "loss=loss"),
            )
        },
    ),
    (
        "y_pred[0] in the loss",
        Cause(
            "y_pred is one array",
            ("y_pred|output", "one array|first image|no list"),
            (NUMBER,),
        ),
        {
            "layers": (
                (
                    "        return input_dims * "
                    "keras.losses.binary_crossentropy(x, x_hat)",
                    "        y_pred = x_hat[0]\n"
                    "        return input_dims * "
                    "keras.losses.binary_crossentropy(x, y_pred)",
                ),
            )
        },
    ),
]

VARIATIONAL = list(slips("variational", STYLES, SLIPS))
