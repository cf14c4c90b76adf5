"""The body of a Responses request in, what it asks or why it is refused out."""

import json
import re
from collections.abc import Iterator, Mapping

from mockprovider.requests import dotted, refusal
from mockprovider.shapes import Json, Mismatch, Path, mismatches
from mockprovider.steps import Error
from mockprovider.surfaces.openai import invalid, typed, understood
from mockprovider.surfaces.responses.members import REPEATED
from mockprovider.surfaces.responses.request import (
    FORMATS,
    ID_PREFIXES,
    ITEMS,
    MOVED,
    PARTS,
    REQUEST,
    ROLES,
    TOOLS,
)
from mockprovider.surfaces.surface import Ask, Objection, Reading

Body = Mapping[str, Json]
LOGPROBS = "message.output_text.logprobs"
# The mock stores nothing: it knows its own ids by their form.
OWN_ID = re.compile(r"resp_[A-Za-z0-9._-]{1,64}-\d+")
INPUTS = ("input", "previous_response_id", "prompt", "conversation")
NO_INPUT = invalid(
    'One of "input" or "previous_response_id" or \'prompt\' or \'conversation_id\' must be '
    "provided.", "input", "missing_required_parameter",
)  # fmt: skip


def read(body: Json, context: str = "") -> Reading:
    """Understand a request as strictly as OpenAI does."""
    wrong = list(errors(body))
    known = body if isinstance(body, dict) else {}
    odd = () if wrong else oddities(known)
    return understood(known, wrong, ask(known), prompt(known), odd)


def errors(body: Json) -> Iterator[Error]:
    """Yield everything OpenAI would refuse, in the order it would."""
    wrong = [_told(each) for each in mismatches(REQUEST, body, root=REQUEST)]
    yield from wrong
    if not wrong:
        inner = [*_items(body), *_tools(body), *_format(body)]
        yield from map(refusal, inner)
        if not inner:
            yield from _together(body)


def ask(body: Body) -> Ask:
    """Read what shapes the answer; a member of a wrong type counts as not given."""
    options = typed(body, "stream_options", dict) or {}
    top = typed(body, "top_logprobs", int) or 0
    given = {name: body[name] for name in REPEATED if body.get(name) is not None}
    return Ask(
        stream=body.get("stream") is True,
        limit=typed(body, "max_output_tokens", int),
        logprobs=top if LOGPROBS in (typed(body, "include", list) or ()) else None,
        parallel=body.get("parallel_tool_calls") is not False,
        usage=True,
        obfuscation=options.get("include_obfuscation") is not False,
        given=json.dumps(given),
    )


def prompt(body: Body) -> str:
    """Return the text of the last item of the input."""
    items = body.get("input")
    last = items[-1] if isinstance(items, list) and items else {"content": items}
    content = last.get("content") if isinstance(last, dict) else ""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def oddities(body: Body) -> Iterator[Objection]:
    """Yield what OpenAI answers, and hardly anyone can have meant."""
    if body.get("stream_options") and not body.get("stream"):
        yield Objection("body.stream_options", "the answer is not streamed")
    if body.get("top_logprobs") and LOGPROBS not in (body.get("include") or ()):
        yield Objection("body.top_logprobs", f"'include' lacks {LOGPROBS!r}")
    if body.get("background"):
        yield Objection("body.background", "the mock stores no response to be fetched later")
    if body.get("input") == []:
        yield Objection("body.input", "no item")


def _told(wrong: Mismatch) -> Error:
    """Say one mismatch in OpenAI's words; a member of chat completions has moved."""
    name = str(wrong.path[0]) if wrong.path else ""
    if wrong.keyword != "additionalProperties" or len(wrong.path) > 1 or name not in MOVED:
        return refusal(wrong)
    return invalid(
        f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to "
        f"'{MOVED[name]}'. Try again with the new parameter. See the API documentation for more "
        "information: https://platform.openai.com/docs/api-reference/responses/create.",
        name, "unsupported_parameter",
    )  # fmt: skip


