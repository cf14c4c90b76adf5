"""Streams that a router hands down as the provider wrote them, if it promises that."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Json
from conformance.findings import Basis, Finding, Level, Span
from conformance.protocols.outcome import steps
from conformance.rules.rule import rule
from conformance.wire import sse

NEAR = 24  # bytes shown from where two streams part


@rule(
    "content.transparency",
    Level.MUST,
    on="stream",
    probes="content.transparency",
    needs="upstream transparency",
    policy="transparency",
    basis=Basis.POLICY,
    cites="the policy transparency of the profile, with its source",
)
def the_stream_is_handed_down_as_it_was_written(exchange: Exchange) -> Iterator[Finding]:
    """A stream comes down as declared: each byte as the provider wrote it, or each event.

    What an event is, is its name and its data; comments and line ends are not part of it.
    """
    wrote = written(exchange.scenario)
    if exchange.policy["transparency"] == "bytes":
        yield from _parted(wrote, exchange.body)
        return
    sent, got = _events(wrote), _events(exchange.body)
    for number, event in enumerate(sent):
        if got[number : number + 1] != [event]:
            yield Finding(f"event {number + 1} is not {event[1][:60]!r} as the provider wrote it")
            return
    if len(got) > len(sent):
        yield Finding(f"{len(got)} events came, the provider wrote {len(sent)}")


def written(scenario: Json) -> bytes:
    """Return the stream of a provider that says all of it byte by byte."""
    return b"".join(step["raw"].encode() for step in steps(scenario) if "raw" in step)


def _parted(wrote: bytes, got: bytes) -> Iterator[Finding]:
    if wrote == got:
        return
    both = zip(wrote, got, strict=False)
    shorter = min(len(wrote), len(got))
    at = next((place for place, (a, b) in enumerate(both) if a != b), shorter)
    what = f"at byte {at}: {_near(got, at)} where the provider wrote {_near(wrote, at)}"
    yield Finding(what, Span(at, min(at + NEAR, len(got))))


def _near(data: bytes, at: int) -> str:
    return repr(data[at : at + NEAR]) if data[at:] else "nothing"


def _events(data: bytes) -> list[tuple[str, str]]:
    return [(item.type, item.data) for item in sse.decode(data) if isinstance(item, sse.Event)]
