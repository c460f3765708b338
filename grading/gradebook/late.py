"""What a late submission loses, as nbgrader's plugin: so much of its points a day."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from nbgrader.api import MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from traitlets import Dict, Float

from grading.course import Course
from grading.gradebook.storage import opened

DAY_S = 24 * 60 * 60


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader has no types
    """Takes a share of the points for each day that has begun.

    ``c.LatePolicy.percent_a_day = 10`` and ``c.LatePolicy.grace_minutes = 15`` are for
    all assignments, ``c.LatePolicy.by_assignment = {"NAME": {"percent_a_day": 20}}``
    for one. Without a percentage, nbgrader's ``penalty_method`` decides.
    """

    percent_a_day = Float(
        0.0, min=0.0, max=100.0, help="Of the points that were reached."
    ).tag(config=True)
    grace_minutes = Float(
        0.0, min=0.0, help="After the due date, in which nothing is late."
    ).tag(config=True)
    by_assignment = Dict(help="Other values for some assignments.").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> Any:
        """Return the points that a submission loses; None for none."""
        own = self.by_assignment.get(getattr(self.parent, "assignment_id", ""), {})
        grace_s = 60 * float(own.get("grace_minutes", self.grace_minutes))
        percent = float(own.get("percent_a_day", self.percent_a_day))
        late_s = total_seconds_late - grace_s
        if late_s <= 0:
            return None
        if not percent:
            return super().late_submission_penalty(student_id, score, late_s)
        return score * min(1.0, percent / 100 * math.ceil(late_s / DAY_S))


def settle(
    course: Course,
    assignment: str,
    times: Mapping[str, str | None],
    extra_days: Mapping[str, float],
) -> None:
    """Work out again what submissions lose: dates, or marks by hand, may have changed.

    Args:
        course: the course folder.
        assignment: the assignment's name.
        times: when each student's work was handed in; None if that is unknown.
        extra_days: by student, how long after the due date nothing is late.

    Raises:
        WriteError: the gradebook cannot be written.
    """
    with opened(course) as gradebook:
        policy = AssignLatePenalties(config=course.config)
        policy.assignment_id = assignment
        policy.init_plugin()
        try:
            submissions = gradebook.find_assignment(assignment).submissions
        except MissingEntry:
            return
        for submission in submissions:
            student = submission.student.id
            if student not in times:
                continue
            if times[student] is not None:
                submission.timestamp = parse_utc(times[student])
            if student in extra_days:
                submission.extension = timedelta(days=extra_days[student])
            for notebook in submission.notebooks:
                _settle(notebook, submission, policy)
        gradebook.db.commit()


def _settle(
    notebook: SubmittedNotebook,
    submission: SubmittedAssignment,
    policy: AssignLatePenalties,
) -> None:
    """Note what a notebook loses, where that has changed."""
    seconds = submission.total_seconds_late
    score = float(notebook.score)
    penalty = None
    if seconds > 0:
        plugin = policy.plugin_inst
        penalty = plugin.late_submission_penalty(submission.student.id, score, seconds)
    if penalty is not None:
        penalty = min(max(0.0, penalty), score)
    if (penalty or 0.0) != (notebook.late_submission_penalty or 0.0):
        notebook.late_submission_penalty = penalty
