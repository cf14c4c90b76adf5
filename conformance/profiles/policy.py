"""What a router promises by one value each, for rules to find: policies, limits, features."""

import math
import re
from collections.abc import Mapping
from types import UnionType

from conformance.exchange import Json
from conformance.profiles import fallback

#: Not the router's own choice; rules of such a policy only inform of where it is not the same.
PROVIDER_DEPENDENT = "provider-dependent"
#: Contested behaviour and the positions one may declare; `unspecified` makes its rules only inform.
POLICIES: Mapping[str, tuple[Json, ...]] = {
    "role": ("first", "every", "unspecified"),
    "unknown-finish": ("map", "pass", "unspecified"),
    "finish-place": ("own-chunk", "last-content", "unspecified"),
    "usage-place": ("own-chunk", "with-finish", "unspecified"),
    "usage-when": ("asked", "always", "unspecified"),
    "client-key": ("own", "forwarded", "unspecified"),
    "commit": ("first-event", "at-once", "unspecified"),
    "error-finish": ("error", "none", "unspecified"),
    "unfinished": ("error", "forward", "unspecified"),
    "model-name": ("upstream", "requested", "unspecified"),
    "id": ("upstream", "own", "unspecified"),
    "malformed-event": ("skip", "error", "unspecified"),
    "cancel-upstream": ("closes", "drains", PROVIDER_DEPENDENT, "unspecified"),
    "cancel-bill": ("emitted", "generated", "full", "none", PROVIDER_DEPENDENT, "unspecified"),
    "gemini-framing": ("google", "standard", "unspecified"),
    "transparency": ("bytes", "events", "normalised", "unspecified"),
    "model-prefix": ("stripped", "kept", "unspecified"),
    "retry-after": ("required-on-429", "optional", "unspecified"),
    "unknown-members": ("forwarded", "dropped", "refused", "unspecified"),
    "messages-version": ("optional", "required", "unspecified"),
}
UNSPECIFIED = "unspecified"
#: Seconds a router may declare: of its upstream's silence until it gives up, of its own silence
#: towards a client, of a whole request.
LIMITS = frozenset({"idle-limit", "keepalive-limit", "request-limit"})
#: Bytes a router may declare: of one stream that its client does not take, of one event.
SIZES = frozenset({"buffer-limit", "event-limit"})
#: What not every router offers, and how it is declared.
FEATURES: Mapping[str, tuple[type | UnionType, str]] = {
    "fallback": (bool | list, fallback.RIGHT),  # another provider is asked when one fails
    "cooldown": (bool, "true or false"),  # and one that fails often is not asked for a while
    "cache": (bool, "true or false"),  # the same question may get a stored answer
    "guard": (str, "a text that its guardrail forbids in answers"),
    "pinned-model": (str, "the name of a model that is never routed elsewhere"),
    "unknown-model": (str, "the name of a model that there is not"),
    "prefixed-model": (str, "the name of a model, with its provider ahead of a slash"),
    "pinned-provider": (str, "a header, NAME: VALUE, that keeps a request to the first provider"),
    "id-pattern": (str, "a regular expression for the ids of its answers"),
    "extra-members": (list, "a list of what its answers have at the top beyond the API"),
}
FALLBACK = "fallback"  # the feature of a router that asks another provider when one fails
BILL = "bill"  # what a router says it charged
LOOKAHEAD = "lookahead"  # events a router may keep back
NAMED = re.compile(r"[^\s:]+:.*\S.*")  # a header with its value


class BadPolicy(ValueError):
    """A value that cannot be right; the message names the member, its value and what is right."""


def read(told: Mapping[str, Json]) -> dict[str, Json]:
    """Return all that is said of these in a profile, by name."""
    return {
        **_policies(_table(told, "policy")),
        **_limits(told),
        **_sizes(told),
        **_features(_table(told, "features")),
        LOOKAHEAD: _lookahead(told.get(LOOKAHEAD, 1)),
    }


def _table(told: Mapping[str, Json], name: str) -> dict[str, Json]:
    said = told.get(name, {})
    if not isinstance(said, dict):
        raise BadPolicy(f"{name} {said!r}: a table is needed")
    return said


def _policies(told: Mapping[str, Json]) -> dict[str, Json]:
    for key, value in told.items():
        if value not in POLICIES.get(key, ()):
            right = POLICIES.get(key)
            hint = f"one of {', '.join(map(str, right))}" if right else "no such policy"
            raise BadPolicy(f"policy {key!r} = {value!r}: {hint}")
    return dict(told)


def _limits(told: Mapping[str, Json]) -> dict[str, Json]:
    limits = {name: told[name] for name in LIMITS & told.keys()}
    for name, said in limits.items():
        if not isinstance(said, int | float) or isinstance(said, bool) or not 0 < said < math.inf:
            raise BadPolicy(f"{name} {said!r}: a number of seconds above 0 is needed")
    return limits


def _sizes(told: Mapping[str, Json]) -> dict[str, Json]:
    sizes = {name: told[name] for name in SIZES & told.keys()}
    for name, said in sizes.items():
        if not isinstance(said, int) or isinstance(said, bool) or said <= 0:
            raise BadPolicy(f"{name} {said!r}: a number of bytes above 0 is needed")
    return sizes


def _features(told: Mapping[str, Json]) -> dict[str, Json]:
    for name, said in told.items():
        if name not in FEATURES:
            raise BadPolicy(f"no feature {name!r}; there are {', '.join(FEATURES)}")
        kind, right = FEATURES[name]
        if not isinstance(said, kind) or not _fits(name, said):
            raise BadPolicy(f"feature {name} {said!r}: {right} is needed")
    try:
        re.compile(told.get("id-pattern", ""))
    except re.error as error:
        raise BadPolicy(f"feature id-pattern {told['id-pattern']!r}: {error}") from error
    failures = {FALLBACK: fallback.read(told[FALLBACK])} if FALLBACK in told else {}
    return {**told, **failures}


def _fits(name: str, said: Json) -> bool:
    match name:
        case "fallback":
            return fallback.read(said) is not None
        case "pinned-provider":
            return said == "" or NAMED.fullmatch(said) is not None
        case "extra-members":
            return all(isinstance(each, str) for each in said)
    return True


def _lookahead(said: Json) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise BadPolicy(f"lookahead {said!r}: a number of events, 0 or more, is needed")
    return said
