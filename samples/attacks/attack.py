"""What an attack is, and where it may look: one value for all modules here."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from grading.runtime.job import Limits, Status

# Unanswered, and a builder that is not written: neither earns anything.
NOTHING = {"quiz": "answer_1 = set()", "vanilla": "autoencoder = None"}
FIRST_CELL = {"quiz": "answer_1", "vanilla": "autoencoder"}
SMALL = Limits(wall_s=20, cpu_s=15, memory_mb=1500, processes=64, file_mb=8)
ANY: frozenset[Status] = frozenset({"graded", "failed", "timeout"})


@dataclass(frozen=True)
class Attack:
    """A submission that is out for points, secrets or harm.

    In ``code``, ``@COURSE@`` stands for the path of a course folder with a gradebook,
    solutions and a peer's work that everybody may write; ``@PORT@`` for a local port
    that somebody listens at, and ``@SOCKET@`` for a socket in that folder.

    Attributes:
        id: its name.
        kind: the class of attacks that it belongs to.
        code: what the student adds.
        assignment: ``"quiz"`` or ``"vanilla"``.
        honest: the same cell without the attack.
        after: whether ``code`` stands below ``honest`` in the cell, or replaces it.
        limits: what the submission may use.
        status: how the run may end.
        shown: a text that the outputs must contain, to show that the attack ran.
    """

    id: str
    kind: str
    code: str
    assignment: str = "quiz"
    honest: str = ""
    after: bool = True
    limits: Limits = SMALL
    status: frozenset[Status] = field(default=ANY)
    shown: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """Source of the solution cells, by grade id."""
        above = f"{self.base[FIRST_CELL[self.assignment]]}\n" if self.after else ""
        return {FIRST_CELL[self.assignment]: above + self.code}

    @property
    def base(self) -> dict[str, str]:
        """The same cells without the attack."""
        honest = self.honest or NOTHING[self.assignment]
        return {FIRST_CELL[self.assignment]: honest}


def without_repetition(attacks: Iterable[Attack]) -> list[Attack]:
    """Return the attacks.

    Raises:
        ValueError: two have the same name.
    """
    by_name: dict[str, Attack] = {}
    for attack in attacks:
        if attack.id in by_name:
            raise ValueError(f"two attacks have the name {attack.id}")
        by_name[attack.id] = attack
    return list(by_name.values())
