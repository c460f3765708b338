// The worker: trains as long as a message says, then answers with how the models do.
import { makeTraining } from "./training.js";

let training;

function train({ beta, steps, milliseconds }) {
  const end = performance.now() + milliseconds;
  for (let k = 0; k < steps && performance.now() < end; k++) training.step(beta);
}

self.onmessage = ({ data }) => {
  if (data.digits) training = makeTraining(data.digits, data.seed);
  else train(data);
  self.postMessage({ seed: data.seed, ...training.snapshot() });
};
