"""What only Gemini's API has: an array for a stream, signed thoughts, blocked prompts."""

import json

from conformance.exchange import Headers, Json
from conformance.probes.failures import CUT, END, RESET
from conformance.probes.framing import CUTS, cut, fault
from conformance.probes.members import HERB
from conformance.probes.probe import Probe, Send
from conformance.probes.refusals import REFUSALS, refusal
from conformance.probes.tools import TOOLS, fragments

FORMS = ("stream", "array", "plain")
THOUGHTS: Json = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
SAID: Json = [{"say": "Woad"}, {"say": " yarrow"}]
# Relays that speak the chat API too end their streams on this surface as they do there.
DONE: Json = [*SAID, {"finish": "stop"}, {"raw": "data: [DONE]\r\n\r\n"}]
HALF: Json = {"raw": ',\r\n{"candidates": [{"content": {"pa'}
# Each of these has ended an array for some parser.
BRACKETS: Json = {"step": [{"say": "]},\r\n{"}, {"say": '"}]\\'}, {"finish": "length"}]}

SIGNATURE = "bWFyam9yYW0="
SIGNED: Json = {"think": "Hyssop", "signature": SIGNATURE}
CALL: Json = {"call": {"id": "call_herb11", "name": "find_herb", "arguments": '{"name":"dill"}'}}
CALLED: Json = [SIGNED, CALL, {"finish": "tool_calls"}]
# Two turns that a client has had: the call as it came, and what came of it.
TURNS: Json = [
    {
        "role": "model",
        "parts": [
            {
                "functionCall": {"name": "find_herb", "args": {"name": "dill"}},
                "thoughtSignature": SIGNATURE,
            }
        ],
    },
    {
        "role": "user",
        "parts": [{"functionResponse": {"name": "find_herb", "response": {"found": True}}}],
    },
]

BLOCKED: Json = {
    "gemini": {"block": "PROHIBITED_CONTENT"},
    "step": [{"finish": "content_filter"}, {"usage": {"input": 109, "output": 0}}],
}
TOKEN = "c2F2b3J5"  # noqa: S105  (of an answer, no secret)
CONTINUED: Json = {
    "gemini": {"candidate_extra": {"continuationToken": TOKEN}},
    "step": [*SAID, {"finish": "CONTINUATION"}],
}
PLACES = ("every", "prompt", "last", "own", "traffic")
ODD_TEXT = '{"city":"Sankt Gallen \\"\\u00df\\" \\\\ \\n 木蘭 🌿","at":[1,{"x":null}],"far":true}'
CLIENTS: Headers = (
    ("cookie", "session=client-canary-cress"),
    ("proxy-authorization", "Basic client-canary-fennel"),
    ("x-api-key", "client-canary-savory"),
    ("authorization", "Bearer client-canary-lovage"),
)

