"""What only the Gemini surface has: two forms of a stream, codes of errors, blocked prompts."""

from collections.abc import Iterator

from conformance.exchange import End, Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import gemini, read
from conformance.protocols.surface import BadEvent, answer
from conformance.rules.charges import miscounted
from conformance.rules.invariance import departures
from conformance.rules.returned import went_up
from conformance.rules.rule import comparison, rule
from conformance.rules.usage import counts
from conformance.wire.array import Element
from conformance.wire.sse import Oddity

OK = 200
TOKEN = "continuationToken"  # noqa: S105  (of an answer, no secret)
STREAMS = "gemini.stream gemini.array"
ANSWERS = f"{STREAMS} gemini.plain"
METHODS = "Gemini API, streamGenerateContent: events with alt=sse, otherwise one JSON array"
RPC = "AIP-193: code is the HTTP status, status the word of google.rpc.Code"

MALFORMED = {
    "bom": "a byte order mark opens the array",
    "not-array": "what is no JSON array: {!r}",
    "no-element": "a comma with no element before or after it",
    "no-comma": "two elements without a comma between them",
    "not-utf8": "not UTF-8: {}",
    "unterminated": "the body ends inside an element: {!r}",
    "unclosed": "the array is not closed",
    "after-end": "bytes after the end of the array: {!r}",
}
OPEN = ("unterminated", "unclosed")


@rule(
    "gem.json-array-or-sse",
    Level.MUST,
    on=STREAMS,
    probes="healthy",
    cites=f"{METHODS}; measured: the official SDKs throw on an array where events were asked for",
    bugs="simonw/llm-gemini#97",
)
def a_stream_has_the_form_that_was_asked_for(exchange: Exchange) -> Iterator[Finding]:
    """With alt=sse a stream is events; without it, one JSON array of objects and nothing else."""
    if exchange.mode == "stream":
        if gemini.listed(exchange):
            yield Finding("a JSON array, alt=sse asked for events")
    elif not gemini.listed(exchange) and any(gemini.events(exchange)):
        yield Finding("events, and alt=sse was not asked for")
    elif answer(exchange) is None:
        yield from _malformed(exchange)


def _malformed(exchange: Exchange) -> Iterator[Finding]:
    """An array that was broken off tells of a failure: then it may be open."""
    excused = OPEN if exchange.end != End.COMPLETE or read.failed(exchange) else ()
    for item in gemini.elements(exchange):
        if isinstance(item, Oddity) and item.kind not in excused:
            yield Finding(MALFORMED[item.kind].format(item.text[:60]), item.span)
    for event in gemini.events(exchange):
        if isinstance(event, BadEvent):
            yield Finding(f"an element that is {event.reason}: {event.data[:60]!r}", event.span)
    if not any(isinstance(item, Element | Oddity) for item in gemini.elements(exchange)):
        yield from () if exchange.body else (Finding("an empty body, which is no array"),)


@comparison(
    "gem.json-array-split",
    Level.MUST,
    on="gemini.array",
    probes="gem.json-array-split",
    basis=Basis.STANDARD,
    cites="RFC 9112 7.1: the borders of HTTP chunks have no meaning; RFC 8259 2: white space may "
    "stand around the six structural characters",
    bugs="Portkey-AI/gateway#1710 symfony/ai#1988 Kong/kong#14680 googleapis/python-genai#2042",
)
def an_array_is_read_however_it_is_cut(trial: Trial) -> Iterator[Finding]:
    """The same array gives the same answer however the provider's writes cut it.

    The last element, with the finish reason and the usage, is not lost with the bracket after it.
    """
    yield from departures(trial)


@rule(
    "gem.stream-error-structured",
    Level.MUST,
    on=f"{STREAMS} gemini.error",
    probes="inband-error refusal",
    needs="upstream",
    cites=f"{RPC}; measured: the official SDKs raise by the code and read nothing after it",
    bugs="snailyp/gemini-balance#347 googleapis/python-genai#1162",
)
def an_error_keeps_its_code(exchange: Exchange) -> Iterator[Finding]:
    """An error has the provider's code and is the last there is.

    Its word and its message are under `err.detail-kept`, another status under
    `pre.status-preserved`.
    """
    got, sent = read.failure(exchange), read.scripted(exchange).failure
    if got is None or sent is None or read.misshapen(exchange):
        return
    if got.code != sent.code and exchange.status in (OK, sent.code):
        yield Finding(f"the code is {got.code}, the provider's is {sent.code}")
    for state, token in gemini.stream_violations(exchange):
        if state == "failed":
            yield Finding(f"a {token.kind} after the error", token.span)


