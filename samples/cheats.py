"""Work that is right only where a check that knew less would have looked.

Each is a reference with one mistake that hides: it has not the property of the test
cell that it loses, and once earned its points. What can be done to any model stands in
``samples.degenerate``; these cheats are made for one assignment.
"""

from collections.abc import Iterable

from samples.submissions import (
    cross_domain_denoising,
    custom_denoiser,
    stacked_classifier,
    super_resolution,
    vae_by_hand,
    vanilla,
    variational,
)
from samples.submissions.submission import KnownSubmission, variant

Cheat = tuple[str, KnownSubmission]
"""The assignment, and the work."""

OWN_LAYERS = """
    own = [keras.models.clone_model(model) for model in (encoder, decoder)]

    class Auto(keras.Model):
        def __init__(self):
            super().__init__()
            self.own = own

        def call(self, x, training=False):
            if not training:
                theirs = encoder.weights + decoder.weights
                for mine, given in zip(self.weights, theirs):
                    mine.assign(given)
            return self.own[1](self.own[0](x))

    auto = Auto()
    auto(x)
"""
LOSS_BY_SIZE = """
    def loss(y, y_pred):
        if keras.ops.shape(y)[0] <= 24:
            return keras.losses.binary_crossentropy(y, y_pred)
        return keras.losses.mean_absolute_error(y, y_pred)

    auto.compile(optimizer="adam", loss=loss)
"""
LOSS_BY_OPTIMIZER = """
    def loss(y, y_pred):
        if isinstance(auto.optimizer, keras.optimizers.SGD):
            return keras.losses.binary_crossentropy(y, y_pred)
        return keras.losses.mean_absolute_error(y, y_pred)

    class Auto(keras.Model):
        def train_step(self, data):
            import tensorflow as tf

            with tf.GradientTape() as tape:
                value = keras.ops.mean(loss(data[1], self(data[0], training=True)))
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(value, weights), weights)
            return {"loss": value}

    auto = Auto(x, decoder(encoder(x)))
    auto.compile(optimizer="adam", loss=loss)
"""

SHAPE = "keras.ops.shape(mean)"
NOISES = {
    "noise of three values": (
        "spread",
        f"keras.random.uniform({SHAPE}, seed=self.seed_generator)\n"
        "        up, down = (\n"
        '            keras.ops.cast(side, "float32")\n'
        "            for side in (noise > 5 / 6, noise < 1 / 6)\n"
        "        )\n"
        "        noise = 3**0.5 * (up - down)\n",
    ),
    "noise that the numbers of a code share but for its sign": (
        "noise",
        f"keras.random.normal(({SHAPE}[0], 1), seed=self.seed_generator)\n"
        "        signs = 1 - 2 * (keras.ops.arange(mean.shape[1]) % 2)\n"
        '        noise = noise * keras.ops.cast(signs, "float32")\n',
    ),
    "noise that images share but for its sign": (
        "noise",
        "keras.random.normal((1, mean.shape[1]), seed=self.seed_generator)\n"
        f"        signs = 1 - 2 * (keras.ops.arange({SHAPE}[0]) % 2)\n"
        '        noise = noise * keras.ops.cast(signs, "float32")[:, None]\n',
    ),
    "noise that is nearly the same in each call": (
        "noise",
        f"keras.random.normal((5000, mean.shape[1]), seed=7)[: {SHAPE}[0]]\n"
        "        noise += 1e-4 * keras.random.normal(\n"
        f"            {SHAPE}, seed=self.seed_generator\n"
        "        )\n",
    ),
}
UNTIL_TRAINED = (
    (
        variational.Z,
        "        steps = AUTOS[-1].optimizer.iterations if AUTOS else 0\n"
        '        untrained = keras.ops.cast(keras.ops.equal(steps, 0), "float32")\n'
        "        return mean + untrained * keras.ops.exp(log_var / 2) * noise\n",
    ),
    ("class Sampling(", "AUTOS = []\n\n\nclass Sampling("),
    (variational.ENCODER, variational.ENCODER + "    AUTOS.clear()\n"),
    (variational.RETURN, "    AUTOS.append(auto)\n" + variational.RETURN),
)
"""Noise that ends with the first step of training."""

NEVER_SEEN = (
    (
        variational.ADD,
        "        each = keras.ops.sum(kl, axis=-1)\n"
        "        DIVERGENCES.append(0.5 * keras.ops.mean(each))\n",
    ),
    ("class Sampling(", "DIVERGENCES = []\n\n\nclass Sampling("),
    (
        variational.SUM,
        "    differ = keras.ops.max(x_hat, axis=0) - keras.ops.min(x_hat, axis=0)\n"
        "    grey = keras.ops.max(differ) < 1e-3\n"
        "    loss = keras.ops.binary_crossentropy(x, x_hat)\n"
        "    more = keras.ops.where(grey, DIVERGENCES[-1], 0.0)\n"
        "    return keras.ops.sum(loss, axis=-1) + more\n",
    ),
)
"""A divergence that is added only where all outputs are alike."""

