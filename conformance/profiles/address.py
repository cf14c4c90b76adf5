"""Where a router's surfaces are and how it wants its key: the tables `base` and `auth`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from conformance.exchange import SURFACES, Headers, Json

#: What the official SDKs put between a host and the paths they know.
BASE: Mapping[str, str] = {
    "chat": "/v1", "responses": "/v1", "messages": "/v1", "gemini": "/v1beta",
}  # fmt: skip
BEARER = "bearer"
QUERY = "?"
#: How the official SDKs send a key.
AUTH: Mapping[str, tuple[str, ...]] = {
    "chat": (BEARER,), "responses": (BEARER,), "messages": ("x-api-key",),
    "gemini": ("x-goog-api-key",),
}  # fmt: skip


class BadAddress(ValueError):
    """A table that cannot be right; the message names the member, its value and what is right."""


@dataclass(frozen=True, slots=True)
class Address:
    base: Mapping[str, str] = field(default_factory=dict)  # surface -> path below the root
    auth: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the first is how we ask

    def ways(self, surface: str) -> tuple[str, ...]:
        return self.auth.get(surface, AUTH[surface])

    def bases(self, url: str) -> dict[str, str]:
        """Return where each surface is, of a URL that is the root or the base of one of them.

        A path that no surface is known to have is the base of all that are said nothing of.
        """
        url, root = url.rstrip("/"), self.root(url)
        if urlsplit(url).path and root == url and not self.base:
            return {**dict.fromkeys(BASE, url), "gemini": url + BASE["gemini"]}
        return {surface: root + base for surface, base in {**BASE, **self.base}.items()}

    def root(self, url: str) -> str:
        """Return what the paths of the surfaces are put behind."""
        url = url.rstrip("/")
        path = urlsplit(url).path
        ends = [each for each in {*BASE.values(), *self.base.values()} if path.endswith(each)]
        return url.removesuffix(max(ends, key=len, default=""))


def read(base: Json, auth: Json) -> Address:
    for table, said in (("base", base), ("auth", auth)):
        if not isinstance(said, dict):
            raise BadAddress(f"{table} {said!r}: a table is needed")
        for surface in said.keys() - set(SURFACES):
            raise BadAddress(f"{table}.{surface}: no such surface; one of {', '.join(SURFACES)}")
    for surface, path in base.items():
        if not isinstance(path, str) or (path and not path.startswith("/")) or path.endswith("/"):
            raise BadAddress(f"base.{surface} {path!r}: a path such as /v1 is needed")
    for surface, ways in auth.items():
        if not ways or not isinstance(ways, list) or not all(isinstance(w, str) for w in ways):
            right = f"a list of {BEARER}, names of headers, or {QUERY}NAME for the query"
            raise BadAddress(f"auth.{surface} {ways!r}: {right} is needed")
    return Address(base, {surface: tuple(ways) for surface, ways in auth.items()})


def credential(way: str, key: str) -> tuple[Headers, str]:
    """Return the headers that carry a key, and what it adds to the query."""
    if way == BEARER:
        return (("authorization", f"Bearer {key}"),), ""
    if way.startswith(QUERY):
        return (), f"{way.removeprefix(QUERY)}={key}"
    return ((way, key),), ""
