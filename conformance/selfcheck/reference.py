"""The good router: every part as it should be. Legal variants and mutants replace one of them."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress

from conformance.selfcheck.router import events
from conformance.selfcheck.router.dialects import DIALECTS
from conformance.selfcheck.router.events import Item, Reader
from conformance.selfcheck.router.failures import forwarded
from conformance.selfcheck.router.pages import PAGES
from conformance.selfcheck.router.relay import Items, Parts, Pieces, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.upstream import Upstream
from conformance.selfcheck.router.values import Answer, Ending, Failed, Headers


def admit(relay: Relay) -> None:
    """Let in whoever has one of our keys, and tokens left if it is one with a limit."""
    key, settings = relay.dialect.key(relay), relay.settings
    if key not in settings.keys and not key.startswith(settings.limited):
        error = relay.dialect.error(401, "incorrect API key", "invalid_api_key")
        raise Failed(401, error, (("www-authenticate", "Bearer"),))
    have_tokens_left(relay)


def have_tokens_left(relay: Relay) -> None:
    """Refuse a key that has used up its tokens; only those with a limit are counted."""
    allowance = relay.settings.allowance
    if relay.ledger.spent[relay.dialect.key(relay)] >= allowance:
        message = f"this key has used up its {allowance} tokens"
        raise Failed(429, relay.dialect.error(429, message, "token_limit_exceeded"))


def request_headers(relay: Relay) -> Headers:
    """Nothing of the client's goes up: no key, no cookie, no header that is meant for us."""
    return (
        *relay.dialect.credentials(relay),
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", "streamproof-reference"),
    )


def nothing_recalled(relay: Relay) -> Answer | None:
    return None


def providers(relay: Relay) -> Sequence[Upstream]:
    """Ask the first one, and no other."""
    return relay.upstreams[:1]


def never(failed: Failed, relay: Relay) -> bool:
    return False


def stream_headers(relay: Relay) -> Headers:
    return (
        ("content-type", relay.dialect.media_type(relay)),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        (relay.dialect.id_header, relay.id),
        *forwarded(relay),
    )


def answer_headers(relay: Relay) -> Headers:
    """Only a whole answer can say in its head what it costs."""
    cost = relay.row.cost if relay.row.status == "complete" else None
    return (
        ("content-type", "application/json"),
        (relay.dialect.id_header, relay.id),
        *(() if cost is None else ((COST, str(cost)),)),
        *forwarded(relay),
    )


COST = "x-request-cost"


def bytes_in(data: bytes, relay: Relay) -> bytes:
    return data


def reader(relay: Relay) -> Reader:
    return Reader(relay.settings.limit)


def same_events(items: Items, relay: Relay) -> Items:
    return items


def same_bytes(pieces: Pieces, relay: Relay) -> Pieces:
    return pieces


def ending(ending: Ending, relay: Relay) -> Iterator[Item]:
    """Complete what is complete; anything else is an error, never a finish or a terminator."""
    if not ending.good:
        if not relay.committed:
            raise Failed(ending.status, ending.error)
        relay.parts.settle(relay, "failed")
        yield from relay.dialect.failing(ending.error, relay)
        return
    # The last events may bring the usage: they are seen to before the ledger is.
    last = list(relay.dialect.closing(ending, relay))
    relay.parts.settle(relay, "complete")
    yield from last


async def client_left(work: "asyncio.Task[None]", relay: Relay) -> None:
    """Stop at once; the upstream's connection is closed on the way out."""
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    relay.parts.settle(relay, "cancelled")


def settle(relay: Relay, status: str) -> None:
    """Book what was used; what was settled first stands."""
    if relay.row.status == "open":
        book(relay, status)
        spend(relay, (relay.row.input_tokens or 0) + (relay.row.output_tokens or 0))


def book(relay: Relay, status: str) -> None:
    counted = None if relay.usage is None else relay.dialect.counted(relay.usage)
    relay.row.settle(status, counted, relay.delivered)
    relay.ledger.charged[relay.dialect.key(relay)] += relay.row.cost or 0


def spend(relay: Relay, tokens: int) -> None:
    key = relay.dialect.key(relay)
    if key.startswith(relay.settings.limited):
        relay.ledger.spent[key] += tokens


def failure(failed: Failed, relay: Relay) -> Answer:
    headers = (*relay.parts.answer_headers(relay), *failed.headers)
    body = json_text(relay.dialect.envelope(failed.error, relay))
    return Answer(failed.status, headers, body.encode())


def answer(answer: Answer, relay: Relay) -> Answer:
    return answer


REFERENCE = Parts(
    admit=admit,
    request_headers=request_headers,
    recall=nothing_recalled,
    providers=providers,
    falls_back=never,
    stream_headers=stream_headers,
    answer_headers=answer_headers,
    bytes_in=bytes_in,
    reader=reader,
    events=same_events,
    write=events.write,
    bytes_out=same_bytes,
    ending=ending,
    client_left=client_left,
    settle=settle,
    failure=failure,
    answer=answer,
    pages=PAGES,
    dialects=DIALECTS,
)
