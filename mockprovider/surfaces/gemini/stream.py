"""Steps in, the chunks of a streamed answer out: each is a whole response of its own."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mockprovider import steps as say
from mockprovider.shapes import Json
from mockprovider.steps import Step, Steps
from mockprovider.surfaces.gemini import members
from mockprovider.surfaces.gemini.framing import Elements, Events, Framing
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.gemini.pieces import Piece, finishes, pieces
from mockprovider.surfaces.surface import Ask
from mockprovider.surfaces.writing import ABSENT
from mockprovider.timeline import ENDS, Close, Moment, Send, Timeline

BLANK = re.compile(rb"\r?\n\r?\n")
# Where a script puts usage, in the words of the habit.
PLACES = {"every": "every", "finish": "last", "no-choices": "own"}
ON_DEMAND = {"trafficType": "ON_DEMAND"}


def events(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render a stream of events."""
    return _timeline(steps, ask, habits, Events())


def array(steps: Steps, ask: Ask, habits: Mapping[str, Json]) -> Timeline:
    """Render a stream that is one JSON array."""
    return _timeline(steps, ask, habits, Elements())


def _timeline(steps: Steps, ask: Ask, habits: Mapping[str, Json], framing: Framing) -> Timeline:
    own = Habits(**habits)
    ended = bool(steps) and isinstance(steps[-1], ENDS)
    rendering = Rendering(own, framing, _bill(steps, ask, own))
    timeline = tuple(rendering.render(pieces(steps, ask, own, thoughts=shown(ask))))
    return timeline if ended else (*timeline, *framing.end(), Close())


def shown(ask: Ask) -> bool:
    """Tell whether thoughts are to be seen: a request says whether, and nobody else does."""
    return bool(json.loads(ask.given).get("thoughts", True))


def _bill(steps: Steps, ask: Ask, habits: Habits) -> say.Usage | None:
    """Return the usage with the place where it is told, or nothing if it is not told."""
    bill = members.bill(steps)
    if bill is None or not (ask.usage or bill.unasked):
        return None
    return replace(bill, where=PLACES.get(bill.where, habits.usage))


@dataclass(slots=True)
class Rendering:
    """One stream while it is being rendered: what was said and thought so far, in tokens."""

    habits: Habits
    framing: Framing
    bill: say.Usage | None
    said: int = 0
    thought: int = 0

    def render(self, found: Iterator[Piece | Step]) -> Iterator[Moment]:
        script = list(found)
        ends = [at for at, each in enumerate(script) if finishes(each)]
        for at, each in enumerate(script):
            if isinstance(each, Piece):
                yield from self._piece(each, last=ends[-1:] == [at])
            elif isinstance(each, say.Usage):
                yield from self._usage(told=bool(ends))
            else:
                yield from self._outside(each)

    def _piece(self, piece: Piece, *, last: bool) -> Iterator[Send]:
        self.said += piece.tokens
        self.thought += piece.thoughts
        usage = self._counted(last=last)
        candidate = members.candidate(
            piece.choice, piece.parts, piece.finish, piece.beside, self.habits
        )
        body = members.response([candidate], usage, self.habits)
        tokens = piece.tokens + piece.thoughts
        yield from self.framing.chunk(body, self.habits, tokens=tokens, times=piece.repeat)
        # Repeated chunks are the same bytes: what they add up to is told by the next one.
        self.said += piece.tokens * (piece.repeat - 1)

    def _counted(self, *, last: bool) -> Json:
        """Return the usage a chunk tells: what has been spent so far, at the end all of it."""
        bill = self.bill
        if bill is None:
            return ABSENT
        whole = members.whole(bill, self.habits)
        match bill.where, last:
            case "own", _:
                return ABSENT
            case "traffic", _:
                return {**whole, **ON_DEMAND} if last else ON_DEMAND
            case _, True:
                return whole
            case "every", _:
                said = min(self.said, members.answer(bill))
                thought = min(self.thought, bill.reasoning)
                return members.counts(bill, said, thought, self.habits)
            case "prompt", _:
                return members.counts(bill, 0, 0, self.habits)
        return ABSENT

    def _usage(self, *, told: bool) -> Iterator[Send]:
        """Tell the usage in a chunk of its own, if that is the habit or no end will tell it."""
        if self.bill is None or (told and self.bill.where != "own"):
            return
        usage = members.whole(self.bill, self.habits)
        body = members.response(ABSENT, usage, self.habits)
        yield from self.framing.chunk(body, self.habits, tokens=0, times=1)

    def _outside(self, step: Step) -> Iterator[Moment]:
        """Render what is no part of the answer itself."""
        match step:
            case say.Comment() | say.Ping():
                # The API has neither, and a comment breaks its own clients: a script that wants
                # one all the same writes it as raw bytes.
                return
            case say.Raw():
                yield Send(step.data, "raw", len(BLANK.findall(step.data)), times=step.repeat)
            case say.Error():
                yield from self.framing.chunk(members.error(step), self.habits, tokens=0, times=1)
            case _:
                yield step  # type: ignore[misc]
