"""What has to come back in the next turn, on surfaces that only carry it; and empty ends."""

import json

from conformance.exchange import Json
from conformance.probes.gemini import SIGNATURE
from conformance.probes.members import HERB
from conformance.probes.messages_written import EVENTS, SSE, STOPPED, WHOLE, piece, written
from conformance.probes.probe import Probe, Send

MODES = ("stream", "plain")
SEAL = "c2VhbGVkLXRob3VnaHQ="
DETAIL: Json = {"type": "reasoning.encrypted", "data": SEAL, "format": "anthropic-claude-v1",
                "index": 0}  # fmt: skip
BLOCK: Json = {"type": "redacted_thinking", "data": SEAL}
DETAILED: Json = {"chat": {"reasoning": ["reasoning_details"]}}
BLOCKS: Json = {
    "step": [{"say": "Ivy", "extra": {"thinking_blocks": [BLOCK]}}, {"finish": "stop"}],
}

FUNCTION: Json = {"name": "find_herb", "arguments": '{"name":"dill"}'}
CALL: Json = {"id": "call_herb31", "type": "function", "function": FUNCTION}
FOUND: Json = {"role": "tool", "tool_call_id": CALL["id"], "content": "found"}


def turns(call: Json, **members: Json) -> Json:
    """Return what a client has had and done about it: a call, and what came of that."""
    said = {"role": "assistant", "content": None, "tool_calls": [call], **members}
    return {**HERB, "messages": [said, FOUND]}


def signed(vendor: str) -> Json:
    return {"extra_content": {vendor: {"thought_signature": SIGNATURE}}}


def calling(**members: Json) -> Json:
    """Return an answer that is one signed call, in one delta."""
    extra = {"tool_calls": [{**CALL, **signed("google"), **members}]}
    return {"step": [{"say": "", "extra": extra}, {"finish": "tool_calls"}]}


TEXT: Json = {"step": [{"say": "Woad", "extra": signed("google")}, {"finish": "stop"}]}


def both(name: str, ask: Json, change: Json) -> dict[str, Send]:
    return {f"{name}.{mode}": Send(mode, ask, change) for mode in MODES}


USE: Json = {"type": "tool_use", "id": "toolu_31", "name": "find_herb", "input": {"name": "dill"},
             "signature": SIGNATURE}  # fmt: skip
ENDED: Json = {"delta": {"stop_reason": "tool_use", "stop_sequence": None},
               "usage": {"output_tokens": 2}}  # fmt: skip
USED = written([
    EVENTS[0],
    ("content_block_start", {"index": 0, "content_block": {**USE, "input": {}}}),
    piece(0, FUNCTION["arguments"]),
    ("content_block_stop", {"index": 0}),
    ("message_delta", ENDED),
]) + STOPPED  # fmt: skip
# The script says what the bytes of the head come to.
SAID: Json = [
    {"think": "", "signature": SIGNATURE},
    {"call": {"id": USE["id"], **FUNCTION}},
    {"finish": "tool_calls"},
]
# LiteLLM has a place of its own for it; a client sends back what it was given.
USE_TURNS: Json = [
    {"role": "assistant",
     "content": [{**USE, "provider_specific_fields": {"signature": SIGNATURE}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": USE["id"]}]},
]  # fmt: skip
LENIENT: Json = {"obey": {"validation": False}}

# A finishing chunk of a vendor that lists there what it has nothing more of.
LAST: Json = {"content": "", "tool_calls": []}
ROOT: Json = {"id": "chatcmpl-whole", "object": "chat.completion.chunk", "created": 1770000000,
              "model": "mock-model"}  # fmt: skip
LISTED: Json = [
    {"index": 0, "delta": {"role": "assistant", "content": "Thyme"}, "finish_reason": None},
    {"index": 0, "delta": {"tool_calls": [{"index": 0, **CALL}]}, "finish_reason": None},
    {"index": 0, "delta": LAST, "finish_reason": "tool_calls"},
]
STREAMED = "".join(
    f"data: {json.dumps({**ROOT, 'choices': [choice]})}\n\n" for choice in LISTED
) + "data: [DONE]\n\n"  # fmt: skip
TOLD: Json = [{"say": "Thyme"}, {"call": {"id": CALL["id"], **FUNCTION}}]

PROBES = (
    Probe(
        "sealed-reasoning",
        "thinking",
        "thinking",
        {**both("details", HERB, DETAILED), **both("blocks", {}, BLOCKS)},
    ),
    Probe(
        "sealed-reasoning-again",
        "thinking",
        "text",
        {
            **both("details", turns(CALL, reasoning_details=[DETAIL]), {}),
            **both("blocks", turns(CALL, thinking_blocks=[BLOCK]), {}),
        },
    ),
    Probe(
        "signed-call",
        "gem.thought-signature-kept",
        "text",
        {
            **both("call", HERB, calling(index=0)),
            "unnumbered": Send(ask=HERB, change=calling()),
            "vertex": Send(ask=HERB, change=calling(index=0, **signed("vertex"))),
            **both("text", {}, TEXT),
        },
    ),
    Probe(
        "signed-call-again",
        "gem.thought-signature-kept",
        "text",
        both("call", turns({**CALL, **signed("google")}), {}),
    ),
    Probe(
        "signed-use",
        "gem.thought-signature-kept",
        "text",
        {
            "stream": Send(
                ask=HERB, change={"step": SAID, "head": {"content_type": SSE, "body": USED}}
            ),
            "plain": Send(
                "plain",
                HERB,
                {
                    "step": SAID,
                    "head": {"json": {**WHOLE, "content": [USE], "stop_reason": "tool_use"}},
                },
            ),
        },
        surfaces="messages",
    ),
    Probe(
        "signed-use-again",
        "gem.thought-signature-kept",
        "text",
        both("use", {**HERB, "messages": USE_TURNS}, LENIENT),
        surfaces="messages",
    ),
    Probe(
        "empty-end",
        "odd-chunks",
        "text-then-tool",
        {
            "baseline": Send(ask=HERB, change={"step": [*TOLD, {"finish": "tool_calls"}]}),
            "empty": Send(
                ask=HERB, change={"step": [*TOLD, {"finish": "tool_calls", "extra": LAST}]}
            ),
        },
    ),
    Probe(
        "stream-for-plain-empty-end",
        "err.wrong-body-kind",
        "text-then-tool",
        {
            "plain": Send(
                "plain",
                HERB,
                {
                    "step": [*TOLD, {"finish": "tool_calls"}],
                    "head": {"content_type": SSE, "body": STREAMED},
                },
            ),
        },
    ),
)
