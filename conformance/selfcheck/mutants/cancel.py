"""Routers that do not let go when their client has left."""

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import replace
from itertools import takewhile

from conformance.selfcheck import reference
from conformance.selfcheck.router.health import Session
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Failed
from conformance.selfcheck.variant import mutant

Work = asyncio.Task[None]


@mutant("client_left", breaks="cancel.upstream-closed bill.cancel-not-overbilled")
async def reads_on_for_nobody(work: Work, relay: Relay) -> None:
    """Goes on reading a stream whose client has left."""
    if not relay.committed:
        await reference.client_left(work, relay)


@mutant("client_left", breaks="cancel.upstream-closed-before-first-byte")
async def notices_nobody_leave_early(work: Work, relay: Relay) -> None:
    """Looks for its client only once it has something to send."""
    if relay.committed or relay.dialect.mode(relay) == "plain":
        await reference.client_left(work, relay)


@mutant("client_left", breaks="cancel.nonstream-upstream-closed")
async def finishes_plain_requests(work: Work, relay: Relay) -> None:
    """Waits for a plain answer though nobody does any more."""
    if relay.dialect.mode(relay) != "plain":
        await reference.client_left(work, relay)


AT_ONCE, WINDOW = 4, 2.0
latest = defaultdict[str, deque[float]](lambda: deque(maxlen=AT_ONCE))


@mutant("client_left", breaks="cancel.no-resource-leak")
async def loses_count_in_a_crowd(work: Work, relay: Relay) -> None:
    """Lets go of no more than four streams of its sessions in two seconds; the others run on."""
    now = asyncio.get_running_loop().time()
    counted, mine = bool(relay.session), latest[relay.dialect.name]
    if not counted or len(mine) < AT_ONCE or now - mine[0] > WINDOW:
        mine.extend([now] if counted else [])
        await reference.client_left(work, relay)


running = defaultdict[Session, list[Relay]](list)


@mutant("admit", breaks="cancel.others-undisturbed")
def hangs_up_on_all_of_a_session(relay: Relay) -> None:
    """Ends every older stream of a session when one of its clients leaves."""
    reference.admit(relay)
    if relay.session:
        running[relay.session].append(relay)
        relay.parts = replace(relay.parts, client_left=_all_leave)


async def _all_leave(work: Work, relay: Relay) -> None:
    await reference.client_left(work, relay)
    mine = running[relay.session]
    older = list(takewhile(lambda other: other is not relay, mine))
    if len(older) == len(mine):
        return
    del mine[: len(older) + 1]
    for other in older:
        if not other.over:
            other.wire.cut()


SLOTS = 4
taken = Counter[Session]()


@mutant("admit", breaks="cancel.slot-released")
def keeps_the_slot_of_who_has_left(relay: Relay) -> None:
    """Counts what runs in each session, and does not count down when a client leaves."""
    session = relay.session
    if not session:
        reference.admit(relay)
        return
    if taken[session] >= SLOTS:
        raise Failed(429, relay.dialect.error(429, "too many requests at once", None))
    taken[session] += 1

    def settle(relay: Relay, status: str) -> None:
        taken[session] -= status != "cancelled"
        reference.settle(relay, status)

    relay.parts = replace(relay.parts, settle=settle)
    reference.admit(relay)
