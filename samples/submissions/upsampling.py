"""Known submissions of the two decoders, with the points that each loses."""

from functools import partial

from samples.submissions import submission
from samples.submissions.submission import half_right

REFERENCE = """
def decoder(code_shape, filters, channels, kind):
    if kind not in ("transposed", "upsampled"):
        raise ValueError(f"kind is {kind!r}: transposed or upsampled")
    code = keras.Input(shape=code_shape)
    h = code
    for n in filters:
        if kind == "transposed":
            h = layers.Conv2DTranspose(
                n, 3, strides=2, padding="same", activation="relu"
            )(h)
        else:
            h = layers.UpSampling2D(2)(h)
            h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)
    x_hat = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")(h)
    return keras.Model(code, x_hat)
"""

SEQUENTIAL = """
def decoder(code_shape, filters, channels, kind):
    model = keras.Sequential([keras.Input(code_shape)])
    for n in filters:
        match kind:
            case "transposed":
                model.add(layers.Conv2DTranspose(n, (3, 3), (2, 2), "same"))
            case "upsampled":
                model.add(layers.UpSampling2D(interpolation="nearest"))
                model.add(layers.Conv2D(n, (3, 3), padding="same"))
            case _:
                raise ValueError("the kinds are 'upsampled' and 'transposed'")
        model.add(layers.Activation("relu"))
    model.add(layers.Conv2D(channels, 3, padding="same"))
    model.add(layers.Activation("sigmoid"))
    return model
"""

SUBCLASSED = """
class Decoder(keras.Model):
    def __init__(self, filters, channels, kind):
        super().__init__()
        # made last to first: the order of the weights says nothing
        self.paint = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")
        self.kind = kind
        options = {"padding": "same", "activation": "relu"}
        if kind == "transposed":
            options["strides"] = 2
            steps = [layers.Conv2DTranspose(n, 3, **options) for n in filters[::-1]]
        elif kind == "upsampled":
            steps = [layers.Conv2D(n, 3, **options) for n in filters[::-1]]
        else:
            raise ValueError("kind: transposed, upsampled")
        self.steps = steps

    def call(self, h):
        for step in reversed(self.steps):
            if self.kind == "upsampled":
                h = keras.ops.repeat(keras.ops.repeat(h, 2, axis=1), 2, axis=2)
            h = step(h)
        return self.paint(h)


def decoder(code_shape, filters, channels, kind):
    return Decoder(list(filters), channels, kind)
"""

NESTED = """
def transposed(shape, n):
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2DTranspose(n, 3, strides=2, padding="same"),
            layers.ReLU(),
        ]
    )


def upsampled(shape, n):
    size = (2 * shape[0], 2 * shape[1])
    small = keras.Input(shape)
    large = keras.ops.image.resize(small, size, interpolation="nearest")
    return keras.Model(small, layers.Conv2D(n, 3, 1, "same", activation="relu")(large))


STEPS = {"transposed": transposed, "upsampled": upsampled}


def decoder(code_shape, filters, channels, kind):
    try:
        step = STEPS[kind]
    except KeyError:
        raise ValueError(f"{kind!r} is none of {list(STEPS)}") from None
    code = h = keras.Input(code_shape)
    for n in filters:
        h = step(h.shape[1:], n)(h)
    last = layers.Conv2D(channels, 3, padding="same", activation="sigmoid")
    model = keras.Model(code, last(h))
    model.compile("adam", "mse")
    return model
"""

EVERY_CHECK = {
    "shapes",
    "same_weights",
    "transposed_layers",
    "upsampled_layers",
    "upsampling_first",
    "nearest",
    "flat_code",
    "output_is_sigmoid",
    "unknown_kind",
    "arguments_unchanged",
}
UPSAMPLED = {"upsampled_layers", "upsampling_first", "nearest"}


right = partial(submission.right, cell="decoder")
wrong = partial(submission.variant, REFERENCE, cell="decoder")


