"""Chat streams that are not as they should be, and what whoever sent them meant to say.

After measurements of what the official SDKs make of such streams.
"""

import json

from conformance.exchange import Json
from tests.conformance.made import DONE, body, choice, chunk, event
from tests.witnesses.malformed import Case, Meant, Said, lacks

OPEN = chunk(choice({"role": "assistant", "content": ""}))
HEL, LO = chunk(choice({"content": "Hello"})), chunk(choice({"content": " world"}))
STOP = chunk(choice({}, "stop"))
CALLED = chunk(choice({}, "tool_calls"))
TEXT = [OPEN, HEL, LO, STOP]
WHOLE = body(TEXT)
HELLO, MUTE = Meant((Said("Hello"),)), Meant((Said(""),))
UNFINISHED = Meant((Said("Hello world", None),))
FAILED = Meant(error=True)
COUNTED = Meant(usage=3)
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
BOOM = {"error": {"message": "boom", "type": "server_error", "param": None, "code": None}}


def of_choice(*names: str, **members: Json) -> Json:
    """Return a chunk whose choice lacks members, or has others."""
    return chunk({**lacks(choice({"content": "Hello"}), *names), **members})


def amid(*odd: Json) -> bytes:
    """Return a stream with odd chunks in the place of its words."""
    return body([OPEN, *odd, STOP])


def over_lines(told: Json) -> bytes:
    lines = json.dumps(told, indent=1).encode().split(b"\n")
    return b"".join(b"data: %b\n" % line for line in lines) + b"\n"


def framed(odd: bytes) -> bytes:
    """Return a stream with odd bytes between its words."""
    return body([OPEN, HEL], odd) + body([LO, STOP])


def call(index: Json = 0, id: str = "call_1", name: str = "get", arguments: Json = "{}") -> Json:
    told = {"name": name, "arguments": arguments}
    return {"index": index, "id": id, "type": "function", "function": told}


def more(arguments: Json, index: Json = 0, **members: Json) -> Json:
    return {"index": index, **members, "function": {"arguments": arguments}}


def calling(*fragments: Json, finish: str | None = "tool_calls", together: bool = False) -> bytes:
    """Return a stream of tool call fragments, each in a chunk of its own or all in one."""
    given = [list(fragments)] if together else [[each] for each in fragments]
    chunks = [chunk(choice({"tool_calls": each})) for each in given]
    return body([OPEN, *chunks, chunk(choice({}, finish))])


def meant(*calls: tuple[str, str, str]) -> Meant:
    return Meant((Said("", "tool_calls", calls),))


ONE = meant(("call_1", "get", '{"a":1}'))
PLAIN = meant(("call_1", "get", "{}"))
TWO = meant(("call_1", "a", "{}"), ("call_2", "b", "{}"))
A, B = call(0, "call_1", "a"), call(1, "call_2", "b")

