"""Neutral steps in, what each adds to its candidate out; streamed and plain answers are made of it.

Here a call comes whole, and a thought is signed on the part that follows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from mockprovider.shapes import Json
from mockprovider.steps import (
    Call,
    Cite,
    Finish,
    Refuse,
    Say,
    Spoken,
    Step,
    Steps,
    Think,
)  # fmt: skip
from mockprovider.surfaces import openai
from mockprovider.surfaces.gemini import calls, members
from mockprovider.surfaces.gemini.calls import Part
from mockprovider.surfaces.gemini.habits import Habits
from mockprovider.surfaces.neutral import calls_beside, whole
from mockprovider.surfaces.surface import Ask

EMPTY: Part = {"text": ""}
MALFORMED = "MALFORMED_FUNCTION_CALL"
CALLED = "Model generated function call(s)."
# What is cut off for these reasons has no content left to end with.
WITHHELD = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", MALFORMED)


@dataclass(frozen=True, slots=True)
class Piece:
    """What one chunk adds to one candidate; `beside` are further members of the candidate."""

    choice: int
    parts: tuple[Part, ...] | None = ()
    finish: str | None = None
    beside: Mapping[str, Json] = field(default_factory=dict)
    tokens: int = 0
    thoughts: int = 0
    repeat: int = 1


@dataclass(slots=True)
class Candidate:
    """What is known of a candidate while it is written; a signature waits for its part."""

    text: str = ""
    signature: str | None = None
    malformed: str | None = None
    called: bool = False
    cites: list[Cite] = field(default_factory=list)

    def signed(self, part: Part) -> Part:
        """Put the signature that waits on a part."""
        signature, self.signature = self.signature, None
        return part if signature is None else {**part, "thoughtSignature": signature}


def pieces(steps: Steps, ask: Ask, habits: Habits, *, thoughts: bool) -> Iterator[Piece | Step]:
    """Yield what becomes of the steps; the steps that are no part of an answer stay in place."""
    writing = Writing(ask, habits, shows=thoughts or habits.thoughts == "always")
    found = (each for step in whole(steps) for each in writing.step(step))
    if habits.block is not None:
        yield from _blocked(found)
    elif habits.finish == "joined":
        yield from _joined(found)
    else:
        yield from found


def finishes(each: Piece | Step) -> bool:
    """Tell whether a candidate ends here."""
    return isinstance(each, Piece) and each.finish is not None


@dataclass(slots=True)
class Writing:
    """One answer while it is written. What is not shown still counts, with what follows it."""

    ask: Ask
    habits: Habits
    shows: bool
    unsaid: int = 0
    unseen: int = 0
    candidates: dict[int, Candidate] = field(default_factory=dict)

    def step(self, step: Step) -> Iterator[Piece | Step]:
        if not isinstance(step, Spoken):
            yield step
            return
        candidate = self.candidates.setdefault(step.choice or 0, Candidate())
        for piece in self._spoken(step, candidate):
            tokens, thoughts = piece.tokens + self.unsaid, piece.thoughts + self.unseen
            self.unsaid = self.unseen = 0
            yield replace(piece, choice=step.choice or 0, tokens=tokens, thoughts=thoughts)

    def _spoken(self, step: Spoken, candidate: Candidate) -> Iterator[Piece]:
        match step:
            case Say():
                yield self._said(step, candidate)
            case Refuse():
                # A model that refuses says so; the API has no other word for it.
                yield self._said(Say(step.text, tokens=step.tokens), candidate)
            case Think():
                yield from self._thought(step, candidate)
            case Cite():
                candidate.cites.append(step)
                told = members.citations(candidate.cites, candidate.text, self.habits)
                yield Piece(0, (EMPTY,), beside=told)
            case Call():
                yield from self._called(step, candidate)
            case Finish():
                yield self._finished(step, candidate)

    def _said(self, step: Say, candidate: Candidate) -> Piece:
        candidate.text += step.whole * step.repeat
        beside, own = calls_beside(step.extra)
        part = candidate.signed({"text": step.whole, **own})
        parts = (part, *self._calls(beside, candidate))
        return Piece(0, parts, None, self._logprobs(step), step.tokens, 0, step.repeat)

    def _thought(self, step: Think, candidate: Candidate) -> Iterator[Piece]:
        """Yield a thought; one that is redacted leaves nothing but its signature."""
        signature = step.text if step.redacted else step.signature
        if signature is not None and self.habits.signature != "absent":
            candidate.signature = members.encoded(signature)
        if step.redacted or not self.shows:
            self.unseen += step.tokens
            return
        part: Part = {"text": step.text, "thought": True}
        on_thought = self.habits.signature == "thought"
        part = candidate.signed(part) if on_thought else part
        yield Piece(0, (part,), thoughts=step.tokens)

    def _called(self, step: Call, candidate: Candidate) -> Iterator[Piece]:
        self.unsaid += len(step.fragments)
        args = calls.arguments(step)
        if args is None or self.habits.arguments == "whole":
            if parts := self._call(step, candidate):
                yield Piece(0, parts)
            return
        candidate.called = True
        for part in calls.partial(step, args, self.habits):
            yield Piece(0, (candidate.signed(part),))

    def _calls(self, calls: Iterable[Call], candidate: Candidate) -> tuple[Part, ...]:
        return tuple(part for call in calls for part in self._call(call, candidate))

    def _call(self, call: Call, candidate: Candidate) -> tuple[Part, ...]:
        """Return a call's part, or nothing but a note where its arguments are no object."""
        args = calls.arguments(call)
        if args is None:
            candidate.malformed = f"Malformed function call: {call.name}({''.join(call.fragments)})"
            return ()
        candidate.called = True
        return (candidate.signed(calls.whole(call, args, self.habits)),)

    def _finished(self, step: Finish, candidate: Candidate) -> Piece:
        reason, message = members.FINISH_REASONS.get(step.reason, step.reason), None
        if candidate.called and self.habits.finish_message == "given":
            message = CALLED
        if candidate.malformed is not None and reason == "STOP":
            reason, message = MALFORMED, candidate.malformed
        beside = {} if message is None else {"finishMessage": message}
        parts = self._last(step, candidate, reason)
        return Piece(0, parts, reason, beside, tokens=int(bool(step.say)))

    def _last(self, step: Finish, candidate: Candidate, reason: str) -> tuple[Part, ...] | None:
        """Return the parts of the chunk that ends a candidate."""
        beside, own = calls_beside(step.extra)
        first: tuple[Part, ...] = ({"text": step.say, **own},) if step.say or own else ()
        parts = (*first, *self._calls(beside, candidate))
        if candidate.signature is not None:
            return (candidate.signed(parts[0] if parts else EMPTY), *parts[1:])
        if parts:
            return parts
        if self.habits.finish == "alone" or reason in WITHHELD:
            return None
        return () if self.habits.finish == "bare" else (EMPTY,)

    def _logprobs(self, step: Say) -> dict[str, Json]:
        if self.ask.logprobs is None or not step.whole:
            return {}
        rows = openai.logprobs(step.whole, step.tokens, self.ask.logprobs)
        return {"logprobsResult": members.logprobs(rows)}


def _blocked(found: Iterator[Piece | Step]) -> Iterator[Piece | Step]:
    """Leave out all a blocked prompt never got for an answer, but for one end."""
    ended = False
    for each in found:
        if not isinstance(each, Piece):
            yield each
        elif finishes(each) and not ended:
            ended = True
            yield replace(each, tokens=0, thoughts=0)


def _joined(found: Iterator[Piece | Step]) -> Iterator[Piece | Step]:
    """Let the last chunk with content say how its candidate ends."""
    joined = False
    for each, after in pairwise((*found, None)):
        if joined:
            joined = False
        elif isinstance(each, Piece) and isinstance(after, Piece) and _ends(each, after):
            joined = True
            tokens, thoughts = each.tokens + after.tokens, each.thoughts + after.thoughts
            beside = {**each.beside, **after.beside}
            yield replace(
                each, finish=after.finish, beside=beside, tokens=tokens, thoughts=thoughts
            )
        elif each is not None:
            yield each


def _ends(each: Piece, after: Piece) -> bool:
    """Tell whether what follows only says how this ends."""
    same = each.choice == after.choice and each.finish is None and each.repeat == 1
    return same and after.finish is not None and after.parts in (None, (), (EMPTY,))
