"""What is read of a Gemini answer: hand-made bytes to tokens, outcome, errors."""

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.protocols import gemini, gemini_outcome, read
from conformance.protocols.gemini_logprobs import logprobs
from conformance.protocols.grammar import END
from conformance.protocols.outcome import Call, Choice, Failure, Outcome, Usage
from tests.conformance.made_gemini import (
    candidate,
    chunk,
    counts,
    elements,
    events,
    exchange,
    listed,
    plain,
    said,
    streamed,
    text,
)

RPC: Json = {"code": 503, "message": "no room", "status": "UNAVAILABLE"}
WEATHER: Json = {"functionCall": {"name": "weather", "args": {"city": "Rome"}, "id": "c1"}}
TIME: Json = {"functionCall": {"name": "time", "args": {}}}
THOUGHT: Json = {"text": "hm", "thought": True}
SIGNED: Json = {"text": "", "thoughtSignature": "QUJD"}
CALLED = (Call("weather", '{"city":"Rome"}', "c1"), Call("time", "{}"))


def kinds(exchange: Exchange) -> list[str]:
    return [token.kind for token in gemini.tokens(exchange)]


# what it is, the chunks, what a client ends up with
OUTCOMES: list[tuple[str, list[Json], Outcome]] = [
    ("texts are joined", said("Hel", "lo"), Outcome((Choice("Hello", finish="stop"),))),
    (
        "thoughts are a channel of their own, signatures say nothing",
        [
            chunk(candidate(THOUGHT, {"text": "a"})),
            chunk(candidate({"text": "b"}, SIGNED, finish="STOP")),
        ],
        Outcome((Choice("ab", "hm", finish="stop"),)),
    ),
    (
        "a turn that calls ends with STOP and is one of tool calls",
        [chunk(candidate(WEATHER)), chunk(candidate(TIME, finish="STOP"))],
        Outcome((Choice(calls=CALLED, finish="tool_calls"),)),
    ),
    (
        "an absent index is 0",
        [
            chunk(candidate({"text": "a"})),
            chunk(candidate({"text": "b"}, index=1)),
            chunk(candidate(finish="STOP", index=0), candidate(finish="MAX_TOKENS", index=1)),
        ],
        Outcome((Choice("a", finish="stop"), Choice("b", finish="length"))),
    ),
    (
        "usage is a running total: the last one counts",
        [
            chunk(candidate({"text": "a"}), usageMetadata=counts(7, 1)),
            chunk(candidate(finish="SAFETY"), usageMetadata=counts(7, 2, thoughtsTokenCount=3)),
        ],
        Outcome((Choice("a", finish="content_filter"),), Usage(7, 5, 12, None, 3)),
    ),
    (
        "usage that names the kind of traffic counts nothing",
        [
            chunk(usageMetadata=counts(7, 2, cachedContentTokenCount=4)),
            chunk(candidate(finish="OTHER"), usageMetadata={"trafficType": "ON_DEMAND"}),
        ],
        Outcome((Choice(finish="OTHER"),), Usage(7, 2, 9, 4)),
    ),
    (
        "what tools put into the prompt is input",
        [chunk(usageMetadata={"promptTokenCount": 5, "toolUsePromptTokenCount": 2})],
        Outcome((), Usage(7, 0)),
    ),
    (
        "a blocked prompt has no candidate and is filtered",
        [chunk(promptFeedback={"blockReason": "JAILBREAK"}, usageMetadata=counts(7, 0))],
        Outcome((Choice(finish="content_filter"),), Usage(7, 0, 7)),
    ),
    (
        "an error in the stream is the failure",
        [chunk(candidate({"text": "a"})), {"error": RPC}],
        Outcome((Choice("a"),), None, Failure("no room", "UNAVAILABLE", 503)),
    ),
    (
        "unknown members and kinds of parts are passed over",
        [
            {"x": 1, **chunk(candidate({"hologram": {}}, {"text": "a", "y": []}, z=None))},
            chunk(candidate(finish="STOP"), promptFeedback={"safetyRatings": []}),
        ],
        Outcome((Choice("a", finish="stop"),)),
    ),
    (
        "nothing of the wrong kind breaks the reading",
        [
            {"candidates": {}, "usageMetadata": [], "promptFeedback": "no"},
            chunk({"content": "no", "index": "0"}, {"content": {"parts": "no"}}),
            chunk(candidate({"text": 1}, {"functionCall": "no"}, "no", finish="STOP")),
        ],
        Outcome((Choice(finish="stop"),)),
    ),
]


@pytest.mark.parametrize(("what", "chunks", "expected"), OUTCOMES, ids=[o[0] for o in OUTCOMES])
def test_a_client_ends_up_with_the_same_of_both_forms(
    what: str, chunks: list[Json], expected: Outcome
) -> None:
    assert read.outcome(streamed(*chunks)) == expected
    assert read.outcome(listed(*chunks)) == expected


