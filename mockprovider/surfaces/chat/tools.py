"""Tool calls as chat streams them: a first fragment that names the call, then its arguments."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from mockprovider.shapes import Json
from mockprovider.steps import Arguments, Call, Steps
from mockprovider.surfaces.chat.habits import Habits
from mockprovider.surfaces.writing import ABSENT, WORDS, present

Fragment = tuple[dict[str, Json], int]


@dataclass(slots=True)
class Tools:
    """The calls opened so far in one stream."""

    habits: Habits
    calls: dict[str, Call] = field(default_factory=dict)
    indexes: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def only_one(self, script: Steps) -> bool:
        """Tell whether the script calls one tool per choice."""
        choices = [step.choice for step in script if isinstance(step, Call)]
        return len(choices) == len(set(choices))

    def opened(self, call: Call) -> Iterator[Fragment]:
        """Yield the deltas of a call, each with its tokens."""
        choice = call.choice or 0
        self.indexes[call.id] = self.counts.get(choice, 0)
        self.counts[choice] = self.indexes[call.id] + 1
        self.calls[call.id] = call
        first, rest = self._shared(call.fragments)
        yield self._fragment(call, self._named(call), first), len(call.fragments) - len(rest)
        for piece in rest:
            yield self._later(call, piece), 1

    def more(self, step: Arguments) -> Iterator[Fragment]:
        """Yield one more fragment of a call opened before."""
        yield self._later(self.calls[step.of], step.text), 1

    def _shared(self, fragments: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        """Split the arguments into what the first fragment carries and what follows."""
        match self.habits.tool_arguments:
            case "whole":
                return "".join(fragments), ()
            case "object":
                return as_object("".join(fragments)), ()
            case "first-piece":
                return "".join(fragments[:1]), fragments[1:]
        return "", fragments

    def _named(self, call: Call) -> dict[str, Json]:
        ids = {"given": call.id, "absent": ABSENT, "empty": ""}
        kind = WORDS.get(self.habits.tool_type, "function")
        return {"id": ids[self.habits.tool_id], "type": kind, "name": call.name}

    def _later(self, call: Call, piece: str) -> dict[str, Json]:
        habit = self.habits.tool_later
        if habit == "repeat":
            return self._fragment(call, self._named(call), piece)
        word = WORDS[habit]
        kind = "function" if habit == "empty" else word
        return self._fragment(call, {"id": word, "type": kind, "name": word}, piece)

    def _fragment(self, call: Call, named: dict[str, Json], arguments: Json) -> dict[str, Json]:
        function = present({"name": named["name"], "arguments": arguments})
        native = self.indexes[call.id]
        index = WORDS.get(self.habits.tool_index, native)
        members = {"index": index, "id": named["id"], "type": named["type"], "function": function}
        return {"tool_calls": [present(members)]}


def as_object(arguments: str) -> Json:
    """Parse arguments, for vendors that do not send them as a text."""
    try:
        return json.loads(arguments or "{}")
    except json.JSONDecodeError:
        return arguments
