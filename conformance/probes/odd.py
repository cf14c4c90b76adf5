"""Providers that are odd in what they say, not in how they frame it."""

from conformance.exchange import Json
from conformance.probes.framing import against
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.text import BOTH, USAGE

SAID: Json = [{"say": "Almond"}, {"say": " basil"}]
COUNTED: Json = {"usage": {"input": 97, "output": 3}}
TAIL = " caraway"


def ended(*last: Json) -> Json:
    return {"step": [*SAID, *last]}


def terminated(raw: str) -> Json:
    """Return an answer whose terminator is written like this."""
    return {"chat": {"done": False}, **ended({"finish": "stop"}, COUNTED, {"raw": raw})}


# What hosted providers do, by their recorded streams.
HABITS: Json = {
    "azure": {"first_chunk": "azure"},
    "choices.null": {"empty_choices": "null"},
    "choices.absent": {"empty_choices": "absent"},
    "content.null": {"content": "null", "opening_content": "null"},
    "delta.absent": {"finish_delta": "absent"},
    "finish.absent": {"finish_before": "absent"},
    "finish.twice": {"finish_twice": True},
    "id.absent": {"id": "absent"},
    "id.empty": {"id": "empty"},
    "id.rotating": {"id": "rotating"},
    "created.zero": {"created": "zero"},
    "created.growing": {"created": "growing"},
    "object.absent": {"object": "absent"},
    "role.never": {"role": "never"},
    "role.null": {"role": "null-later"},
    "vendor": {
        "chunk_extra": {"x_vendor": {"id": "req_1"}},
        "choice_extra": {"content_filter_results": {}, "token_ids": [1]},
        "delta_extra": {"channel": None},
        "logprobs": "absent",
    },
}

# What other APIs and servers say for stop and length.
WORDS = ("end_turn", "eos_token", "MAX_TOKENS", "model_context_window_exceeded")

PROBES = (
    Probe(
        "odd-chunks",
        "odd-chunks",
        "text",
        against({name: {"chat": habit} for name, habit in HABITS.items()}, USAGE),
    ),
    Probe(
        "id-absent", "chunk.id-stable", "text", {"stream": Send(change={"chat": {"id": "absent"}})}
    ),
    Probe(
        "finish-empty",
        "chunk.finish-null-not-empty",
        "tool-call",
        against({"empty": {"chat": {"finish_before": "empty"}}}, {}),
    ),
    Probe(
        "role-every",
        "chunk.role-once",
        "text",
        {"stream": Send(change={"chat": {"role": "every"}})},
    ),
    Probe(
        "identity",
        "chunk.identity-policy",
        "text",
        {
            name: Send(send.mode, change={"model": "upstream-model-2026"})
            for name, send in BOTH.items()
        },
        surfaces="chat responses messages",
    ),
    Probe(
        "finish-words",
        "finish.enum-value",
        "text",
        {
            "baseline": Send(change=ended({"finish": "stop"})),
            **{word.replace("_", "."): Send(change=ended({"finish": word})) for word in WORDS},
        },
        surfaces="chat messages gemini",
    ),
    Probe(
        "text-beside-finish",
        "content.with-finish-kept",
        "text",
        {
            "baseline": Send(change=ended({"say": TAIL}, {"finish": "stop"})),
            "beside": Send(change=ended({"finish": "stop", "say": TAIL})),
            "beside.usage": Send(
                ask=USAGE,
                change=ended({"finish": "stop", "say": TAIL}, {**COUNTED, "where": "finish"}),
            ),
        },
        surfaces="chat gemini",
    ),
    Probe(
        "empty-stream",
        "content.empty-stream-not-success",
        "empty",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "done-then-open",
        "done.ends-stream",
        "done-then-open",
        surfaces="chat responses",
    ),
    Probe(
        "done-missing",
        "done.missing-tolerated",
        "text",
        against({"missing": {"chat": {"done": False}}}, USAGE),
    ),
    Probe(
        "done-odd",
        "done.upstream-done-tolerated",
        "text",
        {
            "baseline": Send(change=terminated("data: [DONE]\n\n")),
            "space": Send(change=terminated("data: [DONE] \n\n")),
            "named": Send(change=terminated("event: done\ndata: [DONE]\n\n")),
        },
    ),
)
