// A plane of codes: test digits as numerals or the decoder's pictures, and a point on it.
import { classColours, paint, picture } from "../helpers/templates/canvas.js";
import { ARROWS, element, shares } from "../helpers/templates/controls.js";

const RANGES = [3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256]; // half of a plane's side
const OUTER = 0.01; // the share of codes that may lie outside
const GRID = 11; // pictures along a side
const SIDE = 8; // pixels of a picture
const CELL = SIDE + 1; // with a gap to the next one
const LETTER = 11; // pixels
const PRIOR = 2.45; // radius of a ring: of 100 draws from the prior, 95 lie in it
const [STEP, LEAP] = [0.02, 0.1]; // of half a side: what an arrow key moves

// Half the side of a plane that shows all codes but a few.
function rangeOf(codes) {
  const sizes = codes.map(Math.abs).sort();
  const needed = sizes[Math.floor((1 - OUTER) * (sizes.length - 1))];
  return RANGES.find((range) => range >= needed) ?? needed;
}

// The pictures that a decoder makes of a lattice of points, side by side.
function lattice(decode, half) {
  const codes = new Float32Array(2 * GRID ** 2);
  for (let k = 0; k < GRID ** 2; k++) {
    codes[2 * k] = half * ((2 * (k % GRID) + 1) / GRID - 1);
    codes[2 * k + 1] = half * (1 - (2 * Math.floor(k / GRID) + 1) / GRID);
  }
  const decoded = decode(codes);
  const width = GRID * CELL;
  const pixels = new Float32Array(width ** 2).fill(0.5);
  for (let k = 0; k < GRID ** 2; k++)
    for (let row = 0; row < SIDE; row++) {
      const from = (k * SIDE + row) * SIDE;
      const to = (Math.floor(k / GRID) * CELL + row) * width + (k % GRID) * CELL;
      pixels.set(decoded.subarray(from, from + SIDE), to);
    }
  return pixels;
}

function circle(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

// A plane of test digits that have these labels. `moved` hears of each new point.
export class Plane {
  half = RANGES[0]; // of the side, in units of the code
  #point = [0, 0];
  #canvas = element("canvas", { "aria-hidden": "true" });
  #pictures = picture([GRID * CELL, GRID * CELL]);

  constructor({ name, labels, hasPrior, moved }) {
    Object.assign(this, { labels, hasPrior, moved });
    const help = `Plane of codes of the ${name}. Arrow keys move the point, with Shift in larger steps.`;
    const about = { class: "plane", tabindex: 0, role: "application", "aria-label": help };
    this.node = element("div", about, this.#canvas);
    this.node.addEventListener("pointerdown", (event) => {
      this.node.setPointerCapture(event.pointerId);
      moved(this.#under(event));
    });
    this.node.addEventListener("pointermove", (event) => moved(this.#under(event)));
    this.node.addEventListener("keydown", (event) => this.#key(event));
  }

  #inside(z) {
    return z.map((v) => Math.min(Math.max(v, -this.half), this.half));
  }

  #under(event) {
    const [x, y] = shares(this.#canvas, event);
    return this.#inside([x, 1 - y].map((share) => this.half * (2 * share - 1)));
  }

  #key(event) {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const by = this.half * (event.shiftKey ? LEAP : STEP);
    this.moved(this.#inside(this.#point.map((v, axis) => v + by * way[axis])));
  }

  #place([x, y]) {
    return [x / this.half, -y / this.half].map((share) => (this.#canvas.width * (1 + share)) / 2);
  }

  // Make the canvas as sharp as the screen; say how it looks.
  #fit() {
    const scale = window.devicePixelRatio || 1;
    const side = Math.round(this.#canvas.clientWidth * scale);
    if (this.#canvas.width !== side) this.#canvas.width = this.#canvas.height = side;
    const { color, backgroundColor } = getComputedStyle(this.node);
    return { ink: color, paper: backgroundColor, scale };
  }

  // Draw codes or pictures, the point that is decoded, and the code of one's own digit.
  draw({ codes, decode, view, point, own }) {
    this.half = rangeOf(codes);
    this.#point = point;
    const look = this.#fit();
    if (!this.#canvas.width) return;
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.width);
    if (view === "pictures") this.#drawPictures(context, decode);
    else this.#drawCodes(context, codes, look);
    this.#drawRing(context, point, 8, look);
    if (own) for (const radius of [4, 10]) this.#drawRing(context, own, radius, look);
  }

  #drawCodes(context, codes, { ink, scale }) {
    const colours = classColours(ink);
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    context.font = `${LETTER * scale}px sans-serif`;
    this.labels.forEach((label, k) => {
      context.fillStyle = colours[label];
      context.fillText(label, ...this.#place([codes[2 * k], codes[2 * k + 1]]));
    });
    if (!this.hasPrior) return;
    Object.assign(context, { strokeStyle: ink, lineWidth: scale });
    context.setLineDash([4 * scale, 4 * scale]);
    circle(context, this.#place([0, 0]), (PRIOR / this.half) * (this.#canvas.width / 2));
    context.setLineDash([]);
  }

  #drawPictures(context, decode) {
    paint(this.#pictures, lattice(decode, this.half));
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#pictures, 0, 0, this.#canvas.width, this.#canvas.width);
  }

  // A ring of ink with a rim of paper, to be seen on numerals and on pictures.
  #drawRing(context, z, radius, { ink, paper, scale }) {
    for (const [colour, width] of [[paper, 5], [ink, 2]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width * scale });
      circle(context, this.#place(z), radius * scale);
    }
  }
}
