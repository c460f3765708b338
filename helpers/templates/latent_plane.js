// A plane of codes, or two, the decoder's picture at a point, a walk between two images,
// and a drawing of one's own.
import { paint, picture } from "./canvas.js";
import { element } from "./controls.js";
import { makeDrawing } from "./drawing.js";
import {
  choice, followButton, images, machine, mount, playButton, slider, thumbnails,
} from "./explorer.js";
import { makeSide, readPlane, withArticle } from "./plane.js";

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

const STRIP = 9; // images of a walk
const SECONDS = 3; // of a walk that plays

const between = (a, b, t) => a.map((start, axis) => start + t * (b[axis] - start));

// What Python passed, ready to be drawn.
function read(data) {
  const pixels = images(data.images);
  const stops = data.stops.map((place, k) => ({
    place, name: withArticle(data.names[data.labels[place]]), pixels: pixels[k],
  }));
  const planes = data.planes.map((plane) => readPlane(plane, data));
  return { title: data.title, side: data.images.side, stops, planes };
}

// A strip of images on the way, for each plane.
function makeStrips(view) {
  const [height, width] = view.side;
  const strips = view.planes.map((plane) => {
    const canvas = picture([height, width * STRIP]);
    const caption = plane.name ? [element("figcaption", {}, plane.name)] : [];
    return { plane, canvas, node: element("figure", {}, canvas, ...caption) };
  });
  function show(ends, from, to) {
    strips.forEach(({ plane, canvas }, at) => {
      for (let k = 0; k < STRIP; k++) {
        paint(canvas, plane.decode(between(...ends[at], k / (STRIP - 1))), k * width, width);
      }
      const whose = plane.name ? `, by the ${plane.name}` : "";
      const way = `${STRIP} decoded images on the way from ${from} to ${to}${whose}`;
      canvas.setAttribute("aria-label", way);
    });
  }
  return { nodes: strips.map(({ node }) => node), show };
}

// A walk over all planes at once: its ends, and how far along it one is.
function makeWalk(view, state, send) {
  const walk = { from: 0, to: 1, t: 0.5 };
  const ends = () =>
    view.planes.map(({ codes }) => [walk.from, walk.to].map((k) => codes[view.stops[k].place]));
  const at = (t) => ends().map(([start, end]) => between(start, end, t));
  const strips = makeStrips(view);
  const names = view.stops.map(({ name }) => name);
  const faces = () => thumbnails(view.stops.map(({ pixels }) => pixels), view.side, names);
  const groups = {
    from: choice("From", faces(), (from) => go({ from })),
    to: choice("To", faces(), (to) => go({ to })),
  };
  const time = slider("Along the way", 0, 1, 0.01, (t) => go({ t }));
  const play = playButton(state, send, SECONDS, (t) => {
    walk.t = t;
    return { points: at(t) };
  });

  function go(change) {
    Object.assign(walk, change);
    send("walk", { points: at(walk.t) });
    if (!("t" in change)) showEnds();
  }

  function showEnds() {
    strips.show(ends(), names[walk.from], names[walk.to]);
    for (const [end, group] of Object.entries(groups)) group.show(walk[end]);
  }

  function show() {
    time.input.value = walk.t;
    play.show();
  }
  const legend = element("legend", {}, "Walk from one image to another");
  const way = element("div", { class: "course-way" }, time.label, play.node);
  const parts = [legend, groups.from.node, groups.to.node, way, ...strips.nodes];
  return { node: element("fieldset", {}, ...parts), ends, start: at(walk.t), show, showEnds };
}

function render({ model, el }) {
  const view = read(model.get("data"));
  const first = { name: "following", points: [], at: 0 };
  const { state, send } = machine(TRANSITIONS, first, () => show());
  const walk = makeWalk(view, state, send);
  state.points = walk.start;
  const sides = view.planes.map((_, at) => makeSide(view, at, state, send));
  const follow = followButton(state, send);
  const drawing = makeDrawing(view, el, () => show());

  function show() {
    el.dataset.state = state.name;
    const ends = walk.ends();
    sides.forEach((side, at) => side.show(ends[at], drawing?.codeOf(view.planes[at])));
    follow.show();
    walk.show();
    drawing?.show();
  }
  const planes = element("div", { class: "course-planes" }, ...sides.map(({ node }) => node));
  const nodes = [planes, walk.node, ...(drawing ? [drawing.node] : [])];
  if (sides.length === 1) sides[0].seen.append(follow.node);
  else nodes.splice(1, 0, follow.node);
  mount(el, view.title, nodes, show);
  walk.showEnds();
}

export default { render };
