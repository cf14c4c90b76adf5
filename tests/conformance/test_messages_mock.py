"""Every scenario there is, as the mock writes it for Messages and as the judge reads it.

Writer and reader share no code: where both have the same idea of a script, neither misread it.
"""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from conformance.drive.target import request as asking
from conformance.drive.target import target
from conformance.drive.upstream import upstream
from conformance.exchange import End, Exchange
from conformance.findings import Span
from conformance.probes.probe import Send
from conformance.protocols import blocks, messages, read
from conformance.protocols.outcome import Outcome, Usage
from conformance.resources import FIXTURES, scenario
from conformance.wire.json import BadJson, parse

#: Written for the chat surface byte by byte, or no answer at all; the other way round for `stall`.
OTHERS = {
    "done-then-open", "holds", "json-for-stream", "pings", "refused", "stall", "stream-for-plain",
    "tool-beside-text", "tool-holds", "tool-in-finish", "usage-in-parts", "web-page", "error-429",
    "error-500",
}  # fmt: skip
NAMES = sorted(path.stem for path in (FIXTURES / "scenarios").glob("*.toml"))
ANSWERS = [name for name in NAMES if name not in OTHERS]
#: Of a plain request an error or a broken script makes an error answer, or none.
WHOLE = [
    name
    for name in ANSWERS
    if not {"error", "close", "reset"} & {verb for step in scenario(name)["step"] for verb in step}
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with upstream(0) as mock:
        yield f"{mock.data_url}/v1"


def ask(url: str, name: str, mode: str) -> Exchange:
    request = asking(target(url), "messages", Send(mode), f"[[mock:{name}#test]] hello")
    body, end = b"", End.COMPLETE
    with httpx.stream(
        "POST", request.url, headers=list(request.headers), json=request.body
    ) as answer:
        try:
            for data in answer.iter_raw():
                body += data
        except httpx.TransportError:
            end = End.CUT
    return Exchange("messages", mode, request, answer.status_code, body=body, end=end,
                    scenario=scenario(name))  # fmt: skip


def settled(outcome: Outcome) -> Outcome:
    """Return an outcome whose arguments are values, and with the usage this API always states."""
    choices = tuple(
        replace(choice, calls=tuple(replace(call, arguments=value(call.arguments))
                                    for call in choice.calls))
        for choice in outcome.choices
    )  # fmt: skip
    none = Usage(0, 0, 0)
    return replace(outcome, choices=choices, usage=outcome.usage or none)


def value(arguments: str) -> str:
    try:
        return repr(parse(arguments))
    except BadJson:
        return arguments


@pytest.mark.parametrize("name", ANSWERS)
def test_a_stream_comes_to_what_the_script_says(url: str, name: str) -> None:
    exchange = ask(url, name, "stream")

    said, got = read.scripted(exchange), read.outcome(exchange)
    if not any(token.kind == "start" for token in read.tokens(exchange)):
        said = replace(said, choices=())  # not even a message was begun

    assert settled(got) == settled(said)


@pytest.mark.parametrize("name", WHOLE)
def test_a_plain_answer_comes_to_what_the_script_says(url: str, name: str) -> None:
    exchange = ask(url, name, "plain")

    assert settled(read.outcome(exchange)) == settled(read.scripted(exchange))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_stream_is_in_order(url: str, name: str) -> None:
    exchange = ask(url, name, "stream")

    assert messages.stream_violations(exchange) == []
    assert blocks.reading(exchange).flaws == []
    assert read.closed(exchange)
    assert not read.failed(exchange)


@pytest.mark.parametrize(("name", "kind", "code"), [
    ("error-429", "rate_limit_error", "rate_limit_exceeded"),
    ("error-500", "api_error", None),
    ("refused", "invalid_request_error", "mock_refusal"),
])  # fmt: skip
def test_a_refusal_says_what_the_script_says(
    url: str, name: str, kind: str, code: str | None
) -> None:
    exchange = ask(url, name, "stream")
    failure = read.failure(exchange)

    assert failure is not None
    assert (failure.type, failure.code) == (kind, code)
    assert read.misshapen(exchange) == []


def test_an_empty_stream_says_nothing(url: str) -> None:
    exchange = ask(url, "empty", "stream")

    assert read.stated(exchange) == {}
    assert [(token.kind, token.span) for token in read.tokens(exchange)] == [("end", Span(0, 0))]