FRAMING = [
    Case("whole", WHOLE),
    Case("CR LF", WHOLE.replace(b"\n", b"\r\n")),
    Case("no [DONE]", body(TEXT, b"")),
    Case("neither reason nor [DONE]", body([OPEN, HEL, LO], b""), UNFINISHED),
    Case("[DONE] and no reason", body([OPEN, HEL, LO]), UNFINISHED),
    Case("[DONE] without a blank line", WHOLE[:-1]),
    Case("[DONE] without a line end", WHOLE[:-2]),
    Case("the last chunk without a blank line", body(TEXT, b"")[:-1]),
    Case("[done]", body(TEXT, b"data: [done]\n\n")),
    Case("a space after [DONE]", body(TEXT, b"data: [DONE] \n\n")),
    Case("words after [DONE]", body(TEXT, b"data: [DONE]extra\n\n")),
    Case("[DONE] as a JSON text", body(TEXT, b'data: "[DONE]"\n\n')),
    Case("text after [DONE]", WHOLE + event(HEL)),
    Case("only [DONE]", DONE, UNFINISHED),
    Case("nothing but a line end", b"\n", UNFINISHED),
    Case("cut JSON", framed(b'data: {"id":"chatcmpl-1","object":"chat.com\n\n')),
    Case("an array", framed(b"data: [1,2]\n\n")),
    Case("null", framed(b"data: null\n\n")),
    Case("a text", framed(b'data: "hi"\n\n')),
    Case("a number", framed(b"data: 7\n\n")),
    Case("NaN", amid(HEL, LO).replace(b'"created": 1', b'"created": NaN')),
    Case("comments between events", framed(b": ping\n\n")),
    Case("a comment in an event", WHOLE.replace(b"}\n\n", b"}\n: ping\n\n", 1)),
    Case("an id in every event", WHOLE.replace(b"data: {", b"id: 7\ndata: {")),
    Case("an id, then a comment", b"id: 7\n" + framed(b": ping\n\n"),
         legal="WHATWG HTML 9.2.6: an id field is legal and a comment dispatches nothing"),
    Case("an id, then more blank lines", b"id: 7\n" + framed(b"\n\n"),
         legal="WHATWG HTML 9.2.6: an id field is legal and blank lines dispatch nothing"),
    Case("a retry of its own", b"retry: 10\n\n" + WHOLE),
    Case("a retry with data", b"retry: 10\n" + WHOLE),
    Case("names on chunks", WHOLE.replace(b"data: {", b"event: chunk\ndata: {")),
    Case("a ping without members", framed(b"event: ping\ndata: {}\n\n")),
    Case("a ping", framed(b'event: ping\ndata: {"type":"ping"}\n\n')),
    Case("a name without data", framed(b"event: keepalive\n\n")),
    Case("empty data", framed(b"data:\n\n")),
    Case("empty data after a space", framed(b"data: \n\n")),
    Case("a byte order mark", b"\xef\xbb\xbf" + WHOLE),
    Case("no space after data:", WHOLE.replace(b"data: ", b"data:")),
    Case("a space before data:", WHOLE.replace(b"data: {", b" data: {", 1)),
    Case("DATA:", WHOLE.replace(b"data: {", b"DATA: {", 1)),
    Case("JSON over several data lines", body([OPEN, HEL, LO], over_lines(STOP)) + DONE),
    Case("JSON over several bare lines",
         amid(chunk(choice({"content": "Hello"}))).replace(b'"content": "Hello"',
                                                          b'"content":\n "Hello"'), HELLO),
    Case("bytes that are no UTF-8", amid(HEL, LO).replace(b"Hello", b"Hell\xff")),
    Case("a lone surrogate", amid(HEL, LO).replace(b"Hello", rb"Hell\ud83d"),
         Meant((Said("Hell\ud83d world"),))),
]  # fmt: skip

