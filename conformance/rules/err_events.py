"""Errors that the provider tells of itself: whether they reach the client, how, and in full."""

from collections.abc import Iterator

from conformance.exchange import End, Exchange
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols import read
from conformance.protocols.outcome import Failure
from conformance.protocols.surface import BadEvent
from conformance.rules.err_declared import worded
from conformance.rules.rule import rule

STREAMS = "stream array error"
CONVENTION = "OpenAI SDKs, streaming: an event whose JSON has a top-level error raises APIError"


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
    if exchange.streamed and read.failure(exchange) is None and not read.misshapen(exchange):
        how = "broke off" if exchange.end in (End.CUT, End.RESET) else "ended"
        yield Finding(f"the provider sent an error, the client's stream {how} without one")


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
    if exchange.streamed:
        # Without the script nobody can tell that what is no JSON was to be an error.
        bad = set() if exchange.scenario else _unread(exchange)
        wrong = (flaw for flaw in read.misshapen(exchange) if flaw.span not in bad)
        yield from (Finding(*flaw) for flaw in wrong)


def _unread(exchange: Exchange) -> set[Span]:
    return {event.span for event in read.events(exchange) if isinstance(event, BadEvent)}


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
    """The message and the type of the provider's error are in the error the client gets.

    Where the profile declares the type of such an error, it has that one. A provider that was
    asked in another API has types of its own.
    """
    sent, got = _sent(exchange), read.failure(exchange)
    if sent is None or got is None:
        return
    renamed = _renamed(exchange) or read.translated(exchange)
    if sent.message not in got.message:
        yield Finding(f"the message is {got.message[:120]!r}, the provider's is {sent.message!r}")
    elif sent.type and got.type not in (None, sent.type) and not renamed:
        yield Finding(f"the type is {got.type!r}, the provider's is {sent.type!r}")


def _renamed(exchange: Exchange) -> bool:
    return any(row.type for row in worded(exchange))


def _sent(exchange: Exchange) -> Failure | None:
    """What the provider says with 401 and 403 is for the router, which may keep it to itself."""
    head = exchange.scenario.get("head", {}) if exchange.scenario else {}
    told = head.get("json")
    if head.get("status") in (401, 403):
        return None
    if isinstance(told, dict) and told.get("error"):
        return read.read_failure(exchange, told["error"])
    return read.scripted(exchange).failure


@rule(
    "err.wrong-body-kind",
    Level.MUST,
    on="stream array plain error",
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
    if exchange.form == "error":
        if read.failure(exchange) is None:
            yield Finding(
                f"{exchange.status} with {exchange.body[:60]!r}, which is no error object"
            )
    elif not read.failed(exchange) and read.failure(exchange) is None:
        said = [choice.text for choice in read.scripted(exchange).choices]
        got = [choice.text for choice in read.outcome(exchange).choices]
        if got != said or not any(said):
            what = f"{exchange.status} that reads as {got}"
            yield Finding(f"{what}; right is {said if any(said) else 'an error'}")
