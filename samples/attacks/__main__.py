"""Run all attacks, or those whose name or class holds a word; print a table."""

import sys
import tempfile
import time
from pathlib import Path

from samples.attacks import ATTACKS
from samples.attacks.ground import Ground

ROW = "{:<38} {:<22} {:<8} {:>6} {:>4} {:>6} {:>4} {:>6} {:>6}  {}"


def main(words: list[str]) -> int:
    """Print one row for each attack; return how many were not harmless."""
    bad = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        print(
            ROW.format(
                *("attack", "class", "status", "gained", "left", "others", "harm"),
                *("leaked", "s", "problems"),
            )
        )
        chosen = [
            attack
            for attack in ATTACKS
            if not words or any(word in f"{attack.id} {attack.kind}" for word in words)
        ]
        for attack in chosen:
            row = ground.run(attack)
            bad += bool(row.problems)
            print(
                ROW.format(
                    attack.id,
                    attack.kind,
                    row.result.status,
                    f"{row.gained:g}",
                    row.left,
                    "none" if row.others else "YES",
                    len(row.harm),
                    len(row.leaked),
                    f"{row.seconds:.1f}",
                    "; ".join(row.problems),
                ),
                flush=True,
            )
        ground.close()
    seconds = time.monotonic() - started
    print(f"{len(chosen)} attacks, {bad} with a problem, {seconds:.0f} s")
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) != 0)
