"""Routers that get on Messages wrong what every surface has: text, calls, reason, usage."""

from collections.abc import Iterator

from conformance.selfcheck.mutants.anth import PROMPT, SURFACE, within
from conformance.selfcheck.mutants.anth_blocks import DELTA, START, said
from conformance.selfcheck.router.dialects.messages import blocks, dialect, progress
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Headers, fewer
from conformance.selfcheck.variant import mutant

SHORT = 4  # characters


def reason(chunk: Chunk, **words: str) -> Chunk:
    """Return an event with another stop reason in place of those named."""
    told = (chunk.get("delta") or {}).get("stop_reason")
    return within(chunk, "delta", stop_reason=words[told]) if told in words else chunk


def thoughtful(chunk: Chunk) -> bool:
    """Say whether an event has the usage of an answer with thoughts."""
    return bool((chunk.get("usage") or {}).get("output_tokens_details"))


@mutant("chunk", surface=SURFACE, breaks="content.whitespace-exact")
def trims_each_text_delta(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes white space at the edges of a delta for padding."""
    if said(chunk) == "text_delta":
        chunk = within(chunk, "delta", text=chunk["delta"]["text"].strip())
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="content.complete")
def loses_every_twentieth_delta(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Loses a delta where its buffer has to grow."""
    if said(chunk) != "text_delta" or relay.delivered % 20:
        yield chunk


@mutant("chunk", surface=SURFACE, breaks="tool.args-reassemble")
def drops_short_pieces_of_input(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a piece of a few characters for noise."""
    short = said(chunk) == "input_json_delta" and len(chunk["delta"]["partial_json"]) < SHORT
    if not short:
        yield chunk


@mutant("chunk", surface=SURFACE, breaks="finish.present")
def gives_no_stop_reason(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says null where the reason should be."""
    if chunk["type"] == "message_delta":
        chunk = within(chunk, "delta", stop_reason=None)
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="finish.present")
def takes_a_limit_for_the_end_of_a_turn(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says end_turn where the token limit ended the answer."""
    yield reason(chunk, max_tokens="end_turn")


@mutant("chunk", surface=SURFACE, breaks="finish.tool-calls-value")
def takes_a_call_for_the_end_of_a_turn(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says end_turn where the model waits for a tool."""
    yield reason(chunk, tool_use="end_turn")


@mutant("chunk", surface=SURFACE, breaks="finish.content-filter-kept")
def takes_a_refusal_for_the_end_of_a_turn(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says end_turn where the answer was refused."""
    yield reason(chunk, refusal="end_turn")


@mutant("chunk", surface=SURFACE, breaks="finish.enum-value")
def speaks_the_chat_apis_words(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says stop where this API says end_turn."""
    yield reason(chunk, end_turn="stop")


@mutant("chunk", surface=SURFACE, breaks="usage.delivered-when-asked anth.event-shape")
def tells_no_usage_at_the_end(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves the usage out of message_delta where thoughts are counted in it."""
    if thoughtful(chunk):
        chunk = {name: value for name, value in chunk.items() if name != "usage"}
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="usage.upstream-preferred")
def counts_deltas_for_tokens(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Counts the deltas it has sent, where the provider counts thoughts too."""
    if thoughtful(chunk):
        chunk = within(chunk, "usage", output_tokens=relay.delivered)
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="usage.not-invented")
def counts_what_nobody_counts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Counts the deltas it has sent where the provider says no number."""
    if chunk["type"] == "message_delta" and not chunk["usage"]["output_tokens"]:
        chunk = within(chunk, "usage", output_tokens=relay.delivered)
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="usage.cumulative-not-summed")
def adds_up_repeated_usage(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Adds up the counts of one message_delta after the other."""
    if chunk["type"] == "message_delta":
        total = relay.memory.get("total", 0) + chunk["usage"]["output_tokens"]
        relay.memory["total"] = total
        chunk = within(chunk, "usage", output_tokens=total)
    yield chunk


@mutant("repairs", surface=SURFACE, instead_of=progress.finished,
        breaks="usage.merge-across-events")  # fmt: skip
def lets_nothing_wipe_what_is_known(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Takes a zero at the end for a count of the prompt."""
    told = chunk.get("usage") if chunk["type"] == "message_delta" else None
    mended = progress.finished(chunk, relay)
    if mended and isinstance(told, dict) and told.get("input_tokens") == 0:
        return {**mended, "usage": {**mended["usage"], **dict.fromkeys(PROMPT, 0)}}
    return mended


@mutant("chunk", surface=SURFACE, breaks="usage.cache-details-kept")
def forgets_what_was_cached(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Tells of fresh tokens only, where some were written to the cache."""
    if (chunk.get("usage") or {}).get("cache_creation_input_tokens"):
        chunk = within(chunk, "usage", cache_creation_input_tokens=0, cache_read_input_tokens=0)
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="usage.reasoning-included")
def forgets_what_was_thought(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Does not say how many tokens went into thoughts."""
    if thoughtful(chunk):
        chunk = within(chunk, "usage", output_tokens_details=None)
    yield chunk


@mutant("completion", surface=SURFACE, breaks="parity.usage")
def counts_fresh_tokens_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Tells of fresh tokens only where the answer is not streamed."""
    fresh = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return within(completion, "usage", **fresh)


@mutant("completion", surface=SURFACE, breaks="parity.content")
def keeps_the_first_call_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Loses every call but the first where the answer is not streamed."""
    calls = [block for block in completion["content"] if block["type"] == "tool_use"]
    content = [block for block in completion["content"] if block not in calls[1:]]
    return {**completion, "content": content}


@mutant("completion", surface=SURFACE, breaks="parity.answer-shape")
def leaves_out_the_type_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Does not say that a plain answer is a message."""
    return {name: value for name, value in completion.items() if name != "type"}


@mutant("completion", surface=SURFACE, breaks="chunk.identity-policy")
def gives_plain_answers_ids_of_its_own(completion: Chunk, relay: Relay) -> Chunk:
    """Hands on the provider's id of a stream, and makes up that of a plain answer."""
    return {**completion, "id": f"msg_{relay.id}"}


@mutant("credentials", surface=SURFACE, breaks="hdr.client-headers-needed")
def asks_for_no_betas(relay: Relay) -> Headers:
    """Sends up the version of the API and not which betas are wanted."""
    return fewer(dialect.credentials(relay), "anthropic-beta")


@mutant("chunk", surface=SURFACE, breaks="tool.args-on-done-only")
def starts_calls_empty(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes the input in the start of a call for a placeholder."""
    if said(chunk) == "tool_use":
        chunk = within(chunk, "content_block", input={})
    yield chunk


@mutant("repairs", surface=SURFACE, instead_of=blocks.numbered,
        breaks="tool.index-absent-tolerated")  # fmt: skip
def takes_calls_without_an_index_for_one(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Reads a call whose block has no index as more of the call before it."""
    if chunk["type"] == START and "index" not in chunk:
        before, relay.memory["kind"] = relay.memory.get("kind"), said(chunk)
        if said(chunk) == before == "tool_use":
            return None
    return blocks.numbered(chunk, relay)


@mutant("repairs", surface=SURFACE, instead_of=blocks.numbered,
        breaks="tool.interleaved-fragments")  # fmt: skip
def goes_on_in_the_latest_block(chunk: Chunk, relay: Relay) -> Chunk | None:
    """Takes every delta for one of the block that has started last."""
    latest = relay.started - 1
    return {**chunk, "index": latest} if chunk["type"] == DELTA else blocks.numbered(chunk, relay)
