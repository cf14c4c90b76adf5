"""Recorded answers played again: the same bytes, in the same reads, to the same end."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockprovider.cli import main
from mockprovider.recordings.recording import Read, Recording, library
from mockprovider.recordings.store import save
from mockprovider.replay import Pace, pace, scenario, timeline
from mockprovider.scenario import fixtures_dir
from mockprovider.timeline import Close, Head, Hold, Reset, Send, Until

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock, StartMock

Json = Any
STREAMS = fixtures_dir() / "streams"
SHIPPED = library(STREAMS)
ASKED: dict[str, tuple[str, dict[str, Json]]] = {
    "chat": ("/v1/chat/completions", {"model": "m", "stream": True, "messages": []}),
    "responses": ("/v1/responses", {"model": "m", "stream": True}),
    "messages": ("/v1/messages", {"model": "m", "stream": True, "messages": []}),
    "gemini": ("/v1beta/models/m:streamGenerateContent?alt=sse", {"contents": []}),
    "gemini-array": ("/v1beta/models/m:streamGenerateContent", {"contents": []}),
}
WHOLE = [name for name, each in SHIPPED.items() if each.end == "fin" and each.mode == "stream"]


def asked(mock: "Mock", recording: str, nonce: str, **members: Json) -> bytes:
    """Return the request that a recording answers; nothing in it would pass a strict reading."""
    path, body = ASKED[SHIPPED[recording].surface]
    told = body | members | {"note": f"[[mock:recording-{recording}#{nonce}]]"}
    return mock.post(json.dumps(told).encode(), path=path, authorization="")


@pytest.fixture(scope="module")
def burst(start_mock: "StartMock") -> Iterator["Mock"]:
    with start_mock("--recordings", str(STREAMS), "--pace", "burst") as running:
        yield running


@pytest.fixture(scope="module")
def paced(start_mock: "StartMock") -> Iterator["Mock"]:
    with start_mock("--recordings", str(STREAMS), "--pace", "x50") as running:
        yield running


@pytest.fixture(scope="module")
def stepping(start_mock: "StartMock") -> Iterator["Mock"]:
    with start_mock("--recordings", str(STREAMS), "--pace", "lockstep") as running:
        yield running


@pytest.mark.parametrize("name", WHOLE)
def test_a_recording_is_played_in_its_reads(paced: "Mock", name: str) -> None:
    client, nonce = paced.connect(), paced.nonce()
    client.send(asked(paced, name, nonce))
    answer = client.read()

    told = SHIPPED[name]
    assert answer.chunks == [data for _, data in told.pieces()] + [b""]
    assert (answer.status, answer.headers["content-type"]) == (
        200,
        dict(told.headers)["content-type"],
    )
    entry = paced.entry(nonce)
    assert (entry["scenario"], entry["surface"]) == (f"recording-{name}", told.surface)
    assert [write[2] for write in entry["writes"]] == [read.length for read in told.reads]


@pytest.mark.parametrize("name", WHOLE)
def test_a_burst_is_one_write(burst: "Mock", name: str) -> None:
    client, nonce = burst.connect(), burst.nonce()
    client.send(asked(burst, name, nonce))
    answer = client.read()

    assert answer.chunks == [SHIPPED[name].wire, b""]
    assert len(burst.entry(nonce)["writes"]) == 1


def test_in_lockstep_each_read_waits_for_its_release(stepping: "Mock") -> None:
    pieces = [data for _, data in SHIPPED["chat-text"].pieces()]
    client, nonce = stepping.connect(), stepping.nonce()
    client.send(asked(stepping, "chat-text", nonce))

    for number, piece in enumerate(pieces):
        held = stepping.entry(nonce, f"hold:r{number}")
        assert (len(held["writes"]), held["end"]) == (number, None)
        client.read(until=b"\r\n\r\n")
        assert client.answer.chunks == pieces[:number]
        stepping.release(nonce, f"r{number}")
        client.read(until=piece + b"\r\n")

    assert client.read().chunks == [*pieces, b""]


def test_a_recorded_reset_is_a_reset(burst: "Mock") -> None:
    client, nonce = burst.connect(), burst.nonce()
    client.send(asked(burst, "chat-reset", nonce))
    answer = client.rest()

    assert (answer.end, answer.chunks) == ("rst", [SHIPPED["chat-reset"].wire])
    assert burst.entry(nonce)["end"]["kind"] == "reset"


@pytest.mark.parametrize("end", ["cut", "left", "capped"])
def test_what_is_not_known_to_the_end_is_cut(
    start_mock: "StartMock", tmp_path: Path, end: str
) -> None:
    save([("one", replace(SHIPPED["chat-text"], end=end))], tmp_path)
    with start_mock("--recordings", str(tmp_path), "--pace", "burst") as mock:
        client = mock.connect()
        client.send(mock.request(stream=True))
        answer = client.rest()

    assert (answer.end, answer.chunks) == ("fin", [SHIPPED["chat-text"].wire])


def test_a_plain_answer_has_its_length_again(burst: "Mock") -> None:
    client = burst.connect()
    client.send(burst.request(stream=False))
    answer = client.read()

    told = SHIPPED["chat-limited"]
    assert (answer.status, answer.headers["retry-after"]) == (429, "6")
    assert (answer.headers["content-length"], answer.body) == (str(len(told.wire)), told.wire)


def test_a_plain_answer_that_was_cut_is_not_whole(start_mock: "StartMock", tmp_path: Path) -> None:
    save([("one", replace(SHIPPED["chat-limited"], end="cut"))], tmp_path)
    with start_mock(str(tmp_path), verb="replay") as mock:
        client = mock.connect()
        client.send(mock.request(stream=False))
        answer = client.rest()

    assert (answer.end, answer.whole, answer.body) == ("fin", False, SHIPPED["chat-limited"].wire)


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        (
            "chat-text",
            {"stream": False},
            "recording-chat-text answers a stream request on chat; this is a plain one on chat",
        ),
        (
            "gemini-text",
            {"stream": True},
            (
                "recording-gemini-text answers a stream request on gemini; "
                "this is a stream one on chat"
            ),
        ),
        ("chat-txt", {}, "no scenario 'recording-chat-txt'; did you mean 'recording-chat-text'?"),
    ],
)
def test_a_recording_answers_only_what_it_fits(
    burst: "Mock", name: str, members: dict[str, Json], message: str
) -> None:
    answer = burst.ask(f"recording-{name}", **members)

    assert answer.status == 400
    assert (answer.json["error"]["message"], answer.json["error"]["code"]) == (
        message,
        "mock_marker",
    )


def test_without_a_marker_the_one_that_fits_answers(burst: "Mock") -> None:
    path, body = ASKED["gemini-array"]
    client = burst.connect()
    client.send(burst.post(json.dumps(body).encode(), path=path, authorization=""))

    assert client.read().body == SHIPPED["gemini-array"].wire


def test_without_a_marker_several_that_fit_are_named(burst: "Mock") -> None:
    client = burst.connect()
    client.send(burst.request(stream=True))

    assert client.read().json["error"]["message"] == (
        "recording-chat-reset, recording-chat-text, recording-chat-tool all fit a stream request "
        "on chat; say which: [[mock:NAME#NONCE]]"
    )


def test_in_lockstep_a_marker_is_needed(stepping: "Mock") -> None:
    client = stepping.connect()
    client.send(stepping.request(stream=False))

    assert client.read().json["error"]["message"] == (
        "lockstep needs [[mock:recording-chat-limited#NONCE]]: its nonce is released"
    )


def test_serve_answers_the_rest_as_ever(burst: "Mock") -> None:
    client = burst.connect()
    client.send(burst.post(b'{"model":"m","input":"x"}', path="/v1/responses"))

    assert client.read().json["output"][0]["content"][0]["text"] == "You said: x"


def test_scenarios_play_beside_recordings(burst: "Mock") -> None:
    assert burst.ask("text").body.endswith(b"data: [DONE]\n\n")


def test_the_scenarios_of_a_mock_name_its_recordings(burst: "Mock") -> None:
    told = burst.call("GET", "/scenarios")["scenarios"]

    assert {
        "name": "recording-chat-text",
        "summary": "Recorded from example: chat stream, status 200, 7 reads, 2307 bytes.",
    } in told


def test_replay_answers_with_recordings_only(start_mock: "StartMock", tmp_path: Path) -> None:
    save([("one", SHIPPED["chat-text"])], tmp_path)
    with start_mock(str(tmp_path / "one"), "--pace", "burst", verb="replay") as mock:
        first, second, third = mock.connect(), mock.connect(), mock.connect()
        first.send(mock.request(stream=True))
        second.send(mock.request(stream=False))
        third.send(b"GET /v1/models HTTP/1.1\r\nauthorization: Bearer k\r\n\r\n")
        answers = [client.read() for client in (first, second, third)]

    assert answers[0].body == SHIPPED["chat-text"].wire
    assert answers[1].json["error"]["message"] == (
        "no recording fits a plain request on chat; there is recording-one"
    )
    assert answers[2].json["object"] == "list"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("real", Pace()),
        ("burst", Pace("burst")),
        ("lockstep", Pace("lockstep")),
        ("x4", Pace("real", 4)),
        ("x0.5", Pace("real", 0.5)),
    ],
)
def test_a_pace_is_a_word_or_a_factor(text: str, wanted: Pace) -> None:
    assert pace(text) == wanted


@pytest.mark.parametrize("text", ["x0", "4", "x-1", "fast", "xinf", "x"])
def test_a_word_that_is_no_pace_is_said(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["replay", "--pace", text])

    assert (stop.value.code, capsys.readouterr().err) == (
        4,
        (
            f"mockprovider replay: argument --pace: {text!r} is no pace; it is real, xN (x4 is "
            "four times as fast, x0.5 half as fast), burst or lockstep\n"
        ),
    )


@given(
    st.lists(st.tuples(st.integers(0, 9000), st.binary(min_size=1, max_size=9)), max_size=6),
    st.sampled_from(["real", "x3", "burst", "lockstep"]),
)
def test_no_pace_changes_what_is_sent(reads: list[tuple[int, bytes]], named: str) -> None:
    wire = b"".join(data for _, data in reads)
    told = tuple(Read(at_us, len(data)) for at_us, data in sorted(reads, key=lambda each: each[0]))
    recording = Recording("chat", "stream", wire, told)

    sends = [step.data for step in timeline(recording, pace(named)) if isinstance(step, Send)]

    assert sends == [data for _, data in recording.pieces()]


def test_moments_keep_their_distance() -> None:
    recording = replace(
        SHIPPED["chat-reset"], wire=b"data: a\n\ndata: b", reads=(Read(2000, 4), Read(5000, 12)),
        head_at_us=1000, end_at_us=9000, headers=(),
    )  # fmt: skip
    head, first, second = Head(200), Send(b"data", "piece", 0), Send(b": a\n\ndata: b", "piece", 1)

    played = {named: list(timeline(recording, pace(named))) for named in ("real", "x2", "lockstep")}

    assert played["real"] == [
        Until(1), head, Until(2), first, Until(5), second, Until(9), Reset(),
    ]  # fmt: skip
    assert played["x2"] == [
        Until(0.5), head, Until(1), first, Until(2.5), second, Until(4.5), Reset(),
    ]  # fmt: skip
    assert played["lockstep"] == [head, Hold("r0"), first, Hold("r1"), second, Reset()]


def test_the_holds_of_a_recording_are_known_by_name() -> None:
    stepped = scenario("recording-x", SHIPPED["chat-reset"], Pace("lockstep"))

    assert stepped.holds == {"r0", "r1", "r2"}


def test_an_answer_without_a_body_has_its_end() -> None:
    recording = Recording("chat", "plain", b"", (), framing="length")

    assert list(timeline(recording, Pace("burst"))) == [Head(200, (), 0), Close()]
