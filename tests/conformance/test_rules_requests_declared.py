"""Requests that are not quite as an API has them, and what becomes of them."""

import json
from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Json, Trial
from conformance.rules import RULES


def answered(status: int = 200, *bodies: str, surface: str = "chat", **policy: Json) -> Exchange:
    """Return an answer for which the provider got these bodies."""
    journal = tuple({"request": {"body": body}, "status": 200} for body in bodies)
    told = {name.replace("_", "-"): value for name, value in policy.items()}
    return Exchange(surface, "plain", status=status, journal=journal, policy=told)


THERE, GONE = json.dumps({"n": 1, "x_flavour": "lovage"}), json.dumps({"n": 1})
UNKNOWN, VERSION = "pre.unknown-members", "hdr.messages-version"

CASES: list[tuple[str, Exchange, list[str]]] = [
    ("pre.off-spec-refused", answered(400), []),
    ("pre.off-spec-refused", answered(422), []),
    ("pre.off-spec-refused", answered(200), ["a temperature of 'hot' was answered with 200"]),
    ("pre.off-spec-refused", answered(500), ["a temperature of 'hot' was answered with 500"]),
    (
        "pre.off-spec-refused",
        answered(200, "{}"),
        ["a temperature of 'hot' was answered with 200"],
    ),
    ("pre.off-spec-refused", replace(answered(200), journal=({"status": 400},)), []),
    (UNKNOWN, answered(200, GONE), []),
    (UNKNOWN, answered(200, THERE, unknown_members="forwarded"), []),
    (
        UNKNOWN,
        answered(200, GONE, unknown_members="forwarded"),
        ["x_flavour did not reach the provider; declared is forwarded"],
    ),
    (
        UNKNOWN,
        answered(200, "[]", unknown_members="forwarded"),
        ["x_flavour did not reach the provider; declared is forwarded"],
    ),
    (
        UNKNOWN,
        answered(200, "{", unknown_members="forwarded"),
        ["x_flavour did not reach the provider; declared is forwarded"],
    ),
    (UNKNOWN, answered(200, GONE, unknown_members="dropped"), []),
    (
        UNKNOWN,
        answered(200, THERE, unknown_members="dropped"),
        ["x_flavour reached the provider; declared is dropped"],
    ),
    (UNKNOWN, answered(400, unknown_members="refused"), []),
    (
        UNKNOWN,
        answered(200, THERE, unknown_members="refused"),
        ["x_flavour was answered with 200; declared is a 4xx"],
    ),
    (VERSION, answered(400, surface="messages"), []),
    (VERSION, answered(200, surface="messages", messages_version="optional"), []),
    (
        VERSION,
        answered(400, surface="messages", messages_version="optional"),
        ["answered with 400, and the version is declared optional"],
    ),
    (VERSION, answered(400, surface="messages", messages_version="required"), []),
    (
        VERSION,
        answered(200, surface="messages", messages_version="required"),
        ["answered with 200, and the version is declared required"],
    ),
]


@pytest.mark.parametrize(("rule", "exchange", "said"), CASES)
def test_what_becomes_of_an_odd_request(rule: str, exchange: Exchange, said: list[str]) -> None:
    found = RULES[rule].check(Trial("p", {"one": exchange}))

    assert [finding.message for finding in found] == said
