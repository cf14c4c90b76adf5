"""The same steps folded into one chat completion."""

from collections.abc import Mapping

from mockprovider.shapes import Json
from mockprovider.steps import Arguments, Call, Cite, Finish, Refuse, Say, Steps, Think, Usage
from mockprovider.surfaces import openai
from mockprovider.surfaces.chat import members
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.chat.tools import as_object
from mockprovider.surfaces.neutral import listed
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT, WORDS, present


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the body of an answer that is not streamed."""
    own = Habits(**habits)
    indexes = sorted({getattr(step, "choice", None) or 0 for step in steps})
    choices = [_choice(index, _of(steps, index), ask, own) for index in indexes]
    body = members.envelope("chat.completion", own) | {"choices": choices}
    usage = next((step for step in steps if isinstance(step, Usage)), None)
    if usage is not None:
        body["usage"] = members.usage(usage, own)
    return members.text(present({**body, **own.chunk_extra}), own)


def _of(steps: Steps, index: int) -> Steps:
    return tuple(step for step in steps if (getattr(step, "choice", None) or 0) == index)


def _choice(index: int, steps: Steps, ask: Ask, habits: Habits) -> dict[str, Json]:
    finish = next((step for step in steps if isinstance(step, Finish)), None)
    return present(
        {
            "index": index,
            "message": _message(steps, habits),
            "logprobs": _logprobs(steps, ask) or WORDS[habits.logprobs],
            "finish_reason": finish.reason if finish else None,
            **habits.choice_extra,
        }
    )


def _message(steps: Steps, habits: Habits) -> dict[str, Json]:
    said = [step.whole * step.repeat for step in steps if isinstance(step, Say)]
    said += [step.say for step in steps if isinstance(step, Finish) and step.say]
    refused = [step.text for step in steps if isinstance(step, Refuse)]
    message: dict[str, Json] = {
        "role": "assistant",
        "content": "".join(said) if said else None,
        "refusal": "".join(refused) if refused else None,
        "annotations": [members.citation(step) for step in steps if isinstance(step, Cite)],
    }
    for step in steps:
        if isinstance(step, Say | Finish):
            message |= step.extra
        if isinstance(step, Think):
            _join(message, members.reasoning(step, habits))
    told = listed(message.pop("tool_calls", None))
    # What is merged into a delta is written as a delta: its calls have an index.
    extra = [present({**call, "index": ABSENT}) for call in told]
    if calls := [*_calls(steps, habits), *extra]:
        message["tool_calls"] = calls
    return message


def _join(message: dict[str, Json], more: Mapping[str, Json]) -> None:
    for name, value in more.items():
        message[name] = message[name] + value if name in message else value


def _calls(steps: Steps, habits: Habits) -> list[dict[str, Json]]:
    arguments = {step.id: "".join(step.fragments) for step in steps if isinstance(step, Call)}
    for step in steps:
        if isinstance(step, Arguments):
            arguments[step.of] += step.text
    parse = as_object if habits.tool_arguments == "object" else str
    return [
        {
            "id": step.id,
            "type": "function",
            "function": {"name": step.name, "arguments": parse(arguments[step.id])},
        }
        for step in steps
        if isinstance(step, Call)
    ]


def _logprobs(steps: Steps, ask: Ask) -> dict[str, Json] | None:
    if ask.logprobs is None:
        return None
    top = ask.logprobs
    said = [
        row
        for step in steps
        if isinstance(step, Say)
        for row in openai.logprobs(step.whole, step.tokens, top)
    ]
    refused = [
        row
        for step in steps
        if isinstance(step, Refuse)
        for row in openai.logprobs(step.text, step.tokens, top)
    ]
    return {"content": said or None, "refusal": refused or None}
