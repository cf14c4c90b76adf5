"""What is answered outside the surfaces: a method and a path, and what is made of a request."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from conformance.selfcheck.router.relay import Page, Parts, Relay
from conformance.selfcheck.router.stream import json_text
from conformance.selfcheck.router.upstream import Body
from conformance.selfcheck.router.values import Answer, Failed, Json

NAMED = re.compile(r"\{(\w+)\}")


async def models(relay: Relay) -> Answer:
    """Return the provider's own list."""
    try:
        headers = relay.parts.request_headers(relay)
        async with relay.provider.ask("GET", "/models", headers) as (status, line):
            content = await Body(line).rest()
    except OSError as error:
        raise failed(relay, 502, "the upstream does not answer") from error
    return Answer(status, (("content-type", "application/json"),), content)


async def usage(relay: Relay) -> Answer:
    """Return what became of a request, by its id."""
    asked = relay.params["id"]
    row = relay.ledger.find(asked)
    if row is None:
        raise failed(relay, 404, f"no request {asked!r}")
    return told(relay, row)


async def key(relay: Relay) -> Answer:
    """Return what has been charged to a key so far."""
    charged = relay.ledger.charged[relay.dialect.key(relay)]
    return told(relay, {"data": {"usage": str(charged)}})


def told(relay: Relay, value: Json, status: int = 200) -> Answer:
    return Answer(status, relay.parts.answer_headers(relay), json_text(value).encode())


def failed(relay: Relay, status: int, message: str, code: str | None = None) -> Failed:
    return Failed(status, relay.dialect.error(status, message, code))


def page(parts: Parts, method: str, path: str) -> tuple[Page, Mapping[str, str]] | None:
    """Return the page at a path and what the path says, if there is one."""
    for place, found in parts.pages.items():
        verb, _, template = place.partition(" ")
        if verb == method and (match := _pattern(template).fullmatch(path)):
            return found, match.groupdict()
    return None


def surface(parts: Parts, path: str) -> str:
    """Return the first surface that is below the same part of the path, the first of all if none.

    Whoever asks there speaks that.
    """
    top = path.split("/")[1]
    near = (name for name, dialect in parts.dialects.items()
            if any(own.split("/")[1] == top for own in dialect.paths))  # fmt: skip
    return next(near, next(iter(parts.dialects)))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """{NAME} is one part of a path, or all the rest where it comes last."""
    return re.compile("".join(_pieces(template)))


def _pieces(template: str) -> Iterator[str]:
    at = 0
    for found in NAMED.finditer(template):
        yield re.escape(template[at : found.start()])
        wide = "." if found.end() == len(template) else "[^/]"
        yield f"(?P<{found[1]}>{wide}+)"
        at = found.end()
    yield re.escape(template[at:])


PAGES: Mapping[str, Page] = {
    "GET /v1/models": models,
    "GET /v1/usage/{id}": usage,
    "GET /v1/key": key,
}
