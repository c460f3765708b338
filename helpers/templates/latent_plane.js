// A plane of codes, the decoder's picture at a point of it, a walk between two images.
import { codeMap, paint, picture } from "./canvas.js";
import { element } from "./controls.js";
import { makeDecoder, unpack } from "./decoder.js";
import {
  area, choice, clamp, followButton, images, machine, mount, playButton, slider,
  thumbnails, written,
} from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  following: {
    hover: "following", press: "dragging", key: "still", slide: "still",
    walk: "walking", play: "playing", hold: "still",
  },
  dragging: { move: "dragging", release: "still" },
  still: {
    press: "dragging", key: "still", slide: "still",
    walk: "walking", play: "playing", follow: "following",
  },
  walking: {
    press: "dragging", key: "still", slide: "still",
    walk: "walking", play: "playing", follow: "following",
  },
  playing: {
    tick: "playing", end: "walking", pause: "walking",
    press: "dragging", key: "still", slide: "still", walk: "walking", follow: "following",
  },
};

// While the point moves by itself or under a pointer, nothing is read out.
const SPOKEN = new Set(["still", "walking"]);
const STRIP = 9; // images of a walk
const SECONDS = 3; // of a walk that plays
const NEAR = 0.05; // of the plane's side: an image's code is near a point within this
const [STEP, LEAP] = [0.01, 0.1]; // of the plane's side: what an arrow key moves
const HELP = "Plane of codes. Arrow keys move the point, with Shift in larger steps.";

const between = (a, b, t) => a.map((start, axis) => start + t * (b[axis] - start));
const withArticle = (name) => (/^([aeiou]|8|11|18)/i.test(name) ? `an ${name}` : `a ${name}`);

// What Python passed, ready to be drawn.
function read(data) {
  const flat = unpack(data.codes).values;
  const codes = data.labels.map((_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const pixels = images(data.images);
  const stops = data.stops.map((i, k) => ({
    code: codes[i], name: withArticle(data.names[data.labels[i]]), pixels: pixels[k],
  }));
  const [low, high] = data.extent;
  const { side } = data.images;
  return { ...data, side, codes, stops, low, high, decode: makeDecoder(data.decoder) };
}

// The plane itself: events of a pointer and of the arrow keys.
function makePlane(view, state, send) {
  const { low, high } = view;
  const side = high[0] - low[0];
  const inside = (z) => ({ point: z.map((v, axis) => clamp(v, low[axis], high[axis])) });
  const map = codeMap(view);
  const under = (event) => inside(map.under(event));
  function moved(arrow, leap) {
    const step = side * (leap ? LEAP : STEP);
    return inside(state.point.map((value, axis) => value + step * arrow[axis]));
  }
  const node = area(HELP, "course-plane", map.canvas, { state, send, under, moved });
  return { node, draw: map.draw };
}

// What is decoded at the point, in a picture, in words and by a slider for each number.
function makePicture(view, state, send) {
  const { low, high } = view;
  const decoded = picture(view.side);
  const text = element("p", { class: "course-where" });
  const axes = ["z\u2081", "z\u2082"].map((name, axis) =>
    slider(name, low[axis], high[axis], (high[axis] - low[axis]) / 200, (value) =>
      send("slide", { point: state.point.map((other, k) => (k === axis ? value : other)) }),
    ),
  );
  const follow = followButton(state, send);

  function nearest() {
    const distances = view.codes.map((code) =>
      Math.hypot(code[0] - state.point[0], code[1] - state.point[1]),
    );
    const least = Math.min(...distances);
    if (least > NEAR * (high[0] - low[0])) return "No test image has its code near here.";
    const label = view.labels[distances.indexOf(least)];
    return `The nearest test image is ${withArticle(view.names[label])}.`;
  }

  function show() {
    const where = `z = (${state.point.map((value) => written(value)).join(", ")}).`;
    paint(decoded, view.decode(state.point));
    decoded.setAttribute("aria-label", `What the decoder draws at ${where}`);
    text.setAttribute("aria-live", SPOKEN.has(state.name) ? "polite" : "off");
    text.textContent = `${where} ${nearest()}`;
    axes.forEach(({ input }, axis) => (input.value = state.point[axis]));
    follow.show();
  }
  const parts = [decoded, text, ...axes.map(({ label }) => label), follow.node];
  return { node: element("div", { class: "course-seen" }, ...parts), show };
}

// A walk: its two ends, how far along it one is, and what is decoded on the way.
function makeWalk(view, state, send) {
  const walk = { from: 0, to: 1, t: 0.5 };
  const ends = () => [view.stops[walk.from].code, view.stops[walk.to].code];
  const at = (t) => between(...ends(), t);
  const [height, width] = view.side;
  const strip = picture([height, width * STRIP]);
  const names = view.stops.map(({ name }) => name);
  const faces = () => thumbnails(view.stops.map(({ pixels }) => pixels), view.side, names);
  const groups = {
    from: choice("From", faces(), (from) => go({ from })),
    to: choice("To", faces(), (to) => go({ to })),
  };
  const time = slider("Along the way", 0, 1, 0.01, (t) => go({ t }));
  const play = playButton(state, send, SECONDS, (t) => {
    walk.t = t;
    return { point: at(t) };
  });

  function go(change) {
    Object.assign(walk, change);
    send("walk", { point: at(walk.t) });
    if (!("t" in change)) showEnds();
  }

  function showEnds() {
    for (let k = 0; k < STRIP; k++) {
      paint(strip, view.decode(at(k / (STRIP - 1))), k * width, width);
    }
    const [from, to] = [walk.from, walk.to].map((k) => names[k]);
    strip.setAttribute("aria-label", `${STRIP} decoded images on the way from ${from} to ${to}`);
    for (const [end, group] of Object.entries(groups)) group.show(walk[end]);
  }

  function show() {
    time.input.value = walk.t;
    play.show();
  }
  const legend = element("legend", {}, "Walk from one image to another");
  const way = element("div", { class: "course-way" }, time.label, play.node);
  const parts = [legend, groups.from.node, groups.to.node, way, strip];
  return { node: element("fieldset", {}, ...parts), ends, start: at(walk.t), show, showEnds };
}

function render({ model, el }) {
  const view = read(model.get("data"));
  const { state, send } = machine(TRANSITIONS, { name: "following", point: null }, () => show());
  const plane = makePlane(view, state, send);
  const seen = makePicture(view, state, send);
  const walk = makeWalk(view, state, send);
  state.point = walk.start;

  function show() {
    el.dataset.state = state.name;
    plane.draw(state.point, walk.ends());
    seen.show();
    walk.show();
  }
  const sides = element("div", { class: "course-side" }, plane.node, seen.node);
  mount(el, view.title, [sides, walk.node], show);
  walk.showEnds();
}

export default { render };
