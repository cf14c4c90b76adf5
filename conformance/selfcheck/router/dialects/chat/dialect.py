"""OpenAI chat completions as the router speaks them."""

from collections.abc import Iterator

from conformance.selfcheck.router.dialects import shared
from conformance.selfcheck.router.dialects.chat import chunks, errors, tools, usage
from conformance.selfcheck.router.dialects.chat.answers import CONVERSIONS
from conformance.selfcheck.router.events import DONE, Event, Item
from conformance.selfcheck.router.hearing import ended, failed
from conformance.selfcheck.router.ledger import Counted, count
from conformance.selfcheck.router.relay import Dialect, Heard, Relay
from conformance.selfcheck.router.stream import as_event, written
from conformance.selfcheck.router.values import Chunk, Ending, Json, Said, objects

REPAIRS = (
    chunks.listed_choices,
    chunks.one_identity,
    chunks.choice_keys,
    chunks.role_first,
    chunks.role_once,
    chunks.text_content,
    chunks.reasoning_once,
    tools.ordered_calls,
    chunks.finish_words,
    chunks.deliveries,
    usage.usage_at_the_end,
)


def request_path(relay: Relay) -> str:
    return "/chat/completions"


def request_body(relay: Relay) -> dict[str, Json]:
    """Members we do not know go up as they came; for the ledger we always ask for usage."""
    if relay.dialect.mode(relay) == "plain":
        return relay.asked
    options = relay.asked.get("stream_options")
    options = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return {**relay.asked, "stream_options": options}


def understood(event: Event, relay: Relay) -> list[Heard]:
    """An event that is neither a chunk nor an error nor the terminator is left out."""
    if event.data.strip() == DONE.data:
        return [ended("done", relay)]
    value = shared.json_object(event)
    if value is None:
        return []
    if value.get("error") or event.type == "error":
        return [failed(value.get("error") or value, relay)]
    if "error" in [choice.get("finish_reason") for choice in objects(value.get("choices"))]:
        return [failed(None, relay)]
    return [Said(value, event)]


def closing(ending: Ending, relay: Relay) -> Iterator[Item]:
    for last in last_chunks(relay):
        yield from map(as_event, relay.dialect.chunk(last, relay))
    yield DONE


def last_chunks(relay: Relay) -> Iterator[Chunk]:
    """Yield what the upstream left out ahead of its terminator, and the usage."""
    for index, choice in sorted(relay.choices.items()):
        if not choice.finished and relay.first is not None:
            reason = "tool_calls" if choice.calls else "stop"
            last = {"index": index, "delta": {}, "finish_reason": reason}
            yield {**relay.first, "choices": [last]}
    if (counted := usage.last_chunk(relay)) is not None:
        yield counted


def counted(usage: Chunk) -> Counted:
    return {
        "input_tokens": count(usage, "prompt_tokens"),
        "output_tokens": count(usage, "completion_tokens"),
        "cached_tokens": count(usage, "prompt_tokens_details", "cached_tokens"),
        "cache_write_tokens": count(usage, "prompt_tokens_details", "cache_write_tokens"),
        "reasoning_tokens": count(usage, "completion_tokens_details", "reasoning_tokens"),
    }


CHAT = Dialect(
    name="chat",
    paths=("/v1/chat/completions",),
    id_header="x-request-id",
    key=shared.bearer_key,
    mode=shared.mode_in_body,
    request_path=request_path,
    credentials=shared.bearer_credentials,
    request_body=request_body,
    understood=understood,
    identity=chunks.identity,
    repairs=REPAIRS,
    chunk=shared.same_chunk,
    event=as_event,
    keepalive=shared.comment,
    closing=closing,
    media_type=shared.event_stream,
    written=written,
    conversions=CONVERSIONS,
    completion=shared.same_completion,
    error=errors.error,
    error_told=errors.error_told,
    status_of=errors.status_of,
    envelope=errors.envelope,
    failing=errors.failing,
    counted=counted,
)
