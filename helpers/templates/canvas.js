// Canvases of an explorer: images, pixel by pixel, and a map of codes.
import { element, shares } from "./controls.js";

const LIGHT = [
  ...["#0072B2", "#B34700", "#00795A", "#A8568A", "#8F6300"],
  ...["#1E7FB8", "#000000", "#800000", "#666666", "#332288"],
];
const DARK = [
  ...["#5AB0F0", "#FF9A5C", "#2EC49A", "#E8A3CB", "#F0B433"],
  ...["#8FD0F5", "#FFFFFF", "#F08080", "#B5B5B5", "#B3A7F5"],
];
const LETTER = 10; // pixels

export const picture = ([height, width], label = "") =>
  element("canvas", { width, height, role: "img", "aria-label": label });

// Paint pixels in [0, 1], of one channel or three, into a canvas or a part of its width.
export function paint(canvas, pixels, left = 0, width = canvas.width) {
  const image = new ImageData(width, canvas.height);
  const count = width * canvas.height;
  const channels = pixels.length / count;
  for (let place = 0; place < count; place++) {
    for (let c = 0; c < 3; c++) {
      const value = pixels[place * channels + (channels === 3 ? c : 0)];
      image.data[4 * place + c] = 255 * value; // rounded by the array
    }
    image.data[4 * place + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, left, 0);
}

function circle(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function ring(context, place, radius) {
  circle(context, place, radius);
  context.stroke();
}

// The classes' colours for a page whose text has this colour.
export function classColours(ink) {
  const [red, green, blue] = ink.match(/[\d.]+/g).map(Number);
  return red + green + blue > 384 ? DARK : LIGHT;
}

// Codes, each written as its class, on a canvas that grows with the page. `draw` puts a
// point, a path and perhaps the code of a drawing over them; `under` says which code lies
// under a pointer.
export function codeMap({ codes, labels, names, low, high }) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const written = document.createElement("canvas"); // what stays from draw to draw
  let look = "";

  const span = (axis) => high[axis] - low[axis];
  const place = (z) => {
    const [right, up] = [0, 1].map((axis) => (z[axis] - low[axis]) / span(axis));
    return [canvas.width * right, canvas.width * (1 - up)];
  };

  function write(ink, scale) {
    written.width = written.height = canvas.width;
    const context = written.getContext("2d");
    context.font = `${LETTER * scale}px sans-serif`;
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    const colours = classColours(ink);
    codes.forEach((code, i) => {
      context.fillStyle = colours[labels[i] % colours.length];
      context.fillText(names[labels[i]], ...place(code));
    });
  }

  function draw(point, ends, own) {
    const scale = window.devicePixelRatio || 1;
    const side = Math.round(canvas.clientWidth * scale);
    if (!side) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const ink = getComputedStyle(canvas).color; // light on a dark page
    if (look !== `${ink} ${side}`) write(ink, scale);
    look = `${ink} ${side}`;

    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    context.globalAlpha = 0.75;
    context.drawImage(written, 0, 0);
    context.globalAlpha = 1;
    Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: 2 * scale });
    context.setLineDash([5 * scale, 3 * scale]);
    context.beginPath();
    for (const end of ends) context.lineTo(...place(end));
    context.stroke();
    context.setLineDash([]);
    for (const end of ends) {
      circle(context, place(end), 4 * scale);
      context.fill();
    }
    const rings = own ? [[own, 4], [own, 9]] : [];
    for (const [at, radius] of [[point, 9], ...rings]) ring(context, place(at), radius * scale);
  }

  function under(event) {
    const [x, y] = shares(canvas, event);
    return [x, 1 - y].map((share, axis) => low[axis] + share * span(axis));
  }
  return { canvas, draw, under };
}
