"""Rules on routers that ask again: answers and journals that break each, others that do not."""

import json
from dataclasses import replace

import pytest

from conformance.exchange import SECOND, Exchange, Json
from conformance.rules import health, retry
from tests.conformance.made import (
    DONE,
    Case,
    body,
    choice,
    chunk,
    event,
    label,
    said,
    script,
    text,
    told,
    unbroken,
)

USUAL = {"fallback": ("5xx", "429", "error")}
ASKED = {"messages": [{"role": "user", "content": "Say it."}]}
WOAD, SORREL = ({"say": "Woad"},), ({"say": "Sorrel"},)
OBJECTION = {"where": "messages[1]", "message": "no prefill"}


def entry(provider: str = "", asked: Json = ASKED, **members: Json) -> Json:
    named = {"provider": provider} if provider else {}
    request = {"body": json.dumps(asked)}
    return {**named, "request": request, "objections": [], "status": 200, **members}


BOTH = (entry(), entry(SECOND))
ONE = (entry(),)


def two(
    exchange: Exchange,
    *first: Json,
    second: tuple[Json, ...] = SORREL,
    journal: tuple[Json, ...] = BOTH,
    **head: Json,
) -> Exchange:
    """Return an answer with what the two providers were to say."""
    scenario = script(*first, mock={SECOND: {"step": list(second), **head}})
    return replace(exchange, scenario=scenario, journal=journal, policy=USUAL)


def failed(status: int, message: str = "no") -> Exchange:
    data = json.dumps({"error": {"message": message}}).encode()
    return Exchange("chat", "stream", status=status, body=data)


def broken(*words: str, message: str = "it broke off") -> Exchange:
    error = event({"error": {"message": message, "type": "server_error"}})
    return text(*words, finish=None, end=error)


def asking(*turns: Json, **members: Json) -> tuple[Json, Json]:
    """Return a journal in which the second provider was asked these turns, too."""
    return entry(), entry(SECOND, {**ASKED, "messages": [*ASKED["messages"], *turns]}, **members)


def alone(exchange: Exchange) -> Exchange:
    """Return the same of a router that declares no fallback."""
    return replace(exchange, policy={})


def silent(exchange: Exchange) -> Exchange:
    scenario = {**(exchange.scenario or {}), "step": [STALL]}
    return replace(exchange, scenario=scenario, policy={"fallback": ("timeout",)})


def sent(tokens: int) -> tuple[Json, Json]:
    return entry(sent={"tokens": tokens}), entry(sent={"tokens": tokens})


STALL = {"stall": True}
BEGUN = two(broken("Woad"), *WOAD, journal=sent(1))
AHEAD = two(broken(), journal=sent(0))
PREAMBLE = (
    "the first provider failed after its preamble: the second provider was not asked, "
    "the client was told of an error"
)
TWICE = [*said("a", finish=None)[:1], *said("Sorrel")]
PREFILL = {"role": "assistant", "content": "Woad"}
PROMPT = {"role": "user", "content": "Go on."}
REFUSAL = ({"error": {"message": "no prefill: tarragon"}},)
CONTINUED = ('the second provider was asked {"role": "user", "content": "Go on."} beside the '
             "question")  # fmt: skip
GAVE_UP = ("the client was told 'no prefill: tarragon', which is why the second provider did not "
           "continue; the first had failed before")  # fmt: skip

