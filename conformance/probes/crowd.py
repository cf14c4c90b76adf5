"""Many clients at once, each with a mark of its own in every word of its answer."""

from dataclasses import replace

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.text import USAGE
from conformance.probes.tools import TOOLS

HELD = "left"
WORDS: Json = [{"say": f"{{nonce}}/{number} "} for number in range(12)]
COUNTED: Json = [{"finish": "stop"}, {"usage": {"input": 11, "output": 13}}]
LARGE: Json = [step for word in WORDS[:3] for step in (word, {"say": "{nonce} ", "times": 1200})]
CALLED: Json = [
    {"call": {"id": "call_weather08", "name": "get_weather",
              "arguments": ['{"city":', '"{nonce}', ' {nonce}"', "}"]}},
    {"finish": "tool_calls"},
    {"usage": {"input": 17, "output": 4}},
]  # fmt: skip
# What is told of a client beside its prompt: none of it is another's.
OWN = (("x-session-id", "crowd"), ("cookie", "session={nonce}"), ("x-client", "{nonce}"))
HEAD: Json = {"headers": [["set-cookie", "provider={nonce}"], ["x-provider-client", "{nonce}"]]}
PACE: Json = [{"jitter": {"median_ms": 3, "spread": 1.0, "seed": "{at}"}}]


def told(*listed: Json, ask: Json = USAGE, leave: str = "") -> Send:
    change = {"step": list(listed), "head": HEAD, "fault": PACE}
    return Send(ask=ask, change=change, headers=OWN, leave=leave)


TEXT, LONG = told(*WORDS, *COUNTED), told(*LARGE, *COUNTED)
CALL = told(*CALLED, ask=TOOLS)
LEFT = told(*WORDS[:6], {"hold": HELD}, *WORDS[6:], *COUNTED, leave=HELD)

PROBES = (
    Probe(
        "crowd",
        "silent isolation.no-cross-talk load.parallel-streams",
        "text",
        {
            "alone": TEXT,
            "alone-large": LONG,
            "alone-tool": CALL,
            "text": replace(TEXT, crowd=0.4),
            "large": replace(LONG, crowd=0.2),
            "tool": replace(CALL, crowd=0.2),
            "left": replace(LEFT, crowd=0.2),
        },
        heavy=True,
        taxing=True,
        surfaces=EVERYWHERE,
    ),
)
