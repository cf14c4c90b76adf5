"""What a client brings back from earlier turns, and what of it reaches the provider."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Finding
from conformance.protocols import read
from conformance.wire.json import BadJson, parse


def changed(exchange: Exchange, kind: str) -> Iterator[Finding]:
    """Yield where blocks that the client brings from earlier turns went up changed.

    A provider with another API has other blocks.
    """
    brought = of_kind(exchange.request.body, kind) if exchange.request else []
    for entry in exchange.journal if brought else ():
        if read.api(exchange, entry) != exchange.surface:
            continue
        heard = of_kind(read_body(entry["request"].get("body", "")), kind)
        if heard != brought:
            what = f"the provider got {kind} {str(heard)[:90]}; the client sent {str(brought)[:90]}"
            yield Finding(what, where="journal")


def read_body(body: str) -> Json:
    """Return what went up; a body that is no JSON brings nothing."""
    try:
        return parse(body)
    except BadJson:
        return None


def of_kind(body: Json, kind: str) -> list[Json]:
    """Return the objects whose type it is, at whatever depth they are."""
    found: list[Json] = []
    waiting: list[Json] = [body]
    while waiting:
        match waiting.pop():
            case dict() as value if value.get("type") == kind:
                found.append(value)
            case dict() as value:
                waiting += reversed(value.values())
            case list() as value:
                waiting += reversed(value)
    return found
