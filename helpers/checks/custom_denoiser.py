"""The denoiser with its own training: one function for each property of the contract.

Each takes the builder ``denoiser(input_shape, latent_dims, noise)`` and prints or
raises as ``check`` says. Hidden tests call the same functions with other sizes.

What training does is read from its loss alone, next to losses that the check computes
from the model's own answers to noisy images. So it plays no part where the noise is
added: in ``train_step``, in ``compute_loss`` or in ``call``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any

from helpers.checks.contract import Contract, Sizes, trained_too
from helpers.checks.oracles import networks, shared
from helpers.checks.oracles.probes import (
    SEEDS,
    STEADY,
    Shape,
    alike,
    all_active,
    draw,
    draw_steady,
    inputs,
    put_drawn,
    weights_of,
)
from helpers.checks.property_check import CheckFailed
from helpers.checks.randomness import choice, each, fixed, generator, real, whole
from helpers.checks.student.interface import Arrays, ImageShape, Student
from helpers.data import bundled

import keras
import numpy as np
from keras import layers

# Steps in each of four epochs. The interface makes a graph of the training step for
# more than 12 steps in all, and takes the first without it.
EAGER_STEPS, GRAPH_STEPS = 1, 4


@dataclass(frozen=True)
class DenoiserSizes(Sizes):
    """What the builder is called with; height and width can be divided by 4."""

    input_shape: ImageShape = (8, 8, 1)
    latent_dims: int = 6
    noise: float = 0.0

    @property
    def input_size(self) -> ImageShape:
        """Return the shape of an image."""
        return self.input_shape

    @property
    def arguments(self) -> list[Any]:
        """Return the builder's arguments."""
        return [tuple(self.input_shape), self.latent_dims, self.noise]


contract = Contract(
    DenoiserSizes,
    ("auto",),
    {
        "input_shape": each(whole(8, 20, step=4), whole(8, 20, step=4), whole(2, 3)),
        "latent_dims": choice(5, 7, 8, 9, 11, 12),
        "noise": real(0.35, 0.48),
    },
)


def _built_with(student: Student, sizes: DenoiserSizes, arrays: Arrays) -> None:
    """Call the builder, and give the model these weights."""
    student.build(*sizes.arguments)
    weights_of(student, "auto", sizes.input_shape)
    student.set_weights("auto", arrays)


