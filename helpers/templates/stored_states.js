// Pictures and numbers that Python stored for each of some states: levels of noise,
// trained models. A slider leads through the states, a choice through the images.
import { paint, picture } from "./canvas.js";
import { element } from "./controls.js";
import { choice, images, machine, mount, playButton, slider, thumbnails } from "./explorer.js";

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  still: { slide: "still", image: "still", play: "playing" },
  playing: {
    tick: "playing", end: "still", pause: "still",
    slide: "still", image: "playing",
  },
};

const SECONDS = 5; // from the first state to the last

// A figure for each panel. A panel has, in each state, a picture for each image or one
// for all of them.
function makePanels(view, state) {
  const panels = view.panels.map(({ name, pictures, each, texts }) => {
    const pixels = images(pictures);
    const fixed = pixels.length === each; // the same in every state
    const canvas = picture(pictures.side);
    const caption = element("figcaption");
    const node = element("figure", {}, canvas, caption);
    function show() {
      const at = (fixed ? 0 : state.at * each) + (each > 1 ? state.image : 0);
      const text = texts[at] ? `${name}: ${texts[at]}` : name;
      paint(canvas, pixels[at]);
      caption.textContent = text;
      const which = each > 1 ? `, ${view.names[state.image]}` : "";
      canvas.setAttribute("aria-label", `${text}${which}, ${view.states[state.at]}`);
    }
    return { node, show };
  });
  const node = element("div", { class: "course-pair" }, ...panels.map(({ node }) => node));
  return { node, show: () => panels.forEach(({ show }) => show()) };
}

// What was measured in this state.
function makeNumbers(view, state) {
  const values = view.numbers.map(() => element("dd"));
  const pairs = view.numbers.flatMap(({ name }, k) => [element("dt", {}, name), values[k]]);
  function show() {
    values.forEach((node, k) => (node.textContent = view.numbers[k].texts[state.at]));
  }
  return { node: element("dl", {}, ...pairs), show };
}

function render({ model, el }) {
  const view = model.get("data");
  const last = view.states.length - 1;
  const first = { name: "still", at: view.first, image: 0 };
  const { state, send } = machine(TRANSITIONS, first, () => show());

  const { side } = view.images;
  const faces = thumbnails(images(view.images), side, view.names);
  const which = choice("Image", faces, (image) => send("image", { image }));
  const axis = slider(view.axis, 0, last, 1, (at) => send("slide", { at }));
  const play = playButton(state, send, SECONDS, (share) => ({ at: Math.round(share * last) }));
  const where = element("p", { class: "course-state", "aria-live": "polite" });
  const panels = makePanels(view, state);
  const numbers = makeNumbers(view, state);

  function show() {
    el.dataset.state = state.name;
    const now = view.states[state.at];
    which.show(state.image);
    axis.input.value = state.at;
    axis.input.setAttribute("aria-valuetext", now);
    where.setAttribute("aria-live", state.name === "playing" ? "off" : "polite");
    where.textContent = now;
    play.show();
    panels.show();
    numbers.show();
  }
  const way = element("div", { class: "course-way" }, axis.label, play.node);
  mount(el, view.title, [which.node, way, where, panels.node, numbers.node], show);
}

export default { render };
