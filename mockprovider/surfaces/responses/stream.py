"""Steps in, the events of a response stream out, or the response it ends with."""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from mockprovider import steps as say
from mockprovider.shapes import Json
from mockprovider.steps import Step, Steps
from mockprovider.surfaces import openai
from mockprovider.surfaces.neutral import aside, one_by_one
from mockprovider.surfaces.responses import members
from mockprovider.surfaces.responses.events import Events
from mockprovider.surfaces.responses.habits import Habits
from mockprovider.surfaces.responses.items import REASONING, REFUSAL, TEXT, Delta, Form, Item, Part
from mockprovider.surfaces.responses.members import State
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import WORDS, present, written
from mockprovider.timeline import ENDS, Close, Moment, Send, Timeline

Opened = Generator[Moment, None, Item]
DONE = Send(b"data: [DONE]\n\n", "done")
# The steps before which the provider tells that it has begun.
ANSWER = say.Spoken | say.Usage | say.Error | say.Ping
OPENINGS = {
    "both": (("created", "in_progress"), ("in_progress", "in_progress")),
    "created": (("created", "in_progress"),),
    "queued": (("created", "queued"), ("queued", "queued"), ("in_progress", "in_progress")),
    "none": (),
}


def stream(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render the steps of a streamed answer."""
    timeline = tuple(Rendering(ask, Habits(**habits), one_by_one(steps)).render())
    return timeline if timeline and isinstance(timeline[-1], ENDS) else (*timeline, Close())


def plain(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> bytes:
    """Render the body of an answer that is not streamed: the response as it is in the end."""
    rendering = Rendering(ask, Habits(**habits), one_by_one(steps))
    for _ in rendering.render():
        pass
    return written(rendering.response(rendering.state), rendering.habits.json)


@dataclass(slots=True)
class Rendering:
    """One response while it is being rendered; `until` is where a call has its last fragment."""

    ask: Ask
    habits: Habits
    script: Steps
    state: State = field(default_factory=State)
    at: int = 0
    items: list[Item] = field(default_factory=list)
    open: list[Item] = field(default_factory=list)
    events: Events = field(init=False)
    until: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.events = Events(self.ask, self.habits)
        self.until = {
            step.of: at for at, step in enumerate(self.script) if isinstance(step, say.Arguments)
        }

    def render(self) -> Iterator[Moment]:
        last = self._last()
        for at, step in enumerate(self.script):
            self.at = at
            if not self.events.count and isinstance(step, ANSWER):
                yield from self._opening()
            yield from self._step(step)
            if at == last:
                yield self._terminal()
        if self.habits.done and not (self.script and isinstance(self.script[-1], ENDS)):
            yield DONE

    def response(self, state: State) -> dict[str, Json]:
        """Return the response as it is so far."""
        given, number = json.loads(self.ask.given), self.events.count + 1
        return members.response(self._filled(state), given, self.habits, number=number)

    def _filled(self, state: State) -> State:
        if state.status == "failed":
            return state
        output = [self.events.told(item, done=True) for item in self.items]
        bills = (step for step in self.script if isinstance(step, say.Usage))
        return state._replace(output=output, usage=next(bills, None) if self.ask.usage else None)

    def _last(self) -> int | None:
        """Return where the response is complete: at its finish, or at its usage after that."""
        ends = say.Finish | say.Usage
        places = [at for at, step in enumerate(self.script) if isinstance(step, ends)]
        finishes = any(isinstance(self.script[at], say.Finish) for at in places)
        return places[-1] if finishes else None

    def _opening(self) -> Iterator[Send]:
        for kind, status in OPENINGS[self.habits.opening]:
            yield self.events.event(f"response.{kind}", {"response": self.response(State(status))})

    def _terminal(self) -> Send:
        response = self.response(self.state)
        if self.habits.output != "whole":
            response["output"] = [] if self.habits.output == "empty" else WORDS[self.habits.output]
        kind = f"response.{self.state.status}"
        return self.events.event(kind, {"response": present(response)}, sort="done")

    def _step(self, step: Step) -> Iterator[Moment]:
        match step:
            case say.Say():
                yield from self._said(step)
            case say.Refuse():
                yield from self._told("message", REFUSAL, Delta(step.text, step.tokens))
            case say.Think():
                yield from self._thought(step)
            case say.Cite():
                yield from self._cited(step)
            case say.Call():
                yield from self._called(step)
            case say.Arguments():
                item = next(i for i in reversed(self.items) if i.call and i.call.id == step.of)
                yield from self._argued(item, step.text)
            case say.Finish():
                self.state = members.ended(step.reason)
                for item in tuple(self.open):
                    yield from self._closed(item, self.state.status)
            case say.Usage():
                pass
            case _:
                yield from self._outside(step)

    def _outside(self, step: Step) -> Iterator[Moment]:
        """Render what is no part of the answer itself."""
        match step:
            case say.Error():
                yield from self._failed(step)
            case say.Ping() if self.habits.ping == "event":
                yield self.events.event("keepalive", {})
            case say.Ping():
                yield aside(say.Comment("ping"))
            case _:
                yield aside(step)

    def _said(self, step: say.Say) -> Iterator[Moment]:
        top = self.ask.logprobs
        rows = () if top is None else openai.logprobs(step.whole, step.tokens, top)
        delta = Delta(step.whole, step.tokens, rows, step.extra)
        for _ in range(step.repeat):
            yield from self._told("message", TEXT, delta)

    def _told(self, type: str, form: Form, delta: Delta) -> Iterator[Moment]:
        """Send a delta of text, once the item and the part it belongs to have begun."""
        item = yield from self._item(type)
        part = yield from self._part(item, form)
        part.pieces.append(delta.text)
        part.logprobs += delta.logprobs
        yield from self.events.text_delta(item, delta)

    def _thought(self, step: say.Think) -> Iterator[Moment]:
        if step.redacted:
            item = yield from self._new("reasoning")
            item.encrypted, item.unsent = step.text, step.tokens
            return
        item = yield from self._item("reasoning")
        form = REASONING[self.habits.reasoning]
        yield from self._told("reasoning", form, Delta(step.text, step.tokens))
        item.encrypted = step.signature

    def _cited(self, step: say.Cite) -> Iterator[Moment]:
        item = yield from self._item("message")
        part = yield from self._part(item, TEXT)
        span = {"start_index": step.start, "end_index": step.end}
        cited = {"type": "url_citation", **span, "url": step.url, "title": step.title}
        part.annotations.append(cited)
        yield self.events.annotation(item)

    def _called(self, step: say.Call) -> Iterator[Moment]:
        item = yield from self._new("function_call", step)
        if self.habits.arguments == "whole" and step.fragments:
            yield from self._argued(item, "".join(step.fragments), len(step.fragments))
            return
        for fragment in step.fragments:
            yield from self._argued(item, fragment)

    def _argued(self, item: Item, piece: str, tokens: int = 1) -> Iterator[Moment]:
        item.pieces.append(piece)
        yield from self.events.arguments_delta(item, piece, tokens)

    def _failed(self, step: say.Error) -> Iterator[Send]:
        error = openai.error(step)["error"]
        for form in self.habits.error:
            match form:
                case "nested":
                    yield self.events.event("error", {"error": error})
                case "flat":
                    flat = {name: error[name] for name in ("code", "message", "param")}
                    yield self.events.event("error", flat)
                case "bare":
                    data = written({"error": error}, self.habits.json)
                    yield Send(b"data: " + data + b"\n\n")
                case _:
                    self.state = State("failed", error=step)
                    yield self._terminal()

    def _item(self, type: str) -> Opened:
        """Go on with the open item of a type, or begin one; what is encrypted ends an item."""
        for item in self.open:
            if item.type == type and item.encrypted is None:
                return item
        return (yield from self._new(type))

    def _new(self, type: str, call: say.Call | None = None) -> Opened:
        """Begin an item; the others are done, but for calls that have more to say."""
        for other in tuple(self.open):
            if other.call is None or self.until.get(other.call.id, -1) < self.at:
                yield from self._closed(other, "completed")
        item = Item(type, len(self.items), call)
        self.items.append(item)
        self.open.append(item)
        yield self.events.bracket(item, done=False)
        return item

    def _closed(self, item: Item, status: str) -> Iterator[Send]:
        if item.parts:
            yield from self.events.part_done(item)
        if item.call is not None:
            yield from self.events.arguments_done(item, item.call.name)
        item.status = status
        self.open.remove(item)
        yield self.events.bracket(item, done=True)

    def _part(self, item: Item, form: Form) -> Generator[Moment, None, Part]:
        """Go on with the part of an item that grows, or begin another."""
        if not item.parts or item.last.form is not form:
            if item.parts:
                yield from self.events.part_done(item)
            item.parts.append(Part(form))
            yield from self.events.part_added(item)
        return item.last
