"""Requests after which the router is asked what they cost."""

from conformance.exchange import Json
from conformance.probes.cancel import leaves
from conformance.probes.framing import cut
from conformance.probes.probe import Probe, Send
from conformance.probes.text import USAGE
from conformance.probes.usage import placed

HERBS = ("Fennel", " savory", " hyssop", " borage", " lovage", " rue", " tansy", " dill")
SAID: Json = [{"say": herb} for herb in HERBS]
END: Json = [{"finish": "stop"}, {"usage": {"input": 211, "output": len(HERBS)}}]


def left_after(pieces: int) -> Send:
    """Return a request whose client leaves when so many pieces of text have come."""
    return leaves(*SAID[:pieces], {"hold": "left"}, *SAID[pieces:], *END)


PROBES = (
    Probe(
        "bill",
        "silent bill.stream-recorded bill.token-classes-priced",
        "usage-classes",
        {
            "asked": Send(ask=USAGE),
            "unasked": Send(),
            "plain": Send("plain"),
        },
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-twice",
        "silent bill.not-double-counted",
        "usage-running",
        {"running": Send(ask=USAGE), "both": placed("both")},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-split",
        "silent usage.split-event-counted",
        "usage-classes",
        {"cut": Send(ask=USAGE, change=cut(event=[40, -40]))},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-cancel",
        "silent bill.cancel",
        "text",
        {f"after-{pieces}": left_after(pieces) for pieces in (1, 4, 8)},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-failed",
        "silent bill.failed",
        "cut",
        {
            "cut": Send(),
            "reset": Send(change={"step": [*SAID, {"reset": True}]}),
            "error": Send(change={"step": [*SAID, {"error": {"message": "no more herbs"}}]}),
        },
        billed=True,
        surfaces="chat gemini",
    ),
)
