"""Outlines: what the writes of a timeline come to, without playing it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mockprovider.faults.segments import Drip
from mockprovider.outline import EMPTY, Outline, Sums
from mockprovider.score import fixed
from mockprovider.timeline import Close, Frame, Head, Send, Timeline, Wait

TIMELINE: Timeline = (
    Head(),
    Send(b"Aloe", tokens=1),
    Wait(1),
    Send(b"bay", events=2, tokens=2, times=3),
    Frame("interim", b"HTTP/1.1 103\r\n\r\n"),
    Frame("chunk", b"5\r\n", b"cedar", b"\r\n", events=1),
    Close(),
)
LENGTHS = (0, 4, 0, 3, 0, 5, 0)
ROWS = [(0, 4, 1), (4, 3, 3), (7, 3, 5), (10, 3, 7), (13, 5, 7)]


def test_each_write_has_its_place_its_length_and_the_tokens_so_far() -> None:
    outline = Outline(TIMELINE, LENGTHS)

    assert [outline.row(number) for number in range(5)] == ROWS


def test_so_many_writes_come_to_so_much() -> None:
    outline = Outline(TIMELINE, LENGTHS)

    assert [outline.sums(writes) for writes in range(6)] == [
        Sums(0, 0, 0), Sums(4, 1, 1), Sums(7, 3, 3), Sums(10, 5, 5), Sums(13, 7, 7), Sums(18, 8, 7),
    ]  # fmt: skip


def test_a_step_that_comes_several_times_is_found_again_in_the_middle() -> None:
    outline = Outline(TIMELINE, LENGTHS)

    assert [outline.place(writes) for writes in range(1, 4)] == [(3, 0), (3, 1), (3, 2)]


def test_nothing_comes_to_nothing() -> None:
    assert EMPTY.sums(0) == Sums(0, 0, 0)


def test_a_million_writes_take_no_more_room_than_one() -> None:
    outline = Outline((Send(b"Aloe", tokens=1, times=1_000_000), Close()), (4, 0))

    assert outline.row(999_999) == (3_999_996, 4, 1_000_000)


@given(
    st.builds(
        Frame, st.just("chunk"), st.binary(max_size=6), st.binary(min_size=1, max_size=30),
        st.binary(max_size=3), st.just(1), st.just(2),
    ),
    st.integers(1, 9),
)  # fmt: skip
def test_a_frame_that_drips_is_written_whole_and_listed_bit_by_bit(
    frame: Frame, every: int
) -> None:
    cuts = range(0, frame.size, every)
    parts = [frame.part(low, low + every) for low in cuts]
    listed = [part for part in parts if part.data]
    outline = fixed((replace(frame, every=every),))

    assert b"".join(part.wire for part in parts) == frame.wire
    assert (sum(part.events for part in parts), sum(part.tokens for part in parts)) == (1, 2)
    assert [outline.row(n)[1] for n in range(len(listed))] == [len(part.data) for part in listed]
    assert outline.sums(len(listed)) == Sums(len(frame.data), 1, 2)


def test_a_drip_adds_no_step_to_a_timeline() -> None:
    long = (Frame("chunk", b"f4240\r\n", bytes(1_000_000), b"\r\n", events=1),)

    assert len(Drip().apply(long)) == 1
