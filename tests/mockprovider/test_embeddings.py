"""Embeddings: vectors that depend on their input alone, in two encodings, and what is refused."""

import json
import math
import struct
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from mockprovider.shapes import Json
from mockprovider.steps import Usage
from mockprovider.surfaces import embeddings
from mockprovider.timeline import Close, Send

if TYPE_CHECKING:
    from tests.mockprovider.conftest import Mock


def answer(**members: Json) -> Json:
    reading = embeddings.read({"model": "m", **members})
    assert reading.refusal is None
    return json.loads(embeddings.plain((Usage(input=7),), reading.ask, {}))


def vectors(**members: Json) -> list[Json]:
    return [each["embedding"] for each in answer(**members)["data"]]


def test_a_vector_depends_on_its_input_alone() -> None:
    (one,), (again, other) = vectors(input="a"), vectors(input=["a", "b"])

    assert one == again != other
    assert (len(one), round(math.hypot(*one), 6)) == (8, 1.0)


@pytest.mark.parametrize(
    ("told", "count"), [("a", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2, 3]], 2)]
)
def test_each_input_has_a_vector(told: Json, count: int) -> None:
    found = answer(input=told)

    assert [each["index"] for each in found["data"]] == list(range(count))
    assert found["usage"] == {"prompt_tokens": 7, "total_tokens": 7}


@pytest.mark.parametrize("dimensions", [1, 5, 3072])
def test_a_vector_is_as_long_as_asked_for(dimensions: int) -> None:
    assert len(vectors(input="a", dimensions=dimensions)[0]) == dimensions


def test_both_encodings_say_the_same() -> None:
    (packed,) = vectors(input="a", encoding_format="base64")

    assert [list(struct.unpack("<8f", b64decode(packed)))] == vectors(input="a")


@pytest.mark.parametrize(
    ("members", "param", "code"),
    [
        ({}, "input", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": ""}, "input", "string_below_min_length"),
        ({"input": []}, "input", "empty_array"),
        ({"input": ["a"] * 2049}, "input", "array_above_max_length"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format", "invalid_value"),
        ({"input": "a", "dimensions": 0}, "dimensions", "integer_below_min_value"),
        ({"input": "a", "stream": True}, "stream", "unknown_parameter"),
    ],
)
def test_a_wrong_request_is_refused(members: Mapping[str, Json], param: str, code: str) -> None:
    reading = embeddings.read({"model": "m", **members})

    assert reading.refusal is not None
    assert (reading.refusal.param, reading.refusal.code) == (param, code)
    assert [each.where for each in reading.objections] == [f"body.{param}"]


def test_nothing_is_streamed() -> None:
    reading = embeddings.read({"model": "m", "input": "a"})
    body = embeddings.plain((), reading.ask, {})

    assert embeddings.stream((), reading.ask, {}) == (Send(body, "body", 0), Close())


@pytest.mark.parametrize("prefix", ["/v1", ""])
def test_an_embedding_comes_over_the_wire(mock: "Mock", prefix: str) -> None:
    client = mock.connect()

    client.send(mock.post(b'{"model": "e", "input": "a"}', path=f"{prefix}/embeddings"))
    found = client.read().json

    assert (found["model"], [found["data"][0]["embedding"]]) == ("e", vectors(input="a"))


def test_a_scenario_can_make_it_fail(mock: "Mock") -> None:
    nonce = mock.nonce()
    body = {"model": "e", "input": ["a", mock.marker("error-429", nonce)]}
    client = mock.connect()

    client.send(mock.post(json.dumps(body).encode(), path="/v1/embeddings"))

    assert client.read().status == 429
    assert mock.entry(nonce)["surface"] == "embeddings"