CASES: list[Case] = [
    ("retry.fallback-before-commit", "answered", {"5xx": two(text("Sorrel"))}, []),
    ("retry.fallback-before-commit", "not declared", {"empty": two(failed(502), journal=ONE)}, []),
    (
        "retry.fallback-before-commit",
        "handed on",
        {"429": two(failed(429), journal=ONE)},
        [
            (
                "the first provider failed with 429: the second provider was not asked, "
                "the client was answered 429"
            )
        ],
    ),
    (
        "retry.fallback-before-commit",
        "told of an error",
        {"5xx.plain": two(broken())},
        [
            (
                "the first provider failed with 5xx: the second provider was asked, "
                "the client was told of an error"
            )
        ],
    ),
    (
        "retry.fallback-before-commit",
        "told nothing",
        {"5xx": two(text())},
        [
            (
                "the first provider failed with 5xx: the second provider was asked, "
                "the client was told ''"
            )
        ],
    ),
    ("retry.no-duplicate-content", "the second's alone", two(text("Sorrel"), *WOAD), []),
    ("retry.no-duplicate-content", "the first's alone", two(broken("Woad"), *WOAD), []),
    (
        "retry.no-duplicate-content",
        "one after the other",
        two(text("Woad", "Sorrel"), *WOAD),
        ["'Woad' of the first provider and 'Sorrel' of the second are one answer"],
    ),
    (
        "retry.no-duplicate-content",
        "continued",
        two(text("Woad", "Sorrel"), *WOAD, journal=asking(PREFILL)),
        [],
    ),
    (
        "retry.no-duplicate-content",
        "begun twice",
        two(replace(text(), body=body(TWICE)), *WOAD),
        ["the client's stream begins 2 times"],
    ),
    (
        "retry.no-duplicate-content",
        "a role with each word",
        two(
            replace(
                text(),
                body=body(
                    chunk(choice({"role": "assistant", "content": word})) for word in ("Sor", "rel")
                ),
            ),
        ),
        [],
    ),
    (
        "retry.no-duplicate-content",
        "ended twice",
        two(text("Sorrel", end=DONE + DONE)),
        ["the client's stream ends 2 times"],
    ),
    ("retry.no-preamble-before-commit", "answered", two(text("Sorrel")), []),
    ("retry.no-preamble-before-commit", "refused", two(failed(503), head={"status": 503}), []),
    ("retry.no-preamble-before-commit", "handed on", two(failed(503), journal=ONE), []),
    (
        "retry.no-preamble-before-commit",
        "begun, then refused",
        two(broken(), head={"status": 503}),
        ["the client was answered 200, then the second provider refused with 503"],
    ),
    (
        "retry.no-preamble-before-commit",
        "begun, and nobody else asked",
        two(broken(), journal=ONE, head={"status": 503}, second=REFUSAL),
        [PREAMBLE],
    ),
    (
        "retry.no-preamble-before-commit",
        "begun, where an error is no reason",
        replace(two(broken(), journal=ONE), policy={"fallback": ("5xx",)}),
        [],
    ),
    (
        "retry.no-preamble-before-commit",
        "begun, then failed",
        two(broken(), journal=ONE),
        [PREAMBLE],
    ),
    ("retry.continuation-request-valid", "the same request", two(text("Sorrel"), *WOAD), []),
    ("retry.continuation-request-valid", "not asked", two(broken("Woad"), journal=ONE), []),
    (
        "retry.continuation-request-valid",
        "the second alone",
        two(text("Sorrel"), journal=(entry(SECOND),)),
        [],
    ),
    (
        "retry.continuation-request-valid",
        "told what was said",
        two(text("Woad", "Sorrel"), *WOAD, journal=asking(PREFILL)),
        [],
    ),
    (
        "retry.continuation-request-valid",
        "asked in the client's name",
        two(text("Woad", "Sorrel"), *WOAD, journal=asking(PREFILL, PROMPT)),
        [CONTINUED],
    ),
    (
        "retry.continuation-request-valid",
        "a prompt of the router's",
        two(text("Sorrel"), journal=(entry(), entry(SECOND, {**ASKED, "system": "Go on."}))),
        ["the second provider was told system 'Go on.'"],
    ),
    (
        "retry.continuation-request-valid",
        "the question as a text, then as a turn",
        two(
            text("Sorrel"),
            journal=(entry("", {"input": "Say it."}), entry(SECOND, {"input": ASKED["messages"]})),
        ),
        [],
    ),
    (
        "retry.continuation-request-valid",
        "objected to",
        two(broken("Woad"), *WOAD, journal=asking(PREFILL, objections=[OBJECTION])),
        ["the second provider objects to messages[1]: no prefill"],
    ),
    (
        "retry.continuation-request-valid",
        "the refusal is told",
        two(broken("Woad", message="no prefill: tarragon"), *WOAD, second=REFUSAL),
        [GAVE_UP],
    ),
    (
        "retry.continuation-request-valid",
        "the first failure is told",
        two(broken("Woad"), *WOAD, second=REFUSAL),
        [],
    ),
    ("retry.no-double-submit", "once", {"400": two(failed(400), journal=ONE)}, []),
    ("retry.no-double-submit", "as declared", {"429": two(failed(429))}, []),
    (
        "retry.no-double-submit",
        "refused and asked again",
        {"400": two(failed(400))},
        ["the request was refused with 400; providers were asked 2 times"],
    ),
    (
        "retry.no-double-submit",
        "silent and asked again",
        {"stream": two(failed(504), STALL)},
        ["the request was accepted, and silent since; providers were asked 2 times"],
    ),
    ("retry.no-double-submit", "silence is declared", {"stream": silent(two(failed(504)))}, []),
    ("retry.no-double-submit", "broken off ahead of content", {"first": alone(AHEAD)}, []),
    (
        "retry.no-double-submit",
        "broken off and started over",
        {"fin": alone(BEGUN)},
        ["the request was answered in part; providers were asked 2 times"],
    ),
    ("retry.no-double-submit", "broken off, with another provider", {"fin": BEGUN}, []),
    (
        "retry.no-double-submit",
        "broken off, not streamed",
        {"plain": replace(alone(BEGUN), mode="plain")},
        [],
    ),
]

FIRST, OTHER = two(text("a"), journal=ONE), two(text("a"), journal=(entry(SECOND),))
DIED = two(broken("a"), journal=ONE)
LEFT: list[Case] = [
    ("health.client-abort-neutral", "asked again", {"left": FIRST, "after": FIRST}, []),
    (
        "health.client-abort-neutral",
        "avoided",
        {"left": FIRST, "left.1": FIRST, "after": OTHER},
        ["after 2 clients had left, the first provider was not asked any more"],
    ),
    ("health.midstream-counted", "one is forgiven", {"cut": DIED, "after": FIRST}, []),
    (
        "health.midstream-counted",
        "one is not forgiven",
        {"cut": DIED, "after": OTHER},
        ["after one stream that broke off, the first provider was not asked any more"],
    ),
    (
        "health.midstream-counted",
        "many are remembered",
        {"cut": DIED, "cut.1": DIED, "after.1": FIRST, "after.2": OTHER},
        [],
    ),
    (
        "health.midstream-counted",
        "many are not remembered",
        {"cut": DIED, "cut.1": DIED, "after.1": FIRST, "after.2": FIRST},
        ["after 2 streams that broke off, the first provider was asked as before"],
    ),
]


@pytest.mark.parametrize("case", [*CASES, *LEFT], ids=label)
def test_a_rule_says_what_is_wrong_and_nothing_else(case: Case) -> None:
    assert told(case) == case[3]


def test_every_rule_here_is_broken_by_a_case() -> None:
    assert unbroken([*CASES, *LEFT], retry, health) == set()
