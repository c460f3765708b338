// A drawing of one's own: made like an image of MNIST, encoded, and decoded again.
import { paint, picture } from "./canvas.js";
import { button, element, tell } from "./controls.js";
import { machine, written } from "./explorer.js";
import { Pad } from "./pad.js";
import { likeMnist } from "./strokes.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  blank: { down: "drawing" },
  drawing: { move: "drawing", lift: "drawn", clear: "blank" },
  drawn: { down: "drawing", clear: "blank" },
};

const WAITS =
  "Draw something: a double ring then marks its code. " +
  "With keys, arrows move the pen and Space puts it down.";

function makeFigures(view, encoding) {
  const [height, width] = view.side;
  const seen = `as ${encoding.length > 1 ? "both models see" : "the model sees"} it: ${height}×${width} pixels`;
  const captions = [seen, ...encoding.map(({ name }) => ["reconstruction", name].filter(Boolean).join(", "))];
  const canvases = captions.map((caption) => picture(view.side, caption));
  const figures = canvases.map((canvas, k) =>
    element("figure", {}, canvas, element("figcaption", {}, captions[k])),
  );
  return { canvases, node: element("div", { class: "course-pair", hidden: "" }, ...figures) };
}

// What is said about the code that a model gives to the drawing.
function about(plane, code) {
  const where = `z = (${code.map((value) => written(value)).join(", ")}).`;
  const place = plane.isFar(code)
    ? "That is too far from the plane to be decoded here."
    : plane.isInside(code)
      ? plane.nearest(code)
      : "That lies outside the plane, so the double ring stands at its edge.";
  return `${plane.name ? `${plane.name}: ` : "Its code is "}${where} ${place}`;
}

// The part of the page with the pad; null if no model has an encoder. `changed` is called
// after each event; then `codeOf` says which code a plane's model gives to the drawing.
export function makeDrawing(view, el, changed) {
  const encoding = view.planes.filter(({ encode }) => encode);
  if (!encoding.length) return null;
  const first = { name: "blank", image: null, codes: [] };
  const { state, send } = machine(TRANSITIONS, first, () => {});
  const figures = makeFigures(view, encoding);
  const lines = encoding.map(() => element("span"));
  const text = element("p", { class: "course-where course-lines" }, ...lines);

  function act(event) {
    if (!send(event)) return;
    if (event === "clear") pad.clear();
    if (event !== "lift") {
      state.image = event === "clear" ? null : likeMnist(pad.strokes, view.side[0]);
      state.codes = encoding.map(({ encode }) => state.image && Array.from(encode(state.image)));
      showFigures();
    }
    changed();
  }
  const label = "Pad for your own drawing";
  const isDown = () => state.name === "drawing";
  const pad = new Pad({ name: "course-pad", label, send: act, isDown });
  const clear = button("Clear", () => act("clear"));

  function showFigures() {
    figures.node.hidden = !state.image;
    if (!state.image) return;
    paint(figures.canvases[0], state.image);
    encoding.forEach((plane, k) => {
      const blank = state.image.map(() => 0);
      const code = state.codes[k];
      paint(figures.canvases[k + 1], plane.isFar(code) ? blank : plane.decode(code));
    });
  }

  function show() {
    el.dataset.drawing = state.name;
    pad.draw();
    clear.setAttribute("aria-disabled", String(state.name === "blank"));
    text.setAttribute("aria-live", isDown() ? "off" : "polite");
    encoding.forEach((plane, k) => {
      tell(lines[k], state.image ? about(plane, state.codes[k]) : k ? "" : WAITS);
    });
  }
  const legend = element("legend", {}, "Draw one yourself");
  const left = element("div", {}, pad.node, clear);
  const right = element("div", { class: "course-drawn" }, text, figures.node);
  const row = element("div", { class: "course-drawing" }, left, right);
  const codeOf = (plane) => state.codes[encoding.indexOf(plane)] ?? null;
  return { node: element("fieldset", {}, legend, row), show, codeOf };
}
