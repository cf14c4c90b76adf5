"""What a router declares of the bodies of its answers: their ids, members beyond the API."""

import re
from collections.abc import Iterator, Mapping

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import read
from conformance.protocols.surface import Data, answer
from conformance.rules.hdr_rows import stated
from conformance.rules.rule import comparison, rule

OURS = "the profile's features, with their source"
#: What the APIs have at the top of a plain answer, and of each event of a stream by its type.
CHAT = frozenset({"id", "object", "created", "model", "choices", "usage", "service_tier",
                  "system_fingerprint", "obfuscation", "moderation", "error"})  # fmt: skip
MESSAGE = frozenset({"id", "type", "role", "content", "model", "stop_reason", "stop_sequence",
                     "stop_details", "usage", "container", "context_management"})  # fmt: skip
MESSAGES: Mapping[str, frozenset[str]] = {
    "message": MESSAGE,
    "message_start": frozenset({"type", "message"}),
    "content_block_start": frozenset({"type", "index", "content_block"}),
    "content_block_delta": frozenset({"type", "index", "delta"}),
    "content_block_stop": frozenset({"type", "index"}),
    "message_delta": frozenset({"type", "delta", "usage", "context_management"}),
    "message_stop": frozenset({"type"}),
    "ping": frozenset({"type"}),
}


@comparison(
    "chunk.id-declared",
    Level.MUST,
    on="chat.stream chat.plain",
    probes="healthy hdr.stable",
    needs="id-pattern",
    basis=Basis.POLICY,
    cites=OURS,
)
def ids_are_as_declared(trial: Trial) -> Iterator[Finding]:
    """The id of an answer matches the declared `id-pattern`, and no other answer has it."""
    known: dict[str, str] = {}
    for name, exchange in trial.exchanges.items():
        own = stated(exchange, "id") if exchange.form != "error" else ""
        pattern = exchange.policy["id-pattern"]
        if own and not re.fullmatch(pattern, own):
            yield Finding(f"the id {own!r} does not match {pattern!r}", exchange=name)
        if own and known.setdefault(own, name) != name:
            yield Finding(f"the id {own!r} is that of the {known[own]} answer too", exchange=name)


@rule(
    "content.extra-members",
    Level.MUST,
    on="chat.stream chat.plain messages.stream messages.plain",
    probes="content.extra-members hdr.stable",
    needs="extra-members",
    basis=Basis.POLICY,
    cites=OURS,
)
def nothing_is_added_to_answers(exchange: Exchange) -> Iterator[Finding]:
    """At the top an answer, or an event, has what its API has, and what `extra-members` lists."""
    found = dict[str, Span]()
    for value, span in _wholes(exchange):
        for member in value.keys() - _of_the_api(exchange, value):
            found.setdefault(member, span)
    for member in sorted(found.keys() - set(exchange.policy["extra-members"])):
        yield Finding(f"{member} is no member of the API, nor declared", found[member])


def _wholes(exchange: Exchange) -> Iterator[tuple[Mapping[str, Json], Span]]:
    if exchange.form == "plain":
        yield answer(exchange) or {}, Span(0, len(exchange.body))
        return
    for event in read.events(exchange):
        if isinstance(event, Data):
            yield event.value, event.span
            # What is at the top of a plain message is in the first event of a streamed one.
            if isinstance(message := event.value.get("message"), dict):
                yield message, event.span


def _of_the_api(exchange: Exchange, value: Mapping[str, Json]) -> frozenset[str]:
    if exchange.surface == "chat":
        return CHAT
    return MESSAGES.get(str(value.get("type")), frozenset(value))
