"""Print what the first message to each wrong answer says, and what it fails to name."""

import sys
import time

from helpers.checks.hints import MAX_WORDS

from samples.marking import first_message
from samples.wrong_answers import WRONG
from samples.wrong_answers.answer import length


def main(words: list[str]) -> int:
    """Print one row for each answer; return how many messages do not name the cause."""
    chosen = [
        answer
        for answer in WRONG
        if not words
        or any(word in f"{answer.assignment} {answer.name}" for word in words)
    ]
    named = long = 0
    started = time.monotonic()
    for answer in chosen:
        message = first_message(answer.assignment, {"autoencoder": answer.code})
        problems = answer.cause.problems(message) if message else ["no message"]
        named += not problems
        long += length(message) > MAX_WORDS
        print(f"{answer.assignment}, {answer.name}: {'; '.join(problems) or 'named'}")
        if problems or "-v" in sys.argv:
            print(f"{message}\n", flush=True)
    seconds = time.monotonic() - started
    print(
        f"{named} of {len(chosen)} causes named, {long} messages of more than "
        f"{MAX_WORDS} words, {seconds:.0f} s"
    )
    return len(chosen) - named


if __name__ == "__main__":
    sys.exit(main([word for word in sys.argv[1:] if word != "-v"]) != 0)
