// One's own digit: drawn on the pad or taken from the test digits, and what is made of it.
import { paint, picture } from "../helpers/templates/canvas.js";
import { element } from "../helpers/templates/controls.js";
import { Pad } from "../helpers/templates/pad.js";
import { fromStrokes } from "./digits.js";
import { decode, encode, PIXELS } from "./models.js";
import { classOf } from "./neighbours.js";
import { pointText } from "./panel.js";

const CAPTIONS = {
  seen: "as both models see it: 8×8 pixels",
  plain: "the plain autoencoder's reconstruction",
  vae: "the VAE's reconstruction",
};
const WAITS = "Draw a digit, or take a test digit. Two rings then mark its code on both planes.";
const TITLES = { plain: "Plain autoencoder", vae: "VAE" };

function makePictures() {
  const canvases = {};
  const figures = Object.entries(CAPTIONS).map(([name, caption]) => {
    canvases[name] = picture([8, 8], caption);
    return element("figure", {}, canvases[name], element("figcaption", {}, caption));
  });
  return { canvases, node: element("div", { class: "pictures", hidden: "" }, ...figures) };
}

// The part of the page about one's own digit. `mirrors` holds a model by its kind.
export class OwnDigit {
  #image = null;
  #example = -1; // which test digit was shown last
  #pictures = makePictures();

  constructor({ pad, results, text }, { states, digits, mirrors, changed }) {
    Object.assign(this, { states, digits, mirrors, changed, text });
    const isDown = () => states.now.digit === "drawing";
    const about = { name: "pad", label: "Pad for your own digit" };
    this.pad = new Pad({ ...about, send: (event) => this.act(event), isDown });
    pad.append(this.pad.node);
    results.append(this.#pictures.node);
  }

  // An event of the digit's states happens, if it may.
  act(event) {
    if (!this.states.send("digit", event)) return;
    if (event === "clear") this.#image = null;
    else if (event === "example") this.#takeExample();
    else if (event !== "lift") this.#image = fromStrokes(this.pad.strokes);
    if (event === "clear" || event === "example") this.pad.clear();
    this.pad.draw();
    this.changed();
  }

  #takeExample() {
    const { x, labels } = this.digits.test;
    this.#example = (this.#example + 1) % labels.length;
    this.#image = x.subarray(this.#example * PIXELS, (this.#example + 1) * PIXELS);
  }

  // The digit's code by a model, or null while there is no digit.
  code(kind) {
    return this.#image && encode(this.mirrors[kind], this.#image).mu;
  }

  draw(snapshot) {
    this.#pictures.node.hidden = !this.#image;
    if (!this.#image) return this.text.replaceChildren(WAITS);
    const { canvases } = this.#pictures;
    paint(canvases.seen, this.#image);
    const lines = Object.entries(this.mirrors).map(([kind, model]) => {
      const code = this.code(kind);
      paint(canvases[kind], decode(model, code));
      const nearest = classOf(...code, snapshot[kind].trainCodes, this.digits.train.labels);
      return `${TITLES[kind]}: its code is ${pointText(code)}; the nearest codes say ${nearest}.`;
    });
    const label = this.digits.test.labels[this.#example];
    if (this.states.now.digit === "shown") lines.unshift(`A test digit, a ${label}.`);
    this.text.replaceChildren(...lines.flatMap((line) => [line, element("br")]));
  }
}
