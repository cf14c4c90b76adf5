"""Faults of status, headers and whole bodies: what stands in front of a provider may answer so."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from typing import Literal

from mockprovider.faults.parameters import Natural, Positive, Status
from mockprovider.timeline import Close, Head, Send, Timeline

Headers = tuple[tuple[str, str], ...]
PAGE = (
    "<html>\r\n<head><title>{status}</title></head>\r\n"
    "<body><center><h1>{status}</h1></center><hr><center>nginx</center></body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class ContentType:
    """The media type is another than the body's."""

    value: str = "text/plain"

    def apply(self, timeline: Timeline) -> Timeline:
        return headed(timeline, (("content-type", self.value),))


@dataclass(frozen=True, slots=True)
class ExtraHeader:
    """One header more, or one of `bytes` bytes if that is more."""

    name: str = "x-mock-extra"
    value: str = "1"
    bytes: Natural = 0

    def apply(self, timeline: Timeline) -> Timeline:
        value = self.value.ljust(self.bytes, "x")
        return on_head(timeline, lambda head: head.with_header(self.name, value))


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """`retry-after` in one of its forms, or `retry-after-ms`; and another status, if given."""

    form: Literal["seconds", "date", "ms", "fraction", "zero", "past", "nonsense"] = "seconds"
    seconds: Natural = 1
    status: Status | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return on_head(timeline, self._told)

    def _told(self, head: Head) -> Head:
        value = {
            "seconds": str(self.seconds),
            "date": formatdate(sent_at(head) + self.seconds, usegmt=True),
            "ms": str(self.seconds * 1000),
            "fraction": f"{self.seconds}.5",
            "zero": "0",
            "past": formatdate(0, usegmt=True),
            "nonsense": "soon",
        }[self.form]
        name = "retry-after-ms" if self.form == "ms" else "retry-after"
        return named(replace(head, status=self.status or head.status), ((name, value),))


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate-limit headers of a vendor, with so many requests and tokens left."""

    vendor: Literal["openai", "anthropic"] = "openai"
    requests: Natural = 0
    tokens: Natural = 0

    def apply(self, timeline: Timeline) -> Timeline:
        return headed(timeline, self._openai() if self.vendor == "openai" else self._anthropic())

    def _openai(self) -> Headers:
        left = {"requests": self.requests, "tokens": self.tokens}
        limits = tuple((f"x-ratelimit-limit-{what}", "5000") for what in left)
        remaining = tuple((f"x-ratelimit-remaining-{what}", str(n)) for what, n in left.items())
        return (*limits, *remaining, *((f"x-ratelimit-reset-{what}", "12ms") for what in left))

    def _anthropic(self) -> Headers:
        left = {"requests": self.requests, "input-tokens": self.tokens}
        prefix = "anthropic-ratelimit"
        limits = tuple((f"{prefix}-{what}-limit", "5000") for what in left)
        remaining = tuple((f"{prefix}-{what}-remaining", str(n)) for what, n in left.items())
        when = "2026-11-21T12:00:00Z"
        return (*limits, *remaining, *((f"{prefix}-{what}-reset", when) for what in left))


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer sends the router elsewhere; its body is empty."""

    location: str = "/v1/elsewhere"
    status: Status = 307

    def apply(self, timeline: Timeline) -> Timeline:
        answered = instead(timeline, self.status, b"", "text/plain")
        return headed(answered, (("location", self.location),))


@dataclass(frozen=True, slots=True)
class HtmlBody:
    """The page of a proxy comes in place of the answer."""

    status: Status = 502

    def apply(self, timeline: Timeline) -> Timeline:
        return instead(timeline, self.status, PAGE.format(status=self.status).encode(), "text/html")


@dataclass(frozen=True, slots=True)
class EmptyBody:
    """The answer has no body; its status is the answer's own, or another."""

    status: Status | None = None

    def apply(self, timeline: Timeline) -> Timeline:
        return instead(timeline, self.status, b"", None)


@dataclass(frozen=True, slots=True)
class HugeBody:
    """An error in place of the answer, of so many bytes of JSON."""

    bytes: Positive = 8 << 20
    status: Status = 500

    def apply(self, timeline: Timeline) -> Timeline:
        opening, end = b'{"error":{"message":"', b'"}}'
        fill = b"x" * (self.bytes - len(opening) - len(end))
        return instead(timeline, self.status, opening + fill + end, "application/json")


def instead(timeline: Timeline, status: int | None, body: bytes, media: str | None) -> Timeline:
    """Return another answer, after the same waits; without a media type, under the same one."""
    for at, step in enumerate(timeline):
        if isinstance(step, Head):
            head = replace(step, status=status or step.status, length=len(body))
            own = () if media is None else (("content-type", media),)
            return (*timeline[:at], named(head, own), Send(body, "body", 0), Close())
    return timeline


def headed(timeline: Timeline, headers: Headers) -> Timeline:
    """Put headers in place of those of the same names."""
    return on_head(timeline, lambda head: named(head, headers))


def named(head: Head, headers: Headers) -> Head:
    """Return a head with these headers in place of those of the same names."""
    names = {name for name, _ in headers}
    kept = [pair for pair in head.headers if pair[0].lower() not in names]
    return replace(head, headers=(*kept, *headers))


def sent_at(head: Head) -> float:
    """Return the time a head says it is of."""
    date = head.header("date")
    return parsedate_to_datetime(date).timestamp() if date else 0.0


def on_head(timeline: Timeline, change: Callable[[Head], Head]) -> Timeline:
    """Return the timeline with its head changed."""
    return tuple(change(step) if isinstance(step, Head) else step for step in timeline)
