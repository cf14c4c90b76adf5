"""Each rule on errors before the stream: an answer that breaks it, one that does not."""

import json

import pytest

from conformance.exchange import Exchange, Json, Trial
from conformance.rules import RULES

ERROR: Json = {"message": "no", "type": "invalid_request_error", "param": None, "code": None}
LABEL = ("content-type", "application/json")
FAILED = f"data: {json.dumps({'error': ERROR})}\n\n"


def refused(status: int, *headers: tuple[str, str]) -> Json:
    """Return the script of a provider that refuses."""
    return {"head": {"status": status, "headers": [list(pair) for pair in headers]}, "step": []}


def answer(
    status: int, body: str = "", scenario: Json = None, *headers: tuple[str, str]
) -> Exchange:
    told = body or json.dumps({"error": ERROR})
    return Exchange(
        "chat",
        "stream",
        status=status,
        headers=(LABEL, *headers),
        body=told.encode(),
        scenario=scenario or refused(status),
    )


def enveloped(*names: str) -> str:
    return json.dumps({"error": {name: ERROR[name] for name in names}})


WAIT = ("Retry-After", "97")
DATE = ("retry-after", "Wed, 21 Oct 2037 07:28:00 GMT")
QUOTA = ("x-ratelimit-remaining-requests", "0")

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    *((rule, "a good refusal", answer(400), []) for rule in RULES if rule.startswith("pre.")),
    (
        "pre.status-preserved",
        "another",
        answer(500, scenario=refused(429)),
        ["the provider's 429 came as 500"],
    ),
    (
        "pre.status-preserved",
        "400 for 500",
        answer(400, scenario=refused(500)),
        ["the provider's 500 came as 400"],
    ),
    ("pre.status-preserved", "502 for 529", answer(502, scenario=refused(529)), []),
    ("pre.status-preserved", "502 for 401", answer(502, scenario=refused(401)), []),
    (
        "pre.status-preserved",
        "200 with an error",
        answer(200, FAILED, refused(503)),
        ["the provider's 503 came as 200 with an error in the body"],
    ),
    ("pre.status-preserved", "200 without, another rule's", answer(200, " ", refused(503)), []),
    (
        "pre.error-not-empty-stream",
        "200 without an error",
        answer(200, "data: [DONE]\n\n", refused(400)),
        ["the provider's 400 came as 200 with 14 bytes, no error"],
    ),
    (
        "pre.error-not-empty-stream",
        "200 with one, another's",
        answer(200, FAILED, refused(400)),
        [],
    ),
    (
        "pre.commit-after-first-event",
        "200",
        answer(200, FAILED),
        ["the first event was an error, the status is 200"],
    ),
    (
        "pre.error-shape",
        "no label",
        Exchange("chat", "plain", status=400, body=enveloped(*ERROR).encode()),
        ["Content-Type is absent"],
    ),
    ("pre.error-shape", "no param", answer(400, enveloped("message", "type", "code")), []),
    (
        "pre.error-shape",
        "no type, no code",
        answer(400, enveloped("message")),
        ["error lacks type and code: {'message': 'no'}"],
    ),
    ("pre.error-shape", "text", answer(400, "no"), ["no error object in b'no'"]),
    (
        "pre.error-shape",
        "flat",
        answer(400, '{"error":"no"}'),
        ['no error object in b\'{"error":"no"}\''],
    ),
    (
        "pre.retry-after-forwarded",
        "none",
        answer(429, "", refused(429, WAIT, QUOTA)),
        [
            "Retry-After is absent, the provider's is 97",
            "x-ratelimit-remaining-requests is absent, the provider's is 0",
        ],
    ),
    (
        "pre.retry-after-forwarded",
        "both",
        answer(429, "", refused(429, WAIT, QUOTA), ("retry-after", "97"), QUOTA),
        [],
    ),
    (
        "pre.retry-after-forwarded",
        "another",
        answer(429, "", refused(429, WAIT), ("retry-after", "1")),
        ["Retry-After is 1, the provider's is 97"],
    ),
    (
        "pre.retry-after-forwarded",
        "a date as seconds",
        answer(503, "", refused(503, DATE), ("retry-after", "60")),
        [],
    ),
    ("pre.retry-after-forwarded", "other headers", answer(503, "", refused(503, LABEL)), []),
]


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES],
)
def test_a_rule_says_what_is_wrong_with_a_refusal(
    rule: str, exchange: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": exchange}))

    assert [finding.message for finding in findings] == said


def test_who_declares_to_commit_at_once_may() -> None:
    early = Exchange("chat", "stream", status=200, policy={"commit": "at-once"})

    assert list(RULES["pre.commit-after-first-event"].check(Trial("made", {"only": early}))) == []
