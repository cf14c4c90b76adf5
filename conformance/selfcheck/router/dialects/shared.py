"""What several surfaces do alike."""

from collections.abc import Iterator

from conformance.selfcheck.router.events import Comment, Item
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Headers


def bearer_key(relay: Relay) -> str:
    """Return the key of an Authorization header, nothing if it is of another kind."""
    kind, _, key = relay.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def bearer_credentials(relay: Relay) -> Headers:
    return (("authorization", f"Bearer {relay.settings.upstream_key}"),)


def mode_in_body(relay: Relay) -> str:
    return "stream" if relay.asked.get("stream") is True else "plain"


def comment(relay: Relay) -> Item | None:
    return Comment("keepalive")


def same_chunk(chunk: Chunk, relay: Relay) -> Iterator[Chunk]:
    yield chunk


def same_completion(completion: Chunk, relay: Relay) -> Chunk:
    return completion
