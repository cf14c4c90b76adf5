"""Streams of the Responses API made by hand, an event at a time, to be broken at one place."""

import json
from collections.abc import Iterable, Sequence

from conformance.exchange import Exchange, Json, Request

Events = list[Json]

USAGE: Json = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 10,
}


def response(status: str, output: Sequence[Json] = (), **members: Json) -> Json:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m",
        "output": list(output), "parallel_tool_calls": True, "tools": [], "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0,
        "tool_choice": "auto", "top_p": 1.0, "usage": None, **members,
    }  # fmt: skip


def text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def message(*words: str, at: int = 0) -> Events:
    """Return the events of a message of one part."""
    whole = "".join(words)
    place = {"item_id": f"msg_{at}", "output_index": at, "content_index": 0}
    return [
        added(at, {"id": f"msg_{at}", "type": "message", "status": "in_progress",
                   "role": "assistant", "content": []}),
        {"type": "response.content_part.added", **place, "part": text_part("")},
        *({"type": "response.output_text.delta", **place, "delta": word} for word in words),
        {"type": "response.output_text.done", **place, "text": whole},
        {"type": "response.content_part.done", **place, "part": text_part(whole)},
        done(at, {"id": f"msg_{at}", "type": "message", "status": "completed", "role": "assistant",
                  "content": [text_part(whole)]}),
    ]  # fmt: skip


def thought(*words: str, at: int = 0) -> Events:
    """Return the events of reasoning with one summary."""
    whole = "".join(words)
    place = {"item_id": f"rs_{at}", "output_index": at, "summary_index": 0}
    stem = "response.reasoning_summary"
    part = {"type": "summary_text"}
    return [
        added(at, {"id": f"rs_{at}", "type": "reasoning", "summary": []}),
        {"type": f"{stem}_part.added", **place, "part": {**part, "text": ""}},
        *({"type": f"{stem}_text.delta", **place, "delta": word} for word in words),
        {"type": f"{stem}_text.done", **place, "text": whole},
        {"type": f"{stem}_part.done", **place, "part": {**part, "text": whole}},
        done(at, {"id": f"rs_{at}", "type": "reasoning", "summary": [{**part, "text": whole}]}),
    ]


def call(*pieces: str, at: int = 0, name: str = "find") -> Events:
    """Return the events of a call of a function."""
    whole = "".join(pieces)
    place = {"item_id": f"fc_{at}", "output_index": at}
    own = {"id": f"fc_{at}", "type": "function_call", "call_id": f"call_{at}", "name": name}
    stem = "response.function_call_arguments"
    return [
        added(at, {**own, "status": "in_progress", "arguments": ""}),
        *({"type": f"{stem}.delta", **place, "delta": piece} for piece in pieces),
        {"type": f"{stem}.done", **place, "arguments": whole},
        done(at, {**own, "status": "completed", "arguments": whole}),
    ]


def added(at: int, item: Json) -> Json:
    return {"type": "response.output_item.added", "output_index": at, "item": item}


def done(at: int, item: Json) -> Json:
    return {"type": "response.output_item.done", "output_index": at, "item": item}


def opening() -> Events:
    return [
        {"type": f"response.{kind}", "response": response("in_progress")}
        for kind in ("created", "in_progress")
    ]


def ending(items: Iterable[Json], status: str = "completed", **members: Json) -> Json:
    """Return the terminal event; it lists what was done among these events."""
    listed = [event["item"] for event in items if event["type"].endswith("item.done")]
    told = response(status, listed, **{"usage": USAGE, **members})
    return {"type": f"response.{status}", "response": told}


def life(*items: Events, status: str = "completed", **members: Json) -> Events:
    """Return the events of a whole response."""
    inner = [event for events in items for event in events]
    return [*opening(), *inner, ending(inner, status, **members)]


def without(events: Events, kind: str) -> Events:
    """Return the events but those whose type ends so."""
    return [event for event in events if not event["type"].endswith(kind)]


def changed(events: Events, kind: str, **members: Json) -> Events:
    """Return the events with members of those whose type ends so replaced."""
    return [event | members if event["type"].endswith(kind) else event for event in events]


def twice(events: Events, kind: str) -> Events:
    """Return the events with each whose type ends so given twice."""
    return [e for event in events for e in [event] * (1 + event["type"].endswith(kind))]


def numbered(events: Events) -> Events:
    return [
        {"type": event["type"], "sequence_number": number, **event}
        for number, event in enumerate(events)
    ]


def framed(event: Json, name: str | None = None) -> bytes:
    named = f"event: {event['type'] if name is None else name}\n" if name != "" else ""
    return f"{named}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def streamed(events: Events, end: bytes = b"", **members: Json) -> Exchange:
    """Return an exchange whose body is these events, numbered from 0."""
    return raw(b"".join(map(framed, numbered(events))) + end, **members)


def raw(body: bytes, **members: Json) -> Exchange:
    request = Request("POST", "http://router/v1/responses", (), {})
    return Exchange("responses", "stream", request, 200, body=body, **members)


def plain(value: Json, **members: Json) -> Exchange:
    request = Request("POST", "http://router/v1/responses", (), {})
    return Exchange("responses", "plain", request, 200, body=json.dumps(value).encode(), **members)
