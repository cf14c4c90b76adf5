"""What a router may promise of any request: the same again, a pinned model, values of no API."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, QUESTION, Probe, Send

HOT: Json = {"temperature": "hot"}
FLAVOUR: Json = {"x_flavour": "lovage"}
#: A provider that does not look at what it is asked.
EASY: Json = {"obey": {"validation": False}}
VERSION = ("anthropic-version",)

PROBES = (
    Probe(
        "same-question",
        "declared hdr.stable",
        "text",
        {
            "plain": Send("plain"),
            "stream": Send(),
            "plain-again": Send("plain"),
            "stream-again": Send(),
        },
        question=QUESTION,
        surfaces=EVERYWHERE,
        feature="header",
    ),
    Probe(
        "pinned-model",
        "declared",
        "text",
        {"stream": Send(model="pinned-model"), "plain": Send("plain", model="pinned-model")},
        question=QUESTION,
        surfaces=EVERYWHERE,
        feature="pinned-model",
    ),
    Probe(
        "off-spec",
        "pre.off-spec-refused",
        "text",
        {"stream": Send(ask=HOT), "plain": Send("plain", ask=HOT)},
        surfaces="chat responses messages",
    ),
    Probe(
        "unknown-member",
        "pre.unknown-members",
        "text",
        {
            "stream": Send(ask=FLAVOUR, change=EASY),
            "plain": Send("plain", ask=FLAVOUR, change=EASY),
        },
    ),
    Probe(
        "no-version",
        "hdr.messages-version",
        "text",
        {
            "stream": Send(without=VERSION, change=EASY),
            "plain": Send("plain", without=VERSION, change=EASY),
        },
        question=QUESTION,
        surfaces="messages",
    ),
)
