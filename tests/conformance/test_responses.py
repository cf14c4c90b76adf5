"""Responses read from bytes made by hand, and from what the mock makes of each scenario."""

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from conformance.drive.upstream import Upstream, upstream
from conformance.exchange import End, Exchange
from conformance.protocols import read, responses_order
from conformance.protocols.outcome import Call, Choice, Failure, Outcome, Usage
from conformance.resources import scenario
from tests.conformance.made_responses import (
    call,
    life,
    message,
    opening,
    plain,
    raw,
    response,
    streamed,
    text_part,
    thought,
    without,
)

LIMIT = {"reason": "max_output_tokens"}
USED = Usage(7, 3, 10, 2, 1)
WHOLE = life(thought("Hm", "."), message("a", "b", at=1), call('{"q":', "1}", at=2))


def order(exchange: Exchange) -> list[tuple[str, str]]:
    """Return all that is out of order, as state and kind."""
    levels = [
        responses_order.response_violations(exchange),
        *responses_order.item_violations(exchange).values(),
        *responses_order.text_violations(exchange).values(),
    ]
    return [(violation.state, violation.token.kind) for level in levels for violation in level]


def test_a_stream_is_read_item_by_item() -> None:
    assert read.outcome(streamed(WHOLE)) == Outcome(
        (Choice("ab", "Hm.", "", (Call("find", '{"q":1}'),), "tool_calls"),), USED
    )


def test_a_plain_answer_is_read_as_its_stream_is() -> None:
    told = WHOLE[-1]["response"]

    assert read.outcome(plain(told)) == read.outcome(streamed(WHOLE))


OUTCOMES: list[tuple[str, Exchange, Outcome]] = [
    (
        "reasoning with what is a message's",
        plain(response("completed", [{"type": "reasoning", "content": [text_part("Hm")]}])),
        Outcome((Choice(finish="stop"),)),
    ),
    ("nothing", raw(b""), Outcome()),
    ("the head of a response only", streamed(opening()), Outcome()),
    (
        "no deltas",
        streamed(without(life(message("a")), "text.delta")),
        Outcome((Choice("a", finish="stop"),), USED),
    ),
    (
        "an item that is told when it is done",
        streamed(without(without(life(thought("a")), "text.delta"), "text.done")),
        Outcome((Choice("", "a", finish="stop"),), USED),
    ),
    (
        "no items but in the terminal event",
        streamed([*opening(), life(message("a"))[-1]]),
        Outcome((Choice("a", finish="stop"),), USED),
    ),
    (
        "an empty list in the terminal event",
        streamed([*life(message("a"))[:-1], life()[-1]]),
        Outcome((Choice("a", finish="stop"),), USED),
    ),
    (
        "a limit",
        streamed(
            life(
                message("a"),
                status="incomplete",
                incomplete_details={"reason": "max_output_tokens"},
            )
        ),
        Outcome((Choice("a", finish="length"),), USED),
    ),
    (
        "another reason",
        streamed(life(message("a"), status="incomplete", incomplete_details={"reason": "rained"})),
        Outcome((Choice("a", finish="rained"),), USED),
    ),
    (
        "an error as the API sends it, and as it is documented",
        streamed(
            [
                *opening(),
                {"type": "error", "error": {"type": "server_error", "code": "x", "message": "no"}},
                {"type": "error", "code": "y", "message": "not", "param": None},
            ]
        ),
        Outcome((), None, Failure("no", "server_error", "x")),
    ),
    (
        "a documented error",
        streamed([{"type": "error", "code": "y", "message": "not", "param": None}]),
        Outcome((), None, Failure("not", None, "y")),
    ),
    (
        "a response that failed",
        streamed(
            [*opening(), life(status="failed", usage=None, error={"code": "z", "message": "n"})[-1]]
        ),
        Outcome((Choice(),), None, Failure("n", None, "z")),
    ),
    (
        "a plain answer that failed",
        plain(response("failed", error={"code": "z", "message": "n"})),
        Outcome((Choice(),), None, Failure("n", None, "z")),
    ),
    (
        "what no document knows",
        streamed(
            [
                *opening(),
                {"type": "keepalive"},
                {"type": "response.foo.delta", "output_index": 0, "delta": "x"},
                *message("a"),
                {"type": "response.output_item.added", "output_index": 1, "item": {"type": "foo"}},
                {"type": "response.output_item.done", "output_index": 1, "item": {"type": "foo"}},
                life(message("a"), extra=1)[-1],
            ]
        ),
        Outcome((Choice("a", finish="stop"),), USED),
    ),
    (
        "members of the wrong type",
        streamed(
            [
                {"type": "response.created", "response": None},
                {"type": "response.output_item.added", "output_index": 0, "item": "m"},
                {"type": "response.output_text.delta", "output_index": 0, "delta": 1},
                {"type": "response.completed", "response": {"output": [1], "usage": [2]}},
            ]
        ),
        Outcome((Choice(finish="stop"),), None),
    ),
]


