"""Known submissions of the convolutional autoencoder, with what each loses."""

from functools import partial

from samples.submissions.submission import changed, half_right, right, variant

REFERENCE = """
def autoencoder(input_dims, filters, latent_dims):
    x = keras.Input(shape=input_dims)
    h = x
    for n in filters:
        h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)
        h = layers.MaxPooling2D(2, padding="same")(h)
    encoder = keras.Model(x, h)

    code = keras.Input(shape=latent_dims)
    k = code
    for n in reversed(filters[1:]):
        k = layers.Conv2D(n, 3, activation="relu", padding="same")(k)
        k = layers.UpSampling2D(2)(k)
    k = layers.Conv2D(filters[0], 3, padding="valid", activation="relu")(k)
    k = layers.UpSampling2D((2, 2))(k)
    x_hat = layers.Conv2D(input_dims[-1], 3, padding="same", activation="sigmoid")(k)
    decoder = keras.Model(code, x_hat)

    auto = keras.Model(x, decoder(encoder(x)))
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return encoder, decoder, auto
"""

ENCODER = '        h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)\n'
POOL = '        h = layers.MaxPooling2D(2, padding="same")(h)\n'
DECODER = '        k = layers.Conv2D(n, 3, activation="relu", padding="same")(k)\n'
UPSAMPLE = "        k = layers.UpSampling2D(2)(k)\n"
LOOP = "    for n in reversed(filters[1:]):\n"
VALID = '    k = layers.Conv2D(filters[0], 3, padding="valid", activation="relu")(k)\n'
LAST_UPSAMPLE = "    k = layers.UpSampling2D((2, 2))(k)\n"
OUTPUT = (
    '    x_hat = layers.Conv2D(input_dims[-1], 3, padding="same", '
    'activation="sigmoid")(k)\n'
)
AUTO = "    auto = keras.Model(x, decoder(encoder(x)))\n"
COMPILE = '    auto.compile(optimizer="adam", loss="binary_crossentropy")\n'
RETURN = "    return encoder, decoder, auto\n"

# --- right, written in different ways -------------------------------------------------

SEQUENTIAL = """
def autoencoder(input_dims, filters, latent_dims):
    encoder = keras.Sequential([keras.Input(input_dims)])
    for n in filters:
        encoder.add(layers.Conv2D(n, (3, 3), padding="same"))
        encoder.add(layers.ReLU())
        encoder.add(layers.MaxPool2D((2, 2), padding="same"))

    decoder = keras.Sequential([keras.Input(latent_dims)])
    for i, n in enumerate(filters[::-1]):
        padding = "valid" if i == len(filters) - 1 else "same"
        decoder.add(layers.Conv2D(n, (3, 3), padding=padding))
        decoder.add(layers.Activation("relu"))
        decoder.add(layers.UpSampling2D())
    decoder.add(layers.Conv2D(input_dims[2], (3, 3), padding="same"))
    decoder.add(layers.Activation("sigmoid"))

    auto = keras.Sequential([encoder, decoder])
    auto.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy())
    return encoder, decoder, auto
"""

INPUT_SHAPE = """
def autoencoder(input_dims, filters, latent_dims):
    first, *others = filters
    encoder = keras.Sequential()
    encoder.add(
        layers.Conv2D(first, (3, 3), padding="same", activation="relu",
                      input_shape=input_dims)
    )
    encoder.add(layers.MaxPooling2D(padding="same"))
    for n in others:
        encoder.add(layers.Conv2D(n, (3, 3), padding="same", activation="relu"))
        encoder.add(layers.MaxPooling2D(padding="same"))

    decoder = keras.Sequential()
    more = {"input_shape": latent_dims}
    for n in reversed(others):
        decoder.add(layers.Conv2D(n, 3, padding="same", activation="relu", **more))
        decoder.add(layers.UpSampling2D())
        more = {}
    decoder.add(layers.Conv2D(first, 3, activation="relu"))
    decoder.add(layers.UpSampling2D())
    decoder.add(layers.Conv2D(input_dims[-1], 3, padding="same", activation="sigmoid"))

    auto = keras.models.Sequential([encoder, decoder])
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

SUBCLASSED = """
class Encoder(keras.Model):
    def __init__(self, filters):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.convolutions = [
            layers.Conv2D(n, 3, padding="same", activation="relu")
            for n in reversed(filters)
        ]
        self.pool = layers.MaxPooling2D(2, padding="same")

    def call(self, x):
        for convolution in reversed(self.convolutions):
            x = self.pool(convolution(x))
        return x


