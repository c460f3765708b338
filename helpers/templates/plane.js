// A plane of codes with the decoder's picture at a point of it: one side of the explorer.
import { codeMap, paint, picture } from "./canvas.js";
import { element, tell } from "./controls.js";
import { makeDecoder, unpack } from "./decoder.js";
import { area, clamp, slider, written } from "./explorer.js";

// While a point moves by itself or under a pointer, nothing is read out.
const SPOKEN = new Set(["still", "walking"]);
const NEAR = 0.05; // of the plane's side: an image's code is near a point within this
const [STEP, LEAP] = [0.01, 0.1]; // of the plane's side: what an arrow key moves

export const withArticle = (name) => (/^([aeiou]|8|11|18)/i.test(name) ? `an ${name}` : `a ${name}`);

// What Python passed about a model, ready to be drawn.
export function readPlane(data, { labels, names }) {
  const flat = unpack(data.codes).values;
  const codes = labels.map((_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const [low, high] = data.extent;
  const side = high[0] - low[0];
  const decode = makeDecoder(data.decoder);
  const encode = data.encoder && makeDecoder(data.encoder);
  const within = (z, times) =>
    [0, 1].every((axis) => Math.abs(2 * z[axis] - low[axis] - high[axis]) <= times * side);

  // What an image has its code near a point is, in words.
  function nearest(point) {
    const distances = codes.map((code) => Math.hypot(code[0] - point[0], code[1] - point[1]));
    const least = Math.min(...distances);
    if (least > NEAR * side) return "No test image has its code near here.";
    const label = labels[distances.indexOf(least)];
    return `The nearest test image is ${withArticle(names[label])}.`;
  }
  return {
    name: data.name, codes, labels, names, low, high, side, decode, encode, nearest,
    isInside: (z) => within(z, 1), isFar: (z) => !within(z, data.far ?? 1),
  };
}

// Number `at` of the planes: events of a pointer and of the arrow keys.
function makeMap(plane, at, state, send) {
  const { low, high, side } = plane;
  const clamped = (z) => z.map((v, axis) => clamp(v, low[axis], high[axis]));
  const inside = (z) => put(state, at, clamped(z));
  const map = codeMap(plane);
  const under = (event) => inside(map.under(event));
  function moved(arrow, leap) {
    const step = side * (leap ? LEAP : STEP);
    return inside(state.points[at].map((value, axis) => value + step * arrow[axis]));
  }
  // A drag goes on, and ends, on the plane where it began.
  const here = (event, change) =>
    (["move", "release"].includes(event) && state.at !== at) ? false : send(event, { ...change, at });
  const title = plane.name ? `Plane of codes of the ${plane.name}` : "Plane of codes";
  const help = `${title}. Arrow keys move the point, with Shift in larger steps.`;
  const node = area(help, "course-plane", map.canvas, { state, send: here, under, moved });
  const draw = (ends, own) => map.draw(state.points[at], ends, own && clamped(own));
  return { node, draw };
}

// The change that puts one of the points somewhere.
const put = (state, at, point) => ({
  points: state.points.map((other, k) => (k === at ? point : other)),
});

// A plane, what is decoded at its point, in words, and a slider for each number.
export function makeSide(view, at, state, send) {
  const plane = view.planes[at];
  const map = makeMap(plane, at, state, send);
  const decoded = picture(view.side);
  const text = element("p", { class: "course-where" });
  const axes = ["z\u2081", "z\u2082"].map((name, axis) =>
    slider(name, plane.low[axis], plane.high[axis], plane.side / 200, (value) => {
      const point = state.points[at].map((other, k) => (k === axis ? value : other));
      send("slide", { ...put(state, at, point), at });
    }),
  );

  function show(ends, own) {
    const point = state.points[at];
    const where = `z = (${point.map((value) => written(value)).join(", ")}).`;
    map.draw(ends, own);
    paint(decoded, plane.decode(point));
    const who = plane.name ? `the decoder of the ${plane.name}` : "the decoder";
    decoded.setAttribute("aria-label", `What ${who} draws at ${where}`);
    const spoken = SPOKEN.has(state.name) && (state.name !== "still" || state.at === at);
    text.setAttribute("aria-live", spoken ? "polite" : "off");
    tell(text, `${where} ${plane.nearest(point)}`);
    axes.forEach(({ input }, axis) => (input.value = point[axis]));
  }
  const parts = [decoded, text, ...axes.map(({ label }) => label)];
  const seen = element("div", { class: "course-seen" }, ...parts);
  const sides = element("div", { class: "course-side" }, map.node, seen);
  if (!plane.name) return { node: sides, seen, show };
  const heading = element("p", {}, element("strong", {}, plane.name));
  const about = { class: "course-model", role: "group", "aria-label": plane.name };
  return { node: element("div", about, heading, sides), seen, show };
}
