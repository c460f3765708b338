// Both models in training, on the same batches: what the worker does, without the worker.
import { evaluate, encode, layersOf, makeModel, PIXELS, CODE, train } from "./models.js";
import { accuracy } from "./neighbours.js";
import { randomNumbers } from "./network.js";

const BATCH = 32;

// Batches of images, in a new order each epoch.
function batches({ x, labels }, { uniform }) {
  const order = labels.map((_, k) => k);
  let place = order.length;
  const shuffle = () => {
    for (let k = order.length - 1; k > 0; k--) {
      const other = Math.floor((k + 1) * uniform());
      [order[k], order[other]] = [order[other], order[k]];
    }
    place = 0;
  };
  return () => {
    if (place + BATCH > order.length) shuffle();
    const batch = new Float32Array(BATCH * PIXELS);
    for (let row = 0; row < BATCH; row++, place++) {
      const at = order[place] * PIXELS;
      batch.set(x.subarray(at, at + PIXELS), row * PIXELS);
    }
    return batch;
  };
}

// How a model does on the test digits, and all that draws it.
function measured(model, digits) {
  const train = { codes: encode(model, digits.train.x).mu, labels: digits.train.labels };
  const test = { ...evaluate(model, digits.test.x), labels: digits.test.labels };
  return {
    codes: test.codes,
    trainCodes: train.codes,
    reconstruction: test.reconstruction,
    divergence: test.divergence,
    accuracy: accuracy(test, train),
    weights: layersOf(model).map(({ weights }) => weights),
  };
}

// Two models with random weights, a step of both, and how they do.
export function makeTraining(digits, seed) {
  const random = randomNumbers(seed);
  const models = { plain: makeModel("plain", random), vae: makeModel("vae", random) };
  const nextBatch = batches(digits.train, random);
  let steps = 0;

  function step(beta) {
    const x = nextBatch();
    const noise = Float32Array.from({ length: BATCH * CODE }, random.normal);
    train(models.plain, x);
    train(models.vae, x, noise, beta);
    steps++;
  }
  const snapshot = () => ({
    steps,
    epochs: (steps * BATCH) / digits.train.labels.length,
    plain: measured(models.plain, digits),
    vae: measured(models.vae, digits),
  });
  return { step, snapshot };
}
