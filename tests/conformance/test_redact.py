"""Secrets are gone before anything is written."""

import pytest

from conformance.redact import HIDDEN, Redactor, bare

KEY = 'sk-"very/secret'
VENDOR = "sk-proj-" + "a1B2c3D4" * 4


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Bearer {KEY}", "Bearer " + "*" * len(KEY)),
        (r"{\"key\": \"sk-\"very/secret\"}".replace("\\", ""), '{"key": "' + "*" * len(KEY) + '"}'),
        (r'"sk-\"very/secret"', '"' + "*" * (len(KEY) + 1) + '"'),
        ("?key=sk-%22very%2Fsecret", "?key=" + "*" * 19),
        (f"wrong key {VENDOR}!", "wrong key " + "*" * len(VENDOR) + "!"),
        ("task-force and risk-averse", "task-force and risk-averse"),
        ("chatcmpl-r1-4.stream-1", "chatcmpl-r1-4.stream-1"),
    ],
)
def test_keys_become_stars_of_the_same_length(said: str, shown: str) -> None:
    assert Redactor([KEY]).text(said) == shown


def test_a_secret_too_short_to_be_one_is_left_alone() -> None:
    assert Redactor(["key", ""]).text("the key of keys") == "the key of keys"


def test_bytes_that_are_no_text_stay_what_they_are() -> None:
    assert Redactor(["secret"]).data(b"\xffsecret\xfe") == b"\xff******\xfe"


def test_credentials_are_known_by_the_name_of_their_header() -> None:
    told = (("Authorization", "Basic x"), ("x-api-key", "y"), ("accept", "*/*"), ("via", KEY))

    assert Redactor([KEY]).headers(told) == [
        ["Authorization", HIDDEN],
        ["x-api-key", HIDDEN],
        ["accept", "*/*"],
        ["via", "*" * len(KEY)],
    ]


def test_a_value_is_redacted_all_through() -> None:
    value = {"headers": [["Cookie", "a=b"]], "body": {"text": [f"x {KEY}", 1, None, "y", "z"]}}

    assert Redactor([KEY]).value(value) == {
        "headers": [["Cookie", HIDDEN]],
        "body": {"text": ["x " + "*" * len(KEY), 1, None, "y", "z"]},
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pass@host:80/v1", "http://host:80/v1"),
        ("http://host/v1", "http://host/v1"),
    ],
)
def test_a_url_is_shown_without_user_and_password(url: str, shown: str) -> None:
    assert bare(url) == shown
