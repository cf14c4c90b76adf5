"""Routers whose books are wrong where an answer does not end as most do, or a key has a limit."""

import asyncio

from conformance.selfcheck import reference
from conformance.selfcheck.router.ledger import CLASSES, Row, priced
from conformance.selfcheck.router.relay import Pieces, Relay
from conformance.selfcheck.router.values import Headers
from conformance.selfcheck.variant import mutant

WINDOW = 1.0  # seconds


@mutant("bytes_out", breaks="bill.complete-then-close")
async def takes_who_has_it_all_for_gone(pieces: Pieces, relay: Relay) -> Pieces:
    """Looks once more after its client when all is sent, and charges nothing if that has gone."""
    async for piece in pieces:
        yield piece
    try:
        await asyncio.sleep(WINDOW if relay.dialect.mode(relay) == "stream" else 0)
    except asyncio.CancelledError:
        _book_nothing(relay.row)
        raise


def _book_nothing(row: Row) -> None:
    for name in CLASSES:
        setattr(row, name, 0)
    row.cost = priced({})


@mutant("settle", breaks="bill.terminal-event-usage", surface="responses")
def charges_completed_responses_only(relay: Relay, status: str) -> None:
    """Charges nothing for a response that is incomplete, or has failed."""
    reference.settle(relay, status)
    if (relay.first or {}).get("status") in ("incomplete", "failed"):
        _book_nothing(relay.row)


@mutant("settle", breaks="bill.partial-usage-kept-on-cut", surface="messages")
def forgets_the_cache_of_what_was_cut(relay: Relay, status: str) -> None:
    """Books an estimate for a message that breaks off, in place of all that it knew."""
    reference.settle(relay, status)
    if status == "failed" and relay.row.input_tokens:
        _book_nothing(relay.row)
        relay.row.input_tokens, relay.row.output_tokens = 1000, relay.delivered


@mutant("settle", breaks="bill.limits-count-streams")
def counts_plain_answers_only(relay: Relay, status: str) -> None:
    """Does not count the tokens of streams towards the limit of a key."""
    if relay.dialect.mode(relay) == "plain":
        reference.settle(relay, status)
    elif relay.row.status == "open":
        reference.book(relay, status)


@mutant("settle", breaks="bill.limits-count-streams")
def limits_output_only(relay: Relay, status: str) -> None:
    """Counts what comes out towards the limit of a key, and not what goes in."""
    if relay.row.status == "open":
        reference.book(relay, status)
        reference.spend(relay, relay.row.output_tokens or 0)


@mutant("stream_headers", breaks="hdr.cost-on-streams")
def says_that_streams_cost_nothing(relay: Relay) -> Headers:
    """Says the cost of a stream in its head, as far as it has come by then."""
    return (*reference.stream_headers(relay), (reference.COST, "0.000000"))
