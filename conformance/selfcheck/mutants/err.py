"""Routers that get errors in the stream wrong."""

from collections.abc import AsyncIterator, Iterator

from conformance.selfcheck import reference
from conformance.selfcheck.router.dialects.chat import errors
from conformance.selfcheck.router.dialects.chat.usage import wants_usage
from conformance.selfcheck.router.events import DONE, Item, Reader
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.stream import as_event
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Ending, Failed
from conformance.selfcheck.variant import mutant


@mutant("ending", breaks="err.midstream-signalled")
def ends_quietly_when_cut(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends its own stream in good order when the provider's breaks off."""
    if ending.kind != "cut" or not relay.committed:
        yield from reference.ending(ending, relay)


@mutant("ending", breaks="err.stall-detected")
def takes_silence_for_the_end(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends its own stream in good order when the provider has fallen silent."""
    if ending.kind != "stalled" or not relay.committed:
        yield from reference.ending(ending, relay)


class Credulous(Reader):
    """Takes whatever comes for a sign of life."""

    @property
    def amid(self) -> bool:
        return True


@mutant("reader", breaks="err.stall-behind-keepalive")
def waits_as_long_as_comments_come(relay: Relay) -> Reader:
    """Never gives up a provider that sends comments and nothing else."""
    return Credulous(relay.settings.limit)


@mutant("ending", breaks="err.midstream-signalled", surface="chat")
def fails_after_the_usage(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Takes the chunk with the usage for an empty answer and reports that as an error."""
    for item in reference.ending(ending, relay):
        if item == DONE and wants_usage(relay):
            yield as_event({"error": errors.error(502, "the answer is empty")})
        yield item


@mutant("ending", breaks="err.no-synthetic-success err.recorded-as-failure", surface="chat")
def calls_a_cut_a_success(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Completes a broken stream as if it were whole."""
    good = (
        Ending("done", {}) if relay.committed and ending.kind in ("cut", "unfinished") else ending
    )
    yield from reference.ending(good, relay)


@mutant("ending", breaks="err.inband-error-forwarded", surface="chat")
def swallows_errors_in_the_stream(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Ends the stream where the provider reports an error, as if that were all."""
    if ending.kind == "error" and relay.committed:
        yield DONE
    else:
        yield from reference.ending(ending, relay)


@mutant("ending", breaks="err.surface-native-shape", surface="chat")
def sends_flat_errors(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Writes the error's members where a client looks for a chunk's."""
    if ending.kind == "error" and relay.committed:
        yield as_event(ending.error)
    else:
        yield from reference.ending(ending, relay)


@mutant("failure", breaks="err.detail-kept")
def says_something_went_wrong(failed: Failed, relay: Relay) -> Answer:
    """Replaces every message by one that says nothing."""
    error = failed.error | {"message": "something went wrong"}
    return reference.failure(Failed(failed.status, error, failed.headers), relay)


@mutant("ending", breaks="err.truncated-tool-args", surface="chat")
def completes_cut_arguments(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Closes the JSON of a call whose arguments broke off, then reports the error."""
    if not ending.good and relay.committed and relay.first:
        for index, choice in relay.choices.items():
            for call in choice.calls:
                rest = {"index": call.position, "function": {"arguments": '"}'}}
                delta = {"tool_calls": [rest]}
                one = {"index": index, "delta": delta, "finish_reason": None}
                yield as_event({**relay.first, "choices": [one]})
    yield from reference.ending(ending, relay)


@mutant("conversions", instead_of=("stream", "plain"), breaks="err.wrong-body-kind")
async def reads_json_as_an_empty_stream(relay: Relay, body: Body) -> Items:
    """Looks for events in a JSON object, finds none and ends the stream."""

    async def nothing() -> AsyncIterator[Item]:
        yield DONE

    return nothing()
