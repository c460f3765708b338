// The page: its controls, two models in training, their curves, and one's own digit.
import { classColours } from "../helpers/templates/canvas.js";
import { Chart } from "./curves.js";
import { unpack } from "./digits.js";
import { OwnDigit } from "./own_digit.js";
import { number, outOfHundred, Panel } from "./panel.js";
import { makeStates } from "./states.js";
import { Trainer } from "./trainer.js";

const BETAS = [0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]; // of the slider
const KINDS = ["plain", "vae"];
const byId = (id) => document.getElementById(id);
const sum = (values) => values.reduce((all, value) => all + value, 0);

// The charts, with what plain means reach in them.
const chartsOf = ({ meanLoss, pca }) => [
  {
    title: "Reconstruction loss", unit: "nats per test image, lower is better", low: 15, high: 35,
    lines: KINDS.map((name) => ({ name, of: (row) => row[name].reconstruction })),
    baseline: { value: meanLoss, text: "one mean picture for all", side: "above" },
    say: ({ plain, vae }) =>
      `Reconstruction loss: now ${number(plain.reconstruction)} nats for the plain autoencoder, ` +
      `${number(vae.reconstruction)} for the VAE, ${number(meanLoss)} for one mean picture.`,
  },
  {
    title: "KL divergence of the VAE", unit: "nats per test image",
    lines: [{ name: "vae", of: (row) => sum(row.vae.divergence) }],
    say: ({ vae }) => `KL divergence of the VAE: now ${number(sum(vae.divergence), 2)} nats.`,
  },
  {
    title: "Nearest-neighbour accuracy", unit: "of 100 test digits; guessing gets 10", high: 100,
    lines: KINDS.map((name) => ({ name, of: (row) => 100 * row[name].accuracy })),
    baseline: { value: 100 * pca, text: "plane of PCA", side: "below" },
    say: ({ plain, vae }) =>
      `Nearest-neighbour accuracy: now ${outOfHundred(plain.accuracy)} for the plain ` +
      `autoencoder, ${outOfHundred(vae.accuracy)} for the VAE, ${outOfHundred(pca)} for PCA.`,
  },
];

const STATUS = {
  ready: "Ready. All weights are random.",
  running: "Training.",
  paused: "Paused.",
  warming: "Warm-up: β climbs from 0 to 1.",
  held: "Paused during the warm-up.",
};

function listen(trainer, states) {
  const act = (event) => () => trainer.act(event);
  byId("run").addEventListener("click", () => trainer.act(states.trains() ? "pause" : "run"));
  for (const event of ["step", "reset", "collapse", "warm"]) byId(event).addEventListener("click", act(event));
  byId("back").addEventListener("click", () => trainer.act("beta", 1));
  byId("beta").addEventListener("input", ({ target }) => trainer.act("beta", BETAS[target.value]));
}

// What the controls show.
function showControls({ beta, snapshot }, states) {
  const text = String(Number(beta.toFixed(2)));
  const slider = byId("beta");
  slider.max = BETAS.length - 1;
  slider.value = BETAS.findLastIndex((stop) => stop <= beta);
  slider.setAttribute("aria-valuetext", text);
  byId("beta-text").textContent = text;
  byId("run").textContent = states.trains() ? "Pause" : "Run";
  byId("step").setAttribute("aria-disabled", String(states.trains()));
  if (byId("status").textContent !== STATUS[states.now.training])
    byId("status").textContent = STATUS[states.now.training];
  const { steps, epochs } = snapshot ?? { steps: 0, epochs: 0 };
  byId("progress").textContent =
    `Step ${steps.toLocaleString("en")}; each training digit was seen ${number(epochs)} times.`;
}

// The classes' names in their colours, those of the page's light or dark look.
function colourLegend() {
  const colours = classColours(getComputedStyle(document.body).color);
  document.querySelectorAll(".classes span").forEach((node, k) => (node.style.color = colours[k]));
}

// All parts of the page, and a function that draws them as things are.
function makeParts(states, digits) {
  const code = new Blob([byId("worker").textContent], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(code));
  const changed = () => draw();
  const trainer = new Trainer({ states, digits, worker, changed });
  const panels = KINDS.map((kind) => new Panel(byId(kind), kind, digits.test.labels));
  const mirrors = Object.fromEntries(panels.map(({ kind, mirror }) => [kind, mirror.model]));
  const charts = chartsOf(digits.baselines).map((chart) => new Chart(chart));
  byId("charts").append(...charts.map(({ node }) => node));
  const places = { pad: byId("pad"), results: byId("results"), text: byId("digit-text") };
  const own = new OwnDigit(places, { states, digits, mirrors, changed });

  function draw() {
    showControls(trainer, states);
    // Nothing is read out while it changes several times a second.
    places.text.setAttribute("aria-live", states.trains() ? "off" : "polite");
    const { snapshot } = trainer;
    if (!snapshot) return;
    byId("no-worker")?.remove();
    document.documentElement.dataset.steps = snapshot.steps;
    for (const panel of panels) {
      const measured = snapshot[panel.kind];
      panel.mirror.copy(measured.weights);
      panel.draw(measured, states.now.planes, own.code(panel.kind));
    }
    for (const chart of charts) chart.draw(trainer.history);
    own.draw(snapshot);
  }
  return { trainer, own, draw };
}

function start() {
  const digits = unpack(JSON.parse(byId("digits").textContent));
  const states = makeStates(document.documentElement);
  const { trainer, own, draw } = makeParts(states, digits);
  listen(trainer, states);
  for (const event of ["clear", "example"]) byId(event).addEventListener("click", () => own.act(event));
  for (const view of ["codes", "pictures"])
    byId(view).addEventListener("change", () => states.send("planes", view) && draw());

  function drawAll() {
    colourLegend();
    own.pad.draw();
    draw();
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new ResizeObserver(drawAll).observe(byId("planes"));
  trainer.act("reset"); // the first weights
}

start();
