"""Errors in the stream: what a client is told when the provider fails half-way.

A client can learn of a failure from a status, an error event or a transfer that breaks off. One
that is told nothing, one that is told of a success, and one that is told in a form it cannot
read are a rule each.
"""

from collections.abc import Iterator

from conformance.exchange import End, Exchange, Json
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import chat
from conformance.protocols.chat import BadEvent
from conformance.protocols.outcome import Failure, scripted, steps
from conformance.rules.rule import rule
from conformance.wire.sse import Event

STREAMS = "chat.stream chat.error"
MEASURED = (
    "measured: a clean end without finish and [DONE] passes for an answer in both official SDKs"
)
CONVENTION = "OpenAI SDKs, streaming: an event whose JSON has a top-level error raises APIError"

DECLINED = 400
BREAKS = ("reset", "close", "stall")
BREAKING_FAULTS = ("cut_after", "reset_after", "stall_after")


def breaks_off(scenario: Json) -> str:
    """Say how the provider's stream breaks off: `cut`, `clean`, or not at all."""
    for fault in scenario.get("fault", ()):
        if (fault if isinstance(fault, str) else next(iter(fault))) in BREAKING_FAULTS:
            return "cut"
    finished = any("finish" in step for step in steps(scenario))
    for step in steps(scenario):
        if any(verb in step for verb in BREAKS) and not finished:
            return "clean" if step.get("close") == "clean" else "cut"
    return ""


def misshapen(exchange: Exchange) -> list[Finding]:
    """Return the events that mean to tell of an error in a form that clients cannot read."""
    named = {item.span for item in chat.items(exchange)
             if isinstance(item, Event) and item.type == "error"}  # fmt: skip
    found: list[Finding] = []
    for event in chat.events(exchange):
        if isinstance(event, BadEvent):
            found.append(Finding(f"the error is {event.reason}: {event.data[:60]!r}", event.span))
        elif isinstance(event, chat.Chunk) and (why := _unreadable(event, named)):
            found.append(Finding(why, event.span))
    return found


def _unreadable(event: chat.Chunk, named: set[Span]) -> str:
    error = event.value.get("error")
    if error and not isinstance(error, dict):
        return f"error is {error!r:.60}; right is an object with message and type"
    if error and not (isinstance(error.get("message"), str) and error["message"]):
        return f"error has no message: {str(error)[:60]}"
    flat = "choices" not in event.value and isinstance(event.value.get("message"), str)
    if not error and (flat or event.span in named):
        return "the error is not under a top-level member error"
    return ""


def told(exchange: Exchange) -> bool:
    """Say whether the client can know of a failure, or was meant to."""
    return exchange.kind == "chat.error" or chat.failed(exchange) or bool(misshapen(exchange))


def claims(exchange: Exchange) -> list[Finding]:
    """Return what tells the client of a success."""
    found: list[Finding] = []
    excused = told(exchange)
    for token in chat.tokens(exchange):
        if token.kind == "finish" and token.value != "error":
            found.append(Finding(f"finish reason {token.value!r}", token.span))
        if token.kind == "done" and not excused:
            found.append(Finding("data: [DONE]", token.span))
    return found


@rule(
    "err.midstream-signalled",
    Level.MUST,
    on="chat.stream chat.plain chat.error",
    probes="healthy cut unfinished",
    needs="upstream",
    basis=Basis.POLICY,
    cites=f"RFC 9112 8: an incomplete message is to be known as such; {MEASURED}",
    bugs="BerriAI/litellm#39748 preloop/preloop#117 open-webui/open-webui#29628 "
    "decolua/9router#2142",
)
def a_broken_stream_is_known_as_one(exchange: Exchange) -> Iterator[Finding]:
    """An answer that breaks off ends in an error or a broken transfer; a whole one does not.

    Where the provider ends cleanly but without a finish reason, it depends on the declared
    policy `unfinished`: with `error` that is a stream that broke off.
    """
    how = breaks_off(exchange.scenario)
    if not how:
        yield from _invented(exchange)
    elif _due(exchange, how) and not told(exchange) and not claims(exchange):
        size = len(exchange.body)
        what = f"the provider's answer broke off, the client's ended cleanly after {size} bytes"
        yield Finding(what, Span(size, size))


def _due(exchange: Exchange, how: str) -> bool:
    return how == "cut" or exchange.policy.get("unfinished") == "error"


def _invented(exchange: Exchange) -> Iterator[Finding]:
    """A router may decline what it does not offer, but only with 400."""
    failure = chat.outcome(exchange).failure
    how = f"an error: {failure.message[:80]!r}" if failure else f"the connection {exchange.end}"
    if exchange.kind == "chat.error":
        how = f"status {exchange.status}"
    if exchange.status != DECLINED and (exchange.kind == "chat.error" or chat.failed(exchange)):
        yield Finding(f"the provider's answer was complete, the client's ended in {how}")


@rule(
    "err.no-synthetic-success",
    Level.MUST,
    on=STREAMS,
    probes="cut unfinished",
    needs="upstream",
    basis=Basis.POLICY,
    cites="OpenAI OpenAPI 2.3.0, finish_reason: why the model stopped; a client takes what has one "
    "for complete",
    bugs="BerriAI/litellm#42085 maximhq/bifrost#5546 router-for-me/CLIProxyAPI#4884 "
    "Augustas11/macprovider#186",
)
def no_success_is_made_up(exchange: Exchange) -> Iterator[Finding]:
    """No finish reason and no [DONE] is made up for a stream that the provider did not finish.

    [DONE] after an error event claims nothing.
    """
    for claim in claims(exchange):
        yield Finding(f"{claim.message}, and the provider sent none", claim.span)


