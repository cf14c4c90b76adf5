"""The same streams cut at every byte: all at once, and each by itself."""

from collections.abc import Mapping

from conformance.exchange import Json
from conformance.probes.framing import cut, fault
from conformance.probes.gemini import BRACKETS
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.written import brief

# Hundreds of reads, each of them waited for, take their time on a loaded machine.
PATIENT = 60.0
# A byte of the stream in each chunk; and one of all that is behind the head in each read, sizes and
# line ends of the chunks included.
EACH_BYTE: Mapping[str, Json] = {
    "chunks": fault({"split": 1}),
    "reads": {**fault({"drip": {"head": False}}), "write": "segments"},
}
# One word and a stop, in as few bytes as each surface can do with.
SPARE: Mapping[str, Json] = {
    "step": [{"say": "Woad ash"}, {"finish": "stop"}],
    "chat": {"opening": "joined", "finish": "joined", "fingerprint": "absent",
             "service_tier": "absent"},
    "messages": {"ping": "never", "padding": False, "start_usage": "counts",
                 "delta_usage": "counts", "stop_sequence": "absent", "stop_details": "absent"},
    "gemini": {"finish": "joined", "usage": "last"},
}  # fmt: skip
# Many events of one length.
ALIKE: Mapping[str, Json] = {
    "step": [{"say": " woad", "repeat": 112}, {"finish": "stop"}],
    "obey": {"obfuscation": False},
    "chat": {"fingerprint": "absent", "service_tier": "absent"},
    "responses": {"sequence": "absent"},
    "messages": {"padding": False},
    "gemini": {"usage": "last"},
}
# A prime, and about half the length of an event: with as many events of one length as that each of
# their bytes is the place of a cut once, and what follows it comes in one read.
APART = 107


def each_byte(id: str, surfaces: str, step: Json = None) -> Probe:
    own = {"step": step} if step else SPARE
    sends = {"baseline": Send(change=own)}
    sends |= {name: Send(change={**own, **how}) for name, how in EACH_BYTE.items()}
    return Probe(
        id, "sse.split-reads", "text", sends, surfaces=surfaces, heavy=True, patient=PATIENT
    )


PROBES = (
    each_byte("sse-each-byte", "chat messages gemini"),
    # The API's own envelope would be most of the bytes.
    each_byte("responses-each-byte", "responses", [{"raw": event} for event in brief("Woad ash")]),
    Probe(
        "sse-each-cut",
        "sse.split-reads",
        "text",
        {
            "baseline": Send(change=ALIKE),
            "apart": Send(change={**ALIKE, **cut(every=APART)}),
        },
        surfaces=EVERYWHERE,
        heavy=True,
        patient=PATIENT,
    ),
    Probe(
        "gemini-array-each-byte",
        "gem.json-array-split",
        "text",
        {
            "baseline": Send("array", change=BRACKETS),
            "reads": Send("array", change={**BRACKETS, **EACH_BYTE["reads"]}),
        },
        surfaces="gemini",
        heavy=True,
        patient=PATIENT,
    ),
)