SHAPE = [
    Case("no choices", amid(HEL, lacks(LO, "choices"), LO)),
    Case("choices null", amid(HEL, {**LO, "choices": None}, LO)),
    Case("choices an object", amid(HEL, {**LO, "choices": {}}, LO)),
    Case("no choices at first", body([lacks(OPEN, "choices"), *TEXT])),
    Case("empty choices at first", body([chunk(), *TEXT])),
    Case("no delta", amid(of_choice("delta"), HEL, LO)),
    Case("delta null", amid(of_choice(delta=None), HEL, LO)),
    Case("delta a text", amid(of_choice(delta="x"), HEL, LO)),
    Case("no index", amid(of_choice("index")), HELLO),
    Case("index null", amid(of_choice(index=None)), HELLO),
    Case("index a text", amid(of_choice(index="0")), HELLO),
    Case("index below 0", amid(of_choice(index=-1)), HELLO),
    Case("choice 1 first", body([
        chunk(choice({"role": "assistant", "content": "b"}, index=1)),
        chunk(choice({"role": "assistant", "content": "a"})),
        STOP, chunk(choice({}, "stop", 1)),
    ]), Meant((Said("a"), Said("b"))), legal="the API sets no order among choices"),
    Case("choices 0 and 2", body([
        chunk(choice({"role": "assistant", "content": "a"})),
        chunk(choice({"role": "assistant", "content": "b"}, index=2)),
        STOP, chunk(choice({}, "stop", 2)),
    ]), Meant((Said("a"), Said("b")))),
    Case("two choices in turn", body([
        chunk(choice({"role": "assistant", "content": "a"})),
        chunk(choice({"role": "assistant", "content": "b"}, index=1)),
        STOP, chunk(choice({}, "stop", 1)),
    ]), Meant((Said("a"), Said("b")))),
    Case("no id", body([lacks(each, "id") for each in TEXT])),
    Case("another id", amid({**HEL, "id": "chatcmpl-2"}, LO)),
    Case("no object in one chunk", amid(lacks(HEL, "object"), LO)),
    Case("no object", body([lacks(each, "object") for each in TEXT])),
    Case("the object of a plain answer",
         body([{**each, "object": "chat.completion"} for each in TEXT])),
    Case("created a text", body([{**each, "created": "now"} for each in TEXT])),
    Case("no created", body([lacks(each, "created") for each in TEXT])),
    Case("no model", body([lacks(each, "model") for each in TEXT])),
    Case("another model", amid({**HEL, "model": "n"}, LO)),
    Case("no reason member", amid(of_choice("finish_reason"), LO)),
    Case("a reason of its own", body([OPEN, HEL, LO, chunk(choice({}, "eos"))])),
    Case("an empty reason", amid(chunk(choice({"content": "Hello"}, "")), LO)),
    Case("the reason twice", body([*TEXT, STOP])),
    Case("text after the reason", body([OPEN, HEL, STOP, LO])),
    Case("no role", body([HEL, LO, STOP])),
    Case("the role in every chunk", amid(*(
        chunk(choice({"role": "assistant", "content": word})) for word in ("Hello", " world")
    ))),
    Case("the role in the second chunk", body([
        chunk(choice({"content": ""})), chunk(choice({"role": "assistant", "content": "Hello"})),
        LO, STOP,
    ])),
    Case("content a number", amid(chunk(choice({"content": 5})), HEL, LO)),
    Case("content a list of parts",
         amid(chunk(choice({"content": [{"type": "text", "text": "Hello"}]})), LO)),
    Case("content null", amid(HEL, chunk(choice({"content": None})), LO)),
    Case("members of a vendor's own", amid({**HEL, "x": {"y": 1}}, LO)),
    Case("reasoning_content", amid(chunk(choice({"reasoning_content": "Hm"})), HEL, LO)),
    Case("a list without an index, twice", amid(*(
        chunk(choice({"content": word, "reasoning_details": [{"text": "h"}]}))
        for word in ("Hello", " world")
    )), legal="a member the API does not define, and OpenRouter sends it so"),
]  # fmt: skip

CALLS = [
    Case("a call", calling(call(arguments=""), more('{"a"'), more(":1}")), ONE),
    Case("two calls", calling(A, B), TWO),
    Case("two calls in one chunk", calling(A, B, together=True), TWO),
    Case("fragments in turn", calling(
        call(0, "call_1", "a", ""), call(1, "call_2", "b", ""), more("{"), more("{", 1),
        more("}"), more("}", 1),
    ), TWO),
    Case("two calls of one index in one chunk",
         calling(A, {**B, "index": 0}, together=True), TWO),
    Case("two calls of one index", calling(A, {**B, "index": 0}), TWO),
    Case("no index at first", calling(lacks(call(arguments='{"a":1}'), "index")), ONE),
    Case("no index later", calling(call(arguments='{"a"'), lacks(more(":1}"), "index")), ONE),
    Case("call index null", calling({**call(arguments='{"a":1}'), "index": None}), ONE),
    Case("calls from 1", calling(call(1)), PLAIN),
    Case("calls 0 and 2", calling(A, {**B, "index": 2}), TWO),
    Case("the id again", calling(call(arguments="{"), more("}", id="call_1")), PLAIN),
    Case("the name again", calling(
        call(arguments="{"), {"index": 0, "function": {"name": "get", "arguments": "}"}},
    ), PLAIN),
    Case("all of it again", calling(call(arguments="{"), call(arguments="}")), PLAIN),
    Case("id, type and name null later", calling(
        call(arguments="{"),
        {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "}"}},
    ), PLAIN),
    Case("id and name empty later", calling(
        call(arguments="{"), {"index": 0, "id": "", "function": {"name": "", "arguments": "}"}},
    ), PLAIN),
    Case("a call without id", calling(lacks(call(), "id")), PLAIN),
    Case("a call without name", calling(
        {"index": 0, "id": "call_1", "type": "function", "function": {"arguments": "{}"}},
    ), PLAIN),
    Case("a call without type", calling(lacks(call(), "type")), PLAIN),
    Case("a call without function at first", calling(
        {"index": 0, "id": "call_1", "type": "function"}, more("{}"),
    ), PLAIN),
    Case("function null later", calling(call(arguments="{"), {"index": 0, "function": None},
                                        more("}")), PLAIN),
    Case("arguments null at first", calling(call(arguments=None), more("{}")), PLAIN),
    Case("arguments an object", calling(call(arguments={"a": 1})), ONE),
    Case("never arguments", calling(
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get"}},
    ), meant(("call_1", "get", ""))),
    Case("tool_calls null", amid(chunk(choice({"content": "Hello", "tool_calls": None})), LO)),
    Case("tool_calls empty", amid(chunk(choice({"content": "Hello", "tool_calls": []})), LO)),
    Case("arguments that are no JSON", calling(call(arguments='{"a":')), ONE),
]  # fmt: skip

