"""Known submissions of the upscaler, with the points that each loses."""

from functools import partial

from samples.submissions import submission
from samples.submissions.submission import changed, half_right

REFERENCE = """
def upscaler(channels, filters, factor):
    if factor < 2 or factor != int(factor):
        raise ValueError(f"factor is {factor}: give a whole number from 2 on")
    small = keras.Input((None, None, channels))
    enlarged = layers.UpSampling2D(factor, interpolation="bicubic")(small)
    h = enlarged
    for n in filters:
        h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)
    correction = layers.Conv2D(channels, 3, padding="same")(h)
    auto = keras.Model(small, enlarged + correction)
    auto.compile(optimizer="adam", loss="mse")
    return auto
"""

SEQUENTIAL = """
def upscaler(channels, filters, factor):
    if not isinstance(factor, int) or factor <= 1:
        raise ValueError("a wrong factor: %s" % factor)
    options = {"padding": "same", "kernel_initializer": "he_normal"}
    correct = keras.Sequential(name="correction")
    for n in tuple(filters):
        correct.add(layers.Conv2D(n, (3, 3), **options))
        correct.add(layers.ReLU())
    correct.add(layers.Conv2D(channels, (3, 3), padding="same"))
    small = keras.Input(shape=(None, None, channels))
    bicubic = layers.UpSampling2D((factor, factor), interpolation="bicubic")(small)
    auto = keras.Model(small, layers.Add()([correct(bicubic), bicubic]))
    auto.compile(keras.optimizers.Adam(3e-4), keras.losses.MeanSquaredError())
    return auto
"""

SUBCLASSED = """
class Upscaler(keras.Model):
    def __init__(self, channels, filters, factor):
        super().__init__()
        self.factor = factor
        # made last to first: the order of the weights says nothing
        self.last = layers.Conv2D(
            channels, 3, padding="same", kernel_initializer="zeros", name="end"
        )
        self.hidden = [
            layers.Conv2D(n, 3, padding="same", activation="relu")
            for n in reversed(filters)
        ]

    def call(self, small):
        _, height, width, _ = keras.ops.shape(small)
        size = (self.factor * height, self.factor * width)
        enlarged = keras.ops.image.resize(small, size, interpolation="bicubic")
        h = enlarged
        for layer in self.hidden[::-1]:
            h = layer(h)
        return self.last(h) + enlarged


def upscaler(channels, filters, factor):
    if factor not in range(2, 1000):
        raise ValueError(f"{factor} is no whole number from 2")
    auto = Upscaler(channels, filters, factor)
    rate = keras.optimizers.schedules.CosineDecay(0.0, 99, 0.0, "c", 0.01, 9)
    auto.compile(keras.optimizers.Adam(rate), "mean_squared_error", metrics=["mae"])
    return auto
"""

OWN_LOSS = """
class Auto(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, *others, **named):
        return keras.ops.mean(keras.ops.square(y - y_pred))


def upscaler(channels, filters, factor):
    if factor % 1 or factor < 2:
        raise ValueError(f"factor={factor!r}")

    def convolve(h, n, **options):
        return layers.Conv2D(n, 3, padding="same", **options)(h)

    small = keras.Input((None, None, channels))
    large = layers.UpSampling2D(factor, interpolation="bicubic", name="bicubic")(small)
    h = large
    for i in range(len(filters)):
        h = convolve(h, filters[i], activation=keras.activations.relu)
    auto = Auto(small, large - (-1.0) * convolve(h, channels))
    auto.compile("adam")
    return [auto]
"""

TRAIN_STEP = changed(
    REFERENCE,
    (
        "    auto = keras.Model(small, enlarged + correction)\n",
        """
    import tensorflow as tf

    class Auto(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((y - self(x, training=True)) ** 2)
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    auto = Auto(small, enlarged + correction)
""",
    ),
    (', loss="mse"', ""),
)

TENSORFLOW_KERAS = """
import tensorflow as tf
from tensorflow.keras.layers import Add, Conv2D, Input, UpSampling2D
from tensorflow.keras.models import Model


def upscaler(channels, filters, factor):
    if factor < 2 or int(factor) != factor:
        raise ValueError("factor " + str(factor) + " is too small or not whole")
    inputs = Input(shape=(None, None, channels))
    big = UpSampling2D(size=(factor, factor), interpolation="bicubic")(inputs)
    x = big
    for f in filters:
        x = Conv2D(f, kernel_size=3, padding="same", activation=tf.nn.relu)(x)
    x = Conv2D(channels, kernel_size=3, padding="same", activation="linear")(x)
    model = Model(inputs=inputs, outputs=Add()([big, x]))
    model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="mse")
    return model
"""

EVERY_CHECK = {
    "shapes",
    "starts_at_bicubic",
    "correction_layers",
    "correction_added",
    "loss_is_mse",
    "optimizer_is_adam",
    "wrong_factor",
    "arguments_unchanged",
    "beats_bicubic",
}
BUILT = EVERY_CHECK - {"wrong_factor"}


right = partial(submission.right, cell="upscaler")
wrong = partial(submission.variant, REFERENCE, cell="upscaler")


