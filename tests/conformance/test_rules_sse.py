"""Rules on the event stream's own syntax: bytes that break each, bytes that do not."""

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import sse, sse_events
from tests.conformance import made_messages as messages
from tests.conformance.made import (
    DONE,
    REFUSED,
    Case,
    body,
    event,
    label,
    said,
    script,
    streamed,
    text,
    told,
    unbroken,
)

AB = script({"say": "a"}, {"say": "b"}, {"finish": "stop"})
WHOLE = text("a", "b", scenario=AB)
LOST = text("a", scenario=AB)
OPEN = text("a", "b", end=b"")
FAILED = streamed(body(said("a", finish=None), event({"error": {"message": "too long"}})))
CUT = streamed(body(said("a", finish=None), b""), end=End.CUT)
USAGE: Json = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
COUNT = "Usage(input=1, output=2, total=3, cached=None, reasoning=None)"
COUNT_OF_ANSWER = "Usage(input=None, output={}, total=None, cached=None, reasoning=None)"
COUNTED = streamed(body([*said("a", "b"), {"choices": [], "usage": USAGE}]))
OF_ONE, OF_SEVEN, OF_MORE = (
    streamed(body([*said("a", "b"), {"choices": [], "usage": {**USAGE, **own}}]), scenario=AB)
    for own in ({}, {"prompt_tokens": 7}, {"completion_tokens": 7})
)
LOSS = "choice 0: text departs at character 1: the end where 'b' was expected, as it is undisturbed"
BROKEN = b'data: {"id":"chat\n\n'

INVARIANT = [
    "sse.split-reads", "sse.crlf", "sse.bare-cr", "sse.data-no-space", "sse.multi-line-data",
    "sse.bom", "sse.comments-tolerated", "sse.empty-data-tolerated", "sse.unicode-line-separators",
]  # fmt: skip

VARIANTS: list[tuple[str, dict[str, Exchange], list[str]]] = [
    ("the same", {"odd": WHOLE}, []),
    ("less text", {"odd": LOST}, [LOSS]),
    ("less text anyway", {"baseline": LOST, "odd": LOST}, []),
    ("no baseline", {"baseline": REFUSED, "odd": LOST}, []),
    ("a baseline that failed", {"baseline": CUT, "odd": LOST}, []),
    ("refused", {"odd": REFUSED}, ["was answered 502, undisturbed it is 200"]),
    (
        "an error",
        {"odd": FAILED},
        ["the stream failed: 'too long'; undisturbed it succeeds"],
    ),
    ("cut", {"odd": CUT}, ["the stream was cut; undisturbed it succeeds"]),
    ("no terminator", {"odd": OPEN}, ["data: [DONE] never came; undisturbed it does"]),
    (
        "usage",
        {"odd": COUNTED},
        [f"usage is {COUNT}, undisturbed it is None"],
    ),
    ("a prompt that the router counts itself", {"baseline": OF_ONE, "odd": OF_SEVEN}, []),
    (
        "an answer that the router counts otherwise",
        {"baseline": OF_ONE, "odd": OF_MORE},
        [f"usage is {COUNT_OF_ANSWER.format(7)}, undisturbed it is {COUNT_OF_ANSWER.format(2)}"],
    ),
    (
        "a comment as data",
        {"odd": streamed(b"data: PROCESSING\n\n" + WHOLE.body)},
        ["an event that is not JSON (Expecting value at character 0): 'PROCESSING'"],
    ),
    (
        "an event without data",
        {"odd": streamed(b"event: ping\n\n" + WHOLE.body)},
        ["an event without data"],
    ),
]

ENDING = {**messages.USAGE, "output_tokens": 3}
BEHEADED = messages.stream(*messages.HELLO, messages.end(usage=ENDING), messages.OVER)
LONG = script({"say": "ab", "times": 9}, {"finish": "stop"})
LONG_LOSS = "2 of 18 characters came, and no error: they part at character 2: the end"

