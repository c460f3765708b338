"""Wrong answers to `convolutional`: padding, pooling, upsampling and their order."""

from samples.wrong_answers.answer import Cause, Slip, slips
from samples.wrong_answers.dense import (
    COMPILED,
    LOSS,
    NUMBER,
    OPTIMIZER,
    OUTPUT,
    RETURNED,
    SEPARATE,
)

STACKED = """
def autoencoder(input_dims, filters, latent_dims):
    encoder = keras.Sequential([keras.Input(input_dims)])
    for f in filters:
        encoder.add(layers.Conv2D(f, (3, 3), activation="relu", padding="same"))
        encoder.add(layers.MaxPooling2D((2, 2), padding="same"))

    decoder = keras.Sequential([keras.Input(latent_dims)])
    for f in filters[:0:-1]:
        decoder.add(layers.Conv2D(f, (3, 3), activation="relu", padding="same"))
        decoder.add(layers.UpSampling2D((2, 2)))
    decoder.add(layers.Conv2D(filters[0], (3, 3), activation="relu"))
    decoder.add(layers.UpSampling2D((2, 2)))
    n = input_dims[-1]
    decoder.add(layers.Conv2D(n, (3, 3), activation="sigmoid", padding="same"))

    auto = keras.Sequential([encoder, decoder])
    auto.compile("adam", "binary_crossentropy")
    return encoder, decoder, auto
"""

COUNTED = """
def autoencoder(input_dims, filters, latent_dims):
    image = keras.layers.Input(shape=input_dims)
    x = image
    for i in range(len(filters)):
        x = keras.layers.Conv2D(filters[i], 3, padding="same")(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPool2D(pool_size=2, strides=2, padding="same")(x)
    encoder = keras.models.Model(image, x, name="enc")

    code = keras.layers.Input(shape=latent_dims)
    y = code
    for i in range(len(filters) - 1, -1, -1):
        pad = "valid" if i == 0 else "same"
        y = keras.layers.Conv2D(filters[i], 3, padding=pad)(y)
        y = keras.layers.ReLU()(y)
        y = keras.layers.UpSampling2D(size=2)(y)
    y = keras.layers.Conv2D(input_dims[2], 3, padding="same", activation="sigmoid")(y)
    decoder = keras.models.Model(code, y, name="dec")

    auto = keras.models.Model(image, decoder(encoder(image)))
    loss = keras.losses.BinaryCrossentropy()
    auto.compile(optimizer=keras.optimizers.Adam(), loss=loss)
    return encoder, decoder, auto
"""

STYLES = {"stacked": STACKED, "counted": COUNTED}

PADDING = Cause("a padding", ("padding",), (NUMBER, "broadcast", "another order"))
POOLING = Cause("a pooling", ("pool",), (NUMBER, "broadcast", "another order"))
UPSAMPLING = Cause(
    "an upsampling", ("upsampl",), (NUMBER, "broadcast", "another order")
)
FILTERS = Cause("filters in another order", ("revers",), (NUMBER,))
CHANNELS = Cause("channels as a number", ("channel|number",), ())
KERNEL = Cause("another kernel", ("3×3",), (NUMBER,))
STRIDES = Cause("strides instead of pooling", ("pool|stride",), (NUMBER,))
ACTIVATION = Cause("no ReLU after convolutions", ("ReLU",), (NUMBER,))

