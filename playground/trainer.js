// The page's side of the training: talks to the worker, holds beta and what came so far.
import { History } from "./curves.js";

const CHUNK = 200; // milliseconds of training between two pictures
const CALM_CHUNK = 1000; // for those who asked for less motion
const WARM_UP = 500; // steps from beta = 0 to 1
const COLLAPSED = 50; // the beta that makes a VAE collapse

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Trainer {
  beta = 1;
  snapshot = null; // the last one that came
  history = new History();
  #seed = 0; // of the weights; tells also which training an answer belongs to
  #warmFrom = 0; // the step at which a warm-up began
  #waits = false; // for an answer
  #stepsLeft = 0; // pressed and not yet asked for

  // `changed` hears of each new snapshot, state and beta.
  constructor({ states, digits, worker, changed }) {
    Object.assign(this, { states, digits, worker, changed });
    worker.onmessage = ({ data }) => data.seed === this.#seed && this.#receive(data);
  }

  // An event of the training's states happens, if it may.
  act(event, value) {
    if (!this.states.send("training", event)) return;
    if (event === "step") this.#stepsLeft++;
    else if (event === "beta") this.#setBeta(value);
    else if (event === "collapse") this.#setBeta(COLLAPSED);
    else if (event === "warm") this.#startWarmUp();
    else if (event === "reset") this.#reset();
    this.changed();
    this.#goOn();
  }

  #goOn() {
    if (this.#waits) return;
    const steps = this.states.trains() ? Infinity : this.#stepsLeft;
    this.#stepsLeft = 0;
    if (!steps) return;
    this.#waits = true;
    const milliseconds = calm.matches ? CALM_CHUNK : CHUNK;
    this.worker.postMessage({ seed: this.#seed, beta: this.beta, steps, milliseconds });
  }

  #receive(snapshot) {
    this.#waits = false;
    this.snapshot = snapshot;
    this.history.add(snapshot);
    this.states.send("training", "tick");
    if (["warming", "held"].includes(this.states.now.training)) this.#warmUp();
    this.changed();
    this.#goOn();
  }

  #setBeta(beta, text = `β = ${beta}`) {
    this.beta = beta;
    this.history.mark(this.snapshot?.steps ?? 0, text);
  }

  #startWarmUp() {
    this.#warmFrom = this.snapshot?.steps ?? 0;
    this.#setBeta(0, "β: 0 to 1");
  }

  #warmUp() {
    this.beta = Math.min((this.snapshot.steps - this.#warmFrom) / WARM_UP, 1);
    if (this.beta === 1) this.states.send("training", "warmed");
  }

  #reset() {
    this.#seed++;
    this.#waits = true;
    this.#stepsLeft = 0;
    this.snapshot = null;
    this.history = new History();
    this.worker.postMessage({ seed: this.#seed, digits: this.digits });
  }
}
