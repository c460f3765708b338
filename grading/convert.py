"""Runs one of nbgrader's converters in this process, quietly, with clear errors."""

import logging
import traceback
import warnings

from nbgrader.converters import BaseConverter
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config


class ConvertError(RuntimeError):
    """A converter failed; the message is what it said."""


class _Errors(logging.Handler):
    """Keeps what nbgrader says went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def convert(converter: type[BaseConverter], config: Config) -> None:
    """Run a converter with nbgrader's settings ``config``.

    Raises:
        ConvertError: it failed.
    """
    errors = _Errors()
    log = logging.getLogger("grading.nbgrader")
    log.propagate = False
    log.addHandler(errors)
    directory = CourseDirectory(config=config, log=log)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of nbgrader about its own libraries
            converter(coursedir=directory, config=config, log=log).start()
    except Exception as error:
        said = errors.messages or [traceback.format_exc(limit=-1)]
        raise ConvertError("\n".join(said)) from error
    finally:
        log.removeHandler(errors)
