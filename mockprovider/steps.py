"""The vocabulary of scenarios: one frozen value per verb, neutral of any surface."""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mockprovider.shapes import Json
from mockprovider.timeline import AwaitClose, Close, Hold, Reset, Stall, Wait


class BadScenario(ValueError):
    """A scenario that cannot be played; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    choice: int | None = None
    tokens: int = 1
    times: int = 1
    repeat: int = 1
    extra: Mapping[str, Json] = field(default_factory=dict, hash=False)

    @property
    def whole(self) -> str:
        return self.text * self.times


@dataclass(frozen=True, slots=True)
class Think:
    text: str
    signature: str | None = None
    redacted: bool = False
    choice: int | None = None
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    name: str
    arguments: Sequence[str] = ""
    choice: int | None = None

    @property
    def fragments(self) -> tuple[str, ...]:
        if isinstance(self.arguments, str):
            return (self.arguments,) if self.arguments else ()
        return tuple(self.arguments)


@dataclass(frozen=True, slots=True)
class Arguments:
    text: str
    of: str
    choice: int | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    text: str
    choice: int | None = None
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Cite:
    url: str
    title: str = ""
    start: int = 0
    end: int = 0
    choice: int | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    reason: str
    choice: int | None = None
    say: str = ""
    extra: Mapping[str, Json] = field(default_factory=dict, hash=False)
    matched: str | None = None  # the stop text that ended the choice


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts as the provider bills them; every class is also inside `input` or `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    where: str = "chunk"
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Error:
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    data: bytes
    repeat: int = 1


Spoken = Say | Think | Call | Arguments | Refuse | Cite | Finish
Step = (
    Spoken | Usage | Comment | Ping | Error | Raw
    | Wait | Hold | AwaitClose | Reset | Close | Stall
)  # fmt: skip
Steps = tuple[Step, ...]

# How the value of a verb and the modifiers beside it become a step.
BUILD: dict[str, Callable[..., Step]] = {
    "say": Say,
    "think": Think,
    "call": lambda value, **rest: Call(**value, **rest),
    "arguments": Arguments,
    "refuse": Refuse,
    "cite": lambda value, **rest: Cite(**value, **rest),
    "finish": Finish,
    "usage": lambda value, **rest: Usage(**value, **rest),
    "comment": Comment,
    "ping": lambda _: Ping(),
    "wait_ms": Wait,
    "hold": Hold,
    "await_close": AwaitClose,
    "error": lambda value: Error(**value),
    "raw": lambda value, **rest: Raw(value.encode(), **rest),
    "raw_base64": lambda value, **rest: Raw(b64decode(value), **rest),
    "reset": lambda _: Reset(),
    "close": Close,
    "stall": lambda _: Stall(),
}


def tokens_of(step: Step) -> int:
    """Count the tokens a step stands for: one per delta unless it says otherwise."""
    match step:
        case Say():
            return step.tokens * step.repeat
        case Think() | Refuse():
            return step.tokens
        case Call():
            return len(step.fragments)
        case Arguments():
            return 1
        case Finish():
            return int(bool(step.say))
    return 0


def step(table: Mapping[str, Json]) -> Step:
    """Build the step a table that fits the schema says."""
    # Beside `finish`, `say` is a modifier.
    verb = "finish" if "finish" in table else next(key for key in BUILD if key in table)
    rest = {key: value for key, value in table.items() if key != verb}
    return BUILD[verb](table[verb], **rest)
