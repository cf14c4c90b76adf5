"""What the user asked for, checked; every complaint is read here."""

import argparse
from pathlib import Path

import pytest

from conformance.options import OPTIONS
from conformance.report.repeat import repeats
from conformance.settings import WrongUsage, settings

URL = "http://127.0.0.1:8080/v1"
NO_URL = (
    "not an http or https URL; right would be http://HOST:PORT, with the base path if it is not /v1"
)
NO_CONTROL = (
    "not an http URL; right would be the control_url that mockprovider serve prints, such as "
    "http://127.0.0.1:9101"
)
PLAIN = {option.dest: option.how.get("default") for option in OPTIONS}


def given(**options: object) -> argparse.Namespace:
    said = {f"conformance_{name}": value for name, value in options.items()}
    return argparse.Namespace(**PLAIN | {"conformance_router_url": URL} | said)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"router_url": None}, "no router to judge: give --router-url http://HOST:PORT/v1"),
        ({"router_url": "127.0.0.1:8080"}, f"router URL '127.0.0.1:8080': {NO_URL}"),
        ({"router_url": URL + "?a=b"}, f"router URL '{URL}?a=b': a base URL has neither ? nor #"),
        ({"router_url": "http://host:port"}, "router URL 'http://host:port': Invalid port: 'port'"),
        ({"router_url": "http://[::1"}, "router URL 'http://[::1': Invalid port: ':1'"),
        ({"router_key": "kéy"}, "--router-key: a key is printable ASCII; the one given is not"),
        ({"router_key": "a\nb"}, "--router-key: a key is printable ASCII; the one given is not"),
        (
            {"black_box": True, "mock_url": "http://127.0.0.1:1"},
            "--black-box and --mock-url exclude each other: give one of them",
        ),
        (
            {"mock_port": 65536},
            "--mock-port 65536: a port is 0 to 65535, where 0 takes any free one",
        ),
        (
            {"second_mock_port": -1},
            "--second-mock-port -1: a port is 0 to 65535, where 0 takes any free one",
        ),
        (
            {"second_mock_url": "9103", "router_profile": "reference-fallback"},
            f"--second-mock-url '9103': {NO_CONTROL}",
        ),
        *(
            ({option: value}, f"{flag}: profile generic declares no fallback; see docs/profiles.md")
            for option, flag, value in (
                ("second_mock_port", "--second-mock-port", 9103),
                ("second_mock_url", "--second-mock-url", "http://127.0.0.1:9103"),
            )
        ),
        (
            {"surface": "chat,mesages"},
            "--surface 'mesages': no such surface; right is chat, responses, messages, gemini",
        ),
        ({"mock_url": "127.0.0.1:9101"}, f"--mock-url '127.0.0.1:9101': {NO_CONTROL}"),
        ({"deadline": 0.0}, "--deadline 0: a number of seconds above 0 is needed"),
        ({"patience": float("nan")}, "--patience nan: a number of seconds above 0 is needed"),
        ({"deadline": float("inf")}, "--deadline inf: a number of seconds above 0 is needed"),
        ({"crowd": 0}, "--crowd 0: a number of clients is 1 to 1000"),
        ({"crowd": 1001}, "--crowd 1001: a number of clients is 1 to 1000"),
        (
            {"router_profile": "generik"},
            "--router-profile: no profile 'generik'; did you mean 'generic'?",
        ),
    ],
)
def test_what_cannot_be_right_is_said_in_one_line(
    options: dict[str, object], complaint: str
) -> None:
    with pytest.raises(WrongUsage) as error:
        settings(given(**options))

    assert str(error.value) == complaint


def test_a_profile_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nsource = "me"\n')

    assert settings(given(router_profile=str(path))).profile.title == "Mine"


def test_a_surface_is_what_the_user_says_or_what_the_profile_promises(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nsource = "me"\nsurfaces = ["messages", "chat"]\n')
    promised = {"router_profile": str(path)}

    assert settings(given()).surfaces == ("chat",)
    assert settings(given(**promised)).surfaces == ("messages", "chat")
    assert settings(given(surface="gemini, chat", **promised)).surfaces == ("gemini", "chat")


def test_a_profile_cannot_promise_a_surface_there_is_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('title = "Mine"\nsource = "me"\nsurfaces = ["soap"]\n')

    with pytest.raises(WrongUsage) as error:
        settings(given(router_profile=str(path)))

    right = "one of chat, responses, messages, gemini"
    assert str(error.value) == f"--router-profile: {path}: surface 'soap': {right}"


def test_the_keys_of_bills_are_secrets_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "Mine"\nsource = "me"\n[bill]\nsource = "header"\ncost = "x-cost"\n'
        'key = "sk-payer"\nasking-key = "sk-clerk"\n'
        'limited-key = "sk-limited-{nonce}"\ntoken-limit = 9\n'
    )

    told = settings(given(router_profile=str(path), router_key="sk-mine"))

    assert told.secrets == ("sk-mine", "sk-payer", "sk-clerk", "sk-limited-")


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_KEY", "sk-from-environment")

    assert settings(given()).target.key == "sk-from-environment"
    assert settings(given(router_key="sk-given")).target.key == "sk-given"


def test_a_case_is_repeated_with_the_options_that_matter() -> None:
    told = settings(
        given(router_url="http://user:word@host/v1", router_key="sk-secret", router_model="a b",
              deadline=5.0, patience=3.0, black_box=True, run_dir="elsewhere")
    )  # fmt: skip
    options = "--router-url http://host/v1 --router-model 'a b' --black-box --deadline 5"

    assert repeats("done.present[chat-text]", told) == {
        "conformance": f"conformance run {options} --only 'done.present[chat-text]'",
        "pytest": f"pytest --pyargs conformance {options} -k 'done.present[chat-text]'",
    }
