"""nbgrader's Execute step, replaced: recorded outputs and trusted marks."""

import math
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Dict

from grading.runtime.sanitize import clean, text


class Replay(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Puts what a sandbox recorded into the notebook, and nothing runs.

    A test cell's outputs are such that nbgrader reads exactly the trusted mark from
    them: an error for no points, a number for some, neither for all.
    """

    outputs = Dict(help="Outputs by grade id, or by cell id.").tag(config=True)
    marks = Dict(help="Points of test cells by grade id.").tag(config=True)
    messages = Dict(help="Why points were lost, by grade id.").tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Replace the outputs of a code cell."""
        if cell.cell_type != "code":
            return cell, resources
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id") or cell.get("id", "")
        recorded = clean(self.outputs.get(name, []))
        if is_grade(cell) and not is_solution(cell):
            recorded = verdict(
                recorded,
                float(self.marks.get(name, 0.0)),
                float(about["points"]),
                text(self.messages.get(name, "")),
            )
        cell.outputs = recorded
        cell.execution_count = None
        return cell, resources


def verdict(
    recorded: list[NotebookNode], mark: float, points: float, message: str
) -> list[NotebookNode]:
    """Return a test cell's outputs, from which nbgrader reads ``mark``.

    What the student's code printed and drew stays. What nbgrader would take for a mark
    does not: errors and results, and text on stderr turns into plain text.

    Raises:
        ValueError: the mark is not between 0 and ``points``.
    """
    if not (math.isfinite(mark) and 0 <= mark <= points):
        raise ValueError(f"a mark of {mark} for a test of {points} points")
    kept = []
    for output in recorded:
        if output.output_type == "stream":
            kept.append(new_output("stream", name="stdout", text=output.text))
        elif output.output_type == "display_data":
            kept.append(output)
    if mark == points > 0:
        return kept
    if mark == 0:
        message = message or "No points: this test was not passed."
        shown = {"ename": "CheckFailed", "evalue": message}
        return [*kept, new_output("error", **shown, traceback=message.split("\n"))]
    if message:
        kept.append(new_output("stream", name="stdout", text=message + "\n"))
    number = {"text/plain": repr(mark)}
    return [*kept, new_output("execute_result", data=number, execution_count=None)]
