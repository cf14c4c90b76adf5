"""The marker in a prompt: which scenario answers, and the nonce that ties everything together."""

import re
import zlib
from base64 import urlsafe_b64decode
from typing import NamedTuple

from mockprovider.inbox import Request
from mockprovider.steps import BadScenario

OPENING = b"[[mock:"
NONCE = re.compile(r"[A-Za-z0-9._-]{1,64}")
WHOLE = re.compile(
    rb"\[\[mock:(?P<what>inline:(?P<script>[A-Za-z0-9_-]+)=*|[A-Za-z0-9._-]+)"
    rb"(?:@(?P<provider>[A-Za-z0-9._-]+))?"
    rb"#(?P<nonce>[A-Za-z0-9._-]{1,64})\]\]"
)
RESCUED = re.compile(rb"[^\]]*#([A-Za-z0-9._-]{1,64})\]\]")
MAX_SCRIPT = 1 << 20

# Where a router rewrites the prompt, or one mock plays several providers at once, the scenario is
# named beside it: in the path, at the end of the model's name, or in the key. These have no nonce.
NAME = r"(?P<what>[A-Za-z0-9._-]+)(?:@(?P<provider>[A-Za-z0-9._-]+))?"
PREFIX = re.compile(rf"^/as/{NAME}/")
MODEL = re.compile(rf'"model"\s*:\s*"[^"]*--mock-{NAME}"')
MODEL_IN_PATH = re.compile(rf"/models/[^/:?]*--mock-{NAME}(?=[/:?]|$)")
KEY = re.compile(rf"^(?:Bearer\s+)?sk-mock-(?!invalid$){NAME}$")
KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key")


class Marker(NamedTuple):
    """`what` is a scenario's name, or `armed`, or `inline` with the script as it was packed.

    `provider` is whose habits it is played with.
    """

    what: str
    nonce: str | None
    script: bytes | None = None
    damage: str | None = None
    provider: str | None = None


def find(body: bytes) -> Marker | None:
    """Return the first marker of a request body, be it damaged."""
    at = body.find(OPENING)
    if at < 0:
        return None
    found = WHOLE.match(body, at)
    if found is None:
        return _damaged(body, at)
    what, script, provider, nonce = found.groups()
    named = "inline" if script else what.decode()
    return Marker(named, nonce.decode(), script, None, provider.decode() if provider else None)


def of(request: Request) -> Marker | None:
    """Return what marks a request: its prompt, else its path, its model or its key."""
    return find(request.body) or _beside(request)


def _beside(request: Request) -> Marker | None:
    places = [
        (PREFIX, request.target),
        (MODEL_IN_PATH, request.target),
        (MODEL, request.body.decode("latin-1")),
        *((KEY, request.header(name) or "") for name in KEY_HEADERS),
    ]
    found = next(filter(None, (pattern.search(text) for pattern, text in places)), None)
    return Marker(found["what"], None, provider=found["provider"]) if found else None


def _damaged(body: bytes, at: int) -> Marker:
    shown = body[at : at + 60].decode("utf-8", "replace")
    rescued = RESCUED.match(body, at)
    nonce = rescued[1].decode() if rescued else None
    return Marker("", nonce, None, f"damaged marker {shown!r}; it should read [[mock:NAME#NONCE]]")


def unpack(script: bytes) -> str:
    """Return the text of an inline script."""
    try:
        packed = urlsafe_b64decode(script + b"=" * (-len(script) % 4))
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed, MAX_SCRIPT)
    except (ValueError, zlib.error) as error:
        raise BadScenario(f"inline script does not unpack: {error}") from None
    if inflater.unconsumed_tail or not inflater.eof:
        state = f"longer than {MAX_SCRIPT} bytes" if inflater.unconsumed_tail else "cut short"
        raise BadScenario(f"inline script is {state}")
    return text.decode("utf-8", "replace")


def run_of(nonce: str) -> str:
    """Return the run a nonce belongs to: what is before its last dash."""
    return nonce.rpartition("-")[0] or nonce
