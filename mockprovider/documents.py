"""The documents of the control plane as types: what a client of it gets."""

from typing import NotRequired, TypedDict


class Head(TypedDict):
    """A request as it came; a body that is not UTF-8 is under `body_base64`."""

    method: str
    target: str
    version: str
    headers: list[list[str]]
    at: int
    body: NotRequired[str]
    body_base64: NotRequired[str]


class Objection(TypedDict):
    where: str
    message: str


class Held(TypedDict):
    name: str
    reached: int
    released: int | None


class End(TypedDict):
    kind: str
    at: int
    events: int
    acked: int


class Entry(TypedDict):
    """One request and what became of it; times are nanoseconds of the monotonic clock."""

    id: int
    provider: NotRequired[str]
    run: str | None
    nonce: str | None
    attempt: int
    scenario: str | None
    surface: str
    mode: str
    write: str
    connection: dict[str, int]
    request: Head
    objections: list[Objection]
    status: int | None
    writes: list[list[int]]
    holds: list[Held]
    sent: dict[str, int]
    end: End | None
    worker: NotRequired[int]


class Health(TypedDict):
    ok: bool
    version: str
    name: NotRequired[str]
    data_url: str
    pid: int
    ca: NotRequired[str]
