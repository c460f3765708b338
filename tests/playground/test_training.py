"""The page's models compute Keras's losses, gradients and steps, and learn digits."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tools import playground
from tools.javascript import run

SIZES = {"plain": (64, 64, 32, 2), "vae": (64, 64, 32, 4)}
BACK = (2, 32, 64, 64)
CASES = (("plain", 0), ("vae", 0), ("vae", 1), ("vae", 50))
ROWS = 7
RATE = 0.002
GRADIENTS = """
const { gradients, layersOf, makeModel, train } = modelsModule;
const random = networkModule.randomNumbers(1);
return passed.map(({ kind, weights, batches, beta }) => {
  const model = makeModel(kind, random);
  layersOf(model).forEach((layer, k) => layer.weights.set(weights[k].flat()));
  const [x, noise] = batches[0].map((rows) => Float32Array.from(rows.flat()));
  const parts = gradients(model, x, noise, beta);
  const slopes = layersOf(model).map(({ gradient }) => Array.from(gradient));
  for (const batch of batches)
    train(model, ...batch.map((rows) => Float32Array.from(rows.flat())), beta);
  const after = layersOf(model).map(({ weights }) => Array.from(weights));
  return { ...parts, slopes, after };
});
"""
LEARN = """
const training = trainingModule.makeTraining(digitsModule.unpack(passed.digits), 1);
for (let k = 0; k < passed.steps; k++) training.step(1);
const { plain, vae } = training.snapshot();
return [plain.accuracy, vae.accuracy];
"""
CURE = """
const training = trainingModule.makeTraining(digitsModule.unpack(passed.digits), 1);
const after = (steps, beta) => {
  for (let k = 1; k <= steps; k++) training.step(beta(k));
  const { plain, vae } = training.snapshot();
  return {
    plain: plain.accuracy,
    accuracy: vae.accuracy,
    reconstruction: vae.reconstruction,
    divergence: vae.divergence[0] + vae.divergence[1],
    furthest: Math.max(...vae.codes.map(Math.abs)),
  };
};
const learnt = after(500, () => 1);
const collapsed = after(300, () => 50);
const cured = after(1000, (k) => Math.min(k / 500, 1));
const free = after(500, () => 0);
return [learnt, collapsed, cured, free];
"""


class Reference:
    """A model of the page, built of Keras layers with given weights."""

    def __init__(self, kind, weights, beta):
        self.kind, self.beta = kind, beta
        sizes = [SIZES[kind], BACK]
        self.encoder, self.decoder = (
            keras.Sequential(
                [
                    keras.Input((size[0],)),
                    layers.Dense(size[1], "elu"),
                    layers.Dense(size[2], "elu"),
                    layers.Dense(size[3]),
                ]
            )
            for size in sizes
        )
        split = [part for w in weights for part in (w[:-1], w[-1])]
        self.encoder.set_weights(split[:6])
        self.decoder.set_weights(split[6:])
        self.variables = [
            *self.encoder.trainable_variables,
            *self.decoder.trainable_variables,
        ]

    def losses(self, x, noise):
        """Return the reconstruction loss and the divergence on each axis."""
        z, divergence = self.encoder(x), ops.zeros(2)
        if self.kind == "vae":
            mu, log_var = ops.split(z, 2, axis=-1)
            z = mu + ops.exp(0.5 * log_var) * noise
            kl = 0.5 * (mu**2 + ops.exp(log_var) - 1 - log_var)
            divergence = ops.mean(kl, axis=0)
        pixels = ops.binary_crossentropy(x, self.decoder(z), from_logits=True)
        return ops.mean(ops.sum(pixels, axis=-1)), divergence

    def gradients(self, x, noise):
        with tf.GradientTape() as tape:
            reconstruction, divergence = self.losses(x, noise)
            loss = reconstruction + self.beta * ops.sum(divergence)
        return tape.gradient(loss, self.variables)


def rows_of(variables):
    """Return kernels and biases as the page has them: the bias is the last row."""
    arrays = [np.asarray(v) for v in variables]
    return [
        np.vstack([kernel, bias]).ravel()
        for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True)
    ]


@pytest.fixture(scope="module")
def cases():
    """Return models with weights, three batches, and what the page makes of them."""
    generator = np.random.default_rng(1)
    cases = []
    for kind, beta in CASES:
        pairs = [pair for size in (SIZES[kind], BACK) for pair in pairwise(size)]
        weights = [generator.normal(0, 0.2, (a + 1, b)) for a, b in pairs]
        images = generator.integers(0, 17, (3, ROWS, 64)) / 16
        noise = generator.normal(size=(3, ROWS, 2))
        batches = list(zip(images, noise, strict=True))
        cases.append((kind, weights, batches, beta))
    names = ("kind", "weights", "batches", "beta")
    passed = [dict(zip(names, plain(case), strict=True)) for case in cases]
    return list(zip(cases, run(["training.js"], GRADIENTS, passed), strict=True))


def plain(value):
    """Return arrays, also those inside lists, as JSON can hold them."""
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_losses_and_gradients_equal_those_of_keras(cases):
    for (kind, weights, batches, beta), page in cases:
        reference = Reference(kind, weights, beta)
        x, noise = (ops.convert_to_tensor(part, "float32") for part in batches[0])
        reconstruction, divergence = reference.losses(x, noise)
        assert page["reconstruction"] == pytest.approx(float(reconstruction), rel=1e-5)
        if kind == "vae":
            assert page["divergence"] == pytest.approx(np.asarray(divergence), rel=1e-4)
        expected = rows_of(reference.gradients(x, noise))
        for slope, gradient in zip(page["slopes"], expected, strict=True):
            assert np.abs(slope - gradient).max() < 1e-4 * max(
                np.abs(gradient).max(), 1
            )


def test_a_step_of_adam_leads_where_keras_s_leads(cases):
    (kind, weights, batches, beta), page = cases[2]
    reference = Reference(kind, weights, beta)
    adam = keras.optimizers.Adam(RATE, beta_2=0.99)
    for batch in batches:
        x, noise = (ops.convert_to_tensor(part, "float32") for part in batch)
        adam.apply(reference.gradients(x, noise), reference.variables)
    after = rows_of(reference.variables)
    for weights_after, expected in zip(page["after"], after, strict=True):
        assert np.abs(weights_after - expected).max() < 1e-4


@pytest.mark.slow
def test_from_noise_both_models_come_to_tell_the_digits_apart():
    passed = {"digits": playground.digits(), "steps": 400}
    accuracies = run(["training.js", "digits.js"], LEARN, passed)
    assert min(accuracies) >= 0.45


@pytest.mark.long
def test_a_large_beta_makes_the_vae_collapse_and_a_warm_up_cures_it():
    passed = {"digits": playground.digits()}
    states = run(["training.js", "digits.js"], CURE, passed)
    learnt, collapsed, cured, free = states
    assert collapsed["divergence"] < 0.01
    assert collapsed["furthest"] < 0.1 < 1 < learnt["furthest"]
    assert collapsed["accuracy"] < 0.25
    mean = playground.baselines()["meanLoss"]
    assert collapsed["reconstruction"] == pytest.approx(mean, abs=0.5)
    assert collapsed["plain"] >= learnt["plain"] - 0.05
    assert cured["divergence"] > 1
    assert cured["accuracy"] > 0.45
    assert free["furthest"] > 2 * cured["furthest"]
