"""A text that a router's guardrail forbids in answers, and texts that only look like it."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

TAIL: Json = [
    *({"say": f" and then there were {number} more words to come,"} for number in range(8)),
    {"say": " and the end."},
    {"finish": "stop"},
]
PACED: Json = [
    {"say": "Nothing in this answer is forbidden, however long it goes on,"},
    {"hold": "first"},
    {"say": " so that each of its parts is handed on by itself,"},
    {"hold": "second"},
    {"say": " one after the other, as the provider sends them,"},
    {"hold": "third"},
    *TAIL,
]


def script(*listed: Json, mode: str = "stream", each: str = "") -> Send:
    return Send(mode, change={"step": list(listed)}, each=each)


ALIKE: Json = [{"say": "There is some {head}"}, {"say": " or other"}, *TAIL]
FORBIDDEN: Json = [{"say": "There is some "}, {"say": "{word}"}, *TAIL]

PROBES = (
    Probe(
        "forbidden",
        "silent guard.stream-enforced",
        "text",
        {
            "plain": script(*FORBIDDEN, mode="plain"),
            "stream": script(*FORBIDDEN),
            "cut": script({"say": "There is some {head}"}, {"say": "{tail}"}, *TAIL, each="cut"),
        },
        surfaces=EVERYWHERE,
        feature="guard",
    ),
    Probe(
        "not-forbidden",
        "silent guard.stream-usable",
        "text",
        {
            "paced": script(*PACED),
            "alike": script(
                {"say": "There is some {head}"}, {"say": " or other"}, *TAIL, each="cut"
            ),
        },
        surfaces=EVERYWHERE,
        feature="guard",
    ),
)
