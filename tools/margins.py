"""Does a right submission keep its marks, whatever the random seed?

    python -m tools.margins                      # all assignments, 100 seeds: hours
    python -m tools.margins vanilla --seeds 20
    TF_ENABLE_ONEDNN_OPTS=0 python -m tools.margins vanilla

Each seed takes another of the right submissions in ``samples/submissions``, the
reference first, and marks it with the notebook's own test cells, hidden tests included.
Prints the marks that were lost, and a table. Without oneDNN, TensorFlow computes with
other kernels on the same machine: an answer that depends on the last bit shows.
"""

import argparse
import os
import sys

from helpers import profile  # noqa: F401  before keras, it silences TensorFlow's start

import keras
from tqdm import tqdm

from samples.course import ASSIGNMENTS
from samples.marking import marks_in_process, points
from samples.notebooks import references
from samples.submissions import submissions
from samples.submissions.submission import KnownSubmission


def seeded(name: str, submission: KnownSubmission, seed: int) -> dict[str, str]:
    """Return the submission's cells; the first of them sets the seed first."""
    cells = references(name) | submission.cells
    first = next(iter(cells))
    setting = f"import keras\n\nkeras.utils.set_random_seed({seed})\n"
    return cells | {first: setting + cells[first]}


def lost(name: str, seeds: int) -> list[str]:
    """Return a line for each mark that a right submission lost."""
    right = [KnownSubmission("the reference", {})]
    right += [known for known in submissions(name) if not known.loses]
    lines = []
    for seed in tqdm(range(seeds), desc=name, unit="seed"):
        keras.backend.clear_session()
        submission = right[seed % len(right)]
        marks, messages = marks_in_process(name, seeded(name, submission, seed))
        lines += [
            f"{name}, seed {seed}, {submission.name}: {cell}\n{messages[cell]}"
            for cell, maximum in points(name).items()
            if marks[cell] < maximum
        ]
    return lines


def main() -> None:
    """Mark right submissions with many seeds and print what they lost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    if unknown := set(options.names) - set(ASSIGNMENTS):
        parser.error(f"no assignment {', '.join(sorted(unknown))}")
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1") != "0"
    losses = {name: lost(name, options.seeds) for name in options.names or ASSIGNMENTS}
    print(*(line for lines in losses.values() for line in lines), sep="\n")
    print(f"\n{'assignment':24} {'seeds':>6} {'oneDNN':>7} {'marks lost':>11}")
    for name, lines in losses.items():
        print(
            f"{name:24} {options.seeds:>6} {'on' if onednn else 'off':>7} "
            f"{len(lines):>11}"
        )
    sys.exit(any(losses.values()))


if __name__ == "__main__":
    main()
