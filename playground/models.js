// A plain autoencoder and a VAE with a code of two numbers: their losses and gradients.
import { adam, dense, output, run, runBack } from "./network.js";

export const PIXELS = 64; // of an image of 8×8
export const CODE = 2;
const HIDDEN = [64, 32];

// The VAE's encoder has two heads of two numbers: mu and log_var.
export function makeModel(kind, random) {
  const [wide, narrow] = HIDDEN;
  const heads = kind === "vae" ? 2 * CODE : CODE;
  const encoder = [
    dense(PIXELS, wide, "elu", random),
    dense(wide, narrow, "elu", random),
    dense(narrow, heads, "linear", random),
  ];
  const decoder = [
    dense(CODE, narrow, "elu", random),
    dense(narrow, wide, "elu", random),
    dense(wide, PIXELS, "linear", random), // logits: `decode` applies the sigmoid
  ];
  return { kind, encoder, decoder, steps: 0 };
}

export const layersOf = ({ encoder, decoder }) => [...encoder, ...decoder];
const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));

// The heads' rows taken apart; a plain autoencoder has only mu, which is then its code.
function split(kind, heads) {
  if (kind !== "vae") return { mu: heads };
  const part = (from) =>
    Float32Array.from({ length: heads.length / 2 }, (_, k) => heads[2 * k - (k % CODE) + from]);
  return { mu: part(0), logVar: part(CODE) };
}

// Codes of images: of the VAE the means, and log_var beside them.
export const encode = ({ kind, encoder }, x) => split(kind, output(encoder, x));
export const decode = ({ decoder }, z) => output(decoder, z).map(sigmoid);

// Binary cross-entropy in nats per image, and its slope along the logits.
function reconstruction(logits, x) {
  const rows = x.length / PIXELS;
  let nats = 0;
  const slope = new Float32Array(logits.length);
  for (let k = 0; k < logits.length; k++) {
    const logit = logits[k];
    nats += Math.max(logit, 0) - logit * x[k] + Math.log1p(Math.exp(-Math.abs(logit)));
    slope[k] = (sigmoid(logit) - x[k]) / rows;
  }
  return { nats: nats / rows, slope };
}

// The divergence from N(0, 1) in nats per image, for each axis of the code.
export function divergence({ mu, logVar }) {
  const axes = new Array(CODE).fill(0);
  for (let k = 0; k < mu.length; k++)
    axes[k % CODE] += 0.5 * (mu[k] ** 2 + Math.exp(logVar[k]) - 1 - logVar[k]);
  return axes.map((sum) => (sum * CODE) / mu.length);
}

// z = mu + sigma · noise
function draw({ mu, logVar }, noise) {
  return mu.map((mean, k) => mean + Math.exp(0.5 * logVar[k]) * noise[k]);
}

// The slope along the heads, from that along z and from beta times the divergence.
function headSlope({ mu, logVar }, noise, dz, beta) {
  const share = (beta * CODE) / mu.length; // beta / rows
  const slope = new Float32Array(2 * mu.length);
  for (let k = 0; k < mu.length; k++) {
    const sigma = Math.exp(0.5 * logVar[k]);
    const at = 2 * k - (k % CODE);
    slope[at] = dz[k] + share * mu[k];
    slope[at + CODE] = 0.5 * (dz[k] * sigma * noise[k] + share * (sigma ** 2 - 1));
  }
  return slope;
}

// The loss of a batch in its parts; the gradients stay in the layers.
export function gradients(model, x, noise, beta) {
  const { kind, encoder, decoder } = model;
  const encoded = run(encoder, x);
  const heads = split(kind, encoded.at(-1));
  const decoded = run(decoder, kind === "vae" ? draw(heads, noise) : heads.mu);
  const { nats, slope } = reconstruction(decoded.at(-1), x);
  const dz = runBack(decoder, decoded, slope);
  runBack(encoder, encoded, kind === "vae" ? headSlope(heads, noise, dz, beta) : dz);
  return { reconstruction: nats, divergence: kind === "vae" ? divergence(heads) : null };
}

export function train(model, x, noise, beta) {
  gradients(model, x, noise, beta);
  adam(layersOf(model), ++model.steps);
}

// The loss in its parts without noise or training: each image's code is its mean.
export function evaluate(model, x) {
  const heads = encode(model, x);
  const { nats } = reconstruction(output(model.decoder, heads.mu), x);
  return {
    codes: heads.mu,
    reconstruction: nats,
    divergence: model.kind === "vae" ? divergence(heads) : null,
  };
}
