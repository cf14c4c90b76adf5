"""Routers that get the blocks of a message wrong, or lose what is in them."""

from collections.abc import Callable, Iterator

from conformance.selfcheck.mutants.anth import SURFACE, within
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json
from conformance.selfcheck.variant import mutant

OF_A_BLOCK = ("content_block_start", "content_block_delta", "content_block_stop")
START, DELTA, STOP = OF_A_BLOCK


def said(chunk: Chunk) -> str:
    """Return the type of the delta in an event, or of the block that it starts."""
    inside = chunk.get("delta") or chunk.get("content_block") or {}
    return str(inside.get("type"))


def moved(chunk: Chunk, by: int) -> Chunk:
    return {**chunk, "index": chunk["index"] + by} if chunk["type"] in OF_A_BLOCK else chunk


@mutant("chunk", surface=SURFACE, breaks="anth.block-lifecycle")
def never_stops_a_block(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves every block open."""
    if chunk["type"] != STOP:
        yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.block-lifecycle")
def stops_blocks_at_the_end(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Stops a block only once the next one has started."""
    if chunk["type"] == STOP:
        relay.memory["stop"] = chunk
        return
    if chunk["type"] != START and (stop := relay.memory.pop("stop", None)):
        yield stop
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.block-lifecycle")
def ends_the_message_before_its_block(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """States the reason while the last block is still open, and stops that later."""
    if chunk["type"] == STOP:
        relay.memory["stop"] = chunk
        return
    stop = relay.memory.pop("stop", None)
    yield from filter(None, (chunk, stop) if chunk["type"] == "message_delta" else (stop, chunk))


@mutant("chunk", surface=SURFACE, breaks="anth.index-contiguous")
def leaves_out_every_other_number(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Numbers blocks 0, 2, 4."""
    yield moved(chunk, chunk.get("index", 0))


@mutant("chunk", surface=SURFACE, breaks="anth.index-contiguous")
def numbers_blocks_from_one(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Counts blocks as people do."""
    yield moved(chunk, 1)


@mutant("chunk", surface=SURFACE, breaks="anth.index-contiguous tool.interleaved-fragments")
def calls_every_block_zero(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Uses one number for all blocks."""
    yield moved(chunk, -chunk.get("index", 0))


@mutant(
    "chunk",
    surface=SURFACE,
    breaks="anth.tool-block-not-split tool.interleaved-fragments tool.index-absent-tolerated",
)
def puts_calls_into_one_block(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Goes on in the block of a call when the next call begins."""
    memory = relay.memory
    stop = memory.pop("stop", None)
    if stop and said(chunk) == "tool_use" and not chunk["content_block"]["input"]:
        memory["by"] = memory.get("by", 0) - 1
        return
    if stop:
        yield stop
    chunk = moved(chunk, memory.get("by", 0))
    if chunk["type"] == START:
        memory["calling"] = said(chunk) == "tool_use"
    if chunk["type"] == STOP and memory.get("calling"):
        memory["stop"] = chunk
    else:
        yield chunk


@mutant(
    "chunk",
    surface=SURFACE,
    breaks="anth.tool-block-not-split tool.interleaved-fragments tool.index-absent-tolerated "
    "tool.args-on-done-only gem.thought-signature-kept",
)
def opens_each_call_again(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Gives the end of a call a block of its own, with nothing in it."""
    memory = relay.memory
    chunk = moved(chunk, memory.get("by", 0))
    yield chunk
    if chunk["type"] == START:
        memory["start"] = chunk
    if chunk["type"] == STOP and said(memory["start"]) == "tool_use":
        memory["by"] = memory.get("by", 0) + 1
        start = moved(memory["start"], 1)
        yield within(start, "content_block", input={})
        yield moved(chunk, 1)


@mutant("chunk", surface=SURFACE, breaks="anth.signature-delta-kept")
def takes_signatures_for_noise(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a signature for nothing a reader needs."""
    if said(chunk) != "signature_delta":
        yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.signature-delta-kept")
def keeps_the_first_piece_of_a_signature(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Takes a second piece of a signature for a repetition."""
    signed = relay.memory.setdefault("signed", set())
    if said(chunk) == "signature_delta":
        if chunk["index"] in signed:
            return
        signed.add(chunk["index"])
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.signature-delta-kept")
def signs_what_is_unsigned(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Makes up a signature for a thought that has none."""
    if said(chunk) == "thinking":
        relay.memory["unsigned"] = chunk["index"]
    elif said(chunk) == "signature_delta":
        relay.memory.pop("unsigned", None)
    elif chunk["type"] == STOP and relay.memory.pop("unsigned", None) == chunk["index"]:
        delta = {"type": "signature_delta", "signature": "bWFkZSB1cA=="}
        yield {"type": DELTA, "index": chunk["index"], "delta": delta}
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="anth.redacted-thinking-kept")
def drops_redacted_thoughts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Leaves out blocks that nobody can read."""
    memory = relay.memory
    if said(chunk) == "redacted_thinking":
        memory["hidden"], memory["by"] = chunk["index"], memory.get("by", 0) - 1
    if chunk["type"] in OF_A_BLOCK and chunk["index"] == memory.get("hidden"):
        return
    yield moved(chunk, memory.get("by", 0))


@mutant("completion", surface=SURFACE, breaks="anth.redacted-thinking-kept")
def drops_redacted_thoughts_of_plain_answers(completion: Chunk, relay: Relay) -> Chunk:
    """Leaves out blocks that nobody can read, of answers that are not streamed."""
    content = [block for block in completion["content"] if block["type"] != "redacted_thinking"]
    return {**completion, "content": content}


@mutant("chunk", surface=SURFACE, breaks="reason.passthrough")
def blanks_thoughts(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Hands on that the model thought, and the signature, and not what it thought."""
    if said(chunk) == "thinking_delta":
        chunk = within(chunk, "delta", thinking="")
    if said(chunk) == "thinking" and chunk["type"] == START:
        chunk = within(chunk, "content_block", thinking="")
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="reason.not-duplicated")
def says_each_piece_of_a_thought_twice(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Sends each piece of a thought twice."""
    if said(chunk) == "thinking_delta":
        yield chunk
    yield chunk


@mutant("chunk", surface=SURFACE, breaks="content.extras-kept")
def keeps_text_only(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    """Writes each text anew and passes over citations."""
    if said(chunk) == "text_delta":
        chunk = {**chunk, "delta": {"type": "text_delta", "text": chunk["delta"]["text"]}}
    if said(chunk) != "citations_delta":
        yield chunk


@mutant("request_body", surface=SURFACE, breaks="anth.signature-delta-kept")
def asks_without_signatures(relay: Relay) -> Chunk:
    """Sends thoughts of earlier turns up without their signatures."""
    return turned(relay.asked, lambda block: {**block, "signature": ""}, "thinking")


@mutant("request_body", surface=SURFACE, breaks="anth.redacted-thinking-kept")
def asks_without_redacted_thoughts(relay: Relay) -> Chunk:
    """Leaves what nobody can read out of earlier turns."""
    return turned(relay.asked, lambda block: None, "redacted_thinking")


def turned(asked: Chunk, change: Callable[[Chunk], Chunk | None], kind: str) -> Chunk:
    """Return a request in which the blocks of a kind are changed, or left out."""

    def changed(content: Json) -> Json:
        if isinstance(content, str):
            return content
        blocks = (change(block) if block["type"] == kind else block for block in content)
        return [block for block in blocks if block]

    turns = [{**turn, "content": changed(turn["content"])} for turn in asked["messages"]]
    return {**asked, "messages": turns}
