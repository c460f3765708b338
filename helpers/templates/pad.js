// A pad to draw on, by mouse, finger or keys.
import { ARROWS, element, OWN_KEYS, shares } from "./controls.js";

const STEP = 0.05; // of the pad's side: what an arrow key moves the pen
const LINE = 0.08; // of the pad's side: how thick a stroke looks
const HELP = "Arrow keys move the pen, Space puts it down or lifts it.";

export class Pad {
  strokes = []; // each a list of [x, y], from 0 to 1 and downwards
  #pen = [0.4, 0.2];
  #byKeys = false; // then the pen is shown
  #canvas = element("canvas", { "aria-hidden": "true" });

  // `send` hears of "down", "move" and "lift"; `isDown` says whether the pen is.
  constructor({ name, label, send, isDown }) {
    Object.assign(this, { send, isDown });
    const about = { class: name, tabindex: 0, role: "application", "aria-label": `${label}. ${HELP}` };
    this.node = element("div", { ...about, ...OWN_KEYS }, this.#canvas);
    this.#listenToPointer();
    this.node.addEventListener("keydown", (event) => this.#key(event));
    for (const event of ["focus", "blur"]) this.node.addEventListener(event, () => this.draw());
  }

  clear() {
    this.strokes = [];
    this.draw();
  }

  #begin() {
    if (this.isDown()) return; // a second finger
    this.strokes.push([this.#pen]);
    this.send("down");
  }

  #extend() {
    if (!this.isDown()) return this.draw();
    this.strokes.at(-1).push(this.#pen);
    this.send("move");
  }

  #listenToPointer() {
    const follow = (event) => {
      this.#byKeys = false;
      this.#pen = shares(this.#canvas, event);
    };
    this.node.addEventListener("pointerdown", (event) => {
      this.node.setPointerCapture(event.pointerId);
      follow(event);
      this.#begin();
    });
    this.node.addEventListener("pointermove", (event) => {
      if (!this.isDown() || this.#byKeys) return;
      follow(event);
      this.#extend();
    });
    const lift = () => this.#byKeys || this.send("lift");
    for (const end of ["pointerup", "pointercancel"]) this.node.addEventListener(end, lift);
  }

  #key(event) {
    const way = ARROWS[event.key];
    if (!way && event.key !== " ") return;
    event.preventDefault();
    this.#byKeys = true;
    if (way) {
      const moved = [this.#pen[0] + STEP * way[0], this.#pen[1] - STEP * way[1]];
      this.#pen = moved.map((v) => Math.min(Math.max(v, 0), 1));
      this.#extend();
    } else if (this.isDown()) this.send("lift");
    else this.#begin();
  }

  draw() {
    const canvas = this.#canvas;
    const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    if (!side) return;
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const ink = getComputedStyle(this.node).color;
    Object.assign(context, { strokeStyle: ink, lineCap: "round", lineJoin: "round" });
    context.lineWidth = LINE * side;
    context.beginPath(); // one for all: ink may be translucent, and strokes cross
    for (const stroke of this.strokes) {
      context.moveTo(...stroke[0].map((v) => v * side));
      for (const [x, y] of [...stroke, stroke.at(-1)]) context.lineTo(x * side, y * side);
    }
    context.stroke();
    if (!this.#byKeys || document.activeElement !== this.node) return;
    context.lineWidth = 0.01 * side;
    context.beginPath();
    context.arc(...this.#pen.map((v) => v * side), LINE * side, 0, 2 * Math.PI);
    context.stroke();
  }
}
