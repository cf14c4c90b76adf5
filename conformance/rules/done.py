"""The terminator of a chat stream."""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Finding, Level
from conformance.protocols import chat
from conformance.protocols.grammar import END
from conformance.rules.rule import rule

CITES = "OpenAI OpenAPI 2.3.0, CreateChatCompletionRequest.stream: terminated by data: [DONE]"


@rule(
    "done.present",
    Level.MUST,
    on="chat.stream",
    cites=CITES,
    bugs="BerriAI/litellm#6629",
)
def a_complete_stream_ends_with_done(exchange: Exchange) -> Iterator[Finding]:
    """A stream that did not fail ends with data: [DONE]."""
    if not chat.failed(exchange):
        for state, token in chat.stream_violations(exchange):
            if token.kind == END and state != "closed":
                yield Finding("the body ended without data: [DONE]", token.span)


@rule("done.exactly-once", Level.MUST, on="chat.stream", cites=CITES)
def nothing_follows_done(exchange: Exchange) -> Iterator[Finding]:
    """data: [DONE] is sent once and nothing follows it."""
    for state, token in chat.stream_violations(exchange):
        if state == "closed":
            what = "a second [DONE]" if token.kind == "done" else f"a {token.kind}"
            yield Finding(f"{what} after [DONE]", token.span)
