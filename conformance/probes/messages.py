"""What only Anthropic's Messages has: signed thoughts, numbered blocks, pings, usage in parts."""

from conformance.exchange import Json
from conformance.probes.failures import ERROR, SAID
from conformance.probes.framing import against
from conformance.probes.members import HERB
from conformance.probes.messages_written import INTERLEAVED, SSE, STOPPED, STREAMED, WHOLE
from conformance.probes.probe import Probe, Send
from conformance.probes.tools import TOOLS
from conformance.resources import scenario

SURFACE = "messages"
BETA = (("anthropic-beta", "interleaved-thinking-2025-05-14,context-1m-2025-08-07"),)
BEARER = (
    ("authorization", "Bearer client-canary-savory"),
    ("cookie", "session=client-canary-dill"),
)


def habits(**told: Json) -> Json:
    """Return a change by which the provider has these ways of speaking Messages."""
    return {"messages": told}


def odd(ask: Json, *modes: str, **told: Json) -> dict[str, Send]:
    return {mode: Send(mode, ask, habits(**told)) for mode in modes or ("stream", "plain")}


# What hosted providers and servers of the same API do, by their recorded streams.
HABITS: Json = {
    "padding.none": {"padding": False},
    "json.spaced": {"json": "spaced"},
    "ping.start": {"ping": "start"},
    "ping.every": {"ping": "every-delta"},
    "ping.after": {"ping": "after-stop"},
    "ping.never": {"ping": "never"},
    "id.foreign": {"id": "chatcmpl-"},
    "tool.no-empty": {"tool_input": "no-empty"},
    "tool.whole": {"tool_input": "whole"},
    "signature.delta-only": {"signature": "delta-only"},
    "usage.counts": {"start_usage": "counts", "delta_usage": "counts"},
    "stop.bare": {"stop_sequence": "absent", "stop_details": "absent"},
    "names.absent": {"event_names": "absent"},
    "names.message": {"event_names": "message"},
    "start.bare": {"start_usage": "absent"},
    **{f"index.{index}": {"index": index} for index in ("gaps", "from-one", "zero", "absent")},
    "extra": {"event_extra": {"p": "abc"}, "message_extra": {"container": None}},
}
#: Where an end that says less, or something else, must not wipe what was known.
PARTS: Json = {
    "end.output": {"delta_usage": "output"},
    "end.zero": {"delta_usage": "zero-input"},
    "start.zero": {"start_usage": "zero"},
}
COUNTED: Json = {
    "step": [*SAID, {"finish": "stop"}, {"usage": {"input": 547, "output": 137, "cached": 101}}]
}
OVERLOADED: Json = {**ERROR, "type": "overloaded_error"}
# Two turns that a client has had: thoughts and the call as they came, and what came of it.
TURNS: Json = [
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Gorse", "signature": "c2lnbmF0dXJlLW9mLWdvcnNl"},
            {"type": "redacted_thinking", "data": "cmVkYWN0ZWQtbW9zcw=="},
            {"type": "tool_use", "id": "toolu_1", "name": "find_herb", "input": {"name": "moss"}},
        ],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "found"}],
    },
]
TEXT: Json = scenario("text")["step"]
DONE_AHEAD: Json = [{"raw": "data: [DONE]\n\n"}, {"raw": STOPPED}]

