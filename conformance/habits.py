"""What answers show of a router's habits: trials in, values of a profile out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.exchange import UNANSWERED, Exchange, Trial
from conformance.profiles.policy import POLICIES, UNSPECIFIED
from conformance.profiles.rows import RELATIONS, Error, Header, Names, RateLimit
from conformance.protocols import chat, read
from conformance.protocols.surface import answer
from conformance.rules.cancel import open_still
from conformance.rules.chunk_identity import id_position, model_position
from conformance.rules.hdr_rows import related
from conformance.rules.usage import told as told_usage

#: Headers of our own interest: the rest is HTTP's, or the server's.
OWN = ("x-", "request-id")
NOT_OWN = ("x-accel-buffering", "x-content-type-options", "x-frame-options", "x-powered-by",
           "x-xss-protection", "x-robots-tag", "x-download-options", "x-dns-prefetch-control",
           "x-permitted-cross-domain-policies")  # fmt: skip
LIMIT, REMAINING, RESET = "-limit", "-remaining", "-reset"
FEW = 2  # answers from which on one can speak of a habit

#: The probes whose trials are read here.
PROBES = ("text", "identity", "usage", "usage-unasked", "incremental-text", "leave", "refused-401")


@dataclass(frozen=True, slots=True)
class Habits:
    policy: Mapping[str, str] = field(default_factory=dict)
    lookahead: int = 1
    headers: tuple[Header, ...] = ()
    errors: tuple[Error, ...] = ()
    limits: tuple[RateLimit, ...] = ()


Trials = Mapping[tuple[str, str], Trial]  # by surface and probe


def habits(trials: Trials) -> Habits:
    listed = list(exchanges(trials))
    # What is no position that one may declare, such as another model's name, is none of ours.
    policy = {name: position for name, position in _policy(trials)
              if position in POLICIES[name] and position != UNSPECIFIED}  # fmt: skip
    return Habits(policy, _lookahead(listed), tuple(_headers(listed)), tuple(_errors(listed)),
                  tuple(_limits(listed)))  # fmt: skip


def exchanges(trials: Trials) -> Iterator[Exchange]:
    for trial in trials.values():
        for exchange in trial.exchanges.values():
            if exchange.form not in ("unanswered", "left") and exchange.end not in UNANSWERED:
                yield exchange


def _policy(trials: Trials) -> Iterator[tuple[str, str]]:
    for exchange in _of(trials, "text", "chat"):
        yield "role", _role(exchange)
        yield "finish-place", _finish_place(exchange)
    for exchange in _of(trials, "usage", "chat"):
        yield "usage-place", _usage_place(exchange)
    for exchange in _of(trials, "usage-unasked", "chat"):
        yield "usage-when", "always" if told_usage(exchange) else "asked"
    for name, position in (("model-name", model_position), ("id", id_position)):
        yield name, _agreed([position(each) for each in _of(trials, "identity")])
    left = [each for (_, probe), trial in trials.items() if probe == "leave"
            for each in trial.exchanges.values() if each.journal]  # fmt: skip
    yield "cancel-upstream", _agreed(["drains" if open_still(each) else "closes" for each in left])


def _of(trials: Trials, probe: str, surface: str = "") -> Iterator[Exchange]:
    for (asked, name), trial in trials.items():
        if name == probe and surface in ("", asked):
            yield from (each for each in trial.exchanges.values() if each.form == each.mode)


def _agreed(positions: Sequence[str]) -> str:
    return positions[0] if len(set(positions)) == 1 else UNSPECIFIED


def _role(exchange: Exchange) -> str:
    deltas = [chat.delta(choice) for chunk in chat.chunks(exchange)
              for choice in chat.choices(chunk)]  # fmt: skip
    with_role = sum("role" in delta for delta in deltas)
    return {0: UNSPECIFIED, 1: "first"}.get(with_role, "every")


def _finish_place(exchange: Exchange) -> str:
    for chunk in chat.chunks(exchange):
        for choice in chat.choices(chunk):
            if choice.get("finish_reason"):
                return "last-content" if chat.delta(choice).get("content") else "own-chunk"
    return UNSPECIFIED


def _usage_place(exchange: Exchange) -> str:
    for chunk in chat.chunks(exchange):
        if isinstance(chunk.value.get("usage"), dict):
            finishes = any(choice.get("finish_reason") for choice in chat.choices(chunk))
            return "with-finish" if finishes else "own-chunk"
    return UNSPECIFIED


def _lookahead(listed: Sequence[Exchange]) -> int:
    return max((hold.lag for exchange in listed for hold in exchange.holds), default=1) or 1


def _headers(listed: Sequence[Exchange]) -> Iterator[Header]:
    """Yield a row for each header of the router's own that all answers of a kind have."""
    kinds: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in listed:
        kinds.setdefault((exchange.surface, exchange.form), []).append(exchange)
    names = {name.lower() for exchange in listed for name, _ in exchange.headers}
    for name in sorted(names):
        if name.startswith(OWN) and name not in NOT_OWN and not _counts(name):
            always = [kind for kind, having in kinds.items()
                      if all(each.header(name) is not None for each in having)]  # fmt: skip
            for forms, surfaces in _grouped(always).items():
                having = [each for kind in always if kind[0] in surfaces for each in kinds[kind]]
                theirs = [kind for kind in kinds if kind[0] in surfaces]
                on = _unless_all(forms, theirs, 1) + _unless_all(tuple(surfaces), kinds, 0)
                yield _header(name, on, having)


