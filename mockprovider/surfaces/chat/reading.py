"""The body of a chat request in, what it asks or why it is refused out."""

from collections.abc import Iterator, Mapping

from mockprovider.requests import dotted, refusal
from mockprovider.shapes import Json, Mismatch, mismatches
from mockprovider.steps import Error
from mockprovider.surfaces.chat.request import REQUEST, ROLES
from mockprovider.surfaces.openai import invalid, stops, typed, understood
from mockprovider.surfaces.surface import Ask, Reading

Body = Mapping[str, Json]


def read(body: Json, context: str = "") -> Reading:
    """Understand a chat request as strictly as OpenAI does."""
    wrong = list(errors(body))
    known = body if isinstance(body, dict) else {}
    return understood(known, wrong, ask(known), prompt(known))


def errors(body: Json) -> Iterator[Error]:
    """Yield everything OpenAI would refuse, in the order it would."""
    wrong = [*mismatches(REQUEST, body, root=REQUEST)] or [*_messages(body["messages"])]
    yield from map(refusal, wrong)
    if not wrong:
        yield from _together(body)
        yield from _tool_messages(body["messages"])


def ask(body: Body) -> Ask:
    """Read what shapes the answer; a member of a wrong type counts as not given."""
    options = typed(body, "stream_options", dict) or {}
    return Ask(
        stream=body.get("stream") is True,
        n=typed(body, "n", int) or 1,
        limit=typed(body, "max_completion_tokens", int) or typed(body, "max_tokens", int),
        stop=stops(body),
        logprobs=(typed(body, "top_logprobs", int) or 0) if body.get("logprobs") is True else None,
        parallel=body.get("parallel_tool_calls") is not False,
        usage=options.get("include_usage") is True,
        obfuscation=options.get("include_obfuscation") is True,
    )


def prompt(body: Body) -> str:
    """Return the text of the last message."""
    messages = typed(body, "messages", list) or [{}]
    content = messages[-1].get("content") if isinstance(messages[-1], dict) else ""
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _messages(messages: list[Body]) -> Iterator[Mismatch]:
    for index, message in enumerate(messages):
        shape, path = ROLES.get(message["role"]), ("messages", index)
        if shape is None:
            yield Mismatch((*path, "role"), "enum", list(ROLES), message["role"], {})
        else:
            yield from mismatches(shape, message, root=shape, path=path)


def _together(body: Body) -> Iterator[Error]:
    """Yield what is wrong with members that depend on one another."""
    for name, needs, enabled in (
        ("stream_options", "stream", body.get("stream")),
        ("top_logprobs", "logprobs", body.get("logprobs")),
    ):
        if body.get(name) is not None and not enabled:
            yield invalid(
                f"The '{name}' parameter is only allowed when '{needs}' is enabled.", name
            )
    for name in ("tool_choice", "parallel_tool_calls"):
        if body.get(name) not in (None, "none") and not body.get("tools"):
            yield invalid(f"'{name}' is only allowed when 'tools' are specified.", name)
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield invalid(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
        )
    yield from _forced_tool(body)


def _forced_tool(body: Body) -> Iterator[Error]:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") not in ("function", "custom"):
        return
    kind = choice["type"]
    name = (choice.get(kind) or {}).get("name")
    known = [tool[kind].get("name") for tool in body.get("tools") or () if kind in tool]
    if name not in known:
        yield invalid(f"Tool choice '{kind} {name}' not found in 'tools' parameter.", "tool_choice")


def _tool_messages(messages: list[Body]) -> Iterator[Error]:
    """Yield tool results that answer no call, and calls that get no result."""
    open_calls, caller = list[str](), 0
    for index, message in enumerate(messages):
        if message["role"] != "tool":
            if open_calls:
                break
            asks = message["role"] == "assistant"  # whoever else has calls, has an unknown member
            calls = (message.get("tool_calls") if asks else None) or ()
            open_calls, caller = [call["id"] for call in calls], index
        elif message["tool_call_id"] in open_calls:
            open_calls.remove(message["tool_call_id"])
        else:
            yield invalid(
                "messages with role 'tool' must be a response to a preceeding message with "
                "'tool_calls'.",
                dotted(("messages", index, "role")),
            )
            return
    if open_calls:
        yield invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(open_calls),
            dotted(("messages", caller, "tool_calls")),
        )
