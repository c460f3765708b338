"""The verdict: what passes the wire, what a student's process may answer, and marks."""

import json
import logging
import math
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from helpers.checks import vanilla
from helpers.checks.property_check import CheckFailed
from helpers.checks.student.interface import WRONG_NUMBERS, StudentError

import keras
import numpy as np
import pytest

from grading.course import Course
from grading.runtime import protocol
from grading.runtime.executor import Executor
from grading.runtime.job import Cell, Job, Verdict
from grading.runtime.protocol import Bounds, LateError, ProtocolError
from grading.submission.assemble import job
from grading.submission.assignment import Assignment
from grading.submission.intake import Submission
from grading.trusted.channel import Channel, RemoteStudent
from grading.trusted.judge import free_names, hidden_part, judge
from grading.untrusted.answer import serve
from samples.course import ROOT
from samples.marking import expected_marks
from samples.notebooks import references
from samples.submissions import submissions
from samples.submissions.vanilla import REFERENCE

# --- the wire -------------------------------------------------------------------------


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return two ends of a connection."""
    one_end, other_end = socket.socketpair()
    with one_end, other_end:
        yield one_end, other_end


Ends = tuple[socket.socket, socket.socket]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([np.nan, np.inf, -0.0]),
        np.zeros((0, 5), np.int64),
        np.array(True),
        np.arange(12, dtype=np.uint8).reshape(3, 4).T,
    ],
    ids=["float32", "not finite", "empty", "no axes", "not contiguous"],
)
def test_an_array_arrives_as_it_was_sent(ends: Ends, array: np.ndarray) -> None:
    protocol.send(ends[0], {"a": 1}, [array])

    body, (arrived,) = protocol.receive(ends[1])

    assert body == {"a": 1}
    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(arrived, array)


@pytest.mark.parametrize(
    "value",
    [
        None,
        ...,
        True,
        3,
        2.5,
        "b",
        [1, [2]],
        (28, 28, 1),
        {"a", "c"},
        frozenset({1}),
        {"a": [1], 2: (3,)},
    ],
    ids=lambda value: type(value).__name__,  # a set's text differs between workers
)
def test_a_value_arrives_with_its_type(value: Any) -> None:
    arrived = protocol.decode(json.loads(json.dumps(protocol.encode(value))))

    assert arrived == value
    assert type(arrived) is type(value)


def test_numpy_values_become_plain_ones() -> None:
    assert protocol.decode(protocol.encode([np.int64(3), np.array(["a"])])) == [
        3,
        ["a"],
    ]


def test_anything_else_becomes_a_placeholder() -> None:
    assert repr(protocol.decode(protocol.encode(Cell))) == "<type>"


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"kind": "list"},
        {"kind": "list", "items": "abc"},
        {"kind": "set", "items": [{"kind": "list", "items": []}]},
        {"kind": "dict", "items": [[1]]},
        {"kind": "dict", "items": [1]},
        {"kind": "opaque", "of": 3},
        {"kind": ["list"], "items": []},
        {"kind": "list", "items": [1] * 30_000},
        "x" * 30_000,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_malformed_value_is_refused(value: Any) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(value)


def test_a_deep_value_is_refused() -> None:
    value: Any = 1
    for _ in range(100):
        value = {"kind": "list", "items": [value]}

    with pytest.raises(ProtocolError, match="too large"):
        protocol.decode(value)


@pytest.mark.parametrize("value", [b"[],", b'{"":0},', b"1,", b'"",'])
def test_a_message_of_too_many_values_is_refused_before_they_are_made(
    ends: Ends, value: bytes
) -> None:
    """A grader that makes millions of them does nothing else for seconds."""
    many = value * (2_000_000 // len(value))
    began = time.process_time()
    threading.Thread(target=ends[0].sendall, args=(frame(b"[%b0]" % many),)).start()

    with pytest.raises(ProtocolError, match="too many values"):
        protocol.receive(ends[1], bounds=protocol.Bounds(text=1 << 22))
    assert time.process_time() - began < 1


def test_a_long_print_of_numbers_is_read(ends: Ends) -> None:
    text = "0.5, [1, 2], " * 100_000
    body = json.dumps({"text": text}).encode()
    threading.Thread(target=ends[0].sendall, args=(frame(body),)).start()

    read, _ = protocol.receive(ends[1], bounds=protocol.Bounds(text=1 << 22))

    assert read == {"text": text}


def test_a_set_of_numbers_with_one_hash_is_read_at_once_or_refused() -> None:
    """Each is compared with all before it."""
    colliding = [number * (2**61 - 1) for number in range(protocol.MAX_ITEMS)]
    began = time.process_time()

    read = protocol.decode({"kind": "set", "items": colliding[1:]})

    assert len(read) == protocol.MAX_ITEMS - 1
    assert time.process_time() - began < 1
    with pytest.raises(ProtocolError, match="too large"):
        protocol.decode({"kind": "set", "items": colliding})


def frame(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


def announced(*arrays: Any) -> bytes:
    return frame(json.dumps({"arrays": arrays}).encode())


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<I", 2**32 - 1),
        frame(b"no json"),
        frame(b"[1]"),
        frame(b"\xff\xfe"),
        frame(b"[" * 100_000),
        frame(b"1" * 10_000),
        announced(["<f4", [2**40]]),
        announced(["<f4", [2**20, 2**20]]),
        announced(["<f4", [-1]]),
        announced(["<f4", [True]]),
        announced(["<f4", [0.5]]),
        announced(["<f4", [1] * 50]),
        announced(["<f4"]),
        announced(["|O", [1]]),
        announced([["<f4"], [1]]),
        announced(*[["<f4", [0]]] * 600),
        frame(b'{"arrays": 3}'),
    ],
    ids=lambda data: repr(data[4:44]),
)
def test_a_malformed_frame_is_refused_before_there_is_room_made(
    ends: Ends, data: bytes
) -> None:
    ends[0].sendall(data)

    with pytest.raises(ProtocolError):
        protocol.receive(ends[1], deadline=time.monotonic() + 5)


def test_a_frame_above_the_bounds_is_refused(ends: Ends) -> None:
    protocol.send(ends[0], {}, [np.zeros(100)])

    with pytest.raises(ProtocolError, match="too large"):
        protocol.receive(ends[1], bounds=Bounds(data=100))


def test_who_does_not_answer_is_too_late(ends: Ends) -> None:
    with pytest.raises(LateError):
        protocol.receive(ends[1], deadline=time.monotonic() + 0.05)


def test_who_does_not_read_is_too_late(ends: Ends) -> None:
    with pytest.raises(LateError):
        protocol.send(
            ends[0], {}, [np.zeros(1 << 20)], deadline=time.monotonic() + 0.05
        )


def test_an_answer_in_tiny_pieces_is_too_late(ends: Ends) -> None:
    def dribble() -> None:
        for _ in range(50):
            ends[0].send(b"\x05")
            time.sleep(0.02)

    thread = threading.Thread(target=dribble)
    thread.start()
    with pytest.raises(ProtocolError):
        protocol.receive(ends[1], deadline=time.monotonic() + 0.2)
    thread.join()


def test_a_closed_connection_is_an_end(ends: Ends) -> None:
    ends[0].close()

    with pytest.raises(ProtocolError, match="ended"):
        protocol.receive(ends[1])


# --- a student at a distance ----------------------------------------------------------


def beside(run: Callable, *arguments: Any) -> threading.Thread:
    """Run a function in a thread."""
    thread = threading.Thread(target=run, args=arguments, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def names() -> dict[str, Any]:
    """Return what a right submission leaves behind."""
    space: dict[str, Any] = {"keras": keras, "layers": keras.layers, "x": {"a"}}
    exec(REFERENCE, space)
    return space


@pytest.fixture
def channel(ends: Ends, names: dict[str, Any]) -> Iterator[Channel]:
    """Return a channel to somebody who serves the right submission."""
    beside(serve, ends[0], names)
    yield Channel(ends[1], time.monotonic() + 60)
    logging.disable(logging.NOTSET)  # as serve does for its own process


@pytest.mark.parametrize(
    "check",
    [
        vanilla.shapes,
        vanilla.encoder_layers,
        vanilla.loss_is_bce,
        vanilla.optimizer_is_adam,
        vanilla.arguments_unchanged,
    ],
    ids=lambda check: check.__name__,
)
def test_checks_hold_for_a_right_submission_at_a_distance(
    channel: Channel, check: Callable
) -> None:
    check(RemoteStudent(channel, "autoencoder"))


def test_names_are_values_or_students(channel: Channel) -> None:
    assert channel.value("x") == {"a"}
    assert isinstance(channel.value("autoencoder"), RemoteStudent)
    with pytest.raises(NameError, match="nothing is not defined"):
        channel.value("nothing")


def test_an_error_of_the_student_comes_with_its_text(
    ends: Ends, names: dict[str, Any]
) -> None:
    def fails(*_: Any) -> None:
        raise ValueError("my mistake")

    beside(serve, ends[0], {**names, "autoencoder": fails})
    student = RemoteStudent(Channel(ends[1], time.monotonic() + 60), "autoencoder")

    with pytest.raises(CheckFailed, match="my mistake"):
        vanilla.shapes(student)
    logging.disable(logging.NOTSET)


def liar(end: socket.socket, *answers: tuple[dict, list]) -> None:
    """Answer questions with what is given, whatever is asked."""
    for body, arrays in answers:
        asked, _ = protocol.receive(end)
        protocol.send(end, {"number": asked["number"], **body}, arrays)


FACTS = {
    "class": "Model",
    "input_shape": None,
    "output_shape": None,
    "parameters": 1,
    "optimizer": None,
    "layers": [],
}
X = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda s: s.build(1), {}),
        (lambda s: s.build(1), {"arguments": {"kind": "list", "items": []}}),
        (lambda s: s.build(1), {"arguments": {"kind": "tuple", "items": [1]}}),
        (lambda s: s.facts("auto"), {}),
        (lambda s: s.facts("auto"), {"facts": 3}),
        (lambda s: s.facts("auto"), {"facts": {**FACTS, "optimizer": ["Adam"]}}),
        (lambda s: s.facts("auto"), {"facts": {**FACTS, "layers": [{"class": 1}]}}),
        (lambda s: s.facts("auto"), {"facts": {**FACTS, "layers": {"a": 1}}}),
        (lambda s: s.training_loss(X, X), {"loss": "0.1"}),
        (lambda s: s.training_loss(X, X), {"loss": True}),
        (lambda s: s.train(X, X, epochs=2, batch_size=1), {"losses": [1.0]}),
        (lambda s: s.train(X, X, epochs=1, batch_size=1), {"losses": [None]}),
        (lambda s: s.predict("auto", X), {"number": 5}),
        (lambda s: s.predict("auto", X), {"error": 3}),
        (lambda s: s.predict("auto", X), {"error": {"kind": [], "message": {}}}),
    ],
)
def test_an_answer_of_another_form_is_the_students_error(
    ends: Ends, call: Callable, body: dict
) -> None:
    beside(liar, ends[0], (body, []))
    student = RemoteStudent(Channel(ends[1], time.monotonic() + 5), "autoencoder")

    with pytest.raises(StudentError):
        call(student)


def test_what_is_not_finite_is_the_students_error(ends: Ends) -> None:
    answers = ({"loss": math.nan}, []), ({"loss": 10**400}, []), ({}, [X + np.nan])
    beside(liar, ends[0], *answers, ({}, [X - np.inf]))
    student = RemoteStudent(Channel(ends[1], time.monotonic() + 5), "autoencoder")

    for ask in (
        lambda: student.training_loss(X, X),
        lambda: student.training_loss(X, X),
        lambda: student.predict("auto", X),
        lambda: student.get_weights("auto"),
    ):
        with pytest.raises(StudentError) as caught:
            ask()
        assert caught.value.kind == WRONG_NUMBERS


def test_weights_may_not_change_their_shapes(ends: Ends) -> None:
    beside(liar, ends[0], ({}, [X]), ({}, [X]), ({}, [X.T]))
    student = RemoteStudent(Channel(ends[1], time.monotonic() + 5), "autoencoder")
    student.get_weights("auto")
    student.get_weights("auto")

    with pytest.raises(StudentError, match="change their number or shapes"):
        student.get_weights("auto")


def test_after_an_answer_that_is_late_nothing_more_is_asked(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.trusted.channel.CALL_S", 0.05)
    student = RemoteStudent(Channel(ends[1], time.monotonic() + 60), "autoencoder")

    for _ in range(2):
        with pytest.raises(StudentError, match="too long"):
            student.predict("auto", X)


# --- the verdict ----------------------------------------------------------------------


def test_the_hidden_part_is_what_comes_after_the_visible_one() -> None:
    assert hidden_part("a(1)", "a(1)\n### HIDDEN\na(2)\nb(3)") == "a(2)\nb(3)"


def test_a_cell_put_together_otherwise_is_hidden_as_a_whole() -> None:
    assert hidden_part("a(1)", "a(2)\na(1)") == "a(2)\na(1)"


def test_the_names_that_a_cell_needs() -> None:
    assert set(free_names("y = f(x)\nprint(y, [z for z in x])")) == {"f", "print", "x"}


# What a channel says before its first question.
NOTHING_ASKED: Any = {"broken": None, "asked": 0}


def last(verdicts: Iterator[Verdict]) -> Verdict:
    """Return the last one: the whole verdict."""
    *_, verdict = verdicts
    return verdict


def judged(answers: dict[str, Any], *tests: tuple[str, str]) -> Any:
    """Return the verdict on test cells, each with its visible and its hidden text."""

    def value(name: str) -> Any:
        if name not in answers:
            raise NameError(f"{name} is not defined")
        return answers[name]

    channel: Any = SimpleNamespace(value=value, **NOTHING_ASKED)
    visible, full_tests = [], []
    for number, (seen, hidden) in enumerate(tests):
        about = {"kind": "code", "role": "test", "points": 2.0}
        name = f"test_{number}"
        visible.append(Cell(name, name, source=seen, **about))
        full_tests.append(Cell(name, name, source=f"{seen}\n{hidden}", **about))
    return last(
        judge(["from helpers.checks import quiz"], visible, full_tests, channel)
    )


def test_points_are_for_cells_whose_visible_and_hidden_tests_pass() -> None:
    verdict = judged(
        {"answer": {"a"}},
        ("quiz.form(answer)", "quiz.every_right_option(answer, right='a')"),
        ("quiz.form(answer)", "quiz.every_right_option(answer, right='b')"),
        ("quiz.form(answer, 'xyz')", ""),
    )

    assert verdict.marks == {"test_0": 2.0, "test_1": 0.0, "test_2": 0.0}
    assert "another choice" in verdict.messages["test_1"]
    assert "out of x, y, z" in verdict.messages["test_2"]


def test_all_visible_tests_come_before_the_first_hidden_one() -> None:
    log: list[str] = []

    judged(
        {"log": log},
        ("log.append('visible 0')", "log.append('hidden 0')"),
        ("log.append('visible 1')", "log.append('hidden 1')"),
    )

    assert log == ["visible 0", "visible 1", "hidden 0", "hidden 1"]


@pytest.mark.parametrize(
    "error",
    [
        StudentError("ValueError", "sizes 7 and 9"),
        StudentError("TypeError", "autoencoder() takes 7 arguments"),
        StudentError("NotImplementedError", "", "raise NotImplementedError"),
        StudentError("Timeout", "your model takes too long to answer"),
        OverflowError("7"),
    ],
    ids=lambda error: getattr(error, "kind", type(error).__name__),
)
def test_the_words_about_a_hidden_test_are_not_the_student_s(error: Exception) -> None:
    channel: Any = SimpleNamespace(**NOTHING_ASKED)

    class Liar(RemoteStudent):
        def build(self, size: int) -> list:
            channel.asked += 1
            if size == 1:
                return [1]
            raise error

    channel.value = lambda name: Liar(channel, name)
    setup = (
        "from helpers.checks.property_check import check\n"
        "@check('it can be built')\n"
        "def built(student, size=1):\n"
        "    student.build(size)\n"
    )
    about = {"kind": "code", "role": "test", "points": 2.0}
    visible = Cell("test", "test", source="built(autoencoder)", **about)
    full_test = Cell(
        "test", "test", source=f"{visible.source}\nbuilt(autoencoder, size=9)", **about
    )

    verdict = last(judge([setup], [visible], [full_test], channel))

    assert verdict.marks == {"test": 0.0}
    assert verdict.messages["test"].startswith("Does not hold: it can be built\n")
    assert "a size that is written as a number" in verdict.messages["test"]
    assert not re.search(r"\d", verdict.messages["test"])


def test_a_name_that_is_missing_costs_the_points_of_its_cells() -> None:
    verdict = judged({}, ("quiz.form(answer)", ""), ("quiz.form('a')", ""))

    assert verdict.marks == {"test_0": 0.0, "test_1": 2.0}
    assert "answer is not defined" in verdict.messages["test_0"]


def test_a_name_of_the_set_up_is_never_the_students() -> None:
    verdict = judged({"quiz": None, "answer": {"a"}}, ("quiz.form(answer)", ""))

    assert verdict.marks == {"test_0": 2.0}


# --- from a job to a result -----------------------------------------------------------


def made(name: str, cells: dict[str, str]) -> Job:
    """Return the job of the reference with ``cells`` replaced."""
    submission = Submission("somebody", name, solutions=references(name) | cells)
    return job(Assignment.load(Course.load(ROOT), name), submission, "")


KNOWN = [
    pytest.param(name, submission, id=f"{name}: {submission.name}")
    for name in ("vanilla", "quiz")
    for submission in submissions(name)
    if submission.graded
]


@pytest.mark.parametrize(("name", "submission"), KNOWN)
def test_known_submissions_get_their_marks(
    executor: Executor, name: str, submission: Any
) -> None:
    result = executor.execute(made(name, submission.cells))

    assert result.marks == expected_marks(name, submission), result.messages
    assert (result.status, result.notes) == ("graded", ())


def test_a_job_that_runs_twice_gives_the_same_bytes(executor: Executor) -> None:
    once, again = (executor.execute(made("vanilla", {})) for _ in range(2))

    assert once.to_json() == again.to_json()


def test_hidden_tests_stand_in_no_cell_that_runs_in_the_students_process() -> None:
    work = made("vanilla", {})

    assert all("HIDDEN" not in cell.source for cell in work.cells)
    assert all("HIDDEN" in cell.source for cell in work.full_tests)


def test_no_course_s_own_test_runs_in_the_students_process() -> None:
    work = made("vanilla", {})

    assert {cell.role for cell in work.judged} == {"test", "progress"}
    assert {cell.role for cell in work.students} == {"setup", "solution", "training"}


def test_a_test_cell_shows_what_its_visible_test_printed(executor: Executor) -> None:
    """Whatever the student's own process does with a cell that runs there."""
    cheat = """
answer_1 = {"a"}
async def do_execute(*arguments, **named):
    print("full marks")
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
get_ipython().kernel.do_execute = do_execute
"""

    result = executor.execute(made("quiz", {"answer_1": cheat}))

    assert result.marks["answer_1_no_wrong"] == 0
    assert result.outputs["answer_1_no_wrong"] == [
        {
            "output_type": "stream",
            "name": "stdout",
            "text": "Your answer: a. It is marked after you submit.\n",
        }
    ]


def test_progress_is_what_the_visible_tests_say(executor: Executor) -> None:
    result = executor.execute(made("vanilla", {}))
    (progress,) = (
        cell for cell in made("vanilla", {}).cells if cell.role == "progress"
    )

    (shown,) = result.outputs[progress.name]
    assert shown["text"].startswith("9 of 9 properties hold.\n")
    assert result.outputs["shapes"][0]["text"].startswith("Holds: ")


def test_progress_on_nothing_says_so_and_costs_nothing(executor: Executor) -> None:
    without = {"autoencoder": "pass"}
    (progress,) = (
        cell for cell in made("vanilla", {}).cells if cell.role == "progress"
    )

    result = executor.execute(made("vanilla", without))

    assert "autoencoder is not defined" in result.outputs[progress.name][0]["text"]
    assert (result.status, result.marks["answer_1_complete"]) == ("graded", 1)
