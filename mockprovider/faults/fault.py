"""What a fault is: a pure change of a timeline, and what the catalogue says about it."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from inspect import cleandoc
from typing import Protocol

from mockprovider.timeline import Timeline


class Fault(Protocol):
    """A frozen dataclass; its docstring says in its first line what happens."""

    def apply(self, timeline: Timeline, /) -> Timeline: ...


class Layer(IntEnum):
    """Faults apply layer by layer; within one, in the order the scenario lists them."""

    REQUEST = 0
    HEAD = 1
    EVENTS = 2
    DIALECT = 3
    CODING = 4
    WRITES = 5
    END = 6
    FRAMING = 7
    BREAKS = 8
    SEGMENTS = 9
    LOAD = 10

    @property
    def on_the_wire(self) -> bool:
        """Tell whether the faults of this layer change head and framing as bytes."""
        return self >= Layer.FRAMING


class Reaction(StrEnum):
    """What a fault demands of a router."""

    TRANSPARENT = "transparent"
    SIGNAL = "must-signal"
    CANCEL = "must-cancel"
    REPAIR = "may-repair"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Listed:
    """A fault as the catalogue lists it; `only` names the surfaces it means something on.

    `inside` tells that it changes no more than the JSON of an event, as which it may do so in an
    element of an array too.
    """

    kind: type[Fault]
    layer: Layer
    reaction: Reaction
    only: tuple[str, ...] = ()
    inside: bool = False

    @property
    def meaning(self) -> str:
        """Return the first line of its docstring."""
        return cleandoc(self.kind.__doc__ or "").partition("\n")[0]

    @property
    def text(self) -> str:
        """Return its docstring on one line."""
        return " ".join(cleandoc(self.kind.__doc__ or "").split())
