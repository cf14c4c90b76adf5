"""What all players share: the clock, the holds, the journal."""

from dataclasses import dataclass

from mockprovider.clock import Wheel
from mockprovider.holds import Holds
from mockprovider.journal import Journal


@dataclass(frozen=True, slots=True)
class Stage:
    wheel: Wheel
    holds: Holds
    journal: Journal
