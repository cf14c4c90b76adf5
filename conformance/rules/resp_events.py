"""What each event of a response says of itself: its number, its name, and of whom it speaks."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Basis, Finding, Level
from conformance.protocols import responses, responses_order
from conformance.protocols.responses_items import Item
from conformance.protocols.surface import Data
from conformance.rules.rule import rule
from conformance.rules.shape import once_each

OAS = "OpenAI OpenAPI 2.3.0"


@rule(
    "resp.sequence-number",
    Level.MUST,
    on="responses.stream",
    probes="healthy error-forms cut unfinished",
    cites=f"{OAS}, ResponseStreamEvent: sequence_number is required; recorded: 559 of 568 OpenAI "
    "streams count 0, 1, 2, error events included; those of spring 2025 have none",
    bugs="onyx-dot-app/onyx#13624 Soju06/codex-lb#1479 BerriAI/litellm#28899",
)
def events_are_numbered(exchange: Exchange) -> Iterator[Finding]:
    """Every event has a sequence_number, greater than the one before."""
    yield from once_each(_misnumbered(exchange))


def _misnumbered(exchange: Exchange) -> Iterator[Finding]:
    before = -1
    for event in responses.events(exchange):
        if not isinstance(event, Data) or "type" not in event.value:
            continue
        number = event.value.get("sequence_number")
        if not isinstance(number, int) or isinstance(number, bool):
            shown = repr(number) if "sequence_number" in event.value else "absent"
            yield Finding(f"sequence_number of {responses.kind(event)} is {shown}", event.span)
        elif number <= before:
            yield Finding(f"sequence_number {number} after {before}", event.span)
            return
        else:
            before = number


@rule(
    "resp.event-names",
    Level.MUST,
    on="responses.stream",
    probes="healthy error-forms",
    basis=Basis.RECORDING,
    cites="recorded: 506 of 506 OpenAI streams name each event by its type; measured: the official "
    "Node SDK takes an event that is named error for an error, whatever its type",
    bugs="7836246/cursor2api#115",
)
def the_name_is_the_type(exchange: Exchange) -> Iterator[Finding]:
    """The name of an event is its type. Events without a name are legal: no client needs one."""
    for event in responses.events(exchange):
        named = isinstance(event, Data) and event.type and "type" in event.value
        if isinstance(event, Data) and named and event.type != responses.kind(event):
            yield Finding(f"{responses.kind(event)} is named {event.type!r}", event.span)
            return


@rule(
    "resp.id-stable",
    Level.MUST,
    on="responses.stream",
    cites=f"{OAS}, item_id: the id of the item; recorded: 568 of 568 OpenAI streams; measured: the "
    "helpers of both official SDKs throw where a response or an item changes its id",
    bugs="BerriAI/litellm#32776 BerriAI/litellm#41185",
)
def ids_stay(exchange: Exchange) -> Iterator[Finding]:
    """The response has one id, each of its items too, and a call one call_id."""
    ids = [
        (responses.response(event.value).get("id"), event.span)
        for event in responses.events(exchange)
        if isinstance(event, Data) and "response" in event.value
    ]
    for known_as, span in ids:
        if known_as and known_as != ids[0][0]:
            what = f"the response has id {known_as!r}, it began as {ids[0][0]!r}"
            yield Finding(what, span)
            break
    for at, item in responses.grown(exchange).items():
        yield from _item_ids(exchange, at, item)


def _item_ids(exchange: Exchange, at: int, item: Item) -> Iterator[Finding]:
    if item.added is None:
        return
    for name in ("id", "call_id"):
        first, last = item.added.get(name), (item.done or {}).get(name)
        if first and last and first != last:
            yield Finding(f"item {at} has {name} {last!r} when it is done, {first!r} before")
            return
    first = item.added.get("id")
    for event in responses_order.by_item(exchange)[at]:
        told = event.value.get("item_id")
        if first and told and told != first:
            yield Finding(f"item {at} is called {told!r}, it was added as {first!r}", event.span)
            return
