"""The order of a streamed response: grammars as tables, for the response, its items, their texts.

A text is a content part, a part of a summary, or the arguments of a call.
"""

from collections import defaultdict
from collections.abc import Iterator

from conformance.exchange import Exchange, once
from conformance.protocols import grammar, responses
from conformance.protocols.grammar import END, Table, Token, Violation
from conformance.protocols.responses_items import TEXTS, Said, text_kind

# state -> what may come next -> the state it leads to. Comments are no tokens, `other` is an event
# that no document knows, which clients are to pass over; ahead of `created` their helpers throw.
RESPONSE: Table = {
    "start": {"created": "created", "error": "failed"},
    "unopened": {"created": "created", "queued": "queued", "in_progress": "running",
                 "item": "running", "other": "unopened", "error": "failed", "done": "closed"},
    "created": {"queued": "queued", "in_progress": "running", "item": "running", "other": "created",
                "error": "failed", "done": "closed"},
    "queued": {"in_progress": "running", "other": "queued", "error": "failed", "done": "closed"},
    "running": {"item": "running", "other": "running", "error": "failed", "done": "closed"},
    "failed": {"item": "failed", "other": "failed", "error": "failed", "done": "closed",
               "sentinel": "over", END: "over"},
    "closed": {"sentinel": "over", END: "over"},
    "over": {END: "over"},
}  # fmt: skip

ITEM: Table = {
    "start": {"added": "open"},
    "open": {"inner": "open", "done": "closed"},
    "closed": {END: "closed"},
}

# A text that a part is announced for.
PART: Table = {
    "start": {"open": "open"},
    "open": {"delta": "open", "mark": "open", "told": "told"},
    "told": {"mark": "told", "close": "closed"},
    "closed": {END: "closed"},
}

# One without: arguments, and the reasoning of those who announce no part for it.
BARE: Table = {
    "start": {"delta": "open", "told": "told", END: "start"},
    "open": {"delta": "open", "told": "told"},
    "told": {END: "told"},
}


@once
def response_violations(exchange: Exchange) -> list[Violation]:
    """Return what breaks the order of the response as a whole."""
    order = (_as_whole(token) for token in responses.tokens(exchange))
    recover = {"start": "unopened"}
    return list(grammar.violations(RESPONSE, filter(None, order), recover=recover))


def _as_whole(token: Token) -> Token | None:
    """Usage and the reason are members of the terminal event, which is a token of its own."""
    return None if token.kind in ("finish", "usage") else token


@once
def item_violations(exchange: Exchange) -> dict[int, list[Violation]]:
    """Return what breaks the order of each item; one that was not announced is taken for open."""
    order = {at: _item_tokens(exchange, events) for at, events in by_item(exchange).items()}
    recover = {"start": "open"}
    return {at: list(grammar.violations(ITEM, told, recover=recover)) for at, told in order.items()}


@once
def text_violations(exchange: Exchange) -> dict[int, list[Violation]]:
    """Return what breaks the order of the texts of each item."""
    return {at: list(_in_texts(events)) for at, events in by_item(exchange).items()}


@once
def by_item(exchange: Exchange) -> dict[int, list[Said]]:
    """Return what is said of each item, in order."""
    found: dict[int, list[Said]] = defaultdict(list)
    for event in responses.about_items(exchange):
        found[event.at].append(event)
    return dict(found)


def _item_tokens(exchange: Exchange, events: list[Said]) -> Iterator[Token]:
    for event in events:
        kind = event.kind if event.kind in ("added", "done") else "inner"
        yield Token(kind, event.span, event.at, event.value)
    # Only who ends a response in good order has to have ended its items.
    ends = {token.kind for token in responses.tokens(exchange)}
    if "done" in ends and "error" not in ends:
        yield Token(END, events[-1].span, events[-1].at)


def _in_texts(events: list[Said]) -> Iterator[Violation]:
    places: dict[tuple[str, int], list[Said]] = defaultdict(list)
    for event in events:
        if event.place is not None:
            places[event.place].append(event)
    ends = [Token(END, event.span, event.at) for event in events if event.kind == "done"][:1]
    for told in places.values():
        order = [Token(event.kind, event.span, event.at, event.value) for event in told]
        table = PART if _bracketed(told) else BARE
        later = [token for token in ends if token.span >= order[-1].span]
        found = list(grammar.violations(table, [*order, *later], recover={"start": "open"}))
        # What is wrong already is not left open too.
        yield from found if len(found) == 1 else (v for v in found if v.token.kind != END)


def _bracketed(told: list[Said]) -> bool:
    kinds = {text_kind(event.value) for event in told if event.kind in ("delta", "told")}
    announced = any(event.kind in ("open", "close", "mark") for event in told)
    return announced or any(TEXTS[kind].bracketed for kind in kinds)
