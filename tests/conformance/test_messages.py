"""What the judge reads in a Messages answer: its outcome, its order, the lives of its blocks."""

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.protocols import blocks, messages, read
from conformance.protocols.blocks import Kind
from conformance.protocols.messages_outcome import SURFACE
from conformance.protocols.outcome import Call, Choice, Failure, Outcome, Usage
from tests.conformance.made_messages import (
    HELLO,
    OVER,
    PING,
    bare,
    begin,
    block,
    delta,
    end,
    fail,
    named,
    pass_in,
    plain,
    refused,
    say,
    signed,
    stop,
    stream,
    think,
    thought,
    tool,
    whole,
)

USAGE = Usage(7, 3, 10)
CALLED = [tool(), pass_in(""), pass_in('{"city":'), pass_in('"Rome"}'), stop()]
ROME = Call("get_weather", '{"city":"Rome"}')


def choice(**members: Json) -> Outcome:
    return Outcome((Choice(**{"finish": "stop", **members}),), USAGE)


STREAMED: list[tuple[str, Exchange, Outcome]] = [
    ("text", whole(*HELLO), choice(text="Hello")),
    ("no block at all", whole(reason="refusal"), choice(finish="content_filter")),
    (
        "several blocks of text",
        whole(*HELLO, block(1), say("!", 1), stop(1)),
        choice(text="Hello!"),
    ),
    (
        "text that a block starts with",
        whole(block(type="text", text="Hel"), say("lo"), stop()),
        choice(text="Hello"),
    ),
    ("a call", whole(*CALLED, reason="tool_use"), choice(calls=(ROME,), finish="tool_calls")),
    (
        "a call without input",
        whole(tool(), pass_in(""), stop(), reason="tool_use"),
        choice(calls=(Call("get_weather", "{}"),), finish="tool_calls"),
    ),
    (
        "a call whose input stands in its start",
        whole(block(type="tool_use", id="toolu_1", name="add", input={"a": [1, 2]}), stop()),
        choice(calls=(Call("add", '{"a":[1,2]}'),)),
    ),
    (
        "a thought ahead of the text",
        whole(think(), thought("Hm"), thought("."), signed("c2ln"), stop(), block(1), stop(1)),
        choice(reasoning="Hm."),
    ),
    (
        "blocks, deltas, events and members of a later version",
        whole(
            {"type": "content_block_hint", "index": 9, "text": "x"},
            block(type="hologram", light=1),
            delta(type="hologram_delta", text="x"),
            stop(),
            block(1),
            say("Hello", 1) | {"p": "abc"},
            stop(1),
        ),
        choice(text="Hello"),
    ),
    (
        "a word of a later version",
        whole(*HELLO, reason="tired"),
        choice(text="Hello", finish="tired"),
    ),
    ("a pause", whole(*HELLO, reason="pause_turn"), choice(text="Hello", finish="pause_turn")),
    (
        "pings",
        stream(PING, begin(), PING, *HELLO, PING, end(), PING, OVER, PING),
        choice(text="Hello"),
    ),
    (
        "events without names",
        stream(*map(bare, (begin(), *HELLO, end(), OVER))),
        choice(text="Hello"),
    ),
    (
        "a broken stream",
        stream(begin(), *HELLO[:2], end=End.CUT),
        Outcome((Choice("Hel"),)),
    ),
    ("nothing", stream(), Outcome()),
    (
        "an error after text",
        stream(begin(), *HELLO[:2], fail()),
        Outcome((Choice("Hel"),), None, Failure("No room.", "overloaded_error")),
    ),
    ("an error first", stream(fail()), Outcome((), None, Failure("No room.", "overloaded_error"))),
    ("an error that is not named one", stream(begin(), bare(fail()), end(), OVER), choice()),
]


@pytest.mark.parametrize(("what", "exchange", "outcome"), STREAMED, ids=[s[0] for s in STREAMED])
def test_the_outcome_of_a_stream(what: str, exchange: Exchange, outcome: Outcome) -> None:
    assert read.outcome(exchange) == outcome


def test_a_plain_answer_comes_to_the_same_as_its_stream() -> None:
    answer = plain(
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Rome"}},
        reason="tool_use",
        usage={"input_tokens": 7, "output_tokens": 3},
    )
    streamed = whole(
        think(),
        thought("Hm."),
        signed("c2ln"),
        stop(),
        block(1),
        say("Hello", 1),
        stop(1),
        tool(2),
        pass_in('{"city":"Rome"}', 2),
        stop(2),
        reason="tool_use",
    )

    assert read.outcome(answer) == read.outcome(streamed)


