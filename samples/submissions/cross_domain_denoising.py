"""Known submissions of the denoiser across domains, with the points that each loses."""

from functools import partial

from samples.submissions import submission
from samples.submissions.submission import half_right

REFERENCE = """
def denoiser(channels, filters):
    x_noisy = h = keras.Input((None, None, channels))
    for n in filters:
        h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)
    estimate = layers.Conv2D(channels, 3, padding="same")(h)
    auto = keras.Model(x_noisy, x_noisy - estimate)
    auto.compile(optimizer="adam", loss="mse")
    return auto
"""

SUBTRACT_LAYER = """
def denoiser(channels, filters):
    x_noisy = keras.layers.Input(shape=(None, None, channels), name="noisy")
    convolution = dict(kernel_size=(3, 3), padding="same")
    h = x_noisy
    for i, n in enumerate(tuple(filters)):
        h = layers.Conv2D(n, kernel_initializer="he_normal", **convolution)(h)
        h = layers.ReLU(name=f"relu_{i}")(h)
    h = layers.Conv2D(channels, **convolution, name="noise")(h)
    x_hat = layers.Subtract(name="clean")([x_noisy, h])
    auto = keras.Model(inputs=x_noisy, outputs=x_hat)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, 100, warmup_target=1e-3, warmup_steps=5
    )
    auto.compile(keras.optimizers.Adam(rate), keras.losses.MeanSquaredError())
    return auto
"""

SUBCLASSED = """
class Denoiser(keras.Model):
    def __init__(self, channels, filters):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.last = layers.Conv2D(channels, 3, padding="same")
        self.hidden = [
            layers.Conv2D(n, 3, padding="same", activation=keras.ops.relu)
            for n in filters[::-1]
        ]

    def estimate(self, x):
        for layer in reversed(self.hidden):
            x = layer(x)
        return self.last(x)

    def call(self, x):
        return keras.ops.subtract(x, self.estimate(x))


def denoiser(channels, filters):
    auto = Denoiser(channels, filters)
    auto.compile("adam", "mean_squared_error", metrics=["mae"])
    return auto
"""

NESTED = """
def noise_network(channels, filters):
    network = keras.Sequential([keras.Input((None, None, channels))])
    for n in filters:
        network.add(layers.Conv2D(n, 3, 1, "same"))
        network.add(layers.Activation("relu"))
    network.add(layers.Conv2D(channels, 3, 1, "same", activation="linear"))
    return network


def denoiser(channels, filters):
    x = keras.Input((None, None, channels))
    minus = layers.Rescaling(-1.0)(noise_network(channels, filters)(x))
    auto = keras.Model(x, layers.add([x, minus]))
    auto.compile(
        optimizer=keras.optimizers.Adam(learning_rate=3e-3),
        loss=lambda y, y_hat: keras.ops.mean((y - y_hat) ** 2, axis=-1),
    )
    return auto
"""

OWN_STEP = """
import tensorflow as tf
from tensorflow.keras.layers import Conv2D, Input


class Denoiser(keras.Model):
    def train_step(self, data):
        x_noisy, x = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x - self(x_noisy, training=True)) ** 2)
        weights = self.trainable_variables
        gradients = tape.gradient(loss, weights)
        self.optimizer.apply_gradients(zip(gradients, weights))
        return {"loss": loss}


def denoiser(channels, filters):
    x_noisy = h = Input((None, None, channels))
    for n in filters:
        h = Conv2D(n, 3, padding="same", activation="relu")(h)
    h = Conv2D(channels, 3, padding="same")(h)
    auto = Denoiser(x_noisy, x_noisy - h)
    auto.compile(optimizer="adam")
    return auto
"""

