// Dense layers with gradients written by hand, and Adam. A batch is one array, row after row.

const ADAM = { rate: 0.002, mean: 0.9, square: 0.99, tiny: 1e-7 };

// Random numbers that a seed repeats: `uniform` in [0, 1), `normal` with variance 1.
export function randomNumbers(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => {
    const length = Math.sqrt(-2 * Math.log(1 - uniform()));
    return length * Math.cos(2 * Math.PI * uniform());
  };
  return { uniform, normal };
}

// A layer's weights: a row of the kernel for each input, then the biases as a last row.
export function dense(inputs, units, bend, { uniform }) {
  const weights = new Float32Array((inputs + 1) * units);
  const limit = Math.sqrt(6 / (inputs + units)); // Glorot's, as in Keras
  for (let k = 0; k < inputs * units; k++) weights[k] = limit * (2 * uniform() - 1);
  const [gradient, mean, square] = [0, 1, 2].map(() => new Float32Array(weights.length));
  return { inputs, units, bend, weights, gradient, mean, square };
}

function forward({ inputs, units, bend, weights }, x) {
  const rows = x.length / inputs;
  const y = new Float32Array(rows * units);
  const bias = weights.subarray(inputs * units);
  for (let row = 0; row < rows; row++) {
    const at = row * units;
    y.set(bias, at);
    for (let i = 0; i < inputs; i++) {
      const input = x[row * inputs + i];
      if (input === 0) continue; // as empty paper is
      for (let j = 0, k = i * units; j < units; j++, k++) y[at + j] += input * weights[k];
    }
  }
  if (bend === "elu") for (let k = 0; k < y.length; k++) if (y[k] < 0) y[k] = Math.expm1(y[k]);
  return y;
}

// From the loss's slope along y to that along x; that along the weights stays in the layer.
function backward({ inputs, units, bend, weights, gradient }, x, y, slope) {
  const dx = new Float32Array(x.length);
  if (bend === "elu") for (let k = 0; k < y.length; k++) if (y[k] < 0) slope[k] *= 1 + y[k];
  gradient.fill(0);
  const bias = gradient.subarray(inputs * units);
  for (let row = 0; row < x.length / inputs; row++) {
    const at = row * units;
    for (let j = 0; j < units; j++) bias[j] += slope[at + j];
    for (let i = 0; i < inputs; i++) {
      const input = x[row * inputs + i];
      let sum = 0;
      for (let j = 0, k = i * units; j < units; j++, k++) {
        sum += weights[k] * slope[at + j];
        gradient[k] += input * slope[at + j];
      }
      dx[row * inputs + i] = sum;
    }
  }
  return dx;
}

// What each layer of a row makes of x: x itself first, the row's output last.
export function run(layers, x) {
  const values = [x];
  for (const layer of layers) values.push(forward(layer, values.at(-1)));
  return values;
}

export const output = (layers, x) => run(layers, x).at(-1);

// Back through a row of layers; `values` is what `run` returned.
export function runBack(layers, values, slope) {
  return layers.reduceRight((dy, layer, k) => backward(layer, values[k], values[k + 1], dy), slope);
}

// One step of Adam, number `count` from 1 on, as Keras takes it.
export function adam(layers, count) {
  const fade = Math.sqrt(1 - ADAM.square ** count) / (1 - ADAM.mean ** count);
  for (const { weights, gradient, mean, square } of layers)
    for (let k = 0; k < weights.length; k++) {
      mean[k] += (1 - ADAM.mean) * (gradient[k] - mean[k]);
      square[k] += (1 - ADAM.square) * (gradient[k] ** 2 - square[k]);
      weights[k] -= (ADAM.rate * fade * mean[k]) / (Math.sqrt(square[k]) + ADAM.tiny);
    }
}
