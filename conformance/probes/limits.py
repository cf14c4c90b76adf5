"""Providers that take their time; the waits of a script are for a declared limit of one second."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

SAID: Json = [{"say": "Dogwood"}, {"say": " fern"}]
COMMENTED: Json = [{"comment": "working"}, {"wait_ms": 125}] * 64
QUIET: Json = [*SAID, {"wait_ms": 4000}, {"say": " sedge"}, {"finish": "stop"}]
STEADY: Json = [step for _ in range(10) for step in ({"say": " rue"}, {"wait_ms": 120})]


def steps(*listed: Json, mode: str = "stream") -> dict[str, Send]:
    return {mode: Send(mode, change={"step": list(listed)})}


STALL: Json = {"stall": True}

PROBES = (
    Probe(
        "stall",
        "silent stall",
        "stall",
        limit="idle-limit",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "stall-first",
        "silent stall",
        "stall",
        steps(STALL),
        limit="idle-limit",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "stall-plain",
        "silent stall",
        "stall",
        steps(STALL, mode="plain"),
        limit="idle-limit",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "comments-only",
        "silent stall-behind-keepalive",
        "stall",
        steps(*SAID, *COMMENTED),
        limit="idle-limit",
        surfaces="chat responses messages",
    ),
    Probe(
        "quiet",
        "silent quiet",
        "text",
        steps(*QUIET),
        limit="keepalive-limit",
        surfaces="chat responses messages",
    ),
    Probe(
        "steady",
        "silent steady",
        "text",
        steps(*STEADY, {"finish": "stop"}),
        limit="request-limit",
        surfaces=EVERYWHERE,
    ),
)
