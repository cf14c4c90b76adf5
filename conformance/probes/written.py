"""Responses written event by event, with items of kinds that no scenario has a step for."""

import json
from collections.abc import Iterator

from conformance.exchange import Json


def message(number: int, text: str, **members: Json) -> Json:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    told = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
    return {**told, "content": [part], **members}


SEARCH: Json = {
    "type": "web_search_call", "id": "ws_1", "status": "completed",
    "action": {"type": "search", "query": "hyssop"},
}  # fmt: skip
REMOTE: Json = {
    "type": "mcp_call", "id": "mcp_2", "status": "completed", "server_label": "garden",
    "name": "water", "arguments": '{"bed":7}', "output": "done",
}  # fmt: skip
UNKNOWN: Json = {"type": "gardening_call", "id": "gc_3", "status": "completed", "plot": 7}
STATES: Json = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "mcp_call": ("in_progress", "completed"),
    "gardening_call": ("in_progress", "digging", "completed"),
}
OPENING = ("created", "in_progress")
ENVELOPE: Json = {
    "id": "resp_garden", "object": "response", "created_at": 1770000000, "error": None,
    "incomplete_details": None, "instructions": None, "metadata": {}, "model": "mock-model",
    "output": [], "parallel_tool_calls": True, "status": "in_progress", "temperature": 1.0,
    "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": None,
}  # fmt: skip
USED: Json = {
    "input_tokens": 113, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 118,
}  # fmt: skip


def written(*items: Json) -> list[str]:
    """Return the events of a response with these items, byte for byte."""
    events = [event for at, item in enumerate(items) for event in _item(at, item)]
    begun = [{"type": f"response.{kind}", "response": ENVELOPE} for kind in OPENING]
    return _named(*begun, *events, {"type": "response.completed", "response": response(*items)})


def brief(text: str) -> list[str]:
    """Return the events of a response that says no more of itself than it has to."""
    item = message(0, text)
    own: Json = {"id": "resp_brief", "object": "response", "status": "in_progress", "output": []}
    done = {**own, "status": "completed", "output": [item]}
    return _named(
        {"type": "response.created", "response": own},
        *_item(0, item),
        {"type": "response.completed", "response": done},
    )


def _named(*told: Json) -> list[str]:
    numbered = ({"sequence_number": number, **event} for number, event in enumerate(told))
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in numbered]


def response(*items: Json) -> Json:
    return {**ENVELOPE, "status": "completed", "output": list(items), "usage": USED}


def _item(at: int, item: Json) -> Iterator[Json]:
    fresh: Json = {"content": []} if "content" in item else {}
    added = {**item, "status": "in_progress", **fresh}
    yield {"type": "response.output_item.added", "output_index": at, "item": added}
    place = {"item_id": item["id"], "output_index": at}
    for state in STATES.get(item["type"], ()):
        yield {"type": f"response.{item['type']}.{state}", **place}
    for index, part in enumerate(item.get("content", ())):
        yield from _part({**place, "content_index": index}, part)
    yield {"type": "response.output_item.done", "output_index": at, "item": item}


def _part(place: Json, part: Json) -> Iterator[Json]:
    text = part["text"]
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    yield {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}
