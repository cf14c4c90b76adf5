"""How a provider is: one that fails time and again is left alone for a while."""

import asyncio
from dataclasses import dataclass, field

ENOUGH = 5  # failures one after the other
Session = tuple[str, ...]


@dataclass(slots=True)
class Condition:
    failures: int = 0
    rests_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """Kept for each session, and not at all without one.

    What many tests do to a provider side by side is nothing to one another then.
    """

    sessions: dict[Session, Condition] = field(default_factory=dict)

    def rests(self, session: Session) -> bool:
        condition = self.sessions.get(session)
        return condition is not None and condition.rests_until > _now()

    def failed(self, session: Session, rest: float) -> None:
        """Count a failure; beyond a few, each is a reason to rest for so many seconds."""
        if not session:
            return
        condition = self.sessions.setdefault(session, Condition())
        condition.failures += 1
        if condition.failures >= ENOUGH:
            condition.rests_until = _now() + rest

    def succeeded(self, session: Session) -> None:
        self.sessions.pop(session, None)


def _now() -> float:
    return asyncio.get_running_loop().time()
