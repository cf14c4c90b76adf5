"""Routers that are odd and conformant: a rule that objects to one of them is wrong."""

from conformance.selfcheck.router.events import Item, write
from conformance.selfcheck.variant import legal


@legal("write")
def ends_lines_with_crlf(item: Item) -> bytes:
    """Ends lines with CR LF."""
    return write(item).replace(b"\n", b"\r\n")
