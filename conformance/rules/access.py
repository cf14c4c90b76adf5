"""Where a router is to be reached and with what key, as its profile declares."""

from collections.abc import Iterator

from conformance.exchange import Exchange, Trial
from conformance.findings import Basis, Finding, Level
from conformance.profiles.rows import Endpoint
from conformance.rules.returned import went_up
from conformance.rules.rule import comparison, rule
from conformance.wire import http

ANSWERS = "stream plain error"
WHATEVER = "stream array plain error unanswered"


@comparison(
    "http.declared-endpoint",
    Level.MUST,
    on="chat.plain chat.error",
    probes="http.declared-endpoint",
    needs="head endpoint",
    basis=Basis.POLICY,
    cites="the rows under [[endpoint]] of the profile, each with its source",
)
def what_is_beside_the_surfaces_answers(trial: Trial) -> Iterator[Finding]:
    """What the profile declares beside the surfaces is there, and answers as declared.

    That is its status, its media type, and what is in its body.
    """
    for name, exchange in trial.exchanges.items():
        row: Endpoint = exchange.policy["endpoint"][int(name)]
        if wrong := next(_departures(row, exchange), ""):
            yield Finding(f"{row.method} {row.path} {wrong}", exchange=name)


def _departures(row: Endpoint, exchange: Exchange) -> Iterator[str]:
    if not any(_is(exchange.status, wanted) for wanted in row.status):
        yield f"is answered {exchange.status}; declared is {' or '.join(row.status)}"
    media = http.media_type(exchange.header("content-type")).essence
    if row.media_type and media != row.media_type:
        yield f"has Content-Type {media or 'absent'}; declared is {row.media_type}"
    if missing := [text for text in row.has if text.encode() not in exchange.body]:
        yield f"lacks {', '.join(missing)}"


def _is(status: int | None, wanted: str) -> bool:
    """Compare a status with one such as 404 or 4xx."""
    told = f"{status}"
    return told == wanted or (wanted.endswith("xx") and told[:1] == wanted[:1])


@rule(
    "hdr.auth-declared",
    Level.MUST,
    on=ANSWERS,
    probes="hdr.auth-declared",
    needs="head auth",
    basis=Basis.POLICY,
    cites="the table [auth] of the profile, with its source",
)
def a_key_may_be_sent_as_declared(exchange: Exchange) -> Iterator[Finding]:
    """A request is answered whichever of the declared ways its key is sent."""
    if exchange.form == "error":
        yield Finding(f"answered {exchange.status}", where="status")


@rule(
    "pre.model-prefix",
    Level.MUST,
    on=ANSWERS,
    probes="pre.model-prefix",
    needs="upstream prefixed-model",
    policy="model-prefix",
    basis=Basis.POLICY,
    cites="OpenAI and Anthropic API reference, model: a provider knows its models by its own names",
)
def the_provider_gets_the_declared_name(exchange: Exchange) -> Iterator[Finding]:
    """A prefix that names the provider is taken off a model's name, or kept, as declared.

    It is the policy `model-prefix` (stripped, kept), and the part of the name up to its first
    slash.
    """
    asked = exchange.asked("model") or ""
    right = {"stripped": asked.partition("/")[2], "kept": asked}
    wanted = right.get(exchange.policy.get("model-prefix", ""))
    for entry in exchange.journal if wanted else ():
        # A provider that is asked for its model by the path of its API is not judged.
        if (got := went_up(entry).get("model")) not in (None, wanted):
            what = f"{asked!r} went up as {got!r}; right is {wanted!r}"
            yield Finding(what, where="journal")


@rule(
    "retry.pinned-provider",
    Level.MUST,
    on=WHATEVER,
    probes="retry.pinned-provider",
    needs="upstream fallback second-upstream pinned-provider",
    basis=Basis.POLICY,
    cites="the header that the profile declares as pinned-provider, with its source",
)
def who_is_pinned_is_asked_alone(exchange: Exchange) -> Iterator[Finding]:
    """A request that is pinned to a provider goes to that one alone, also when it fails."""
    if exchange.of_second:
        yield Finding("the second provider was asked, and the first is pinned", where="journal")
