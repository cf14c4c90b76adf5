"""Messages streams made by hand, event for event."""

import json

from conformance.exchange import Exchange, Json, Request

USAGE: Json = {"input_tokens": 7, "output_tokens": 1}
MESSAGE: Json = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
    "stop_reason": None, "stop_sequence": None, "usage": USAGE,
}  # fmt: skip


def named(value: Json, name: str | None = None) -> bytes:
    """Return an event under the name of its type, or another; under none if that is empty."""
    line = value["type"] if name is None else name
    return (f"event: {line}\n" if line else "").encode() + bare(value)


def bare(value: Json) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def begin(**members: Json) -> Json:
    return {"type": "message_start", "message": {**MESSAGE, **members}}


def block(index: Json = 0, **content: Json) -> Json:
    content = content or {"type": "text", "text": ""}
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: Json = 0, **delta: Json) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def say(text: Json, index: Json = 0) -> Json:
    return delta(index, type="text_delta", text=text)


def stop(index: Json = 0) -> Json:
    return {"type": "content_block_stop", "index": index}


def tool(index: Json = 0, name: str = "get_weather") -> Json:
    return block(index, type="tool_use", id=f"toolu_{index}", name=name, input={})


def pass_in(piece: Json, index: Json = 0) -> Json:
    return delta(index, type="input_json_delta", partial_json=piece)


def think(index: Json = 0) -> Json:
    return block(index, type="thinking", thinking="", signature="")


def thought(text: str, index: Json = 0) -> Json:
    return delta(index, type="thinking_delta", thinking=text)


def signed(signature: str, index: Json = 0) -> Json:
    return delta(index, type="signature_delta", signature=signature)


def end(reason: Json = "end_turn", output: Json = 3, **members: Json) -> Json:
    told = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": told, "usage": {"output_tokens": output}, **members}


PING: Json = {"type": "ping"}
OVER: Json = {"type": "message_stop"}
HELLO = [block(), say("Hel"), say("lo"), stop()]


def fail(message: str = "No room.", type: str = "overloaded_error") -> Json:
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}


def stream(*events: Json | bytes, **members: Json) -> Exchange:
    """Return an exchange whose body is these events; bytes stay as they are."""
    body = b"".join(each if isinstance(each, bytes) else named(each) for each in events)
    request = Request("POST", "http://router/v1/messages", (), {"stream": True})
    return Exchange("messages", "stream", request, 200, body=body, **members)


def whole(*content: Json, reason: Json = "end_turn", **members: Json) -> Exchange:
    """Return a complete stream of these events."""
    return stream(begin(), *content, end(reason), OVER, **members)


def plain(*content: Json, reason: Json = "end_turn", **members: Json) -> Exchange:
    value = {**MESSAGE, "content": list(content), "stop_reason": reason, **members}
    request = Request("POST", "http://router/v1/messages", (), {"stream": False})
    return Exchange("messages", "plain", request, 200, body=json.dumps(value).encode())


def refused(value: Json, status: int = 529) -> Exchange:
    return Exchange("messages", "stream", status=status, body=json.dumps(value).encode())