ENLARGE = 'layers.UpSampling2D(factor, interpolation="bicubic")'
HIDDEN = 'layers.Conv2D(n, 3, padding="same", activation="relu")'
LAST = 'layers.Conv2D(channels, 3, padding="same")'
LOOP = "    for n in filters:\n"
SUM = "enlarged + correction"
TEST = "    if factor < 2 or factor != int(factor):\n"
REFUSAL = 'raise ValueError(f"factor is {factor}: give a whole number from 2 on")'
COMPILE = '    auto.compile(optimizer="adam", loss="mse")\n'

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential correction, ReLU as layers, Add", SEQUENTIAL),
    right("subclassed, layers made last to first, resize", SUBCLASSED),
    right("compute_loss of its own, a list returned", OWN_LOSS),
    right("a training step of its own", TRAIN_STEP),
    right("tensorflow.keras imports", TENSORFLOW_KERAS),
    # the enlargement
    wrong(
        "nearest, which is Keras's default",
        {"starts_at_bicubic", "beats_bicubic"},
        (', interpolation="bicubic"', ""),
        graded=True,
    ),
    wrong(
        "bilinear instead of bicubic",
        {"starts_at_bicubic", "beats_bicubic"},
        ('interpolation="bicubic"', 'interpolation="bilinear"'),
    ),
    wrong(
        "enlarged by 2 whatever the factor",
        {"shapes", "starts_at_bicubic", "beats_bicubic"},
        ("UpSampling2D(factor,", "UpSampling2D(2,"),
    ),
    wrong(
        "enlarged by twice the factor",
        {"shapes", "starts_at_bicubic", "beats_bicubic"},
        ("UpSampling2D(factor,", "UpSampling2D(2 * factor,"),
    ),
    wrong(
        "×4 in two steps of ×2",
        {"starts_at_bicubic"},
        (
            f"    enlarged = {ENLARGE}(small)\n",
            "    enlarged = small\n"
            "    while factor % 2 == 0:\n"
            '        enlarged = layers.UpSampling2D(2, interpolation="bicubic")(\n'
            "            enlarged\n"
            "        )\n"
            "        factor //= 2\n"
            "    if factor > 1:\n"
            f"        enlarged = {ENLARGE}(enlarged)\n",
        ),
    ),
    wrong(
        "moved by a pixel",
        {"starts_at_bicubic", "beats_bicubic"},
        (
            "    h = enlarged\n",
            "    enlarged = layers.Cropping2D(((1, 0), (1, 0)))(enlarged)\n"
            "    enlarged = layers.ZeroPadding2D(((0, 1), (0, 1)))(enlarged)\n"
            "    h = enlarged\n",
        ),
    ),
    # the sum
    wrong(
        "no enlarged image in the output",
        {"starts_at_bicubic", "beats_bicubic"},
        (SUM, "correction"),
    ),
    wrong(
        "correction subtracted",
        {"correction_added"},
        (SUM, "enlarged - correction"),
    ),
    wrong(
        "the enlarged image subtracted",
        {"starts_at_bicubic", "beats_bicubic"},
        (SUM, "correction - enlarged"),
    ),
    wrong(
        "multiplied instead of added",
        {"starts_at_bicubic", "correction_layers", "correction_added", "beats_bicubic"},
        (SUM, "enlarged * correction"),
    ),
    wrong(
        "ReLU after the last convolution",
        {"correction_added", "beats_bicubic"},
        (LAST, 'layers.Conv2D(channels, 3, padding="same", activation="relu")'),
        may_lose={"correction_layers", "loss_is_mse", "optimizer_is_adam"},
    ),
    wrong(
        "tanh after the last convolution",
        {"correction_added"},
        (LAST, 'layers.Conv2D(channels, 3, padding="same", activation="tanh")'),
    ),
    wrong(
        "a sigmoid after the last convolution",
        {"starts_at_bicubic", "correction_added", "beats_bicubic"},
        (LAST, 'layers.Conv2D(channels, 3, padding="same", activation="sigmoid")'),
    ),
    wrong(
        "a sigmoid after the sum",
        {"starts_at_bicubic", "correction_added", "beats_bicubic"},
        (SUM, 'layers.Activation("sigmoid")(enlarged + correction)'),
    ),
    wrong(
        "the sum clipped",
        {"correction_added", "starts_at_bicubic"},
        (SUM, "keras.ops.clip(enlarged + correction, 0, 1)"),
        may_lose={"loss_is_mse"},
    ),
    # the convolutions
    wrong(
        "convolutions before the enlargement",
        {"correction_layers", "beats_bicubic"},
        ("    h = enlarged\n", "    h = small\n"),
        (SUM, f"enlarged + {ENLARGE}(correction)"),
    ),
    wrong(
        "filters reversed",
        {"correction_layers"},
        (LOOP, "    for n in reversed(filters):\n"),
    ),
    wrong(
        "filters ignored",
        {"correction_layers"},
        (LOOP, "    for n in (32, 32):\n"),
    ),
    wrong(
        "the first number of filters for all convolutions",
        {"correction_layers"},
        (LOOP, "    for n in [filters[0]] * len(filters):\n"),
    ),
    wrong(
        "kernels of 5×5",
        {"correction_layers"},
        ("layers.Conv2D(n, 3,", "layers.Conv2D(n, 5,"),
    ),
    wrong(
        "no ReLU",
        {"correction_layers", "beats_bicubic"},
        (', activation="relu"', ""),
    ),
    wrong(
        "an extra convolution",
        {"correction_layers"},
        ("    correction =", f"    h = {HIDDEN}(h)\n    correction ="),
    ),
    wrong(
        "batch normalisation",
        {"correction_layers", "loss_is_mse", "optimizer_is_adam", "beats_bicubic"},
        (
            "    correction =",
            "    h = layers.BatchNormalization()(h)\n    correction =",
        ),
    ),
    wrong(
        "dropout",
        {"correction_layers", "loss_is_mse"},
        ("    correction =", "    h = layers.Dropout(0.3)(h)\n    correction ="),
    ),
    wrong(
        "valid padding, the enlarged image cropped",
        {"shapes", "starts_at_bicubic", "correction_layers", "beats_bicubic"},
        ('n, 3, padding="same"', "n, 3"),
        (
            SUM,
            "layers.Cropping2D(len(filters))(enlarged) + correction",
        ),
    ),
    wrong(
        "valid padding, which does not fit the enlarged image",
        BUILT - {"arguments_unchanged"},
        ('n, 3, padding="same"', "n, 3"),
    ),
    wrong(
        "one channel as a number",
        {"shapes"},
        ("(None, None, channels)", "(None, None, 1)"),
        ("layers.Conv2D(channels,", "layers.Conv2D(1,"),
    ),
    wrong(
        "images of 14×14 only",
        {"shapes", "beats_bicubic"},
        ("(None, None, channels)", "(14, 14, channels)"),
    ),
    wrong(
        "every convolution starts at 0",
        {"beats_bicubic"},
        ('activation="relu")', 'activation="relu", kernel_initializer="zeros")'),
    ),
    # training
    wrong("mean absolute error", {"loss_is_mse"}, ('loss="mse"', 'loss="mae"')),
    wrong(
        "binary cross-entropy",
        {"loss_is_mse"},
        ('loss="mse"', 'loss="binary_crossentropy"'),
        may_lose={"beats_bicubic"},
    ),
    wrong(
        "a penalty on the kernels",
        {"loss_is_mse"},
        (
            HIDDEN,
            HIDDEN.replace(
                "n, 3,", "n, 3, kernel_regularizer=keras.regularizers.L2(1e-4),"
            ),
        ),
    ),
    wrong(
        "SGD",
        {"optimizer_is_adam", "beats_bicubic"},
        ('optimizer="adam"', 'optimizer="sgd"'),
    ),
    wrong(
        "the last convolution frozen",
        {"optimizer_is_adam", "beats_bicubic"},
        (LAST, LAST.replace("3,", "3, trainable=False,")),
    ),
    wrong(
        "not compiled",
        {"loss_is_mse", "optimizer_is_adam", "beats_bicubic"},
        (COMPILE, ""),
    ),
    # the arguments
    wrong(
        "a wrong factor is not refused",
        {"wrong_factor"},
        (TEST + "        " + REFUSAL + "\n", ""),
    ),
    wrong(
        "a factor is rounded down",
        {"wrong_factor"},
        (TEST, "    factor = int(factor)\n    if factor < 2:\n"),
    ),
    wrong(
        "the error does not name the factor",
        {"wrong_factor"},
        (REFUSAL, 'raise ValueError("give a whole number from 2 on")'),
    ),
    wrong(
        "another error",
        {"wrong_factor"},
        ("raise ValueError(", "raise TypeError("),
    ),
    wrong(
        "only 2 and 4 are taken",
        {"correction_layers", "shapes"},
        (TEST, "    if factor not in (2, 4):\n"),
    ),
    wrong(
        "the list is used up",
        {"arguments_unchanged"},
        (LOOP, "    while filters:\n        n = filters.pop(0)\n"),
    ),
    # what is returned, and Keras 2
    wrong("nothing returned", BUILT, ("    return auto\n", "")),
    wrong(
        "the output returned instead of the model",
        BUILT,
        ("return auto\n", "return auto.output\n"),
    ),
    wrong(
        "lr, as in Keras 2",
        BUILT,
        ('"adam"', "keras.optimizers.Adam(lr=1e-3)"),
    ),
    wrong(
        "K.resize_images, as in Keras 2",
        BUILT,
        (
            f"{ENLARGE}(small)",
            "keras.backend.resize_images(\n"
            '        small, factor, factor, "channels_last", "bicubic"\n'
            "    )",
        ),
    ),
    wrong(
        "tf.image.resize on a symbolic tensor, as in Keras 2",
        BUILT,
        (
            f"{ENLARGE}(small)",
            "__import__('tensorflow').image.resize(\n"
            "        small, (28, 28), method='bicubic'\n"
            "    )",
        ),
    ),
    half_right("b", "abd"),
]