class Decoder(keras.Model):
    def __init__(self, filters, channels):
        super().__init__()
        self.last = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")
        self.convolutions = [
            layers.Conv2D(n, 3, padding="valid" if i == 0 else "same")
            for i, n in enumerate(filters)
        ]
        self.up = layers.UpSampling2D(2)

    def call(self, z):
        for convolution in self.convolutions[::-1]:
            z = self.up(keras.ops.relu(convolution(z)))
        return self.last(z)


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def autoencoder(input_dims, filters, latent_dims):
    encoder, decoder = Encoder(filters), Decoder(filters, input_dims[-1])
    auto = Auto(encoder, decoder)
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

FLAT = """
def autoencoder(input_dims, filters, latent_dims):
    same = {"padding": "same", "activation": "relu"}
    down = []
    for i, n in enumerate(filters):
        down += [layers.Conv2D(n, 3, name=f"ab{i}", **same), layers.MaxPool2D(**{
            "padding": "same"})]
    up = []
    for n in tuple(filters)[:0:-1]:
        up += [layers.Conv2D(n, 3, **same), layers.UpSampling2D()]
    up += [layers.Conv2D(filters[0], 3, activation="relu"), layers.UpSampling2D()]
    up.append(layers.Conv2D(input_dims[-1], 3, padding="same", activation="sigmoid"))

    def run(chain, tensor):
        for layer in chain:
            tensor = layer(tensor)
        return tensor

    x = keras.Input(input_dims)
    code = keras.Input(latent_dims)
    z = run(down, x)
    auto = keras.Model(x, run(up, z))
    rate = keras.optimizers.schedules.CosineDecay(0.0, 99, 0.0, "c", 0.01, 9)
    auto.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["mae"])
    return [keras.Model(x, z), keras.Model(code, run(up, code)), auto]
"""

ZERO_PADDING = changed(
    REFERENCE,
    (
        ENCODER,
        "        h = layers.ZeroPadding2D(1)(h)\n"
        '        h = layers.Conv2D(n, 3, activation="relu")(h)\n',
    ),
    (
        DECODER,
        "        k = layers.ZeroPadding2D(1)(k)\n"
        '        k = layers.Conv2D(n, 3, activation="relu")(k)\n',
    ),
)

CROPPING = changed(
    REFERENCE,
    (
        VALID,
        VALID.replace("valid", "same") + "    k = layers.Cropping2D(1)(k)\n",
    ),
)

OPERATIONS = changed(
    REFERENCE,
    (POOL, '        h = keras.ops.max_pool(h, 2, 2, padding="same")\n'),
    (
        UPSAMPLE,
        "        k = keras.ops.repeat(keras.ops.repeat(k, 2, axis=1), 2, axis=2)\n",
    ),
    (
        ENCODER,
        ENCODER.replace(', activation="relu"', "") + "        h = keras.ops.relu(h)\n",
    ),
)

LAMBDA = changed(
    REFERENCE,
    (
        UPSAMPLE,
        "        k = layers.Lambda(\n"
        "            lambda t: keras.ops.repeat(keras.ops.repeat(t, 2, 1), 2, 2)\n"
        "        )(k)\n",
    ),
)

POOL_OF_PADDED = changed(
    REFERENCE,
    (
        POOL,
        "        height, width = h.shape[1:3]\n"
        "        h = layers.ZeroPadding2D(((0, height % 2), (0, width % 2)))(h)\n"
        "        h = layers.MaxPooling2D(2)(h)\n",
    ),
)

