// Digits of 8×8 pixels: those that came with the page, and what somebody draws.

const BITMAP = 32; // the side of the bitmap that a digit is drawn on
const BLOCK = 4; // counted together into one pixel, from 0 to 16
const [WIDE, HIGH] = [20, 32]; // of the box that a digit fills
const PEN = 2.6; // radius of the pen on the bitmap: as much ink as the real digits have
const STRETCH = 1.5; // how much more a digit may be widened than heightened

// From the page's data: images one byte a pixel, from 0 to 16; the training images first.
export function unpack({ images, labels, train, ...baselines }) {
  const x = Float32Array.from(atob(images), (letter) => letter.charCodeAt(0) / BLOCK ** 2);
  const classes = Array.from(labels, Number);
  const size = x.length / classes.length;
  return {
    train: { x: x.subarray(0, train * size), labels: classes.slice(0, train) },
    test: { x: x.subarray(train * size), labels: classes.slice(train) },
    baselines,
  };
}

// Points moved and stretched so that the ink fills the box in the middle of the bitmap.
function fitted(strokes) {
  const points = strokes.flat();
  const low = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
  const high = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])));
  const tall = (HIGH - 2 * PEN) / Math.max(high[1] - low[1], 1e-6);
  const wide = (WIDE - 2 * PEN) / Math.max(high[0] - low[0], 1e-6);
  const scale = [Math.min(wide, STRETCH * tall), Math.min(tall, STRETCH * wide)];
  return strokes.map((stroke) =>
    stroke.map((point) =>
      point.map((v, axis) => BITMAP / 2 + scale[axis] * (v - (low[axis] + high[axis]) / 2)),
    ),
  );
}

// The squared distance of a place from the line between two points.
function away(x, y, [x0, y0], [x1, y1]) {
  const [across, down] = [x1 - x0, y1 - y0];
  const length = across ** 2 + down ** 2;
  const along = length && ((x - x0) * across + (y - y0) * down) / length;
  const t = Math.min(Math.max(along, 0), 1);
  return (x - x0 - t * across) ** 2 + (y - y0 - t * down) ** 2;
}

// What is drawn, as the digits' authors made theirs: fitted into a box of a bitmap of
// 32×32, and in each block of 4×4 the inked pixels counted. A stroke is a list of [x, y].
export function fromStrokes(strokes) {
  const side = BITMAP / BLOCK;
  const image = new Float32Array(side * side);
  const fit = fitted(strokes);
  for (let row = 0; row < BITMAP; row++)
    for (let column = 0; column < BITMAP; column++) {
      const inked = fit.some((stroke) =>
        stroke.some((end, k) => away(column + 0.5, row + 0.5, stroke[Math.max(k - 1, 0)], end) < PEN ** 2),
      );
      const at = Math.floor(row / BLOCK) * side + Math.floor(column / BLOCK);
      if (inked) image[at] += 1 / BLOCK ** 2;
    }
  return image;
}
