"""Ids and members of answers, held to what a profile declares of them."""

import json

import pytest

from conformance.exchange import Exchange, Json, Trial
from conformance.rules import RULES

CHUNK: Json = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": []}
MESSAGE: Json = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
PLAIN: Json = {"id": "chatcmpl-2", "object": "chat.completion", "choices": []}


def streamed(*events: Json, surface: str = "chat", **policy: Json) -> Exchange:
    lines = [f"event: {e.get('type', '')}\ndata: {json.dumps(e)}\n\n" for e in events]
    body = "".join(lines).replace("event: \n", "").encode()
    return Exchange(surface, "stream", status=200, body=body, policy=policy)


def plain(value: Json, surface: str = "chat", **policy: Json) -> Exchange:
    body = json.dumps(value).encode()
    return Exchange(surface, "plain", status=200, body=body, policy=policy)


def told(rule: str, **exchanges: Exchange) -> list[str]:
    return [finding.message for finding in RULES[rule].check(Trial("p", exchanges))]


IDS: Json = {"id-pattern": "chatcmpl-.+"}


def test_ids_of_their_own_are_in_order() -> None:
    first, second = streamed(CHUNK, CHUNK, **IDS), plain(PLAIN, **IDS)

    assert told("chunk.id-declared", first=first, second=second) == []


def test_the_id_may_be_missing_from_the_first_chunk() -> None:
    late = streamed({**CHUNK, "id": ""}, {**CHUNK, "id": "gen-1"}, **IDS)

    assert told("chunk.id-declared", late=late) == ["the id 'gen-1' does not match 'chatcmpl-.+'"]


def test_an_id_of_another_form_or_of_another_answer_is_told() -> None:
    first, second = streamed(CHUNK, **IDS), plain({**PLAIN, "id": "chatcmpl-1"}, **IDS)
    other, refused = plain({**PLAIN, "id": "gen-1"}, **IDS), plain({"error": {}}, **IDS)

    assert told("chunk.id-declared", first=first, second=second, other=other, bad=refused) == [
        "the id 'chatcmpl-1' is that of the first answer too",
        "the id 'gen-1' does not match 'chatcmpl-.+'",
    ]


NONE: Json = {"extra-members": []}
ONE: Json = {"extra-members": ["provider"]}
OURS: Json = {"provider": "us"}
ADDED = ["provider is no member of the API, nor declared"]
START: Json = {"type": "message_start", "message": MESSAGE}

CASES: list[tuple[str, Exchange, list[str]]] = [
    ("a chunk as it is", streamed(CHUNK, **NONE), []),
    ("a chunk and more", streamed(CHUNK, CHUNK | OURS, CHUNK | OURS, **NONE), ADDED),
    ("more that is declared", streamed(CHUNK | OURS, **ONE), []),
    ("an answer as it is", plain(PLAIN, **NONE), []),
    ("an answer and more", plain(PLAIN | OURS, **NONE), ADDED),
    ("a message as it is", plain(MESSAGE, "messages", **NONE), []),
    ("a message and more", plain(MESSAGE | OURS, "messages", **NONE), ADDED),
    ("a start as it is", streamed(START, {"type": "ping"}, surface="messages", **NONE), []),
    (
        "a start and more",
        streamed({**START, "message": MESSAGE | OURS}, surface="messages", **NONE),
        ADDED,
    ),
    ("an event and more", streamed(START | OURS, surface="messages", **NONE), ADDED),
    ("an event nobody knows", streamed({"type": "news", **OURS}, surface="messages", **NONE), []),
]


@pytest.mark.parametrize(("exchange", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_added_to_an_answer_is_told(exchange: Exchange, said: list[str]) -> None:
    assert told("content.extra-members", one=exchange) == said