def _items(body: Body) -> Iterator[Mismatch]:
    items = body.get("input")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        path = ("input", index)
        named = item if "type" in item or "role" not in item else {**item, "type": "message"}
        wrong = [*_tagged(named, path, ITEMS)]
        yield from wrong
        if not wrong and named["type"] == "message":
            yield from _content(item, path)


def _content(message: Body, path: Path) -> Iterator[Mismatch]:
    if message["role"] not in ROLES:
        yield Mismatch((*path, "role"), "enum", list(ROLES), message["role"], {})
        return
    allowed = {kind: PARTS[kind] for kind in ROLES[message["role"]]}
    parts = message["content"] if isinstance(message["content"], list) else ()
    for index, part in enumerate(parts):
        yield from _tagged(part, (*path, "content", index), allowed)


def _tools(body: Body) -> Iterator[Mismatch]:
    for index, tool in enumerate(body.get("tools") or ()):
        yield from _tagged(tool, ("tools", index), TOOLS)


def _format(body: Body) -> Iterator[Mismatch]:
    if form := (body.get("text") or {}).get("format"):
        yield from _tagged(form, ("text", "format"), FORMATS)


def _tagged(value: Body, path: Path, shapes: Mapping[str, Json]) -> Iterator[Mismatch]:
    """Check a value against the shape that goes with its type."""
    where, kind = (*path, "type"), value.get("type")
    if "type" not in value:
        yield Mismatch(where, "required", "type", value, {})
    elif not isinstance(kind, str):
        yield Mismatch(where, "type", ("string",), kind, {"type": "string"})
    elif kind not in shapes:
        yield Mismatch(where, "enum", list(shapes), kind, {})
    else:
        yield from mismatches(shapes[kind], value, root=shapes[kind], path=path)


def _together(body: Body) -> Iterator[Error]:
    """Yield what is wrong with members that depend on one another, or on what was before."""
    if all(body.get(name) is None for name in INPUTS):
        yield NO_INPUT
    yield from _previous(body.get("previous_response_id"))
    yield from _forced_tool(body)
    items = body.get("input")
    if isinstance(items, list):
        yield from _ids(items)
        if body.get("previous_response_id") is None and body.get("conversation") is None:
            yield from _pairs(items)


def _previous(id: str | None) -> Iterator[Error]:
    name = "previous_response_id"
    if id is not None and not id.startswith("resp"):
        yield _prefix(name, id, "resp")
    elif id is not None and not OWN_ID.fullmatch(id):
        message = f"Previous response with id '{id}' not found."
        yield invalid(message, name, "previous_response_not_found")


def _forced_tool(body: Body) -> Iterator[Error]:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice["type"] not in ("function", "custom"):
        return
    forced = (choice["type"], choice.get("name"))
    if forced not in [(tool["type"], tool.get("name")) for tool in body.get("tools") or ()]:
        message = f"Tool choice '{choice['type']}' not found in 'tools' parameter."
        yield invalid(message, "tool_choice")


def _ids(items: list[Body]) -> Iterator[Error]:
    for index, item in enumerate(items):
        wanted = ID_PREFIXES.get(item.get("type", ""))
        if wanted and item.get("id") is not None and not str(item["id"]).startswith(wanted):
            yield _prefix(dotted(("input", index, "id")), item["id"], wanted)


def _pairs(items: list[Body]) -> Iterator[Error]:
    """Yield calls without a result, and results without a call before them."""
    calls = list[str]()
    results = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    for item in items:
        kind = item.get("type")
        if kind == "function_call":
            calls.append(item["call_id"])
            if item["call_id"] not in results:
                yield invalid(f"No tool output found for function call {calls[-1]}.", "input")
        if kind == "function_call_output" and item["call_id"] not in calls:
            told = f"No tool call found for function call output with call_id {item['call_id']}."
            yield invalid(told, "input")


def _prefix(param: str, id: str, wanted: str) -> Error:
    told = f"Invalid '{param}': '{id}'. Expected an ID that begins with '{wanted}'."
    return invalid(told, param, "invalid_value")
