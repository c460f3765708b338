"""Known submissions of the stacked classifier, with the points that each loses."""

from functools import partial

from samples.submissions import submission
from samples.submissions.submission import changed, half_right

REFERENCE = """
def stacked(input_dims, hidden_layers, classes):
    first = layers.Dense(hidden_layers[0], activation="sigmoid")
    second = layers.Dense(hidden_layers[1], activation="sigmoid")
    x = keras.Input(shape=(input_dims,))
    code = first(x)
    x_hat = layers.Dense(input_dims, activation="sigmoid")(code)
    z = keras.Input(shape=(hidden_layers[0],))
    z_hat = layers.Dense(hidden_layers[0], activation="sigmoid")(second(z))
    p = layers.Dense(classes, activation="softmax")(second(code))
    encoder = keras.Model(x, code)
    auto_1 = keras.Model(x, x_hat)
    auto_2 = keras.Model(z, z_hat)
    classifier = keras.Model(x, p)
    auto_1.compile(optimizer="adam", loss="binary_crossentropy")
    auto_2.compile(optimizer="adam", loss="binary_crossentropy")
    classifier.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return encoder, auto_1, auto_2, classifier
"""

SEQUENTIAL = """
def stacked(input_dims, hidden_layers, classes):
    n, (h1, h2) = input_dims, hidden_layers
    squash = "sigmoid"
    encoder = keras.Sequential(
        [keras.Input((n,)), layers.Dense(h1), layers.Activation(squash)]
    )
    upper = keras.Sequential(
        [keras.Input((h1,)), layers.Dense(h2), layers.Activation(squash)]
    )
    auto_1 = keras.Sequential(
        [encoder, layers.Dense(n), layers.Activation("sigmoid")], name="images"
    )
    auto_2 = keras.Sequential([upper, layers.Dense(h1, "sigmoid")], name="codes")
    classifier = keras.Sequential(
        [encoder, upper, layers.Dense(classes), layers.Softmax()], name="digits"
    )
    auto_1.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy())
    auto_2.compile(keras.optimizers.Adam(), "bce")
    loss = keras.losses.SparseCategoricalCrossentropy()
    classifier.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
    return [encoder, auto_1, auto_2, classifier]
"""

SUBCLASSED = """
class Chain(keras.Model):
    def __init__(self, *steps):
        super().__init__()
        # kept last to first: the order of the weights says nothing
        self.steps = list(steps[::-1])

    def call(self, inputs):
        for step in reversed(self.steps):
            inputs = step(inputs)
        return inputs


def stacked(input_dims, hidden_layers, classes):
    start = {"activation": "sigmoid", "kernel_initializer": "he_normal"}
    first, second = (layers.Dense(n, **start) for n in hidden_layers)
    encoder = Chain(first)
    auto_1 = Chain(first, layers.Dense(input_dims, "sigmoid"))
    auto_2 = Chain(second, layers.Dense(hidden_layers[0], "sigmoid"))
    classifier = Chain(encoder, second, layers.Dense(classes, "softmax"))
    models = encoder, auto_1, auto_2, classifier
    losses = "bce", keras.losses.binary_crossentropy, "sparse_categorical_crossentropy"
    for model, loss in zip(models[1:], losses):
        rate = keras.optimizers.schedules.CosineDecay(0.0, 99, 0.0, "c", 0.01, 9)
        model.compile(loss=loss, optimizer=keras.optimizers.Adam(rate, beta_2=0.99))
    return models
"""

LOOP = """
def compiled(inputs, outputs, loss):
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss)
    return model


def pair(n, units, last, loss):
    inputs = keras.Input((n,))
    layer = layers.Dense(units, keras.activations.sigmoid, name=f"to_{units}")
    back = layers.Dense(n, activation=last, name=f"back_to_{n}")
    return layer, compiled(inputs, back(layer(inputs)), loss)


def cross_entropy(x, x_hat):
    x_hat = keras.ops.clip(x_hat, 1e-7, 1 - 1e-7)
    nats = -x * keras.ops.log(x_hat) - (1 - x) * keras.ops.log(1 - x_hat)
    return keras.ops.mean(nats, axis=-1)


def stacked(input_dims, hidden_layers, classes):
    stack, autos, n = [], [], input_dims
    kinds = ("sigmoid", "binary_crossentropy"), ("sigmoid", cross_entropy)
    for units, kind in zip(tuple(hidden_layers), kinds):
        layer, auto = pair(n, units, *kind)
        stack.append(layer)
        autos.append(auto)
        n = units
    hidden = x = keras.Input((input_dims,), name="image")
    for layer in stack:
        hidden = layer(hidden)
    p = layers.Dense(classes, activation="softmax", name="classes")(hidden)
    encoder = keras.Model(autos[0].input, autos[0].layers[1].output)
    return encoder, *autos, compiled(x, p, "sparse_categorical_crossentropy")
"""

