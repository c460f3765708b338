// Runs a Keras model: dense layers, convolutions and what stands between them.
// An array is { values: Float32Array, shape }, images as (height, width, channels).

const SELU = [1.0507009873554805, 1.6732632423543772];
const ACTIVATIONS = {
  linear: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => SELU[0] * (x > 0 ? x : SELU[1] * Math.expm1(x)),
};

const product = (shape) => shape.reduce((all, side) => all * side, 1);

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// Weights come as 16-bit whole numbers in base64, with the size of one step; or, where
// Python measured how coarse they may be, row by row in a Rice code.
export function unpack({ shape, step, rows, columns, data }) {
  const bytes = bytesOf(data);
  if (rows) return { shape, values: unrice(shape, bytesOf(rows), bytesOf(columns), bytes) };
  const whole = new Int16Array(bytes.buffer);
  return { shape, values: Float32Array.from(whole, (value) => value * step) };
}

// A row's step is a power of the fourth root of 2, and larger by so many octaves in some
// columns. Of a number the upper bits are so many ones and a zero, then come the lower
// bits; an odd number stands for a negative one.
function unrice(shape, rows, columns, bytes) {
  const values = new Float32Array(product(shape));
  const exponents = new Int8Array(rows.buffer);
  const count = (2 * values.length) / rows.length;
  let at = 0;
  const bit = () => (bytes[at >> 3] >> (7 - (at++ & 7))) & 1;
  for (let k = 0; k < values.length; k++) {
    const [row, octaves] = [2 * Math.floor(k / count), columns[k % count] ?? 0];
    let whole = 0;
    while (bit()) whole++;
    for (let low = rows[row + 1] - octaves; low > 0; low--) whole = 2 * whole + bit();
    const signed = whole % 2 ? -(whole + 1) / 2 : whole / 2;
    values[k] = signed * 2 ** (exponents[row] / 4 + octaves);
  }
  return values;
}

function dense(x, { kernel, bias }) {
  const [inputs, units] = kernel.shape;
  const values = Float32Array.from(bias.values);
  for (let i = 0; i < inputs; i++) {
    const input = x.values[i];
    if (input === 0) continue; // as most outputs of a ReLU are
    for (let j = 0, k = i * units; j < units; j++, k++) values[j] += input * kernel.values[k];
  }
  return { values, shape: [units] };
}

// Visit the pairs of places that a kernel joins, on the large and on the small side:
// a convolution goes from the first to the second, a transposed one back.
function pairs(large, small, size, stride, same, visit) {
  const padding = [0, 1].map((axis) => {
    const span = (small[axis] - 1) * stride[axis] + size[axis] - large[axis];
    return same ? Math.floor(Math.max(span, 0) / 2) : 0;
  });
  for (let row = 0; row < small[0]; row++)
    for (let column = 0; column < small[1]; column++)
      for (let i = 0; i < size[0]; i++)
        for (let j = 0; j < size[1]; j++) {
          const y = row * stride[0] + i - padding[0];
          const x = column * stride[1] + j - padding[1];
          if (y < 0 || x < 0 || y >= large[0] || x >= large[1]) continue;
          visit(y * large[1] + x, row * small[1] + column, i * size[1] + j);
        }
}

function filled(sides, bias) {
  const channels = bias.values.length;
  const values = new Float32Array(sides[0] * sides[1] * channels);
  for (let place = 0; place < values.length; place += channels) values.set(bias.values, place);
  return { values, shape: [...sides, channels] };
}

function conv2d(x, { kernel, bias, stride, same }) {
  const [height, width, inputs, outputs] = kernel.shape;
  const sides = [0, 1].map((axis) => {
    const room = x.shape[axis] - (same ? 0 : kernel.shape[axis] - 1);
    return Math.ceil(room / stride[axis]);
  });
  const y = filled(sides, bias);
  pairs(x.shape, sides, [height, width], stride, same, (from, to, tap) => {
    for (let i = 0; i < inputs; i++) {
      const input = x.values[from * inputs + i];
      const k = (tap * inputs + i) * outputs;
      for (let o = 0; o < outputs; o++) y.values[to * outputs + o] += input * kernel.values[k + o];
    }
  });
  return y;
}

function conv2dTranspose(x, { kernel, bias, stride, same }) {
  const [height, width, outputs, inputs] = kernel.shape;
  const sides = [0, 1].map((axis) => {
    const overhang = Math.max(kernel.shape[axis] - stride[axis], 0);
    return x.shape[axis] * stride[axis] + (same ? 0 : overhang);
  });
  const y = filled(sides, bias);
  pairs(sides, x.shape, [height, width], stride, same, (to, from, tap) => {
    for (let o = 0; o < outputs; o++) {
      const k = (tap * outputs + o) * inputs;
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += x.values[from * inputs + i] * kernel.values[k + i];
      y.values[to * outputs + o] += sum;
    }
  });
  return y;
}

function upSampling2d(x, { size }) {
  const [height, width, channels] = x.shape;
  const shape = [height * size[0], width * size[1], channels];
  const values = new Float32Array(product(shape));
  for (let row = 0; row < shape[0]; row++)
    for (let column = 0; column < shape[1]; column++) {
      const from = (Math.floor(row / size[0]) * width + Math.floor(column / size[1])) * channels;
      const to = (row * shape[1] + column) * channels;
      values.set(x.values.subarray(from, from + channels), to);
    }
  return { values, shape };
}

function maxPooling2d(x, { size, stride, same }) {
  const channels = x.shape[2];
  const sides = [0, 1].map((axis) => {
    const room = x.shape[axis] - (same ? 0 : size[axis] - 1);
    return Math.ceil(room / stride[axis]);
  });
  const values = new Float32Array(sides[0] * sides[1] * channels).fill(-Infinity);
  pairs(x.shape, sides, size, stride, same, (from, to) => {
    for (let c = 0; c < channels; c++) {
      const [input, output] = [x.values[from * channels + c], to * channels + c];
      if (input > values[output]) values[output] = input;
    }
  });
  return { values, shape: [...sides, channels] };
}

const reshape = (x, { shape }) => ({ values: x.values, shape });
const activation = (x) => ({ values: Float32Array.from(x.values), shape: x.shape });

const LAYERS = {
  dense, conv2d, conv2dTranspose, upSampling2d, maxPooling2d, reshape, activation,
};

// Return the function that a list of layers computes, such as from a code to pixels.
export function makeDecoder(layers) {
  const steps = layers.map(({ kind, kernel, bias, activation, ...options }) => {
    const weights = kernel && { kernel: unpack(kernel), bias: unpack(bias) };
    const [layer, bend] = [LAYERS[kind], ACTIVATIONS[activation ?? "linear"]];
    return (x) => {
      const y = layer(x, { ...weights, ...options });
      if (bend !== ACTIVATIONS.linear) y.values.forEach((value, i) => (y.values[i] = bend(value)));
      return y;
    };
  });
  return (code) => {
    const start = { values: Float32Array.from(code), shape: [code.length] };
    return steps.reduce((x, step) => step(x), start).values;
  };
}
