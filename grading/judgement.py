"""What goes to the process that judges, and what comes back; without Keras."""

from dataclasses import asdict, dataclass, field
from typing import Any

from grading.job import Job


@dataclass
class Verdict:
    """What the trusted process found.

    Attributes:
        marks: points by grade id.
        messages: why points were lost, by grade id.
        visible: whether the visible tests passed, by grade id.
        late: whether the student's process took too long.
        broken: why the student's process could no longer be asked; ``""`` if it could.
    """

    marks: dict[str, float] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    visible: dict[str, bool] = field(default_factory=dict)
    late: bool = False
    broken: str = ""


def as_request(job: Job) -> dict[str, Any]:
    """Return the course's part of a job: what the process that judges reads first."""
    tests = [cell for cell in job.cells if cell.role == "test"]
    setup = [c.source for c in job.cells if c.role == "setup" and c.kind == "code"]
    return {
        "setup": setup,
        "cells": list(map(asdict, tests)),
        "trusted": list(map(asdict, job.trusted)),
        "seed": job.seed,
    }