TENSORFLOW_KERAS = """
import tensorflow as tf
from tensorflow.keras.layers import Dense, Input
from tensorflow.keras.models import Model


def stacked(input_dims, hidden_layers, classes):
    first = Dense(hidden_layers[0], activation=tf.nn.sigmoid)
    second = Dense(hidden_layers[1], activation=tf.nn.sigmoid)
    image = Input((input_dims,))
    encoder = Model(inputs=image, outputs=first(image))
    auto_1 = Model(image, Dense(input_dims, activation=tf.nn.sigmoid)(encoder(image)))
    code = Input((hidden_layers[0],))
    top = Model(code, second(code))
    auto_2 = Model(code, Dense(hidden_layers[0], tf.nn.sigmoid)(top(code)))
    p = Dense(classes, activation=tf.nn.softmax)(top(encoder(image)))
    classifier = Model(image, p)
    auto_1.compile(optimizer=tf.keras.optimizers.Adam(), loss="binary_crossentropy")
    auto_2.compile(optimizer=tf.keras.optimizers.Adam(), loss="binary_crossentropy")
    classifier.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy())
    return encoder, auto_1, auto_2, classifier
"""

OWN_LOSS = changed(
    REFERENCE,
    (
        "    classifier = keras.Model(x, p)\n",
        """
    class Classifier(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, *others, **named):
            of_right_class = keras.ops.take_along_axis(y_pred, y[:, None], axis=1)
            return -keras.ops.mean(keras.ops.log(of_right_class))

    classifier = Classifier(x, p)
""",
    ),
    (', loss="sparse_categorical_crossentropy"', ""),
)

EVERY_CHECK = {
    "shapes",
    "auto_1_layers",
    "auto_2_layers",
    "classifier_layers",
    "encoder_is_half",
    "shared_layers",
    "auto_losses",
    "classifier_loss",
    "adam_moves_all",
    "few_labels",
    "arguments_unchanged",
}
# What needs three models that train, one after the other.
TRAINING = {"adam_moves_all", "few_labels"}

right = partial(submission.right, cell="stacked")
wrong = partial(submission.variant, REFERENCE, cell="stacked")

IMAGES = '    auto_1.compile(optimizer="adam", loss="binary_crossentropy")'
CODES = IMAGES.replace("auto_1", "auto_2")
LABELS = (
    '    classifier.compile(optimizer="adam", loss="sparse_categorical_crossentropy")'
)
P = "(second(code))\n    encoder"
OWN = 'layers.Dense(hidden_layers[{}], activation="sigmoid")({})'

