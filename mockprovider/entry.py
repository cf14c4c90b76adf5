"""What is known of one request: what was asked, what was written and when, and how it ended."""

import re
from array import array
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from mockprovider.inbox import Request
from mockprovider.outline import EMPTY, Outline, Sums
from mockprovider.shapes import Json
from mockprovider.surfaces.surface import Objection

MAX_WRITES = 20_000
ENTRY_BYTES = 500
SECRET = frozenset(
    ("authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "proxy-authorization")
)
# Where Google takes a key in the query.
KEY = re.compile(r"([?&]key=)[^&]*")
Key = tuple[str, str]


@dataclass(slots=True)
class Held:
    """A hold that was reached; `released` stays empty if it never was."""

    name: str
    reached: int
    released: int | None = None


@dataclass(slots=True)
class Blocked:
    """How often the peer took no more; since when it does not, and how much of the body it has."""

    times: int = 0
    since: int | None = None
    absorbed: int = 0


class End(NamedTuple):
    """How a response ended, after how many events, and how much of it had arrived."""

    kind: str
    at: int
    events: int
    acked: int


@dataclass(slots=True, eq=False)
class Entry:
    """What is known of one request; times are nanoseconds of the monotonic clock."""

    id: int
    request: Request
    connection: tuple[int, int]
    nonce: str | None = None
    worker: int | None = None
    provider: str = ""
    run: str | None = None
    attempt: int = 1
    scenario: str | None = None
    surface: str | None = None
    mode: str = "plain"
    write: str = "event"
    objections: tuple[Objection, ...] = ()
    scripted_holds: frozenset[str] = frozenset()
    status: int | None = None
    outline: Outline = EMPTY
    times: "array[int]" = field(default_factory=lambda: array("q"))
    written: int = 0
    holds: tuple[Held, ...] = ()
    blocked: Blocked | None = None
    probe: Callable[[], int] | None = None
    end: End | None = None
    weight: int = 0
    dropped: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return what the entry is asked for by."""
        if self.nonce is None or self.run is None:
            return ()
        return ("nonce", self.nonce), ("run", self.run)

    @property
    def sent(self) -> Sums:
        """Add up what has been written so far."""
        return self.outline.sums(self.written)

    def wrote(self, at: int) -> bool:
        """Note one write of the body; tell whether its time is listed."""
        self.written += 1
        listed = self.written <= MAX_WRITES
        if listed:
            self.times.append(at)
        return listed

    def row(self, number: int) -> list[int]:
        """Return of a listed write: when, where in the body, how long, and the tokens so far."""
        return [self.times[number], *self.outline.row(number)]

    def block(self, at: int, probe: Callable[[], int]) -> None:
        """Note that the peer takes no more; `probe` tells how much it has."""
        self.blocked = self.blocked or Blocked()
        self.blocked.times += 1
        self.blocked.since, self.probe = at, probe

    def unblock(self) -> None:
        """Note that the peer goes on reading."""
        if self.blocked is not None:
            self.blocked.absorbed, self.blocked.since = self._absorbed(), None
        self.probe = None

    def document(self, *, redacted: bool = False) -> dict[str, Json]:
        """Return the entry as the journal schema describes it."""
        return {
            **self.summary(),
            "request": _request(self.request, redacted=redacted),
            "writes": [self.row(number) for number in range(len(self.times))],
        }

    def summary(self) -> dict[str, Json]:
        """Return what takes little room: neither the request nor the list of writes."""
        return {
            "id": self.id,
            **({} if self.worker is None else {"worker": self.worker}),
            **({"provider": self.provider} if self.provider else {}),
            "run": self.run,
            "nonce": self.nonce,
            "attempt": self.attempt,
            "scenario": self.scenario,
            "surface": self.surface,
            "mode": self.mode,
            "write": self.write,
            "connection": {"id": self.connection[0], "use": self.connection[1]},
            "objections": [each._asdict() for each in self.objections],
            "status": self.status,
            "holds": [asdict(held) for held in self.holds],
            "blocked": self._blocked(),
            "sent": self.sent._asdict(),
            "end": None if self.end is None else self.end._asdict(),
        }

    def _blocked(self) -> Json:
        if self.blocked is None:
            return None
        self.blocked.absorbed = self._absorbed()
        return asdict(self.blocked)

    def _absorbed(self) -> int:
        told = self.blocked.absorbed if self.blocked is not None else 0
        return told if self.probe is None else self.probe()

    def weigh(self) -> int:
        """Estimate the memory this entry takes."""
        return ENTRY_BYTES + 2 * len(self.request.body) + 8 * len(self.times)


def _request(request: Request, *, redacted: bool) -> dict[str, Json]:
    headers = [[name, _header(name, value, redacted)] for name, value in request.headers]
    shown: dict[str, Json] = {
        "method": request.method,
        "target": without_key(request.target) if redacted else request.target,
        "version": request.version,
        "headers": headers,
        "at": request.at,
    }
    try:
        shown["body"] = request.body.decode()
    except UnicodeDecodeError:
        shown["body_base64"] = b64encode(request.body).decode()
    return shown


def without_key(target: str) -> str:
    """Return a request target without the key that may be in its query."""
    return KEY.sub(r"\1[redacted]", target)


def _header(name: str, value: str, redacted: bool) -> str:
    return "[redacted]" if redacted and name.lower() in SECRET else value
