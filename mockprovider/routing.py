"""What the head of a request tells: who answers it, by which route, and whose key it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mockprovider import requests
from mockprovider.inbox import Headers, Request
from mockprovider.requests import INVALID
from mockprovider.steps import Error
from mockprovider.surfaces import chat, completions, embeddings, gemini, messages, responses
from mockprovider.surfaces.gemini.reading import own_key
from mockprovider.surfaces.surface import Objection, Route, Surface

# A new surface is added here and nowhere else; the first one answers for unknown paths.
SURFACES = (
    chat.SURFACE, messages.SURFACE, messages.COUNT, responses.SURFACE, completions.SURFACE,
    embeddings.SURFACE, *gemini.SURFACES,
)  # fmt: skip


class Refused(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, error: Error, where: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(error.message)
        self.error = error
        self.where = where
        self.headers = headers


class Found(NamedTuple):
    """Who answers a path, by which route if any, and the parts of the path that have names."""

    surface: Surface
    route: Route | None = None
    params: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Greeting:
    """What the head of a request tells; `media` is why its body is none that is taken."""

    found: Found
    key: str | None
    context: str
    media: Error | None
    oddities: tuple[Objection, ...]


@lru_cache(maxsize=256)
def greeting(method: str, target: str, headers: Headers) -> Greeting:
    """Read a head; a router sends the same one all day."""
    request = Request(method, target, headers=headers)
    found = routed(request)
    surface = found.surface
    return Greeting(
        found, surface.credential(request), surface.context(request), requests.media(request),
        requests.odd_headers(headers),
    )  # fmt: skip


def routed(request: Request) -> Found:
    """Find who answers a request; if the path alone is known, who refuses the method."""
    near = Found(SURFACES[0])
    for surface in (*_preferred(request), *SURFACES):
        for route in surface.routes:
            if match := route.path.fullmatch(request.path):
                if route.method == request.method and route.query.search(request.query):
                    return Found(surface, route, match.groupdict())
                near = Found(surface)
    return near


def _preferred(request: Request) -> tuple[Surface, ...]:
    """Return whose list of models a request asks for, if its headers tell."""
    if request.method != "GET":
        return ()
    if own_key(request):
        return (gemini.STABLE,)
    return (messages.STABLE,) if messages.asks(request) else ()


def no_route(method: str, path: str) -> Refused:
    """Tell a wrong method from an unknown path."""
    routes = [route for surface in SURFACES for route in surface.routes]
    allowed = [route.method for route in routes if route.path.fullmatch(path)]
    asked = f"{method} {path}"
    if not allowed:
        wrong = Error(f"Invalid URL ({asked})", INVALID, "unknown_url", None, 404)
        return Refused(wrong, "target")
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    message = f"Not allowed to {method} on {path}. {hint}"
    wrong = Error(message, INVALID, "method_not_supported", None, 405)
    return Refused(wrong, "method", (("allow", ", ".join(dict.fromkeys(allowed))),))
