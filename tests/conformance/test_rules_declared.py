"""Rules on what a profile declares of errors, keys, endpoints and models: broken and kept."""

import json

import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.profiles.profile import Profile, load
from conformance.profiles.rows import Endpoint, Error
from conformance.rules import RULES, access, err_declared
from tests.conformance.made import Case, body, choice, chunk, label, said, streamed, told, unbroken

ERROR: Json = {"message": "no", "type": "invalid_request_error", "code": None}
ROWS = {
    "error": (
        Error(has=("message", "type", "param")),
        Error(on=("messages",), has=("request_id",)),
        Error(type="api_error"),
        Error(status=401, type="authentication_error", code="invalid_api_key"),
        Error(status=403, type="permission_error"),
        Error(status=403, type="forbidden_error"),
    )
}


def refused(status: int = 400, surface: str = "chat", **members: Json) -> Exchange:
    body = json.dumps({"error": {**ERROR, **members}}).encode()
    return Exchange(surface, "plain", status=status, body=body, policy=ROWS)


def answered(status: int, surface: str = "chat", **policy: Json) -> Exchange:
    return Exchange(surface, "plain", status=status, body=b"{}", policy=policy)


MODELS = Endpoint("/v1/models", ("200", "3xx"), has=("herb",), media_type="application/json")
LABEL = ("content-type", "application/json; charset=utf-8")


def found(status: int = 200, body: bytes = b'["herb"]', *headers: tuple[str, str]) -> Json:
    policy = {"endpoint": (MODELS,)}
    told = headers or (LABEL,)
    return {"0": Exchange("chat", "plain", None, status, told, body, policy=policy)}


def asked(name: str | None, **policy: Json) -> Exchange:
    request = Request("POST", "http://router", (), {"model": "mint/pepper"})
    entry = {"request": {"body": json.dumps({"model": name})}}
    return Exchange("chat", "plain", request, 200, journal=(entry,), policy=policy)


def pinned(*providers: str) -> Exchange:
    journal = tuple({"provider": name} for name in providers)
    return Exchange("chat", "plain", status=503, journal=journal)


def failed(finish: str | None, policy: str) -> Exchange:
    """Return a stream that ends in an error."""
    last = chunk(choice({}, finish), error=ERROR)
    return streamed(body([*said("Hy", finish=None), last]), policy={"error-finish": policy})


