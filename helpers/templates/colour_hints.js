// A grey image, a network that colours it, and hints of colour put on it by click.
import { paint, picture } from "./canvas.js";
import { button, element, shares } from "./controls.js";
import { makeDecoder } from "./decoder.js";
import { area, choice, clamp, images, machine, mount, thumbnails } from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  bare: { hint: "hinted", key: "bare", colour: "bare", image: "bare" },
  hinted: { hint: "hinted", key: "hinted", colour: "hinted", image: "bare", clear: "bare" },
};

const LEAP = 4; // pixels that an arrow key moves with Shift
const FRAME = "#E69F00"; // of the place that the keys have reached
const HELP = "Image to colour. Arrow keys move the place, Enter or a click puts the colour there.";

// The luma of an image, rounded as its colours are.
const lumaOf = (pixels, shares) =>
  Float32Array.from({ length: pixels.length / 3 }, (_, k) => {
    const luma = shares.reduce((sum, share, c) => sum + share * pixels[3 * k + c], 0);
    return Math.round(255 * luma) / 255;
  });

// What the network makes of an image's luma and of hints, as red, green and blue.
function makeColouring({ model, side, toRgb, size }) {
  const [height, width] = side;
  const run = makeDecoder([{ kind: "reshape", shape: [height, width, 4] }, ...model]);
  const reach = (size - 1) / 2;
  return (luma, hints) => {
    const input = new Float32Array(height * width * 4);
    luma.forEach((value, k) => (input[4 * k] = value));
    for (const { place, chroma } of hints)
      for (let row = place[0] - reach; row <= place[0] + reach; row++)
        for (let column = place[1] - reach; column <= place[1] + reach; column++) {
          if (row < 0 || column < 0 || row >= height || column >= width) continue;
          input.set([...chroma, 1], 4 * (row * width + column) + 1);
        }
    const output = run(input);
    if (output.length === 3 * luma.length) return output;
    const rgb = new Float32Array(3 * luma.length);
    luma.forEach((value, k) => {
      for (let c = 0; c < 3; c++) {
        const shift = output[2 * k] * toRgb[0][c] + output[2 * k + 1] * toRgb[1][c];
        rgb[3 * k + c] = clamp(value + shift, 0, 1);
      }
    });
    return rgb;
  };
}

// The coloured image, with its hints and the place that the keys have reached.
function makeCanvas(side, scale) {
  const canvas = picture(side.map((length) => length * scale));
  const small = picture(side);
  function draw(pixels, hints, place) {
    paint(small, pixels);
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    context.lineWidth = 3;
    const box = ([row, column]) => [column * scale, row * scale, scale, scale];
    for (const hint of hints) {
      context.fillStyle = hint.css;
      context.strokeStyle = "#fff";
      context.fillRect(...box(hint.place));
      context.strokeRect(...box(hint.place));
    }
    context.strokeStyle = FRAME;
    context.strokeRect(...box(place));
  }
  return { canvas, draw };
}

// The coloured image to click on, or to reach with keys.
function makeBoard(view, state, send, { canvas }) {
  const inside = (place) => place.map((v, axis) => clamp(v, 0, view.side[axis] - 1));
  const under = (event) => {
    const [x, y] = shares(canvas, event);
    return inside([Math.floor(y * view.side[0]), Math.floor(x * view.side[1])]);
  };
  const moved = ([right, up], leap) => {
    const step = leap ? LEAP : 1;
    return { place: inside([state.place[0] - step * up, state.place[1] + step * right]) };
  };
  function hint(place) {
    const others = state.hints.filter(({ place: old }) => String(old) !== String(place));
    send("hint", { place, hints: [...others, { place, ...view.colours[state.colour] }] });
  }
  const node = area(HELP, "course-over", canvas, { state, send, under, moved });
  node.addEventListener("click", (event) => hint(under(event)));
  node.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== " ") || event.shiftKey) return;
    event.preventDefault();
    hint(state.place);
  });
  return node;
}

function render({ model, el }) {
  const data = model.get("data");
  const view = { ...data, side: data.images.side };
  const originals = images(data.images);
  const grey = originals.map((pixels) => lumaOf(pixels, data.luma));
  const colouring = makeColouring(view);
  const middle = view.side.map((length) => length >> 1);
  const first = { name: "bare", image: 0, colour: 0, hints: [], place: middle };
  const { state, send } = machine(TRANSITIONS, first, () => show());

  const board = makeCanvas(view.side, 8);
  const original = picture(view.side);
  const which = choice("Image", thumbnails(grey, view.side, view.names), (image) =>
    send("image", { image, hints: [] }),
  );
  const colours = choice("Colour", view.colours.map(({ name }) => name), (colour) =>
    send("colour", { colour }),
  );
  const clear = button("Take all hints away", () => send("clear", { hints: [] }));
  const text = element("p", { class: "course-where", "aria-live": "polite" });
  let [coloured, of] = [null, ""]; // it takes a while: only when the hints have changed

  function show() {
    el.dataset.state = state.name;
    const key = JSON.stringify([state.image, state.hints]);
    if (of !== key) [coloured, of] = [colouring(grey[state.image], state.hints), key];
    board.draw(coloured, state.hints, state.place);
    paint(original, originals[state.image]);
    const name = view.names[state.image];
    const [count, [row, column]] = [state.hints.length, state.place];
    const hints = count === 1 ? "1 hint" : `${count} hints`;
    text.textContent = `${name}: ${hints}. Place: row ${row}, column ${column}.`;
    board.canvas.setAttribute("aria-label", `${name}, coloured by the network`);
    original.setAttribute("aria-label", `${name}, the original`);
    which.show(state.image);
    colours.show(state.colour);
    clear.setAttribute("aria-disabled", String(state.name === "bare"));
  }
  const figure = (node, caption) =>
    element("figure", {}, node, element("figcaption", {}, caption));
  const over = makeBoard(view, state, send, board);
  const pair = element("div", { class: "course-pair course-large" },
    figure(over, "coloured: click to give a hint"), figure(original, "original"));
  mount(el, view.title, [which.node, colours.node, pair, text, clear], show);
}

export default { render };
