"""A course folder as nbgrader sees it: where things are, and nbgrader's settings."""

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from helpers.errors import CourseError

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config.loader import Config, ConfigFileNotFound, PyFileConfigLoader


class NotFoundError(CourseError):
    """A course folder, an assignment or a student's work that was named is missing."""


class _Gradebook(Gradebook):  # type: ignore[misc]  # nbgrader has no types
    """A gradebook that leaves no connection open if it cannot be opened."""

    def __init__(self, db_url: str, course_id: str) -> None:
        try:
            super().__init__(db_url, course_id)
        except BaseException:
            if hasattr(self, "db"):
                self.close()
            raise


@dataclass(frozen=True)
class Course:
    """A folder with ``nbgrader_config.py``, assignments and students' work.

    Attributes:
        root: the folder.
        config: what its ``nbgrader_config.py`` sets.
    """

    root: Path
    config: Config

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read the settings of the course in ``root``.

        Raises:
            NotFoundError: there is no ``nbgrader_config.py``.
        """
        root = root.resolve()
        try:
            config = PyFileConfigLoader("nbgrader_config.py", str(root)).load_config()
        except ConfigFileNotFound:
            raise NotFoundError(
                f"{root} is no course folder: it holds no nbgrader_config.py"
            ) from None
        config.CourseDirectory.root = str(root)
        return cls(root, config)

    @cached_property
    def directory(self) -> CourseDirectory:
        """Nbgrader's own view of the folder."""
        return CourseDirectory(config=self.config)

    @property
    def shared(self) -> bool:
        """Whether several accounts of one group work here: nbgrader's setting."""
        return bool(self.directory.groupshared)

    @property
    def state(self) -> Path:
        """The folder that the grader keeps its own files in."""
        return self.root / ".grading"

    @property
    def journal(self) -> Path:
        """The file that results are recorded in."""
        return self.state / "journal.db"

    @property
    def submitted(self) -> str:
        """Name of the folder with what students handed in."""
        return str(self.directory.submitted_directory)

    def path(self, step: str, student: str, assignment: str) -> Path:
        """Return an assignment's folder in a step such as ``"autograded"``."""
        return Path(self.directory.format_path(step, student, assignment))

    def source(self, assignment: str) -> Path:
        """Return the path of an assignment's own notebook."""
        folder = self.path(self.directory.source_directory, ".", assignment)
        return folder / f"{assignment}.ipynb"

    def gradebook(self) -> Gradebook:
        """Open the gradebook, which nbgrader makes if need be; use it in a ``with``."""
        if shutil.which("alembic") is None:
            # nbgrader calls it by name; it is next to Python in the environment.
            programs = str(Path(sys.executable).parent)
            os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
        return _Gradebook(self.directory.db_url, self.directory.course_id)
