"""The log has a line for each thing that happened, with its level."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from grading import log

LOGGER = logging.getLogger("grading")


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    """Leave the logger as it was."""
    handlers, level = LOGGER.handlers, LOGGER.level
    yield
    for handler in LOGGER.handlers:
        handler.close()
    LOGGER.handlers = handlers
    LOGGER.setLevel(level)


def test_a_record_is_one_line_whatever_a_student_wrote(tmp_path: Path) -> None:
    file = tmp_path / "course.log"
    log.start(file=file)
    logging.getLogger("grading.session").warning("%s", "one\n2026 ERROR two\x1b[2J")
    (line,) = file.read_text("utf-8").splitlines()
    assert "WARNING one" in line
    assert "\x1b" not in line


def test_what_is_below_the_level_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "course.log"
    log.start("warning", file)
    LOGGER.info("quiet")
    LOGGER.error("loud")
    assert "loud" in file.read_text("utf-8")
    assert "quiet" not in file.read_text("utf-8")


def test_without_a_file_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log.start("info")
    LOGGER.info("ready")
    said = capsys.readouterr()
    assert "INFO ready" in said.err
    assert not said.out


def test_without_being_asked_for_nothing_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("grading.session").error("nobody listens")
    assert capsys.readouterr().err == ""


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(log.LogError, match=r"cannot be written: Is a directory\."):
        log.start(file=tmp_path)