ANSWER: Json = {
    "candidates": [
        {
            "content": {"parts": [{"text": "Lemon balm"}], "role": "model"},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "responseId": "whole",
    "modelVersion": "mock-model",
}


def forms(ask: Json, change: Json = None) -> dict[str, Send]:
    """Return a request for each form of an answer."""
    return {form: Send(form, ask=ask, change=change or {}) for form in FORMS}


def listed(*steps: Json) -> Send:
    """Return a request for an array, of these steps."""
    return Send("array", change={"step": list(steps)})


def split(*changes: tuple[str, Json]) -> dict[str, Send]:
    sends = {name: Send("array", change={**BRACKETS, **change}) for name, change in changes}
    return {"baseline": Send("array", change=BRACKETS), **sends}


def kind(mode: str, head: Json) -> Send:
    """Return a request that the provider answers in another form."""
    return Send(mode, change={"head": head, "step": [{"say": "Lemon balm"}, {"finish": "stop"}]})


def events(value: Json) -> Json:
    return {"content_type": "text/event-stream", "body": f"data: {value}\r\n\r\n"}


def probe(id: str, tags: str, scenario: str, sends: dict[str, Send]) -> Probe:
    return Probe(f"gemini-{id}", tags, scenario, sends, surfaces="gemini")


PROBES = (
    probe("forms", "healthy", "text-then-tool", forms(HERB)),
    probe("array", "healthy usage", "usage-classes", {"array": Send("array")}),
    probe("array-tools", "healthy tools", "tools-parallel", {"array": Send("array", TOOLS)}),
    probe("thoughts", "healthy reasoning", "reasoning", forms(THOUGHTS)),
    probe(
        "array-split",
        "gem.json-array-split",
        "text",
        split(
            ("cut", cut(event=[*CUTS, 2, 3, 4])),
            ("every.1", fault({"split": 1})),
            ("every.7", fault({"split": 7})),
            ("glued", fault("coalesce")),
            ("glued.end", fault({"coalesce": {"last": 2}})),
        ),
    ),
    probe(
        "array-cut",
        "cut",
        "cut",
        {
            "fin": Send("array"),
            "rst": listed(*SAID, RESET),
            "first": listed(CUT),
            "mid-element": listed(*SAID, HALF, CUT),
        },
    ),
    probe(
        "array-unfinished",
        "unfinished",
        "unfinished",
        {"text": Send("array"), "mid-element": listed(*SAID, HALF, END)},
    ),
    probe("array-error", "inband-error", "error-inband", {"array": Send("array")}),
    probe(
        "array-error-first",
        "inband-error pre.commit-after-first-event",
        "error-first",
        {"array": Send("array")},
    ),
    probe(
        "array-refused",
        "refusal",
        "refused",
        {
            str(status): Send("array", change=refusal(status, kind, code)["stream"].change)
            for status, kind, code in REFUSALS
        },
    ),
    probe("array-incremental", "http.incremental", "holds", {"array": Send("array")}),
    probe(
        "usage-places",
        "gem.usage-metadata-counted",
        "usage-classes",
        {
            f"{form}.{place}": Send(form, change={"gemini": {"usage": place}})
            for form in FORMS
            for place in PLACES
        },
    ),
    probe("continuation", "gem.continuation-kept", "text", forms({}, CONTINUED)),
    probe(
        "continuation-returns",
        "gem.continuation-kept",
        "text",
        forms({"continuationToken": TOKEN}),
    ),
    probe("blocked", "gem.prompt-feedback-kept", "text", forms({}, BLOCKED)),
    probe(
        "signature",
        "gem.thought-signature-kept",
        "text",
        {
            **forms({**HERB, **THOUGHTS}, {"step": CALLED}),
            "unseen": Send(ask=HERB, change={"step": CALLED}),
            "text": Send(change={"step": [SIGNED, *SAID, {"finish": "stop"}]}),
            "last": Send(change={"step": [*SAID, SIGNED, {"finish": "stop"}]}),
        },
    ),
    probe(
        "signature-returns",
        "gem.thought-signature-kept",
        "text",
        forms({**HERB, "contents": TURNS}),
    ),
    probe(
        "done",
        "done.upstream-done-tolerated",
        "text",
        {
            "baseline": Send(change={"step": DONE[:-1]}),
            "last": Send(change={"step": DONE}),
            "amid": Send(change={"step": [DONE[0], DONE[-1], *DONE[1:-1]]}),
        },
    ),
    probe(
        "arguments",
        "tool.args-reassemble",
        "tool-call",
        {
            "escapes": fragments(ODD_TEXT),
            "none": fragments("{}"),
            "values": Send(ask=TOOLS, change={"gemini": {"arguments": "partial"}}),
            "without-id": Send(ask=TOOLS, change={"gemini": {"call_id": "absent"}}),
        },
    ),
    probe(
        "client-secrets",
        "hdr.client-key-not-forwarded",
        "text",
        {form: Send(form, headers=CLIENTS) for form in FORMS},
    ),
    probe(
        "other-kind",
        "err.wrong-body-kind",
        "text",
        {
            "object": kind("stream", {"json": ANSWER}),
            "object-for-array": kind("array", {"json": ANSWER}),
            "array": kind("stream", {"json": [ANSWER]}),
            "array-for-object": kind("plain", {"json": [ANSWER]}),
            "events": kind("plain", events(json.dumps(ANSWER))),
            "events-for-array": kind("array", events(json.dumps(ANSWER))),
        },
    ),
)