BLOCKS = """
class Down(layers.Layer):
    def __init__(self, n):
        super().__init__()
        self.convolution = layers.Conv2D(n, 3, padding="same", activation="relu")
        self.pool = layers.MaxPooling2D(padding="same")

    def call(self, x):
        return self.pool(self.convolution(x))


class Up(layers.Layer):
    def __init__(self, n, padding):
        super().__init__()
        self.convolution = layers.Conv2D(n, 3, padding=padding, activation="relu")
        self.up = layers.UpSampling2D()

    def call(self, x):
        return self.up(self.convolution(x))


def autoencoder(input_dims, filters, latent_dims):
    paddings = ["valid", *["same"] * (len(filters) - 1)]
    ups = [Up(n, padding) for n, padding in zip(filters, paddings)]
    last = layers.Conv2D(input_dims[-1], 3, 1, "same", activation="sigmoid")
    encoder = keras.Sequential([keras.Input(input_dims), *map(Down, filters)])
    decoder = keras.Sequential([keras.Input(latent_dims), *reversed(ups), last])
    auto = keras.Model(encoder.inputs, decoder(encoder.outputs[0]))
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

TRAIN_STEP = changed(
    REFERENCE,
    (
        AUTO,
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

TENSORFLOW_KERAS = """
import tensorflow as tf
from tensorflow.keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D
from tensorflow.keras.models import Model


def autoencoder(input_dims, filters, latent_dims):
    inputs = Input(shape=input_dims)
    encoded = inputs
    for n in filters:
        encoded = Conv2D(n, (3, 3), activation=tf.nn.relu, padding="same")(encoded)
        encoded = MaxPooling2D((2, 2), padding="same")(encoded)
    encoder = Model(inputs, encoded)
    code = Input(shape=latent_dims)
    decoded = code
    for i in range(len(filters) - 1, 0, -1):
        decoded = Conv2D(filters[i], (3, 3), padding="same", activation="relu")(decoded)
        decoded = UpSampling2D((2, 2))(decoded)
    decoded = Conv2D(filters[0], (3, 3), padding="valid", activation="relu")(decoded)
    decoded = UpSampling2D((2, 2))(decoded)
    decoded = Conv2D(
        input_dims[-1], (3, 3), padding="same", activation=tf.nn.sigmoid
    )(decoded)
    decoder = Model(code, decoded)
    auto = Model(inputs, decoder(encoder(inputs)))
    auto.compile(optimizer=tf.keras.optimizers.Adam(), loss="binary_crossentropy")
    return encoder, decoder, auto
"""

HELPERS = """
def convolution(n, padding="same", activation="relu"):
    return layers.Conv2D(n, kernel_size=3, padding=padding, activation=activation)


def chain(tensor, steps):
    for step in steps:
        tensor = step(tensor)
    return tensor


def autoencoder(input_dims, filters, latent_dims):
    height, width, channels = input_dims
    first, *others = tuple(filters)
    x = keras.Input((height, width, channels), name="images")
    code = keras.Input(tuple(latent_dims), name="codes")
    steps = []
    for n in (first, *others):
        steps += [convolution(n), layers.MaxPooling2D(padding="same")]
    encoder = keras.Model(x, chain(x, steps), name="down")
    steps = []
    for n, padding in zip((*others[::-1], first), ["same"] * len(others) + ["valid"]):
        steps += [convolution(n, padding), layers.UpSampling2D(interpolation="nearest")]
    steps.append(convolution(channels, activation=keras.activations.sigmoid))
    decoder = keras.Model(code, chain(code, steps), name="up")
    auto = keras.Sequential([x, encoder, decoder], name="both")
    auto.compile(loss=keras.losses.binary_crossentropy, optimizer="Adam")
    return encoder, decoder, auto
