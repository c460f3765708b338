"""Runs one of nbgrader's converters in this process, quietly, with clear errors."""

import logging
import traceback
import warnings

from helpers.errors import CourseError

from nbgrader.converters import BaseConverter
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

# How the lines of a traceback begin that name no error.
PLACES = ("  ", "Traceback (", "The above exception", "During handling")
# nbgrader's own messages, and those of its gradebook.
LOGS = ("grading.nbgrader", "tornado.application")


class ConvertError(CourseError):
    """A converter failed; the message is what it said."""


class _Errors(logging.Handler):
    """Keeps what nbgrader says went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # Of a traceback, the errors and not the places.
        self.messages += [
            line
            for line in record.getMessage().splitlines()
            if line.strip() and not line.startswith(PLACES)
        ]


def convert(converter: type[BaseConverter], config: Config) -> None:
    """Run a converter with nbgrader's settings ``config``.

    Raises:
        ConvertError: it failed.
    """
    errors = _Errors()
    logs = [logging.getLogger(name) for name in LOGS]
    for logger in logs:
        logger.propagate = False
        logger.addHandler(errors)
    log = logs[0]
    directory = CourseDirectory(config=config, log=log)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of nbgrader about its own libraries
            converter(coursedir=directory, config=config, log=log).start()
    except Exception as error:
        messages = errors.messages or [traceback.format_exc(limit=-1)]
        if isinstance(error, SQLAlchemyError):  # whose words hold all of the query
            messages = [str(getattr(error, "orig", None) or error)]
        raise ConvertError("\n".join(messages)) from error
    finally:
        for logger in logs:
            logger.removeHandler(errors)
            logger.propagate = True
