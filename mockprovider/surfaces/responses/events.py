"""What happens in a response in, numbered and framed events out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mockprovider.shapes import Json
from mockprovider.slots import slot
from mockprovider.surfaces import openai
from mockprovider.surfaces.responses.habits import Habits
from mockprovider.surfaces.responses.items import REFUSAL, TEXT, Delta, Item
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT, present, written
from mockprovider.timeline import Send

Members = Mapping[str, Json]
FIRST = {"from-zero": 0, "from-one": 1}
LOGPROBS: Members = {"empty": [], "null": None, "absent": ABSENT}


@dataclass(slots=True)
class Events:
    """The events of one stream; `count` of them have been made."""

    ask: Ask
    habits: Habits
    count: int = 0

    def event(self, kind: str, members: Members, *, tokens: int = 0, sort: str = "event") -> Send:
        """Frame an event, under the next number."""
        first = FIRST.get(self.habits.sequence)
        number = ABSENT if first is None else self.count + first
        own = {"type": kind, "sequence_number": number, **members, **self.habits.event_extra}
        self.count += 1
        name = f"event: {kind}\n" if self.habits.event_names else ""
        data = written(present(own), self.habits.json)
        return Send(name.encode() + b"data: " + data + b"\n\n", sort, tokens=tokens)

    def bracket(self, item: Item, *, done: bool) -> Send:
        """Tell that an item begins, or that it is done and what it became."""
        kind = "response.output_item.done" if done else "response.output_item.added"
        members = {"output_index": item.index, "item": self.told(item, done=done)}
        return self.event(kind, members, tokens=item.unsent)

    def part_added(self, item: Item) -> Iterator[Send]:
        form = item.last.form
        if not form.silent:
            part = item.last.content(self._logprobs(()))
            yield self._in_part(item, f"{form.bracket}.added", {"part": part})

    def part_done(self, item: Item) -> Iterator[Send]:
        form, part = item.last.form, item.last
        if form.silent:
            return
        logprobs = self._logprobs(part.logprobs) if form is TEXT else ABSENT
        told = {form.text: part.text, "logprobs": logprobs}
        yield self._in_part(item, f"{form.stem}.done", told)
        # OpenAI leaves the log probabilities out here, and has them again in the item.
        whole = part.content(self._logprobs(()))
        yield self._in_part(item, f"{form.bracket}.done", {"part": whole})

    def text_delta(self, item: Item, delta: Delta) -> Iterator[Send]:
        form = item.last.form
        if form.silent:
            item.unsent += delta.tokens
            return
        told = {
            "delta": delta.text,
            "logprobs": self._logprobs(delta.logprobs) if form is TEXT else ABSENT,
            "obfuscation": ABSENT if form is REFUSAL else self._obfuscation(),
            **delta.extra,
        }
        yield self._in_part(item, f"{form.stem}.delta", told, tokens=delta.tokens)

    def annotation(self, item: Item) -> Send:
        """Tell of the newest annotation."""
        annotations = item.last.annotations
        told = {"annotation_index": len(annotations) - 1, "annotation": annotations[-1]}
        return self._in_part(item, "output_text.annotation.added", told)

    def arguments_delta(self, item: Item, piece: str, tokens: int) -> Iterator[Send]:
        if self.habits.arguments in ("done", "item"):
            item.unsent += tokens
            return
        told = {"delta": piece, "obfuscation": self._obfuscation()}
        yield self._about(item, "function_call_arguments.delta", told, tokens=tokens)

    def arguments_done(self, item: Item, name: str) -> Iterator[Send]:
        if self.habits.arguments == "item":
            return
        told = {"arguments": item.arguments, "name": name if self.habits.arguments_name else ABSENT}
        yield self._about(item, "function_call_arguments.done", told, tokens=item.unsent)
        item.unsent = 0

    def told(self, item: Item, *, done: bool) -> Members:
        """Return an item as it is so far."""
        habit = self.habits.item_status
        # OpenAI's reasoning has no status on the wire.
        mute = habit == "absent" or (habit == "native" and item.type == "reasoning")
        own = {"id": self._id(item, done=done), "status": ABSENT if mute else item.status}
        return present({**own, **item.content(self._logprobs(())), **self.habits.item_extra})

    def _about(self, item: Item, kind: str, told: Members, *, tokens: int = 0) -> Send:
        place = {"item_id": self._id(item), "output_index": item.index}
        return self.event(f"response.{kind}", {**place, **told}, tokens=tokens)

    def _in_part(self, item: Item, kind: str, told: Members, *, tokens: int = 0) -> Send:
        shift = self.habits.content_index if item.type == "message" else 0
        place = {item.last.form.index: len(item.parts) - 1 + shift}
        return self._about(item, kind, {**place, **told}, tokens=tokens)

    def _id(self, item: Item, *, done: bool = False) -> str:
        plus = {"rotating": self.count + 1, "changing": int(done)}.get(self.habits.item_id, 0)
        return f"{item.prefix}_{item.index}_{slot('id', plus)}"

    def _logprobs(self, rows: Json) -> Json:
        return list(rows) or LOGPROBS[self.habits.logprobs]

    def _obfuscation(self) -> Json:
        return openai.OBFUSCATION if self.ask.obfuscation else ABSENT
