"""The stacked classifier: one function for each property of the contract.

Each takes the builder ``stacked(input_dims, hidden_layers, classes)`` and prints or
raises as ``check`` says. Hidden tests call the same functions with other sizes:
fields of ``StackSizes``.

All sizes that a check uses differ from each other. So the shape of a weight array says
to which layer it belongs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.checks.contract import Contract, Sizes, trained_too
from helpers.checks.hints import first_line
from helpers.checks.oracles import networks, shared
from helpers.checks.oracles.probes import (
    arrow,
    beyond,
    close,
    draw,
    inputs,
    near,
    put_drawn,
    scaled,
    sigmoid,
    varies,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import distinct, each, fixed, generator, whole
from helpers.checks.student.interface import Arrays, Student, StudentError
from helpers.data import bundled

import keras
import numpy as np
from keras import layers

PARTS = ("encoder", "auto_1", "auto_2", "classifier")


@dataclass(frozen=True)
class StackSizes(Sizes):
    """What the builder is called with.

    Attributes:
        input_dims: numbers in one input.
        hidden_layers: units of the two hidden layers.
        classes: how many classes there are.
    """

    input_dims: int = 64
    hidden_layers: Sequence[int] = (20, 12)
    classes: int = 10

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments, with a list of its own."""
        return [self.input_dims, list(self.hidden_layers), self.classes]

    @property
    def chains(self) -> dict[str, list[int]]:
        """Return how many numbers enter and leave the layers of each model."""
        n, (first, second) = self.input_dims, self.hidden_layers
        return {
            "encoder": [n, first],
            "auto_1": [n, first, n],
            "auto_2": [first, second, first],
            "classifier": [n, first, second, self.classes],
        }

    trained = ("auto_1", "auto_2", "classifier")

    def example(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets for a step of training of a model."""
        x = np.full((2, self.chains[part][0]), 0.5, np.float32)
        return x, np.arange(2) if part == "classifier" else x

    def weights(self, student: Student, part: str) -> Arrays:
        """Return the weights of one of the models."""
        return weights_of(student, part, self.chains[part][0])


contract = Contract(
    StackSizes,
    PARTS,
    {
        "input_dims": whole(37, 60),
        "hidden_layers": distinct(11, 30, 2),
        "classes": whole(5, 9),
    },
)


@contract.check_built("four models with the right shapes")
def shapes(student: Student, sizes: StackSizes) -> None:
    """Each of the four models works alone and gives the right number of numbers."""
    shared.shapes_are(
        student,
        {part: (chain[0], [chain[-1]]) for part, chain in sizes.chains.items()},
        "the models are returned in another order than encoder, auto_1, auto_2, "
        "classifier; auto_2 takes images instead of codes; or the last layer has the "
        "wrong number of units.",
    )


def _dense(chain: Sequence[int], hidden: str | None) -> keras.Model:
    """Return dense layers with an activation after each hidden one, none at the end."""
    n, *units, last = chain
    middle = [layers.Dense(m, activation=hidden) for m in units]
    return keras.Sequential([keras.Input((n,)), *middle, layers.Dense(last)])


def _network(
    student: Student, sizes: StackSizes, part: str, last: str, likely_cause: str
) -> None:
    """Check a model's dense layers, and what stands after its last one."""
    chain = sizes.chains[part]
    networks.computes(
        student,
        part,
        {
            name: partial(_dense, chain, hidden)
            for name, hidden in (
                ("the contract", "sigmoid"),
                ("ReLU after the hidden layers", "relu"),
                ("no activation after the hidden layers", None),
            )
        },
        2 * inputs(4, chain[0]),
        f"{part}: dense layers {arrow(chain)}, with a sigmoid after each hidden one",
        likely_cause,
    )
    shared.last_activation_is(
        student,
        part,
        (chain[0], chain[-1]),
        last,
        f"the activation of the last layer of {part}.",
    )


@contract.check_built("auto_1: from the image to a code and back")
@trained_too
def auto_1_layers(student: Student, sizes: StackSizes) -> None:
    """Two dense layers with sigmoids: the first hidden layer, and one for the image."""
    _network(
        student,
        sizes,
        "auto_1",
        "a sigmoid",
        "the hidden layer has hidden_layers[0] units, the output layer input_dims.",
    )


@contract.check_built("auto_2: from the code to a second one and back")
@trained_too
def auto_2_layers(student: Student, sizes: StackSizes) -> None:
    """Two dense layers with sigmoids: the second hidden layer, and one for the code."""
    _network(
        student,
        sizes,
        "auto_2",
        "a sigmoid",
        "auto_2 has an input of its own, with hidden_layers[0] numbers: the code of "
        "the first layer, and not the image. It gives back as many.",
    )


@contract.check_built("the classifier: both hidden layers, then a softmax")
@trained_too
def classifier_layers(student: Student, sizes: StackSizes) -> None:
    """From the input through both hidden layers to the classes."""
    _network(
        student,
        sizes,
        "classifier",
        "a softmax",
        "both hidden layers stand in the classifier, in the order of hidden_layers; "
        "the last layer has one unit for each class.",
    )


def _layer(arrays: Arrays, part: str, ends: Sequence[int]) -> Arrays:
    """Return bias and kernel of the layer with so many inputs and units."""
    shapes = (tuple(ends), tuple(ends[1:]))
    layer = sorted((a for a in arrays if a.shape in shapes), key=np.ndim)
    if [a.ndim for a in layer] != [1, 2]:
        kernels = ", ".join(arrow(a.shape) for a in arrays if a.ndim == 2) or "none"
        raise CheckFailed(
            f"{part} has one dense layer {arrow(ends)}, with a bias",
            f"kernels of {kernels}; {len(arrays)} weight arrays in all",
            "a layer of another size, or one too many or too few.",
        )
    return layer


def _same(first: Arrays, second: Arrays) -> bool:
    """Return whether two lists hold equal arrays."""
    return all(map(np.array_equal, first, second))


@contract.check_built("the encoder is the first half of auto_1")
@trained_too
def encoder_is_half(student: Student, sizes: StackSizes) -> None:
    """encoder(x) is what the hidden layer of auto_1 gives, whatever its weights."""
    chain = sizes.chains["encoder"]
    x = beyond(inputs(7, sizes.input_dims))
    student.predict("encoder", x)
    of_both = {part: sizes.weights(student, part) for part in ("auto_1", "encoder")}
    for changed, arrays, probe in (
        ("auto_1", near(of_both["auto_1"]), x),
        *(("auto_1", *pair) for pair in scaled(draw(of_both["auto_1"]), x)),
        ("encoder", draw(of_both["encoder"], seed=3), x),
    ):
        student.set_weights(changed, arrays)
        bias, kernel = _layer(sizes.weights(student, "auto_1"), "auto_1", chain)
        code = student.predict("encoder", probe)[0]
        if not (varies(code) and close(code, sigmoid(probe @ kernel + bias))):
            raise CheckFailed(
                "encoder(x) is what the hidden layer of auto_1 gives, with its sigmoid",
                f"they differ once the weights of {changed} change",
                "the encoder is made of other layers than auto_1, or of others too.",
            )
    shared.same_always(student, "encoder", x, "one hidden layer", "the encoder")


@contract.check_built("the classifier shares its hidden layers with auto_1 and auto_2")
def shared_layers(student: Student, sizes: StackSizes) -> None:
    """A change of weights in one model is a change in the other, both ways."""
    names = {"auto_1": "first", "auto_2": "second"}
    for auto, name in names.items():
        layer = sizes.chains[auto][:2]

        def both(auto: str = auto, layer: Sequence[int] = layer) -> list[Arrays]:
            return [
                _layer(sizes.weights(student, part), part, layer)
                for part in (auto, "classifier")
            ]

        copied = _same(*both())
        # With a last layer of zeros, the answer says nothing of the layers before.
        _set_drawn(student, sizes, "classifier", seed=4)
        p = student.predict("classifier", inputs(4, sizes.input_dims))[0]
        for seed, changed in enumerate((auto, "classifier"), start=2):
            _set_drawn(student, sizes, changed, seed=seed)
            if not _same(*both()):
                other = "classifier" if changed == auto else auto
                raise CheckFailed(
                    f"the classifier's {name} hidden layer is that of {auto}, always",
                    f"the weights of {changed} change, and not those of {other}"
                    + (", a copy made at the start" if copied else ""),
                    "there are two layers of the same size, instead of one that both "
                    "models call.",
                )
            before, p = p, student.predict("classifier", inputs(4, sizes.input_dims))[0]
            if close(p, before):
                raise CheckFailed(
                    f"the classifier answers otherwise once the weights of {changed} "
                    "change",
                    "it answers the same",
                    "the classifier lists these layers and computes with others.",
                )


def _set_drawn(student: Student, sizes: StackSizes, part: str, *, seed: int) -> None:
    """Set random weights, and check that the model has others than before."""
    weights = sizes.weights(student, part)
    student.set_weights(part, draw(weights, seed=seed))
    if _same(sizes.weights(student, part), weights):
        raise CheckFailed(
            f"the weights of {part} are those that were set",
            "they stay as they were",
            "get_weights or set_weights of your own.",
        )


def _is_compiled(student: Student, part: str) -> None:
    """Check that a model can be trained."""
    if student.facts(part)["optimizer"] is None:
        raise CheckFailed(
            f"{part} is compiled",
            "it is not",
            f"call {part}.compile(optimizer=..., loss=...) before you return it.",
        )


@contextmanager
def _compiled(student: Student, sizes: StackSizes, part: str) -> Iterator[None]:
    """Build models to check how one of them trains; messages begin with its name."""
    student.build(*sizes.arguments)
    try:
        _is_compiled(student, part)
        yield
    except CheckFailed as error:
        error.expected = f"{part}: {error.expected}"
        raise


@contract.check_unbuilt("auto_1 and auto_2 train on binary cross-entropy")
def auto_losses(student: Student, sizes: StackSizes) -> None:
    """The mean binary cross-entropy of input and output, and that alone."""
    for part in ("auto_1", "auto_2"):
        n = sizes.chains[part][0]
        with _compiled(student, sizes, part):
            shared.shapes_are(student, {part: (n, [n])}, "the units of its last layer.")
            shared.loss_is_bce(
                student,
                n,
                f"the loss given to {part}.compile, or a penalty added to it: the "
                "contract has none.",
                part=part,
            )


CROSS_ENTROPY = "minus the logarithm of what the right class gets, averaged"
OF_LOGITS = "cross-entropy with from_logits=True"


def _cross_entropies(p: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return the cross-entropy of class numbers, and other losses to name."""
    p = p.astype(np.float64)
    rows = np.arange(len(p))
    clipped = p.clip(1e-7, 1 - 1e-7)  # and made to sum to 1, as Keras does
    one_hot = np.eye(p.shape[1])[labels]
    logits = p - np.log(np.exp(p).sum(axis=1, keepdims=True))
    return {
        CROSS_ENTROPY: float(
            -np.log(clipped / clipped.sum(axis=1, keepdims=True))[rows, labels].mean()
        ),
        OF_LOGITS: float(-logits[rows, labels].mean()),
        "the mean squared error": float(np.square(p - one_hot).mean()),
        "the squared distance to the class number": float(
            np.square(p - labels[:, np.newaxis]).mean()
        ),
    }


@contract.check_unbuilt("the classifier trains on sparse categorical cross-entropy")
def classifier_loss(student: Student, sizes: StackSizes) -> None:
    """The labels are class numbers; the loss is minus the log of the right one's p."""
    part = "classifier"
    x = inputs(16, sizes.input_dims)
    labels = np.arange(len(x)) % sizes.classes
    likely_cause = (
        'the loss given to classifier.compile: "sparse_categorical_crossentropy" takes '
        'class numbers such as 7, "categorical_crossentropy" rows of zeros and a one.'
    )
    with _compiled(student, sizes, part):
        shared.shapes_are(
            student,
            {part: (sizes.input_dims, [sizes.classes])},
            "the units of the last layer, or the order of the returned models.",
        )
        weights = weights_of(student, part, sizes.input_dims)
        put_drawn(student, part, weights, x, gain=0.8)
        p = student.predict(part, x)[0]
        shared.follows_input(p, part)
        known = _cross_entropies(p, labels)
        wanted = CROSS_ENTROPY
        try:
            if not np.allclose(p.sum(axis=1), 1, atol=1e-3):
                # No softmax, which another check sees: then the loss may take logits.
                loss = student.training_loss(x, labels, part)
                wanted = min(
                    wanted, OF_LOGITS, key=lambda name: abs(known[name] - loss)
                )
            shared.loss_is(
                wanted, student, x, labels, known, likely_cause, 1e-4, part=part
            )
        except StudentError as error:
            raise CheckFailed(
                f"a training loss for class numbers: {wanted}",
                f"{error.kind}: {first_line(error.message)}",
                likely_cause,
            ) from None


@contextmanager
def _one_after_the_other() -> Iterator[None]:
    """Say in words that a model cannot be trained once another one was."""
    try:
        yield
    except StudentError as error:
        if "originally built with" not in error.message:
            raise
        raise CheckFailed(
            "all three models can be trained, one after the other",
            "one cannot, once another one was trained",
            "they share one optimizer, which knows the weights of one model only.",
        ) from None


def _first_class(rows: np.ndarray) -> np.ndarray:
    """Return the label 0 for each row."""
    return np.zeros(len(rows), int)


@contract.check_unbuilt(
    "each of the three has an Adam of its own, which moves all its weights"
)
def adam_moves_all(student: Student, sizes: StackSizes) -> None:
    """Each takes Adam's first step, the classifier after the others have trained."""
    for part in sizes.trained:
        with _one_after_the_other(), _compiled(student, sizes, part):
            target = None
            if part == "classifier":
                target = _first_class
                for before in ("auto_1", "auto_2"):
                    x = inputs(4, sizes.chains[before][0])
                    student.train(x, x, epochs=1, batch_size=len(x), part=before)
            shape = (sizes.chains[part][0],)
            networks.adam_moves_all(
                student, shape, target=target, part=part, graph=not sizes.usual
            )


def _start(student: Student, sizes: StackSizes, seed: int) -> None:
    """Build all models again; give them the same initial weights for the same seed."""
    student.build(*sizes.arguments)
    mean = _flat(bundled.small_digits()[0]).mean(axis=0).clip(0.01, 0.99)
    for part in PARTS:
        arrays = draw(sizes.weights(student, part), seed=seed, by_shape=True, gain=GAIN)
        for array in arrays:
            if array.ndim == 1:  # auto_1 paints the mean digit, as in lesson 02
                array[:] = np.log(mean / (1 - mean)) if array.shape == mean.shape else 0
        student.set_weights(part, arrays)


def _flat(images: np.ndarray) -> np.ndarray:
    """Return each image as one row."""
    return images.reshape(len(images), -1)


def accuracy(
    student: Student, sizes: StackSizes, seed: int, *, pretrained: bool
) -> float:
    """Return the accuracy on held-out digits after fine-tuning with few labels.

    Args:
        student: its models are built here.
        sizes: what they are built with.
        seed: of the first weights and of the choice of labels.
        pretrained: whether the autoencoders are trained before.
    """
    x_train, y_train, x_test, y_test = bundled.small_digits()
    x_train, x_test = _flat(x_train), _flat(x_test)
    _start(student, sizes, seed)
    for part in sizes.trained:
        _is_compiled(student, part)
    if pretrained:

        def pretrain(part: str, x: np.ndarray) -> None:
            student.train(
                x, x, epochs=STEPS, batch_size=len(x), learning_rate=RATE, part=part
            )

        pretrain("auto_1", x_train)
        pretrain("auto_2", student.predict("encoder", x_train)[0])
    order = generator("labels", seed).permutation(len(y_train))
    few = np.concatenate([order[y_train[order] == c][:PER_CLASS] for c in range(10)])
    student.train(
        x_train[few],
        y_train[few],
        epochs=FINE_STEPS,
        batch_size=len(few),
        learning_rate=FINE_RATE,
        part="classifier",
    )
    p = student.predict("classifier", x_test)[0]
    return float(np.mean(p.argmax(axis=1) == y_test))


# The weights start small, and a network of sigmoids then learns little in a few steps:
# this is what pre-training was invented for. In 20 seeds, the reference gains 0.28 to
# 0.48 and is right for 0.56 to 0.68 of the digits. With layers of its own the
# classifier gains exactly 0: with and without pre-training it starts and trains alike.
# With an encoder of its own it is -0.19 to -0.01.
GAIN = 0.2
STEPS, RATE = 40, 2e-2
PER_CLASS, FINE_STEPS, FINE_RATE = 4, 10, 1e-2
MIN_GAIN = 0.12


@contract.check(
    "with few labels, pre-training makes it more accurate",
    hidden_layers=each(whole(40, 49), whole(24, 32)),
)
def few_labels(student: Student, *, hidden_layers: Sequence[int] = (50, 30)) -> None:
    """Held-out digits are told apart better than by the same network from scratch."""
    sizes = StackSizes(hidden_layers=hidden_layers)
    with _one_after_the_other(), fixed():
        pretrained = accuracy(student, sizes, seed=0, pretrained=True)
        scratch = accuracy(student, sizes, seed=0, pretrained=False)
    if not pretrained - scratch >= MIN_GAIN:
        raise CheckFailed(
            f"with {PER_CLASS} labels a digit, pre-training makes the classifier right "
            f"{MIN_GAIN:.0%} more often",
            f"{pretrained:.0%} pre-trained, {scratch:.0%} from scratch",
            "the classifier has layers of its own, the encoder gives another code than "
            "auto_1, or they do not learn.",
        )


arguments_unchanged = contract.add_unbuilt(shared.arguments_stay)
