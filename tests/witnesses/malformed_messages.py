"""Streams of the Messages API that are not as they should be, and what they were meant to say."""

import json

from conformance.exchange import Json
from tests.witnesses.malformed import Case, Meant, Said, lacks

MESSAGE: Json = {
    "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m",
    "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 1},
}  # fmt: skip
START: Json = {"type": "message_start", "message": MESSAGE}
STOP: Json = {"type": "message_stop"}
PING: Json = {"type": "ping"}
BOOM: Json = {"type": "error", "error": {"type": "api_error", "message": "boom"}}
OPENAI: Json = {"error": {"message": "boom", "type": "server_error", "code": None}}

TEXT = Meant((Said(finish="end_turn"),), usage=7)
FAILED = Meant(error=True)
CALL = Meant((Said("", "tool_use", (("toolu_1", "get", '{"a":1}'),)),))


def event(value: Json, name: str | None = None) -> bytes:
    named = f"event: {value['type'] if name is None else name}\n" if name != "" else ""
    return f"{named}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def body(*events: Json) -> bytes:
    return b"".join(each if isinstance(each, bytes) else event(each) for each in events)


def start(index: Json = 0, **block: Json) -> Json:
    told = block or {"type": "text", "text": ""}
    return {"type": "content_block_start", "index": index, "content_block": told}


def says(text: Json, index: Json = 0) -> Json:
    delta = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def gives(text: Json, index: Json = 0) -> Json:
    delta = {"type": "input_json_delta", "partial_json": text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def end(index: Json = 0) -> Json:
    return {"type": "content_block_stop", "index": index}


def stops(reason: Json = "end_turn", **usage: Json) -> Json:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": usage or {"output_tokens": 7}}


TOOL: Json = {"type": "tool_use", "id": "toolu_1", "name": "get", "input": {}}
WORDS = [says("Hello"), says(" world")]
BLOCK = [start(), *WORDS, end()]
CLOSE = [stops(), STOP]
WHOLE = body(START, *BLOCK, *CLOSE)


def starting(**members: Json) -> bytes:
    return body({**START, "message": {**MESSAGE, **members}}, *BLOCK, *CLOSE)


def calling(*events: Json, **block: Json) -> bytes:
    return body(START, start(**{**TOOL, **block}), *events, end(), stops("tool_use"), STOP)


FRAMING = [
    Case("whole", WHOLE, TEXT),
    Case("CR LF", WHOLE.replace(b"\n", b"\r\n"), TEXT),
    Case("no names", body(*(event(e, "") for e in (START, *BLOCK, *CLOSE))), TEXT),
    Case("one name for all", body(*(event(e, "message") for e in (START, *BLOCK, *CLOSE))), TEXT),
    Case("a wrong name", body(START, start(), event(WORDS[0], "ping"), WORDS[1], end(), *CLOSE),
         TEXT),
    Case("[DONE] at the end", WHOLE + b"data: [DONE]\n\n", TEXT),
    Case("[DONE] by name", WHOLE + b"event: done\ndata: [DONE]\n\n", TEXT),
    Case("an event nobody knows", body(START, {"type": "x"}, *BLOCK, *CLOSE), TEXT),
    Case("a ping", body(START, PING, *BLOCK, *CLOSE), TEXT),
    Case("a comment", body(START, b": hi\n\n", *BLOCK, *CLOSE), TEXT),
    Case("a byte order mark", b"\xef\xbb\xbf" + WHOLE, TEXT),
    Case("cut JSON", body(START, start(), b'event: x\ndata: {"type"\n\n', *WORDS,
                          end(), *CLOSE), TEXT),
    Case("the last event without a blank line", WHOLE[:-1], TEXT),
    Case("nothing but a line end", b"\n", TEXT),
    Case("a page", b"<html><body>502 Bad Gateway</body></html>\n", FAILED),
    Case("a plain answer", json.dumps({**MESSAGE, "stop_reason": "end_turn", "content": [
        {"type": "text", "text": "Hello world"},
    ]}).encode(), TEXT),
    Case("a plain error", json.dumps(BOOM).encode(), FAILED),
    Case("chunks of OpenAI's", b'data: {"object":"chat.completion.chunk","choices":[]}\n\n', TEXT),
]  # fmt: skip

ORDER = [
    Case("no message_start", body(*BLOCK, *CLOSE), TEXT),
    Case("message_start twice", body(START, START, *BLOCK, *CLOSE), TEXT),
    Case("message_start again later", body(START, start(), WORDS[0], START, WORDS[1], end(),
                                           *CLOSE), TEXT),
    Case("no block start", body(START, *WORDS, end(), *CLOSE), TEXT),
    Case("no block stop", body(START, start(), *WORDS, *CLOSE), TEXT),
    Case("no message_delta", body(START, *BLOCK, STOP), TEXT),
    Case("no message_stop", body(START, *BLOCK, stops()), TEXT),
    Case("neither of the two", body(START, *BLOCK), TEXT),
    Case("a second message_delta without a reason",
         body(START, *BLOCK, stops(), stops(None), STOP), TEXT),
    Case("message_delta before the block stops",
         body(START, start(), *WORDS, stops(), end(), STOP), TEXT),
    Case("a delta after message_stop", WHOLE + event(says("!")), TEXT),
    Case("blocks from 1", body(START, start(1), says("Hello", 1), says(" world", 1), end(1),
                               *CLOSE), TEXT),
    Case("no index", body(START, start(), lacks(says("Hello world"), "index"), end(), *CLOSE),
         TEXT),
    Case("a gap in the indexes", body(START, start(), says("Hello"), end(), start(2),
                                      says(" world", 2), end(2), *CLOSE), TEXT),
    Case("an index again", body(START, start(), says("Hello"), end(), start(), says(" world"),
                                end(), *CLOSE), TEXT),
    Case("a delta of no block", body(START, start(), *WORDS, says("!", 5), end(), *CLOSE), TEXT),
]  # fmt: skip

SHAPE = [
    Case("no usage at the start", body({**START, "message": lacks(MESSAGE, "usage")}, *BLOCK,
                                       *CLOSE), TEXT),
    Case("usage null at the start", starting(usage=None), TEXT),
    Case("no content at the start", body({**START, "message": lacks(MESSAGE, "content")}, *BLOCK,
                                         *CLOSE), TEXT),
    Case("content null at the start", starting(content=None), TEXT),
    Case("content at the start", starting(content=[{"type": "text", "text": "Hello"}]), TEXT),
    Case("no id", body({**START, "message": lacks(MESSAGE, "id")}, *BLOCK, *CLOSE), TEXT),
    Case("no message", body(lacks(START, "message"), *BLOCK, *CLOSE), TEXT),
    Case("no usage at the end", body(START, *BLOCK, lacks(stops(), "usage"), STOP), TEXT),
    Case("usage null at the end", body(START, *BLOCK, {**stops(), "usage": None}, STOP), TEXT),
    Case("usage in OpenAI's words", body(START, *BLOCK, stops(completion_tokens=7), STOP), TEXT),
    Case("no delta at the end", body(START, *BLOCK, lacks(stops(), "delta"), STOP), TEXT),
    Case("a reason of OpenAI's", body(START, *BLOCK, stops("stop"), STOP), TEXT),
    Case("the reason null", body(START, *BLOCK, stops(None), STOP), TEXT),
    Case("no text in a delta", body(START, start(), {
        "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"},
    }, *WORDS, end(), *CLOSE), TEXT),
    Case("text null in a delta", body(START, start(), says(None), *WORDS, end(), *CLOSE), TEXT),
    Case("a delta without type", body(START, start(), {
        "type": "content_block_delta", "index": 0, "delta": {"text": "Hello"},
    }, says(" world"), end(), *CLOSE), TEXT),
    Case("no text in the block", body(START, start(type="text"), *WORDS, end(), *CLOSE), TEXT),
    Case("block null", body(START, {**start(), "content_block": None}, *WORDS, end(), *CLOSE),
         TEXT),
    Case("text in the block of a call", calling(says("Hello"), gives('{"a":1}')), CALL),
]  # fmt: skip

