"""Seconds until the reference's final validation loss: its recipe against the course's.

Each training runs in a process of its own, one at a time, the two recipes in turn. The
clock starts with `fit`, so it counts compilation, every epoch and every validation.
The loss to reach is the one that the reference's recipe ends with in the same round,
on the 10,000 test images; a recipe's time is the end of its first epoch at or below it.

    python benchmarks/time_to_loss.py                          # everything: hours
    python benchmarks/time_to_loss.py vanilla sparse --rounds 3
    python benchmarks/time_to_loss.py --images 2000 --epochs 2   # a trial, no result

Run it on an idle machine: the ratio stands only when both recipes had the same cores.
"""

import argparse
import contextlib
import io
import math
import multiprocessing
import signal
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from helpers import data
from helpers.training import start_at_mean, warmup_cosine

import keras
import numpy as np
from keras import layers, ops
from tqdm import tqdm


@dataclass(frozen=True)
class Recipe:
    """How to train. The defaults are Keras's: Adam at a constant rate of 1e-3.

    With a ``peak``, the course's recipe: the output starts at the mean picture, and
    Adam's rate climbs to the peak and falls along a cosine. In small networks much time
    goes into starting steps, not into arithmetic: the course runs several steps for
    each call from Python, and validates in large batches, which need no gradient. It
    does not compile with XLA, as Keras's "auto" does: in a training of seconds that
    costs more than it gains, and on a CPU XLA's convolutions are slower than
    TensorFlow's. A code with ReLU starts at ``code_bias``: from 0, some of its units
    are pushed below zero for all images in the first steps and stay there, each of
    them a dimension lost (5 of 32 in the vanilla autoencoder).
    """

    batch_size: int
    epochs: int
    peak: float | None = None
    beta_2: float = 0.999
    steps_per_execution: int = 1
    jit_compile: bool | str = "auto"
    kernel_initializer: str = "glorot_uniform"
    code_bias: float = 0.0
    validation_batch_size: int | None = None


def course(epochs: int, **changes: Any) -> Recipe:
    """Return the course's recipe, with changes."""
    recipe = Recipe(
        128,
        epochs,
        peak=1e-2,
        beta_2=0.99,
        steps_per_execution=20,
        jit_compile=False,
        kernel_initializer="he_normal",
        validation_batch_size=1000,
    )
    return replace(recipe, **changes)


RELU_CODE = {"kernel_initializer": "orthogonal", "code_bias": 0.5}
NAMES = ("reference", "course")
RECIPES = {
    "vanilla": (Recipe(256, 50), course(7, batch_size=96, peak=9e-3, **RELU_CODE)),
    "sparse": (Recipe(256, 50), course(7, batch_size=96, peak=9e-3, **RELU_CODE)),
    "convolutional": (Recipe(256, 50), course(9, batch_size=64, peak=7e-3)),
    "variational": (Recipe(256, 50), course(6, peak=6e-3)),
    "denoising": (Recipe(128, 25), course(10)),
    "super_resolution": (Recipe(128, 25), course(10)),
}


# --- the networks ---------------------------------------------------------------------


def dense(recipe: Recipe, l1: float = 0.0) -> keras.Model:
    """Dense autoencoder 784-128-64-32-64-128-784, ReLU on the code too."""
    start = {"activation": "relu", "kernel_initializer": recipe.kernel_initializer}
    images = keras.Input((28, 28, 1))
    hidden = layers.Flatten()(images)
    for units in (128, 64):
        hidden = layers.Dense(units, **start)(hidden)
    hidden = layers.Dense(
        32,
        **start,
        bias_initializer=keras.initializers.Constant(recipe.code_bias),
        activity_regularizer=keras.regularizers.L1(l1) if l1 else None,
    )(hidden)
    for units in (64, 128):
        hidden = layers.Dense(units, **start)(hidden)
    pixels = layers.Dense(784, activation="sigmoid")(hidden)
    return keras.Model(images, layers.Reshape((28, 28, 1))(pixels))


