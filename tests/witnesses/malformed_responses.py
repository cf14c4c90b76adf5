"""Streams of the Responses API that are not as they should be, and what they were meant to say."""

import json
from itertools import count

from conformance.exchange import Json
from tests.witnesses.malformed import Case, Meant, Said, lacks

TEXT = Meant((Said(finish="completed"),), usage=12)
FAILED = Meant(error=True)
CALL = Meant((Said("", "completed", (("call_1", "get", '{"a":1}'),)),))
USAGE: Json = {
    "input_tokens": 5, "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 12,
}  # fmt: skip
PART: Json = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
FULL: Json = {**PART, "text": "Hello world"}
ITEM: Json = {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant",
              "content": []}  # fmt: skip
DONE_ITEM: Json = {**ITEM, "status": "completed", "content": [FULL]}
OPEN: Json = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m",
    "output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None,
    "incomplete_details": None, "instructions": None, "metadata": {}, "usage": None,
    "temperature": 1.0, "top_p": 1.0,
}  # fmt: skip
CLOSED: Json = {**OPEN, "status": "completed", "output": [DONE_ITEM], "usage": USAGE}
AT: Json = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
BOOM: Json = {"code": "server_error", "message": "boom"}


def told(kind: str, **members: Json) -> Json:
    return {"type": f"response.{kind}", **members}


CREATED, IN_PROGRESS = told("created", response=OPEN), told("in_progress", response=OPEN)
ADDED = told("output_item.added", output_index=0, item=ITEM)
PART_ADDED = told("content_part.added", **AT, part=PART)
HEL = told("output_text.delta", **AT, delta="Hello", logprobs=[])
LO = {**HEL, "delta": " world"}
TEXT_DONE = told("output_text.done", **AT, text="Hello world", logprobs=[])
PART_DONE = told("content_part.done", **AT, part=FULL)
ITEM_DONE = told("output_item.done", output_index=0, item=DONE_ITEM)
COMPLETED = told("completed", response=CLOSED)
ALL = [CREATED, IN_PROGRESS, ADDED, PART_ADDED, HEL, LO, TEXT_DONE, PART_DONE, ITEM_DONE, COMPLETED]

TOOL: Json = {"id": "fc_1", "type": "function_call", "status": "in_progress", "call_id": "call_1",
              "name": "get", "arguments": ""}  # fmt: skip
DONE_TOOL: Json = {**TOOL, "status": "completed", "arguments": '{"a":1}'}
OF: Json = {"item_id": "fc_1", "output_index": 0}
TOOL_ADDED = told("output_item.added", output_index=0, item=TOOL)
GIVES = told("function_call_arguments.delta", **OF, delta='{"a":1}')
GIVEN = told("function_call_arguments.done", **OF, arguments='{"a":1}', name="get")
TOOL_DONE = told("output_item.done", output_index=0, item=DONE_TOOL)
TOOL_CLOSED = told("completed", response={**CLOSED, "output": [DONE_TOOL]})


def event(value: Json, name: str | None = None) -> bytes:
    named = f"event: {value['type'] if name is None else name}\n" if name != "" else ""
    return f"{named}data: {json.dumps(value)}\n\n".encode()


def body(*events: Json, number: bool = True) -> bytes:
    at = count()
    pieces = list[bytes]()
    for each in events:
        if isinstance(each, bytes):
            pieces.append(each)
        else:
            pieces.append(event({**each, "sequence_number": next(at)} if number else each))
    return b"".join(pieces)


def instead(old: Json, *new: Json) -> bytes:
    """Return the stream with one event replaced, or left out."""
    return body(*(each for one in ALL for each in ([*new] if one is old else [one])))


def calling(*events: Json) -> bytes:
    return body(CREATED, IN_PROGRESS, *events)


WHOLE = body(*ALL)

FRAMING = [
    Case("whole", WHOLE, TEXT),
    Case("CR LF", WHOLE.replace(b"\n", b"\r\n"), TEXT),
    Case("[DONE] at the end", WHOLE + b"data: [DONE]\n\n", TEXT),
    Case("a comment first", b": hi\n\n" + WHOLE, TEXT),
    Case("a byte order mark", b"\xef\xbb\xbf" + WHOLE, TEXT),
    Case("no numbers", body(*ALL, number=False), TEXT),
    Case("cut JSON", instead(HEL, b'event: x\ndata: {"type"\n\n', HEL), TEXT),
    Case("the last event without a blank line", WHOLE[:-1], TEXT),
    Case("nothing but a line end", b"\n", TEXT),
    Case("a plain error", json.dumps({"error": BOOM}).encode(), FAILED),
    Case("a page", b"<html><body>502 Bad Gateway</body></html>\n", FAILED),
    Case("chunks of OpenAI's chat", b'data: {"object":"chat.completion.chunk","choices":[]}\n\n',
         TEXT),
]  # fmt: skip

