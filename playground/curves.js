// Curves that grow while a training runs, and marks where beta was changed.
import { element } from "../helpers/templates/controls.js";

const MAX_POINTS = 600; // of a curve; beyond, every second one is dropped
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 32, 22]; // pixels around the curves
const LINE = 14; // pixels: the height of a text above them
const DASHES = { plain: [], vae: [7, 4] };

// Of a snapshot, what a curve shows; its weights and codes need not be kept.
const figuresOf = ({ reconstruction, divergence, accuracy }) =>
  ({ reconstruction, divergence, accuracy });

// What the curves are drawn from: the snapshots, and where beta was changed.
export class History {
  rows = [];
  marks = [];
  #count = 0;
  #every = 1; // a row of so many is kept, and always the newest

  add({ steps, plain, vae }) {
    const row = { steps, plain: figuresOf(plain), vae: figuresOf(vae) };
    if (this.#count++ % this.#every === 0) this.rows.push(row);
    else this.rows[this.rows.length - 1] = row;
    if (this.rows.length <= MAX_POINTS) return;
    this.rows = this.rows.filter((_, k) => k % 2 === 0);
    this.#every *= 2;
  }

  mark(step, text) {
    this.marks = [...this.marks.filter((mark) => mark.step !== step), { step, text }];
  }
}

// A round number of which two to five fit below the largest value.
function tick(largest) {
  const power = 10 ** Math.floor(Math.log10(largest / 2));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => largest / n < 5);
}

// From steps and values to pixels.
function makeScales(canvas, rows, lines, { low, high }, scale) {
  const values = rows.flatMap((row) => lines.map((line) => line.of(row)));
  const top = high ?? Math.max(...values, low + 1e-3);
  const last = Math.max(rows.at(-1).steps, 10);
  const [width, height] = [canvas.width / scale, canvas.height / scale];
  return {
    top, last, width, height,
    x: (step) => LEFT + ((width - LEFT - RIGHT) * step) / last,
    y: (value) => height - BOTTOM - ((height - TOP - BOTTOM) * (Math.min(value, top) - low)) / (top - low),
  };
}

function drawAxes(context, { low }, { top, last, width, height, x, y }, ink) {
  Object.assign(context, { fillStyle: ink, strokeStyle: ink, lineWidth: 1, textBaseline: "middle" });
  const by = tick(top - low);
  for (let value = low; value <= top * 1.0001; value += by) {
    context.globalAlpha = 0.25;
    context.fillRect(LEFT, Math.round(y(value)), width - LEFT - RIGHT, 1);
    context.globalAlpha = 1;
    context.textAlign = "right";
    context.fillText(Number(value.toPrecision(6)), LEFT - 6, y(value));
  }
  const right = tick(last);
  context.textAlign = "center";
  for (let step = 0; step <= last; step += right)
    context.fillText(step, Math.max(x(step), LEFT + 4), height - BOTTOM / 2 + 2);
}

function drawMarks(context, marks, scales, ink) {
  const { height, x } = scales;
  Object.assign(context, { fillStyle: ink, textAlign: "left", textBaseline: "top" });
  const free = [0, 0]; // where the texts end so far, in two lines
  for (const { step, text } of marks) {
    context.globalAlpha = 0.5;
    context.fillRect(Math.round(x(step)), TOP - 4, 1, height - TOP - BOTTOM + 4);
    context.globalAlpha = 1;
    const width = context.measureText(text).width + 6;
    const left = Math.min(x(step), scales.width - width);
    const line = free.findIndex((end) => left >= end);
    if (line < 0) continue;
    context.fillText(text, left + 3, 1 + LINE * line);
    free[line] = left + width;
  }
}

// A dotted line at a baseline's value, with its name.
function drawBaseline(context, { value, text, side }, { width, x, y }, ink) {
  Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: 1.5 });
  context.setLineDash([1.5, 3]);
  context.beginPath();
  context.moveTo(x(0), y(value));
  context.lineTo(width - RIGHT, y(value));
  context.stroke();
  context.setLineDash([]);
  Object.assign(context, { textAlign: "right", textBaseline: side === "above" ? "bottom" : "top" });
  context.fillText(text, width - RIGHT, y(value) + (side === "above" ? -2 : 4));
}

function drawLine(context, rows, { name, of }, { x, y }, colour) {
  context.beginPath();
  for (const row of rows) context.lineTo(x(row.steps), y(of(row)));
  Object.assign(context, { strokeStyle: colour, lineWidth: 2, lineJoin: "round" });
  context.setLineDash(DASHES[name]);
  context.stroke();
  context.setLineDash([]);
}

// A chart of some lines: { name: "plain" or "vae", of: row => value }. `say` describes it,
// `baseline` is { value, text, side }: its name stands "above" its line or "below".
export class Chart {
  #canvas = element("canvas", { role: "img" });

  constructor({ title, unit, lines, low = 0, high, say, baseline }) {
    Object.assign(this, { lines, low, high, say, baseline });
    const caption = element("figcaption", {}, `${title} `, element("small", {}, unit));
    this.node = element("figure", {}, caption, this.#canvas);
  }

  draw({ rows, marks }) {
    const canvas = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((v) => Math.round(v * scale));
    if (!width || !rows.length) return;
    Object.assign(canvas, { width, height });
    canvas.setAttribute("aria-label", this.say(rows.at(-1)));
    const look = getComputedStyle(canvas);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.font = "12px sans-serif";
    const scales = makeScales(canvas, rows, this.lines, this, scale);
    drawAxes(context, this, scales, look.color);
    drawMarks(context, marks, scales, look.color);
    if (this.baseline) drawBaseline(context, this.baseline, scales, look.color);
    for (const line of this.lines) {
      drawLine(context, rows, line, scales, look.getPropertyValue(`--${line.name}`));
    }
  }
}