def test_a_plain_answer_is_read_like_a_chunk() -> None:
    whole = chunk(candidate({"text": "a"}, WEATHER, finish="STOP"), usageMetadata=counts(7, 2))

    assert read.outcome(plain(whole)) == Outcome(
        (Choice("a", calls=CALLED[:1], finish="tool_calls"),), Usage(7, 2, 9)
    )
    assert read.outcome(plain({"error": RPC})).failure == Failure("no room", "UNAVAILABLE", 503)


def test_the_tokens_follow_the_chunks() -> None:
    chunks = [
        chunk(candidate({"text": "a"}), usageMetadata=counts(7, 1)),
        chunk(candidate(SIGNED)),
        chunk(),
        chunk(candidate({"text": "b"}, finish="STOP")),
        {"error": RPC},
    ]

    assert kinds(streamed(*chunks)) == [
        "payload", "usage", "empty", "note", "payload", "finish", "error", END,
    ]  # fmt: skip
    assert kinds(streamed(*chunks)) == kinds(listed(*chunks))


def test_an_element_has_the_bytes_it_came_from() -> None:
    found = listed(*said("a", "b"))
    spans = [event.span for event in gemini.events(found)]

    assert [found.body[slice(*span)][:1] for span in spans] == [b"{"] * 3
    assert [found.body[slice(*span)][-1:] for span in spans] == [b"}"] * 3


def test_the_form_is_read_by_what_came_not_by_what_was_asked() -> None:
    swapped = exchange(events(said("a")), "array")

    assert read.outcome(swapped).choices == (Choice("a", finish="stop"),)


def test_a_plain_answer_that_came_as_a_stream_is_read_as_one() -> None:
    chunks = exchange(elements(said("a", "b")), "plain")

    assert read.outcome(chunks).choices == (Choice("ab", finish="stop"),)
    assert read.stated(chunks) == {0: "STOP"}


def test_log_probabilities_are_rows_of_their_candidate() -> None:
    told = {
        "chosenCandidates": [{"token": "a", "logProbability": -1}, {"token": "b"}],
        "topCandidates": [{"candidates": [{"token": "a"}, {"token": "c"}]}],
    }
    other = candidate(index=1, logprobsResult={"chosenCandidates": [{"token": "z"}]})
    found = streamed(chunk(candidate(logprobsResult=told), other), *said("b"))

    assert logprobs(found, 0) == [
        {"token": "a", "logProbability": -1, "top_logprobs": [{"token": "a"}, {"token": "c"}]},
        {"token": "b", "top_logprobs": []},
    ]
    assert logprobs(found, 1) == [{"token": "z", "top_logprobs": []}]


PARTIAL: list[Json] = [
    {"name": "plan", "id": "c9", "willContinue": True},
    {"partialArgs": [{"jsonPath": "$.city", "stringValue": "Ro"}], "willContinue": True},
    {"partialArgs": [{"jsonPath": "$.city", "stringValue": "me"}], "willContinue": True},
    {
        "partialArgs": [
            {"jsonPath": "$.days[1]['far out']", "numberValue": 3},
            {"jsonPath": '$["days"][0]', "boolValue": False},
            {"jsonPath": "$.none", "nullValue": "NULL_VALUE"},
            {"jsonPath": "$.days[99999999]", "stringValue": "too far"},
            {"jsonPath": "", "stringValue": "nowhere"},
            "no value",
        ],
        "willContinue": True,
    },
    {},
]


def test_a_call_value_by_value_is_put_together() -> None:
    chunks = [chunk(candidate({"functionCall": said})) for said in PARTIAL]
    (choice,) = read.outcome(streamed(*chunks)).choices

    assert choice.calls == (
        Call("plan", '{"city":"Rome","days":[false,{"far out":3}],"none":null}', "c9"),
    )


def test_fragments_without_a_call_are_none() -> None:
    (choice,) = read.outcome(streamed(chunk(candidate({"functionCall": PARTIAL[1]})))).choices

    assert choice.calls == ()


# what it is, the exchange, the reasons by candidate
STATED: list[tuple[str, Exchange, dict[int, str | None]]] = [
    ("the word of the wire", text("a", finish="SPII"), {0: "SPII"}),
    ("none", text("a", finish=None), {0: None}),
    ("the first of two", streamed(*said("a"), *said("b", finish="OTHER")), {0: "STOP"}),
    ("a block", streamed(chunk(promptFeedback={"blockReason": "SAFETY"})), {0: "SAFETY"}),
    ("of a plain answer", plain(chunk(candidate(finish="MAX_TOKENS"))), {0: "MAX_TOKENS"}),
    ("a number that nobody asked for", streamed(chunk({"finishReason": 2})), {0: "2"}),
]


@pytest.mark.parametrize(("what", "found", "expected"), STATED, ids=[s[0] for s in STATED])
def test_the_reasons_are_those_of_the_wire(
    what: str, found: Exchange, expected: dict[int, str | None]
) -> None:
    assert read.stated(found) == expected


def test_a_number_is_a_word_where_numbers_were_asked_for() -> None:
    found = streamed(chunk(candidate({"text": "a"}, finish=2)))  # type: ignore[arg-type]
    assert found.request
    numbered = Exchange(
        "gemini", "stream", found.request.__class__("POST", "x?enum-encoding=int", (), {}),
        status=200, body=found.body,
    )  # fmt: skip

    assert read.stated(numbered) == {0: "MAX_TOKENS"}
    assert read.outcome(numbered).choices == (Choice("a", finish="length"),)


