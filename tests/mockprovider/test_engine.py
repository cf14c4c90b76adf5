"""What a router reads of an inference engine before it sends it anything."""

from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Answer, Mock, StartMock

SERVER = {
    "model_path": "/models/mock-model", "served_model_name": "mock-model",
    "tp_size": 1, "dp_size": 1, "disaggregation_mode": "null",
}  # fmt: skip
MODEL = {"model_path": "/models/mock-model", "is_generation": True, "model_type": "mock"}


def asked(mock: "Mock", path: str, method: str = "GET") -> "Answer":
    client = mock.connect()
    client.send(f"{method} {path} HTTP/1.1\r\nhost: m\r\n\r\n".encode())
    return client.read()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/health", {}),
        ("/server_info", SERVER),
        ("/get_server_info", SERVER),
        ("/model_info", MODEL),
        ("/get_model_info", MODEL),
    ],
)
def test_an_engine_says_what_it_serves_to_whoever_asks(mock: "Mock", path: str, told: Json) -> None:
    answer = asked(mock, path)

    assert (answer.status, answer.json) == (200, told)


def test_the_key_of_a_client_is_not_asked_for(start_mock: "StartMock") -> None:
    with start_mock("--key", "sk-the-only-one") as mock:
        assert [asked(mock, path).status for path in ("/health", "/v1/models")] == [200, 401]


def test_what_it_serves_is_in_the_list_of_models(mock: "Mock") -> None:
    client = mock.connect()
    client.send(b"GET /v1/models HTTP/1.1\r\nhost: m\r\nauthorization: Bearer k\r\n\r\n")

    assert SERVER["served_model_name"] in [each["id"] for each in client.read().json["data"]]


def test_an_engine_is_asked_not_told(mock: "Mock") -> None:
    answer = asked(mock, "/health", "POST")

    assert (answer.status, answer.headers["allow"]) == (405, "GET")