def _network(
    input_shape: ImageShape, latent_dims: int, activation: str | None = "relu"
) -> keras.Model:
    """Return the network of lesson 06 without its sigmoid, or one with a mistake."""
    height, width, channels = input_shape
    options = {"padding": "same", "activation": activation}
    maps = (height // 4, width // 4, 32)
    x = keras.Input(input_shape)
    h = layers.Conv2D(32, 3, strides=2, **options)(x)
    h = layers.Conv2D(64, 3, strides=2, **options)(h)
    z = layers.Dense(latent_dims)(layers.Flatten()(h))
    h = layers.Dense(int(np.prod(maps)), activation=activation)(z)
    h = layers.Reshape(maps)(h)
    h = layers.Conv2DTranspose(64, 3, strides=2, **options)(h)
    h = layers.Conv2DTranspose(32, 3, strides=2, **options)(h)
    return keras.Model(x, layers.Conv2DTranspose(channels, 3, padding="same")(h))


@contract.check("images in, images of the same shape out")
def shapes(
    student: Student,
    *,
    input_shape: ImageShape = (28, 28, 1),
    latent_dims: int = 10,
    noise: float = 0.5,
) -> None:
    """The model gives one array, of the shape of its input."""
    contract.build(
        student, input_shape=input_shape, latent_dims=latent_dims, noise=noise
    )
    shared.shape_is_kept(
        student,
        inputs(3, input_shape),
        "call returns something else than the decoder's output, or a size is written "
        "as a number instead of an argument.",
    )


@contract.check_built("the network is the one of lesson 06")
@trained_too
def network(student: Student, sizes: DenoiserSizes) -> None:
    """Without noise, the model computes what the contract's layers compute."""
    network = partial(_network, sizes.input_shape, sizes.latent_dims)
    networks.computes(
        student,
        "auto",
        {
            "the contract": network,
            "hidden layers without ReLU": partial(network, activation=None),
        },
        inputs(4, sizes.input_shape),
        "strided_encoder, then transposed_decoder",
        "a layer that is missing, extra or has another size; latent_dims that does not "
        "reach the two given functions.",
    )


@contract.check("no noise is added in use", noise=real(0.6, 1.0))
def no_noise_in_use(student: Student, *, noise: float = 0.5, **sizes: Any) -> None:
    """Outside training the answer depends on image and weights alone."""
    built = contract.build(student, noise=noise, **sizes)
    x = inputs(8, built.input_shape)
    own = weights_of(student, "auto", built.input_shape)
    arrays = put_drawn(student, "auto", own, x, **STEADY)
    first, second = (student.predict("auto", x)[0] for _ in range(2))
    expected = "the same answer to the same images, and the same as with noise=0"
    likely_cause = (
        "noise in call that does not ask whether training is True: keep it in the "
        "training step."
    )
    shared.follows_input(first, "auto")
    if not alike(first, second):
        raise CheckFailed(expected, "two calls give two answers", likely_cause)
    _built_with(student, replace(built, noise=0.0), arrays)
    if not alike(student.predict("auto", x)[0], first):
        raise CheckFailed(
            expected, "with noise=0 and the same weights it differs", likely_cause
        )


@contract.check_built("without noise, the loss is the mean squared error")
def plain_loss(student: Student, sizes: DenoiserSizes) -> None:
    """With noise=0, fit minimises the mean squared error of x and auto(x)."""
    networks.loss_is_mse(student, sizes.input_shape)


@contract.check("the target is the clean image")
def target_is_clean(student: Student, *, noise: float = 0.8, **sizes: Any) -> None:
    """When the output is grey whatever comes in, the noise cannot change the loss.

    Other images must change it: a loss that nothing changes says nothing of its target.
    """
    losses = []
    for std in (0.0, noise):
        built = contract.build(student, noise=std, **sizes)
        x = inputs(16, built.input_shape)
        arrays = weights_of(student, "auto", built.input_shape)
        # Not middle grey: the cross-entropy with it is the same for all images.
        grey = [np.full_like(array, -(array.ndim == 1)) for array in arrays]
        student.set_weights("auto", grey)
        losses.append([student.training_loss(y, y) for y in (x, 0.2 * x)])
        student.set_weights("auto", draw_steady(arrays))
        if not std:
            image = _own_image(student, built.input_shape)[:64]
            limit = _least_with_noisy_target(student, image, x, noise)
    (plain, dark), (noisy, dark_noisy) = losses
    change = abs(plain - dark)
    if not 1e-3 < change < MAX_LOSS:
        raise CheckFailed(
            "with all kernels 0 the output is grey, and dark images are nearer to it, "
            "or further away, than others",
            f"losses of {dark:.4f} and {plain:.4f}",
            "the loss that the training step reports is not that of its images.",
        )
    if not max(abs(noisy - plain), abs(dark_noisy - dark)) <= 1e-3 * change:
        raise CheckFailed(
            f"with all kernels 0, a loss of {plain:.4f} to the clean images, whatever "
            "the noise",
            f"with noise, {noisy:.4f}",
            NOISY_TARGET,
        )
    loss = student.training_loss(image, image)
    if not loss <= limit:
        raise CheckFailed(
            "with noise, a loss to the clean images that is small where the model "
            "gives them back",
            f"{loss:.4f}, more than {limit:.4f}",
            NOISY_TARGET,
        )


NOISY_TARGET = (
    "the loss compares with the noisy image, not the one that came to the training "
    "step."
)


def _least_with_noisy_target(
    student: Student, image: np.ndarray, x: np.ndarray, noise: float
) -> float:
    """Return a loss that only a noisy target exceeds; any, if it cannot be told.

    Args:
        student: with a model built without noise.
        image: copies of an image that the model gives back as it is.
        x: other images.
        noise: its standard deviation.
    """
    x_hat = student.predict("auto", x)[0]
    plain = shared.losses(x, x_hat, shared.MSE)[shared.MSE]
    x_noisy = _noisy(image, noise)
    x_hat = student.predict("auto", x_noisy)[0]
    clean, noisy = (float(np.mean((x_hat - y) ** 2)) for y in (image, x_noisy))
    if noisy > 9 * clean and abs(student.training_loss(x, x) - plain) < 1e-3 * plain:
        return noisy / 2
    return np.inf  # another loss, which costs its own points


MAX_LOSS = 1e4
"""Of grey images: 1 or less, or 784 where it is a sum over pixels."""

SHARED = "noise that all pixels of an image share"

# What noise the training may add, by name: the contract's first.
NOISES: dict[str, Callable[[np.random.Generator, Shape, float], np.ndarray]] = {
    "the given standard deviation": lambda rng, shape, std: rng.normal(0, std, shape),
    "no noise": lambda rng, shape, std: np.zeros(shape),
    "the square of the given standard deviation": lambda rng, shape, std: rng.normal(
        0, std**2, shape
    ),
    "the root of the given standard deviation": lambda rng, shape, std: rng.normal(
        0, std**0.5, shape
    ),
    "uniform noise": lambda rng, shape, std: rng.uniform(-std, std, shape),
    "noise that is never negative": lambda rng, shape, std: rng.uniform(0, std, shape),
    SHARED: lambda rng, shape, std: rng.normal(0, std, (*shape[:-3], 1, 1, 1)),
}
CLIPS = ("clipped", "not clipped")
TARGETS = ("clean", "noisy")

Kind = tuple[str, str, str]
"""The noise, whether it is clipped, and the target: of NOISES, CLIPS and TARGETS."""
CONTRACT: Kind = (next(iter(NOISES)), CLIPS[0], TARGETS[0])

COPIES = 256
DRAWS, FEWER_DRAWS = 16, 10
MAX_DISTANCE = 6
"""Of a loss from what a kind of noise gives, in standard deviations of its draws."""
MIN_SHARE = 2 * MAX_DISTANCE
"""Of what noise costs; one standard deviation is about a twentieth of it."""


def _own_image(student: Student, shape: ImageShape) -> np.ndarray:
    """Return copies of an image that the model gives back as it is.

    The model with random weights is a contraction: applied again and again, it ends at
    such an image. On it, the loss has nothing but the noise to come from.
    """
    x = np.full((1, *shape), 0.5, np.float32)
    for _ in range(20):
        before, x = x, student.predict("auto", x)[0]
        if np.abs(x - before).max() < 1e-6:
            break
    return np.repeat(x, COPIES, axis=0)


def _noisy(x: np.ndarray, noise: float, *, clip: bool = True) -> np.ndarray:
    """Return the images as the contract spoils them, or without the clipping."""
    noisy = x + generator("noise").normal(0, noise, x.shape)
    return (noisy.clip(0, 1) if clip else noisy).astype(np.float32)


def _loss_with_noise(student: Student, x: np.ndarray) -> float:
    """Return the loss of a training step whose noise is the same in each run."""
    return student.train(
        x, x, epochs=1, batch_size=len(x), seed=0, learning_rate=1e-12
    )[0]


@dataclass
class Probe:
    """Images on which the training loss comes from the noise alone.

    On an image that the model gives back as it is, kinds of noise differ by factors,
    and draws of one kind by 5 % or so. The model itself, without noise, says what loss
    each kind must give.

    Attributes:
        student: with a model built without noise, with the weights ``arrays``.
        sizes: what it is built with, but the noise that is looked for.
        arrays: the model's weights.
        x: copies of the image.
        loss: name of the loss that the model is trained with.
        losses: what it is with several draws of the contract's noise.
    """

    student: Student
    sizes: DenoiserSizes
    arrays: Arrays
    x: np.ndarray
    loss: str
    losses: list[float] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: generator("probe"))

    @classmethod
    def of(
        cls,
        student: Student,
        sizes: DenoiserSizes,
        weights: Arrays,
        seeds: Iterable[int] = SEEDS,
    ) -> "Probe":
        """Return the probe of a model that is built without noise.

        It has the first drawn weights with which noise shows in what the model paints.

        Args:
            student: with the model.
            sizes: what it is built with, but the noise.
            weights: arrays of the shapes to draw.
            seeds: of drawn weights.

        Raises:
            CheckFailed: it shows with none.
        """
        for seed in seeds:
            probe = cls._with(student, sizes, draw_steady(weights, seed))
            probe.losses = probe.expected(*CONTRACT[:2], DRAWS)[CONTRACT]
            if np.mean(probe.losses) > MIN_SHARE * _spread(probe.losses):
                return probe
        raise CheckFailed(
            "images with noise come out otherwise than without it",
            "the same, or nearly",
            "an activation, or an operation at the end, that lets nothing through.",
        )

    @classmethod
    def _with(cls, student: Student, sizes: DenoiserSizes, arrays: Arrays) -> "Probe":
        """Return the probe of a model with these weights."""
        student.set_weights("auto", arrays)
        # Another loss than the mean squared error loses its own points, not these.
        x = inputs(16, sizes.input_shape)
        plain = student.training_loss(x, x)
        known = shared.losses(x, student.predict("auto", x)[0], shared.MSE)
        loss = min(known, key=lambda name: abs(known[name] - plain))
        return cls(student, sizes, arrays, _own_image(student, sizes.input_shape), loss)

    def build(self, noise: float) -> None:
        """Build the model with this noise, and with the probe's weights."""
        _built_with(self.student, replace(self.sizes, noise=noise), self.arrays)

    def expected(self, name: str, clip: str, draws: int) -> dict[Kind, list[float]]:
        """Return what the losses of several draws must be, for each target.

        The model must be built without noise.
        """
        noise = NOISES[name](self.rng, (draws, *self.x.shape), self.sizes.noise)
        x_noisy = self.x + noise
        if clip == "clipped":
            x_noisy = x_noisy.clip(0, 1)
        x_noisy = x_noisy.astype(np.float32)
        x_hat = self.student.predict("auto", x_noisy.reshape(-1, *self.x.shape[1:]))[0]
        x_hat = x_hat.reshape(x_noisy.shape)
        targets: Iterable[Any] = ([self.x] * draws, x_noisy)
        return {
            (name, clip, target): [
                shared.losses(*pair, shared.MSE)[self.loss]
                for pair in zip(y, x_hat, strict=True)
            ]
            for target, y in zip(TARGETS, targets, strict=True)
        }


