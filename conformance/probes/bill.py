"""Requests after which the router is asked what they cost."""

from conformance.exchange import Json
from conformance.probes.cancel import leaves
from conformance.probes.framing import cut, fault
from conformance.probes.gemini import FORMS, PLACES
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
        "bill-running",
        "silent usage.cumulative-not-summed",
        "usage-running",
        {"stream": Send(ask=USAGE)},
        billed=True,
        surfaces="chat gemini",
    ),
    Probe(
        "bill-twice",
        "silent bill.not-double-counted",
        "usage-classes",
        {"both": placed("both")},
        billed=True,
    ),
    Probe(
        "bill-again",
        "silent bill.not-double-counted",
        "usage-classes",
        {"last": Send(change={"gemini": {"usage": "last"}, **fault({"duplicate_event": -1})})},
        billed=True,
        surfaces="gemini",
    ),
    Probe(
        "bill-places",
        "silent gem.usage-metadata-counted",
        "usage-classes",
        {
            f"{form}.{place}": Send(form, change={"gemini": {"usage": place}})
            for form in FORMS
            for place in PLACES
        },
        billed=True,
        surfaces="gemini",
    ),
    Probe(
        "bill-parts",
        "silent usage.merge-across-events",
        "usage-in-parts",
        {"stream": Send(ask=USAGE)},
        billed=True,
    ),
    Probe(
        "bill-elsewhere",
        "silent usage.upstream-preferred",
        "usage-classes",
        {where: placed(where) for where in ("finish", "no-choices", "repeat-choice")},
        billed=True,
    ),
    Probe(
        "bill-missing",
        "silent usage.not-invented",
        "no-usage",
        {"stream": Send(ask=USAGE), "plain": Send("plain")},
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