COUNTED: list[tuple[str, Json, Json, Usage | None]] = [
    (
        "input at the start only",
        {"input_tokens": 5, "output_tokens": 1},
        {"output_tokens": 4},
        Usage(5, 4, 9),
    ),
    (
        "input at the end replaces it",
        {"input_tokens": 5},
        {"input_tokens": 50, "output_tokens": 4},
        Usage(50, 4, 54),
    ),
    (
        "a zero replaces it too",
        {"input_tokens": 5},
        {"input_tokens": 0, "output_tokens": 4},
        Usage(0, 4, 4),
    ),
    (
        "null does not",
        {"input_tokens": 5},
        {"input_tokens": None, "output_tokens": 4},
        Usage(5, 4, 9),
    ),
    (
        "what was cached is input",
        {"input_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2},
        {"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 1}},
        Usage(10, 4, 14, 3, 1),
    ),
    ("none at the end", {"input_tokens": 5, "output_tokens": 1}, None, None),
]


@pytest.mark.parametrize(("what", "first", "last", "usage"), COUNTED, ids=[c[0] for c in COUNTED])
def test_usage_is_merged(what: str, first: Json, last: Json, usage: Usage | None) -> None:
    exchange = stream(begin(usage=first), *HELLO, end(usage=last), OVER)

    assert read.outcome(exchange).usage == usage


REASONS: list[tuple[str, Exchange, dict[int, str | None]]] = [
    ("it is the word of the wire", whole(*HELLO, reason="max_tokens"), {0: "max_tokens"}),
    ("there is none", stream(begin(), *HELLO, OVER), {0: None}),
    ("a later null wipes it", stream(begin(), *HELLO, end(), end(None), OVER), {0: None}),
    ("nothing was said at all", stream(PING), {}),
    ("of a plain answer", plain(reason="tool_use"), {0: "tool_use"}),
    ("of an error", refused(fail()), {}),
]


@pytest.mark.parametrize(("what", "exchange", "stated"), REASONS, ids=[r[0] for r in REASONS])
def test_the_reason_that_is_stated(
    what: str, exchange: Exchange, stated: dict[int, str | None]
) -> None:
    assert read.stated(exchange) == stated


ORDERS: list[tuple[str, Exchange, list[tuple[str, str]]]] = [
    ("as it should be", whole(*HELLO), []),
    ("an error, and what is open closed", stream(begin(), *HELLO[:2], fail(), stop(), OVER), []),
    ("message_delta again", stream(begin(), *HELLO, end(), end(), OVER), []),
    ("no message_start", stream(*HELLO, end(), OVER), [("start", "block")]),
    ("message_start late", stream(*HELLO, begin(), end(), OVER), [("start", "block")]),
    ("message_start twice", stream(begin(), begin(), *HELLO, end(), OVER), [("open", "start")]),
    ("no message_stop", stream(begin(), *HELLO, end()), [("ended", "end")]),
    ("message_stop twice", stream(begin(), *HELLO, end(), OVER, OVER), [("closed", "done")]),
    ("text after message_stop", stream(begin(), end(), OVER, say("x")), [("closed", "delta")]),
    ("text after an error", stream(begin(), fail(), say("x")), [("failed", "delta")]),
]


@pytest.mark.parametrize(("what", "exchange", "wrong"), ORDERS, ids=[o[0] for o in ORDERS])
def test_the_order_of_a_stream(what: str, exchange: Exchange, wrong: list[tuple[str, str]]) -> None:
    found = messages.stream_violations(exchange)

    assert [(state, token.kind) for state, token in found] == wrong


LIFE, INDEX, DELTA = Kind.LIFECYCLE, Kind.INDEX, Kind.DELTA
LIVES: list[tuple[str, list[Json], list[tuple[Kind, str]]]] = [
    ("one", [begin(), *HELLO, end(), OVER], []),
    ("two", [begin(), *HELLO, block(1), say("!", 1), stop(1), end(), OVER], []),
    ("one without deltas", [begin(), block(), stop(), end(), OVER], []),
    ("one that an error leaves open", [begin(), block(), say("Hel"), fail()], []),
    (
        "no start",
        [begin(), say("Hello"), say("!"), stop(), end(), OVER],
        [
            (LIFE, "a delta with index 0, a block that never started"),
            (LIFE, "a stop with index 0, a block that never started"),
        ],
    ),
    (
        "no stop",
        [begin(), block(), say("Hello"), end(), OVER],
        [(LIFE, "message_delta while block 0 is open")],
    ),
    (
        "no stop before the next",
        [begin(), block(), say("a"), block(1), say("b", 1), stop(1), stop(), end(), OVER],
        [(LIFE, "a block starts while block 0 is open")],
    ),
    (
        "a delta after the stop",
        [begin(), *HELLO, say("!"), end(), OVER],
        [(LIFE, "a delta with index 0, a block that has stopped")],
    ),
    (
        "a block after message_delta",
        [begin(), *HELLO, end(), block(1), stop(1), OVER],
        [(LIFE, "a block starts after message_delta")],
    ),
    ("a block after message_stop", [begin(), *HELLO, end(), OVER, block(9)], []),
    (
        "a delta of another kind",
        [begin(), block(), thought("x"), stop(), end(), OVER],
        [(DELTA, "a thinking_delta in a block of type 'text'")],
    ),
    (
        "from one",
        [begin(), block(1), say("a", 1), say("b", 1), stop(1), end(), OVER],
        [(INDEX, "a block starts with index 1, 0 was due")],
    ),
    (
        "a gap",
        [begin(), *HELLO, block(2), say("!", 2), stop(2), block(3), stop(3), end(), OVER],
        [(INDEX, "a block starts with index 2, 1 was due")],
    ),
    (
        "the same again",
        [begin(), *HELLO, *HELLO, end(), OVER],
        [(INDEX, "a block starts with index 0, 1 was due")],
    ),
    (
        "a delta for another",
        [begin(), *HELLO, block(1), say("!"), say("!"), stop(1), end(), OVER],
        [(INDEX, "a delta with index 0, 1 is open")],
    ),
    (
        "none",
        [begin(), {"type": "content_block_start", "content_block": {"type": "text"}}, end()],
        [
            (INDEX, "a block starts with no index, 0 was due"),
            (LIFE, "message_delta while block None is open"),
        ],
    ),
]


@pytest.mark.parametrize(("what", "events", "flaws"), LIVES, ids=[case[0] for case in LIVES])
def test_the_lives_of_blocks(what: str, events: list[Json], flaws: list[tuple[Kind, str]]) -> None:
    found = blocks.flaws(stream(*events), *Kind)

    assert [(flaw.kind, flaw.message) for flaw in found] == flaws


ERRORS: list[tuple[str, Exchange, list[str]]] = [
    ("an event as it should be", stream(begin(), fail()), []),
    (
        "no name",
        stream(begin(), bare(fail())),
        ["the error has no event line; right is event: error"],
    ),
    (
        "another name",
        stream(named(fail(), "message")),
        ["the error has event: message; right is event: error"],
    ),
    (
        "a bare text",
        stream(named({"type": "error", "error": "no"})),
        ["error is 'no'; right is an object with type and message"],
    ),
    (
        "of another API",
        stream(b'event: error\ndata: {"error":{"type":"x","message":"no"}}\n\n'),
        ["type is None; right is 'error' beside the object error"],
    ),
    (
        "no JSON",
        stream(b"event: error\ndata: boom\n\n"),
        ["the error is not JSON (Expecting value at character 0): 'boom'"],
    ),
    ("an answer as it should be", refused(fail()), []),
    (
        "an answer that is flat",
        refused({"message": "no"}),
        ["error is None; right is an object with type and message"],
    ),
    (
        "an answer without a message",
        refused({"type": "error", "error": {"type": "x"}}),
        ["error lacks message: {'type': 'x'}"],
    ),
    ("an answer that is a list", refused([]), ["no JSON object: b'[]'"]),
]


@pytest.mark.parametrize(("what", "exchange", "flaws"), ERRORS, ids=[error[0] for error in ERRORS])
def test_errors_in_a_form_that_clients_cannot_read(
    what: str, exchange: Exchange, flaws: list[str]
) -> None:
    assert [flaw.message for flaw in read.misshapen(exchange)] == flaws


def test_an_error_answer_says_what_failed() -> None:
    told = {
        "error": {"type": "rate_limit_error", "message": "Slow.", "details": {"error_code": "ramp"}}
    }

    assert read.failure(refused(told, 429)) == Failure("Slow.", "rate_limit_error", "ramp")


SAID: list[tuple[str, list[Json], Outcome]] = [
    ("one choice", [{"say": "a", "choice": 0}, {"say": "b", "choice": 1}], Outcome((Choice("a"),))),
    (
        "a refusal is text and has a word of its own",
        [{"refuse": "No."}, {"finish": "stop"}],
        Outcome((Choice("No.", finish="content_filter"),)),
    ),
    (
        "a redacted thought is no text",
        [{"think": "Hm"}, {"think": "x", "redacted": True}],
        Outcome((Choice(reasoning="Hm"),)),
    ),
    (
        "an error has the type of its status",
        [{"error": {"message": "m", "type": "server_error", "status": 503}}],
        Outcome((Choice(),), None, Failure("m", "overloaded_error")),
    ),
    (
        "or that of a server's error",
        [{"error": {"message": "m"}}],
        Outcome((Choice(),), None, Failure("m", "api_error")),
    ),
    (
        "or of a client's",
        [{"error": {"message": "m", "status": 418}}],
        Outcome((Choice(),), None, Failure("m", "invalid_request_error")),
    ),
    (
        "or its own",
        [{"error": {"message": "m", "type": "timeout_error"}}],
        Outcome((Choice(),), None, Failure("m", "timeout_error")),
    ),
]


@pytest.mark.parametrize(("what", "steps", "outcome"), SAID, ids=[said[0] for said in SAID])
def test_what_a_script_comes_to_here(what: str, steps: list[Json], outcome: Outcome) -> None:
    assert read.scripted(stream(scenario={"step": steps})) == outcome


def test_every_word_has_a_neutral_one_or_stays() -> None:
    assert {word for word, neutral in SURFACE.words.items() if word == neutral} == {
        "pause_turn",
        "compaction",
    }