UPSAMPLE = "            h = layers.UpSampling2D(2)(h)\n"
CONVOLVE = '            h = layers.Conv2D(n, 3, padding="same", activation="relu")(h)\n'

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential, activations as layers, match", SEQUENTIAL),
    right("subclassed, layers made last to first, repeat", SUBCLASSED),
    right("nested models, resize, compiled", NESTED),
    wrong(
        "convolution before upsampling",
        {"upsampling_first"},
        (UPSAMPLE + CONVOLVE, CONVOLVE + UPSAMPLE),
        graded=True,
    ),
    wrong(
        "bilinear interpolation",
        {"nearest"},
        ("UpSampling2D(2)", 'UpSampling2D(2, interpolation="bilinear")'),
    ),
    wrong(
        "kind ignored",
        UPSAMPLED | {"flat_code"},
        ('if kind == "transposed":', "if kind:"),
    ),
    wrong(
        "kinds in each other's place",
        UPSAMPLED | {"flat_code", "transposed_layers"},
        ('if kind == "transposed":', 'if kind == "upsampled":'),
    ),
    wrong(
        "kernel of 4 in the transposed convolutions",
        {"transposed_layers", "same_weights", "flat_code"},
        ("n, 3, strides=2", "n, 4, strides=2"),
    ),
    wrong(
        "no ReLU after transposed convolutions",
        {"transposed_layers"},
        ('padding="same", activation="relu"\n', 'padding="same"\n'),
    ),
    wrong(
        "no ReLU after upsampling and convolution",
        {"upsampled_layers"},
        (CONVOLVE, '            h = layers.Conv2D(n, 3, padding="same")(h)\n'),
    ),
    wrong(
        "kernel of 5 after upsampling",
        UPSAMPLED | {"same_weights"},
        ("h = layers.Conv2D(n, 3,", "h = layers.Conv2D(n, 5,"),
    ),
    wrong(
        "one upsampling for all steps",
        UPSAMPLED,
        (
            UPSAMPLE,
            "            factor = 2 ** len(filters) if n == filters[0] else 1\n"
            "            h = layers.UpSampling2D(factor)(h)\n",
        ),
    ),
    wrong(
        "dropout in both kinds",
        {"transposed_layers", "upsampled_layers"},
        ("    x_hat =", "    h = layers.Dropout(0.3)(h)\n    x_hat ="),
    ),
    wrong(
        "valid padding in the transposed convolutions",
        {"shapes", "transposed_layers"},
        (
            'strides=2, padding="same", activation="relu"',
            'strides=2, padding="valid", activation="relu"',
        ),
    ),
    wrong(
        "another kind is taken for upsampled",
        {"unknown_kind"},
        (
            '    if kind not in ("transposed", "upsampled"):\n'
            '        raise ValueError(f"kind is {kind!r}: transposed or upsampled")\n',
            "",
        ),
    ),
    wrong(
        "the error does not name the kinds",
        {"unknown_kind"},
        ('f"kind is {kind!r}: transposed or upsampled"', '"this kind is unknown"'),
    ),
    wrong(
        "another error",
        {"unknown_kind"},
        ("raise ValueError(", "raise KeyError("),
    ),
    wrong(
        "no sigmoid",
        {"output_is_sigmoid"},
        (', activation="sigmoid"', ""),
    ),
    wrong(
        "one channel as a number",
        {"shapes"},
        ("layers.Conv2D(channels,", "layers.Conv2D(1,"),
    ),
    wrong(
        "the list is used up",
        {"arguments_unchanged"},
        ("    for n in filters:\n", "    while filters:\n        n = filters.pop(0)\n"),
    ),
    wrong(
        "the output returned instead of the model",
        EVERY_CHECK - {"unknown_kind"},
        ("return keras.Model(code, x_hat)", "return x_hat"),
    ),
    half_right("b", "acd"),
]