def _spread(losses: list[float]) -> float:
    """Return the standard deviation of losses, with room for rounding."""
    return max(float(np.std(losses, ddof=1)), 1e-3 * abs(float(np.mean(losses))), 1e-9)


def _distance(loss: float, losses: list[float]) -> float:
    """Return how many standard deviations a loss is away from a kind's losses."""
    return abs(loss - float(np.mean(losses))) / _spread(losses)


def _most_likely(
    answers: Sequence[tuple[float, Mapping[Kind, list[float]]]],
) -> Kind | None:
    """Return the kind of noise that explains losses best; None if none does.

    A wide spread explains much, and nothing well.

    Args:
        answers: of each probe, the loss, and what it must be for each kind.
    """

    def likelihood(kind: Kind) -> float:
        return sum(
            -(_distance(loss, expected[kind]) ** 2) / 2
            - float(np.log(_spread(expected[kind])))
            for loss, expected in answers
        )

    possible = [
        kind
        for kind in answers[0][1]
        if all(
            _distance(loss, expected[kind]) <= MAX_DISTANCE
            for loss, expected in answers
        )
    ]
    return max(possible, key=likelihood, default=None)


def _kind_of_noise(student: Student, sizes: DenoiserSizes) -> Kind | None:
    """Return the kind of noise that explains the training loss; None if none does."""
    return _kind_by(_probes(student, sizes, _weights_without_noise(student, sizes)))


