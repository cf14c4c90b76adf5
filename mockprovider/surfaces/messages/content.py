"""The messages of a request, one by one: what Anthropic objects to in each."""

import re
from collections.abc import Iterator, Mapping

from mockprovider.shapes import Json, Path, mismatches
from mockprovider.surfaces.messages import members
from mockprovider.surfaces.messages.refusals import Wrong, at, mismatched, no_such_tag, placed
from mockprovider.surfaces.messages.request import BLOCKS, SERVER_TOOL, TOOL

Body = Mapping[str, Json]
ROLES = ("user", "assistant")
MAX_BREAKPOINTS = 4
EMPTY = "all messages must have non-empty content except for the optional final assistant message"
SYSTEM = (
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, '
    'not "system" as an input message role.'
)


def blocks_of(message: Body) -> list[Body]:
    """Return the content of a message as blocks; a text is short for one."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def errors(body: Body) -> Iterator[Wrong]:
    """Yield what is wrong with each message, and with the system prompt."""
    messages = body["messages"]
    if not messages:
        yield placed(("messages",), "at least one message is required")
    for index, message in enumerate(messages):
        yield from _role(messages, index)
        final = index == len(messages) - 1 and message["role"] == "assistant"
        if not message["content"] and not final:
            yield placed(("messages", index), EMPTY)
        elif isinstance(message["content"], list):
            for number, block in enumerate(message["content"]):
                path = ("messages", index, "content", number)
                yield from _block(block, path, message["role"])
    system = body.get("system")
    for index, block in enumerate(system if isinstance(system, list) else ()):
        yield from _block(block, ("system", index), "system")
    yield from _ending(messages)
    yield from _breakpoints(body)


def _role(messages: list[Body], index: int) -> Iterator[Wrong]:
    role = messages[index]["role"]
    path = ("messages", index, "role")
    if role == "system":
        # Newer models take one in the middle of a conversation, behind a turn of the user.
        if index == 0 or messages[index - 1]["role"] != "user":
            yield at(path, SYSTEM)
    elif role not in ROLES:
        yield placed(path, "Input should be 'user' or 'assistant'")
    elif index == 0 and role != "user":
        yield at(path, 'messages: first message must use the "user" role')


def _block(block: Json, path: Path, role: str) -> Iterator[Wrong]:
    if not isinstance(block, dict) or "type" not in block:
        told = "Field required" if isinstance(block, dict) else "Input should be a valid dictionary"
        yield placed((*path, "type") if isinstance(block, dict) else path, told)
        return
    kind = block["type"]
    if not isinstance(kind, str) or kind not in BLOCKS:
        yield no_such_tag(path, kind, list(BLOCKS))
        return
    shape, roles = BLOCKS[kind]
    wrong = [mismatched(each) for each in mismatches(shape, block, root=shape, path=(*path, kind))]
    yield from wrong
    if role not in roles:
        allowed = " or ".join(f"`{each}`" for each in roles)
        yield placed(path, f"`{kind}` blocks can only be in {allowed} messages")
    if not wrong:
        yield from _inside(block, path, role)


def _inside(block: Body, path: Path, role: str) -> Iterator[Wrong]:
    """Yield what the shape of a block does not tell."""
    match block["type"]:
        case "text" if not block["text"]:
            yield at(path, f"{path[0]}: text content blocks must be non-empty")
        case "text" if not block["text"].strip():
            yield at(path, f"{path[0]}: text content blocks must contain non-whitespace text")
        case "thinking" if not _genuine(block):
            yield placed(path, "Invalid `signature` in `thinking` block")
        case "tool_result" if isinstance(block.get("content"), list):
            for number, inner in enumerate(block["content"]):
                yield from _block(inner, (*path, "tool_result", "content", number), role)


def _genuine(block: Body) -> bool:
    """Tell whether a thought came back with its signature; one of the mock's own shows changes."""
    signature = block["signature"]
    if signature.startswith(members.SIGNED):
        return bool(signature == members.signature(block["thinking"]))
    return bool(signature)


def _ending(messages: list[Body]) -> Iterator[Wrong]:
    """A prefilled answer must not end in white space."""
    if not messages or messages[-1]["role"] != "assistant":
        return
    last = (blocks_of(messages[-1]) or [{}])[-1]
    text = last.get("text") if isinstance(last, dict) else None
    if isinstance(text, str) and text != text.rstrip():
        told = "messages: final assistant content cannot end with trailing whitespace"
        yield at(("messages", len(messages) - 1, "content"), told)


def _breakpoints(body: Body) -> Iterator[Wrong]:
    found = _count(body)
    if found > MAX_BREAKPOINTS:
        told = f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided."
        yield at((), f"{told} Found {found}.")


def _count(value: Json) -> int:
    # Without recursion: a body may be nested as deep as its parser goes.
    found, rest = 0, [value]
    while rest:
        match rest.pop():
            case dict() as inner:
                found += bool(inner.get("cache_control"))
                rest += inner.values()
            case list() as inner:
                rest += inner
    return found


def tool_errors(body: Body) -> Iterator[Wrong]:
    """Yield what is wrong with the tools."""
    tools = body.get("tools") or ()
    for index, tool in enumerate(tools):
        kind, path = tool.get("type"), ("tools", index)
        if kind in (None, "custom"):
            shaped = mismatches(TOOL, tool, root=TOOL, path=(*path, "custom"))
            yield from map(mismatched, shaped)
        elif not isinstance(kind, str) or not re.search(SERVER_TOOL, kind):
            yield no_such_tag(path, kind, ["custom", "bash_20250124", "web_search_20250305"])
    names = [tool.get("name") for tool in tools]
    if len({*map(str, names)}) < len(names):
        yield placed(("tools",), "Tool names must be unique.")
