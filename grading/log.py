"""The grader's log: lines with a time and a level, for those who run it."""

import logging
from pathlib import Path
from typing import Literal

from helpers.errors import CourseError

from grading.runtime import sanitize

Level = Literal["debug", "info", "warning", "error"]
FORM = "%(asctime)s %(levelname)s %(message)s"


class LogError(CourseError):
    """The log cannot be written where it was to be."""


class OneLine(logging.Formatter):
    """One line for each record: parts of it can be a student's words."""

    def format(self, record: logging.LogRecord) -> str:
        return sanitize.line(super().format(record))


def start(level: Level = "info", file: Path | None = None) -> None:
    """Begin to log what the grader does.

    Args:
        level: the least that is logged.
        file: what lines are added to; None for stderr.

    Raises:
        LogError: the file cannot be written.
    """
    try:
        handler: logging.Handler = (
            logging.StreamHandler()
            if file is None
            else logging.FileHandler(file, encoding="utf-8")
        )
    except OSError as error:
        raise LogError(f"The log {file} cannot be written: {error.strerror}.") from None
    handler.setFormatter(OneLine(FORM))
    logger = logging.getLogger("grading")
    logger.handlers = [handler]
    logger.setLevel(level.upper())
