"""Scores: the chunks of a stretch are those its sends have one by one."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mockprovider import rendering, scenario
from mockprovider.performance import Performance, performance
from mockprovider.score import LAST_CHUNK, LONGEST
from mockprovider.slots import Filling, compiled, slot
from mockprovider.surfaces import chat, messages, responses
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import Close, Head, Send, Stall, Timeline, Wait

FILLING = Filling("r1-1-2", 'm"x', 1_770_000_000, "r1-1")
SURFACES = (chat.SURFACE, messages.SURFACE, responses.SURFACE)
WHOLE = {"error-429", "error-500", "json-for-stream", "refused", "stream-for-plain", "web-page"}
SCENARIOS = sorted((scenario.fixtures_dir() / "scenarios").iterdir())
STREAMS = [path for path in SCENARIOS if path.stem not in WHOLE]


def heard(timeline: Timeline) -> Performance:
    return performance(compiled(timeline), FILLING, "event")


def stretches(played: Performance) -> dict[int, list[bytes]]:
    """Return the chunks of each stretch by its first step."""
    found = ((at, played.stretch(at)) for at in range(len(played.timeline)))
    return {at: [*played.filled(stretch, b"")] for at, stretch in found if stretch is not None}


def one_by_one(played: Performance) -> Iterator[bytes]:
    """Yield the chunks of all sends, each framed by itself."""
    for at, step in enumerate(played.timeline):
        if isinstance(step, Send):
            data = played.data(at, step)
            yield from [b"%x\r\n%b\r\n" % (len(data), data)] * step.times


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_stretches_are_the_sends_between_two_waits(path: Path, surface: Surface) -> None:
    loaded = scenario.load(path)
    for script in loaded.scripts:
        played = heard(rendering.answer(loaded, script, surface, Ask(stream=True, usage=True)))

        chunks = [chunk for some in stretches(played).values() for chunk in some]
        assert b"".join(chunks).removesuffix(LAST_CHUNK) == b"".join(one_by_one(played))
        sends = [isinstance(step, Send) for step in played.timeline]
        begun = [at for at, (before, here) in enumerate(pairwise([False, *sends])) if here > before]
        assert [*stretches(played)] == begun


def test_the_last_chunk_goes_with_what_is_right_before_it() -> None:
    send = Send(b"Aloe", times=2)

    clean = heard((Head(), send, Close()))
    waits = heard((Head(), send, Wait(1), Close()))
    stalls = heard((Head(), send, Stall()))
    empty = heard((Head(), Send(b""), Close()))

    one = b"4\r\nAloe\r\n"
    assert [*map(stretches, (clean, waits, stalls, empty))] == [
        {1: [one, one + LAST_CHUNK]}, {1: [one, one]}, {1: [one, one]}, {1: [b""]},
    ]  # fmt: skip


def test_a_long_stretch_gives_others_a_turn() -> None:
    send, many = Send(b"Aloe"), Send(b"bay", times=LONGEST + 1)

    found = stretches(heard((Head(), *[send] * (LONGEST + 5), many, send, Close())))

    assert {at: len(chunks) for at, chunks in found.items()} == {1: 200, 201: 5, 207: 1}


def test_slots_that_are_not_in_a_row_are_filled_too() -> None:
    sends = [Send(f"{slot('id')}%{slot('id', number)}!".encode()) for number in range(2)]

    found = stretches(heard((Head(), *sends, Close())))

    assert found == {
        1: [b"e\r\nr1-1-2%r1-1-2!\r\n", b"10\r\nr1-1-2%r1-1-2-1!\r\n" + LAST_CHUNK],
    }
