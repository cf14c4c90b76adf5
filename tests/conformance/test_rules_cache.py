"""Rules on response caches: pairs of the same request that break each, and that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json, Trial
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles.profile import load
from conformance.protocols.outcome import Usage
from conformance.rules import RULES, cache
from conformance.verdicts import Kind, judge
from tests.conformance.made import (
    ENVELOPE,
    REFUSED,
    Case,
    answered,
    event,
    label,
    plain,
    said,
    streamed,
    text,
    told,
    unbroken,
)

ASKED = ({"end": {"kind": "complete"}},)
SSE, JSON = (("content-type", "text/event-stream"),), (("content-type", "application/json"),)
STREAM = text("a", "b", headers=SSE)
ANSWER = plain(answered({"role": "assistant", "content": "ab"}), headers=JSON)
COUNTED = b"".join(map(event, [*said("a", "b"), {**ENVELOPE, "choices": [],
                                                 "usage": {"prompt_tokens": 7}}]))  # fmt: skip
DONE = b"data: [DONE]\n\n"


def twice(first: Exchange, again: Exchange, name: str = "cut") -> dict[str, Exchange]:
    return {name: replace(first, journal=ASKED), f"{name}-again": again}


def cut(**members: Json) -> Exchange:
    return replace(text("a", finish=None, end=b"", headers=SSE), end=End.CUT, **members)


LEFT = replace(text("a", finish=None, end=b"", headers=SSE), end=End.LEFT)
REPLAY, FAILED = "cache.replay-valid", "cache.no-failed-stream"
CASES: list[Case] = [
    (REPLAY, "the same stream", twice(STREAM, STREAM), []),
    (REPLAY, "the same answer as JSON", twice(STREAM, ANSWER), []),
    (REPLAY, "the same answer as a stream", twice(ANSWER, STREAM), []),
    (REPLAY, "a fresh one is judged elsewhere", twice(STREAM, cut(journal=ASKED)), []),
    (REPLAY, "refused", twice(STREAM, REFUSED), []),
    (REPLAY, "the first one failed", twice(cut(), cut()), []),
    (
        REPLAY,
        "a stream for JSON",
        twice(STREAM, replace(ANSWER, body=STREAM.body)),
        [f"from the store: no JSON object: {STREAM.body[:60]!r}"],
    ),
    (
        REPLAY,
        "another label",
        twice(STREAM, replace(STREAM, headers=JSON)),
        ["from the store: Content-Type is application/json; right is text/event-stream"],
    ),
    (
        REPLAY,
        "stored framing",
        twice(
            ANSWER,
            replace(ANSWER, headers=(*JSON, ("transfer-encoding", "chunked"),
                                     ("content-length", "0"))),
        ),
        ["from the store: the head has both Transfer-Encoding and Content-Length"],
    ),
    (
        REPLAY,
        "no answer",
        twice(STREAM, replace(STREAM, end=End.GARBLED, error="bad chunk")),
        ["from the store: no answer: garbled, bad chunk"],
    ),
    (REPLAY, "it breaks off", twice(STREAM, cut()), ["from the store: the stream failed"]),
    (
        REPLAY,
        "without its end",
        twice(STREAM, text("a", "b", end=b"", headers=SSE)),
        ["from the store: data: [DONE] never came"],
    ),
    (
        REPLAY,
        "an event that is none",
        twice(STREAM, text("a", "b", end=b"data: {\n\n" + DONE, headers=SSE)),
        [("from the store: an event that is not JSON (Expecting property name enclosed in double "
         "quotes at character 1): '{'")],
    ),
    (
        REPLAY,
        "less text",
        twice(STREAM, text("a", headers=SSE)),
        [("from the store: choice 0: text departs at character 1: the end where 'b' was expected, "
         "as it was at first")],
    ),
    (
        REPLAY,
        "no usage",
        twice(streamed(COUNTED + DONE, headers=SSE), STREAM),
        [f"from the store: usage is None, at first {Usage(input=7)}"],
    ),
    (FAILED, "a fresh one", twice(cut(), replace(STREAM, journal=ASKED)), []),
    (FAILED, "refused", twice(cut(), REFUSED), []),
    (
        FAILED,
        "the router had asked again itself",
        {"cut": replace(STREAM, journal=ASKED * 2), "cut-again": STREAM},
        [],
    ),
    (
        FAILED,
        "as if it were whole",
        twice(cut(), text("a", headers=SSE)),
        ["the first stream was cut off; the same request got 'a' from the store"],
    ),
    (
        FAILED,
        "as it failed",
        twice(cut(), cut()),
        ["the first stream was cut off; the same request got 'a' from the store"],
    ),
    (FAILED, "left, and read to its end", twice(LEFT, STREAM, "left"), []),
    (
        FAILED,
        "left, and ended",
        {"left": replace(LEFT, journal=({"end": {"kind": "peer-fin"}},)), "left-again": STREAM},
        ["the first stream was left by its client; the same request got 'ab' from the store"],
    ),
    (
        FAILED,
        "short",
        twice(text("a", finish="length"), text("a", finish="length"), "length"),
        [("the first stream was ended by the limit of tokens; the same request got 'a' from the "
         "store")],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_store_gives_out_what_is_whole_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_pair_and_not_by_another() -> None:
    assert unbroken(CASES, cache) == set()


@pytest.mark.parametrize("rule", [REPLAY, FAILED])
def test_without_a_declared_cache_there_is_nothing_to_judge(rule: str) -> None:
    (first, *_) = cases([RULES[rule]], PROBES.values())
    trial = told_of(first.probe.id)

    verdict = judge(RULES[rule], trial, load("generic"), frozenset({"upstream"}))

    assert verdict.kind == Kind.NOT_APPLICABLE
    assert verdict.reason == "the profile declares no cache"


def told_of(probe: str) -> Trial:
    return Trial(probe, {"stream": STREAM})
