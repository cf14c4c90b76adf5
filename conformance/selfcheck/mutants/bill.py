"""Routers whose books are wrong."""

from dataclasses import replace

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat.usage import usage_at_the_end
from conformance.selfcheck.router.ledger import CLASSES
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import mutant


@mutant("settle", breaks="bill.stream-recorded")
def forgets_to_book_streams(relay: Relay, status: str) -> None:
    """Books plain answers only."""
    if status != "complete" or relay.dialect.mode(relay) == "plain":
        reference.settle(relay, status)


@mutant("settle", breaks="bill.cancel-recorded")
def gives_cancelled_streams_away(relay: Relay, status: str) -> None:
    """Books nothing of a stream whose client has left."""
    reference.settle(relay, status)
    if status == "cancelled":
        relay.row.output_tokens = None


@mutant("settle", breaks="bill.cancel-not-overbilled")
def bills_the_rest_to_who_has_left(relay: Relay, status: str) -> None:
    """Charges a cancelled stream for what the provider would have written too."""
    reference.settle(relay, status)
    if status == "cancelled":
        relay.row.output_tokens = relay.delivered + 1000


@mutant("settle", breaks="bill.cancel-policy-declared")
def bills_half_of_it_to_who_has_left(relay: Relay, status: str) -> None:
    """Charges a cancelled stream for half of what has come through."""
    reference.settle(relay, status)
    if status == "cancelled":
        relay.row.output_tokens = relay.delivered // 2


@mutant("settle", breaks="bill.failed-stream-not-estimated")
def estimates_what_failed(relay: Relay, status: str) -> None:
    """Charges a stream that failed for what its length suggests."""
    reference.settle(relay, status)
    if status == "failed" and relay.usage is None:
        relay.row.input_tokens, relay.row.output_tokens = 100, 4 * (relay.delivered + 1)


@mutant("bytes_in", breaks="usage.split-event-counted", surface="chat")
def books_usage_it_sees_at_a_glance(data: bytes, relay: Relay) -> bytes:
    """Looks for usage in each read by itself, as a filter in a proxy does."""
    if relay.dialect.mode(relay) == "stream":
        seen = any(b'"usage":{' in line and line.endswith(b"}") for line in data.split(b"\n"))
        if seen or relay.first is None:
            relay.parts = replace(relay.parts, settle=reference.settle if seen else _unseen)
    return data


def _unseen(relay: Relay, status: str) -> None:
    reference.settle(relay, status)
    if status == "complete":
        relay.row.output_tokens = None


@mutant("settle", breaks="bill.token-classes-priced")
def charges_all_input_alike(relay: Relay, status: str) -> None:
    """Does not know cached tokens from others."""
    reference.settle(relay, status)
    relay.row.cached_tokens = None


@mutant("settle", breaks="err.recorded-as-failure")
def books_what_failed_as_delivered(relay: Relay, status: str) -> None:
    """Books every stream that ended as complete."""
    reference.settle(relay, "complete" if status == "failed" else status)


@mutant("repairs", instead_of=usage_at_the_end, breaks="bill.not-double-counted", surface="chat")
def charges_running_totals_twice(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Charges usage that comes in more than one event more than once."""
    if isinstance(chunk.get("usage"), dict) and relay.usage is not None:
        relay.parts = replace(relay.parts, settle=_twice)
    return usage_at_the_end(chunk, relay)


def _twice(relay: Relay, status: str) -> None:
    reference.settle(relay, status)
    for name in CLASSES:
        counted = getattr(relay.row, name)
        setattr(relay.row, name, counted and 2 * counted)
