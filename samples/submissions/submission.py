"""What a known submission is, and short ways to write one."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KnownSubmission:
    """A student's work with its marks.

    Attributes:
        name: what is right or wrong about it, in a few words.
        cells: source of solution cells by grade id; the others are the reference's.
        loses: grade ids of the test cells whose points it must lose, and no others.
        may_lose: those that it loses with some of the numbers that a run draws, as its
            mistake shows there by chance.
        graded: whether plain nbgrader marks it too, which takes seconds.
    """

    name: str
    cells: dict[str, str]
    loses: frozenset[str] = field(default=frozenset())
    may_lose: frozenset[str] = field(default=frozenset(), kw_only=True)
    graded: bool = False


def changed(source: str, *changes: tuple[str, str]) -> str:
    """Return ``source`` with each (old, new) replaced; old must stand there once."""
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands {source.count(old)} times in the source")
        source = source.replace(old, new)
    return source


def right(
    name: str, code: str, *, cell: str = "autoencoder", graded: bool = False
) -> KnownSubmission:
    """Return a submission of a builder, in ``cell``, that must get full marks."""
    return KnownSubmission(name, {cell: code}, graded=graded)


def variant(
    reference: str,
    name: str,
    loses: Iterable[str],
    *changes: tuple[str, str],
    cell: str = "autoencoder",
    may_lose: Iterable[str] = (),
    graded: bool = False,
) -> KnownSubmission:
    """Return a submission of the reference with ``changes``, which lose points."""
    code = changed(reference, *changes)
    return KnownSubmission(
        name, {cell: code}, frozenset(loses), graded, may_lose=frozenset(may_lose)
    )


def half_right(half: str, wrong: str, *, graded: bool = False) -> KnownSubmission:
    """Return a submission that loses points for its answers to the questions alone.

    Args:
        half: letters of the first answer, a part of the right ones.
        wrong: letters of the second answer, with a wrong one among them.
        graded: whether plain nbgrader marks it too.
    """
    return KnownSubmission(
        "one question half right, one with a wrong choice",
        {
            f"answer_{number}": f"answer_{number} = set({letters!r})"
            for number, letters in enumerate((half, wrong), start=1)
        },
        frozenset({"answer_1_complete", "answer_2_no_wrong", "answer_2_complete"}),
        graded,
    )
