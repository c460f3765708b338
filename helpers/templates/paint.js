// A transposed convolution paints: each input number adds its kernel, a stride further.
import { paint as put, picture } from "./canvas.js";
import { element } from "./controls.js";
import { unpack } from "./decoder.js";
import { choice, machine, mount, playButton, slider, written } from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  still: { slide: "still", kernel: "still", stride: "still", play: "playing" },
  playing: {
    tick: "playing", end: "still", pause: "still",
    slide: "still", kernel: "still", stride: "still",
  },
};

const SECONDS = 6; // to paint all
const SIDE = 448; // of a picture, in pixels: sharp on a fine screen
const FRAME = "#E69F00"; // seen on black, on white and on grey

// What the first numbers of the input have painted, how often each place was painted,
// and where the last of them painted.
function painted({ inputs, side }, { values, shape }, stride, done) {
  const [rows, columns] = side;
  const [height, width] = shape;
  const size = [(rows - 1) * stride + height, (columns - 1) * stride + width];
  const sums = new Float32Array(size[0] * size[1]);
  const counts = new Float32Array(size[0] * size[1]);
  let corner = null;
  for (let k = 0; k < done; k++) {
    corner = [Math.floor(k / columns) * stride, (k % columns) * stride];
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        const at = (corner[0] + i) * size[1] + corner[1] + j;
        sums[at] += inputs[k] * values[i * width + j];
        counts[at] += 1;
      }
  }
  return { size, sums, counts, corner };
}

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);

// Cells with shades of their numbers, and the numbers themselves where they fit.
function cells(canvas, values, [rows, columns], most, frame, digits) {
  const scale = Math.floor(SIDE / Math.max(rows, columns));
  Object.assign(canvas, { width: columns * scale, height: rows * scale });
  const small = picture([rows, columns]);
  const signed = values.some((value) => value < 0);
  const shade = (value) => (signed ? 0.5 + value / (2 * most) : value / most);
  put(small, values.map(shade));
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  Object.assign(context, { textAlign: "center", textBaseline: "middle" });
  context.font = `${Math.round(0.5 * scale)}px sans-serif`;
  values.forEach((value, k) => {
    if (digits === null) return;
    context.fillStyle = shade(value) > 0.5 ? "#000" : "#fff";
    const at = [((k % columns) + 0.5) * scale, (Math.floor(k / columns) + 0.5) * scale];
    context.fillText(value.toFixed(digits), ...at);
  });
  if (!frame) return;
  const [[row, column], [height, width]] = frame;
  Object.assign(context, { strokeStyle: FRAME, lineWidth: 6 });
  context.strokeRect(column * scale + 3, row * scale + 3, width * scale - 6, height * scale - 6);
}

// The input, what it has painted, and how often each place was painted.
function makePictures(view) {
  const captions = ["input", "painted", "how often each place is painted"];
  const canvases = captions.map((caption) => picture([1, 1], caption));
  const figures = canvases.map((canvas, k) =>
    element("figure", {}, canvas, element("figcaption", {}, captions[k])),
  );
  const { inputs, side } = view;
  function show(now, end, place, kernel) {
    const last = now.corner && [now.corner, kernel.shape];
    cells(canvases[0], inputs, side, largest(inputs), place && [place, [1, 1]], 0);
    cells(canvases[1], now.sums, end.size, largest(end.sums), last, null);
    cells(canvases[2], now.counts, end.size, largest(end.counts), last, 0);
  }
  const look = { class: "course-pair course-large course-fine" };
  return { node: element("div", look, ...figures), show };
}

function render({ model, el }) {
  const data = model.get("data");
  const kernels = data.kernels.map(({ name, weights }) => ({ name, ...unpack(weights) }));
  const { values: inputs, shape: side } = unpack(data.inputs);
  const view = { inputs, side };
  const all = inputs.length;
  const first = { name: "still", done: Math.ceil(all / 2), ...data.first };
  const { state, send } = machine(TRANSITIONS, first, () => show());

  const names = kernels.map(({ name }) => name);
  const which = choice("Kernel", names, (kernel) => send("kernel", { kernel }));
  const strides = choice("Stride", data.strides.map(String), (stride) => send("stride", { stride }));
  const axis = slider("Painted so far", 0, all, 1, (done) => send("slide", { done }));
  const play = playButton(state, send, SECONDS, (share) => ({ done: Math.round(share * all) }));
  const text = element("p", { class: "course-where" });
  const pictures = makePictures(view);

  function show() {
    el.dataset.state = state.name;
    const { done } = state;
    const [kernel, stride] = [kernels[state.kernel], data.strides[state.stride]];
    const end = painted(view, kernel, stride, all);
    const place = done ? [Math.floor((done - 1) / side[1]), (done - 1) % side[1]] : null;
    pictures.show(painted(view, kernel, stride, done), end, place, kernel);
    const often = [...new Set(end.counts)].sort((a, b) => a - b).join(", ");
    const value = done ? `Number ${done} of ${all}, ${written(inputs[done - 1])}, has painted. ` : "";
    text.setAttribute("aria-live", state.name === "still" ? "polite" : "off");
    text.textContent = `${value}How often a place is painted in the end: ${often}.`;
    which.show(state.kernel);
    strides.show(state.stride);
    axis.input.value = done;
    play.show();
  }
  const way = element("div", { class: "course-way" }, axis.label, play.node);
  mount(el, data.title, [which.node, strides.node, way, text, pictures.node], show);
}

export default { render };
