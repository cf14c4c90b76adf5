"""Each rule on headers: an answer that breaks it, one that does not, and what it says."""

from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Headers, Json, Request, Trial
from conformance.rules import RULES

CLIENT = "sk-of-the-client"
ROUTER = "sk-of-the-router"


def exchange(*headers: tuple[str, str], body: bytes = b"", sent: Headers = ()) -> Exchange:
    """Return an answer with these headers; the provider sent those and saw the router's key."""
    return Exchange(
        "chat",
        "plain",
        Request("POST", "http://router", (("Authorization", f"Bearer {CLIENT}"),), {}),
        status=200,
        headers=(("x-request-id", "req_1"), *headers),
        body=body,
        journal=(seen(("authorization", f"Bearer {ROUTER}")),),
        scenario={"step": [], "head": {"headers": [list(pair) for pair in sent]}},
    )


def seen(*headers: tuple[str, str]) -> Json:
    """Return the journal entry of a request with these headers."""
    return {"request": {"headers": [list(pair) for pair in headers]}}


def journal(*headers: tuple[str, str]) -> Exchange:
    return replace(exchange(), journal=(seen(*headers),))


def beta(*heard: tuple[str, str]) -> Exchange:
    """Return an answer to a client that wants two betas, and the headers the provider got."""
    wanted = (("anthropic-version", "2023-06-01"), ("anthropic-beta", "one-1, two-2"))
    request = Request("POST", "http://router", wanted, {})
    return replace(journal(*heard), surface="messages", request=request)


def elsewhere() -> Exchange:
    """Return an answer of a provider that was asked in another API."""
    answer = beta()
    return replace(answer, journal=tuple({**each, "surface": "chat"} for each in answer.journal))


BEARER = "sk-client-bearer"


def two_keys(*heard: tuple[str, str]) -> Exchange:
    """Return an answer to a client with two keys and a cookie, where keys go up."""
    sent = (("x-api-key", CLIENT), ("authorization", f"Bearer {BEARER}"),
            ("cookie", "session=sk-client-cookie"))  # fmt: skip
    request = Request("POST", "http://router", sent, {})
    return replace(journal(*heard), request=request, policy={"client-key": "forwarded"})


CANARY = ("X-Api-Key", "sk-mock-canary")
COOKIE = ("Set-Cookie", "edge=mint")

# What compares two answers, or wants something declared, is judged by cases of its own.
OF_PAIRS = {"hdr.ratelimit-forwarded", "hdr.cost-on-streams"}

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    *(
        (rule, "nothing of the kind", exchange(), [])
        for rule in RULES
        if rule.startswith("hdr.") and rule not in OF_PAIRS
    ),
    (
        "hdr.no-secret-leak",
        "the router's key",
        exchange(("x-upstream", f"Bearer {ROUTER}"), body=f'"{ROUTER}"'.encode()),
        [
            "x-upstream has a credential of the provider's side",
            "the body has a credential of the provider's side",
        ],
    ),
    (
        "hdr.no-secret-leak",
        "a key the provider sends",
        exchange(CANARY, sent=(CANARY,)),
        ["X-Api-Key has a credential of the provider's side"],
    ),
    (
        "hdr.no-secret-leak",
        "the client's own, another rule's",
        replace(
            exchange(body=CLIENT.encode()), journal=(seen(("authorization", f"Bearer {CLIENT}")),)
        ),
        [],
    ),
    ("hdr.no-secret-leak", "an empty header", journal(("authorization", "")), []),
    (
        "hdr.client-key-not-forwarded",
        "as it came, and it is declared to be the provider's",
        replace(journal(("authorization", f"Bearer {CLIENT}")), policy={"client-key": "forwarded"}),
        [],
    ),
    (
        "hdr.client-key-not-forwarded",
        "one of two keys, where it is declared to be the provider's",
        two_keys(("x-api-key", BEARER)),
        [],
    ),
    (
        "hdr.client-key-not-forwarded",
        "two keys, where one is declared to be the provider's",
        two_keys(("x-api-key", CLIENT), ("authorization", f"Bearer {BEARER}")),
        ["the provider got a credential of the client's in authorization"],
    ),
    (
        "hdr.client-key-not-forwarded",
        "a cookie, where a key is declared to be the provider's",
        two_keys(("x-api-key", BEARER), ("cookie", "session=sk-client-cookie")),
        ["the provider got a credential of the client's in cookie"],
    ),
    (
        "hdr.client-key-not-forwarded",
        "under another name",
        journal(("x-forwarded-auth", f"Bearer {CLIENT}")),
        ["the provider got a credential of the client's in x-forwarded-auth"],
    ),
    (
        "hdr.no-internals",
        "a cookie",
        exchange(COOKIE, sent=(COOKIE,)),
        ["the provider's Set-Cookie was passed on"],
    ),
    ("hdr.no-internals", "the router's own", exchange(("set-cookie", "a=b"), sent=(COOKIE,)), []),
    ("hdr.no-internals", "a harmless one", exchange(("date", "now"), sent=(("date", "now"),)), []),
    ("hdr.request-id", "none", replace(exchange(), headers=()), ["no x-request-id"]),
    (
        "hdr.client-headers-needed",
        "all, and one more",
        beta(("Anthropic-Version", "2023-06-01"), ("anthropic-beta", "two-2,one-1,three-3")),
        [],
    ),
    (
        "hdr.client-headers-needed",
        "another version and half of the betas",
        beta(("anthropic-version", "2023-01-01"), ("anthropic-beta", "one-1")),
        [
            "anthropic-version: 2023-06-01 did not reach the provider",
            "anthropic-beta: two-2 did not reach the provider",
        ],
    ),
    ("hdr.client-headers-needed", "of another API than the provider's", elsewhere(), []),
    ("hdr.request-id", "of Messages", replace(beta(), headers=(("request-id", "req_1"),)), []),
    ("hdr.request-id", "of another API", beta(), ["no request-id"]),
]


@pytest.mark.parametrize(
    ("rule", "answer", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES],
)
def test_a_rule_says_what_is_wrong_with_the_headers(
    rule: str, answer: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": answer}))

    assert [finding.message for finding in findings] == said


LIMIT = ("X-RateLimit-Limit-Requests", "10")
LEFT = ("x-ratelimit-remaining-requests", "9")


@pytest.mark.parametrize(
    ("stream", "plain", "said"),
    [
        ((LIMIT,), (LIMIT,), []),
        ((), (), []),
        ((), (LIMIT,), [("stream", "x-ratelimit-limit-requests")]),
        ((LIMIT, LEFT), (LIMIT,), [("plain", "x-ratelimit-remaining-requests")]),
    ],
    ids=["on both", "on none", "on plain answers only", "one on streams only"],
)
def test_rate_limits_are_on_streams_and_plain_answers_alike(
    stream: Headers, plain: Headers, said: list[tuple[str, str]]
) -> None:
    trial = Trial("made", {"stream": exchange(*stream), "plain": exchange(*plain)})

    findings = RULES["hdr.ratelimit-forwarded"].check(trial)

    assert [(finding.exchange, finding.message) for finding in findings] == [
        (name, f"{header} is missing, the other answer has it") for name, header in said
    ]


def test_a_refused_request_has_no_limits_to_compare() -> None:
    refused = replace(exchange(LIMIT), status=429)

    trial = Trial("made", {"stream": exchange(), "plain": refused})

    assert list(RULES["hdr.ratelimit-forwarded"].check(trial)) == []
