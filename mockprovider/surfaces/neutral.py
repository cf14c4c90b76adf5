"""Steps in, steps out, for APIs that say one thing at a time, or a call at once."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockprovider.shapes import Json
from mockprovider.steps import Arguments, Call, Comment, Finish, Raw, Say, Spoken, Step, Steps
from mockprovider.timeline import Moment, Send


def one_by_one(steps: Steps) -> Steps:
    """Return the steps of the first choice; what chat says in one delta are several steps."""
    own = (step for step in steps if not isinstance(step, Spoken) or not step.choice)
    return tuple(each for step in own for each in _apart(step))


def _apart(step: Step) -> Iterator[Step]:
    match step:
        case Say() if "tool_calls" in step.extra:
            calls, rest = calls_beside(step.extra)
            yield replace(step, extra=rest)
            yield from calls
        case Finish() if step.say or step.extra:
            calls, rest = calls_beside(step.extra)
            if step.say:
                yield Say(step.say, step.choice)
            yield from calls
            yield replace(step, say="", extra=rest)
        case _:
            yield step


def calls_beside(extra: Mapping[str, Json]) -> tuple[list[Call], dict[str, Json]]:
    """Take the calls out of what is merged into a chat delta."""
    rest = dict(extra)
    return [_call(call) for call in listed(rest.pop("tool_calls", ()))], rest


def listed(calls: Json) -> list[Mapping[str, Json]]:
    """Return the calls that are some; a delta may say anything, and chat says it as it is."""
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _call(told: Mapping[str, Json]) -> Call:
    function = told.get("function")
    members = function if isinstance(function, dict) else {}
    name, arguments = members.get("name", ""), members.get("arguments", "")
    return Call(_text(told.get("id", "")), _text(name), _text(arguments))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def whole(steps: Steps) -> Iterator[Step]:
    """Send each call at once, when the last of its arguments is due."""
    calls = {step.id: step for step in steps if isinstance(step, Call)}
    left = Counter(step.of for step in steps if isinstance(step, Arguments))
    for step in steps:
        match step:
            case Call() if left[step.id]:
                continue
            case Arguments():
                left[step.of] -= 1
                call = calls[step.of]
                calls[step.of] = replace(call, arguments=(*call.fragments, step.text))
                if not left[step.of]:
                    yield calls[step.of]
            case _:
                yield step


def aside(step: Step) -> Moment:
    """Render what is no part of an answer, and the same in every event stream."""
    match step:
        case Comment():
            return Send(f": {step.text}\n\n".encode(), "comment", 0)
        case Raw():
            return Send(step.data, "raw", step.data.count(b"\n\n"), times=step.repeat)
    return step  # type: ignore[return-value]