def convolutional(recipe: Recipe, side: int = 28) -> keras.Model:
    """Convolutional autoencoder with a 4×4×8 code, for inputs of side 28 or 14."""

    def convolution(filters: int, padding: str = "same") -> layers.Layer:
        return layers.Conv2D(
            filters,
            3,
            padding=padding,
            activation="relu",
            kernel_initializer=recipe.kernel_initializer,
        )

    images = hidden = keras.Input((side, side, 1))
    for filters in (16, 8, 8) if side == 28 else (16, 8):
        hidden = convolution(filters)(hidden)
        hidden = layers.MaxPooling2D(padding="same")(hidden)
    for filters, padding in ((8, "same"), (8, "same"), (16, "valid")):
        hidden = layers.UpSampling2D()(convolution(filters, padding)(hidden))
    pixels = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(hidden)
    return keras.Model(images, pixels)


class Sampling(layers.Layer):
    """Draw z from N(mu, exp(log_var)) and add the KL divergence to the loss."""

    def __init__(self) -> None:
        super().__init__()
        self.seed = keras.random.SeedGenerator()

    def call(self, inputs: Any) -> Any:
        mu, log_var = inputs
        kl = 0.5 * ops.sum(mu**2 + ops.exp(log_var) - log_var - 1, axis=-1)
        self.add_loss(ops.mean(kl))
        noise = keras.random.normal(ops.shape(mu), seed=self.seed)
        return mu + ops.exp(log_var / 2) * noise


def variational(recipe: Recipe) -> keras.Model:
    """Variational autoencoder 784-512-2-512-784."""
    images = keras.Input((28, 28, 1))
    wide = {"activation": "relu", "kernel_initializer": recipe.kernel_initializer}
    hidden = layers.Dense(512, **wide)(layers.Flatten()(images))
    z = Sampling()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    hidden = layers.Dense(512, **wide)(z)
    pixels = layers.Dense(784, activation="sigmoid")(hidden)
    return keras.Model(images, layers.Reshape((28, 28, 1))(pixels))


def summed_crossentropy(x: Any, x_hat: Any) -> Any:
    """Return the binary cross-entropy of each image, summed over its pixels."""
    pixelwise = keras.losses.binary_crossentropy(x, x_hat)
    return ops.sum(pixelwise, axis=(1, 2))


# --- their inputs ---------------------------------------------------------------------


def unchanged(images: np.ndarray) -> np.ndarray:
    """Return the images themselves."""
    return images


def noisy(images: np.ndarray) -> np.ndarray:
    """Add noise of mean 0.5 and standard deviation 0.5, then clip to [0, 1]."""
    noise = np.random.default_rng(0).normal(0.5, 0.5, images.shape)
    return np.clip(images + noise, 0, 1).astype("float32")


def halved(images: np.ndarray) -> np.ndarray:
    """Average blocks of 2×2 pixels."""
    return images.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))


Images = Callable[[np.ndarray], np.ndarray]
TASKS: dict[str, tuple[Callable[[Recipe], keras.Model], object, Images]] = {
    "vanilla": (dense, "binary_crossentropy", unchanged),
    "sparse": (partial(dense, l1=1e-5), "binary_crossentropy", unchanged),
    "convolutional": (convolutional, "binary_crossentropy", unchanged),
    "variational": (variational, summed_crossentropy, unchanged),
    "denoising": (convolutional, "binary_crossentropy", noisy),
    "super_resolution": (
        partial(convolutional, side=14),
        "binary_crossentropy",
        halved,
    ),
}


# --- one training ---------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """The end of an epoch: seconds since `fit` began, and the validation loss."""

    seconds: float
    loss: float


def _rate(
    recipe: Recipe, n_images: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return Keras's own learning rate, or the recipe's schedule if it has a peak."""
    if not recipe.peak:
        return 1e-3
    return warmup_cosine(
        recipe.peak,
        epochs=recipe.epochs,
        n_images=n_images,
        batch_size=recipe.batch_size,
    )


def train(
    task: str, recipe: Recipe, n_images: int | None, seed: int, out: Connection
) -> None:
    """Train in a child process; send a `Point` after each epoch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    keras.utils.set_random_seed(seed)
    build, loss, corrupt = TASKS[task]
    with contextlib.redirect_stdout(io.StringIO()):  # the parent has said it once
        mnist = data.load("mnist")
    x, x_val = mnist.x_train[:n_images], mnist.x_test[:n_images]
    model = build(recipe)
    if recipe.peak:
        start_at_mean(model, x)
    model.compile(
        keras.optimizers.Adam(_rate(recipe, len(x)), beta_2=recipe.beta_2),
        loss,
        steps_per_execution=recipe.steps_per_execution,
        jit_compile=recipe.jit_compile,
    )
    inputs, validation = corrupt(x), (corrupt(x_val), x_val)

    def report(epoch: int, logs: dict[str, float]) -> None:
        out.send(Point(time.perf_counter() - start, logs["val_loss"]))

    start = time.perf_counter()
    model.fit(
        inputs,
        x,
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        validation_data=validation,
        validation_batch_size=recipe.validation_batch_size,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)],
        verbose=0,
    )