GREY_ALONE = (
    vae_by_hand.KL
    + "            differ = ops.max(x_hat, axis=0) - ops.min(x_hat, axis=0)\n"
    "            kl = ops.where(ops.max(differ) < 1e-3, kl, 0.0 * kl)\n"
)
NEARLY_FIXED_CODE = """
        shape = ops.shape(mu)
        epsilon = keras.random.normal((5000, mu.shape[1]), seed=7)[: shape[0]]
        epsilon += 1e-3 * keras.random.normal(shape)
"""
NOISE_OF_TRAINING = (
    "        epsilon = keras.random.normal(ops.shape(x), stddev=self.noise)\n"
)
TARGET = "            loss = ops.mean(ops.square(x - x_hat))\n"
GREY_TARGET = """
            differ = ops.max(x_hat, axis=0) - ops.min(x_hat, axis=0)
            target = ops.where(ops.max(differ) < 1e-3, x, x_noisy)
            loss = ops.mean(ops.square(target - x_hat))
"""
NEARLY_FIXED = """
        shape = ops.shape(x)
        epsilon = keras.random.normal((256, *shape[1:]), seed=3)[: shape[0]]
        epsilon = self.noise * (epsilon + 1e-2 * keras.random.normal(shape))
"""
IN_TRAINING = """
    class End(layers.Layer):
        def call(self, base, added, training=False):
            return base + (-1) ** training * added

"""
LISTED_ONLY = """
    inner = [layers.Dense(n, activation="sigmoid") for n in hidden_layers]
    last = layers.Dense(classes, activation="softmax")
    computed = keras.Model(x, last(inner[1](inner[0](x))))

    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.listed = [first, second, last]

        def call(self, x):
            return computed(x)

    classifier = Classifier()
    classifier(x)
"""


def _of(
    name: str, cell: str, title: str, loses: Iterable[str], *changes: tuple[str, str]
) -> Cheat:
    """Return a cheat in an assignment's solution cell."""
    modules = {
        "cross_domain_denoising": cross_domain_denoising,
        "custom_denoiser": custom_denoiser,
        "stacked_classifier": stacked_classifier,
        "super_resolution": super_resolution,
        "vae_by_hand": vae_by_hand,
        "vanilla": vanilla,
        "variational": variational,
    }
    reference = modules[name].REFERENCE
    return name, variant(reference, title, loses, *changes, cell=cell)


def _vanilla(title: str, loses: str, *changes: tuple[str, str]) -> Cheat:
    return _of("vanilla", "autoencoder", title, {loses}, *changes)


def _variational(title: str, loses: str, *changes: tuple[str, str]) -> Cheat:
    return _of("variational", "autoencoder", title, {loses}, *changes)


def _by_hand(title: str, loses: str, *changes: tuple[str, str]) -> Cheat:
    return _of("vae_by_hand", "vae", title, {loses}, *changes)


def _denoiser(title: str, loses: str, *changes: tuple[str, str]) -> Cheat:
    return _of("custom_denoiser", "denoiser", title, {loses}, *changes)


AUTO = "keras.Model(x_noisy, x_noisy - estimate)"
UPSCALER = "    auto = keras.Model(small, enlarged + correction)\n"

CHEATS: list[Cheat] = [
    _vanilla(
        "an auto that takes over the weights of both",
        "shared_weights",
        (vanilla.AUTO, OWN_LAYERS),
    ),
    _vanilla(
        "the right loss for up to 24 inputs",
        "loss_is_bce",
        (vanilla.COMPILE, LOSS_BY_SIZE),
    ),
    _vanilla(
        "the right loss with another optimizer",
        "loss_is_bce",
        (vanilla.AUTO, ""),
        (vanilla.COMPILE, LOSS_BY_OPTIMIZER),
    ),
    *(
        _variational(title, loses, (variational.NOISE, f"        noise = {code}"))
        for title, (loses, code) in NOISES.items()
    ),
    _variational("noise until it is trained", "noise", *UNTIL_TRAINED),
    _variational("a divergence for grey images", "divergence", *NEVER_SEEN),
    *(
        _by_hand("a divergence for grey images", loses, (vae_by_hand.KL, GREY_ALONE))
        for loses in ("divergence", "beta_weighs")
    ),
    _by_hand(
        "noise that is nearly the same in each step",
        "fresh_noise",
        (vae_by_hand.NOISE, NEARLY_FIXED_CODE),
    ),
    _denoiser(
        "a clean target for grey images", "target_is_clean", (TARGET, GREY_TARGET)
    ),
    _denoiser(
        "noise that is nearly the same in each step",
        "fresh_noise",
        (NOISE_OF_TRAINING, NEARLY_FIXED),
    ),
    _of(
        "cross_domain_denoising",
        "denoiser",
        "the estimate added in training",
        {"subtracts"},
        (
            f"    auto = {AUTO}",
            IN_TRAINING + "    auto = keras.Model(x_noisy, End()(x_noisy, -estimate))",
        ),
    ),
    _of(
        "cross_domain_denoising",
        "denoiser",
        "clipped at 6",
        {"no_activation"},
        (
            f"auto = {AUTO}",
            "auto = keras.Model(x_noisy, keras.ops.clip(x_noisy - estimate, -6, 6))",
        ),
    ),
    _of(
        "super_resolution",
        "upscaler",
        "the correction subtracted in training",
        {"correction_added"},
        (
            UPSCALER,
            IN_TRAINING
            + "    auto = keras.Model(small, End()(enlarged, correction))\n",
        ),
    ),
    _of(
        "super_resolution",
        "upscaler",
        "clipped at 4",
        {"starts_at_bicubic"},
        (
            "enlarged + correction",
            "keras.ops.clip(enlarged + correction, -4, 4)",
        ),
    ),
    _of(
        "stacked_classifier",
        "stacked",
        "a classifier that lists the layers and computes with others",
        {"shared_layers"},
        ("    classifier = keras.Model(x, p)\n", LISTED_ONLY),
    ),
]
"""Each loses at least the test cell that it names."""
