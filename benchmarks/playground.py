"""Processor seconds until both planes of the page in `playground/` tell digits apart.

    python -m benchmarks.playground                # three random starts
    python -m benchmarks.playground --seeds 10

The page's own modules train, without a browser, from random weights. The time is
that of the process, on all its threads, measuring included, until 45 of 100 test digits
have the class of most of their five nearest training digits on each plane.
"""

import argparse
import statistics

from tools import playground
from tools.javascript import run

GOAL = 0.45
EVERY = 20  # steps between two measurements
SECONDS = """
const digits = digitsModule.unpack(passed.digits);
const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const begun = seconds();
const training = trainingModule.makeTraining(digits, passed.seed);
const reached = {};
while (Object.keys(reached).length < 2) {
  for (let k = 0; k < passed.every; k++) training.step(1);
  const snapshot = training.snapshot();
  for (const kind of ["plain", "vae"])
    if (snapshot[kind].accuracy >= passed.goal)
      reached[kind] ??= [snapshot.steps, seconds() - begun];
}
return reached;
"""


def main() -> None:
    """Print steps and seconds to the goal, for each random start and each model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="random starts")
    seeds = parser.parse_args().seeds
    digits = playground.digits()
    slowest = []
    for seed in range(1, seeds + 1):
        passed = {"digits": digits, "seed": seed, "goal": GOAL, "every": EVERY}
        reached = run(["training.js", "digits.js"], SECONDS, passed)
        for kind, (steps, seconds) in sorted(reached.items()):
            print(f"start {seed}, {kind:5}: {steps:4} steps, {seconds:4.1f} s")
        slowest.append(max(seconds for _, seconds in reached.values()))
    print(f"both planes: median {statistics.median(slowest):.1f} s", end="")
    print(f", longest {max(slowest):.1f} s")


if __name__ == "__main__":
    main()