PROBES = (
    Probe("thinking", "healthy thinking", "thinking", odd(HERB), SURFACE),
    Probe(
        "thinking-odd",
        "thinking reasoning",
        "thinking",
        {
            "in-parts": Send(ask=HERB, change=habits(signature="split")),
            "delta-only": Send(ask=HERB, change=habits(signature="delta-only")),
            "begun": Send(ask=HERB, change=habits(block_start="first-piece")),
            "unsigned": Send(ask=HERB, change=habits(signature="absent")),
            "unsigned-plain": Send("plain", HERB, habits(signature="absent")),
        },
        SURFACE,
    ),
    Probe("blocks", "healthy thinking reasoning tools", "blocks", odd(HERB), SURFACE),
    Probe(
        "odd-events",
        "odd-chunks",
        "blocks",
        against({name: habits(**told) for name, told in HABITS.items()}, HERB),
        SURFACE,
    ),
    Probe(
        "thinking-again",
        "thinking",
        "text",
        {mode: Send(mode, {**HERB, "messages": TURNS}) for mode in ("stream", "plain")},
        SURFACE,
    ),
    Probe("pings", "anth.ping-kept", "pings", surfaces="chat responses messages"),
    Probe(
        "tool-input",
        "tool.args-reassemble",
        "tools-parallel",
        {how: Send(ask=TOOLS, change=habits(tool_input=how)) for how in ("no-empty", "whole")},
        SURFACE,
    ),
    Probe(
        "tool-input-unnumbered",
        "tool.index-absent-tolerated",
        "tools-parallel",
        {how: Send(ask=TOOLS, change=habits(index=how)) for how in ("absent", "zero")},
        SURFACE,
    ),
    Probe(
        "blocks-interleaved",
        "tool.interleaved-fragments",
        "tools-interleaved",
        {"stream": Send(ask=TOOLS, change={"head": {"content_type": SSE, "body": INTERLEAVED}})},
        SURFACE,
    ),
    Probe(
        "tool-input-at-once",
        "tool.args-on-done-only",
        "tools-parallel",
        {"stream": Send(ask=TOOLS, change=habits(tool_input="start"))},
        SURFACE,
    ),
    Probe(
        "beta",
        "hdr.client-headers-needed",
        "text",
        {"stream": Send(headers=BETA), "plain": Send("plain", headers=BETA)},
        SURFACE,
    ),
    Probe(
        "usage-parts",
        "usage.merge-across-events",
        "text",
        {name: Send(change={**habits(**told), **COUNTED}) for name, told in PARTS.items()},
        SURFACE,
    ),
    Probe(
        "message-delta-twice",
        "usage.cumulative-not-summed",
        "text",
        {"stream": Send(change={**habits(delta_twice=True), **COUNTED})},
        SURFACE,
    ),
    Probe(
        "client-bearer",
        "hdr.client-key-not-forwarded",
        "text",
        {"stream": Send(headers=BEARER), "plain": Send("plain", headers=BEARER)},
        SURFACE,
    ),
    Probe(
        "error-events",
        "inband-error",
        "error-inband",
        {
            "last": Send(),
            "overloaded": Send(change={"step": [*SAID, {"error": OVERLOADED}]}),
            "data-only": Send(change=habits(error="data-only")),
            "openai": Send(change=habits(error="openai")),
        },
        SURFACE,
    ),
    Probe(
        "message-for-stream",
        "err.wrong-body-kind",
        "json-for-stream",
        {"stream": Send(change={"head": {"json": WHOLE}})},
        SURFACE,
    ),
    Probe(
        "events-for-plain",
        "err.wrong-body-kind",
        "json-for-stream",
        {
            "plain": Send(
                "plain",
                change={"head": {"content_type": SSE, "body": STREAMED}},
            )
        },
        SURFACE,
    ),
    Probe(
        "stop-then-open",
        "done.ends-stream",
        "text",
        {
            "stream": Send(
                change={
                    **habits(done="none"),
                    "step": [*SAID, {"finish": "stop"}, {"raw": STOPPED}, {"hold": "open"}],
                }
            )
        },
        SURFACE,
    ),
    Probe(
        "stop-missing",
        "done.missing-tolerated",
        "text",
        against({"missing": habits(done="none")}, {}),
        SURFACE,
    ),
    Probe(
        "done-foreign",
        "done.upstream-done-tolerated",
        "text",
        {
            "baseline": Send(),
            "sentinel": Send(change=habits(done="sentinel")),
            "ahead": Send(change={**habits(done="none"), "step": [*TEXT, *DONE_AHEAD]}),
        },
        SURFACE,
    ),
)
