"""Steps in, the events of a Messages stream out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mockprovider import steps as say
from mockprovider.shapes import Json
from mockprovider.steps import Steps
from mockprovider.surfaces import openai
from mockprovider.surfaces.messages import members
from mockprovider.surfaces.messages.blocks import Delta, Part, Start, Stop, complete, parts
from mockprovider.surfaces.messages.habits import Habits
from mockprovider.surfaces.neutral import aside, one_by_one
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT, present, written
from mockprovider.timeline import ENDS, Close, Moment, Send, Timeline

PING = {"type": "ping"}
SENTINEL = Send(b"data: [DONE]\n\n", "done")
# The service pads its JSON to a random length; a stride of so many columns serves as well.
STRIDE, WIDTH = 7, 16
INDEXES: dict[str, Callable[[int], Json]] = {
    "contiguous": lambda at: at,
    "gaps": lambda at: 2 * at,
    "from-one": lambda at: at + 1,
    "zero": lambda _: 0,
    "absent": lambda _: ABSENT,
}


def stream(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render the steps of a streamed answer."""
    rendering = Rendering(Habits(**habits), one_by_one(steps))
    timeline = tuple(rendering.render())
    return timeline if timeline and isinstance(timeline[-1], ENDS) else (*timeline, Close())


@dataclass(slots=True)
class Rendering:
    """One stream while it is being rendered."""

    habits: Habits
    script: Steps
    opened: bool = False
    blocks: int = 0
    events: int = 0

    def render(self) -> Iterator[Moment]:
        for part in parts(self.script, self.habits):
            yield from self._part(part)
        if complete(self.script):
            yield from self._end()

    def _part(self, part: Part) -> Iterator[Moment]:
        match part:
            case Start():
                yield from self._start(part)
            case Delta():
                body = {"type": "content_block_delta", **self._index(), "delta": part.delta}
                yield replace(self._event(body, part.tokens), times=part.repeat)
                yield from self._ping("every-delta")
            case Stop():
                yield self._event({"type": "content_block_stop", **self._index()})
            case say.Finish():
                yield from self._finish(part)
            case say.Usage():
                yield from self._usage()
            case say.Ping():
                yield from self._open()
                yield self._event(PING)
            case say.Error():
                yield self._error(part)
            case _:
                yield aside(part)

    def _open(self) -> Iterator[Moment]:
        """Start the message before the first event that belongs to it."""
        if self.opened:
            return
        self.opened = True
        usage = members.start_usage(members.bill(self.script), self.habits)
        message = members.message(self.habits) | {"usage": usage, **self.habits.message_extra}
        yield self._event({"type": "message_start", "message": present(message)})
        yield from self._ping("start")

    def _start(self, part: Start) -> Iterator[Moment]:
        yield from self._open()
        self.blocks += 1
        block = {"type": "content_block_start", **self._index(), "content_block": part.block}
        yield self._event(block, part.tokens)
        yield from self._ping("every-block", "first-block" if self.blocks == 1 else "")

    def _finish(self, step: say.Finish | None) -> Iterator[Moment]:
        yield from self._open()
        if not self.blocks:
            yield from self._ping("first-block")
        usage = members.end_usage(members.bill(self.script), self.habits)
        ending = members.ending(step, self.script, self.habits)
        ending |= step.extra if step else {}
        event = self._event(present({"type": "message_delta", "delta": ending, "usage": usage}))
        yield from (event,) * (2 if self.habits.delta_twice else 1)

    def _usage(self) -> Iterator[Moment]:
        """State usage where no finish will: it comes with the finish otherwise."""
        if not any(isinstance(step, say.Finish) for step in self.script):
            yield from self._finish(None)

    def _end(self) -> Iterator[Moment]:
        yield from self._open()
        if self.habits.done == "none":
            return
        stop = self._event({"type": "message_stop"}, kind="done")
        if self.habits.done == "sentinel":
            stop = Send(stop.data)
        yield stop
        yield from self._ping("after-stop")
        if self.habits.done == "sentinel":
            yield SENTINEL

    def _ping(self, *habits: str) -> Iterator[Moment]:
        if self.habits.ping in habits:
            yield self._event(PING)

    def _error(self, step: say.Error) -> Send:
        match self.habits.error:
            case "openai":
                return self._event(openai.error(step), name="error")
            case "data-only":
                return self._event(members.error(step), name="")
        return self._event(members.error(step))

    def _index(self) -> dict[str, Json]:
        return present({"index": INDEXES[self.habits.index](self.blocks - 1)})

    def _event(
        self, body: Mapping[str, Json], tokens: int = 0, *,
        kind: str = "event", name: str | None = None,
    ) -> Send:  # fmt: skip
        names = {"absent": "", "message": "message"}
        name = names.get(self.habits.event_names, body.get("type")) if name is None else name
        line = f"event: {name}\n".encode() if name else b""
        return Send(line + b"data: " + self._data(body) + b"\n\n", kind, tokens=tokens)

    def _data(self, body: Mapping[str, Json]) -> bytes:
        data = written({**body, **self.habits.event_extra}, self.habits.json)
        if not self.habits.padding:
            return data
        if body is PING:
            return written({**body, **self.habits.event_extra}, "spaced")
        self.events += 1
        return data[:-1] + b" " * (STRIDE * self.events % WIDTH) + b"}"