@pytest.mark.parametrize(("_", "exchange", "outcome"), OUTCOMES, ids=[o[0] for o in OUTCOMES])
def test_a_client_ends_up_with_what_was_said(_: str, exchange: Exchange, outcome: Outcome) -> None:
    assert read.outcome(exchange) == outcome


ORDERS: list[tuple[str, Exchange, list[tuple[str, str]]]] = [
    ("all is well", streamed(WHOLE), []),
    ("with [DONE]", streamed(WHOLE, b"data: [DONE]\n\n"), []),
    ("broken off", streamed(WHOLE[:6]), [("running", "end")]),
    ("begun in the middle", streamed(WHOLE[2:]), [("start", "item")]),
    ("after the end", streamed([*WHOLE, *WHOLE[-1:]]), [("closed", "done")]),
    ("no item", streamed(without(life(message("a")), "item.added")), [("start", "inner")]),
    ("no part", streamed(without(life(message("a")), "part.added")), [("start", "delta")]),
    ("a part left", streamed(without(life(message("a")), "part.done")), [("told", "end")]),
    ("a text left", streamed(without(life(message("a")), "text.done")), [("open", "close")]),
    ("an item left", streamed(without(life(message("a")), "item.done")), [("open", "end")]),
    ("arguments left", streamed(without(life(call("a")), "arguments.done")), [("open", "end")]),
    (
        "arguments in the item",
        streamed(without(without(life(call("a")), "arguments.done"), "arguments.delta")),
        [],
    ),
]


@pytest.mark.parametrize(("_", "exchange", "wrong"), ORDERS, ids=[o[0] for o in ORDERS])
def test_what_is_out_of_order_is_found(
    _: str, exchange: Exchange, wrong: list[tuple[str, str]]
) -> None:
    assert order(exchange) == wrong


# Those that say the same on every surface, whole or broken off.
SCENARIOS = (
    "content-filter", "cut-arguments", "cut", "error-inband", "holds", "length", "logprobs",
    "lookalike", "multibyte", "no-usage", "one-token", "reasoning", "refusal", "reset",
    "separators", "text-then-tool", "text", "tool-call", "tool-holds", "tools-interleaved",
    "tools-parallel", "two-choices", "unfinished", "unicode", "usage-classes", "whitespace",
)  # fmt: skip
BROKEN = {"cut": End.CUT, "cut-arguments": End.CUT, "reset": End.RESET}
FINISHED = [name for name in SCENARIOS if any("finish" in s for s in scenario(name)["step"])]


@pytest.fixture(scope="module")
def mock() -> Iterator[Upstream]:
    with upstream(0) as running:
        yield running


def asked(mock: Upstream, name: str, mode: str) -> Exchange:
    """Ask the mock itself to play a scenario."""
    nonce = f"responses.{mode}-{name}"
    httpx.post(f"{mock.control_url}/_mock/release/{nonce}", json={"hold": "*"})
    body = {"model": "m", "input": f"[[mock:{name}#{nonce}]]", "stream": mode == "stream"}
    read = bytearray()
    headers = {"authorization": "Bearer sk-x"}
    with httpx.stream("POST", f"{mock.data_url}/v1/responses", json=body, headers=headers) as got:
        with suppress(httpx.TransportError):
            for piece in got.iter_raw():
                read += piece
        end = BROKEN.get(name, End.COMPLETE)
        return Exchange("responses", mode, None, got.status_code, body=bytes(read), end=end,
                        scenario=scenario(name))  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_stream_of_the_mock_is_what_was_scripted(mock: Upstream, name: str) -> None:
    exchange = asked(mock, name, "stream")

    assert (read.outcome(exchange), order(exchange)) == (read.scripted(exchange), unended(name))


def unended(name: str) -> list[tuple[str, str]]:
    return [] if name in FINISHED or name == "error-inband" else [("running", "end")]


@pytest.mark.parametrize("name", FINISHED)
def test_a_plain_answer_of_the_mock_is_what_was_scripted(mock: Upstream, name: str) -> None:
    exchange = asked(mock, name, "plain")

    assert read.outcome(exchange) == read.scripted(exchange)
