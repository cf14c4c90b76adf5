"""The command that sends a request again: the marker travels in the prompt, so nothing is armed.

A hold is left out of the scenario, because nobody would release it.
"""

import json
import re
import shlex
import zlib
from base64 import urlsafe_b64encode

from conformance.exchange import Exchange, Json, Request

LONGEST = 24_000  # characters: what shells and logs still take
MARKER = re.compile(r"\[\[mock:[^\]]*#(?P<nonce>[A-Za-z0-9._-]+)\]\]")
KEY = '"$ROUTER_KEY"'
BEARER = "authorization"
SET_BY_CURL = ("content-length", "host", "accept-encoding")


def curl(exchange: Exchange) -> str:
    """Return a shell command; the key is a variable and never in it."""
    request = exchange.request
    if request is None:
        return ""
    body = "" if request.body is None else json.dumps(request.body, ensure_ascii=False)
    if exchange.scenario and held(exchange.scenario):
        body = MARKER.sub(lambda found: marker(unheld(exchange.scenario), found["nonce"]), body)
    if len(body) > LONGEST:
        return ""
    # A nonce of its own, or the mock would take it for a retry of the request it has seen.
    body = MARKER.sub(lambda found: found[0].removesuffix("]]") + ".curl]]", body)
    words = ["curl -sN", *(f"-H {header}" for header in _headers(request))]
    words += [f"--data-raw {shlex.quote(body)}"] if body else []
    return " ".join([*words, shlex.quote(request.url)])


def _headers(request: Request) -> list[str]:
    return [
        f"'{name}: Bearer '{KEY}" if name.lower() == BEARER else shlex.quote(f"{name}: {value}")
        for name, value in request.headers
        if name.lower() not in SET_BY_CURL
    ]


def marker(scenario: Json, nonce: str) -> str:
    script = zlib.compress(json.dumps(scenario).encode(), 9)
    return f"[[mock:inline:{urlsafe_b64encode(script).decode().rstrip('=')}#{nonce}]]"


def held(scenario: Json) -> bool:
    return bool(unheld(scenario) != scenario)


def unheld(value: Json) -> Json:
    """Return a scenario without its holds."""
    if isinstance(value, dict):
        return {key: unheld(member) for key, member in value.items() if key != "hold"}
    if isinstance(value, list):
        return [left for item in value if (left := unheld(item)) or not item]
    return value
