"""Who answers a request: the surfaces, and which of their routes a path belongs to."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from mockprovider.inbox import Request
from mockprovider.requests import INVALID
from mockprovider.steps import Error
from mockprovider.surfaces import chat, completions, embeddings, gemini, messages, responses
from mockprovider.surfaces.gemini.reading import own_key
from mockprovider.surfaces.surface import Route, Surface

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


def routed(request: Request) -> Found:
    """Find who answers a request; if the path alone is known, who refuses the method."""
    google = request.method == "GET" and bool(own_key(request))
    return _routed(request.method, request.path, request.query, google)


@lru_cache(maxsize=256)
def _routed(method: str, path: str, query: str, google: bool) -> Found:
    near = Found(SURFACES[0])
    for surface in (gemini.STABLE, *SURFACES) if google else SURFACES:
        for route in surface.routes:
            if match := route.path.fullmatch(path):
                if route.method == method and route.query.search(query):
                    return Found(surface, route, match.groupdict())
                near = Found(surface)
    return near


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
