"""More than a router can pass on: streams nobody reads, events without end, and who is beside."""

from collections.abc import Mapping
from dataclasses import replace

from conformance.exchange import SURFACES, Headers, Json
from conformance.probes.probe import EVERYWHERE, Probe, Send

PIECE = 1 << 16  # bytes
FLOOD = 1536  # pieces: 96 MiB
ENDLESS = 2048  # pieces: 128 MiB
SMALL, MOST = 2000, 1_000_000  # bytes of an event, and more of them than anybody waits for
SAID: Json = {"say": "Tansy"}
KEPT: Json = [SAID, {"hold": "kept"}, {"say": " mallow"}, {"finish": "stop"}]
TURNS: Json = [SAID, {"hold": "first"}, {"say": " rue"}, {"hold": "second"}, {"say": " sorrel"},
               {"finish": "stop"}]  # fmt: skip
#: An event of text as it is in the middle of an answer. Written by a `say` that repeats, the
#: provider would keep count of each, and of the text they make.
DELTAS: Mapping[str, str] = {
    "chat": 'data: {"id":"chatcmpl-flood","object":"chat.completion.chunk","created":1,'
    '"model":"mock-model","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}'
    "\n\n",
    "responses": 'event: response.output_text.delta\ndata: {"type":"response.output_text.delta",'
    '"item_id":"msg_flood","output_index":0,"content_index":0,"delta":"%s"}\n\n',
    "messages": 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    '"delta":{"type":"text_delta","text":"%s"}}\n\n',
    "gemini": 'data: {"candidates": [{"content": {"parts": [{"text": "%s"}],"role": "model"},'
    '"index": 0}]}\r\n\r\n',
}
# A router may know its clients by more than their key.
SESSION = (("x-session-id", "load"),)


def script(*listed: Json, lasts: str = "", unread: bool = False) -> Send:
    return Send(change={"step": list(listed)}, lasts=lasts, unread=unread)


def flood(surface: str, bytes: int, events: int) -> tuple[Json, Json]:
    return SAID, {"raw": DELTAS[surface] % ("a" * bytes), "repeat": events}


def beside(id: str, surfaces: str, other: Send, headers: Headers = SESSION) -> Probe:
    """Return a probe whose requests go out while another, of the same session, is open."""
    turns = script(*TURNS)
    sends = {"alone": turns, "other": other, "beside": turns, "plain": Send("plain")}
    sent = {name: replace(send, headers=headers) for name, send in sends.items()}
    return replace(load(id, "parallel-streams", surfaces, sent), taxing=not headers)


def load(id: str, rule: str, surfaces: str, sends: dict[str, Send]) -> Probe:
    return Probe(id, f"silent load.{rule}", "text", sends, heavy=True, surfaces=surfaces)


def endless(id: str, *pieces: Json) -> Probe:
    sends = {"stream": script(*pieces, {"close": "clean"})}
    return replace(load(id, "unbounded-event", EVERYWHERE, sends), taxing=True)


def floods(surface: str) -> tuple[Probe, ...]:
    much = flood(surface, PIECE, FLOOD)
    fast = script(*flood(surface, SMALL, MOST), lasts="started")
    kept = script(*much, unread=True, lasts="blocked")
    unread = {"unread": script(*much, unread=True)}
    return (
        beside(f"beside-fast-{surface}", surface, fast, ()),
        beside(f"beside-unread-{surface}", surface, kept),
        load(f"unread-{surface}", "slow-client-bounded", surface, unread),
    )


PROBES = (
    beside("beside-stalled", EVERYWHERE, script(*KEPT, lasts="hold:kept")),
    endless("endless-line", SAID, {"raw": 'data: {"a":"'}, {"raw": "a" * PIECE, "repeat": ENDLESS}),
    endless("endless-event", SAID, {"raw": f"data: {'a' * PIECE}\n", "repeat": ENDLESS}),
    *(probe for surface in SURFACES for probe in floods(surface)),
)
