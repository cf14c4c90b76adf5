"""The fragments in which chat streams tool calls, and what is wrong with them.

Each flaw is of one kind, so that the rules that report them never report one twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from conformance.exchange import Exchange, Json, once
from conformance.findings import Span
from conformance.protocols import chat

BARE, ARGUMENTS = {"index", "function"}, {"arguments"}


class Kind(StrEnum):
    INDEX = "index"  # there is none
    NUMBER = "number"  # two calls share one, or one is left out
    FIRST = "first"  # the fragment that opens a call does not name it
    ID = "id"  # the call changes its id
    NAME = "name"  # the name is sent again
    JOIN = "join"  # what a fragment says cannot be joined to what is known of its call
    ARGUMENTS = "arguments"  # they are no text


class Flaw(NamedTuple):
    kind: Kind
    message: str
    span: Span


class Fragment(NamedTuple):
    value: dict[str, Json]
    span: Span

    @property
    def number(self) -> int | None:
        value = self.value.get("index")
        good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if good else None

    @property
    def id(self) -> Json:
        return self.value.get("id")

    @property
    def function(self) -> dict[str, Json]:
        value = self.value.get("function")
        return value if isinstance(value, dict) else {}

    @property
    def name(self) -> Json:
        return self.function.get("name")


@dataclass(slots=True)
class Call:
    """What is known of a call so far."""

    id: Json
    name: Json


@dataclass(slots=True)
class Choice:
    calls: dict[int, Call] = field(default_factory=dict)
    numbered: bool = True  # every fragment so far had an index

    def continues(self, fragment: dict[str, Json]) -> bool:
        """Say whether it is what nearly all are, an index and more arguments of a known call."""
        index, function = fragment.get("index"), fragment.get("function")
        if not (type(index) is int and type(function) is dict and index in self.calls):
            return False
        bare = fragment.keys() == BARE and function.keys() == ARGUMENTS
        return bare and type(function["arguments"]) is str

    def read(self, fragment: Fragment) -> Iterator[Flaw]:
        arguments = fragment.function.get("arguments")
        if arguments is not None and not isinstance(arguments, str):
            what = f"arguments are {type(arguments).__name__}, not a text"
            yield Flaw(Kind.ARGUMENTS, what, fragment.span)
        index = fragment.number
        if index is None:
            self.numbered = False
            yield Flaw(
                Kind.INDEX, f"a fragment has {_shown(fragment.value, 'index')}", fragment.span
            )
            return
        call = self.calls.get(index)
        if call is None:
            yield from self._opened(index, fragment)
        elif call.id and call.name and _opens(fragment, call):
            what = f"call {fragment.id!r} has index {index}, which is that of {call.id!r}"
            yield Flaw(Kind.NUMBER, what, fragment.span)
            self.calls[index] = Call(fragment.id, fragment.name)
        else:
            yield from _continued(index, fragment, call)

    def _opened(self, index: int, fragment: Fragment) -> Iterator[Flaw]:
        due = max(self.calls, default=-1) + 1
        if self.numbered and index != due:
            what = f"a call opens with index {index} where {due} was due"
            yield Flaw(Kind.NUMBER, what, fragment.span)
        if missing := list(_missing(fragment)):
            what = f"the first fragment of call {index} has {' and '.join(missing)}"
            yield Flaw(Kind.FIRST, what, fragment.span)
        self.calls[index] = Call(fragment.id, fragment.name)


@once
def flaws(exchange: Exchange) -> list[Flaw]:
    """Return all that is wrong with the tool call fragments of a chat stream."""
    if exchange.surface != "chat":
        return []
    opened: dict[int, Choice] = defaultdict(Choice)
    found: list[Flaw] = []
    for part in chat.parts(exchange):
        listed = part.delta.get("tool_calls")
        if listed is None:
            continue
        if not isinstance(listed, list):
            found.append(Flaw(Kind.ARGUMENTS, "tool_calls is no list", part.span))
            continue
        choice = opened[part.at]
        for call in listed:
            if isinstance(call, dict) and not choice.continues(call):
                found += choice.read(Fragment(call, part.span))
    return found


def _opens(fragment: Fragment, call: Call) -> bool:
    return bool(fragment.id and fragment.id != call.id and fragment.name)


def _missing(fragment: Fragment) -> Iterator[str]:
    if not (isinstance(fragment.id, str) and fragment.id):
        yield _shown(fragment.value, "id")
    if fragment.value.get("type") != "function":
        yield _shown(fragment.value, "type")
    if not (isinstance(fragment.name, str) and fragment.name):
        yield _shown(fragment.function, "name")


def _shown(value: dict[str, Json], name: str) -> str:
    return f"{name} {value[name]!r}" if name in value else f"no {name}"


def _continued(index: int, fragment: Fragment, call: Call) -> Iterator[Flaw]:
    if call.id and fragment.id is not None and fragment.id != call.id:
        what = f"a later fragment of call {index} has id {fragment.id!r}, the first {call.id!r}"
        yield Flaw(Kind.ID, what, fragment.span)
    if call.name and fragment.name is not None:
        what = f"a later fragment of call {index} has name {fragment.name!r} again"
        yield Flaw(Kind.NAME, what, fragment.span)
    if call.id and fragment.id == call.id:
        what = f"a later fragment of call {index} has id {fragment.id!r} again"
        yield Flaw(Kind.JOIN, what, fragment.span)
    for name in ("type", "function"):
        if fragment.value.get(name, name) is None:
            what = f"a later fragment of call {index} has {name} null"
            yield Flaw(Kind.JOIN, what, fragment.span)
    call.id, call.name = call.id or fragment.id, call.name or fragment.name