def _weights_without_noise(student: Student, sizes: DenoiserSizes) -> Arrays:
    """Build the model without noise; return its weights."""
    student.build(*replace(sizes, noise=0.0).arguments)
    return weights_of(student, "auto", sizes.input_shape)


def _probes(student: Student, sizes: DenoiserSizes, weights: Arrays) -> list[Probe]:
    """Return two probes of a model that is built without noise.

    With one set of weights, two kinds of noise may give the same loss by chance.
    """
    return [
        Probe.of(student, sizes, weights, seeds) for seeds in (SEEDS, reversed(SEEDS))
    ]


def _kind_by(probes: Sequence[Probe]) -> Kind | None:
    """Return the kind of noise in the training of a model, by probes of it."""
    losses = []
    for probe in probes:
        probe.build(probe.sizes.noise)
        losses.append(_loss_with_noise(probe.student, probe.x))
    if all(
        _distance(loss, probe.losses) <= MAX_DISTANCE
        for loss, probe in zip(losses, probes, strict=True)
    ):
        return CONTRACT
    expected = []
    for probe in probes:
        probe.build(0.0)
        expected.append({CONTRACT: probe.losses})
        for name, clip in product(NOISES, CLIPS):
            expected[-1] |= probe.expected(name, clip, FEWER_DRAWS)
    return _most_likely(list(zip(losses, expected, strict=True)))


