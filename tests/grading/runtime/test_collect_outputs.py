"""Outputs are put together as a front end does, within bounds, from any messages."""

import pytest

from grading.runtime.collect_outputs import LEFT_OUT, Messages


def outputs(*messages: dict, room: int = 10_000) -> list[dict]:
    """Return what a cell shows that sent these messages."""
    collected = Messages(room)
    for message in messages:
        collected.add(message)
    return collected.outputs()


def stream(text: str, name: str = "stdout") -> dict:
    return {"kind": "stream", "content": {"name": name, "text": text}}


def shown(text: str, kind: str = "display_data", display: str | None = None) -> dict:
    transient = {"display_id": display} if display else {}
    data = {"text/plain": text}
    return {"kind": kind, "content": {"data": data, "transient": transient}}


ERROR = {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]}


def test_prints_to_one_stream_become_one_output() -> None:
    collected = outputs(stream("a\n"), stream("b\n"), stream("c\n", "stderr"))

    assert [(output["name"], output["text"]) for output in collected] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
    ]


def test_a_display_that_is_updated_shows_its_last_value() -> None:
    (output,) = outputs(
        shown("10 %", display="bar"),
        shown("99 %", "update_display_data", display="bar"),
    )

    assert output["data"]["text/plain"] == "99 %"


def test_an_update_counts_in_each_display_that_it_changes() -> None:
    collected = outputs(
        *[shown("", display="bar")] * 50,
        shown("x" * 5000, "update_display_data", display="bar"),
        room=20_000,
    )

    texts = [output.get("data", {}).get("text/plain", "") for output in collected]
    assert "".join(texts) == ""
    assert collected[-1]["text"] == LEFT_OUT


def test_an_update_of_an_unknown_display_shows_nothing() -> None:
    assert outputs(shown("99 %", "update_display_data", display="bar")) == []


@pytest.mark.parametrize(("wait", "left"), [(False, ["c\n"]), (True, ["c\n"])])
def test_clear_output_clears(wait: bool, left: list[str]) -> None:
    clear = {"kind": "clear_output", "content": {"wait": wait}}

    collected = outputs(stream("a\n"), clear, stream("c\n"))

    assert [output["text"] for output in collected] == left


def test_clear_output_that_waits_for_nothing_keeps_what_is_shown() -> None:
    clear = {"kind": "clear_output", "content": {"wait": True}}

    assert [output["text"] for output in outputs(stream("a\n"), clear)] == ["a\n"]


def test_addresses_of_objects_are_left_out() -> None:
    (output,) = outputs(shown("<Model at 0x7f00aabbccdd>"))

    assert output["data"]["text/plain"] == "<Model at 0x…>"


def test_output_beyond_the_room_is_cut_and_it_says_so() -> None:
    collected = outputs(stream("x" * 500), stream("y" * 500), stream("z"), room=600)

    text = "".join(output["text"] for output in collected)
    assert len(text) < 600 + len(LEFT_OUT) + 1
    assert text.endswith(LEFT_OUT)


def test_an_error_is_kept_when_there_is_no_more_room() -> None:
    collected = outputs(
        stream("x" * 500), {"kind": "error", "content": ERROR}, room=100
    )

    assert any(output["output_type"] == "error" for output in collected)


@pytest.mark.parametrize("kind", ["stream", "display_data", "error", "no_such_kind", 3])
@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"name": 3, "text": []},
        {"name": "stdout", "text": {"a": 1}},
        {"data": [1]},
        {"data": {"text/plain": {}}},
        {"ename": [], "evalue": {}, "traceback": 5},
        {"transient": 1, "data": {"text/plain": "x"}},
    ],
)
def test_malformed_messages_break_nothing(kind: object, content: object) -> None:
    outputs({"kind": kind, "content": content}, stream("still here"))


def nested(depth: int = 5000) -> list:
    """Return lists in lists, deeper than any that JSON can be made of."""
    inner: list = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.mark.parametrize(
    "content",
    [
        {"data": nested()},
        {"data": {"text/plain": nested(), "image/png": nested()}},
        {"data": {}, "transient": {"display_id": nested()}},
        {"ename": nested(), "evalue": nested(), "traceback": nested()},
        {"name": nested(), "text": nested()},
    ],
    ids=["data", "text", "display", "error", "stream"],
)
@pytest.mark.parametrize("kind", ["display_data", "update_display_data", "error"])
def test_what_is_nested_too_deep_to_be_written_breaks_nothing(
    kind: str, content: dict
) -> None:
    collected = outputs({"kind": kind, "content": content}, stream("still here"))

    assert collected[-1]["text"] == "still here"
