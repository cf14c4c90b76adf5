"""The same steps folded into one message, as the documentation says a stream adds up."""

from collections.abc import Iterator, Mapping

from mockprovider.shapes import Json
from mockprovider.steps import Finish, Steps
from mockprovider.surfaces.messages import members
from mockprovider.surfaces.messages.blocks import Delta, Start, parsed, parts
from mockprovider.surfaces.messages.habits import Habits
from mockprovider.surfaces.neutral import one_by_one
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT, present, written


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the body of an answer that is not streamed."""
    own, script = Habits(**habits), one_by_one(steps)
    finish = next((step for step in script if isinstance(step, Finish)), None)
    body = {
        **members.message(own),
        "content": list(content(script, own)),
        **members.ending(finish, script, own),
        "usage": usage(script, own),
        **own.message_extra,
    }
    return written(present(body), own.json)


def count(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the answer to how long the prompt is: as long as the usage will say."""
    return written({"input_tokens": members.bill(steps).input}, "compact")


def content(steps: Steps, habits: Habits) -> Iterator[dict[str, Json]]:
    """Yield the blocks, each with all its deltas in it."""
    block, fragments = dict[str, Json](), list[str]()
    for part in parts(steps, habits):
        match part:
            case Start():
                yield from _done(block, fragments)
                block, fragments = dict(part.block), []
            case Delta(delta={"type": "input_json_delta", "partial_json": piece}):
                fragments.append(piece)
            case Delta():
                _add(block, part.delta, part.repeat)
    yield from _done(block, fragments)


def usage(steps: Steps, habits: Habits) -> Json:
    """Return the counts of the end over those of the start."""
    bill = members.bill(steps)
    known = members.start_usage(bill, habits), members.end_usage(bill, habits)
    stated = [each for each in known if each is not ABSENT]
    return {name: value for each in stated for name, value in each.items()} or ABSENT


def _done(block: dict[str, Json], fragments: list[str]) -> Iterator[dict[str, Json]]:
    if fragments:
        block["input"] = parsed("".join(fragments))
    if block:
        yield block


def _add(block: dict[str, Json], delta: dict[str, Json], repeat: int) -> None:
    """Add a delta to its block: texts are joined, citations collected, other members taken over."""
    for name, value in delta.items():
        match name:
            case "text" | "thinking" | "signature" if isinstance(value, str):
                before = block.get(name)
                block[name] = (before if isinstance(before, str) else "") + value * repeat
            case "citation":
                block.setdefault("citations", []).append(value)
            case "type":
                continue
            case _:
                block[name] = value