# --- all of them ----------------------------------------------------------------------


def measure(
    task: str, name: str, recipe: Recipe, n_images: int | None, seed: int
) -> list[Point]:
    """Train in a new process, show each epoch, and return the points."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(
        target=train, args=(task, recipe, n_images, seed, sender), daemon=True
    )
    child.start()
    sender.close()  # so that the child's end is the last, and its exit ends the loop
    points: list[Point] = []
    try:
        with tqdm(total=recipe.epochs, desc=f"{task}, {name}", unit="epoch") as bar:
            while len(points) < recipe.epochs:
                points.append(receiver.recv())
                bar.set_postfix(val_loss=f"{points[-1].loss:.4f}", refresh=False)
                bar.update()
        child.join()
    except EOFError:
        child.join()
        raise RuntimeError(
            f"{task}, {name}: the training ended early (exit code {child.exitcode}); "
            "its message stands above."
        ) from None
    finally:
        child.terminate()
    return points


def seconds_to(loss: float, points: list[Point]) -> float:
    """Return when the loss was first reached, or infinity."""
    return next((point.seconds for point in points if point.loss <= loss), math.inf)


def row(task: str, rounds: list[tuple[list[Point], list[Point]]]) -> str:
    """Return the table's line for a task: medians over its complete rounds."""
    if not rounds:
        return f"{task:18} {'no complete round':>14}"
    targets = [reference[-1].loss for reference, _ in rounds]
    pairs = list(zip(targets, rounds, strict=True))
    reference = [seconds_to(target, points) for target, (points, _) in pairs]
    course = [seconds_to(target, points) for target, (_, points) in pairs]
    ratios = [slow / fast for slow, fast in zip(reference, course, strict=True)]
    middle = statistics.median
    numbers = f"{middle(targets):14.4f} {middle(reference):12.1f}"
    last = middle(points[-1].loss for _, points in rounds)
    if math.isinf(middle(course)):
        numbers += f" {'not reached':>12} {'':7}"
    else:
        numbers += f" {middle(course):12.1f} {middle(ratios):7.1f}"
    return f"{task:18} {numbers} {last:12.4f} {len(rounds):7}"


def main() -> None:
    """Measure the tasks named on the command line and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tasks", nargs="*", metavar="TASK", help=f"of: {', '.join(RECIPES)} (all)"
    )
    parser.add_argument("--rounds", type=int, default=1, help="each with its own seed")
    parser.add_argument("--epochs", type=int, help="at most so many for each recipe")
    parser.add_argument("--images", type=int, help="only the first so many images")
    parser.add_argument("--seed", type=int, default=42, help="of the first round")
    options = parser.parse_args()
    if unknown := set(options.tasks) - set(RECIPES):
        parser.error(f"no such task: {', '.join(sorted(unknown))}; see --help")
    for name in ("rounds", "epochs", "images"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name} is {value}: give 1 or more")

    complete = data.load("mnist").full
    if options.epochs or options.images or not complete:
        print("A trial (fewer epochs or images): its figures are no result.")
    print(
        f"\n{'task':18} {'loss to reach':>14} {'reference s':>12} {'course s':>12} "
        f"{'ratio':>7} {'course ends':>12} {'rounds':>7}"
    )
    for task in options.tasks or RECIPES:
        rounds: list[tuple[list[Point], list[Point]]] = []
        try:
            for seed in range(options.seed, options.seed + options.rounds):
                trained = []
                for name, recipe in zip(NAMES, RECIPES[task], strict=True):
                    limit = options.epochs or recipe.epochs
                    recipe = replace(recipe, epochs=min(limit, recipe.epochs))
                    trained.append(measure(task, name, recipe, options.images, seed))
                rounds.append((trained[0], trained[1]))
        except KeyboardInterrupt:
            sys.exit(f"{row(task, rounds)}\nInterrupted.")
        print(row(task, rounds), flush=True)


if __name__ == "__main__":
    main()
