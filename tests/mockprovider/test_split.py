"""Where a body is cut, and that what was cut is still the same body."""

import pytest

from mockprovider.faults import fault
from mockprovider.timeline import Send, Timeline

EVENTS: Timeline = (Send("data: é木\n\n".encode()), Send("data: 🌿\n\n".encode()))


def sends(timeline: Timeline) -> list[Send]:
    return [step for step in timeline if isinstance(step, Send)]


@pytest.mark.parametrize(
    ("where", "pieces"),
    [
        (
            {"event": [1, -1]},
            [b"d", "ata: é木\n".encode(), b"\n", b"d", "ata: 🌿\n".encode(), b"\n"],
        ),
        ({"event": [6]}, [b"data: ", "é木\n\n".encode(), b"data: ", "🌿\n\n".encode()]),
        (
            {"character": 1},
            [b"data: \xc3", b"\xa9\xe6", b"\x9c\xa8\n\n", b"data: \xf0", b"\x9f\x8c\xbf\n\n"],
        ),
        ({"character": 3}, ["data: é木\n\n".encode(), b"data: \xf0\x9f\x8c", b"\xbf\n\n"]),
    ],
)
def test_a_split_cuts_inside_events_and_characters(
    where: dict[str, object], pieces: list[bytes]
) -> None:
    timeline = fault({"split": where}).apply(EVENTS)

    assert [send.data for send in sends(timeline)] == pieces
    assert sum(send.events for send in sends(timeline)) == len(EVENTS)


def test_a_split_cuts_every_cr_lf_in_two() -> None:
    lines = (Send(b"event: a\r\ndata: b\r\n\r\n"),)

    timeline = fault({"split": {"crlf": True}}).apply(lines)

    told = [b"event: a\r", b"\ndata: b\r", b"\n\r", b"\n"]
    assert [send.data for send in sends(timeline)] == told


def test_json_is_spread_over_lines_where_no_text_is_cut() -> None:
    event = Send(rb'data: {"a":"x, \",y","b":[1,2]}' + b"\n\n")

    spread = sends(fault("multi_line").apply((event,)))

    told = rb'data: {"a":"x, \",y",' + b'\ndata: "b":[1,\ndata: 2]}\n\n'
    assert [send.data for send in spread] == [told]


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        (["lf", "crlf", "crlf"], b"data: a\n\r\ndata: b\r\n\n"),
        (["cr", "cr", "lf", "lf"], b"data: a\r\rdata: b\n\n"),
    ],
)
def test_line_ends_are_mixed_as_told(ends: list[str], text: bytes) -> None:
    timeline = (Send(b"data: a\n\n"), Send(b"data: b\n\n"))

    mixed = fault({"mixed_line_ends": {"ends": ends}}).apply(timeline)

    assert b"".join(send.data for send in sends(mixed)) == text