CASES: list[Case] = [
    (
        "sse.bom",
        "an event that the text does not need",
        {"baseline": messages.whole(*messages.HELLO), "odd": BEHEADED},
        ["the first event is content_block_start, undisturbed it is message_start"],
    ),
    *(
        (rule, what, {"baseline": WHOLE, **exchanges}, messages)
        for rule in INVARIANT
        for what, exchanges, messages in VARIANTS
    ),
    (
        "sse.crlf",
        "its cut",
        {"baseline": WHOLE, "cut": WHOLE, "crlf": WHOLE, "crlf.cut": LOST},
        [LOSS],
    ),
    (
        "sse.crlf",
        "a cut inside it",
        {"baseline": WHOLE, "cut": WHOLE, "lines": WHOLE, "crlf.inside": LOST},
        [LOSS],
    ),
    (
        "sse.crlf",
        "lines of data are another rule's",
        {"baseline": WHOLE, "cut": WHOLE, "lines": LOST, "crlf.inside": LOST},
        [],
    ),
    (
        "sse.crlf",
        "without any cut",
        {"baseline": WHOLE, "cut": WHOLE, "crlf": LOST, "crlf.cut": WHOLE},
        [LOSS],
    ),
    (
        "sse.crlf",
        "any cut is another rule's",
        {"baseline": WHOLE, "cut": LOST, "crlf": WHOLE, "crlf.cut": LOST},
        [],
    ),
    (
        "sse.long-line",
        "whole",
        {"baseline": WHOLE, "cut": WHOLE, "1KiB": text("ab" * 9, scenario=LONG)},
        [],
    ),
    (
        "sse.long-line",
        "an error",
        {"baseline": WHOLE, "cut": WHOLE, "1KiB": FAILED, "2KiB": REFUSED},
        [],
    ),
    (
        "sse.long-line",
        "a quiet end",
        {"baseline": WHOLE, "cut": WHOLE, "1KiB": text("ab", scenario=LONG)},
        [f"{LONG_LOSS} where 'abababababababab' was expected"],
    ),
    (
        "sse.long-line",
        "loss is another rule's",
        {"baseline": LOST, "cut": LOST, "1KiB": text("ab", scenario=LONG)},
        [],
    ),
    (
        "sse.long-line",
        "reads are another rule's",
        {"baseline": WHOLE, "cut": REFUSED, "1KiB": text("ab", scenario=LONG)},
        [],
    ),
    ("sse.framing-valid", "text", WHOLE, []),
    (
        "sse.framing-valid",
        "comments, names, id",
        streamed(b": x\n\nid: 1\nevent: a\n" + WHOLE.body),
        [],
    ),
    ("sse.framing-valid", "CR LF", streamed(WHOLE.body.replace(b"\n", b"\r\n")), []),
    (
        "sse.framing-valid",
        "half an event, but cut",
        streamed(WHOLE.body + b"data: {", end=End.CUT),
        [],
    ),
    (
        "sse.framing-valid",
        "half an event",
        streamed(WHOLE.body + b"data: {"),
        ["the body ends inside an event: 'data: {'"],
    ),
    (
        "sse.framing-valid",
        "no blank line",
        streamed(b'data: {"a":1}\ndata: {"a":2}\n\n' + DONE),
        ['an event that is not JSON (Extra data at character 8): \'{"a":1}\\n{"a":2}\''],
    ),
    (
        "sse.framing-valid",
        "a body in a body",
        streamed(b"data: data: {}\n\n" + DONE),
        ["an event that is not JSON (Expecting value at character 0): 'data: {}'"],
    ),
    (
        "sse.framing-valid",
        "a list",
        streamed(b"data: []\n\n" + DONE),
        ["an event that is not a JSON object: '[]'"],
    ),
    (
        "sse.framing-valid",
        "no field",
        streamed(b'{"a":1}\n\n' + DONE),
        ["an event without data", "a line that is no field of an event: '{\"a\"'"],
    ),
    (
        "sse.framing-valid",
        "a byte order mark",
        streamed(b"\xef\xbb\xbf" + WHOLE.body),
        ["a byte order mark opens the body"],
    ),
    (
        "sse.framing-valid",
        "half a character",
        streamed(b'data: {"a":"\xc3"}\n\n' + DONE),
        ["not UTF-8: invalid continuation byte"],
    ),
    (
        "sse.final-event-flush",
        "delivered",
        {"baseline": WHOLE, "done.bare": WHOLE, "open": OPEN, "open.bare": OPEN},
        [],
    ),
    (
        "sse.final-event-flush",
        "told",
        {"baseline": WHOLE, "done.bare": FAILED, "open": OPEN, "open.bare": REFUSED},
        [],
    ),
    (
        "sse.final-event-flush",
        "handed on",
        {"baseline": WHOLE, "done.bare": streamed(OPEN.body + DONE[:-1])},
        [],
    ),
    (
        "sse.final-event-flush",
        "lost",
        {
            "baseline": WHOLE,
            "done.bare": OPEN,
            "open": OPEN,
            "open.bare": text("a", "b", finish=None),
        },
        [
            "data: [DONE] never came; undisturbed it does",
            "choice 0: the finish reason is None, not 'stop', as it is undisturbed",
        ],
    ),
    (
        "sse.final-event-flush",
        "a missing terminator is another rule's",
        {"baseline": WHOLE, "open": FAILED, "open.bare": text("a", "b", finish=None)},
        [],
    ),
    ("sse.malformed-event-policy", "skipped", {"baseline": WHOLE, "broken": WHOLE}, []),
    ("sse.malformed-event-policy", "told", {"baseline": WHOLE, "broken": FAILED}, []),
    (
        "sse.malformed-event-policy",
        "a quiet end",
        {"baseline": WHOLE, "broken": LOST},
        [LOSS],
    ),
    (
        "sse.malformed-event-policy",
        "handed on",
        {"baseline": WHOLE, "broken": streamed(BROKEN + WHOLE.body)},
        ['the malformed event reached the client: \'{"id":"chat\''],
    ),
    (
        "sse.malformed-event-policy",
        "skipped against its policy",
        {"baseline": WHOLE, "broken": text("a", "b", policy={"malformed-event": "error"})},
        ["the malformed event was skipped without an error"],
    ),
    (
        "sse.malformed-event-policy",
        "told against its policy",
        {"baseline": WHOLE, "broken": streamed(FAILED.body, policy={"malformed-event": "skip"})},
        ["the stream failed: 'too long'; undisturbed it succeeds"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, sse, sse_events) == set()
