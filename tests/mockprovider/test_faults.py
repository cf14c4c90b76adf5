"""Faults as pure changes of a timeline, and the same bytes seen on the wire."""

import json
import zlib
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockprovider.faults import FAULTS, fault
from mockprovider.scenario import schema
from mockprovider.shapes import Json
from mockprovider.timeline import (
    Close,
    Head,
    Hold,
    Moment,
    Reset,
    Send,
    Stall,
    Timeline,
    Until,
)  # fmt: skip

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

ONE = Send(b'data: {"content":"a"}\n\n', tokens=1)
TWO = Send(b'data: {"content":"b"}\n\n', tokens=1)
DONE = Send(b"data: [DONE]\n\n", "done")
PLAYED: Timeline = (Head(), ONE, Hold("h"), TWO, DONE, Close())


def applied(entry: Json, timeline: Timeline = PLAYED) -> Timeline:
    return fault(entry).apply(timeline)


def written(timeline: Timeline) -> list[bytes]:
    return [step.data for step in timeline if isinstance(step, Send)]


def body(entry: Json, timeline: Timeline = PLAYED) -> bytes:
    return b"".join(written(applied(entry, timeline)))


WHOLE = b"".join(written(PLAYED))
A, B, D = written(PLAYED)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("crlf", WHOLE.replace(b"\n", b"\r\n")),
        ("cr", WHOLE.replace(b"\n", b"\r")),
        (
            "mixed_line_ends",
            A[:-2] + b"\n\r\n" + B[:-2] + b"\r\r\n" + D[:-2] + b"\r\n\r",
        ),
        ("no_space", WHOLE.replace(b"data: ", b"data:")),
        ("bom", b"\xef\xbb\xbf" + WHOLE),
        ("comments", b": keep-alive\n\n" + A + b": keep-alive\n\n" + B + b": keep-alive\n\n" + D),
        ({"comments": {"text": "P", "where": "before"}}, b": P\n\n" + WHOLE),
        ({"comments": {"text": "P", "where": "between"}}, A + b": P\n\n" + B + b": P\n\n" + D),
        (
            {"unknown_fields": {"lines": ["id: 7", "foo"]}},
            b"id: 7\nfoo\n" + A + b"id: 7\nfoo\n" + B + b"id: 7\nfoo\n" + D,
        ),
        (
            "multi_line",
            b'data: {\ndata:  "content": "a"\ndata: }\n\n'
            b'data: {\ndata:  "content": "b"\ndata: }\n\n' + D,
        ),
        ({"empty_data": {"at": 1}}, A + b"data:\n\n" + B + D),
        ({"empty_data": {"form": "event"}}, b"".join(b"event: ping\n\n" + x for x in (A, B, D))),
        ({"empty_data": {"form": "blank", "at": 0}}, b"\n" + WHOLE),
        ("no_final_blank", WHOLE[:-1]),
        ({"no_final_blank": {"keep": "nothing"}}, WHOLE[:-2]),
        ({"garbage": {"at": 1, "text": "{"}}, A + b"data: {\n\n" + B + D),
        ({"pad": {"bytes": 30, "at": 1}}, A + B.replace(b"b", b"x" * (30 - len(B)) + b"b") + D),
        ("done_twice", WHOLE + D),
        ("no_done", A + B),
        ({"duplicate_event": 0}, A + WHOLE),
        ({"duplicate_event": -1}, WHOLE + D),
        ({"drop_event": {"at": 1}}, A + D),
        ({"drop_event": 9}, WHOLE),
        ({"cut_after": 2}, A + B),
        ({"reset_after": {"bytes": 5}}, A[:5]),
    ],
)
def test_a_fault_changes_the_body(entry: Json, expected: bytes) -> None:
    assert body(entry) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"split": 20}, [A[:20], A[20:], B[:20], B[20:] + D]),
        ({"split": {"at": [3]}}, [A[:3], A[3:], B, D]),
        ({"split": {"event": [-1]}}, [A[:-1], A[-1:], B[:-1], B[-1:], D[:-1], D[-1:]]),
        ("coalesce", [A, B + D]),
        ({"coalesce": {"last": 1}}, [A, B, D]),
        ({"bom": {"split": True}}, [b"\xef\xbb", b"\xbf" + A, B, D]),
    ],
)
def test_a_fault_changes_the_writes(entry: Json, expected: list[bytes]) -> None:
    assert written(applied(entry)) == expected


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        ({"cut_after": 0}, (Head(), Close("cut"))),
        ({"cut_after": 1}, (Head(), ONE, Hold("h"), Close("cut"))),
        ({"reset_after": {"events": 3}}, (*PLAYED[:-1], Reset())),
        ({"stall_after": {"bytes": len(WHOLE)}}, (*PLAYED[:-1], Stall())),
        ({"stall_after": {"bytes": 0}}, (Head(), Stall())),
        ({"cut_after": 9}, PLAYED),
    ],
)
def test_a_stream_ends_after_so_much(entry: Json, end: tuple[Moment, ...]) -> None:
    assert applied(entry) == end


