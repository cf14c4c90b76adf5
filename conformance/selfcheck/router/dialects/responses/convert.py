"""A whole response as a stream, for upstreams that do not stream where they were asked to."""

from collections.abc import Iterator

from conformance.selfcheck.router.values import Chunk, Json, objects

#: What a part says, and the events that say it, by its type.
SAID = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text"}


def as_events(response: Chunk) -> Iterator[Chunk]:
    """Yield the events of a response up to its end, numbered."""
    for number, event in enumerate(_events(response)):
        yield {**event, "sequence_number": number}


def _events(response: Chunk) -> Iterator[Chunk]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for at, item in enumerate(objects(response.get("output"))):
        yield from _of_item(at, item)
    yield {"type": f"response.{_end(response)}", "response": response}


def _end(response: Chunk) -> str:
    return "incomplete" if response.get("status") == "incomplete" else "completed"


def _of_item(at: int, item: Chunk) -> Iterator[Chunk]:
    where = {"output_index": at, "item_id": item.get("id")}
    empty = {name: _nothing(value) for name, value in item.items() if name in EMPTY}
    started = {**item, **empty, "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": at, "item": started}
    for number, part in enumerate(objects(item.get("content"))):
        yield from _of_part({**where, "content_index": number}, part)
    if item.get("type") == "function_call":
        yield {"type": f"{CALLED}.delta", **where, "delta": item.get("arguments")}
        yield {"type": f"{CALLED}.done", **where, "arguments": item.get("arguments")}
    yield {"type": "response.output_item.done", "output_index": at, "item": item}


CALLED = "response.function_call_arguments"
EMPTY = ("content", "arguments")


def _nothing(value: Json) -> Json:
    return "" if isinstance(value, str) else []


def _of_part(where: Chunk, part: Chunk) -> Iterator[Chunk]:
    kind = str(part.get("type"))
    name = SAID.get(kind)
    begun = part if name is None else {**part, name: ""}
    yield {"type": "response.content_part.added", **where, "part": begun}
    if name is not None:
        common = {**where, **({"logprobs": []} if kind == "output_text" else {})}
        yield {"type": f"response.{kind}.delta", **common, "delta": part.get(name)}
        yield {"type": f"response.{kind}.done", **common, name: part.get(name)}
    yield {"type": "response.content_part.done", **where, "part": part}
