"""Compiled timelines say what filled ones say, at a fraction of the cost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockprovider import rendering, scenario
from mockprovider.performance import performance
from mockprovider.slots import Filling, compiled, date, encoded, slot, template
from mockprovider.surfaces import chat
from mockprovider.surfaces.surface import Ask
from mockprovider.timeline import Close, Head, Send, Timeline

FILLING = Filling("r1-1-2", 'm"x', 1_770_000_000, "r1-1")
SCENARIOS = sorted((scenario.fixtures_dir() / "scenarios").iterdir())


def played(timeline: Timeline, filling: Filling) -> list[bytes]:
    """Return the bytes a player would write."""
    heard = performance(compiled(timeline), filling, "event")
    steps = enumerate(heard.timeline)
    return [heard.data(at, step) for at, step in steps if isinstance(step, Send)]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", b"plain"),
        (f"chatcmpl-{slot('id')}!", b"chatcmpl-r1-1-2!"),
        (slot("id", 3), b"r1-1-2-3"),
        (f"#{slot('nonce')}]]", b"#r1-1]]"),
        (f'"created":"{slot("created")}"', b'"created":1770000000'),
        (f'"created":"{slot("created", 5)}"', b'"created":1770000005'),
        (f'"{slot("model")}"', b'"m\\"x"'),
        (slot("date"), b"Mon, 02 Feb 2026 02:40:00 GMT"),
    ],
    ids=["none", "id", "id-3", "nonce", "created", "created-5", "model", "date"],
)
def test_a_slot_is_filled(text: str, filled: bytes) -> None:
    assert template(text.encode()).fill(FILLING) == filled


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("ask", [Ask(stream=True, usage=True), Ask()], ids=["stream", "plain"])
def test_a_compiled_scenario_plays_what_a_filled_one_says(path: Path, ask: Ask) -> None:
    loaded = scenario.load(path)

    for script in loaded.scripts:
        timeline = rendering.answer(loaded, script, chat.SURFACE, ask)
        filled = compiled(timeline).filled(FILLING)
        assert played(timeline, FILLING) == [x.data for x in filled if isinstance(x, Send)]


@given(st.lists(st.lists(st.sampled_from(["a", slot("id"), slot("model"), '"']), max_size=5)))
def test_slots_may_be_anywhere(pieces: list[list[str]]) -> None:
    sends = [Send("".join(piece).encode()) for piece in pieces]

    said = played((Head(), *sends, Close()), FILLING)

    assert said == [template(send.data).fill(FILLING) for send in sends]


def test_a_burst_fills_the_same_bytes() -> None:
    timeline = rendering.answer(
        loaded := scenario.load(SCENARIOS[0].with_name("text.toml")),
        loaded.scripts[0],
        chat.SURFACE,
        Ask(stream=True),
    )
    one = performance(compiled(timeline, burst=True), FILLING, "burst")

    sends = [(at, step) for at, step in enumerate(one.timeline) if isinstance(step, Send)]
    assert [one.data(*send) for send in sends] == [b"".join(played(timeline, FILLING))]


def test_the_length_of_a_plain_answer_is_that_of_what_is_sent() -> None:
    body = f'{{"id":"{slot("id")}"}}'.encode()

    filled = compiled((Head(length=len(body)), Send(body, "body", 0), Close())).filled(FILLING)

    assert filled == (Head(length=15), Send(b'{"id":"r1-1-2"}', "body", 0), Close())


@pytest.mark.parametrize(
    ("status", "line"), [(200, b"HTTP/1.1 200 OK\r\n"), (599, b"HTTP/1.1 599 Status\r\n")]
)
def test_a_head_is_written(status: int, line: bytes) -> None:
    assert encoded(Head(status, (("a", "1"), ("A", "2")))) == line + b"a: 1\r\nA: 2\r\n"


def test_dates_are_as_http_writes_them() -> None:
    assert date(0) == b"Thu, 01 Jan 1970 00:00:00 GMT"