def test_gzip_flushes_every_write_and_says_so() -> None:
    packed = applied("gzip")
    unpack = zlib.decompressobj(wbits=31).decompress

    assert packed[0] == Head(headers=(("content-encoding", "gzip"),))
    assert [unpack(data) for data in written(packed)] == [A, B, D, b""]


def test_gzip_announces_the_length_it_has() -> None:
    plain: Timeline = (Head(length=100), Send(b"x" * 100, "body", 0), Close())

    packed = applied("gzip", plain)

    head = packed[0]
    assert isinstance(head, Head)
    assert head.length == len(b"".join(written(packed)))


def test_what_breaks_events_leaves_a_plain_body_alone() -> None:
    plain: Timeline = (Head(length=2), Send(b"{}", "body", 0), Close())
    whole = {"split", "coalesce", "bom", "gzip", "cut_after", "reset_after", "stall_after"}

    changed = {name for name in FAULTS if applied(name, plain) != plain}

    assert changed <= whole


def test_the_schema_knows_every_fault_and_each_of_its_parameters() -> None:
    described = schema()["$defs"]["fault"]["anyOf"]
    parameters = {
        name: {key for form in shape.get("anyOf", ()) for key in form.get("properties", ())}
        for name, shape in described[1]["properties"].items()
    }

    assert parameters == {name: {f.name for f in fields(kind)} for name, kind in FAULTS.items()}  # type: ignore[arg-type]
    assert set(described[0]["enum"]) == set(FAULTS)


def test_every_fault_has_defaults() -> None:
    wrong = [
        name
        for name, kind in FAULTS.items()
        if any(f.default is MISSING for f in fields(kind))  # type: ignore[arg-type]
    ]

    assert wrong == []


events = st.lists(
    st.builds(
        Send, st.binary(min_size=1, max_size=40), events=st.just(1), tokens=st.integers(0, 3)
    ),
    min_size=1,
    max_size=8,
)  # fmt: skip


@given(events, st.integers(1, 50), st.sets(st.integers(1, 200), max_size=5))
def test_a_split_changes_neither_the_bytes_nor_the_counts(
    sends: list[Send], every: int, at: set[int]
) -> None:
    timeline: Timeline = (Head(), *sends, Close())

    split = applied({"split": {"every": every, "at": sorted(at)}}, timeline)

    pieces = [step for step in split if isinstance(step, Send)]
    assert b"".join(p.data for p in pieces) == b"".join(s.data for s in sends)
    assert sum(p.events for p in pieces) == sum(s.events for s in sends)
    assert sum(p.tokens for p in pieces) == sum(s.tokens for s in sends)
    assert all(0 < len(p.data) <= every for p in pieces)


@given(events, st.integers(1, 50))
def test_a_split_and_a_coalescing_cancel_out(sends: list[Send], every: int) -> None:
    timeline: Timeline = (Head(), *sends, Until(5), *sends, Close())

    there_and_back = applied("coalesce", applied({"split": every}, timeline))

    assert written(there_and_back) == written(applied("coalesce", timeline))


def inline(faults: list[Json], **members: Json) -> str:
    step = [{"say": "Aloe"}, {"say": " bamboo"}, {"finish": "stop"}]
    return json.dumps({"summary": "", "step": step, "fault": faults, **members}, indent=1)


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"stall_after", "gzip"}))
def test_the_bytes_on_the_wire_are_those_of_the_timeline(mock: "Mock", name: str) -> None:
    nonce = mock.nonce()

    answer = mock.ask(inline([name]), nonce)
    entry = mock.entry(nonce)

    spans = [(offset, offset + length) for _, offset, length, _ in entry["writes"]]
    assert [answer.body[a:b] for a, b in spans] == [chunk for chunk in answer.chunks if chunk]
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize(
    ("entry", "kind", "end"),
    [("cut_after", "cut", "fin"), ("reset_after", "reset", "rst")],
)
def test_a_fault_that_ends_a_stream_ends_the_connection(
    mock: "Mock", entry: str, kind: str, end: str
) -> None:
    nonce = mock.nonce()

    answer = mock.ask(inline([entry]), nonce)

    assert (answer.end, mock.entry(nonce)["end"]["kind"]) == (end, kind)
    assert len(answer.events) == 1


def test_faults_apply_in_order(mock: "Mock") -> None:
    answer = mock.ask(inline(["no_done", {"garbage": {"at": -1, "text": "?"}}, "crlf"]))

    assert answer.body.count(b"data: ?\r\n\r\n") == 1
    assert b"[DONE]" not in answer.body


def test_a_compressed_stream_reads_as_it_comes(mock: "Mock") -> None:
    script = '{"summary": "", "fault": ["gzip"], "step": [{"say": "Aloe"}, {"hold": "h"}]\n}'
    nonce = mock.nonce()
    client = mock.start(script, nonce)
    mock.entry(nonce, "hold:h")
    client.read(until=b"gzip")
    while len(client.answer.chunks) < 2:
        client.once()

    text = zlib.decompressobj(wbits=31).decompress(client.answer.body)
    mock.release(nonce)

    assert b"Aloe" in text
    assert client.read().whole
