"""Known submissions of the bottleneck, with the points that each loses."""

from functools import partial

from samples.submissions.submission import changed, half_right, right, variant

REFERENCE = """
def autoencoder(input_shape, filters, latent_dims):
    x = keras.Input(shape=input_shape)
    maps = shrink(x, filters)
    h = layers.Flatten()(maps)
    z = layers.Dense(latent_dims)(h)
    encoder = keras.Model(x, z)

    code = keras.Input(shape=(latent_dims,))
    height, width, depth = maps.shape[1:]
    k = layers.Dense(height * width * depth, activation="relu")(code)
    k = layers.Reshape((height, width, depth))(k)
    x_hat = grow(k, list(reversed(filters)), input_shape[-1])
    decoder = keras.Model(code, x_hat)

    auto = keras.Model(x, decoder(encoder(x)))
    auto.compile(optimizer="adam", loss="mse")
    return encoder, decoder, auto
"""

SEQUENTIAL = """
def autoencoder(input_shape, filters, latent_dims):
    encoder = keras.Sequential([keras.Input(input_shape)])
    for n in filters:
        encoder.add(layers.Conv2D(n, (3, 3), padding="same"))
        encoder.add(layers.ReLU())
        encoder.add(layers.MaxPool2D())
    height, width, depth = encoder.output_shape[1:]
    encoder.add(layers.Reshape((-1,)))
    encoder.add(layers.Dense(latent_dims, activation="linear"))

    decoder = keras.Sequential([keras.Input((latent_dims,))])
    decoder.add(layers.Dense(height * width * depth))
    decoder.add(layers.Reshape((height, width, depth)))
    decoder.add(layers.Activation("relu"))
    for n in filters[::-1]:
        decoder.add(
            layers.Conv2DTranspose(n, 3, strides=2, padding="same", activation="relu")
        )
    decoder.add(layers.Conv2D(input_shape[-1], 3, padding="same"))
    decoder.add(layers.Activation("sigmoid"))

    auto = keras.Sequential([encoder, decoder])
    auto.compile(keras.optimizers.Adam(5e-4), keras.losses.MeanSquaredError())
    return encoder, decoder, auto
"""

SUBCLASSED = """
class Encoder(keras.Model):
    def __init__(self, filters, latent_dims):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.code = layers.Dense(latent_dims)
        self.flat = layers.Flatten()
        self.convolutions = [
            layers.Conv2D(n, 3, padding="same", activation="relu")
            for n in filters[::-1]
        ]

    def call(self, x):
        for layer in reversed(self.convolutions):
            x = keras.ops.max_pool(layer(x), 2)
        return self.code(self.flat(x))


class Decoder(keras.Model):
    def __init__(self, shape, filters, channels):
        super().__init__()
        self.shape = shape
        self.paint = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")
        self.double = [
            layers.Conv2DTranspose(n, 3, strides=2, padding="same", activation="relu")
            for n in filters[::-1]
        ]
        self.open = layers.Dense(int(np.prod(shape)), activation="relu")

    def call(self, z):
        h = keras.ops.reshape(self.open(z), (-1, *self.shape))
        for layer in self.double:
            h = layer(h)
        return self.paint(h)


class Auto(keras.Model):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def autoencoder(input_shape, filters, latent_dims):
    height, width, channels = input_shape
    n = 2 ** len(filters)
    encoder = Encoder(list(filters), latent_dims)
    decoder = Decoder((height // n, width // n, filters[-1]), list(filters), channels)
    auto = Auto(encoder, decoder)
    auto.compile("adam", "mse")
    return encoder, decoder, auto
"""

FLAT = """
def autoencoder(input_shape, filters, latent_dims):
    down = []
    for n in filters:
        down += [layers.Conv2D(n, 3, padding="same", activation="relu")]
        down += [layers.MaxPooling2D(2)]
    down += [layers.Flatten(), layers.Dense(latent_dims, name="z")]
    factor = 2 ** len(filters)
    shape = [side // factor for side in input_shape[:2]] + [filters[-1]]
    up = [layers.Dense(shape[0] * shape[1] * shape[2], "relu"), layers.Reshape(shape)]
    up += [
        layers.Conv2DTranspose(n, 3, 2, "same", activation="relu")
        for n in reversed(filters)
    ]
    up += [layers.Conv2D(input_shape[2], 3, padding="same", activation="sigmoid")]

    def run(chain, tensor):
        for layer in chain:
            tensor = layer(tensor)
        return tensor

    x = keras.Input(input_shape)
    code = keras.Input((latent_dims,))
    z = run(down, x)
    auto = keras.Model(x, run(up, z))
    rate = keras.optimizers.schedules.CosineDecay(0.0, 99, 0.0, "c", 0.01, 9)
    auto.compile(keras.optimizers.Adam(rate, beta_2=0.99), "mse", metrics=["mae"])
    return [keras.Model(x, z), keras.Model(code, run(up, code)), auto]
"""

