"""The body of a Messages request in, what it asks or why it is refused out."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from mockprovider.inbox import Request
from mockprovider.requests import INVALID
from mockprovider.shapes import Json, mismatches
from mockprovider.steps import Error
from mockprovider.surfaces.messages import content, turns
from mockprovider.surfaces.messages.refusals import Wrong, at, mismatched, no_such_tag, placed
from mockprovider.surfaces.messages.request import (
    ANSWER,
    BETA,
    PROMPT,
    SAMPLING,
    THINKING,
    TOOL_CHOICES,
    VERSIONS,
    closed,
)  # fmt: skip
from mockprovider.surfaces.openai import bearer, typed
from mockprovider.surfaces.surface import Ask, Objection, Reading

Body = Mapping[str, Json]


def key(request: Request) -> str | None:
    """Return the API key; the service takes it from either header, and the older one wins."""
    return (request.header("x-api-key") or "").strip() or bearer(request)


def context(request: Request) -> str:
    """Return the version asked for and the betas, on which the rest depends."""
    betas = [value for name, value in request.headers if name.lower() == "anthropic-beta"]
    return f"{request.header('anthropic-version') or ''} {','.join(betas)}"


def read(body: Json, context: str) -> Reading:
    """Understand a request as strictly as Anthropic does."""
    wrong = list(errors(body, context, frozenset(ANSWER)))
    return _reading(body, wrong)


def read_count(body: Json, context: str) -> Reading:
    """Understand a question for the length of a prompt."""
    wrong = list(errors(body, context, frozenset()))
    return _reading(body, wrong)


def errors(body: Json, context: str, answer: frozenset[str]) -> Iterator[Wrong]:
    """Yield everything Anthropic would refuse, in the order it would."""
    version, _, betas = context.partition(" ")
    yield from _version(version)
    shape = request_shape(newest=version == VERSIONS[-1], beta=bool(betas), answer=answer)
    wrong = [*map(mismatched, mismatches(shape, body, root=shape))]
    wrong = wrong or [*_unions(body), *content.errors(body), *content.tool_errors(body)]
    if wrong:
        yield from wrong
        return
    yield from turns.errors(body)
    yield from turns.thinking_errors(body, betas)
    yield from _together(body)
    if version == VERSIONS[-1]:
        yield from _no_longer(body)


def ask(body: Body) -> Ask:
    """Read what shapes the answer; a member of a wrong type counts as not given."""
    choice = typed(body, "tool_choice", dict) or {}
    return Ask(
        stream=body.get("stream") is True,
        limit=typed(body, "max_tokens", int),
        stop=tuple(map(str, typed(body, "stop_sequences", list) or ())),
        parallel=choice.get("disable_parallel_tool_use") is not True,
        usage=True,
    )


def prompt(body: Body) -> str:
    """Return the text of the last message."""
    messages = typed(body, "messages", list) or [{}]
    said = messages[-1].get("content") if isinstance(messages[-1], dict) else ""
    if isinstance(said, list):
        return " ".join(str(part.get("text", "")) for part in said if isinstance(part, dict))
    return said if isinstance(said, str) else ""


def _reading(body: Json, wrong: list[Wrong]) -> Reading:
    known = body if isinstance(body, dict) else {}
    refusal = Error(wrong[0].message, INVALID, None, None, 400) if wrong else None
    objections = [Objection(*each) for each in wrong]
    odd = [Objection(f"body.{name}", "null; leave it out") for name in _nulls(known)]
    return Reading(str(known.get("model", "")), ask(known), refusal, (*objections, *odd),
                   prompt(known))  # fmt: skip


@lru_cache
def request_shape(*, newest: bool, beta: bool, answer: frozenset[str]) -> dict[str, Json]:
    """Return the shape of a request of a version, with betas or without."""
    asked = {name: ANSWER[name] for name in ANSWER if name in answer}
    known = PROMPT | asked | (BETA if beta else {})
    if newest:
        known = {name: shape for name, shape in known.items() if name not in SAMPLING}
    required = [name for name in ("model", "max_tokens", "messages") if name in known]
    return closed(*required, **known)


def _version(version: str) -> Iterator[Wrong]:
    where = "header.anthropic-version"
    if not version:
        yield Wrong(where, "anthropic-version: header is required")
    elif version not in VERSIONS:
        yield Wrong(where, f"anthropic-version: '{version}' is not a valid version")


def _unions(body: Body) -> Iterator[Wrong]:
    """Yield what is wrong with members that have a shape for each type."""
    for name, shapes in (("tool_choice", TOOL_CHOICES), ("thinking", THINKING)):
        if (value := body.get(name)) is None:
            continue
        if (shape := shapes.get(value["type"])) is None:
            yield no_such_tag((name,), value["type"], list(shapes))
        else:
            shaped = mismatches(shape, value, root=shape, path=(name, value["type"]))
            yield from map(mismatched, shaped)


def _together(body: Body) -> Iterator[Wrong]:
    """Yield what is wrong with members that depend on one another."""
    for index, text in enumerate(body.get("stop_sequences") or ()):
        if not text.strip():
            told = "stop_sequences: each stop sequence must contain non-whitespace"
            yield at(("stop_sequences", index), told)
    choice, tools = body.get("tool_choice") or {}, body.get("tools") or ()
    if choice and not tools:
        yield at(("tool_choice",), "tool_choice may only be specified while providing tools.")
    elif choice.get("type") == "tool" and choice["name"] not in [t.get("name") for t in tools]:
        told = f"Tool '{choice['name']}' not found in provided tools"
        yield placed(("tool_choice", "tool", "name"), told)


def _no_longer(body: Body) -> Iterator[Wrong]:
    """Yield what the newest version took away besides the sampling parameters."""
    for index, message in enumerate(body["messages"]):
        for number, block in enumerate(content.blocks_of(message)):
            path = ("messages", index, "content", number)
            if message["role"] == "assistant" and block["type"] == "document":
                yield placed(path, "`document` blocks can only be in `user` messages")
            if message["role"] == "user" and block["type"] == "text" and block.get("citations"):
                yield placed((*path, "text", "citations"), "Extra inputs are not permitted")


def _nulls(body: Body) -> Iterator[str]:
    return (name for name, value in body.items() if value is None and name in PROMPT | ANSWER)
