// A model's part of the page: its plane, the picture of a point on it, its figures.
import { paint, picture } from "../helpers/templates/canvas.js";
import { element } from "../helpers/templates/controls.js";
import { decode, makeModel } from "./models.js";
import { randomNumbers } from "./network.js";
import { Plane } from "./plane.js";

const SIDE = [8, 8];
const NAMES = { plain: "plain autoencoder", vae: "VAE" };

// A number as people write it: with a typographic minus, and none before a zero.
export function number(value, digits = 1) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}
export const pointText = (z) => `(${Array.from(z, (v) => number(v)).join(",\u00a0")})`;
export const outOfHundred = (share) => `${Math.round(100 * share)} of 100`;
const sum = (values) => values.reduce((all, value) => all + value, 0);

// A model of the page's own, that runs with the weights of the last snapshot.
export function makeMirror(kind) {
  const model = makeModel(kind, randomNumbers(0));
  const layers = [...model.encoder, ...model.decoder];
  return {
    model,
    copy: (weights) => layers.forEach((layer, k) => (layer.weights = weights[k])),
  };
}

function divergenceText(axes) {
  if (!axes) return "not in its loss";
  const each = axes.map((nats) => number(nats, 2)).join(" + ");
  return `${number(sum(axes), 2)} nats: ${each} by axis`;
}

// The part of the page about one model. `draw` shows a snapshot of it.
export class Panel {
  #point = [1, 1]; // what is decoded
  #shown = null;
  #decoded = picture(SIDE);
  #where = element("figcaption");
  #caption = element("p", { class: "caption" });

  constructor(section, kind, labels) {
    Object.assign(this, { kind, mirror: makeMirror(kind) });
    const moved = (point) => this.#move(point);
    this.plane = new Plane({ name: NAMES[kind], labels, hasPrior: kind === "vae", moved });
    this.figures = ["Reconstruction", "KL divergence", "Nearest neighbours"].map((title) => ({
      title: element("dt", {}, title),
      value: element("dd"),
    }));
    const list = element("dl", {}, ...this.figures.flatMap(({ title, value }) => [title, value]));
    const figure = element("figure", { class: "decoded" }, this.#decoded, this.#where);
    const map = element("div", { class: "map" }, this.plane.node, this.#caption);
    const about = element("div", { class: "about" }, figure, list);
    section.append(element("div", { class: "sides" }, map, about));
  }

  #move(point) {
    this.#point = point;
    if (this.#shown) this.draw(...this.#shown);
  }

  // Draw what was measured, as codes or as pictures, and the code of one's own digit.
  draw(measured, view, own) {
    this.#shown = [measured, view, own];
    const decodeAll = (codes) => decode(this.mirror.model, codes);
    this.plane.draw({ codes: measured.codes, decode: decodeAll, view, point: this.#point, own });
    paint(this.#decoded, decodeAll(Float32Array.from(this.#point)));
    const where = pointText(this.#point);
    this.#where.textContent = `decoded at ${where}`;
    this.#decoded.setAttribute("aria-label", `What the ${NAMES[this.kind]} decodes at ${where}`);
    const { half } = this.plane;
    this.#caption.textContent = `Both axes go from ${number(-half, 0)} to ${number(half, 0)}.`;
    const texts = [
      `${number(measured.reconstruction)} nats per image`,
      divergenceText(measured.divergence),
      `${outOfHundred(measured.accuracy)} digits recognised`,
    ];
    this.figures.forEach(({ value }, k) => (value.textContent = texts[k]));
  }
}
