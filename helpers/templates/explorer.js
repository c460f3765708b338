// What the explorers share: states, sliders, choices, a playing slider, the page around.
import { ARROWS, button, element, OWN_KEYS, replaceText } from "./controls.js";
import { paint, picture } from "./canvas.js";

export const written = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A state and what it holds. `send` says whether the table knows the event here; if it
// does, the change is made and all is shown again.
export function machine(transitions, first, show) {
  const state = { ...first };
  function send(event, change = {}) {
    const name = transitions[state.name][event];
    if (!name) return false;
    Object.assign(state, change, { name });
    show();
    return true;
  }
  return { state, send };
}

// Bytes from Python as numbers in [0, 1].
export const bytes = (data) => Float32Array.from(atob(data), (byte) => byte.charCodeAt(0) / 255);

// Images from Python, each as its pixels.
export function images({ data, count, side, channels }) {
  const [all, size] = [bytes(data), side[0] * side[1] * channels];
  return Array.from({ length: count }, (_, k) => all.subarray(k * size, (k + 1) * size));
}

export function slider(label, low, high, step, move) {
  const limits = { min: low, max: high, step };
  const input = element("input", { type: "range", ...limits, ...OWN_KEYS });
  input.addEventListener("input", () => move(Number(input.value)));
  return { input, label: element("label", {}, label, input) };
}

// Buttons of which one is pressed. A face is a text or a labelled picture.
export function choice(title, faces, press) {
  const nodes = faces.map((face, k) => button(face, () => press(k)));
  const about = { class: "course-choice", role: "group", "aria-label": title };
  const node = element("div", about, element("span", {}, title), ...nodes);
  function show(pressed) {
    nodes.forEach((node, k) => node.setAttribute("aria-pressed", String(k === pressed)));
  }
  return { node, show };
}

// The faces of a choice among images.
export const thumbnails = (all, side, names) =>
  all.map((pixels, k) => {
    const face = picture(side, names[k]);
    paint(face, pixels);
    return face;
  });

// A button that moves a share from 0 to 1, event by event: "play", "tick", "end", "pause".
export function playButton(state, send, seconds, change) {
  const node = button("Play", () => (state.name === "playing" ? send("pause") : start()));
  node.classList.add("course-play");
  let turn = 0; // of a play that was broken off nothing more is heard
  function start() {
    if (!send("play", change(0))) return;
    const [begun, mine] = [performance.now(), ++turn];
    requestAnimationFrame(function step() {
      if (state.name !== "playing" || mine !== turn) return;
      const share = Math.min((performance.now() - begun) / 1000 / seconds, 1);
      send("tick", change(share));
      if (share < 1) requestAnimationFrame(step);
      else send("end");
    });
  }
  const show = () => (node.textContent = state.name === "playing" ? "Pause" : "Play");
  return { node, show };
}

// An area with a place in it: what a pointer and the arrow keys do there. `under` says
// which place lies under an event, `moved` which one lies an arrow's way off.
export function area(label, name, canvas, { state, send, under, moved }) {
  const about = { class: name, tabindex: 0, role: "application", "aria-label": label };
  const node = element("div", { ...about, ...OWN_KEYS }, canvas);
  node.addEventListener("pointerdown", (event) => {
    if (send("press", under(event))) node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    send(state.name === "dragging" ? "move" : "hover", under(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    node.addEventListener(end, () => send("release"));
  }
  node.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    send("key", moved(arrow, event.shiftKey));
  });
  return node;
}

// A button that lets the place follow a pointer that presses nothing.
export function followButton(state, send) {
  const node = button("Follow the pointer", () =>
    send(state.name === "following" ? "hold" : "follow"),
  );
  node.classList.add("course-follow");
  const show = () => node.setAttribute("aria-pressed", String(state.name === "following"));
  return { node, show };
}

// Put an explorer in the text's place, and show it again whenever its look may change:
// with its width, and as page or JupyterLab become light or dark. JupyterLab says so
// while nothing has a width; by the next frame everything has.
export function mount(el, title, nodes, show) {
  const heading = element("p", {}, element("strong", {}, title));
  const root = element("div", { class: "course-explorer" }, heading, ...nodes);
  replaceText(el, root);
  new ResizeObserver(show).observe(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  new MutationObserver(() => requestAnimationFrame(show)).observe(document.body, {
    attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"],
  });
  show();
}
