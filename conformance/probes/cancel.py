"""Clients that go away while the provider holds its answer back."""

from dataclasses import replace

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

# None is part of what stands in an event anyway, as "sage" is of "message". Each is one token to
# the public tokenizers of OpenAI's models too: who has to estimate what was written may count.
HERBS = ("Rose", " mint", " basil", " garlic", " ginger", " pepper", " vanilla", " cinnamon")
SAID: Json = [{"say": herb} for herb in HERBS]
FINISH: Json = {"finish": "stop"}
HELD = "left"
HOLD: Json = {"hold": HELD}
AHEAD: Json = {"head": HOLD}
# An event of no API, so that on each of them half of it has come.
HALF: Json = [{"raw": 'data: {"half":'}, HOLD, {"raw": ' "an event"}\n\n'}]
# What stays goes on a moment after the others have left, not in that very one.
BESIDE: Json = {"step": [*SAID[:3], HOLD, {"wait_ms": 300}, *SAID[3:], FINISH]}
ALONE: Json = {"step": [*SAID, FINISH]}
# A router may limit what runs at once for each session.
SESSION = (("x-session-id", "crowd"),)


def leaves(*listed: Json, **members: Json) -> Send:
    return Send(change={"step": list(listed), **members}, leave=HELD)


def after(pieces: int, *rest: Json) -> Send:
    """Return a request whose client leaves when so many pieces of text have come."""
    return leaves(*SAID[:pieces], HOLD, *SAID[pieces:], FINISH, *rest)


def inside(pieces: int, *rest: Json) -> Send:
    """Return one whose client leaves when so many have come, and half of another event."""
    return leaves(*SAID[:pieces], *HALF, *SAID[pieces:], FINISH, *rest)


def finished(*rest: Json) -> Send:
    """Return one whose client leaves when the reason why it ends has come, and no more."""
    return leaves(*SAID, FINISH, HOLD, *rest)


PROBES = (
    Probe(
        "leave",
        "silent cancel.upstream-closed",
        "text",
        {
            "first": after(1),
            "midway": after(3),
            "last": after(len(HERBS)),
            "inside": inside(2),
            "finished": finished(),
        },
        surfaces=EVERYWHERE,
    ),
    *(
        Probe(
            f"leave-{surface}-closed",
            "silent cancel.upstream-closed",
            "text",
            {"closed": leaves(*SAID, FINISH, *last, HOLD, **{surface: habits})},
            surfaces=surface,
        )
        for surface, last, habits in (
            ("chat", [{"raw": "data: [DONE]\n\n"}], {"done": False}),
            ("responses", [], {}),
            (
                "messages",
                [{"raw": 'event: message_stop\ndata: {"type":"message_stop"}\n\n'}],
                {"done": "none"},
            ),
        )
    ),
    Probe(
        "leave-early",
        "silent cancel.upstream-closed-before-first-byte",
        "text",
        {
            "head": leaves(*SAID, FINISH, **AHEAD),
            "event": after(0),
            "half": inside(0),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-plain",
        "silent cancel.nonstream-upstream-closed",
        "text",
        {"plain": replace(leaves(*SAID, FINISH, **AHEAD), mode="plain")},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-crowd",
        "silent crowd",
        "text",
        {
            "left": replace(after(3), crowd=0.25, headers=SESSION),
            "after": Send(headers=SESSION),
        },
        heavy=True,
        surfaces=EVERYWHERE,
    ),
    Probe(
        "leave-beside",
        "silent crowd-beside",
        "text",
        {
            "beside": Send(change=BESIDE, headers=SESSION, stays=True),
            "left": replace(after(3), crowd=0.25, headers=SESSION),
            "alone": Send(change=ALONE, headers=SESSION),
        },
        heavy=True,
        surfaces=EVERYWHERE,
    ),
)
