// Strokes become an image, as the makers of sets of digits made theirs: what is drawn is
// fitted into a box in the middle of a fine bitmap, and in each block of the bitmap the
// inked pixels are counted. A stroke is a list of [x, y], downwards.

const PEN = 1.25; // radius, in pixels of 28: as much ink as the digits of MNIST have

// Points moved and stretched so that the ink fills the box.
function fitted(strokes, { size, box, pen, stretch }) {
  const points = strokes.flat();
  const low = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
  const high = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])));
  const [wide, tall] = box.map(
    (length, axis) => (length - 2 * pen) / Math.max(high[axis] - low[axis], 1e-6),
  );
  const scale = [Math.min(wide, stretch * tall), Math.min(tall, stretch * wide)];
  return strokes.map((stroke) =>
    stroke.map((point) =>
      point.map((v, axis) => size / 2 + scale[axis] * (v - (low[axis] + high[axis]) / 2)),
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

// The inked pixels of a bitmap, as ones, row after row.
function inked(strokes, size, pen) {
  const bitmap = new Uint8Array(size ** 2);
  const reach = (start, end, axis) => [
    Math.max(Math.floor(Math.min(start[axis], end[axis]) - pen), 0),
    Math.min(Math.ceil(Math.max(start[axis], end[axis]) + pen), size),
  ];
  for (const stroke of strokes)
    stroke.forEach((end, k) => {
      const start = stroke[Math.max(k - 1, 0)];
      const [[left, right], [top, bottom]] = [reach(start, end, 0), reach(start, end, 1)];
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          if (away(column + 0.5, row + 0.5, start, end) < pen ** 2) bitmap[row * size + column] = 1;
    });
  return bitmap;
}

// By how many blocks, down and to the right, the centre of the ink's mass is moved to the
// middle: by whole ones, and by no more than `most`.
function shiftOf(bitmap, size, block, most) {
  const [sums, count] = [[0, 0], bitmap.reduce((all, ink) => all + ink, 0)];
  bitmap.forEach((ink, k) => {
    if (!ink) return;
    sums[0] += Math.floor(k / size) + 0.5;
    sums[1] += (k % size) + 0.5;
  });
  return sums.map((sum) => {
    const blocks = Math.round((size / 2 - sum / count) / block);
    return Math.min(Math.max(blocks, -most), most);
  });
}

// An image with a side of so many pixels, each from 0 to 1. Of the bitmap, `block` pixels
// along a side are one of the image; `box` is [width, height], and `pen` the pen's radius,
// in its pixels. `stretch` is how much more one axis may be stretched than the other.
export function imageOf(strokes, { side, block, box, pen, stretch, shift = 0 }) {
  const size = side * block;
  const bitmap = inked(fitted(strokes, { size, box, pen, stretch }), size, pen);
  const [down, right] = shift ? shiftOf(bitmap, size, block, shift) : [0, 0];
  const image = new Float32Array(side * side);
  bitmap.forEach((ink, k) => {
    const row = Math.floor(k / size / block) + down;
    const column = Math.floor((k % size) / block) + right;
    if (ink) image[row * side + column] += 1 / block ** 2;
  });
  return image;
}

// An image made as those of MNIST were: of a larger axis of 20 of 28 pixels, with the
// centre of mass in the middle. An edge of one pixel stays free, as in 99 of 100 of them.
export function likeMnist(strokes, side) {
  const block = 4;
  const unit = (side * block) / 28;
  const box = [20 * unit, 20 * unit];
  const shift = Math.max(Math.floor((4 * side) / 28) - 1, 0);
  return imageOf(strokes, { side, block, box, pen: PEN * unit, stretch: 1, shift });
}
