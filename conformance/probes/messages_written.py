"""Messages streams that are written out, where no script of steps would say them so."""

import json

from conformance.exchange import Json

SSE = "text/event-stream"
STOPPED: Json = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
WHOLE: Json = {
    "id": "msg_whole", "type": "message", "role": "assistant", "model": "mock-model",
    "content": [{"type": "text", "text": "Lemon balm"}], "stop_reason": "end_turn",
    "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 2},
}  # fmt: skip
#: The same answer as a stream.
EVENTS: Json = (
    ("message_start", {"message": {**WHOLE, "content": [], "stop_reason": None}}),
    ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "Lemon balm"}}),
    ("content_block_stop", {"index": 0}),
    (
        "message_delta",
        {
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 2},
        },
    ),
)


def written(events: Json) -> str:
    """Return events as they are framed here."""
    return "".join(
        f"event: {name}\ndata: {json.dumps({'type': name, **body})}\n\n" for name, body in events
    )


def start(index: int, id: str, name: str) -> Json:
    call = {"type": "tool_use", "id": id, "name": name, "input": {}}
    return "content_block_start", {"index": index, "content_block": call}


def piece(index: int, text: str) -> Json:
    delta = {"type": "input_json_delta", "partial_json": text}
    return "content_block_delta", {"index": index, "delta": delta}


STREAMED = written(EVENTS) + STOPPED
# Blocks that are open at the same time, as relays of the chat API send them.
INTERLEAVED = written([
    EVENTS[0],
    start(0, "call_weather01", "get_weather"), start(1, "call_time02", "get_time"),
    piece(0, '{"city":'), piece(1, '{"zone":'), piece(0, '"Rome"}'), piece(1, '"CET"}'),
    ("content_block_stop", {"index": 0}), ("content_block_stop", {"index": 1}),
    ("message_delta", {"delta": {"stop_reason": "tool_use", "stop_sequence": None},
                       "usage": {"output_tokens": 4}}),
]) + STOPPED  # fmt: skip