@rule(
    "gem.usage-metadata-counted",
    Level.MUST,
    on=f"{ANSWERS} gemini.error",
    probes="gem.usage-metadata-counted",
    basis=Basis.RECORDING,
    needs="request upstream",
    cites="Gemini API, UsageMetadata; recorded: a running total on each chunk of the Gemini API, "
    "trafficType alone until the last chunk on Vertex, the prompt's alone on older models",
    bugs="NousResearch/hermes-agent#15253 NousResearch/hermes-agent#15264 "
    "router-for-me/CLIProxyAPI#3304 Joouis/agent-maestro#190",
)
def the_last_usage_counts(exchange: Exchange) -> Iterator[Finding]:
    """The counts of the last usageMetadata that has any reach client and bill, wherever it stands.

    Cached tokens and thoughts have rules of their own under `usage`.
    """
    if exchange.bill:
        yield from miscounted(exchange)
        return
    got, sent = read.outcome(exchange).usage, read.scripted(exchange).usage
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the provider's usage was due")
    elif sent and got is None:
        yield Finding(f"the provider sent usage ({counts(sent)}), the client got none")
    elif sent and got and (sent.input, sent.output) != (got.input, got.output):
        yield Finding(f"usage is {counts(got)}, the provider's is {counts(sent)}")


@rule(
    "gem.prompt-feedback-kept",
    Level.MUST,
    on=f"{ANSWERS} gemini.error",
    probes="gem.prompt-feedback-kept",
    needs="upstream",
    cites="Gemini API, PromptFeedback: if blockReason is set the prompt was blocked and no "
    "candidates are returned",
)
def a_blocked_prompt_says_so(exchange: Exchange) -> Iterator[Finding]:
    """A prompt that the provider blocked comes with promptFeedback.blockReason and no candidate."""
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the provider said why it blocked")
        return
    chunks = gemini.responses(exchange)
    sent = exchange.scenario["gemini"]["block"] if exchange.scenario else None
    got = next(filter(None, map(gemini.blocked, chunks)), None)
    if got != sent:
        yield Finding(f"blockReason is {got!r}, the provider's is {sent!r}")
    elif any(map(gemini.candidates, chunks)):
        yield Finding("a candidate came where the prompt was blocked")


@rule(
    "gem.continuation-kept",
    Level.MUST,
    on=f"{ANSWERS} gemini.error",
    probes="gem.continuation-kept",
    needs="request upstream",
    cites="Google Gen AI SDKs 3.x, automatic continuation: on by default; measured: with the "
    "reason CONTINUATION and its token they ask again, with any other reason they end",
)
def what_goes_on_says_so(exchange: Exchange) -> Iterator[Finding]:
    """A CONTINUATION arrives as one with its continuationToken, and the token goes back up."""
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status} where the answer was to go on")
        return
    habits = (exchange.scenario or {}).get("gemini", {})
    if sent := habits.get("candidate_extra", {}).get(TOKEN):
        listed = [each for c in gemini.responses(exchange) for each in gemini.candidates(c)]
        if not any(each.get(TOKEN) == sent for each in listed):
            yield Finding(f"the provider's {TOKEN} {sent!r} did not arrive")
        elif (reason := read.stated(exchange).get(0)) not in (None, "CONTINUATION"):
            yield Finding(f"the finish reason is {reason!r}, the provider's is 'CONTINUATION'")
    asked = exchange.asked(TOKEN)
    for entry in exchange.journal if asked else ():
        if (got := went_up(entry).get(TOKEN)) != asked:
            what = f"the provider got the {TOKEN} {got!r}, the client sent {asked!r}"
            yield Finding(what, where="journal")


@rule(
    "gem.identity-stable",
    Level.SHOULD,
    on=STREAMS,
    probes="healthy",
    basis=Basis.RECORDING,
    cites="Gemini API, GenerateContentResponse: responseId identifies each response; recorded: "
    "constant in 425 of 425 streams that have it",
)
def all_chunks_are_of_one_answer(exchange: Exchange) -> Iterator[Finding]:
    """Where chunks state a responseId and a modelVersion, all of them state the same."""
    for name in ("responseId", "modelVersion"):
        stated = [(c.value[name], c.span) for c in gemini.chunks(exchange) if c.value.get(name)]
        other = [pair for pair in stated if pair[0] != stated[0][0]]
        for value, span in other[:1]:
            yield Finding(f"{name} is {value!r}, in earlier chunks it is {stated[0][0]!r}", span)
