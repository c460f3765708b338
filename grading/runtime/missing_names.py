"""What is said where a test needs a name that the student's cells do not define.

One sentence, at the first test and in the table, says why. The tests after it wait.
"""

import re
from collections.abc import Mapping

from grading.runtime.job import Job, Output

UNDEFINED = re.compile(r"NameError: (\w+) is not defined")
MAX_ERROR = 120


def explain(
    job: Job, outputs: Mapping[str, list[Output]], messages: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the messages of a verdict in words, and a sentence for each missing name.

    Args:
        job: what was run.
        outputs: what its cells showed, by ``Cell.name``.
        messages: why points were lost, by grade id.
    """
    said = dict(messages)
    first: dict[str, str] = {}
    notes = []
    for test in job.full_tests:
        undefined = UNDEFINED.fullmatch(said.get(test.grade_id, ""))
        if undefined is None:
            continue
        name = undefined[1]
        if name in first:
            said[test.grade_id] = f"It waits for {name}: see the check {first[name]}."
            continue
        first[name] = test.grade_id
        said[test.grade_id] = f"{name} is not defined: {_why(job, outputs, name)}"
        notes.append(said[test.grade_id])
    return said, notes


def _why(job: Job, outputs: Mapping[str, list[Output]], name: str) -> str:
    """Return why a name is missing: what its cell, or one before, broke off with."""
    written = [cell.name for cell in job.students if cell.role == "solution"]
    own = [cell for cell in written if cell == name]
    for cell in [*own, *written]:
        for output in outputs.get(cell, []):
            if output.get("output_type") == "error":
                error = f"{output.get('ename')}: {output.get('evalue')}"
                return f"the cell {cell} breaks off with {error[:MAX_ERROR]}."
    return "no cell defines it. Keep the name that the stub has."
