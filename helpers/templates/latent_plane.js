// A plane of codes, the decoder's picture at a point of it, a walk between two images.
import { codeMap, paint, picture } from "./canvas.js";
import { button, element, OWN_KEYS, replaceText } from "./controls.js";
import { makeDecoder, unpack } from "./decoder.js";

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
const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1],
};
const HELP = "Plane of codes. Arrow keys move the point, with Shift in larger steps.";

const between = (a, b, t) => a.map((start, axis) => start + t * (b[axis] - start));
const written = (value) => value.toFixed(2).replace("-", "\u2212");
const withArticle = (name) => (/^([aeiou]|8|11|18)/i.test(name) ? `an ${name}` : `a ${name}`);

// What Python passed, ready to be drawn.
function read(data) {
  const flat = unpack(data.codes).values;
  const codes = data.labels.map((_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const pixels = Array.from(atob(data.images), (byte) => byte.charCodeAt(0) / 255);
  const size = pixels.length / data.stops.length;
  const stops = data.stops.map((i, k) => ({
    code: codes[i],
    name: withArticle(data.names[data.labels[i]]),
    pixels: pixels.slice(k * size, (k + 1) * size),
  }));
  const [low, high] = data.extent;
  return { ...data, codes, stops, low, high, decode: makeDecoder(data.decoder) };
}

function slider(label, low, high, step, move) {
  const limits = { min: low, max: high, step };
  const input = element("input", { type: "range", ...limits, ...OWN_KEYS });
  input.addEventListener("input", () => move(Number(input.value)));
  return { input, label: element("label", {}, label, input) };
}

// The plane itself: events of a pointer and of the arrow keys.
function makePlane(view, state, send) {
  const { low, high } = view;
  const side = high[0] - low[0];
  const inside = (z) => z.map((v, axis) => Math.min(Math.max(v, low[axis]), high[axis]));
  const map = codeMap(view);
  const about = { tabindex: 0, role: "application", "aria-label": HELP };
  const node = element("div", { class: "course-plane", ...about, ...OWN_KEYS }, map.canvas);

  node.addEventListener("pointerdown", (event) => {
    if (send("press", inside(map.under(event)))) node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    send(state.name === "dragging" ? "move" : "hover", inside(map.under(event)));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    node.addEventListener(end, () => send("release"));
  }
  node.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const step = side * (event.shiftKey ? LEAP : STEP);
    send("key", inside(state.point.map((value, axis) => value + step * arrow[axis])));
  });
  return { node, draw: map.draw };
}

// What is decoded at the point, in a picture, in words and by a slider for each number.
function makePicture(view, state, send) {
  const { low, high } = view;
  const decoded = picture(view.side);
  const text = element("p", { class: "course-where" });
  const axes = ["z\u2081", "z\u2082"].map((name, axis) =>
    slider(name, low[axis], high[axis], (high[axis] - low[axis]) / 200, (value) =>
      send("slide", state.point.map((other, k) => (k === axis ? value : other))),
    ),
  );
  const follow = button("Follow the pointer", () =>
    send(state.name === "following" ? "hold" : "follow"),
  );
  follow.classList.add("course-follow");

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
    const where = `z = (${state.point.map(written).join(", ")}).`;
    paint(decoded, view.decode(state.point));
    decoded.setAttribute("aria-label", `What the decoder draws at ${where}`);
    text.setAttribute("aria-live", SPOKEN.has(state.name) ? "polite" : "off");
    text.textContent = `${where} ${nearest()}`;
    axes.forEach(({ input }, axis) => (input.value = state.point[axis]));
    follow.setAttribute("aria-pressed", String(state.name === "following"));
  }
  const parts = [decoded, text, ...axes.map(({ label }) => label), follow];
  return { node: element("div", { class: "course-seen" }, ...parts), show };
}

// A walk: its two ends, how far along it one is, and what is decoded on the way.
function makeWalk(view, state, send) {
  const walk = { from: 0, to: 1, t: 0.5 };
  const ends = () => [view.stops[walk.from].code, view.stops[walk.to].code];
  const at = (t) => between(...ends(), t);
  const [height, width] = view.side;
  const strip = picture([height, width * STRIP]);
  const groups = { from: choice("From", "from"), to: choice("To", "to") };
  const time = slider("Along the way", 0, 1, 0.01, (t) => go({ t }));
  const play = button("Play", () => (state.name === "playing" ? send("pause") : start()));
  play.classList.add("course-play");

  function choice(title, end) {
    const nodes = view.stops.map(({ name, pixels }, k) => {
      const image = picture(view.side, name);
      paint(image, pixels);
      return button(image, () => go({ [end]: k }));
    });
    const about = { role: "group", "aria-label": title };
    return { nodes, node: element("div", about, element("span", {}, title), ...nodes) };
  }

  function go(change) {
    Object.assign(walk, change);
    send("walk", at(walk.t));
    if (!("t" in change)) showEnds();
  }

  function start() {
    const begun = performance.now();
    if (!send("play")) return;
    requestAnimationFrame(function step() {
      if (state.name !== "playing") return;
      walk.t = Math.min((performance.now() - begun) / 1000 / SECONDS, 1);
      send("tick", at(walk.t));
      if (walk.t < 1) requestAnimationFrame(step);
      else send("end");
    });
  }

  function showEnds() {
    for (let k = 0; k < STRIP; k++) {
      paint(strip, view.decode(at(k / (STRIP - 1))), k * width, width);
    }
    const names = [walk.from, walk.to].map((k) => view.stops[k].name);
    const label = `${STRIP} decoded images on the way from ${names.join(" to ")}`;
    strip.setAttribute("aria-label", label);
    for (const [end, { nodes }] of Object.entries(groups)) {
      nodes.forEach((node, k) => node.setAttribute("aria-pressed", String(k === walk[end])));
    }
  }

  function show() {
    time.input.value = walk.t;
    play.textContent = state.name === "playing" ? "Pause" : "Play";
  }
  const legend = element("legend", {}, "Walk from one image to another");
  const way = element("div", { class: "course-way" }, time.label, play);
  const parts = [legend, groups.from.node, groups.to.node, way, strip];
  return { node: element("fieldset", {}, ...parts), ends, start: at(walk.t), show, showEnds };
}

function render({ model, el }) {
  const view = read(model.get("data"));
  const state = { name: "following", point: null };

  // An event happens; it counts if the table says so. Returns whether it did.
  function send(event, point = state.point) {
    const name = TRANSITIONS[state.name][event];
    if (!name) return false;
    Object.assign(state, { name, point });
    show();
    return true;
  }

  const plane = makePlane(view, state, send);
  const seen = makePicture(view, state, send);
  const walk = makeWalk(view, state, send);
  state.point = walk.start;

  const draw = () => plane.draw(state.point, walk.ends());
  function show() {
    el.dataset.state = state.name;
    draw();
    seen.show();
    walk.show();
  }
  const title = element("p", {}, element("strong", {}, view.title));
  const sides = element("div", { class: "course-side" }, plane.node, seen.node);
  replaceText(el, element("div", { class: "course-explorer" }, title, sides, walk.node));
  new ResizeObserver(draw).observe(plane.node);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  // JupyterLab's own choice of light or dark.
  new MutationObserver(show).observe(document.body, {
    attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
  });
  show();
  walk.showEnds();
}

export default { render };
