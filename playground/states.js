// What the page can be doing, in three regions that do not ask each other.

// What an event does in each state: the state that follows. Any other does nothing.
export const TRANSITIONS = {
  training: {
    ready: {
      run: "running", step: "paused", beta: "ready", collapse: "running", warm: "warming",
      reset: "ready",
    },
    running: {
      tick: "running", pause: "paused", beta: "running", collapse: "running",
      warm: "warming", reset: "ready",
    },
    paused: {
      run: "running", step: "paused", beta: "paused", collapse: "running",
      warm: "warming", reset: "ready",
    },
    warming: {
      tick: "warming", warmed: "running", pause: "held", beta: "running",
      collapse: "running", warm: "warming", reset: "ready",
    },
    held: {
      run: "warming", step: "held", beta: "paused", collapse: "running",
      warm: "warming", reset: "ready",
    },
  },
  digit: {
    blank: { down: "drawing", example: "shown" },
    drawing: { move: "drawing", lift: "drawn", clear: "blank", example: "shown" },
    drawn: { down: "drawing", clear: "blank", example: "shown" },
    shown: { down: "drawing", clear: "blank", example: "shown" },
  },
  planes: {
    codes: { pictures: "pictures" },
    pictures: { codes: "codes" },
  },
};

// The states, written into `root.dataset`; `send` says whether an event counts.
export function makeStates(root) {
  const now = { training: "ready", digit: "blank", planes: "codes" };
  Object.assign(root.dataset, now);
  function send(region, event) {
    const next = TRANSITIONS[region][now[region]][event];
    if (!next) return false;
    now[region] = root.dataset[region] = next;
    return true;
  }
  const trains = () => ["running", "warming"].includes(now.training);
  return { now, send, trains };
}
