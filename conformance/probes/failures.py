"""Providers that fail once the stream has begun, or send a body of the wrong kind."""

from conformance.exchange import Json
from conformance.probes.probe import EVERYWHERE, Probe, Send
from conformance.probes.tools import TOOLS

ERROR: Json = {
    "message": "The mock has run out of saffron.",
    "type": "server_error",
    "code": "mock_failure",
}
SAID: Json = [{"say": "Woad"}, {"say": " yarrow"}]
LENGTH: Json = [
    {"call": {"id": "call_weather08", "name": "get_weather", "arguments": ['{"city":', '"Ro']}},
    {"finish": "length"},
]


def steps(*listed: Json, **habits: Json) -> Send:
    return Send(change={"step": list(listed), "chat": habits})


def broken(*listed: Json) -> Send:
    return Send(ask=TOOLS, change={"step": list(listed)})


CUT, RESET, END = {"close": "cut"}, {"reset": True}, {"close": "clean"}
CALL: Json = LENGTH[0]

PROBES = (
    Probe(
        "cut",
        "cut",
        "cut",
        {
            "fin": Send(),
            "rst": steps(*SAID, RESET),
            "first": steps(CUT),
            "first.rst": steps(RESET),
            "mid-event": steps(*SAID, {"raw": 'data: {"id":"chatcmpl-'}, CUT),
            "plain": Send("plain"),
            "plain.rst": Send("plain", change={"step": [*SAID, RESET]}),
        },
        surfaces=EVERYWHERE,
    ),
    Probe(
        "cut-arguments",
        "cut err.truncated-tool-args",
        "cut-arguments",
        {"fin": Send(ask=TOOLS), "rst": broken(CALL, RESET)},
        surfaces="chat responses messages",
    ),
    Probe(
        "unfinished",
        "unfinished",
        "unfinished",
        {"text": Send(), "mid-event": steps(*SAID, {"raw": 'data: {"id":"chatcmpl-'}, END)},
        surfaces=EVERYWHERE,
    ),
    Probe(
        "unfinished-arguments",
        "unfinished err.truncated-tool-args",
        "cut-arguments",
        {"clean": broken(CALL, END)},
        surfaces="chat responses messages",
    ),
    Probe(
        "length-in-arguments",
        "err.truncated-tool-args",
        "cut-arguments",
        {"length": broken(*LENGTH)},
        surfaces="chat responses messages",
    ),
    Probe(
        "error-midway",
        "inband-error",
        "error-inband",
        {
            "last": Send(),
            "then-done": steps(*SAID, {"error": ERROR}),
            "then-finish": steps(*SAID, {"error": ERROR}, {"finish": "stop"}),
            "as-chunk": steps(*SAID, {"error": ERROR}, error="choice"),
            "named": steps(*SAID, {"error": ERROR}, error="event"),
        },
        surfaces="chat gemini",
    ),
    Probe(
        "error-first",
        "inband-error pre.commit-after-first-event",
        "error-first",
        # Else the head of a response goes before the error there.
        {"stream": Send(change={"responses": {"opening": "none"}})},
        surfaces=EVERYWHERE,
    ),
    Probe("json-for-stream", "err.wrong-body-kind", "json-for-stream"),
    Probe("stream-for-plain", "err.wrong-body-kind", "stream-for-plain", {"plain": Send("plain")}),
    Probe(
        "web-page",
        "err.wrong-body-kind",
        "web-page",
        {
            "stream": Send(),
            "plain": Send("plain"),
            "bad-gateway": Send(
                change={
                    "head": {
                        "status": 502,
                        "content_type": "text/html",
                        "body": "<html><h1>502 Bad Gateway</h1></html>",
                    }
                }
            ),
        },
        surfaces=EVERYWHERE,
    ),
)
