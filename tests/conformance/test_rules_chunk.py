"""Rules on the shape of chunks: streams that break each, streams that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Json
from conformance.rules import chunk as family
from conformance.rules import chunk_identity
from tests.conformance.made import (
    ENVELOPE,
    REFUSED,
    Case,
    answered,
    body,
    choice,
    chunk,
    label,
    plain,
    said,
    script,
    streamed,
    text,
    told,
    unbroken,
)

TEXT = text("a", "b")
ROLE = {"role": "assistant", "content": ""}


def without(value: Json, *names: str) -> Json:
    return {name: member for name, member in value.items() if name not in names}


def changed(**members: Json) -> Exchange:
    """Return an answer whose last chunk has other members."""
    *first, last = said("a")
    return streamed(body([*first, {**last, **members}]))


def deltas(*told: Json, finish: Json = None, **members: Json) -> Exchange:
    """Return a stream of these deltas, and a last chunk."""
    open_ = [chunk(choice(delta, finish)) for delta in told]
    return streamed(body([*open_, chunk(choice({}, "stop"))]), **members)


def habit(name: str, value: str) -> Json:
    return script({"say": "a"}, {"finish": "stop"}, chat={name: value})


def named(mode: str, model: str, id: str, policy: Json = None) -> Exchange:
    """Return an answer to a request for `alias`, whose provider says `real` and `chatcmpl-t-1`."""
    members: Json = {
        "scenario": script(model="real"),
        "journal": ({"nonce": "t", "attempt": 1},),
        "policy": policy or {},
    }
    if mode == "plain":
        return plain(answered({}, model=model, id=id), {"model": "alias"}, **members)
    told = [{**each, "model": model, "id": id} for each in said("a")]
    return streamed(body(told), {"model": "alias"}, **members)


EMPTY = [chunk(choice({**ROLE, "content": "a"}, "")), chunk(choice({}, "stop"))]

CASES: list[Case] = [
    ("chunk.id-stable", "one", TEXT, []),
    (
        "chunk.id-stable",
        "two",
        changed(id="chatcmpl-2"),
        ["id is 'chatcmpl-2', in earlier chunks it is 'chatcmpl-1'"],
    ),
    ("chunk.id-stable", "empty", changed(id=""), ["id is ''; right is a text that is not empty"]),
    (
        "chunk.id-stable",
        "none",
        streamed(body(without(each, "id") for each in said("a"))),
        ["id is missing; right is a text that is not empty"],
    ),
    (
        "chunk.id-stable",
        "none where the provider gave none",
        streamed(body(without(each, "id") for each in said("a")), scenario=habit("id", "absent")),
        [],
    ),
    ("chunk.created-model-stable", "one", TEXT, []),
    (
        "chunk.created-model-stable",
        "other",
        changed(created=2, model="n"),
        [
            "created is 2, in earlier chunks it is 1",
            "model is 'n', in earlier chunks it is 'm'",
        ],
    ),
    (
        "chunk.created-model-stable",
        "another time, where a clock may have moved or not",
        replace(changed(created=2, model="n"), scenario=script({"say": "a"})),
        ["model is 'n', in earlier chunks it is 'm'"],
    ),
    (
        "chunk.created-model-stable",
        "another time, where a clock has moved",
        replace(changed(created=2), scenario=script({"say": "a"}, {"wait_ms": 1000})),
        ["created is 2, in earlier chunks it is 1"],
    ),
    (
        "chunk.created-model-stable",
        "empty",
        changed(created=0, model=""),
        [
            "created is 0; right is a positive integer",
            "model is ''; right is a text that is not empty",
        ],
    ),
    ("chunk.required-keys", "all", TEXT, []),
    ("chunk.required-keys", "all, plain", plain(answered({"content": "a"})), []),
    (
        "chunk.required-keys",
        "audio may end without a reason",
        streamed(body([*said("a"), chunk({"index": 0, "delta": {"audio": {"expires_at": 1}}})])),
        [],
    ),
    (
        "chunk.required-keys",
        "words that are no text",
        streamed(body([*said("a"), chunk(choice({"content": ["b"], "refusal": 7}))])),
        [
            "delta content is ['b']; right is null or a text",
            "delta refusal is 7; right is null or a text",
        ],
    ),
    (
        "chunk.required-keys",
        "no choices",
        streamed(body([*said("a"), {**ENVELOPE, "usage": {}}])),
        ["choices is missing; right is a list"],
    ),
    (
        "chunk.required-keys",
        "choices null, another object",
        changed(choices=None, object="chat.completion"),
        [
            "object is 'chat.completion'; right is 'chat.completion.chunk'",
            "choices is None; right is a list",
        ],
    ),
    (
        "chunk.required-keys",
        "an empty choice",
        changed(choices=[{}]),
        [
            "choice index is missing; right is an integer of 0 or more",
            "choice delta is missing; right is an object",
            "choice finish_reason is missing; right is null or a text",
        ],
    ),
    (
        "chunk.required-keys",
        "the same in every chunk is said once",
        streamed(body(without(each, "object") for each in said("a", "b"))),
        ["object is missing; right is 'chat.completion.chunk'"],
    ),
    (
        "chunk.required-keys",
        "plain",
        plain({"object": "chat.completion", "choices": [{"index": 0, "finish_reason": None}]}),
        [
            "id is missing; right is a text that is not empty",
            "created is missing; right is a positive integer",
            "model is missing; right is a text that is not empty",
            "choice message is missing; right is an object",
            "choice finish_reason is None; right is a text that is not empty",
        ],
    ),
    ("chunk.finish-null-not-empty", "null", TEXT, []),
    (
        "chunk.finish-null-not-empty",
        "''",
        streamed(body(EMPTY)),
        ["finish_reason is ''; right is null"],
    ),
    (
        "chunk.finish-null-not-empty",
        "the provider's own",
        {
            "baseline": TEXT,
            "empty": streamed(body(EMPTY), scenario=habit("finish_before", "empty")),
        },
        [],
    ),
    (
        "chunk.finish-null-not-empty",
        "the provider's own, taken for a reason",
        {
            "baseline": text("a", finish="tool_calls"),
            "empty": streamed(body(EMPTY), scenario=habit("finish_before", "empty")),
        },
        ["where the provider said '' till the end the finish reason is 'stop', not 'tool_calls'"],
    ),
    ("chunk.role-first", "first", TEXT, []),
    ("chunk.role-first", "beside text", deltas({"role": "assistant", "content": "a"}), []),
    (
        "chunk.role-first",
        "none",
        deltas({"content": "a"}, {"content": "b"}),
        ["choice 0 opens without a role"],
    ),
    ("chunk.role-first", "late", deltas({"content": ""}, ROLE), ["choice 0 opens without a role"]),
    ("chunk.role-first", "null", deltas({"role": None}), ["choice 0 opens without a role"]),
    (
        "chunk.role-first",
        "another",
        deltas({"role": "user"}),
        ["the role is 'user', not 'assistant'"],
    ),
    (
        "chunk.role-first",
        "whose choices are mixed up",
        streamed(body([chunk(choice({"content": "a"}, index=3))])),
        [],
    ),
    ("chunk.role-once", "once", TEXT, []),
    ("chunk.role-once", "null later", deltas(ROLE, {"role": None, "content": "a"}), []),
    ("chunk.role-once", "again", deltas(ROLE, ROLE, ROLE), ["choice 0 has its role again"]),
    (
        "chunk.role-once",
        "again, as declared",
        deltas(ROLE, {"role": "assistant"}, policy={"role": "every"}),
        ["a delta without the role that every delta is to have"],
    ),
    (
        "chunk.role-once",
        "every, as declared",
        streamed(body([chunk(choice(ROLE, "stop"))]), policy={"role": "every"}),
        [],
    ),
    (
        "chunk.identity-policy",
        "the provider's",
        {
            "stream": named("stream", "real", "chatcmpl-t-1"),
            "plain": named("plain", "real", "chatcmpl-t-1"),
        },
        [],
    ),
    (
        "chunk.identity-policy",
        "its own",
        {"stream": named("stream", "alias", "x"), "plain": named("plain", "alias", "y")},
        [],
    ),
    (
        "chunk.identity-policy",
        "now and then",
        {"stream": named("stream", "real", "x"), "plain": named("plain", "alias", "chatcmpl-t-1")},
        [
            "model-name is requested in a plain answer, not upstream",
            "id is upstream in a plain answer, not own",
        ],
    ),
    (
        "chunk.identity-policy",
        "against what is declared",
        {"stream": named("stream", "third", "x", {"model-name": "requested", "id": "upstream"})},
        [
            "model-name is another in a stream answer, not requested",
            "id is own in a stream answer, not upstream",
        ],
    ),
    ("chunk.odd-upstream-tolerated", "the same", {"baseline": TEXT, "azure": TEXT}, []),
    (
        "chunk.odd-upstream-tolerated",
        "refused",
        {"baseline": TEXT, "azure": REFUSED},
        ["was answered 502, undisturbed it is 200"],
    ),
    (
        "chunk.odd-upstream-repaired",
        "repaired",
        {"baseline": TEXT, "role": TEXT, "no": REFUSED},
        [],
    ),
    (
        "chunk.odd-upstream-repaired",
        "handed on",
        {
            "baseline": TEXT,
            "role": deltas({"content": "a"}),
            "id": changed(id="", object=""),
            "choices": changed(choices=None),
        },
        [
            "choice 0 opens without a role",
            "object is ''; right is 'chat.completion.chunk'",
            "id is ''; right is a text that is not empty",
            "choices is None; right is a list",
        ],
    ),
    (
        "chunk.odd-upstream-repaired",
        "wrong anyway is another rule's",
        {"baseline": deltas({"content": "a"}), "role": deltas({"content": "a"})},
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, family, chunk_identity) == set()