EVERY_CHECK = {
    "any_size",
    "any_channels",
    "subtracts",
    "no_activation",
    "convolutions",
    "loss_is_mse",
    "optimizer_is_adam",
    "digits_to_photographs",
    "photographs_to_digits",
    "arguments_unchanged",
}
OTHER_DOMAIN = {"digits_to_photographs", "photographs_to_digits"}
# Cells whose hidden test draws two or three layers; images that are halved three times
# come back with another size.
BREAKS_WITH_THREE = {
    "any_channels",
    "subtracts",
    "no_activation",
    "loss_is_mse",
    "optimizer_is_adam",
}


right = partial(submission.right, cell="denoiser")
wrong = partial(submission.variant, REFERENCE, cell="denoiser")


HIDDEN = '        h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)\n'
LAST = '    estimate = layers.Conv2D(channels, 3, padding="same")(h)\n'
INPUT = "keras.Input((None, None, channels))"
OUTPUT = "x_noisy - estimate"
COMPILE = '    auto.compile(optimizer="adam", loss="mse")\n'

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("Subtract layer, ReLU layers, a rate that starts at 0", SUBTRACT_LAYER),
    right("subclassed, layers made last to first", SUBCLASSED),
    right("nested Sequential, minus added, own loss", NESTED),
    right("own train_step, imports from tensorflow.keras", OWN_STEP),
    wrong(
        "the image estimated, without subtraction",
        {"subtracts"},
        (OUTPUT, "estimate"),
        graded=True,
    ),
    wrong("the estimate added", {"subtracts"}, (OUTPUT, "x_noisy + estimate")),
    wrong(
        "ReLU on the estimate",
        {"no_activation"} | OTHER_DOMAIN,
        (LAST, LAST.replace('"same")', '"same", activation="relu")')),
    ),
    wrong(
        "tanh on the estimate",
        {"no_activation"},
        (LAST, LAST.replace('"same")', '"same", activation="tanh")')),
    ),
    wrong(
        "a sigmoid at the end",
        {"no_activation"},
        (OUTPUT, "keras.ops.sigmoid(x_noisy - estimate)"),
    ),
    wrong(
        "clipped at the end",
        {"no_activation"},
        (OUTPUT, "keras.ops.clip(x_noisy - estimate, 0, 1)"),
    ),
    wrong(
        "pooling and upsampling inside",
        {"any_size", "convolutions"} | OTHER_DOMAIN,
        (HIDDEN, HIDDEN + "        h = layers.MaxPooling2D(2)(h)\n"),
        (LAST, "    h = layers.UpSampling2D(2 ** len(filters))(h)\n" + LAST),
        may_lose=BREAKS_WITH_THREE,
    ),
    wrong(
        "a small code and a sigmoid, as in lesson 08",
        {
            "any_size",
            "convolutions",
            "subtracts",
            "no_activation",
            *OTHER_DOMAIN,
        },
        (INPUT, "keras.Input((28, 28, channels))"),
        (HIDDEN, HIDDEN + "        h = layers.MaxPooling2D(2)(h)\n"),
        (
            LAST,
            "    h = layers.Dense(32)(layers.Flatten()(h))\n"
            '    h = layers.Dense(28 * 28 * 4, activation="relu")(h)\n'
            "    h = layers.Reshape((28, 28, 4))(h)\n"
            + LAST.replace('"same")', '"same", activation="sigmoid")'),
        ),
        (OUTPUT, "estimate"),
    ),
    wrong(
        "28×28 as a number",
        {"any_size"},
        (INPUT, "keras.Input((28, 28, channels))"),
    ),
    wrong(
        "one channel as a number",
        {"any_channels"},
        (INPUT, "keras.Input((None, None, 1))"),
        (LAST, LAST.replace("channels", "1")),
    ),
    wrong(
        "one channel in the estimate only, which is subtracted from all",
        {"any_channels"},
        (LAST, LAST.replace("channels", "1")),
    ),
    wrong(
        "filters ignored",
        {"convolutions"},
        ("    for n in filters:\n", "    for n in (16, 16):\n"),
    ),
    wrong(
        "filters reversed",
        {"convolutions"},
        ("    for n in filters:\n", "    for n in reversed(filters):\n"),
    ),
    wrong(
        "the list is used up",
        {"arguments_unchanged"},
        ("    for n in filters:\n", "    while filters:\n        n = filters.pop(0)\n"),
    ),
    wrong(
        "valid padding",
        EVERY_CHECK - {"arguments_unchanged"},
        (HIDDEN, HIDDEN.replace("same", "valid")),
    ),
    wrong(
        "padded once at the start, then valid padding",
        {"convolutions"},
        (
            HIDDEN,
            "        if h is x_noisy:\n"
            "            h = layers.ZeroPadding2D(len(filters))(h)\n"
            + HIDDEN.replace("same", "valid"),
        ),
    ),
    wrong("kernels of 5", {"convolutions"}, (HIDDEN, HIDDEN.replace("n, 3", "n, 5"))),
    wrong(
        "no ReLU",
        {"convolutions"},
        (HIDDEN, HIDDEN.replace(', activation="relu"', "")),
    ),
    wrong(
        "ReLU only after the first convolution",
        {"convolutions"},
        (
            HIDDEN,
            '        activation = "relu" if h is x_noisy else None\n'
            + HIDDEN.replace('"relu"', "activation"),
        ),
    ),
    wrong(
        "ELU instead of ReLU", {"convolutions"}, (HIDDEN, HIDDEN.replace("relu", "elu"))
    ),
    wrong(
        "one hidden layer more",
        {"convolutions"},
        (LAST, HIDDEN.replace("        h", "    h").replace("n, 3", "8, 3") + LAST),
    ),
    wrong(
        "the last filters left out",
        {"convolutions"},
        ("    for n in filters:\n", "    for n in filters[:-1]:\n"),
    ),
    wrong(
        "batch normalisation",
        {"convolutions", "optimizer_is_adam"},
        (HIDDEN, HIDDEN + "        h = layers.BatchNormalization()(h)\n"),
        # It keeps the spread of the domain that it was trained on.
        may_lose={"digits_to_photographs", "photographs_to_digits"},
    ),
    wrong(
        "dropout",
        {"convolutions"},
        (HIDDEN, HIDDEN + "        h = layers.Dropout(0.1)(h)\n"),
    ),
    wrong(
        "noise added inside, before the first convolution",
        {"convolutions"},
        (
            "    for n in filters:\n",
            "    h = layers.GaussianNoise(0.05)(h)\n    for n in filters:\n",
        ),
    ),
    # Not binary cross-entropy: without a sigmoid its training ends anywhere.
    wrong("mean absolute error", {"loss_is_mse"}, ('"mse"', '"mae"')),
    wrong("Huber loss", {"loss_is_mse"}, ('"mse"', '"huber"')),
    wrong(
        "a penalty on the kernels",
        {"loss_is_mse"},
        (
            HIDDEN,
            HIDDEN.replace('"relu")', '"relu", kernel_regularizer=PENALTY)'),
        ),
        (
            "    for n in filters:\n",
            "    PENALTY = keras.regularizers.L2(1e-4)\n    for n in filters:\n",
        ),
    ),
    wrong("SGD", {"optimizer_is_adam", *OTHER_DOMAIN}, ('"adam"', '"sgd"')),
    wrong(
        "the first convolution frozen",
        {"optimizer_is_adam"},
        (
            COMPILE,
            "    auto.layers[1].trainable = False\n" + COMPILE,
        ),
    ),
    wrong(
        "not compiled",
        {"loss_is_mse", "optimizer_is_adam", *OTHER_DOMAIN},
        (COMPILE, ""),
    ),
    wrong(
        "lr, as in Keras 2",
        EVERY_CHECK,
        ('optimizer="adam"', "optimizer=keras.optimizers.Adam(lr=1e-3)"),
    ),
    wrong(
        "the output returned instead of the model",
        EVERY_CHECK,
        ("    return auto\n", "    return x_noisy - estimate\n"),
    ),
    half_right("b", "acd"),
]
