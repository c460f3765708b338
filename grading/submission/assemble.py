"""The notebook that runs: the course's own, with the student's text in its place."""

from copy import deepcopy
from dataclasses import replace

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grading.runtime.fingerprint import digest, key
from grading.runtime.job import Cell, Job, Limits, Result
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from grading.submission.match_cells import Added


def cells(assignment: Assignment, submission: Submission) -> tuple[Cell, ...]:
    """Return the course's cells in their order, with the student's in their places.

    A solution cell that is missing keeps its stub. Cells that the student added have
    the role ``"solution"``, no grade id, and ids ``added-1``, ``added-2``, …
    """
    added = [
        (cell.after, _added(number, cell))
        for number, cell in enumerate(submission.added, start=1)
    ]
    rebuilt: list[Cell] = []
    started = False
    for cell in assignment.cells:
        if cell.role == "solution":
            if not started:
                rebuilt += [cell for after, cell in added if after == ""]
                started = True
            source = submission.solutions.get(cell.grade_id, cell.source)
            rebuilt.append(replace(cell, source=source))
            rebuilt += [own for after, own in added if after == cell.grade_id]
        else:
            rebuilt.append(cell)
    return tuple(rebuilt)


def _added(number: int, cell: Added) -> Cell:
    return Cell(
        id=f"added-{number}",
        grade_id="",
        kind="code",
        source=cell.source,
        role="solution",
    )


def notebook(assignment: Assignment, job: Job) -> NotebookNode:
    """Return a job's cells as a notebook with nbgrader's data and hidden tests."""
    originals = {cell.id: cell for cell in deepcopy(assignment.full.cells)}
    whole = deepcopy(assignment.full)
    whole.cells = []
    for cell in job.cells:
        original = originals.get(cell.id)
        if original is None:
            original = new_code_cell(cell.source, id=cell.id)
        elif cell.role == "solution":
            original.source = cell.source
        whole.cells.append(original)
    return whole


def job(
    assignment: Assignment,
    submission: Submission,
    environment: str,
    *,
    limits: Limits | None = None,
) -> Job:
    """Return what is to be run for a submission.

    Args:
        assignment: the course's own.
        submission: what the student handed in.
        environment: what ``environment`` returned.
        limits: what the run may use.
    """
    made = Job(
        assignment=assignment.name,
        student=submission.student,
        cells=cells(assignment, submission),
        full_tests=assignment.tests,
        limits=limits or Limits(),
        ordinary=assignment.ordinary,
    )
    if submission.refused is not None:
        sentences = [submission.refused, *submission.notes]
        return replace(made, key=digest([assignment.name, sentences]))
    return replace(made, key=key(made, environment))


def own_solution(assignment: Assignment, environment: str, limits: Limits) -> Job:
    """Return what is to be run to see whether the course's own solution is right."""
    own = Submission("own-solution", assignment.name, solutions=assignment.solutions)
    return job(assignment, own, environment, limits=limits)


def seeded(job: Job, seed: int) -> Job:
    """Return a job whose checks draw from a seed."""
    return replace(job, seed=seed)


def work_key(job: Job) -> str:
    """Return a hash of what the student wrote alone."""
    work = [[cell.name, cell.source] for cell in job.cells if cell.role == "solution"]
    return digest([job.assignment, work])


def untouched_key(assignment: Assignment) -> str:
    """Return what ``work_key`` gives for the notebook as students get it."""
    return work_key(job(assignment, Submission("", assignment.name), ""))


def refusal(job: Job, submission: Submission) -> Result:
    """Return the explicit zero of a submission that was refused."""
    sentence = f"Not graded: {submission.refused}"
    tests = [cell.grade_id for cell in job.full_tests]
    return Result(
        key=job.key,
        student=job.student,
        assignment=job.assignment,
        status="refused",
        notes=(str(submission.refused), *submission.notes),
        marks=dict.fromkeys(tests, 0.0),
        messages=dict.fromkeys(tests, sentence),
    )


def of_equal_work(result: Result, job: Job) -> Result:
    """Return what a job gets whose key is that of the one that ran.

    It took no time: the times of a class are those of what was run.
    """
    return replace(result, student=job.student, seconds={})


def with_notes(result: Result, submission: Submission) -> Result:
    """Return a result together with what intake repaired."""
    if not submission.notes:
        return result
    status = "repaired" if result.status == "graded" else result.status
    return replace(result, status=status, notes=(*submission.notes, *result.notes))
