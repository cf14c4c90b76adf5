"""Streams of the Gemini API that are not as they should be, and what they were meant to say."""

import json

from conformance.exchange import Json
from tests.witnesses.malformed import Case, Meant, Said, lacks

TEXT = Meant((Said(finish="STOP"),), usage=3)
FAILED = Meant(error=True)
CALL = Meant((Said("", "STOP", (("", "get", '{"a":1}'),)),))
USAGE: Json = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
BOOM: Json = {"error": {"code": 503, "message": "boom", "status": "UNAVAILABLE"}}


def gives(*parts: Json, finish: Json = None, **members: Json) -> Json:
    candidate = {"content": {"parts": [*parts], "role": "model"}, "index": 0}
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [{**candidate, **ended}], "usageMetadata": USAGE, "modelVersion": "m",
            "responseId": "r", **members}  # fmt: skip


def says(text: Json, finish: Json = None, **members: Json) -> Json:
    return gives({"text": text}, finish=finish, **members)


def event(value: Json) -> bytes:
    return f"data: {json.dumps(value)}\r\n\r\n".encode()


def body(*events: Json) -> bytes:
    return b"".join(each if isinstance(each, bytes) else event(each) for each in events)


def of_candidate(told: Json, *names: str, **members: Json) -> Json:
    return {**told, "candidates": [{**lacks(told["candidates"][0], *names), **members}]}


HEL, LO = says("Hello"), says(" world", "STOP")
WHOLE = body(HEL, LO)


def calling(**call: Json) -> bytes:
    return body(gives({"functionCall": {"name": "get", "args": {"a": 1}, **call}}, finish="STOP"))


FRAMING = [
    Case("whole", WHOLE, TEXT),
    Case("LF", WHOLE.replace(b"\r\n", b"\n"), TEXT),
    Case("no space after data:", WHOLE.replace(b"data: ", b"data:"), TEXT),
    Case("a comment first", b": hi\r\n\r\n" + WHOLE, TEXT),
    Case("a comment amid", body(HEL, b": hi\r\n\r\n", LO), TEXT),
    Case("names", WHOLE.replace(b"data: ", b"event: message\r\ndata: "), TEXT),
    Case("ids", WHOLE.replace(b"data: ", b"id: 7\r\ndata: "), TEXT),
    Case("a retry of its own", b"retry: 10\r\n\r\n" + WHOLE, TEXT),
    Case("[DONE] at the end", WHOLE + b"data: [DONE]\r\n\r\n", TEXT),
    Case("a byte order mark", b"\xef\xbb\xbf" + WHOLE, TEXT),
    Case("no blank lines", WHOLE.replace(b"\r\n\r\n", b"\r\n"), TEXT),
    Case("the last event without a blank line", WHOLE[:-4], TEXT),
    Case("empty data", body(HEL, b"data: \r\n\r\n", LO), TEXT),
    Case("cut JSON", body(HEL, b'data: {"candidates": [{\r\n\r\n', LO), TEXT),
    Case("an array", body(b"data: [1]\r\n\r\n", HEL, LO), TEXT),
    Case("a text", body(HEL, b'data: "hi"\r\n\r\n', LO), TEXT),
    Case("a JSON array for a body", json.dumps([HEL, LO]).encode(), TEXT),
    Case("one object for a body", json.dumps(says("Hello world", "STOP")).encode(), TEXT),
    Case("an object a line", b"".join(json.dumps(each).encode() + b"\n" for each in (HEL, LO)),
         TEXT),
    Case("nothing but a line end", b"\n", TEXT),
    Case("a page", b"<html><body>502 Bad Gateway</body></html>\n", FAILED),
    Case("a plain error", json.dumps(BOOM).encode(), FAILED),
    Case("chunks of OpenAI's", b'data: {"object":"chat.completion.chunk","choices":[]}\n\n', TEXT),
]  # fmt: skip

SHAPE = [
    Case("no reason", body(HEL, says(" world")), TEXT),
    Case("a reason in every event", body(says("Hello", "STOP"), LO), TEXT),
    Case("a reason of OpenAI's", body(HEL, says(" world", "stop")), TEXT),
    Case("a reason of its own", body(HEL, says(" world", "BANANA")), TEXT),
    Case("the reason a number", body(HEL, says(" world", 1)), TEXT),
    Case("no candidates", body(HEL, lacks(HEL, "candidates"), LO), TEXT),
    Case("candidates null", body(HEL, {**HEL, "candidates": None}, LO), TEXT),
    Case("candidates an object", body(HEL, {**HEL, "candidates": {}}, LO), TEXT),
    Case("no content", body(HEL, of_candidate(HEL, "content"), LO), TEXT),
    Case("content a text", body(of_candidate(HEL, content="Hello"), LO), TEXT),
    Case("parts null", body(HEL, of_candidate(HEL, content={"parts": None}), LO), TEXT),
    Case("no usage", body(lacks(HEL, "usageMetadata"), lacks(LO, "usageMetadata")),
         TEXT._replace(usage=None)),
    Case("text a number", body(says(5), HEL, LO), TEXT),
    Case("text null", body(says(None), HEL, LO), TEXT),
    Case("a count that is a word", body(HEL, {**LO, "usageMetadata": {
        **USAGE, "totalTokenCount": "abc",
    }}), TEXT),
    Case("a count that is no integer", body(HEL, {**LO, "usageMetadata": {
        **USAGE, "totalTokenCount": 3.5,
    }}), TEXT),
    Case("names with underscores", body(
        {"candidates": [{"content": {"parts": [{"text": "Hello world"}], "role": "model"},
                         "finish_reason": "STOP", "index": 0}], "usage_metadata": USAGE},
    ), TEXT),
    Case("a call", calling(), CALL),
    Case("a call whose args are a text", calling(args='{"a":1}'), CALL),
    Case("a signature that is no base64",
         body(gives({"text": "Hello", "thoughtSignature": "?!"}), LO), TEXT),
]  # fmt: skip

ERRORS = [
    Case("an error", body(HEL, BOOM), FAILED),
    Case("an error first", body(BOOM), FAILED),
    Case("an error without data:", body(HEL, json.dumps(BOOM).encode() + b"\r\n\r\n"), FAILED),
    Case("an error in a list", body(HEL, event([BOOM])), FAILED),
    Case("an error that is not the first member", body(HEL, {"x": 1, **BOOM}), FAILED),
    Case("an error without code", body(HEL, {"error": lacks(BOOM["error"], "code")}), FAILED),
    Case("an error whose code is a text", body(HEL, {"error": {**BOOM["error"], "code": "503"}}),
         FAILED),
    Case("an error that is a text", body(HEL, {"error": "boom"}), FAILED),
    Case("an error by name", body(HEL, b"event: error\r\n" + event(BOOM)), FAILED),
    Case("error null", body({"error": None, **HEL}, LO), TEXT),
]  # fmt: skip

CASES = [*FRAMING, *SHAPE, *ERRORS]
