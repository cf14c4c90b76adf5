"""Routers whose clients get what is another's, where they are of one session and there at once."""

from collections import Counter

from conformance.selfcheck import reference
from conformance.selfcheck.router.events import Item
from conformance.selfcheck.router.health import Session
from conformance.selfcheck.router.relay import Items, Relay
from conformance.selfcheck.router.values import Headers
from conformance.selfcheck.variant import mutant

AT = 4  # the event of a stream that is mistaken

under_way = Counter[Session]()
latest = dict[Session, Item]()
cookies = dict[Session, str]()
told = dict[Session, str]()


def session(relay: Relay) -> Session:
    return relay.session if "x-client" in relay.headers else ()


@mutant("events", breaks="isolation.no-cross-talk")
async def shares_a_buffer(items: Items, relay: Relay) -> Items:
    """Has one place for the next event of all the streams of a session."""
    mine = session(relay)
    if not mine:
        async for item in items:
            yield item
        return
    under_way[mine] += 1
    try:
        number = 0
        async for item in items:
            number += 1
            other = latest.get(mine, item)
            latest[mine] = item
            yield other if number == AT and under_way[mine] > 1 else item
    finally:
        under_way[mine] -= 1


@mutant("request_headers", breaks="isolation.no-cross-talk")
def keeps_the_first_cookie(relay: Relay) -> Headers:
    """Has one client for all requests of a session, and that remembers a cookie."""
    headers = reference.request_headers(relay)
    if not session(relay):
        return headers
    first = cookies.setdefault(session(relay), relay.headers.get("cookie", ""))
    return (*headers, ("cookie", first))


@mutant("stream_headers", breaks="isolation.no-cross-talk")
def keeps_the_first_head(relay: Relay) -> Headers:
    """Tells every client of a session what the provider told the first."""
    headers = reference.stream_headers(relay)
    if not session(relay):
        return headers
    first = told.setdefault(session(relay), relay.upstream.get("x-provider-client", ""))
    return (*headers, ("x-provider-client", first))
