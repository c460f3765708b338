"""Runs one of nbgrader's converters in this process, quietly, with clear errors."""

import logging
import traceback
import warnings

from helpers.errors import CourseError

from nbgrader.converters import BaseConverter
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

# What Python writes between the errors of a traceback.
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
    for one in logs:
        one.propagate = False
        one.addHandler(errors)
    log = logs[0]
    directory = CourseDirectory(config=config, log=log)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of nbgrader about its own libraries
            converter(coursedir=directory, config=config, log=log).start()
    except Exception as error:
        said = errors.messages or [traceback.format_exc(limit=-1)]
        raise ConvertError("\n".join(said)) from error
    finally:
        for one in logs:
            one.removeHandler(errors)
            one.propagate = True
