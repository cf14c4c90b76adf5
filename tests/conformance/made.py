"""Streams made by hand, byte for byte, and what a rule says of them."""

import json
from collections.abc import Iterable

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.rules import RULES
from conformance.rules.rule import Rule

DONE = b"data: [DONE]\n\n"
ENVELOPE: Json = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

# rule, what is special, the exchanges by name (or one), what the rule says
Case = tuple[str, str, Exchange | dict[str, Exchange], list[str]]


def event(value: Json) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def choice(delta: Json, finish: Json = None, index: Json = 0, **members: Json) -> Json:
    return {"index": index, "delta": delta, "finish_reason": finish, **members}


def chunk(*choices: Json, **members: Json) -> Json:
    return {**ENVELOPE, "choices": list(choices), **members}


def said(*words: str, finish: str | None = "stop") -> list[Json]:
    """Return the chunks of an answer of text."""
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in words)]
    last = [] if finish is None else [chunk(choice({}, finish))]
    return [*(chunk(choice(delta)) for delta in deltas), *last]


def body(chunks: Iterable[Json], end: bytes = DONE) -> bytes:
    return b"".join(map(event, chunks)) + end


def streamed(data: bytes, ask: Json = None, **members: Json) -> Exchange:
    request = Request("POST", "http://router/v1/chat/completions", (), ask or {})
    return Exchange("chat", "stream", request, 200, body=data, **members)


def text(*words: str, finish: str | None = "stop", end: bytes = DONE, **members: Json) -> Exchange:
    return streamed(body(said(*words, finish=finish), end), **members)


def plain(value: Json, ask: Json = None, **members: Json) -> Exchange:
    request = Request("POST", "http://router/v1/chat/completions", (), ask or {})
    data = json.dumps(value).encode()
    return Exchange("chat", "plain", request, 200, body=data, **members)


def answered(message: Json, finish: Json = "stop", **members: Json) -> Json:
    """Return a plain answer of one choice."""
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return {**ENVELOPE, "object": "chat.completion", "choices": choices, **members}


def script(*steps: Json, **members: Json) -> Json:
    return {"summary": "", "step": list(steps), **members}


REFUSED = Exchange("chat", "stream", status=502, body=b'{"error":{"message":"no"}}')


def told(case: Case) -> list[str]:
    rule, _, exchanges, _ = case
    named = exchanges if isinstance(exchanges, dict) else {"stream": exchanges}
    return [finding.message for finding in RULES[rule].check(Trial("made", named))]


def label(case: Case) -> str:
    return f"{case[0]}: {case[1]}"


def unbroken(cases: Iterable[Case], *modules: object) -> set[str]:
    """Return the rules of these modules without a case that breaks them and one that does not."""
    rules = {v.id for module in modules for v in vars(module).values() if isinstance(v, Rule)}
    broken = {rule for rule, _, _, messages in cases if messages}
    return rules - (broken & {rule for rule, _, _, messages in cases if not messages})