def _kind_or_shared(student: Student, sizes: DenoiserSizes) -> Kind | None:
    """Return the kind of noise, also where the pixels of an image share one number.

    With positive weights the model averages over pixels: noise of their own nearly
    cancels, and noise that they share gives 3.5 times its squared error.
    """
    weights = _weights_without_noise(student, sizes)
    positive = all_active(weights)
    student.set_weights("auto", positive)
    x = _own_image(student, sizes.input_shape)
    low, high = sorted(
        shared.losses(x, student.predict("auto", x_noisy)[0], shared.MSE)[shared.MSE]
        for x_noisy in (_noisy(x, sizes.noise), _noisy(x, sizes.noise, clip=False))
    )
    probes = _probes(student, sizes, weights)
    kind = _kind_by(probes)
    told_apart = (CONTRACT[0], SHARED)
    if kind is None or kind[0] not in told_apart or probes[0].loss != shared.MSE:
        return kind
    probes[0].build(sizes.noise)
    student.set_weights("auto", positive)
    loss = _loss_with_noise(student, x)
    if 2 * high < loss < 10 * high:
        return SHARED, *kind[1:]
    if low / 2 < loss < 2 * high:
        return CONTRACT[0], *kind[1:]
    return None  # such as noise that has a mean of its own


@contract.check("the noise has the given standard deviation")
def noise_level(student: Student, *, noise: float = 0.3, **sizes: Any) -> None:
    """Every number of every image gets normally distributed noise of its own."""
    kind = _kind_or_shared(student, DenoiserSizes(noise=noise, **sizes))
    if kind is None or kind[0] != CONTRACT[0]:
        raise CheckFailed(
            f"with noise={noise}, a loss that fits normal noise of this standard "
            "deviation, drawn for each number",
            f"a loss that fits {kind[0]}" if kind else "a loss that does not fit it",
            "the arguments of keras.random.normal: shape, mean and stddev.",
        )
    _moves_by_noise(student, DenoiserSizes(noise=noise, **sizes))


def _moves_by_noise(student: Student, sizes: DenoiserSizes) -> None:
    """Check that training moves the weights down the loss of the noisy images.

    On an image that the model gives back, without noise there is no gradient.
    """
    student.build(*sizes.arguments)
    arrays = draw_steady(weights_of(student, "auto", sizes.input_shape))
    student.set_weights("auto", arrays)
    x = _own_image(student, sizes.input_shape)[:32]
    first, second = (student.training_loss(x, x, seed=0) for _ in range(2))
    if first == second:  # else from a source of its own, which no seed reaches
        shared.goes_down(student, x, x, seed=0)


@contract.check("noisy images are clipped to [0,1]", noise=real(0.6, 0.75))
def clipped(student: Student, *, noise: float = 0.7, **sizes: Any) -> None:
    """No pixel is darker than black or brighter than white."""
    kind = _kind_of_noise(student, DenoiserSizes(noise=noise, **sizes))
    if kind is None or kind[0] == "no noise" or kind[1] != CONTRACT[1]:
        raise CheckFailed(
            f"with noise={noise}, a training loss that fits noisy images between 0 and "
            "1",
            "a loss that does not fit them"
            if kind is None
            else f"a loss that fits {kind[0]}, {kind[1]}",
            "keras.ops.clip(x_noisy, 0, 1) is missing, or comes at another place.",
        )
    _moves_by_noise(student, DenoiserSizes(noise=noise, **sizes))


@contract.check("every batch gets fresh noise")
def fresh_noise(
    student: Student, *, noise: float = 0.5, in_graph: bool = True, **sizes: Any
) -> None:
    """The same images and weights give another loss at each step.

    Args:
        student: its models are built here.
        noise: what the builder is called with.
        in_graph: whether to look at a graph too, which takes longer.
        **sizes: what else the builder is called with.
    """
    built = contract.build(student, noise=noise, **sizes)
    arrays = draw_steady(weights_of(student, "auto", built.input_shape))
    student.set_weights("auto", arrays)
    x = inputs(1, built.input_shape)

    stays = partial(_same_loss, student, x)
    least = 0.0
    # The graph shows noise that is drawn once in all ways; the steps without a graph
    # tell them apart.
    loss = stays(GRAPH_STEPS if in_graph else EAGER_STEPS)
    if loss is None:
        _built_with(student, replace(built, noise=0.0), arrays)
        if stays(EAGER_STEPS) is None:
            raise CheckFailed(
                "with noise=0, the same loss at each step",
                "another one at each step",
                "something else than the noise is drawn in the training step.",
            )
        least = MIN_SPREAD * _spread_of_losses(student, x, noise)
        _built_with(student, built, arrays)
        loss = stays(EAGER_STEPS, least)
        if loss is None or stays(EAGER_STEPS, least) is None:
            return
    where = ""
    if in_graph and stays(EAGER_STEPS, least) is None:
        where = ", in the graph that fit makes"
    raise CheckFailed(
        "with weights that stay, another loss at each step, since the noise is another",
        f"always {loss:.6f}{where}",
        "noise that is drawn once: outside the training step, with a fixed seed, or by "
        "NumPy.",
    )