COUNTS = [
    Case("usage at the end", body([*TEXT, chunk(usage=USAGE)]), COUNTED),
    Case("usage in every chunk",
         body([{**each, "usage": USAGE} for each in TEXT]), COUNTED),
    Case("usage with the reason", body([OPEN, HEL, LO, {**STOP, "usage": USAGE}]), COUNTED),
    Case("usage, then a chunk with usage null",
         body([*TEXT, chunk(usage=USAGE), chunk(usage=None)]), COUNTED,
         legal="OpenAI itself ends moderated streams so"),
    Case("usage first", body([chunk(usage=USAGE), *TEXT]), COUNTED),
    Case("usage after [DONE]", WHOLE + event(chunk(usage=USAGE)), COUNTED),
    Case("usage without choices", body([*TEXT, lacks(chunk(usage=USAGE), "choices")]), COUNTED),
    Case("usage with choices null", body([*TEXT, {**chunk(usage=USAGE), "choices": None}]),
         COUNTED),
    Case("usage that is empty", body([*TEXT, chunk(usage={})]), COUNTED),
]  # fmt: skip

ERRORS = [
    Case("an error", body([OPEN, HEL, BOOM], b""), FAILED),
    Case("an error, then [DONE]", body([OPEN, HEL, BOOM]), FAILED),
    Case("an error that is a text", body([OPEN, HEL, {"error": "boom"}], b""), FAILED),
    Case("error null", amid({**HEL, "error": None}, LO)),
    Case("an error that is empty", body([OPEN, HEL, {"error": {}}], b""), FAILED),
    Case("an error by name", body([OPEN, HEL], b"event: error\n") + event(BOOM), FAILED),
    Case("a flat error by name", body([OPEN, HEL], b"event: error\n") + event(BOOM["error"]),
         FAILED),
    Case("an error by name that is no JSON",
         body([OPEN, HEL], b"event: error\ndata: boom\n\n"), FAILED),
    Case("a flat error", body([OPEN, HEL, {"type": "error", "message": "boom"}], b""), FAILED),
    Case("an error of Anthropic's", body(
        [OPEN, HEL, {"type": "error", "error": {"type": "api_error", "message": "boom"}}], b"",
    ), FAILED),
    Case("an error of FastAPI's", body([OPEN, HEL, {"detail": "boom"}], b""), FAILED),
    Case("a page", b"<html><body>502 Bad Gateway</body></html>\n", FAILED),
    Case("a plain answer", json.dumps({
        **OPEN, "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello world"},
                     "finish_reason": "stop"}],
    }).encode()),
    Case("a plain error", json.dumps(BOOM).encode(), FAILED),
]  # fmt: skip

CASES = [*FRAMING, *SHAPE, *CALLS, *COUNTS, *ERRORS]
