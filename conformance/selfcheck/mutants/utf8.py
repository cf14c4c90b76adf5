"""Routers that cut characters."""

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.variant import mutant


@mutant("bytes_in", breaks="utf8.split-preserved")
def decodes_each_read(data: bytes, relay: Relay) -> bytes:
    """Decodes each read by itself."""
    return data.decode(errors="replace").encode()
