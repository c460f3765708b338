"""A wrong answer, the cause that a good assistant would name, and how to tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


def length(message: str) -> int:
    """Return the words of what was expected, what was found and the likely cause."""
    _, _, body = message.partition("\n")
    return len(re.sub(r"(expected|found|likely cause):", "", body).split())


@dataclass(frozen=True)
class Cause:
    """What is wrong with an answer, in words that a message must and must not have.

    Attributes:
        sentence: what a good assistant would say.
        words: patterns; a message that names the cause matches each of them.
        misleading: patterns of other causes; it matches none of them.
    """

    sentence: str
    words: tuple[str, ...]
    misleading: tuple[str, ...] = ()

    def problems(self, message: str) -> list[str]:
        """Return what a message lacks, or has and must not have, but for its length."""
        flat = " ".join(message.split())
        lacking = [word for word in self.words if not re.search(word, flat, re.I)]
        wrong = [word for word in self.misleading if re.search(word, flat, re.I)]
        return [
            *(f"does not say {word}" for word in lacking),
            *(f"says {word}" for word in wrong),
        ]


@dataclass(frozen=True)
class WrongAnswer:
    """A wrong answer to an assignment.

    Attributes:
        assignment: its name.
        name: the style of the answer and what is wrong, in a few words.
        code: of the solution cell.
        cause: what the first message must name.
    """

    assignment: str
    name: str
    code: str
    cause: Cause


Slip = tuple[str, Cause, dict[str, tuple[tuple[str, str], ...]]]
"""What is wrong, its cause, and the texts that it replaces, by the style's name."""


def slips(
    assignment: str, styles: dict[str, str], wrong: list[Slip]
) -> Iterator[WrongAnswer]:
    """Yield the answers that slips make of right ones in several styles."""
    for name, cause, by_style in wrong:
        for style, changes in by_style.items():
            code = styles[style]
            for old, new in changes:
                if old not in code:
                    raise ValueError(f"{assignment}, {style}: {old!r} is not there")
                code = code.replace(old, new)
            yield WrongAnswer(assignment, f"{style}: {name}", code, cause)