SUBMISSIONS = [
    right("functional", REFERENCE),
    right("sequential and nested, activations as layers, a list", SEQUENTIAL),
    right("subclassed, a schedule that starts at 0", SUBCLASSED),
    right("helper functions, a loop, a loss of its own", LOOP),
    right("tensorflow.keras imports, models in models", TENSORFLOW_KERAS),
    right("a classifier with compute_loss", OWN_LOSS),
    # sharing
    wrong(
        "the classifier has two layers of its own",
        {"shared_layers", "few_labels"},
        (P, f"({OWN.format(1, OWN.format(0, 'x'))})\n    encoder"),
        graded=True,
    ),
    wrong(
        "only the first layer is shared",
        {"shared_layers"},
        (P, f"({OWN.format(1, 'code')})\n    encoder"),
    ),
    wrong(
        "only the second layer is shared",
        {"shared_layers"},
        (P, f"(second({OWN.format(0, 'x')}))\n    encoder"),
        may_lose={"few_labels"},
    ),
    wrong(
        "weights copied while building",
        {"shared_layers", "few_labels"},
        (
            "    classifier = keras.Model(x, p)\n",
            "    model = keras.Model(x, p)\n"
            "    classifier = keras.models.clone_model(model)\n"
            "    classifier.set_weights(model.get_weights())\n",
        ),
    ),
    wrong(
        "the encoder has a layer of its own",
        {"encoder_is_half", "few_labels"},
        (
            "encoder = keras.Model(x, code)",
            f"encoder = keras.Model(x, {OWN.format(0, 'x')})",
        ),
    ),
    wrong(
        "the encoder gives the second code",
        {"shapes", "encoder_is_half", "few_labels"},
        ("encoder = keras.Model(x, code)", "encoder = keras.Model(x, second(code))"),
    ),
    # networks
    wrong(
        "auto_2 takes images, through the first layer",
        {"shapes", "auto_2_layers", "shared_layers", "auto_losses"} | TRAINING,
        ("auto_2 = keras.Model(z, z_hat)", "auto_2 = keras.Model(x, z_hat)"),
        ("(second(z))", "(second(code))"),
    ),
    wrong(
        "auto_2 gives images back",
        {"shapes", "auto_2_layers", "auto_losses"} | TRAINING,
        (
            "z_hat = layers.Dense(hidden_layers[0],",
            "z_hat = layers.Dense(input_dims,",
        ),
    ),
    wrong(
        # With the contract's loss, training would end anywhere.
        "no activation at the end of auto_2, and a loss of logits",
        {"auto_2_layers", "auto_losses"},
        (', activation="sigmoid")(second(z))', ")(second(z))"),
        (
            CODES,
            "    loss = keras.losses.BinaryCrossentropy(from_logits=True)\n"
            '    auto_2.compile(optimizer="adam", loss=loss)',
        ),
    ),
    wrong(
        "ReLU in the second layer",
        {"auto_2_layers", "classifier_layers"},
        (
            'hidden_layers[1], activation="sigmoid"',
            'hidden_layers[1], activation="relu"',
        ),
    ),
    wrong(
        "no activation in the first layer",
        {"auto_1_layers", "classifier_layers", "encoder_is_half", "few_labels"},
        (
            'first = layers.Dense(hidden_layers[0], activation="sigmoid")',
            "first = layers.Dense(hidden_layers[0])",
        ),
    ),
    wrong(
        "no sigmoid at the end of auto_1",
        {"auto_1_layers", "few_labels"},
        (
            'layers.Dense(input_dims, activation="sigmoid")',
            'layers.Dense(input_dims, activation="relu")',
        ),
    ),
    wrong(
        "no softmax",
        {"classifier_layers"},
        (', activation="softmax"', ""),
        may_lose={"few_labels", "classifier_loss"},
    ),
    wrong(
        "no softmax, and a loss of logits",
        {"classifier_layers"},
        (', activation="softmax"', ""),
        (
            LABELS,
            "    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            '    classifier.compile(optimizer="adam", loss=loss)',
        ),
    ),
    wrong(
        "no bias in the second layer",
        {"adam_moves_all", "auto_2_layers", "classifier_layers", "shared_layers"},
        (
            'hidden_layers[1], activation="sigmoid"',
            'hidden_layers[1], activation="sigmoid", use_bias=False',
        ),
    ),
    wrong(
        "a sigmoid for each class",
        # In training, Keras takes the softmax of what enters the sigmoid.
        {"classifier_layers", "classifier_loss"},
        ('activation="softmax"', 'activation="sigmoid"'),
    ),
    wrong(
        "dropout in the classifier",
        {"classifier_layers", "classifier_loss"},
        (P, "(layers.Dropout(0.2)(second(code)))\n    encoder"),
    ),
    wrong(
        "the layers in the wrong order",
        EVERY_CHECK - {"classifier_loss", "arguments_unchanged"},
        (
            "    first =",
            "    hidden_layers = hidden_layers[::-1]\n    first =",
        ),
    ),
    wrong(
        "784 and 10 as numbers",
        EVERY_CHECK - {"auto_2_layers", "arguments_unchanged"},
        ("    first =", "    input_dims, classes = 784, 10\n    first ="),
    ),
    wrong(
        "ten classes as a number",
        {"shapes", "classifier_layers", "classifier_loss"},
        ("layers.Dense(classes,", "layers.Dense(10,"),
    ),
    # training
    wrong(
        "mean squared error for the images",
        {"auto_losses"},
        (IMAGES, IMAGES.replace("binary_crossentropy", "mse")),
    ),
    wrong(
        "mean squared error for the codes",
        {"auto_losses"},
        (CODES, CODES.replace("binary_crossentropy", "mse")),
    ),
    wrong(
        "a penalty on the weights of the first layer",
        {"auto_losses", "classifier_loss", "few_labels"},
        (
            'hidden_layers[0], activation="sigmoid")\n    second',
            'hidden_layers[0], "sigmoid", kernel_regularizer="l2")\n    second',
        ),
    ),
    wrong(
        "categorical cross-entropy, for one-hot labels",
        {"classifier_loss"} | TRAINING,
        ("sparse_categorical", "categorical"),
    ),
    wrong(
        "SGD for the classifier",
        {"adam_moves_all", "few_labels"},
        (LABELS, LABELS.replace("adam", "sgd")),
    ),
    wrong(
        "one Adam for all three",
        TRAINING,
        (
            IMAGES,
            "    adam = keras.optimizers.Adam()\n" + IMAGES.replace('"adam"', "adam"),
        ),
        (CODES, CODES.replace('"adam"', "adam")),
        (LABELS, LABELS.replace('"adam"', "adam")),
    ),
    wrong(
        "the hidden layers are frozen",
        {"adam_moves_all", "few_labels"},
        (
            LABELS,
            "    first.trainable = second.trainable = False\n" + LABELS,
        ),
    ),
    wrong(
        "the classifier is not compiled",
        {"classifier_loss"} | TRAINING,
        (LABELS + "\n", ""),
    ),
    # what is returned
    wrong(
        "auto_1 and auto_2 in each other's place",
        EVERY_CHECK - {"classifier_layers", "classifier_loss", "arguments_unchanged"},
        (
            "return encoder, auto_1, auto_2, classifier",
            "return encoder, auto_2, auto_1, classifier",
        ),
    ),
    wrong(
        "the list is used up",
        {"arguments_unchanged"},
        (
            "    first =",
            "    hidden_layers, given = list(hidden_layers), hidden_layers\n"
            "    given.clear()\n    first =",
        ),
    ),
    wrong(
        "input and output, as in Keras 1",
        EVERY_CHECK,
        ("keras.Model(x, x_hat)", "keras.Model(input=x, output=x_hat)"),
    ),
    wrong(
        "nothing returned",
        EVERY_CHECK,
        ("    return encoder, auto_1, auto_2, classifier\n", ""),
    ),
    half_right("a", "abd"),
]
