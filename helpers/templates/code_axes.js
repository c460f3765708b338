// A code of several numbers: a slider for each of its axes, and what the decoder draws.
import { paint, picture } from "./canvas.js";
import { button, element } from "./controls.js";
import { makeDecoder, unpack } from "./decoder.js";
import {
  choice, images, machine, mount, slider, thumbnails, written,
} from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  encoded: { slide: "moved", image: "encoded" },
  moved: { slide: "moved", image: "encoded", reset: "encoded" },
};

const STRIP = 7; // images along the axis that was moved last

function read(data) {
  const flat = unpack(data.codes).values;
  const [count, size] = data.codes.shape;
  const codes = Array.from({ length: count }, (_, k) => flat.slice(k * size, (k + 1) * size));
  return { ...data, codes, pixels: images(data.images), decode: makeDecoder(data.decoder) };
}

// A slider for each axis, the most telling first, and how much it tells.
function makeSliders(view, state, send) {
  const rows = view.axes.map(({ axis, low, high, tells, unused }) => {
    const name = `z${axis + 1}`;
    const row = slider(name, low, high, (high - low) / 120, (value) => {
      const code = Float32Array.from(state.code);
      code[axis] = value;
      send("slide", { code, axis });
    });
    const about = unused ? `${tells}, unused` : tells;
    row.value = element("span", { class: "course-value" });
    row.label.append(row.value, element("small", {}, about));
    row.label.classList.toggle("course-unused", unused);
    return { ...row, axis };
  });
  function show() {
    for (const { input, value, axis } of rows) {
      input.value = state.code[axis];
      value.textContent = written(state.code[axis]);
    }
  }
  return { node: element("div", { class: "course-axes" }, ...rows.map(({ label }) => label)), show };
}

// What the decoder draws all along the axis that was moved last.
function makeStrip(view, state) {
  const [height, width] = view.images.side;
  const canvas = picture([height, width * STRIP]);
  canvas.classList.add("course-strip");
  const caption = element("p");
  let drawn = null; // the code and axis that it was drawn for
  function show() {
    const { axis, code } = state;
    const others = code.map((value, k) => (k === axis ? 0 : value));
    const key = `${axis} ${others.join()}`;
    if (key === drawn) return; // only its own axis moved
    drawn = key;
    const { low, high } = view.axes.find((row) => row.axis === axis);
    for (let k = 0; k < STRIP; k++) {
      others[axis] = low + ((high - low) * k) / (STRIP - 1);
      paint(canvas, view.decode(others), k * width, width);
    }
    const ends = `z${axis + 1} from ${written(low, 1)} to ${written(high, 1)}`;
    caption.textContent = `Along ${ends}, the other numbers as they are:`;
    canvas.setAttribute("aria-label", `${STRIP} decoded images, ${ends}`);
  }
  return { nodes: [caption, canvas], show };
}

function render({ model, el }) {
  const view = read(model.get("data"));
  const first = { name: "encoded", image: 0, code: view.codes[0], axis: view.axes[0].axis };
  const { state, send } = machine(TRANSITIONS, first, () => show());
  const encoded = (image) => ({ image, code: view.codes[image] });

  const { side } = view.images;
  const faces = thumbnails(view.pixels, side, view.names);
  const start = choice("Start from", faces, (k) => send("image", encoded(k)));
  const reset = button("Back to the image's code", () => send("reset", encoded(state.image)));
  const original = picture(side);
  const decoded = picture(side);
  const text = element("p", { class: "course-where", "aria-live": "polite" });
  const sliders = makeSliders(view, state, send);
  const strip = makeStrip(view, state);

  function show() {
    el.dataset.state = state.name;
    const moved = state.name === "moved";
    start.show(state.image);
    paint(original, view.pixels[state.image]);
    original.setAttribute("aria-label", `The image, ${view.names[state.image]}`);
    paint(decoded, view.decode(state.code));
    text.textContent = moved
      ? `Moved away from the image's code: z${state.axis + 1} = ${written(state.code[state.axis])}.`
      : "Decoded from the image's code.";
    decoded.setAttribute("aria-label", text.textContent);
    reset.setAttribute("aria-disabled", String(!moved));
    sliders.show();
    strip.show();
  }
  const figure = (canvas, caption) =>
    element("figure", {}, canvas, element("figcaption", {}, caption));
  const pair = [figure(original, "image"), figure(decoded, "decoded")];
  const pictures = element("div", { class: "course-pair" }, ...pair);
  const seen = element("div", { class: "course-seen" }, pictures, text, reset);
  const sides = element("div", { class: "course-side" }, sliders.node, seen);
  mount(el, view.title, [start.node, sides, ...strip.nodes], show);
}

export default { render };