def _same_loss(
    student: Student, x: np.ndarray, steps: int, least: float = 0.0
) -> float | None:
    """Return the loss if it is the same in each epoch, at a rate of nearly 0.

    Args:
        student: with a built model.
        x: one image.
        steps: in an epoch, on copies of the image, so that their order says nothing.
        least: what losses that are not the same differ by.
    """
    copies = np.repeat(x, steps, axis=0)
    losses = student.train(copies, copies, epochs=4, batch_size=1, learning_rate=1e-12)[
        1:
    ]
    differ = np.ptp(losses) > max(1e-5 * abs(np.mean(losses)), least)
    return None if differ else losses[0]


MIN_SPREAD = 0.05
"""Of what losses differ by from draw to draw; three differ by less in 1 of 1,000."""


def _spread_of_losses(student: Student, x: np.ndarray, noise: float) -> float:
    """Return by how much squared errors differ from one draw of noise to another.

    Args:
        student: with a model built without noise.
        x: one image.
        noise: the standard deviation of the noise.
    """
    x_hat = student.predict("auto", _noisy(np.repeat(x, 32, axis=0), noise))[0]
    return float(np.square(x_hat - x).mean(axis=tuple(range(1, x.ndim))).std())


def remaining_error(
    student: Student, latent_dims: int, noise: float, seed: int = 0
) -> float:
    """Return the error on held-out digits after a short training, as a share.

    It is the mean squared error of the denoised digits divided by that of the noisy
    ones. The first weights are drawn here, so that the initializer plays no part.
    """
    x_train, _, x_test, _ = bundled.small_digits()
    contract.build(
        student, input_shape=x_test.shape[1:], latent_dims=latent_dims, noise=noise
    )
    own = weights_of(student, "auto", x_test.shape[1:])
    with fixed():
        before = draw(own, gain=GAIN, bias=0, seed=seed)
    student.set_weights("auto", before)
    x_train = x_train[: 10 * BATCH]
    student.train(
        x_train,
        x_train,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        learning_rate=RATE,
    )
    # Asked for after the training, which says if there is none.
    shared.is_adam(student)
    after = student.get_weights("auto")
    still = sum(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    if still:
        raise CheckFailed(
            "training moves every weight",
            f"{still} of {len(after)} weight arrays stay as they were",
            "the gradients and the weights that the optimizer is given in the training "
            "step.",
        )
    x_noisy = _noisy(x_test, noise)
    x_hat = student.predict("auto", x_noisy)[0]
    shared.goes_on(student, x_train[:BATCH], x_train[:BATCH])
    return float(np.mean((x_hat - x_test) ** 2) / np.mean((x_noisy - x_test) ** 2))


# In 5 seeds, the reference leaves 0.39 to 0.45 of the error at a noise of 0.6, and 0.37
# to 0.41 at 0.65; with the noisy image as target it is 0.60 to 0.61, and 0.58 to 0.59.
# Without any noise in training, or with noise of another kind, it is as low as the
# reference: other checks see that. A bad start gets a second chance, so that both
# trainings would have to miss the bar.
EPOCHS, BATCH, RATE = 3, 128, 6e-3
GAIN = 2**0.5
MAX_REMAINS = 0.5
TRAININGS = 2


@contract.check("after a short training it denoises new digits", noise=real(0.61, 0.65))
def denoises(student: Student, *, latent_dims: int = 16, noise: float = 0.6) -> None:
    """Held-out digits come out much closer to the clean ones than they went in."""
    for seed in range(TRAININGS):
        remains = remaining_error(student, latent_dims, noise, seed)
        if remains <= MAX_REMAINS:
            return
    raise CheckFailed(
        f"{EPOCHS} epochs on digits leave {MAX_REMAINS:.0%} or less of the noise's "
        "squared error on others",
        f"{remains:.0%}",
        "weights that the training step does not move; a target that is not clean; an "
        "optimizer other than Adam.",
    )
