"""Routers whose books are wrong."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.selfcheck import reference
from conformance.selfcheck.mutants.retry import twice
from conformance.selfcheck.router.dialects.chat.usage import usage_at_the_end
from conformance.selfcheck.router.dialects.gemini import progress
from conformance.selfcheck.router.dialects.messages.progress import finished
from conformance.selfcheck.router.ledger import priced
from conformance.selfcheck.router.relay import Relay, Repair
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Chunk
from conformance.selfcheck.variant import Variant, mutant


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
    if status == "failed" and not relay.row.input_tokens:
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


@mutant("settle", breaks="bill.token-classes-priced")
def charges_cached_input_in_full(relay: Relay, status: str) -> None:
    """Knows the price of cached tokens, and does not use it in streams."""
    reference.settle(relay, status)
    if relay.dialect.mode(relay) == "stream":
        relay.row.cost = priced({**relay.row.tokens, "cached_tokens": 0})


@mutant("settle", breaks="bill.token-classes-priced")
def gives_thoughts_away(relay: Relay, status: str) -> None:
    """Charges nothing for the tokens of reasoning."""
    reference.settle(relay, status)
    thoughts, output = relay.row.reasoning_tokens or 0, relay.row.output_tokens or 0
    heard = {"reasoning_tokens": 0, "output_tokens": output - thoughts}
    relay.row.cost = priced({**relay.row.tokens, **heard})


@mutant("settle", breaks="err.recorded-as-failure")
def books_what_failed_as_delivered(relay: Relay, status: str) -> None:
    """Books every stream that ended as complete."""
    reference.settle(relay, "complete" if status == "failed" else status)


def of_chat(breaks: str) -> Callable[[Repair], Variant]:
    """Return a mutant whose books are not made of what its client is told."""
    return mutant("repairs", instead_of=usage_at_the_end, breaks=breaks, surface="chat")


def booked(relay: Relay, **counts: int | None) -> None:
    """Have a stream charged for these, whatever the provider's usage says."""

    def settle(relay: Relay, status: str) -> None:
        reference.settle(relay, status)
        for name, count in counts.items():
            setattr(relay.row, name, count)

    relay.parts = replace(relay.parts, settle=settle)


def told(chunk: Chunk) -> Chunk | None:
    return chunk["usage"] if isinstance(chunk.get("usage"), dict) else None


@of_chat("bill.not-double-counted")
def charges_usage_told_twice(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Charges usage once more that it is told again, in a chunk of its own."""
    if (usage := told(chunk)) and relay.usage == usage and not chunk["choices"]:
        booked(relay, output_tokens=2 * usage["completion_tokens"])
    return usage_at_the_end(chunk, relay)


@mutant("repairs", instead_of=progress.usage, breaks="bill.not-double-counted", surface="gemini")
def charges_an_event_that_comes_again(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Charges usage that comes again in the very same event once more."""
    usage = chunk.get("usageMetadata")
    if usage and relay.memory.get("last") == chunk:
        booked(relay, input_tokens=2 * usage["promptTokenCount"])
    relay.memory["last"] = chunk
    return progress.usage(chunk, relay)


@of_chat("usage.cumulative-not-summed")
def charges_the_sum_of_running_totals(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Adds up in its books what grows from chunk to chunk, and tells its client the truth."""
    usage = told(chunk)
    if usage and usage != relay.memory.get("told"):
        relay.memory["told"] = usage
        relay.memory["sum"] = relay.memory.get("sum", 0) + usage["completion_tokens"]
        booked(relay, output_tokens=relay.memory["sum"])
    return usage_at_the_end(chunk, relay)


@of_chat("usage.merge-across-events")
def charges_by_the_first_usage(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Closes its books where usage comes in the middle of an answer."""
    usage = told(chunk)
    if usage and relay.usage is None and relay.delivered and not usage["completion_tokens"]:
        booked(relay, output_tokens=0)
    return usage_at_the_end(chunk, relay)


@of_chat("usage.upstream-preferred")
def charges_its_own_count(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Looks for usage in a chunk of its own, and charges the chunks it has sent without one."""
    if told(chunk) and any(choice["finish_reason"] for choice in chunk["choices"]):
        booked(relay, **({} if relay.usage else {"output_tokens": relay.delivered}))
    elif told(chunk) and not chunk["choices"]:
        booked(relay)
    return usage_at_the_end(chunk, relay)


@mutant("settle", breaks="usage.not-invented")
def charges_nothing_for_the_uncounted(relay: Relay, status: str) -> None:
    """Books no tokens where the provider has not said how many."""
    reference.settle(relay, status)
    if status == "complete" and relay.usage is None:
        relay.row.input_tokens = relay.row.output_tokens = 0


@mutant("repairs", instead_of=progress.usage, breaks="gem.usage-metadata-counted",
        surface="gemini")  # fmt: skip
def charges_what_stands_beside_candidates(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Looks for the counts to charge where there are candidates."""
    return progress.usage(chunk, relay) if chunk.get("candidates") else chunk


UNWELL = 503


@mutant("providers", breaks="bill.not-double-counted")
def charges_every_attempt(relay: Relay) -> Sequence[Upstream]:
    """Asks once more who was not well, and charges an estimate of the prompt for that too."""
    relay.parts = replace(relay.parts, settle=_with_an_estimate)
    return twice(relay, UNWELL)


def _with_an_estimate(relay: Relay, status: str) -> None:
    reference.settle(relay, status)
    if relay.row.providers > 1:
        relay.row.input_tokens = (relay.row.input_tokens or 0) + 100


@mutant("repairs", instead_of=finished, breaks="bill.not-double-counted", surface="messages")
def charges_every_end_of_a_message(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Charges usage once more where a message states its end twice."""
    if chunk["type"] == "message_delta" and relay.choices[0].finished:
        booked(relay, output_tokens=2 * chunk["usage"]["output_tokens"])
    return finished(chunk, relay)
