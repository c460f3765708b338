// Digits of 8×8 pixels: those that came with the page, and what somebody draws.
import { imageOf } from "../helpers/templates/strokes.js";

const BLOCK = 4; // pixels of the bitmap, along a side, that are counted into one: 0 to 16
// As the digits' authors made theirs: with as much ink as the real digits have, and a
// digit may be widened half as much again as it is heightened.
const LOOK = { side: 8, block: BLOCK, box: [20, 32], pen: 2.6, stretch: 1.5 };

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

// What is drawn, as an image of 8×8 pixels.
export const fromStrokes = (strokes) => imageOf(strokes, LOOK);
