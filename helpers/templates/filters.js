// A filter slides over an image: nine products, their sum, and the map of all sums.
import { paint, picture } from "./canvas.js";
import { element, shares } from "./controls.js";
import { makeDecoder, unpack } from "./decoder.js";
import {
  area, choice, clamp, followButton, images, machine, mount, thumbnails, written,
} from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  following: {
    hover: "following", press: "dragging", key: "still", image: "following",
    filter: "following", hold: "still",
  },
  dragging: { move: "dragging", release: "still" },
  still: {
    press: "dragging", key: "still", image: "still", filter: "still", follow: "following",
  },
};

const LEAP = 5; // places that an arrow key moves with Shift
const SCALE = 8; // how much larger the pictures are drawn than they are
const HELP = "Image under the filter. Arrow keys move the filter, with Shift by five places.";
const FRAME = "#E69F00"; // seen on black, on white and on grey

// Values as shades: 0 is black, or grey where some are negative.
function shades(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  const signed = values.some((value) => value < 0);
  return values.map((value) => (signed ? 0.5 + value / (2 * largest) : value / largest));
}

function read(data) {
  const kernel = unpack(data.layer.kernel);
  const bias = unpack(data.layer.bias).values;
  const [height, width, , count] = kernel.shape;
  const filters = Array.from({ length: count }, (_, k) =>
    kernel.values.filter((_, i) => i % count === k),
  );
  const { side } = data.images;
  const shape = { kind: "reshape", shape: [...side, 1] };
  const convolve = makeDecoder([shape, data.layer]);
  const map = data.layer.same ? side : [side[0] - height + 1, side[1] - width + 1];
  const before = data.layer.same ? [(height - 1) >> 1, (width - 1) >> 1] : [0, 0];
  return { ...data, side, size: [height, width], filters, bias, convolve, map, before,
    count, pixels: images(data.images) };
}

// A picture, enlarged, with a frame around a part of it.
function framed(side, scale) {
  const canvas = picture(side.map((length) => length * scale));
  const small = picture(side);
  function draw(pixels, [row, column], [height, width]) {
    paint(small, pixels);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    Object.assign(context, { strokeStyle: FRAME, lineWidth: 0.4 * scale });
    context.strokeRect(column * scale, row * scale, width * scale, height * scale);
  }
  return { canvas, draw };
}

// Pixel times weight for each place of the filter, and what they add up to.
function makeSums(view) {
  const [height, width] = view.size;
  const cells = Array.from({ length: height * width }, () => element("td"));
  const rows = Array.from({ length: height }, (_, i) =>
    element("tr", {}, ...cells.slice(i * width, (i + 1) * width)),
  );
  const table = element("table", { "aria-label": "pixel × weight" }, ...rows);
  const text = element("p", { class: "course-where" });
  function show({ pixels, filter, place, bias, value, spoken }) {
    let sum = 0;
    cells.forEach((cell, k) => {
      const row = place[0] - view.before[0] + Math.floor(k / width);
      const column = place[1] - view.before[1] + (k % width);
      const outside = row < 0 || column < 0 || row >= view.side[0] || column >= view.side[1];
      const pixel = outside ? 0 : pixels[row * view.side[1] + column];
      sum += pixel * filter[k];
      cell.textContent = `${written(pixel)} × ${written(filter[k])}`;
      cell.style.opacity = pixel * filter[k] === 0 ? 0.6 : 1;
    });
    const { activation } = view.layer;
    const more = view.plain ? "" : `, plus the bias ${written(bias)}`;
    const bent = activation === "linear" ? "" : `, after ${activation} ${written(value)}`;
    text.setAttribute("aria-live", spoken ? "polite" : "off");
    text.textContent =
      `Row ${place[0]}, column ${place[1]}: the sum is ${written(sum)}${more}` +
      `${view.plain ? "" : `: ${written(sum + bias)}`}${bent}.`;
  }
  return { nodes: [table, text], show };
}

// The image under the filter, and the map, with the place marked in both.
function makePictures(view, state, send) {
  const inside = (place) => ({ place: place.map((v, axis) => clamp(v, 0, view.map[axis] - 1)) });
  const image = framed(view.side, SCALE);
  const map = framed(view.map, SCALE);
  function under(event) {
    const [x, y] = shares(image.canvas, event);
    const pixel = [Math.floor(y * view.side[0]), Math.floor(x * view.side[1])];
    const middle = view.size.map((length) => (length - 1) >> 1);
    return inside(pixel.map((v, axis) => v - middle[axis] + view.before[axis]));
  }
  function moved([right, up], leap) {
    const [row, column] = state.place;
    const step = leap ? LEAP : 1;
    return inside([row - step * up, column + step * right]);
  }
  const over = area(HELP, "course-over", image.canvas, { state, send, under, moved });
  const figure = (node, caption) =>
    element("figure", {}, node, element("figcaption", {}, caption));
  const grey = "feature map; where it has negative values, grey is 0";
  const figures = [figure(over, "image"), figure(map.canvas, grey)];

  function show(pixels, values) {
    const corner = state.place.map((v, axis) => v - view.before[axis]);
    image.draw(pixels, corner, view.size);
    map.draw(shades(values), state.place, [1, 1]);
    image.canvas.setAttribute("aria-label", `${view.names[state.image]}, under the filter`);
    map.canvas.setAttribute("aria-label", `Feature map of filter ${state.filter + 1}`);
  }
  return { node: element("div", { class: "course-pair course-large" }, ...figures), show };
}

function render({ model, el }) {
  const view = read(model.get("data"));
  const first = { name: "following", image: 0, filter: 0, place: view.map.map((n) => n >> 1) };
  const { state, send } = machine(TRANSITIONS, first, () => show());
  const which = choice("Image", thumbnails(view.pixels, view.side, view.names), (image) =>
    send("image", { image }),
  );
  const names = view.filters.map((_, k) => `filter ${k + 1}`);
  const faces = thumbnails(view.filters.map(shades), view.size, names);
  const filters = choice("Filter", faces, (filter) => send("filter", { filter }));
  const pictures = makePictures(view, state, send);
  const sums = makeSums(view);
  const follow = followButton(state, send);
  let [maps, of] = [null, -1]; // all filters' maps of an image

  function show() {
    el.dataset.state = state.name;
    const { image, place } = state;
    const pixels = view.pixels[image];
    if (of !== image) [maps, of] = [view.convolve(pixels), image];
    const values = maps.filter((_, i) => i % view.count === state.filter);
    const value = values[place[0] * view.map[1] + place[1]];
    const [filter, bias] = [view.filters[state.filter], view.bias[state.filter]];
    pictures.show(pixels, values);
    sums.show({ pixels, filter, bias, place, value, spoken: state.name === "still" });
    which.show(image);
    filters.show(state.filter);
    follow.show();
  }
  const choices = view.count > 1 ? [which.node, filters.node] : [which.node];
  mount(el, view.title, [...choices, pictures.node, ...sums.nodes, follow.node], show);
}

export default { render };
