"""Known submissions of the denoiser, with the points that each loses."""

from functools import partial

from samples.submissions import submission
from samples.submissions.submission import KnownSubmission, changed

REFERENCE = """
class Denoiser(keras.Model):
    def __init__(self, input_shape, latent_dims, noise):
        super().__init__()
        self.encoder = strided_encoder(input_shape, latent_dims)
        self.decoder = transposed_decoder(input_shape, latent_dims)
        self.noise = noise
        self.mean_loss = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.decoder(self.encoder(x))

    def train_step(self, data):
        x, _ = data
        epsilon = keras.random.normal(ops.shape(x), stddev=self.noise)
        x_noisy = ops.clip(x + epsilon, 0, 1)
        with tf.GradientTape() as tape:
            x_hat = self(x_noisy, training=True)
            loss = ops.mean(ops.square(x - x_hat))
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": self.mean_loss(loss)}


def denoiser(input_shape, latent_dims, noise):
    auto = Denoiser(input_shape, latent_dims, noise)
    auto.compile(optimizer="adam")
    return auto
"""

COMPUTE_LOSS = """
class Denoiser(keras.Model):
    def __init__(self, input_shape, latent_dims, noise):
        super().__init__()
        self.decoder = transposed_decoder(input_shape, latent_dims)
        self.encoder = strided_encoder(input_shape, latent_dims)
        self.noise = noise
        self.seed = keras.random.SeedGenerator(7)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def call(self, x):
        return self.decode(self.encode(x))

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if training:
            epsilon = self.noise * keras.random.normal(ops.shape(x), seed=self.seed)
            y_pred = self(ops.clip(x + epsilon, 0.0, 1.0))
        return ops.mean((y - y_pred) ** 2)


def denoiser(input_shape, latent_dims, noise):
    auto = Denoiser(input_shape, latent_dims, noise)
    auto.compile(keras.optimizers.Adam())
    return auto
"""

IN_CALL = """
class Denoiser(keras.Model):
    def __init__(self, input_shape, latent_dims, noise):
        super().__init__()
        self.corrupt = layers.GaussianNoise(noise)
        self.encoder = strided_encoder(input_shape, latent_dims)
        self.decoder = transposed_decoder(input_shape, latent_dims)

    def call(self, x, training=False):
        if training:
            x = ops.clip(self.corrupt(x, training=True), 0, 1)
        return self.decoder(self.encoder(x))


def denoiser(input_shape, latent_dims, noise):
    auto = Denoiser(input_shape, latent_dims, noise)
    auto.compile("adam", "mse")
    return auto
"""

KERAS_STEP = """
class Denoiser(keras.Model):
    std = 0.0

    def train_step(self, data):
        x, y = data
        noisy = tf.random.normal(tf.shape(x), stddev=self.std) + x
        return super().train_step((tf.clip_by_value(noisy, 0, 1), y))


def denoiser(input_shape, latent_dims, noise):
    x = keras.Input(input_shape)
    encoder = strided_encoder(input_shape, latent_dims)
    decoder = transposed_decoder(input_shape, latent_dims)
    auto = Denoiser(x, decoder(encoder(x)))
    auto.std = noise
    auto.compile(keras.optimizers.Adam(1e-3), loss="mean_squared_error")
    return auto
"""

EVERY_CHECK = {
    "shapes",
    "network",
    "no_noise_in_use",
    "plain_loss",
    "target_is_clean",
    "noise_level",
    "clipped",
    "fresh_noise",
    "denoises",
}


right = partial(submission.right, cell="denoiser")
wrong = partial(submission.variant, REFERENCE, cell="denoiser")


SUBMISSIONS = [
    right("a training step with a tape", REFERENCE),
    right("compute_loss, a seed generator, encode and decode", COMPUTE_LOSS),
    right("noise in call while training", IN_CALL),
    right("functional, Keras's own step with noisy input", KERAS_STEP),
    wrong(
        "the noisy image as target",
        {"target_is_clean", "denoises"},
        ("ops.square(x - x_hat)", "ops.square(x_noisy - x_hat)"),
        may_lose={"clipped", "noise_level"},
    ),
    wrong(
        "a little noise in use as well",
        {"no_noise_in_use"},
        (
            "        return self.decoder(self.encoder(x))",
            "        more = keras.random.normal(ops.shape(x), stddev=self.noise / 10)\n"
            "        return self.decoder(self.encoder(x + more))",
        ),
    ),
    wrong(
        "not clipped",
        {"clipped"},
        ("ops.clip(x + epsilon, 0, 1)", "x + epsilon"),
        graded=True,
    ),
    wrong(
        "the variance taken for the standard deviation",
        {"noise_level"},
        ("stddev=self.noise", "stddev=self.noise**2"),
    ),
    wrong(
        "one number of noise for each image",
        {"noise_level"},
        ("normal(ops.shape(x),", "normal((ops.shape(x)[0], 1, 1, 1),"),
        may_lose={"clipped"},
    ),
    wrong(
        "a seed drawn by NumPy, which the graph calls only once",
        {"fresh_noise"},
        (
            "stddev=self.noise)",
            "stddev=self.noise, seed=np.random.randint(10**6))",
        ),
    ),
    wrong(
        "no noise at all",
        {"noise_level", "clipped", "fresh_noise"},
        ("x_hat = self(x_noisy, training=True)", "x_hat = self(x, training=True)"),
    ),
    wrong(
        "binary cross-entropy",
        {"plain_loss"},
        (
            "ops.mean(ops.square(x - x_hat))",
            "ops.mean(keras.losses.binary_crossentropy(x, x_hat))",
        ),
    ),
    wrong(
        "gradients that are never applied",
        {"clipped", "denoises", "noise_level", "plain_loss"},
        (
            "        self.optimizer.apply(tape.gradient(loss, weights), weights)\n",
            "        tape.gradient(loss, weights)\n",
        ),
    ),
    wrong(
        "only the decoder is trained",
        {"denoises"},
        (
            "weights = self.trainable_weights",
            "weights = self.decoder.trainable_weights",
        ),
    ),
    wrong(
        "another optimizer",
        {"denoises"},
        ('optimizer="adam"', 'optimizer="rmsprop"'),
    ),
    wrong(
        "noise that has a mean of its own",
        {"noise_level"},
        ("stddev=self.noise)", "mean=self.noise, stddev=self.noise)"),
        may_lose={"clipped"},
    ),
    wrong(
        "ten code numbers, whatever latent_dims says",
        {"network"},
        (
            "strided_encoder(input_shape, latent_dims)",
            "strided_encoder(input_shape, 10)",
        ),
        (
            "transposed_decoder(input_shape, latent_dims)",
            "transposed_decoder(input_shape, 10)",
        ),
    ),
    wrong(
        "not compiled",
        EVERY_CHECK - {"shapes", "network", "no_noise_in_use"},
        ('    auto.compile(optimizer="adam")\n', ""),
    ),
    wrong(
        "train_step takes the pair for the images",
        EVERY_CHECK - {"shapes", "network", "no_noise_in_use"},
        ("        x, _ = data\n", "        x = data\n"),
    ),
    KnownSubmission(
        "nothing returned; one question half right, one with a wrong choice",
        {
            "denoiser": changed(REFERENCE, ("    return auto\n", "")),
            "answer_1": 'answer_1 = {"b"}',
            "answer_2": 'answer_2 = {"a", "b", "d"}',
        },
        frozenset(
            EVERY_CHECK
            | {"answer_1_complete", "answer_2_no_wrong", "answer_2_complete"}
        ),
    ),
]
