"""What HTTP makes of an answer: holding back, compression, headers that are for one hop."""

from collections.abc import Sequence

from conformance.exchange import Headers, Json
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.tools import ADD

GZIP: Headers = (("accept-encoding", "gzip"),)
CODED: Json = {"fault": ["gzip"]}
#: The first write is more than anyone deems too little to compress, since some decide on it alone,
#: and no more than one read takes.
LONG: Json = {
    "write": "burst",
    "step": [
        {"say": "Tansy, sweet woodruff and meadow saffron. " * 32},
        {"hold": "first"},
        {"say": " umbel"},
        {"hold": "second"},
        {"say": " vetch"},
        {"hold": "third"},
        {"finish": "stop"},
        {"usage": {"input": 7, "output": 3}},
    ],
}
REFUSED: Json = {
    "head": {"status": 400},
    "step": [{"error": {"message": "The mock refuses: dill."}}],
}

#: Headers of the provider's own connection; each value is found again if it is copied.
OF_THE_CONNECTION = (
    ("connection", "x-mock-hop"),
    ("x-mock-hop", "oregano-hop"),
    ("keep-alive", "timeout=77, max=777"),
    ("proxy-authenticate", 'Basic realm="oregano"'),
)


def answered_with(headers: Sequence[tuple[str, str]]) -> Json:
    """Return a change of the scenario by which the provider's answer has these headers too."""
    return {"head": {"headers": [list(pair) for pair in headers]}}


# A router may keep connections for each session.
SESSION: Headers = (("x-session-id", "idle"),)


def closing(how: str) -> Json:
    """Return a change by which the provider closes the connection it has promised to keep."""
    return {"fault": [{"idle_close": {"end": how, "when": "behind"}}]}


PROBES = (
    Probe(
        "incremental-text",
        "http.incremental",
        "holds",
        surfaces=EVERYWHERE,
    ),
    Probe(
        "incremental-tools",
        "http.incremental",
        "tool-holds",
        {"stream": Send(ask=ADD)},
        surfaces="chat responses messages",
    ),
    Probe(
        "incremental-gzip",
        "http.no-compression-buffering",
        "holds",
        {"identity": Send(change=LONG), "gzip": Send(headers=GZIP, change=LONG)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "connection-headers",
        "http.framing-headers",
        "text",
        {
            "stream": Send(change=answered_with(OF_THE_CONNECTION)),
            "plain": Send("plain", change=answered_with(OF_THE_CONNECTION)),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "coded",
        "http.content-encoding-consistent",
        "text",
        {
            "stream": Send(change=CODED),
            "plain": Send("plain", change=CODED),
            "refused": Send("plain", change={**REFUSED, **CODED}),
            "accepted": Send(change=CODED, headers=GZIP),
            "accepted-plain": Send("plain", change=CODED, headers=GZIP),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "stale-connection",
        "http.stale-upstream-conn",
        "text",
        {
            "fin": Send(change=closing("fin"), headers=SESSION),
            "fin.next": Send(headers=SESSION, rested=True),
            "rst": Send(change=closing("rst"), headers=SESSION),
            "rst.next": Send(headers=SESSION, rested=True),
        },
        surfaces=EVERYWHERE,
        upsets=True,
    ),
)