OWN_LOSS = changed(
    REFERENCE,
    (
        "    auto = keras.Model(x, decoder(encoder(x)))\n"
        '    auto.compile(optimizer="adam", loss="mse")\n',
        """
    class Auto(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, *args, **named):
            return keras.ops.mean(keras.ops.square(y - y_pred))

    auto = Auto(x, decoder(encoder(x)))
    auto.compile(optimizer="adam")
""",
    ),
)

EVERY_CHECK = {
    "shapes",
    "encoder_layers",
    "code_is_linear",
    "decoder_layers",
    "output_is_sigmoid",
    "shared_weights",
    "loss_is_mse",
    "optimizer_is_adam",
    "arguments_unchanged",
}


wrong = partial(variant, REFERENCE)


SUBMISSIONS = [
    right("functional, with the given halves", REFERENCE),
    right("sequential, activations as layers, halves of its own", SEQUENTIAL),
    right("subclassed, layers made last to first", SUBCLASSED),
    right("flat, layers shared, a list returned, warm-up", FLAT),
    right("a compute_loss of its own", OWN_LOSS),
    wrong(
        "ReLU on the code",
        {"code_is_linear"},
        ("layers.Dense(latent_dims)", 'layers.Dense(latent_dims, activation="relu")'),
        graded=True,
    ),
    wrong(
        "no activation after the decoder's dense layer",
        {"decoder_layers"},
        ('depth, activation="relu")', "depth)"),
    ),
    wrong(
        "the mean of each feature map instead of all its numbers",
        {"encoder_layers"},
        ("layers.Flatten()", "layers.GlobalAveragePooling2D()"),
    ),
    wrong(
        "a second dense layer in the encoder",
        {"encoder_layers"},
        (
            "    z = layers.Dense(latent_dims)(h)",
            '    h = layers.Dense(64, activation="relu")(h)\n'
            "    z = layers.Dense(latent_dims)(h)",
        ),
    ),
    wrong(
        "the decoder reshapes to channels first, and turns them back",
        {"decoder_layers"},
        (
            "layers.Reshape((height, width, depth))(k)",
            "layers.Reshape((depth, height, width))(k)\n"
            "    k = layers.Permute((2, 3, 1))(k)",
        ),
    ),
    wrong(
        "filters not reversed",
        {"decoder_layers"},
        ("list(reversed(filters))", "filters"),
    ),
    wrong(
        "dropout on the flattened maps",
        {"encoder_layers", "loss_is_mse"},
        (
            "    z = layers.Dense(latent_dims)(h)",
            "    h = layers.Dropout(0.5)(h)\n    z = layers.Dense(latent_dims)(h)",
        ),
    ),
    wrong(
        "average pooling",
        {"encoder_layers"},
        (
            "    maps = shrink(x, filters)\n",
            "    maps = x\n    for n in filters:\n"
            "        maps = layers.Conv2D(n, 3, **RELU)(maps)\n"
            "        maps = layers.AveragePooling2D(2)(maps)\n",
        ),
    ),
    wrong(
        "the last convolution without a sigmoid",
        {"output_is_sigmoid"},
        (
            "    x_hat = grow(k, list(reversed(filters)), input_shape[-1])\n",
            "    for n in reversed(filters):\n"
            "        k = layers.Conv2DTranspose(n, 3, strides=2, **RELU)(k)\n"
            '    x_hat = layers.Conv2D(input_shape[-1], 3, padding="same")(k)\n',
        ),
    ),
    wrong(
        "binary cross-entropy",
        {"loss_is_mse"},
        ('loss="mse"', 'loss="binary_crossentropy"'),
    ),
    wrong("SGD", {"optimizer_is_adam"}, ('optimizer="adam"', 'optimizer="sgd"')),
    wrong(
        "7×7 feature maps as numbers",
        {"shapes"},
        (
            "height, width, depth = maps.shape[1:]",
            "height, width, depth = 7, 7, filters[-1]",
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
        "list reversed in place",
        {"arguments_unchanged"},
        (
            "    x_hat = grow(k, list(reversed(filters)), input_shape[-1])\n",
            "    filters.reverse()\n    x_hat = grow(k, filters, input_shape[-1])\n",
        ),
    ),
    wrong(
        "encoder and auto in each other's place",
        EVERY_CHECK - {"decoder_layers", "output_is_sigmoid", "arguments_unchanged"},
        ("return encoder, decoder, auto", "return auto, decoder, encoder"),
    ),
    half_right("b", "abc"),
]
