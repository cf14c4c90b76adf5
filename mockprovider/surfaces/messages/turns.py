"""The messages of a request as a conversation: what must go together in it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from mockprovider.shapes import Json
from mockprovider.surfaces.messages.content import blocks_of
from mockprovider.surfaces.messages.refusals import Wrong, at, placed

Body = Mapping[str, Json]
THOUGHTS = ("thinking", "redacted_thinking")
NOT_FIRST = (
    "Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is enabled, "
    "a final `assistant` message must start with a thinking block (preceeding the lastmost set of "
    "`tool_use` and `tool_result` blocks). To avoid this requirement, disable `thinking`."
)


class Turn(NamedTuple):
    """What one role says in a row; consecutive messages of a role are one turn."""

    number: int
    role: str
    blocks: list[Body]

    def ids(self, kind: str, name: str) -> list[str]:
        return [block[name] for block in self.blocks if block["type"] == kind]


def turns(messages: list[Body]) -> list[Turn]:
    """Return the conversation, its system messages left out."""
    spoken = [(at, message) for at, message in enumerate(messages) if message["role"] != "system"]
    grouped = [list(group) for _, group in groupby(spoken, key=lambda each: each[1]["role"])]
    return [
        Turn(group[0][0], group[0][1]["role"], [b for _, each in group for b in blocks_of(each)])
        for group in grouped
    ]


def errors(body: Body) -> Iterator[Wrong]:
    """Yield tool calls and results that do not match, and a thought that is missing."""
    conversation = turns(body["messages"])
    for number, turn in enumerate(conversation):
        before = conversation[number - 1] if number else None
        after = conversation[number + 1] if number + 1 < len(conversation) else None
        yield from _unanswered(turn, after)
        yield from _uncalled(turn, before)
    if (body.get("thinking") or {}).get("type") == "enabled":
        yield from _thoughtless(conversation)


def _unanswered(turn: Turn, after: Turn | None) -> Iterator[Wrong]:
    called = turn.ids("tool_use", "id")
    if len(set(called)) < len(called):
        yield placed(("messages", turn.number), "`tool_use` ids must be unique")
    # The results come first in the turn; what is behind other content does not count.
    answers = _leading(after.blocks) if after else []
    missing = [call for call in called if call not in answers]
    if missing:
        yield placed(
            ("messages", turn.number),
            "`tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` "
            "block in the next message.",
        )


def _leading(blocks: list[Body]) -> list[str]:
    ids = list[str]()
    for block in blocks:
        if block["type"] != "tool_result":
            break
        ids.append(block["tool_use_id"])
    return ids


def _uncalled(turn: Turn, before: Turn | None) -> Iterator[Wrong]:
    called = before.ids("tool_use", "id") if before else []
    for number, block in enumerate(turn.blocks):
        if block["type"] != "tool_result":
            continue
        path, answers = ("messages", turn.number, "content", number), block["tool_use_id"]
        if answers not in called:
            yield placed(
                path,
                f"unexpected `tool_use_id` found in `tool_result` blocks: {answers}. Each "
                "`tool_result` block must have a corresponding `tool_use` block in the previous "
                "message.",
            )
        elif answers in [each.get("tool_use_id") for each in turn.blocks[:number]]:
            told = f"each tool_use must have a single result. Found several for {answers}"
            yield placed(path, told)


def _thoughtless(conversation: list[Turn]) -> Iterator[Wrong]:
    """What is still being answered must begin with the thought it came from."""
    at_work = len(conversation) - 1
    while at_work >= 2 and conversation[at_work].ids("tool_result", "tool_use_id"):  # noqa: PLR2004
        at_work -= 2
    open_turn = at_work if conversation[at_work].role == "assistant" else at_work + 1
    if open_turn >= len(conversation):
        return
    turn = conversation[open_turn]
    found = turn.blocks[0]["type"] if turn.blocks else "text"
    if found not in THOUGHTS:
        yield placed(("messages", turn.number, "content", 0, "type"), NOT_FIRST.format(found=found))


def thinking_errors(body: Body, betas: str) -> Iterator[Wrong]:
    """Yield what cannot be had together with thinking."""
    thinking = body.get("thinking") or {}
    if thinking.get("type") not in ("enabled", "adaptive"):
        return
    budget = thinking.get("budget_tokens", -1)
    if budget >= body.get("max_tokens", budget + 1) and "interleaved-thinking" not in betas:
        told = "`max_tokens` must be greater than `thinking.budget_tokens`."
        yield at(("max_tokens",), told)
    if body.get("temperature") not in (None, 1):
        told = "`temperature` may only be set to 1 when thinking is enabled."
        yield at(("temperature",), told)
    if body.get("top_k") is not None:
        yield at(("top_k",), "`top_k` must be unset when thinking is enabled.")
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        told = "Thinking may not be enabled when tool_choice forces tool use."
        yield at(("tool_choice",), told)
