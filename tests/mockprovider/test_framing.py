"""A timeline whose framing is spelt out is the same on the wire as one framed as it goes."""

from typing import TYPE_CHECKING

import pytest

from mockprovider.faults import fault, on_wire
from mockprovider.framing import Asked, framed
from mockprovider.timeline import Close, Frame, Head, Hold, Send, Stall, Timeline, Verbatim

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

SCRIPT = (
    'summary = ""\nmodel = "m"\n{more}\nstep = [{{ say = "Aloe" }}, {{ say = " bay" }}]\n'
    '[head]\nheaders = [["date", "now"], ["x-request-id", "r"]]\n'
    '[chat]\nid = "empty"\ncreated = "zero"\n'
)
# It changes nothing but that the framing is spelt out.
SPELT_OUT = "fault = [{ chunk_zeros = 1 }]"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("write", ["event", "burst", "segments"])
@pytest.mark.parametrize(
    "asked", [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.1\r\nConnection: close"], ids=repr
)
def test_framing_that_is_spelt_out_is_the_same(
    mock: "Mock", stream: bool, write: str, asked: bytes
) -> None:
    answers = list[tuple[bytes, str, int]]()
    for fault_ in ("", SPELT_OUT):
        nonce, client = mock.nonce(), mock.connect()
        script = SCRIPT.format(more=f'write = "{write}"\n{fault_}')
        request = mock.request(script, nonce, stream=stream)
        client.send(request.replace(b"HTTP/1.1", asked, 1))
        answer = client.read() if b"1.1" in asked and b"close" not in asked else client.rest()
        entry = mock.entry(nonce)
        answers.append((bytes(answer.raw), answer.end, len(entry["writes"])))

    assert answers[0] == answers[1]


def test_frames_have_what_is_around_them() -> None:
    timeline: Timeline = (Hold("head"), Head(204), Send(b"a" * 17, tokens=3), Close())

    assert framed(timeline, Asked()) == (
        Hold("head"),
        Verbatim(204),
        Frame("head", b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n"),
        Frame("chunk", b"11\r\n", b"a" * 17, b"\r\n", 1, 3, corked=True),
        Frame("last", b"0\r\n", b"", b"\r\n"),
        Close(),
    )


def test_what_has_no_head_is_left_as_it_is() -> None:
    assert framed((Stall(),), Asked()) == (Stall(),)


@pytest.mark.parametrize(
    "entry",
    ["no_last_chunk", "trailers", "bad_chunk_size", "break_in", "length_and_chunked",
     "last_chunk_apart"],
)  # fmt: skip
def test_what_works_on_chunks_leaves_a_body_without_them_alone(entry: str) -> None:
    plain = framed((Head(length=2), Send(b"{}", "body", 0), Close()), Asked())

    assert on_wire([fault(entry)], plain) == plain


@pytest.mark.parametrize("entry", ["extra_bytes", "unasked_answer", "slow_close"])
def test_nothing_comes_behind_an_answer_that_broke_off(entry: str) -> None:
    cut = framed((Head(), Send(b"a"), Close("cut")), Asked())

    assert on_wire([fault(entry)], cut) == cut


@pytest.mark.parametrize("end", ["fin", "rst", "half", "silence"])
def test_an_end_is_the_one_named(end: str) -> None:
    kinds = {"fin": Close("cut"), "half": Close("half"), "silence": Stall()}
    whole = framed((Head(), Send(b"a"), Close()), Asked())

    ended = on_wire([fault({"no_last_chunk": end})], whole)

    assert ended[-1] == kinds.get(end, ended[-1])
    assert type(ended[-1]).__name__ in {"Close", "Reset", "Stall"}
