"""Routers that cut characters."""

import re

from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.variant import mutant


@mutant("bytes_in", breaks="utf8.split-preserved")
def decodes_each_read(data: bytes, relay: Relay) -> bytes:
    """Decodes each read by itself."""
    return data.decode(errors="replace").encode()


# What a read ends in, where it ends inside of a character.
BEGUN = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z")


@mutant("bytes_in", breaks="utf8.split-preserved")
def waits_once_for_a_character(data: bytes, relay: Relay) -> bytes:
    """Takes the next read for the rest of a character, however little of it comes."""
    held = relay.memory.pop("held", b"")
    data = held + data
    begun = BEGUN.search(data)
    if begun and not (held and begun.start() == 0):
        relay.memory["held"], data = begun[0], data[: begun.start()]
    return data.decode(errors="replace").encode()
