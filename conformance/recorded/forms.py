"""A file in, the recordings it holds out: a body, a head and a body, or a HAR file."""

from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import Request
from conformance.recorded import har, heads
from conformance.recorded.files import BadFile, content, value
from conformance.recorded.recording import Kept, Recording, Wanted, first, recording
from conformance.wire import sse

NEEDED = "an event stream, a JSON answer, a HAR file or what `curl -i` printed is needed"


def recordings(
    name: str, wanted: Wanted, asked: Request | None = None
) -> Iterator[Recording | BadFile]:
    """Yield each recorded answer, or what is wrong with it; `asked` is what was, if known."""
    try:
        found = list(_kept(name, content(name)))
    except BadFile as trouble:
        found = []
        yield trouble
    for kept in found:
        try:
            yield recording(replace(kept, request=kept.request or asked), wanted)
        except BadFile as trouble:
            yield trouble


def _kept(name: str, data: bytes) -> Iterator[Kept]:
    if heads.is_head(data):
        yield heads.answer(name, data)
        return
    if first(data) == b"{":
        told = value(name, data.removeprefix(sse.BOM), NEEDED)
        if har.is_har(told):
            yield from har.answers(name, told)
            return
    yield Kept(name, data)