def _grouped(kinds: Iterable[tuple[str, str]]) -> dict[tuple[str, ...], list[str]]:
    """Return the surfaces that have the same forms, by these."""
    forms: dict[str, list[str]] = {}
    for surface, form in kinds:
        forms.setdefault(surface, []).append(form)
    surfaces: dict[tuple[str, ...], list[str]] = {}
    for surface, told in forms.items():
        surfaces.setdefault(tuple(sorted(told)), []).append(surface)
    return surfaces


def _unless_all(told: tuple[str, ...], kinds: Iterable[tuple[str, str]], at: int) -> Names:
    return () if set(told) == {kind[at] for kind in kinds} else told


def _header(name: str, on: Names, having: Sequence[Exchange]) -> Header:
    values = [exchange.header(name) for exchange in having]
    unique = len(values) >= FEW and len(set(values)) == len(values)
    return Header(name, on, "required", equals=_relation(name, having), unique=unique)


def _relation(name: str, having: Sequence[Exchange]) -> str:
    for relation in RELATIONS:
        whole = [each for each in having if each.form == each.mode]
        if len(whole) >= FEW and all(related(relation, each) == each.header(name)
                                     for each in whole):  # fmt: skip
            return relation
    return ""


def _counts(name: str) -> bool:
    return "ratelimit" in name


def _limits(listed: Sequence[Exchange]) -> Iterator[RateLimit]:
    names = {name.lower() for exchange in listed for name, _ in exchange.headers}
    for limit in sorted(name for name in names if _counts(name) and LIMIT in name):
        remaining = limit.replace(f"ratelimit{LIMIT}", f"ratelimit{REMAINING}")
        reset = limit.replace(f"ratelimit{LIMIT}", f"ratelimit{RESET}")
        if limit != remaining and remaining in names:
            yield RateLimit(limit, remaining, reset if reset in names else "")


def _errors(listed: Sequence[Exchange]) -> Iterator[Error]:
    """Yield the members that all error envelopes of a surface have."""
    for surface in read.SURFACES:
        told = [(answer(each) or {}).get("error") for each in listed
                if each.surface == surface and each.form == "error"]  # fmt: skip
        kept = [set(error) for error in told if isinstance(error, dict)]
        if kept and (members := set.intersection(*kept)):
            yield Error((surface,), has=tuple(sorted(members)))
