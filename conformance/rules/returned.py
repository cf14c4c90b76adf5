"""What a client brings back from earlier turns, and what of it reaches the provider."""

from collections.abc import Iterator, Mapping

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
        heard = of_kind(went_up(entry), kind)
        if heard != brought:
            what = f"the provider got {kind} {str(heard)[:90]}; the client sent {str(brought)[:90]}"
            yield Finding(what, where="journal")


def went_up(entry: Json) -> Mapping[str, Json]:
    """Return what the provider was asked; a body that is no JSON object says nothing."""
    try:
        value = parse(entry["request"].get("body", ""))
    except BadJson:
        return {}
    return value if isinstance(value, dict) else {}


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