ORDER = [
    Case("no created", instead(CREATED), TEXT),
    Case("created twice", instead(CREATED, CREATED, CREATED), TEXT),
    Case("neither created nor in_progress", body(*ALL[2:]), TEXT),
    Case("a keepalive first", body({"type": "keepalive"}, *ALL), TEXT),
    Case("an event nobody knows", instead(ADDED, told("foo.bar"), ADDED), TEXT,
         legal="the API adds kinds of events, and clients are to pass them over"),
    Case("an event without type", instead(ADDED, event({"x": 1}, ""), ADDED), TEXT),
    Case("no item added", instead(ADDED), TEXT),
    Case("an item added twice", instead(ADDED, ADDED, ADDED), TEXT),
    Case("no part added", instead(PART_ADDED), TEXT),
    Case("no item done", instead(ITEM_DONE), TEXT),
    Case("only created and completed", body(CREATED, COMPLETED), TEXT),
    Case("only created, deltas and completed", body(CREATED, HEL, LO, COMPLETED), TEXT),
    Case("no end", instead(COMPLETED), TEXT),
    Case("no end, and [DONE]", instead(COMPLETED, b"data: [DONE]\n\n"), TEXT),
    Case("completed twice", instead(COMPLETED, COMPLETED, COMPLETED), TEXT),
    Case("an end of its own", instead(COMPLETED, told("cancelled", response=CLOSED)), TEXT),
]  # fmt: skip

SHAPE = [
    Case("another response at the end",
         instead(COMPLETED, told("completed", response={**CLOSED, "id": "resp_2"})), TEXT),
    Case("another item when it is done",
         instead(ITEM_DONE, {**ITEM_DONE, "item": {**DONE_ITEM, "id": "msg_2"}}), TEXT),
    Case("deltas of another item",
         body(*({**e, "item_id": "zzz"} if e in (HEL, LO) else e for e in ALL)), TEXT),
    Case("parts from 1", body(*(
        {**e, "content_index": 1} if "content_index" in e else e for e in ALL
    )), TEXT),
    Case("deltas without an item", body(*(
        lacks(e, "output_index") if e in (HEL, LO) else e for e in ALL
    )), TEXT),
    Case("deltas without a part", body(*(
        lacks(e, "content_index") if e in (HEL, LO) else e for e in ALL
    )), TEXT),
    Case("a text event without delta", instead(HEL, lacks(HEL, "delta"), HEL), TEXT),
    Case("delta null", instead(HEL, {**HEL, "delta": None}, HEL), TEXT),
    Case("no output at the end",
         instead(COMPLETED, told("completed", response=lacks(CLOSED, "output"))), TEXT),
    Case("empty output at the end",
         instead(COMPLETED, told("completed", response={**CLOSED, "output": []})), TEXT),
    Case("other text at the end", instead(COMPLETED, told("completed", response={
        **CLOSED, "output": [{**DONE_ITEM, "content": [{**FULL, "text": "Other"}]}],
    })), TEXT),
    Case("no usage", instead(COMPLETED, told("completed", response={**CLOSED, "usage": None})),
         TEXT),
    Case("usage in chat's words", instead(COMPLETED, told("completed", response={
        **CLOSED, "usage": {"prompt_tokens": 5, "completion_tokens": 7},
    })), TEXT),
    Case("response null", instead(CREATED, {**CREATED, "response": None}), TEXT),
    Case("no response", instead(CREATED, lacks(CREATED, "response")), TEXT),
    Case("only an id at the end",
         instead(COMPLETED, told("completed", response={"id": "resp_1"})), TEXT),
]  # fmt: skip

CALLS = [
    Case("a call", calling(TOOL_ADDED, GIVES, GIVEN, TOOL_DONE, TOOL_CLOSED), CALL),
    Case("a call without arguments at first", calling(
        {**TOOL_ADDED, "item": lacks(TOOL, "arguments")}, GIVES, GIVEN, TOOL_DONE, TOOL_CLOSED,
    ), CALL),
    Case("another item when a call is done", calling(
        TOOL_ADDED, GIVES, GIVEN, {**TOOL_DONE, "item": {**DONE_TOOL, "id": "fc_2"}}, TOOL_CLOSED,
    ), CALL),
    Case("another call when it is done", calling(
        TOOL_ADDED, GIVES, GIVEN, {**TOOL_DONE, "item": {**DONE_TOOL, "call_id": "call_2"}},
        TOOL_CLOSED,
    ), CALL),
    Case("arguments of no item", calling(GIVES, GIVEN, TOOL_DONE, TOOL_CLOSED), CALL),
]  # fmt: skip

ERRORS = [
    Case("an error", body(*ALL[:5], {"type": "error", "error": BOOM}), FAILED),
    Case("a flat error", body(*ALL[:5], {"type": "error", **BOOM, "param": None}), FAILED,
         legal="OpenAI's document has it so: ResponseErrorEvent"),
    Case("an error without type", body(*ALL[:5], event({"error": BOOM}, "")), FAILED),
    Case("failed", body(*ALL[:5], told("failed", response={**OPEN, "status": "failed",
                                                            "error": BOOM})), FAILED,
         legal="OpenAI's document has it so: ResponseFailedEvent"),
]  # fmt: skip

CASES = [*FRAMING, *ORDER, *SHAPE, *CALLS, *ERRORS]