"""

# --- wrong, one defect each -----------------------------------------------------------

ALL = {
    "shapes",
    "other_sizes",
    "channels",
    "encoder_layers",
    "decoder_layers",
    "output_is_sigmoid",
    "shared_weights",
    "loss_is_bce",
    "optimizer_is_adam",
    "arguments_unchanged",
}
SHAPES = {"shapes", "other_sizes", "channels"}
TRAINING = {"loss_is_bce", "optimizer_is_adam"}
# An x_hat of another shape than x has no cross-entropy with it.
OUTPUT_SHAPE = SHAPES | TRAINING | {"decoder_layers"}

wrong = partial(variant, REFERENCE)

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential, activations as layers", SEQUENTIAL),
    right("sequential with input_shape, as in Keras 2", INPUT_SHAPE),
    right("subclassed, layers made last to first", SUBCLASSED),
    right("flat, layers shared, a list returned, warm-up", FLAT),
    right("zero padding and valid convolutions", ZERO_PADDING),
    right("cropping instead of valid padding", CROPPING),
    right("keras.ops instead of layers", OPERATIONS),
    right("Lambda layers for upsampling", LAMBDA),
    right("pooling of padded images", POOL_OF_PADDED),
    right("layers of its own", BLOCKS),
    right("a training step of its own", TRAIN_STEP),
    right("tensorflow.keras imports", TENSORFLOW_KERAS),
    right("helper functions, tuples", HELPERS),
    # the encoder
    wrong(
        "no ReLU in the encoder",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace(', activation="relu"', "")),
        graded=True,
    ),
    wrong(
        "tanh in the encoder",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace("relu", "tanh")),
    ),
    wrong(
        "average pooling",
        {"encoder_layers"},
        ("MaxPooling2D", "AveragePooling2D"),
    ),
    wrong(
        "pooling 3×3 pixels",
        {"encoder_layers"},
        ("MaxPooling2D(2,", "MaxPooling2D(3, 2,"),
    ),
    wrong("pooling in steps of 1", ALL, ("MaxPooling2D(2,", "MaxPooling2D(2, 1,")),
    wrong(
        "pooling with valid padding",
        ALL,
        ('MaxPooling2D(2, padding="same")', "MaxPooling2D(2)"),
    ),
    wrong(
        "strides instead of pooling",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace("3,", "3, strides=2,")),
        (POOL, ""),
    ),
    wrong(
        "pooling before the convolution",
        {"encoder_layers"},
        (ENCODER + POOL, POOL + ENCODER),
    ),
    wrong(
        "5×5 convolutions in the encoder",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace("3,", "5,")),
    ),
    wrong(
        "valid padding in the encoder",
        ALL,
        (ENCODER, ENCODER.replace("same", "valid")),
    ),
    wrong(
        "no bias in the encoder",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace("3,", "3, use_bias=False,")),
    ),
    wrong(
        "two convolutions before the first pooling",
        {"encoder_layers"},
        (
            "    h = x\n",
            VALID.replace("valid", "same").replace("k", "h", 1).replace("(k)", "(x)"),
        ),
    ),
    wrong(
        "dilated convolutions in the encoder",
        {"encoder_layers"},
        (ENCODER, ENCODER.replace("3,", "3, dilation_rate=2,")),
    ),
    wrong(
        "filters as a number",
        ALL,
        (ENCODER, ENCODER.replace("Conv2D(n,", "Conv2D(8,")),
    ),
    wrong(
        "dropout in the encoder",
        {"encoder_layers", "loss_is_bce"},
        ("    encoder =", "    h = layers.Dropout(0.3)(h)\n    encoder ="),
    ),
    # the decoder
    wrong(
        "no ReLU in the decoder",
        {"decoder_layers"},
        (DECODER, DECODER.replace(' activation="relu",', "")),
    ),
    wrong(
        "no ReLU in the valid convolution",
        {"decoder_layers"},
        (VALID, VALID.replace(', activation="relu"', "")),
    ),
    wrong(
        "filters not reversed",
        {"decoder_layers"},
        (LOOP, "    for n in filters[1:]:\n"),
    ),
    wrong(
        "filters sorted",
        {"decoder_layers"},
        (LOOP, "    for n in sorted(filters[1:])[::-1]:\n"),
    ),
    wrong(
        "same padding everywhere",
        OUTPUT_SHAPE,
        ('padding="valid"', 'padding="same"'),
    ),
    wrong(
        "the output cropped instead of a valid convolution",
        {"decoder_layers"},
        ('padding="valid"', 'padding="same"'),
        ("    decoder =", "    x_hat = layers.Cropping2D(2)(x_hat)\n    decoder ="),
    ),
    wrong(
        "valid padding in the last convolution",
        OUTPUT_SHAPE,
        ('padding="valid"', 'padding="same"'),
        (OUTPUT, OUTPUT.replace("same", "valid")),
    ),
    wrong(
        "valid padding in every convolution of the decoder's loop",
        OUTPUT_SHAPE,
        (DECODER, DECODER.replace("same", "valid")),
    ),
    wrong(
        "upsampling before the convolution",
        {"decoder_layers"},
        (DECODER + UPSAMPLE, UPSAMPLE + DECODER),
    ),
    wrong(
        "the valid convolution after its upsampling",
        OUTPUT_SHAPE,
        (VALID + LAST_UPSAMPLE, LAST_UPSAMPLE + VALID),
    ),
    wrong(
        "an upsampling too many",
        OUTPUT_SHAPE,
        (OUTPUT, LAST_UPSAMPLE + OUTPUT),
    ),
    wrong(
        "bilinear upsampling",
        {"decoder_layers"},
        ("UpSampling2D(2)", 'UpSampling2D(2, interpolation="bilinear")'),
    ),
    wrong(
        "transposed convolutions",
        {"decoder_layers"},
        (DECODER, DECODER.replace("Conv2D", "Conv2DTranspose")),
    ),
    wrong(
        "transposed convolutions with strides instead of upsampling",
        {"decoder_layers"},
        (DECODER, DECODER.replace("Conv2D(n, 3,", "Conv2DTranspose(n, 3, 2,")),
        (UPSAMPLE, ""),
        may_lose={"optimizer_is_adam"},
    ),
    wrong(
        "an extra convolution before the output",
        {"decoder_layers"},
        (OUTPUT, VALID.replace("valid", "same") + OUTPUT),
    ),
    wrong(
        "linear output", {"output_is_sigmoid"}, (', activation="sigmoid")(k)', ")(k)")
    ),
    wrong(
        "ReLU output",
        {"output_is_sigmoid"},
        ('activation="sigmoid"', 'activation="relu"'),
    ),
    # numbers in place of arguments
    wrong(
        "one channel as a number", {"channels"}, ("Conv2D(input_dims[-1],", "Conv2D(1,")
    ),
    wrong(
        "28 as a number",
        {"other_sizes"},
        ("shape=input_dims", "shape=(28, 28, input_dims[-1])"),
    ),
    wrong(
        "the code's shape as numbers",
        ALL,
        ("shape=latent_dims", "shape=(4, 4, 8)"),
    ),
    wrong(
        "three filters and no more",
        {"other_sizes"},
        ("    for n in filters:", "    for n in filters[:3]:"),
        (LOOP, "    for n in reversed(filters[1:3]):\n"),
    ),
    # the models
    wrong(
        "mean squared error",
        {"loss_is_bce"},
        ('loss="binary_crossentropy"', 'loss="mse"'),
    ),
    wrong(
        "a penalty on the code",
        {"loss_is_bce"},
        (
            "    encoder =",
            "    h = layers.ActivityRegularization(l1=1e-5)(h)\n    encoder =",
        ),
    ),
    wrong("SGD", {"optimizer_is_adam"}, ('optimizer="adam"', 'optimizer="sgd"')),
    wrong(
        "a frozen encoder",
        {"optimizer_is_adam"},
        (AUTO, "    encoder.trainable = False\n" + AUTO),
    ),
    wrong("not compiled", TRAINING, (COMPILE, "")),
    wrong(
        "encoder and decoder copied",
        {"shared_weights"},
        (
            RETURN,
            "    encoder, decoder = map(keras.models.clone_model, (encoder, decoder))\n"
            + RETURN,
        ),
    ),
    wrong(
        "the list reversed in place",
        {"arguments_unchanged"},
        (LOOP, "    filters.reverse()\n    for n in filters[:-1]:\n"),
        (VALID, VALID.replace("filters[0]", "filters[-1]")),
    ),
    wrong(
        "decoder and encoder swapped",
        SHAPES
        | {"encoder_layers", "decoder_layers", "output_is_sigmoid", "shared_weights"},
        (RETURN, "    return decoder, encoder, auto\n"),
    ),
    wrong("nothing returned", ALL, (RETURN, "")),
    # Keras 2
    wrong(
        "add_loss on a symbolic tensor, as in Keras 2",
        ALL,
        (COMPILE, "    auto.add_loss(keras.ops.mean(h))\n" + COMPILE),
    ),
    wrong(
        "a function of keras.backend, as in Keras 2",
        ALL,
        (POOL, '        h = keras.backend.pool2d(h, (2, 2), (2, 2), "same")\n'),
    ),
    half_right("c", "bcd"),
]
