"""What a client ends up with, the same on every surface; and what the scenario says it should be.

Parity, invariance, fidelity and translation all compare these values.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.exchange import Json

#: Why a choice ends, in neutral words: those of the chat API.
FINISHES = ("stop", "length", "tool_calls", "content_filter", "function_call")


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: str
    id: str = field(default="", compare=False)  # a router may give a call an id of its own


@dataclass(frozen=True, slots=True)
class Choice:
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by class; None where a class was not stated. `cached` is part of `input`."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    message: str
    type: str | None = None
    code: Json = None


@dataclass(frozen=True, slots=True)
class Outcome:
    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    failure: Failure | None = None


def count(value: Json, key: str) -> int | None:
    """Return a number of tokens from a usage object, None if it is not there; true is no number."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


class Gathering:
    """One choice while its deltas arrive."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.finish: str | None = None
        self._calls: dict[Json, tuple[list[str], list[str], list[str]]] = {}

    def call(self, key: Json, id: str, name: str, arguments: str) -> None:
        if key not in self._calls:
            self._calls[key] = ([], [], [])
        ids, names, fragments = self._calls[key]
        fragments.append(arguments)
        if id or name:  # most fragments have neither
            ids.append(id)
            names.append(name)

    def choice(self) -> Choice:
        calls = tuple(
            Call("".join(names), "".join(arguments), next(filter(None, ids), ""))
            for ids, names, arguments in self._calls.values()
        )
        text, reasoning = "".join(self.text), "".join(self.reasoning)
        return Choice(text, reasoning, "".join(self.refusal), calls, self.finish)


def scripted(scenario: Json, choices: int = 1) -> Outcome:
    """Fold a scenario's steps into what a client should end up with.

    A second writer of this fold lives in the mock; that they agree is what the suite rests on.
    """
    gathered: dict[int, Gathering] = defaultdict(Gathering)
    usage: Usage | None = None
    failure: Failure | None = None
    for step in steps(scenario):
        for index in [step["choice"]] if "choice" in step else range(choices):
            _gather(gathered[index], step)
        if "usage" in step and step.get("where") != "never":
            usage = _usage(step["usage"])
        if "error" in step:
            error = step["error"]
            failure = Failure(error.get("message", ""), error.get("type"), error.get("code"))
    ordered = (gathered[index].choice() for index in sorted(gathered))
    return Outcome(tuple(ordered), usage, failure)


def steps(scenario: Json, attempt: int = 1) -> Iterator[Json]:
    """Yield the steps of one attempt; the last attempt written down repeats."""
    attempts = scenario.get("attempt")
    yield from attempts[min(attempt, len(attempts)) - 1]["step"] if attempts else scenario["step"]


def spoken(step: Json) -> str:
    """Return the text of a `say` step."""
    return str(step["say"]) * int(step.get("times", 1))


def fragments(call: Json) -> list[str]:
    arguments = call.get("arguments", [])
    return [arguments] if isinstance(arguments, str) else list(arguments)


def _gather(choice: Gathering, step: Json) -> None:
    if "say" in step:
        choice.text.append(spoken(step))
    if "think" in step and not step.get("redacted"):
        choice.reasoning.append(step["think"])
    if "refuse" in step:
        choice.refusal.append(step["refuse"])
    if "call" in step:
        call = step["call"]
        choice.call(call["id"], call["id"], call["name"], "".join(fragments(call)))
    if "arguments" in step:
        choice.call(step["of"], "", "", step["arguments"])
    for call in step.get("extra", {}).get("tool_calls", ()):
        function = call["function"]
        choice.call(call["id"], call["id"], function["name"], function["arguments"])
    if "finish" in step:
        choice.finish = step["finish"]


def _usage(said: Json) -> Usage:
    input_, output = said.get("input", 0), said.get("output", 0)
    return Usage(input_, output, input_ + output, said.get("cached"), said.get("reasoning"))