# what it is, the exchange, what is wrong with the form of its error
MISSHAPEN: list[tuple[str, Exchange, list[str]]] = [
    ("nothing", streamed(*said("a"), {"error": RPC}), []),
    ("nothing in an array", listed(*said("a"), {"error": RPC}), []),
    (
        "a word for the code",
        streamed({"error": {**RPC, "code": "503"}}),
        ["error has code '503', not a number"],
    ),
    (
        "no word and no message",
        streamed({"error": {"code": 503}}),
        ["error has message None and status None"],
    ),
    (
        "a text",
        streamed({"error": "boom"}),
        ["error is 'boom'; right is an object with code, message and status"],
    ),
    (
        "null",
        streamed({"error": None}),
        ["error is null, on which the official Python SDK fails"],
    ),
    (
        "not the first member",
        streamed({"x": 1, "error": RPC}),
        ["error is not the first member, where the official Python SDK looks for it"],
    ),
    ("flat", streamed(RPC), ["the error is not under a top-level member error"]),
    (
        "an event name",
        exchange(b"event: error\n" + events([{"error": RPC}])),
        ["the error has an event name, which the official SDKs do not read"],
    ),
    (
        "no JSON",
        exchange(b"data: [DONE\n\n"),
        ["the error is not JSON (Expecting value at character 1): '[DONE'"],
    ),
    ("an open array", exchange(b"[{}\n", "array"), ["the array is not closed"]),
    ("an error answer", plain({"error": RPC}, status=503), []),
    ("an array of one", exchange(b'[{"error":{"code":503,"message":"m","status":"s"}}]', "array",
                                 status=503), []),
    ("an array where none was asked for", exchange(b"[{}]", status=503),
     ["no error object in b'[{}]'"]),
    ("a page", exchange(b"<html>", status=502), ["no error object in b'<html>'"]),
    ("nothing to read in it", plain({"error": {"message": "m"}}, status=400),
     ["error has code None, not a number and status None"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "found", "expected"), MISSHAPEN, ids=[m[0] for m in MISSHAPEN])
def test_an_error_has_the_form_that_clients_read(
    what: str, found: Exchange, expected: list[str]
) -> None:
    assert [flaw.message for flaw in read.misshapen(found)] == expected


def test_an_error_answer_is_read_in_both_forms() -> None:
    body = b'[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]'
    told = Failure("m", "RESOURCE_EXHAUSTED", 429)

    assert read.failure(exchange(body, "array", status=429)) == told
    assert read.failure(exchange(body[1:-1], "array", status=429)) == told
    assert read.failure(exchange(body, status=429)) is None
    assert gemini_outcome.failure(exchange(b"no", status=429)) is None


def violations(found: Exchange) -> list[tuple[str, str]]:
    return [(v.state, v.token.kind) for v in
            (*gemini.choice_violations(found), *gemini.stream_violations(found))]  # fmt: skip


# what it is, the chunks, the states and tokens that break the grammar
ORDERS: list[tuple[str, list[Json], list[tuple[str, str]]]] = [
    ("all is well", said("a", "b"), []),
    ("an empty chunk after the reason", [*said("a"), chunk(candidate(SIGNED))], []),
    ("usage and nothing else", [chunk(usageMetadata=counts(7, 0))], []),
    ("no reason", said("a", finish=None), [("open", END)]),
    ("text after the reason", [*said("a"), *said("b", finish=None)], [("finished", "payload")]),
    ("a second reason", [*said("a"), *said()], [("finished", "finish")]),
    ("an error", [*said("a", finish=None), {"error": RPC}], []),
    ("more after an error", [{"error": RPC}, chunk(usageMetadata=counts(7, 0))],
     [("failed", "usage")]),
    ("a blocked prompt", [chunk(promptFeedback={"blockReason": "SAFETY"})], []),
    ("a candidate after a block",
     [chunk(promptFeedback={"blockReason": "SAFETY"}), chunk(candidate({"text": "a"},
                                                                       finish="STOP"))],
     [("blocked", "candidate"), ("blocked", "candidate")]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "chunks", "expected"), ORDERS, ids=[o[0] for o in ORDERS])
def test_the_grammar_finds_what_is_out_of_order(
    what: str, chunks: list[Json], expected: list[tuple[str, str]]
) -> None:
    assert violations(streamed(*chunks)) == expected


def test_candidates_are_counted_as_they_were_asked_for() -> None:
    two = {"generationConfig": {"candidateCount": 2}}

    assert gemini.misnumbered(text("a")) == set()
    assert gemini.misnumbered(text("a", ask=two)) == {1}
    assert gemini.misnumbered(streamed(chunk(candidate({"text": "a"}, index=3)))) == {0, 3}


def test_a_cut_stream_has_failed_and_a_blocked_prompt_has_not() -> None:
    assert read.failed(text("a", finish=None, end=End.CUT))
    assert not read.failed(streamed(chunk(promptFeedback={"blockReason": "SAFETY"})))
