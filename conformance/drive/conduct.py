"""What the harness does while an answer comes: releases holds, goes away, or reads nothing."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from conformance.drive.capture import Arrival, Captured, Limits
from conformance.drive.holds import SIGN, Going, Holds
from conformance.drive.pair import Mocks
from conformance.exchange import HoldSeen, Json, taken
from conformance.probes.probe import Send

EVERYTHING = "*"  # all holds of a script

Seen = tuple[HoldSeen, ...]
Journal = tuple[Json, ...]


@dataclass
class Course:
    """An exchange under way."""

    mock: Mocks
    nonce: str
    limits: Limits
    holds: Holds
    arrival: Arrival
    capturing: "asyncio.Task[Captured]"
    seen: list[HoldSeen] = field(default_factory=list)
    journal: Journal | None = None  # as it was ahead of our leaving, where that matters

    def leave(self) -> None:
        self.arrival.left = True
        self.capturing.cancel()


async def accompanied(
    course: Course, send: Send, going: Going | None, over: asyncio.Event | None
) -> tuple[Seen, Journal]:
    """Do our part until the answer has ended; return the holds, and the provider's side of it."""
    part = _part(course, send, going, over)
    doing = asyncio.create_task(part) if part else None
    await asyncio.wait({course.capturing})
    if doing:
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing
    if not send.leave:
        return tuple(course.seen), course.journal or await course.mock.journal(course.nonce)
    if going:
        going.left()
    journal = await course.mock.journal(course.nonce)
    await course.mock.release(course.nonce, EVERYTHING)
    if any(entry["end"] is None for entry in journal):  # it shows what is written for nobody
        journal = await course.mock.journal(course.nonce)
    return tuple(course.seen), journal


def _part(
    course: Course, send: Send, going: Going | None, over: asyncio.Event | None
) -> Coroutine[None, None, None] | None:
    """Return what there is to be done while an answer comes."""
    if send.lasts and over:
        return leave_after(course, over)
    if send.unread:
        return leave_untaken(course)
    if send.leave:
        return leave_at(course, send.leave)
    waits = going.gone if going and send.stays else None
    return release(course, waits) if course.holds else None


async def leave_at(course: Course, at: str) -> None:
    """Go away while the provider holds its answer back, with what was sent ahead of that."""
    await course.mock.come(course.nonce, f"hold:{at}", course.limits.deadline)
    expected = dict(course.holds)[at]
    with suppress(TimeoutError):  # a router may keep it back: then we leave without it
        async with asyncio.timeout(course.limits.patience):
            await course.arrival.until(None if expected is None else expected.encode())
    course.leave()


async def leave_after(course: Course, others: asyncio.Event) -> None:
    """Stay until others have ended."""
    await others.wait()
    course.leave()


async def leave_untaken(course: Course) -> None:
    """Read nothing, and go away once the provider has written all, or is rid of no more."""
    with suppress(TimeoutError):  # a slow router may go on for long; what it has by then will do
        async with asyncio.timeout(course.limits.deadline / 2):
            await _settled(course)
    course.leave()


async def _settled(course: Course) -> None:
    await course.mock.come(course.nonce, "started", course.limits.deadline)
    had = -1
    while had != (has := await _taken(course)):
        had = has


async def _taken(course: Course) -> int:
    """Return how much the router has of the answers once they are whole, or a while has passed."""
    patience = round(course.limits.patience * 1000)
    course.journal = await course.mock.journal(course.nonce, patience)
    return sum(taken(entry) for entry in course.journal)


async def release(course: Course, waits: asyncio.Event | None = None) -> None:
    """Release each hold once what was sent ahead of it has come out of the router.

    A router may keep back a few events. Where nothing comes out within our patience the hold is
    released all the same, and from then on we ask for what was sent that many holds earlier.
    """
    lag, had = 0, 0
    arrival = course.arrival
    for position, (name, expected) in enumerate(course.holds):
        due = course.holds[position - lag][1] if position >= lag else ""
        # However long a router has taken to ask: our patience begins once it has got an answer.
        if due != "":
            await course.mock.come(course.nonce, f"hold:{name}", course.limits.deadline)
        try:
            async with asyncio.timeout(course.limits.patience):
                beyond = had if due == SIGN else 0
                await arrival.until(None if due is None else due.encode(), beyond)
        except TimeoutError:
            lag += 1
        if waits:
            await waits.wait()
        course.seen.append(HoldSeen(name, expected or "", lag))
        had = len(arrival.body)
        await course.mock.release(course.nonce, name)
