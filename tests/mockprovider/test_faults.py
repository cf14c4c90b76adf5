"""Faults as pure changes of a timeline, and the same bytes seen on the wire."""

import json
import re
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockprovider import rendering, scenario
from mockprovider.faults import CATALOGUE, fault, on_body
from mockprovider.faults.fault import Layer
from mockprovider.routing import SURFACES
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import (
    Close,
    Frame,
    Head,
    Hold,
    Moment,
    Reset,
    Send,
    Stall,
    Timeline,
    Until,
    Wait,
)  # fmt: skip

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock

ONE = Send(b'data: {"content":"a"}\n\n', tokens=1)
TWO = Send(b'data: {"content":"b"}\n\n', tokens=1)
DONE = Send(b"data: [DONE]\n\n", "done")
ABOUT_EVENTS = (Layer.EVENTS, Layer.DIALECT)
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
            WHOLE,
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
        ({"swap_events": 0}, B + A + D),
        ({"after_done": 0}, WHOLE + A),
        (
            {"unknown_member": {"name": 'a"b', "value": "0", "at": 1}},
            A + B.replace(b"{", b'{"a\\"b":0,') + D,
        ),
        ({"huge_number": 5}, WHOLE.replace(b"{", b'{"x_mock_number":99999,')),
        (
            {"deep_nesting": {"depth": 2, "at": 0}},
            A.replace(b"{", b'{"x_mock_nested":[[]],') + B + D,
        ),
        ("lone_surrogate", A + B.replace(b'"b', rb'"\ud83db') + D),
        ("invalid_utf8", A + B.replace(b'"b', b'"\xffb') + D),
        ("escaped_text", WHOLE.replace(b'"a"', rb'"\u0061"').replace(b'"b"', rb'"\u0062"')),
        ("empty_delta", A.replace(b'"a"', b'""') + WHOLE),
        ({"null_content": {"count": 2, "at": 1}}, A + 2 * B.replace(b'"b"', b"null") + B + D),
        ({"blank_lines": {"count": 2, "at": -1}}, WHOLE),
        ({"blank_lines": {"count": 2, "at": 0}}, b"\n\n" + WHOLE),
        ({"long_line": {"bytes": 5, "at": 2}}, A + B + b":xxxx\n\n" + D),
        ({"ping_storm": {"count": 2, "at": 0}}, b": ping\n\n: ping\n\n" + WHOLE),
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


@pytest.mark.parametrize("entry", ["gzip", "deflate", "truncated_gzip", "bare_gzip", "bom"])
def test_a_head_announces_the_length_its_body_has(entry: Json) -> None:
    plain: Timeline = (Head(length=300), Send(bytes(range(100)) * 3, "body", 0), Close())

    changed = on_body([fault(entry)], plain)

    head = changed[0]
    assert isinstance(head, Head)
    assert head.length == len(b"".join(written(changed)))


def test_what_works_on_events_leaves_a_plain_body_alone() -> None:
    plain: Timeline = (Head(length=2), Send(b"{}", "body", 0), Close())
    about_events = [name for name, each in CATALOGUE.items() if each.layer in ABOUT_EVENTS]

    changed = [name for name in about_events if applied(name, plain) != plain]

    assert changed == ["bom"]


def test_what_works_on_events_leaves_an_array_of_them_alone() -> None:
    head = Head(headers=(("Content-Type", "application/json; charset=UTF-8"),))
    array: Timeline = (head, Send(b'[{"text":"a"}\n'), Send(b"]", "done", 0), Close())
    about_events = [
        fault(name)
        for name, each in CATALOGUE.items()
        if each.layer in ABOUT_EVENTS and not each.inside
    ]

    assert on_body(about_events, array) == array


