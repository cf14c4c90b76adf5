"""The same request twice: what a router with a response cache makes of the second."""

from dataclasses import replace

from conformance.exchange import Json
from conformance.probes.failures import CUT, END, RESET
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.text import USAGE

ERROR: Json = {"message": "The mock has run out of sumac.", "type": "server_error"}
HELD = "left"
SAID: Json = [{"say": "Sumac"}, {"say": " lovage"}]
COUNTED: Json = {"usage": {"input": 17, "output": 19, "cached": 5, "reasoning": 3}}
WHOLE: Json = [*SAID, {"say": " chervil"}, {"finish": "stop"}, COUNTED]
THOUGHT: Json = {"step": [{"think": "Galangal"}, *WHOLE]}

STREAM, PLAIN = Send(ask=USAGE, change=THOUGHT), Send("plain", change=THOUGHT)


def twice(name: str, first: Send, second: Send) -> dict[str, Send]:
    return {name: first, f"{name}-again": replace(second, change={}, again=name, leave="")}


def failing(name: str, *listed: Json, leave: str = "") -> dict[str, Send]:
    """Return a request that fails, and the same request, which then would succeed."""
    attempts = [{"step": list(listed)}, {"step": WHOLE}]
    first = Send(ask=USAGE, change={"step": WHOLE, "attempt": attempts}, leave=leave)
    return twice(name, first, first)


PROBES = (
    Probe(
        "twice",
        "silent cache.replay-valid",
        "text",
        {
            **twice("stream", STREAM, STREAM),
            **twice("to-plain", STREAM, PLAIN),
            **twice("to-stream", PLAIN, STREAM),
            **twice("plain", PLAIN, PLAIN),
        },
        surfaces=EVERYWHERE,
        feature="cache",
    ),
    Probe(
        "twice-failing",
        "silent cache.no-failed-stream",
        "text",
        {
            **failing("cut", *SAID, CUT),
            **failing("reset", *SAID, RESET),
            **failing("unfinished", *SAID, END),
            **failing("error", *SAID, {"error": ERROR}, END),
            **failing("length", *SAID, {"finish": "length"}, COUNTED),
            **failing("left", *SAID, {"hold": HELD}, *WHOLE[2:], leave=HELD),
        },
        surfaces=EVERYWHERE,
        feature="cache",
    ),
)