@rule(
    "err.inband-error-forwarded",
    Level.MUST,
    on=STREAMS,
    probes="inband-error",
    needs="upstream",
    cites=CONVENTION,
    bugs="BerriAI/litellm#40578 diegosouzapw/OmniRoute#8210 Oaklight/llm-rosetta#454 "
    "apache/rocketmq-dashboard#2178",
)
def an_error_in_the_stream_is_forwarded(exchange: Exchange) -> Iterator[Finding]:
    """An error that the provider sends inside a 200 stream reaches the client as an error."""
    if exchange.kind == "chat.stream" and failure(exchange) is None and not misshapen(exchange):
        how = "broke off" if exchange.end in (End.CUT, End.RESET) else "ended"
        yield Finding(f"the provider sent an error, the client's stream {how} without one")


def failure(exchange: Exchange) -> Failure | None:
    """Return the error the client was told of, by event or by status."""
    if exchange.kind != "chat.error":
        return chat.outcome(exchange).failure
    told = (chat.answer(exchange) or {}).get("error")
    return chat.read_failure(told) if told else None


@rule(
    "err.surface-native-shape",
    Level.MUST,
    on=STREAMS,
    probes="inband-error cut unfinished",
    cites=f"{CONVENTION}; measured: a flat error event is invisible to the Python SDK",
    bugs="lucasjinreal/Crane#121 openai/openai-python#3587 openai/openai-node#2021 ogx-ai/ogx#5224",
)
def an_error_event_is_one_for_this_surface(exchange: Exchange) -> Iterator[Finding]:
    """An error event is JSON with a top-level member error that has a message."""
    yield from misshapen(exchange)


@rule(
    "err.detail-kept",
    Level.SHOULD,
    on=STREAMS,
    probes="inband-error refusal",
    needs="upstream",
    cites="OpenAI OpenAPI 2.3.0, Error: message and type are what a client can act on",
    bugs="tensorzero/tensorzero#5772 amd/gaia#3501 mckinsey/agents-at-scale-ark#1346",
)
def the_providers_words_are_kept(exchange: Exchange) -> Iterator[Finding]:
    """The message and the type of the provider's error are in the error the client gets."""
    sent, got = _sent(exchange.scenario), failure(exchange)
    if sent is None or got is None:
        return
    if sent.message not in got.message:
        yield Finding(f"the message is {got.message[:120]!r}, the provider's is {sent.message!r}")
    elif sent.type and sent.type != got.type:
        yield Finding(f"the type is {got.type!r}, the provider's is {sent.type!r}")


def _sent(scenario: Json) -> Failure | None:
    """What the provider says with 401 and 403 is for the router, which may keep it to itself."""
    head = scenario.get("head", {})
    told = head.get("json")
    if head.get("status") in (401, 403):
        return None
    if isinstance(told, dict) and told.get("error"):
        return chat.read_failure(told["error"])
    return scripted(scenario).failure


@rule(
    "err.truncated-tool-args",
    Level.MUST,
    on=STREAMS,
    probes="err.truncated-tool-args",
    needs="upstream",
    basis=Basis.POLICY,
    cites="OpenAI API reference: arguments may be no valid JSON, the client has to check; "
    "repaired ones pass that check",
    bugs="langchain-ai/langchain#39275 brightwave-inc/tidebreak#1122 iii-hq/workers#878 "
    "langchain-ai/langchainjs#11494",
)
def cut_arguments_stay_cut(exchange: Exchange) -> Iterator[Finding]:
    """A call that was cut inside its arguments is not completed to valid, empty or null ones."""
    sent = [call for choice in scripted(exchange.scenario).choices for call in choice.calls]
    got = [call for choice in chat.outcome(exchange).choices for call in choice.calls]
    for said, call in zip(sent, got, strict=False):
        if not said.arguments.startswith(call.arguments):
            yield Finding(f"the arguments of {call.name!r} are {call.arguments!r}, "
                          f"the provider got as far as {said.arguments!r}")  # fmt: skip


@rule(
    "err.wrong-body-kind",
    Level.MUST,
    on="chat.stream chat.plain chat.error",
    probes="err.wrong-body-kind",
    needs="upstream head",
    basis=Basis.POLICY,
    cites="measured: of a JSON body to a stream request both official SDKs yield nothing and raise "
    "nothing; OpenAI OpenAPI 2.3.0, responses",
    bugs="shuv1337/oc-web#143 nyroway/nyro#182 mistralai/mistral-vibe#619 BYK/loreai#605",
)
def a_body_of_the_wrong_kind_is_seen_to(exchange: Exchange) -> Iterator[Finding]:
    """One JSON to a stream request, a stream to a plain one, or a web page: converted, or an error.

    The client gets the answer in the form it asked for, or a clear error; nothing that is
    mislabelled or empty.
    """
    if exchange.kind == "chat.error":
        if failure(exchange) is None:
            yield Finding(
                f"{exchange.status} with {exchange.body[:60]!r}, which is no error object"
            )
    elif not chat.failed(exchange) and failure(exchange) is None:
        said = [choice.text for choice in scripted(exchange.scenario).choices]
        got = [choice.text for choice in chat.outcome(exchange).choices]
        if got != said or not any(said):
            what = f"{exchange.status} that reads as {got}"
            yield Finding(f"{what}; right is {said if any(said) else 'an error'}")