ARRAY: Timeline = (
    Head(headers=(("Content-Type", "application/json; charset=UTF-8"),)),
    Send(b'[{\n  "text": "a", "responseId": "r"\n}\n'),
    Send(b',\r\n{\n  "text": "b", "responseId": "r"\n}\n', tokens=1),
    Send(b"]", "done", 0),
    Close(),
)
A_OF_ARRAY = {"text": "a", "responseId": "r"}
B_OF_ARRAY = {"text": "b", "responseId": "r"}
NULL_MEMBER = {"x_mock": {"a": [1, None]}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"pad": 50}, [A_OF_ARRAY | {"text": "x" * 12 + "a"}, B_OF_ARRAY]),
        ("lone_surrogate", [A_OF_ARRAY, B_OF_ARRAY | {"text": "\ud83db"}]),
        ("escaped_text", [A_OF_ARRAY, B_OF_ARRAY]),
        ("unknown_member", [NULL_MEMBER | A_OF_ARRAY, NULL_MEMBER | B_OF_ARRAY]),
        ({"huge_number": {"digits": 2, "at": 1}}, [A_OF_ARRAY, {"x_mock_number": 99} | B_OF_ARRAY]),
        ({"deep_nesting": {"depth": 2, "at": 0}},
         [{"x_mock_nested": [[]]} | A_OF_ARRAY, B_OF_ARRAY]),
        ({"empty_delta": 2}, [*[A_OF_ARRAY | {"text": ""}] * 2, A_OF_ARRAY, B_OF_ARRAY]),
        ({"empty_delta": {"at": 1}}, [A_OF_ARRAY, B_OF_ARRAY | {"text": ""}, B_OF_ARRAY]),
        ({"id_change": 1}, [A_OF_ARRAY, B_OF_ARRAY | {"responseId": "r-changed"}]),
    ],
)  # fmt: skip
def test_what_changes_the_json_of_an_event_changes_elements_of_an_array(
    entry: Json, expected: Json
) -> None:
    changed = on_body([fault(entry)], ARRAY)

    assert changed != ARRAY
    assert json.loads(b"".join(written(changed))) == expected


def test_text_that_is_no_utf8_comes_in_an_array_too() -> None:
    assert b'"text": "\xffb"' in b"".join(written(on_body([fault("invalid_utf8")], ARRAY)))


ADDS_LINES = (
    "garbage", "comments", "unknown_fields", "multi_line", "empty_data",
    {"empty_data": {"form": "event"}}, {"empty_data": {"form": "blank"}}, "blank_lines",
    {"long_line": 9}, {"ping_storm": 2}, {"ping_storm": {"count": 2, "form": "event"}},
    "unknown_event",
)  # fmt: skip


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["crlf", "cr"])
@pytest.mark.parametrize("entry", ADDS_LINES, ids=str)
def test_what_is_added_to_a_stream_has_its_line_ends(entry: Json, end: bytes) -> None:
    event = Send(b'event: e%bdata: {"type":"e","content":"a"}%b%b' % (end, end, end))

    changed = body(entry, (Head(), event, event, Close()))

    assert changed != event.data * 2
    assert b"\n" not in changed.replace(end, b"")


def test_faults_apply_layer_by_layer_and_then_as_listed() -> None:
    listed: tuple[Json, ...] = (
        "cut_after", {"split": {"event": [4]}}, "crlf", "no_done", {"drop_event": 0},
    )  # fmt: skip

    changed = on_body(map(fault, listed), PLAYED)

    two = B.replace(b"\n", b"\r\n")
    assert written(changed) == [two[:4], two[4:]]
    assert changed[-1] == Close("cut")


def test_positions_count_from_the_end_if_negative() -> None:
    assert applied({"stall_after": -1}) == (Head(), ONE, Hold("h"), TWO, Stall())
    assert applied({"stall_after": {"bytes": -1}}) == (
        *PLAYED[:-2], Send(D[:-1], "piece", 0), Stall(),
    )  # fmt: skip
    assert body({"swap_events": -2}) == A + D + B
    assert body({"swap_events": -1}) == WHOLE


