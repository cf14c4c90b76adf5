"""Each rule on HTTP: an answer that breaks it, one that does not, and what it says."""

import gzip
import zlib
from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, HoldSeen, Json, Read, Request, Trial
from conformance.rules import RULES, http
from conformance.rules.rule import Rule

BODY = b'data: {"choices":[]}\n\ndata: [DONE]\n\n'
STREAM = Exchange(
    "chat",
    "stream",
    Request("POST", "http://router/v1/chat/completions", (), {}),
    status=200,
    headers=(
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("transfer-encoding", "chunked"),
    ),
    body=BODY,
    scenario={"step": []},
)
PLAIN = replace(STREAM, mode="plain", headers=(("content-type", "application/json"),), body=b"{}")
ACCEPTING = replace(
    STREAM, request=Request("POST", "http://router", (("Accept-Encoding", "gzip"),), {})
)
PACKED = gzip.compress(BODY)
LABEL = ("content-encoding", "gzip")


def labelled(value: str, exchange: Exchange = STREAM) -> Exchange:
    return replace(exchange, headers=(("content-type", value),))


def headed(*headers: tuple[str, str], exchange: Exchange = STREAM, raw: bytes = b"") -> Exchange:
    reads = (Read(0, raw),) if raw else ()
    return replace(exchange, headers=(*exchange.headers, *headers), reads=reads)


def sent(*headers: tuple[str, str], came: tuple[tuple[str, str], ...] = ()) -> Exchange:
    """Return an exchange whose provider sent some headers."""
    listed: Json = [list(pair) for pair in headers]
    return headed(
        *came, exchange=replace(STREAM, scenario={"step": [], "head": {"headers": listed}})
    )


def held(*lags: int, **policy: Json) -> Exchange:
    holds = tuple(HoldSeen(name, name, lag) for name, lag in zip("abc", lags, strict=False))
    return replace(STREAM, holds=holds, policy=policy)


def ended(end: End, error: str) -> Exchange:
    return replace(STREAM, end=end, error=error)


# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    *(
        (rule, "a good stream", STREAM, [])
        for rule in (value.id for value in vars(http).values() if isinstance(value, Rule))
        if rule not in {"http.no-compression-buffering", "http.stale-upstream-conn"}
    ),
    ("http.answered", "cut, which is an answer", ended(End.CUT, "peer closed"), []),
    (
        "http.answered",
        "never",
        ended(End.TIMEOUT, "no end within 20 s"),
        ["no answer: timeout, no end within 20 s"],
    ),
    (
        "http.answered",
        "refused",
        ended(End.REFUSED, "all connection attempts failed"),
        ["no answer: refused, all connection attempts failed"],
    ),
    ("http.content-type-event-stream", "plain", PLAIN, []),
    (
        "http.content-type-event-stream",
        "JSON for a stream",
        labelled("application/json"),
        ["Content-Type is application/json; right is text/event-stream"],
    ),
    (
        "http.content-type-event-stream",
        "no label",
        replace(STREAM, headers=()),
        ["Content-Type is absent; right is text/event-stream"],
    ),
    (
        "http.content-type-event-stream",
        "another charset",
        labelled("text/event-stream; charset=latin-1"),
        ["Content-Type is text/event-stream; charset=latin-1; right is text/event-stream"],
    ),
    ("http.content-type-event-stream", "quoted", labelled('Text/Event-Stream;charset="UTF-8"'), []),
    (
        "http.content-type-event-stream",
        "a stream for plain",
        labelled("text/event-stream", PLAIN),
        ["Content-Type is text/event-stream; right is application/json"],
    ),
    (
        "http.content-type-event-stream",
        "events for an array, which are labelled so",
        labelled("text/event-stream", replace(STREAM, surface="gemini", mode="array")),
        [],
    ),
    (
        "http.content-type-event-stream",
        "an array that is labelled as events",
        labelled("text/event-stream", Exchange("gemini", "array", status=200, body=b"[{}]")),
        ["Content-Type is text/event-stream; right is application/json"],
    ),
    ("http.incremental", "one kept back", held(1, 1, 1), []),
    (
        "http.incremental",
        "two kept back",
        held(1, 2, 3),
        ["at 'b' the 2 events sent last had not come out; 1 may be kept back"],
    ),
    ("http.incremental", "two kept back, as declared", held(1, 2, 2, lookahead=2), []),
    (
        "http.incremental",
        "one kept back, none declared",
        held(0, 1, lookahead=0),
        ["at 'b' the event sent last had not come out; 0 may be kept back"],
    ),
    (
        "http.anti-buffering-headers",
        "none",
        labelled("text/event-stream"),
        ["no X-Accel-Buffering: no", "no Cache-Control: no-cache"],
    ),
    (
        "http.no-content-length-on-stream",
        "a length",
        headed(("Content-Length", "36")),
        ["Content-Length 36 on a stream"],
    ),
    (
        "http.framing-headers",
        "twice",
        headed(("Transfer-Encoding", "chunked")),
        ["transfer-encoding comes 2 times"],
    ),
    (
        "http.framing-headers",
        "the provider's, kept there",
        sent(("keep-alive", "timeout=77"), came=(("keep-alive", "timeout=5"),)),
        [],
    ),
    (
        "http.framing-headers",
        "the provider's, copied",
        sent(("Keep-Alive", "timeout=77"), came=(("keep-alive", "timeout=77"),)),
        ["the provider's keep-alive: timeout=77 was copied"],
    ),
    (
        "http.framing-headers",
        "named by Connection",
        sent(("connection", "X-Hop"), ("x-hop", "sage"), came=(("x-hop", "sage"),)),
        ["the provider's x-hop: sage was copied"],
    ),
    ("http.framing-headers", "end to end", sent(("x-end", "1"), came=(("x-end", "1"),)), []),
    (
        "http.content-encoding-consistent",
        "asked for",
        headed(LABEL, exchange=ACCEPTING, raw=PACKED),
        [],
    ),
    (
        "http.content-encoding-consistent",
        "not asked for",
        headed(LABEL, raw=PACKED),
        ["Content-Encoding gzip, Accept-Encoding was absent"],
    ),
    (
        "http.content-encoding-consistent",
        "not coded",
        headed(LABEL, exchange=ACCEPTING, raw=BODY),
        ["Content-Encoding gzip: the bytes are not gzip"],
    ),
    (
        "http.content-encoding-consistent",
        "cut short",
        headed(LABEL, exchange=ACCEPTING, raw=PACKED[:-4]),
        ["Content-Encoding gzip: the gzip data ends before its end"],
    ),
    (
        "http.content-encoding-consistent",
        "coded and not labelled",
        headed(raw=PACKED),
        ["the body is gzip and Content-Encoding does not say so"],
    ),
    ("http.content-encoding-consistent", "identity", headed(("content-encoding", "identity")), []),
    (
        "http.content-encoding-consistent",
        "deflate without a header",
        headed(
            ("content-encoding", "deflate"),
            exchange=replace(
                STREAM, request=Request("POST", "", (("accept-encoding", "deflate"),), {})
            ),
            raw=zlib.compress(BODY, wbits=-15),
        ),
        [],
    ),
    (
        "http.keepalive-neutral",
        "between events",
        replace(STREAM, body=b": ping\n\n" + BODY),
        [],
    ),
    (
        "http.keepalive-neutral",
        "inside an event",
        replace(STREAM, body=b"data: {}\n: ping\n\n"),
        ["the comment 'ping' stands inside an event"],
    ),
]


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES],
)
def test_a_rule_says_what_is_wrong_with_the_transport(
    rule: str, exchange: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": exchange}))

    assert [finding.message for finding in findings] == said


@pytest.mark.parametrize(
    ("identity", "packed", "said"),
    [
        (held(0, 0), held(1, 1), []),
        (
            held(0, 0),
            held(1, 2),
            ["at 'b' the 2 events sent last had not come out, without gzip they had"],
        ),
        (held(1, 2), held(1, 2), []),
    ],
    ids=["neither held back", "held back with gzip", "held back in any case"],
)
def test_compression_is_to_blame_only_for_what_it_holds_back(
    identity: Exchange, packed: Exchange, said: list[str]
) -> None:
    trial = Trial("made", {"identity": identity, "gzip": packed})

    findings = RULES["http.no-compression-buffering"].check(trial)

    assert [finding.message for finding in findings] == said


ASKED_TWICE = replace(STREAM, journal=({}, {}))
STALE = "the provider had closed an idle connection, and the next request was"


@pytest.mark.parametrize(
    ("following", "said"),
    [
        (STREAM, []),
        (replace(STREAM, status=502), [f"{STALE} answered 502"]),
        (ended(End.REFUSED, "disconnected"), [f"{STALE} refused"]),
        (ASKED_TWICE, ["the provider had closed an idle connection, and was asked 2 times"]),
    ],
    ids=["answered", "refused with a status", "no answer", "asked twice"],
)
def test_a_request_after_a_closed_connection_is_answered_and_asked_once(
    following: Exchange, said: list[str]
) -> None:
    trial = Trial("made", {"fin": replace(STREAM, status=502), "fin.next": following})

    findings = RULES["http.stale-upstream-conn"].check(trial)

    assert [finding.message for finding in findings] == said
