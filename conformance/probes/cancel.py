"""Clients that go away while the provider holds its answer back."""

from dataclasses import replace

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

SAID: Json = [{"say": "Fennel"}, {"say": " savory"}, {"say": " hyssop"}]
REST: Json = [{"say": " borage"}, {"finish": "stop"}]
HELD = "left"
MIDWAY: Json = [*SAID, {"hold": HELD}, *REST]
AHEAD: Json = {"head": {"hold": HELD}}
# A router may limit what runs at once for each session.
SESSION = (("x-session-id", "crowd"),)


def leaves(*listed: Json, mode: str = "stream", **members: Json) -> Send:
    return Send(mode, change={"step": list(listed), **members}, leave=HELD)


PROBES = (
    Probe(
        "leave",
        "silent cancel.upstream-closed",
        "text",
        {
            "midway": leaves(*MIDWAY),
            "first": leaves({"say": "Fennel"}, {"hold": HELD}, *REST),
            "finished": leaves(*SAID, {"finish": "stop"}, {"hold": HELD}),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-early",
        "silent cancel.upstream-closed-before-first-byte",
        "text",
        {"head": leaves(*SAID, *REST, **AHEAD), "event": leaves({"hold": HELD}, *SAID, *REST)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-plain",
        "silent cancel.nonstream-upstream-closed",
        "text",
        {"plain": leaves(*SAID, *REST, mode="plain", **AHEAD)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-crowd",
        "silent crowd",
        "text",
        {
            "left": replace(leaves(*MIDWAY), crowd=True, headers=SESSION),
            "after": Send(headers=SESSION),
        },
        heavy=True,
        surfaces=EVERYWHERE,
    ),
)
