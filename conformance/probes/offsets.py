"""The same streams cut at every byte: all at once, and each by itself."""

from collections.abc import Mapping

from conformance.exchange import Json
from conformance.probes.framing import against, cut, fault
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
# A prime, and about half the length of an event: with as many events of one length as that each of
# their bytes is the place of a cut once, and what follows it comes in one read.
APART = 107


def each_byte(id: str, surfaces: str, step: Json = None) -> Probe:
    own = {"step": step} if step else {}
    sends = {"baseline": Send(change=own)}
    sends |= {name: Send(change={**own, **how}) for name, how in EACH_BYTE.items()}
    return Probe(
        id, "sse.split-reads", "brief", sends, surfaces=surfaces, heavy=True, patient=PATIENT
    )


PROBES = (
    each_byte("sse-each-byte", "chat messages gemini"),
    # The API's own envelope would be most of the bytes.
    each_byte("responses-each-byte", "responses", [{"raw": event} for event in brief("Woad ash")]),
    Probe(
        "sse-each-cut",
        "sse.split-reads",
        "alike",
        against({"apart": cut(every=APART)}, {}),
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