SLIPS: list[Slip] = [
    (
        "same padding everywhere",
        PADDING,
        {
            "stacked": (
                (
                    '(filters[0], (3, 3), activation="relu")',
                    '(filters[0], (3, 3), activation="relu", padding="same")',
                ),
            ),
            "counted": (('"valid" if i == 0 else "same"', '"same"'),),
        },
    ),
    (
        "valid padding in the decoder's first",
        PADDING,
        {"counted": (("if i == 0", "if i == len(filters) - 1"),)},
    ),
    (
        "valid padding in the last",
        PADDING,
        {
            "stacked": (
                ('activation="sigmoid", padding="same"', 'activation="sigmoid"'),
            )
        },
    ),
    (
        "valid padding in the encoder",
        PADDING,
        {
            "stacked": (
                (
                    'f, (3, 3), activation="relu", padding="same"))\n        encoder',
                    'f, (3, 3), activation="relu"))\n        encoder',
                ),
            ),
            "counted": (('filters[i], 3, padding="same")(x)', "filters[i], 3)(x)"),),
        },
    ),
    (
        "pooling with valid padding",
        PADDING,
        {
            "stacked": (
                ('MaxPooling2D((2, 2), padding="same")', "MaxPooling2D((2, 2))"),
            ),
            "counted": (('strides=2, padding="same"', "strides=2"),),
        },
    ),
    (
        "no padding in the decoder",
        PADDING,
        {"counted": (('"valid" if i == 0 else "same"', '"valid"'),)},
    ),
    (
        "average pooling",
        POOLING,
        {
            "stacked": (("MaxPooling2D", "AveragePooling2D"),),
            "counted": (("MaxPool2D", "AveragePooling2D"),),
        },
    ),
    (
        "pooling before the convolution",
        POOLING,
        {
            "stacked": (
                (
                    "        encoder.add(layers.Conv2D(f, (3, 3), "
                    'activation="relu", padding="same"))\n'
                    "        encoder.add(layers.MaxPooling2D((2, 2), "
                    'padding="same"))\n',
                    "        encoder.add(layers.MaxPooling2D((2, 2), "
                    'padding="same"))\n        encoder.add(layers.Conv2D(f, (3, '
                    '3), activation="relu", padding="same"))\n',
                ),
            )
        },
    ),
    (
        "no pooling after the last",
        POOLING,
        {
            "counted": (
                (
                    "        x = keras.layers.MaxPool2D(",
                    "        if i < len(filters) - 1:\n"
                    "            x = keras.layers.MaxPool2D(",
                ),
            )
        },
    ),
    (
        "one upsampling missing",
        UPSAMPLING,
        {
            "stacked": (
                (
                    'activation="relu"))\n    decoder.add(layers.UpSampling2D((2, '
                    "2)))\n",
                    'activation="relu"))\n',
                ),
            ),
            "counted": (
                (
                    "        y = keras.layers.UpSampling2D(size=2)(y)",
                    "        y = keras.layers.UpSampling2D(size=2)(y) if i else y",
                ),
            ),
        },
    ),
    (
        "one upsampling too many",
        UPSAMPLING,
        {
            "stacked": (
                (
                    "    auto = ",
                    "    decoder.add(layers.UpSampling2D((2, 2)))\n    auto = ",
                ),
            ),
        },
    ),
    (
        "upsampling before the convolution",
        UPSAMPLING,
        {
            "stacked": (
                (
                    "        decoder.add(layers.Conv2D(f, (3, 3), "
                    'activation="relu", padding="same"))\n'
                    "        decoder.add(layers.UpSampling2D((2, 2)))\n",
                    "        decoder.add(layers.UpSampling2D((2, 2)))\n"
                    "        decoder.add(layers.Conv2D(f, (3, 3), "
                    'activation="relu", padding="same"))\n',
                ),
            )
        },
    ),
    (
        "bilinear upsampling",
        UPSAMPLING,
        {
            "counted": (
                (
                    "UpSampling2D(size=2)",
                    'UpSampling2D(size=2, interpolation="bilinear")',
                ),
            )
        },
    ),
    (
        "filters not reversed",
        FILTERS,
        {"stacked": (("filters[:0:-1]", "filters[1:]"),)},
    ),
    (
        "one channel",
        CHANNELS,
        {
            "stacked": (("n, (3, 3), activation", "1, (3, 3), activation"),),
            "counted": (("input_dims[2], 3", "1, 3"),),
        },
    ),
    (
        "28 by 28",
        Cause("sizes as numbers", (NUMBER,)),
        {"stacked": (("keras.Input(input_dims)", "keras.Input((28, 28, 1))"),)},
    ),
    (
        "5×5 kernels",
        KERNEL,
        {
            "stacked": (
                (
                    'f, (3, 3), activation="relu", padding="same"))\n        encoder',
                    'f, (5, 5), activation="relu", padding="same"))\n        encoder',
                ),
            ),
            "counted": (("filters[i], 3, padding=pad", "filters[i], 5, padding=pad"),),
        },
    ),
    (
        "strides instead of pooling",
        STRIDES,
        {
            "stacked": (
                (
                    'f, (3, 3), activation="relu", padding="same"))\n'
                    "        encoder.add(layers.MaxPooling2D((2, 2), "
                    'padding="same"))',
                    'f, (3, 3), strides=2, activation="relu", padding="same"))',
                ),
            ),
        },
    ),
    (
        "no ReLU",
        ACTIVATION,
        {
            "counted": (("        x = keras.layers.ReLU()(x)\n", ""),),
            "stacked": (
                (
                    'f, (3, 3), activation="relu", padding="same"))\n        decoder',
                    'f, (3, 3), padding="same"))\n        decoder',
                ),
            ),
        },
    ),
    ("tanh", ACTIVATION, {"stacked": (('"relu"', '"tanh"'),)}),
    (
        "a linear output",
        OUTPUT,
        {
            "stacked": ((' activation="sigmoid",', ""),),
            "counted": ((', activation="sigmoid"', ""),),
        },
    ),
    ("a ReLU output", OUTPUT, {"stacked": (('"sigmoid"', '"relu"'),)}),
    (
        "a flat code",
        Cause("the code is flat", ("encoder", "flat"), (NUMBER,)),
        {
            "counted": (
                ("    encoder = ", "    x = keras.layers.Flatten()(x)\n    encoder = "),
            )
        },
    ),
    (
        "auto of another encoder",
        SEPARATE,
        {
            "stacked": (
                ("[encoder, decoder]", "[keras.models.clone_model(encoder), decoder]"),
            )
        },
    ),
    (
        "another order",
        RETURNED,
        {
            "counted": (
                ("return encoder, decoder, auto", "return decoder, encoder, auto"),
            )
        },
    ),
    (
        "the squared error",
        LOSS,
        {"counted": (("BinaryCrossentropy", "MeanSquaredError"),)},
    ),
    ("SGD", OPTIMIZER, {"counted": (("optimizers.Adam", "optimizers.SGD"),)}),
    (
        "not compiled",
        COMPILED,
        {"stacked": (('    auto.compile("adam", "binary_crossentropy")\n', ""),)},
    ),
]

CONVOLUTIONAL = list(slips("convolutional", STYLES, SLIPS))
