"""Neutral steps in, the life of each content block out: it starts, gets its deltas, stops."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mockprovider.shapes import Json
from mockprovider.steps import (
    Arguments,
    Call,
    Cite,
    Error,
    Finish,
    Refuse,
    Say,
    Step,
    Steps,
    Think,
)  # fmt: skip
from mockprovider.surfaces.messages import members
from mockprovider.surfaces.messages.habits import Habits
from mockprovider.surfaces.messages.sequence import sequenced
from mockprovider.surfaces.neutral import whole
from mockprovider.timeline import ENDS

NO_EXTRA: Mapping[str, Json] = {}


@dataclass(frozen=True, slots=True)
class Start:
    block: dict[str, Json]
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    delta: dict[str, Json]
    tokens: int = 0
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Stop:
    pass


Part = Start | Delta | Stop | Step


def parts(steps: Steps, habits: Habits) -> Iterator[Part]:
    """Yield what becomes of the content, and every step that is none in its place."""
    writing = Writing(habits)
    at_once = habits.tool_input in ("whole", "start")
    for step in sequenced(tuple(whole(steps)) if at_once else steps):
        yield from writing.step(step)
    if complete(steps):
        yield from writing.close()


def complete(steps: Steps) -> bool:
    """Tell whether the API's own end follows: nothing does after an error, or a scripted end."""
    broken = any(isinstance(step, Error) for step in steps)
    return not broken and not (steps and isinstance(steps[-1], ENDS))


@dataclass(slots=True)
class Writing:
    """The content while it is written. `kind` is that of the open block, `said` what is in it."""

    habits: Habits
    kind: str | None = None
    said: list[str] = field(default_factory=list)

    def step(self, step: Step) -> Iterator[Part]:
        match step:
            case Say():
                yield from self._into("text", step.whole, step.tokens, step.repeat, step.extra)
            case Refuse():
                if self.habits.refusal == "text":
                    yield from self._into("text", step.text, step.tokens)
            case Think():
                yield from self._thought(step)
            case Cite():
                yield from self._cited(step)
            case Call():
                yield from self._called(step)
            case Arguments():
                yield Delta(_json_delta(step.text), 1)
            case Finish():
                yield from self.close()
                yield step
            case _:
                yield step

    def close(self, signature: str | None = None) -> Iterator[Part]:
        """Stop the open block, if there is one; a thought is signed first."""
        if self.kind == "thinking":
            yield from self._signed(signature)
        if self.kind is not None:
            yield Stop()
        self.kind = None
        self.said.clear()

    def _into(
        self, kind: str, text: str, tokens: int, repeat: int = 1,
        extra: Mapping[str, Json] = NO_EXTRA,
    ) -> Iterator[Part]:  # fmt: skip
        """Say something in a block of a kind, after opening one if need be."""
        if self.kind != kind:
            early = self.habits.block_start == "first-piece"
            yield from self._open({"type": kind, kind: text if early else ""}, tokens * early)
            repeat -= early
        self.said.append(text * (repeat or 1))
        if repeat:
            yield Delta({"type": f"{kind}_delta", kind: text, **extra}, tokens, repeat)

    def _open(self, block: dict[str, Json], tokens: int = 0) -> Iterator[Part]:
        yield from self.close()
        self.kind = block["type"]
        signed = self.kind == "thinking" and self.habits.signature in ("given", "split")
        yield Start({**block, "signature": ""} if signed else block, tokens)

    def _thought(self, step: Think) -> Iterator[Part]:
        if step.redacted:
            yield from self._open({"type": "redacted_thinking", "data": step.text}, step.tokens)
            yield from self.close()
            return
        yield from self._into("thinking", step.text, step.tokens)
        if step.signature is not None:
            yield from self.close(step.signature)

    def _signed(self, signature: str | None) -> Iterator[Part]:
        signature = members.signature("".join(self.said)) if signature is None else signature
        third = -(-len(signature) // 3) or 1
        thirds = tuple(signature[at : at + third] for at in range(0, len(signature), third))
        pieces = {
            "absent": (),
            "split": thirds,
        }.get(self.habits.signature, (signature,))
        for piece in pieces:
            yield Delta({"type": "signature_delta", "signature": piece})

    def _cited(self, step: Cite) -> Iterator[Part]:
        if self.kind != "text":
            yield from self._open({"type": "text", "text": "", "citations": []})
        citation = members.citation(step, "".join(self.said))
        yield Delta({"type": "citations_delta", "citation": citation})

    def _called(self, call: Call) -> Iterator[Part]:
        block: dict[str, Json] = {"type": "tool_use", "id": call.id, "name": call.name}
        arguments, tokens = "".join(call.fragments), len(call.fragments)
        habit = self.habits.tool_input
        if habit == "start":
            yield from self._open({**block, "input": parsed(arguments)}, tokens)
            return
        yield from self._open({**block, "input": {}})
        if habit == "whole":
            yield Delta(_json_delta(arguments), tokens)
            return
        if habit == "fragments":
            yield Delta(_json_delta(""))
        for piece in call.fragments:
            yield Delta(_json_delta(piece), 1)


def parsed(arguments: str) -> Json:
    """Return the input of a call; of arguments that are no JSON nothing is left."""
    try:
        return json.loads(arguments or "{}")
    except json.JSONDecodeError:
        return {}


def _json_delta(piece: str) -> dict[str, Json]:
    return {"type": "input_json_delta", "partial_json": piece}