def test_an_end_without_a_place_is_in_the_middle_of_a_plain_body() -> None:
    plain: Timeline = (Head(length=4), Send(b"body", "body", 0, 3), Close())

    assert applied("cut_after", plain) == (
        Head(length=4), Send(b"bo", "piece", 0), Close("cut"),
    )  # fmt: skip


def test_a_pause_may_cut_an_event() -> None:
    assert applied({"pause_after": {"bytes": 5, "ms": 7}})[:4] == (
        Head(), Send(A[:5], "piece", 0), Wait(7), Send(A[5:], "piece", 1, 1),
    )  # fmt: skip


@pytest.mark.parametrize("entry", ["unknown_event", {"empty_delta": {"count": 2, "at": 1}}])
def test_what_comes_between_numbered_events_takes_a_number(entry: Json) -> None:
    numbered: Timeline = (
        Head(),
        *(
            Send(b'event: e\ndata: {"sequence_number":%d,"delta":"a"}\n\n' % number)
            for number in range(3, 7)
        ),
        Close(),
    )

    told = re.findall(rb'"sequence_number": ?(\d+)', body(entry, numbered))

    assert told == [b"%d" % number for number in range(3, 3 + len(told))]
    assert len(told) > 4


def test_an_unknown_event_needs_a_stream_whose_events_have_names() -> None:
    assert applied("unknown_event") == PLAYED


def test_an_empty_object_gets_no_member() -> None:
    assert body("unknown_member", (Send(b"data: {}\n\n"),)) == b"data: {}\n\n"


WITH_EVENTS = [each for each in SURFACES if each.name not in ("embeddings", "gemini-array")]


@pytest.mark.parametrize("surface", WITH_EVENTS, ids=lambda surface: surface.name)
def test_the_text_that_grows_is_the_first_that_is_said(surface: Surface) -> None:
    text = 'summary = ""\nfault = [{ pad = 9000 }]\nstep = [{ say = "Aloe" }, { finish = "stop" }]'
    built = scenario.parsed(text, "x.toml")
    script = built.scripts[0]
    rendered = rendering.render(built, script, surface, Ask(stream=True)).filled(
        Filling("i", "m", 5)
    )

    played = rendering.faulty(script, rendered, built.write)

    grown = [each for each in played if isinstance(each, Send) and b"xxxx" in each.data]
    assert [(len(each.data), each.tokens) for each in grown] == [(9000, 1)]
    assert b'xAloe"' in grown[0].data


@pytest.mark.parametrize(
    "entry", ["lone_surrogate", "pad", "empty_delta", {"id_change": 9}, {"swap_events": 9}]
)
def test_a_stream_without_the_place_is_left_alone(entry: Json) -> None:
    done: Timeline = (Head(), DONE, Close())

    assert applied(entry, done) == done


def test_the_same_seed_gives_the_same_gaps() -> None:
    frames: Timeline = tuple(Frame("chunk", data=b"x", events=1) for _ in range(20))
    entry = {"jitter": {"seed": 5}}

    gaps = [step.ms for step in applied(entry, frames) if isinstance(step, Wait)]

    assert len(gaps) == 20
    assert applied(entry, frames) == applied(entry, frames) != applied("jitter", frames)
    assert 0 < min(gaps) < 10 < max(gaps)


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


@pytest.mark.parametrize(
    "name", [name for name, each in CATALOGUE.items() if Layer.EVENTS <= each.layer < Layer.END]
)
def test_the_bytes_on_the_wire_are_those_of_the_timeline(mock: "Mock", name: str) -> None:
    nonce = mock.nonce()

    answer = mock.ask(inline([name]), nonce)
    entry = mock.entry(nonce)

    spans = [(offset, offset + length) for _, offset, length, _ in entry["writes"]]
    written = [answer.body[a:b] for a, b in spans if a < b]
    assert written == [chunk for chunk in answer.chunks if chunk]
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
