"""Assignments as nbgrader knows them: student versions, entries in the gradebook."""

from copy import deepcopy
from fnmatch import filter as matching
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ComputeChecksums
from traitlets.config import Application, Config

from grading.course import Course
from grading.gradebook.converters import ConvertError, convert
from grading.gradebook.storage import WriteError, opened
from grading.submission.assignment import Assignment


def names(course: Course) -> list[str]:
    """Return the names of all assignments of a course, in order."""
    pattern = course.source("*").relative_to(course.root)
    paths = course.root.glob(str(pattern))
    return sorted(path.stem for path in paths if path.stem == path.parent.name)


def generate(course: Course, *assignments: str) -> list[str]:
    """Write the student versions of assignments, and enter them in the gradebook.

    That is ``nbgrader generate_assignment NAME --force`` for each, in this process: the
    files of all twelve in a second, their entries in some seconds. An entry that has
    submissions stays as it is.

    Args:
        course: the course folder; ``release/`` is written in it.
        assignments: names of those to generate; all, if none is named.

    Returns:
        The assignments whose entries have submissions and stayed as they are.

    Raises:
        ConvertError: nbgrader could not generate one.
        WriteError: the gradebook cannot be opened.
    """
    kept = []
    for name in assignments or names(course):
        config = _config(course, name)
        if _has_submissions(course, name):
            config.GenerateAssignment.no_database = True
            config.SaveCells.enabled = False
            kept.append(name)
        convert(GenerateAssignment, config)
    return kept


def enter(course: Course, name: str) -> None:
    """Enter an assignment in the gradebook as its source is now.

    The student version in ``release/`` stays as it is.

    Raises:
        WriteError: nbgrader could not enter it; there are marks for other cells, say.
    """
    config = _config(course, name)
    with TemporaryDirectory() as folder:
        config.CourseDirectory.release_directory = folder
        try:
            convert(GenerateAssignment, config)
        except ConvertError as error:
            raise WriteError(
                f"nbgrader could not enter {name} in the gradebook. Tests cannot be "
                f"added or removed once there are marks for them.\n{error}"
            ) from error


def is_entered(course: Course, assignment: Assignment) -> bool:
    """Return whether the gradebook holds an assignment as its source is now.

    Raises:
        WriteError: the gradebook cannot be opened.
    """
    steps = ComputeChecksums(config=course.config)
    notebook, _ = steps.preprocess(deepcopy(assignment.full), {})
    now = {
        about["grade_id"]: about["checksum"]
        for cell in notebook.cells
        if "checksum" in (about := cell.metadata.get("nbgrader", {}))
    }
    with opened(course) as gradebook:
        try:
            entry = gradebook.find_notebook(assignment.name, assignment.name)
        except MissingEntry:
            return False
        return {cell.name: cell.checksum for cell in entry.source_cells} == now


def enter_missing(assignment: str, student: str, notebooks: list[str]) -> None:
    """Enter what is to be graded, if the gradebook has no notebook of it.

    So a clone, which has no gradebook, knows its assignments. Nbgrader calls this
    before it grades a submission: ``Autograde.pre_convert_hook`` in
    ``nbgrader_config.py``. It is then in the course folder.

    Args:
        assignment: the name, or a pattern of names.
        student: not used.
        notebooks: not used.
    """
    course = Course.load(Path.cwd())
    if Application.initialized() and isinstance(Application.instance(), NbGrader):
        # With the options of the command line, such as another gradebook.
        course = Course(course.root, Application.instance().config)
    for name in matching(names(course), assignment):
        with opened(course) as gradebook:
            entered = _has_notebook(gradebook, name)
        if not entered:
            enter(course, name)


def _config(course: Course, name: str) -> Config:
    config = deepcopy(course.config)
    config.CourseDirectory.assignment_id = name
    config.BaseConverter.force = True
    config.Exporter.optimistic_validation = True  # once, not after every step
    return config


def _has_notebook(gradebook: Gradebook, name: str) -> bool:
    try:
        gradebook.find_notebook(name, name)
    except MissingEntry:
        return False
    return True


def _has_submissions(course: Course, name: str) -> bool:
    with opened(course) as gradebook:
        try:
            return bool(gradebook.find_assignment(name).submissions)
        except MissingEntry:
            return False
