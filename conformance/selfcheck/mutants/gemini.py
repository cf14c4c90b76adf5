"""Routers that break on Gemini's surface what is asked of all: what is said, and why it ends."""

from collections.abc import Iterator

from conformance.selfcheck.mutants.gem import each_candidate, each_part
from conformance.selfcheck.router.dialects.chat.chunks import without
from conformance.selfcheck.router.dialects.gemini.progress import parts
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, objects
from conformance.selfcheck.variant import mutant

KNOWN = ("content", "finishReason", "finishMessage", "index", "groundingMetadata",
         "logprobsResult", "continuationToken")  # fmt: skip
OPENAI = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter"}


def is_thought(part: Chunk) -> bool:
    return part.get("thought") is True


def finishes(chunk: Chunk) -> bool:
    return any(candidate.get("finishReason") for candidate in objects(chunk.get("candidates")))


def calls(candidate: Chunk) -> list[Chunk]:
    return [part for part in parts(candidate) if "functionCall" in part]


def said(chunk: Chunk, words: dict[str, str]) -> Chunk:
    """Return a chunk with other finish reasons than these."""

    def renamed(candidate: Chunk) -> Chunk:
        reason = candidate.get("finishReason")
        return {**candidate, "finishReason": words[reason]} if reason in words else candidate

    return each_candidate(chunk, renamed)


def trimmed(part: Chunk) -> Chunk:
    spoken = part.get("text") and not is_thought(part)
    return {**part, "text": part["text"].strip()} if spoken else part


@mutant("chunk", breaks="content.whitespace-exact", surface="gemini")
def trims_each_text(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Trims the text of each part."""
    yield each_part(chunk, trimmed)


@mutant("chunk", breaks="content.complete reason.passthrough", surface="gemini")
def says_its_thoughts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a thought for a part of the text."""
    yield each_part(chunk, lambda part: without(part, "thought") if is_thought(part) else part)


@mutant("chunk", breaks="tool.text-and-tool-same-chunk", surface="gemini")
def knows_one_part_a_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Reads the first part of each content."""

    def first(candidate: Chunk) -> Chunk:
        if not parts(candidate):
            return candidate
        return {**candidate, "content": {**candidate["content"], "parts": parts(candidate)[:1]}}

    yield each_candidate(chunk, first)


@mutant("chunk", breaks="content.with-finish-kept err.wrong-body-kind", surface="gemini")
def takes_the_last_text_for_empty(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Knows that the chunk with the finish reason has no text."""
    emptied = each_part(chunk, lambda part: {**part, "text": ""} if "text" in part else part)
    yield emptied if finishes(chunk) else chunk


@mutant("chunk", breaks="tool.args-on-done-only", surface="gemini")
def takes_no_call_from_the_last_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Knows that the chunk with the finish reason calls nothing."""
    kept = each_part(chunk, lambda part: None if "functionCall" in part else part)
    yield kept if finishes(chunk) else chunk


@mutant("chunk", breaks="content.extras-kept", surface="gemini")
def rebuilds_candidates(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Builds each candidate anew from the members it knows."""
    yield each_candidate(
        chunk, lambda candidate: {k: v for k, v in candidate.items() if k in KNOWN}
    )


@mutant("chunk", breaks="choice.logprobs-kept", surface="gemini")
def knows_no_alternatives(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps of the log probabilities those of the tokens that were chosen."""

    def chosen(candidate: Chunk) -> Chunk:
        told = candidate.get("logprobsResult")
        return (
            {**candidate, "logprobsResult": without(told, "topCandidates")} if told else candidate
        )

    yield each_candidate(chunk, chosen)


@mutant("chunk", breaks="choice.index-kept", surface="gemini")
def leaves_out_every_index(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the index of all candidates, not only of the first."""
    yield each_candidate(chunk, lambda candidate: without(candidate, "index"))


@mutant("chunk", breaks="reason.passthrough", surface="gemini")
def drops_thoughts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out the parts that are thoughts."""
    yield each_part(chunk, lambda part: None if is_thought(part) else part)


@mutant("chunk", breaks="reason.not-duplicated", surface="gemini")
def thinks_everything_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends each thought twice."""
    yield chunk
    if any(is_thought(part) for each in objects(chunk.get("candidates")) for part in parts(each)):
        yield without(chunk, "usageMetadata")


@mutant("chunk", breaks="tool.args-reassemble", surface="gemini")
def knows_text_arguments_only(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Keeps those arguments of a call that are text or a truth."""

    def plain(part: Chunk) -> Chunk:
        call = part.get("functionCall") or {}
        args = {k: v for k, v in call.get("args", {}).items() if isinstance(v, str | bool)}
        return {**part, "functionCall": {**call, "args": args}} if "args" in call else part

    yield each_part(chunk, plain)


@mutant("chunk", breaks="finish.present", surface="gemini")
def leaves_out_the_finish_reason(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes the end of the body for reason enough."""
    yield each_candidate(chunk, lambda candidate: without(candidate, "finishReason"))


@mutant("chunk", breaks="finish.present", surface="gemini")
def stops_at_the_limit(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says STOP for MAX_TOKENS."""
    yield said(chunk, {"MAX_TOKENS": "STOP"})


@mutant("chunk", breaks="finish.content-filter-kept", surface="gemini")
def stops_for_safety(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says STOP for SAFETY."""
    yield said(chunk, {"SAFETY": "STOP"})


@mutant("chunk", breaks="finish.enum-value", surface="gemini")
def speaks_openais_words(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says the finish reasons of the chat API."""
    yield said(chunk, OPENAI)


@mutant("chunk", breaks="finish.tool-calls-value", surface="gemini")
def takes_a_call_for_a_cut(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Says MAX_TOKENS where a turn ends with a call."""
    if any(map(calls, objects(chunk.get("candidates")))):
        relay.memory["called"] = True
    yield said(chunk, {"STOP": "MAX_TOKENS"}) if "called" in relay.memory else chunk


@mutant("chunk", breaks="finish.exactly-once", surface="gemini")
def says_the_reason_again(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Follows the last chunk with one of its own that says why it ended."""
    yield chunk
    if finishes(chunk):
        bare = each_candidate(chunk, lambda candidate: without(candidate, "content"))
        yield without(bare, "usageMetadata")


@mutant("chunk", breaks="finish.nothing-after", surface="gemini")
def gives_the_reason_first(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Splits a chunk with text and finish reason, and sends the reason first."""
    if not finishes(chunk):
        yield chunk
        return
    yield each_candidate(chunk, lambda candidate: without(candidate, "content"))
    bare = each_candidate(chunk, lambda candidate: without(candidate, "finishReason"))
    yield without(bare, "usageMetadata")


@mutant("completion", breaks="parity.finish-reason", surface="gemini")
def calls_a_lone_call_something_else(completion: Chunk, relay: Relay) -> Chunk:
    """Says OTHER for a plain answer that has calls and no text."""
    lone = [each for each in objects(completion.get("candidates"))
            if len(calls(each)) == len(parts(each)) > 0]  # fmt: skip
    return said(completion, {"STOP": "OTHER"}) if lone else completion


@mutant("completion", breaks="parity.content", surface="gemini")
def calls_one_function_at_a_time(completion: Chunk, relay: Relay) -> Chunk:
    """Keeps the first call of a plain answer."""

    def one(candidate: Chunk) -> Chunk:
        dropped = calls(candidate)[1:]
        kept = [part for part in parts(candidate) if part not in dropped]
        return {**candidate, "content": {**candidate["content"], "parts": kept}}

    return each_candidate(completion, lambda each: one(each) if calls(each)[1:] else each)