UNKNOWN = {"unknown-model": "no-such"}
CASES: list[Case] = [
    ("err.declared-envelope", "all that is declared", refused(param=None), []),
    (
        "err.declared-envelope",
        "one member less",
        refused(),
        [
            (
                "the error of a 400 lacks param: "
                "{'message': 'no', 'type': 'invalid_request_error', 'code': None}"
            )
        ],
    ),
    (
        "err.declared-envelope",
        "no envelope at all, another rule's",
        Exchange("chat", "plain", status=400, body=b"no", policy=ROWS),
        [],
    ),
    ("err.declared-envelope", "no code, another rule's", refused(type=""), []),
    ("err.declared-words", "as declared of every error", refused(type="api_error"), []),
    (
        "err.declared-words",
        "another type",
        refused(),
        ["a 400 with type 'invalid_request_error'; declared is type 'api_error'"],
    ),
    (
        "err.declared-words",
        "the words of its status",
        refused(401, type="authentication_error", code="invalid_api_key"),
        [],
    ),
    (
        "err.declared-words",
        "another code",
        refused(401, type="authentication_error", code="nope"),
        [
            (
                "a 401 with type 'authentication_error' and code 'nope'; "
                "declared is type 'authentication_error' and code 'invalid_api_key'"
            )
        ],
    ),
    ("err.declared-words", "one of two", refused(403, type="forbidden_error"), []),
    (
        "err.declared-words",
        "none of two",
        refused(403, type="api_error"),
        [
            (
                "a 403 with type 'api_error'; "
                "declared is type 'permission_error' or type 'forbidden_error'"
            )
        ],
    ),
    ("err.unknown-model", "refused", answered(404, **UNKNOWN), []),
    *(
        (
            "err.unknown-model",
            f"{status}",
            answered(status, **UNKNOWN),
            [f"'no-such' was asked for, which there is not, and got {status}"],
        )
        for status in (200, 502)
    ),
    ("err.key-refused", "refused", answered(401), []),
    ("err.key-refused", "as Google does", answered(400, "gemini"), []),
    (
        "err.key-refused",
        "an invalid argument elsewhere",
        answered(400),
        ["the status is 400; right is 401 or 403"],
    ),
    (
        "err.key-refused",
        "let in",
        answered(200, "gemini"),
        ["the status is 200; right is 401 or 403"],
    ),
    ("err.finish-policy", "an error that is one", failed("error", "error"), []),
    ("err.finish-policy", "an error and nothing else", failed(None, "none"), []),
    ("err.finish-policy", "nothing is promised", failed(None, "unspecified"), []),
    (
        "err.finish-policy",
        "an error without it",
        failed(None, "error"),
        ["the stream ended in an error, without the finish reason error"],
    ),
    (
        "err.finish-policy",
        "an error with it",
        failed("error", "none"),
        ["the stream ended in an error, with the finish reason error"],
    ),
    ("hdr.auth-declared", "let in", answered(200), []),
    ("hdr.auth-declared", "locked out", answered(401), ["answered 401"]),
    ("http.declared-endpoint", "as declared", found(), []),
    ("http.declared-endpoint", "of the class declared", found(301), []),
    (
        "http.declared-endpoint",
        "another status",
        found(404, b""),
        ["GET /v1/models is answered 404; declared is 200 or 3xx"],
    ),
    (
        "http.declared-endpoint",
        "another media type",
        found(200, b"herb", ("content-type", "text/html")),
        ["GET /v1/models has Content-Type text/html; declared is application/json"],
    ),
    (
        "http.declared-endpoint",
        "nothing of what is to be in it",
        found(200, b"[]"),
        ["GET /v1/models lacks herb"],
    ),
    ("retry.pinned-provider", "the first alone", pinned("first"), []),
    (
        "retry.pinned-provider",
        "the second too",
        pinned("first", "second"),
        ["the second provider was asked, and the first is pinned"],
    ),
    ("pre.model-prefix", "stripped", asked("pepper", **{"model-prefix": "stripped"}), []),
    ("pre.model-prefix", "kept", asked("mint/pepper", **{"model-prefix": "kept"}), []),
    ("pre.model-prefix", "asked by its path", asked(None, **{"model-prefix": "kept"}), []),
    ("pre.model-prefix", "nothing is promised", asked("pepper"), []),
    (
        "pre.model-prefix",
        "kept, which was not to be",
        asked("mint/pepper", **{"model-prefix": "stripped"}),
        ["'mint/pepper' went up as 'mint/pepper'; right is 'pepper'"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_says_what_is_not_as_declared(case: Case) -> None:
    assert told(case) == case[3]


def test_every_rule_on_what_is_declared_is_broken_and_kept_here() -> None:
    assert unbroken(CASES, access, err_declared) == set()


def test_a_type_that_the_profile_declares_may_take_the_place_of_the_providers() -> None:
    scenario = {"head": {"status": 429}, "step": [{"error": {"message": "no", "type": "slow"}}]}
    body = json.dumps({"error": {**ERROR, "type": "rate_limit_error"}}).encode()
    policy = {"error": (Error(status=429, type="rate_limit_error"),)}
    told = {
        said: Exchange("chat", "plain", status=429, body=body, scenario=scenario, policy=rows)
        for said, rows in {"declared": policy, "not declared": dict[str, Json]()}.items()
    }

    findings = list(RULES["err.detail-kept"].check(Trial("made", told)))

    assert [finding.exchange for finding in findings] == ["not declared"]


@pytest.mark.parametrize(
    ("policy", "declared"),
    [("bytes", True), ("events", True), ("normalised", False), ("unspecified", False)],
)
def test_a_stream_that_is_made_anew_promises_nothing_of_its_bytes(
    policy: str, declared: bool
) -> None:
    profile = Profile("mine", "Mine", "me", {"transparency": policy})

    assert ("transparency" in profile.declared) == declared


def test_who_says_nothing_of_keys_is_not_asked_for_them() -> None:
    assert load("generic").lacks({"auth"}) == "auth"
    assert load("reference").lacks({"auth"}) == ""