CALLS = [
    Case("a call", calling(gives('{"a"'), gives(":1}")), CALL),
    Case("a call whose JSON is bad", calling(gives('{"a": nope}')), CALL),
    Case("a call whose JSON is cut", calling(gives('{"a":')), CALL),
    Case("a call whose JSON comes twice", calling(gives('{"a":1}'), gives('{"a":1}')), CALL),
    Case("a piece that is null", calling(gives(None), gives('{"a":1}')), CALL),
    Case("input at the start", calling(gives('{"a":1}'), input={"b": 2}), CALL),
    Case("a call without id", body(START, start(**lacks(TOOL, "id")), gives('{"a":1}'), end(),
                                   stops("tool_use"), STOP), CALL),
]  # fmt: skip

ERRORS = [
    Case("an error", body(START, start(), WORDS[0], BOOM), FAILED),
    Case("an error first", body(BOOM), FAILED),
    Case("an error without a name", body(START, start(), WORDS[0], event(BOOM, "")), FAILED),
    Case("an error under another name", body(START, start(), WORDS[0], event(BOOM, "message")),
         FAILED),
    Case("an error of OpenAI's", body(START, start(), WORDS[0], event(OPENAI, "")), FAILED),
    Case("an error of OpenAI's by name", body(START, start(), WORDS[0], event(OPENAI, "error")),
         FAILED),
]  # fmt: skip

CASES = [*FRAMING, *ORDER, *SHAPE, *CALLS, *ERRORS]
