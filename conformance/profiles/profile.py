"""Profiles: TOML in, frozen values out; every value with its source."""

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType

from conformance.exchange import SURFACES, Json
from conformance.profiles import address, bill, fallback, grounds, rows
from conformance.profiles.address import Address, BadAddress
from conformance.profiles.bill import OFFERS, BadBill, BillSource
from conformance.profiles.grounds import BadGround, Ground
from conformance.profiles.rows import ROWS, BadRow

DIRECTORY = Path(__file__).parent

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
BILL, AUTH, TRANSPARENCY, FALLBACK = "bill", "auth", "transparency", "fallback"
#: Where a stream is made anew there is nothing to hold against what the provider wrote.
MADE_ANEW = "normalised"
#: Rules about these are not applicable where a profile does not declare them.
DECLARED = LIMITS | FEATURES.keys() | ROWS.keys() | OFFERS | {BILL, AUTH, TRANSPARENCY}
LOOKAHEAD = "lookahead"  # events a router may keep back; rules find it beside the policies
TEXTS = ("title", "source", "url", "model", "version")
MEMBERS = {*TEXTS, "profile", "surfaces", LOOKAHEAD, "policy", "deviations", BILL, "features",
           "base", AUTH, *LIMITS, *SIZES, *ROWS}  # fmt: skip


class BadProfile(ValueError):
    """A profile that cannot be read; the message names file, member, value and what is right."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known departure from a rule, by someone who will not change it for us."""

    reason: str
    source: str
    only: str = ""  # a regular expression; the findings it does not match still count

    def excuses(self, message: str) -> bool:
        return re.search(self.only, message) is not None


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    title: str
    source: str
    # What is promised, for rules to find: policies, limits, features, and rows by their kind.
    policy: Mapping[str, Json] = field(default_factory=dict)
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    surfaces: tuple[str, ...] = ("chat",)
    bill: BillSource | None = None
    address: Address = field(default_factory=Address)
    grounds: Mapping[str, Ground] = field(default_factory=dict)  # of each value, by its place
    # Where one router is, and which: what `router.toml` says and a shipped profile does not.
    url: str = ""
    model: str = ""
    version: str = ""

    @property
    def declared(self) -> set[str]:
        nothing = (False, "", (), UNSPECIFIED, MADE_ANEW)
        told = {name for name, value in self.policy.items() if value not in nothing}
        return {*told, *([AUTH] if self.address.auth else [])}

    def lacks(self, needs: Iterable[str]) -> str:
        """Return one of these that has to be declared and is not, if there is one."""
        return min(DECLARED.intersection(needs) - self.declared, default="")

    def chosen(self, policy: str) -> Json:
        return self.policy.get(policy, UNSPECIFIED)


def names() -> list[str]:
    return sorted(path.stem for path in DIRECTORY.glob("*.toml"))


def load(name: str) -> Profile:
    """Read a shipped profile by its name."""
    return read(shipped(name))


def shipped(name: str) -> Path:
    path = DIRECTORY / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names())}"
        raise BadProfile(f"no profile {name!r}; {hint}")
    return path


def read(path: Path) -> Profile:
    whole = _whole(path)
    try:
        told, known = grounds.parted(whole)
        where = address.read(told.get("base", {}), told.get("auth", {}))
        listed = {kind: rows.read(kind, told[kind]) for kind in ROWS.keys() & told.keys()}
        asked = bill.read(told[BILL]) if BILL in told else None
    except (BadGround, BadAddress, BadRow, BadBill) as error:
        raise BadProfile(f"{path}: {error}") from error
    return Profile(
        path.stem,
        whole["title"],
        whole["source"],
        {
            **_policy(path, told.get("policy", {})),
            **_limits(path, told),
            **_sizes(path, told),
            **_features(path, told.get("features", {})),
            **listed,
            **(asked.told if asked else {}),
            LOOKAHEAD: _lookahead(path, told.get(LOOKAHEAD, 1)),
        },
        {rule: _deviation(path, rule, said) for rule, said in told.get("deviations", {}).items()},
        _surfaces(path, told.get("surfaces", ["chat"])),
        asked,
        where,
        known,
        told.get("url", ""),
        told.get("model", ""),
        told.get("version", ""),
    )


def _whole(path: Path) -> dict[str, Json]:
    """Return what a profile says, with what it starts from."""
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProfile(f"{path}: {error}") from error
    start = told.pop("profile", "")
    if not isinstance(start, str):
        raise BadProfile(f"{path}: profile {start!r}: a text is needed")
    if start:
        try:
            told = grounds.merged(_whole(shipped(start)), told)
        except (BadProfile, TypeError) as error:
            raise BadProfile(f"{path}: profile {start!r}: {error}") from error
    for member in told.keys() - MEMBERS - {"sources", "basis"}:
        near = difflib.get_close_matches(member, MEMBERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(MEMBERS))}"
        raise BadProfile(f"{path}: no member {member!r}; {hint}")
    for member in TEXTS:
        if not isinstance(told.get(member, ""), str):
            raise BadProfile(f"{path}: {member} {told[member]!r}: a text is needed")
    for member in ("title", "source"):
        if not told.get(member):
            raise BadProfile(f"{path}: {member!r} is missing: a text is needed")
    return told


def _policy(path: Path, told: Json) -> dict[str, Json]:
    for key, value in told.items():
        if value not in POLICIES.get(key, ()):
            right = POLICIES.get(key)
            hint = f"one of {', '.join(map(str, right))}" if right else "no such policy"
            raise BadProfile(f"{path}: policy {key!r} = {value!r}: {hint}")
    return dict(told)


def _features(path: Path, told: Json) -> dict[str, Json]:
    for name, said in told.items():
        if name not in FEATURES:
            raise BadProfile(f"{path}: no feature {name!r}; there are {', '.join(FEATURES)}")
        kind, right = FEATURES[name]
        if not isinstance(said, kind) or (name == FALLBACK and fallback.read(said) is None):
            raise BadProfile(f"{path}: feature {name} {said!r}: {right} is needed")
    try:
        re.compile(told.get("id-pattern", ""))
    except re.error as error:
        pattern = told["id-pattern"]
        raise BadProfile(f"{path}: feature id-pattern {pattern!r}: {error}") from error
    failures = {FALLBACK: fallback.read(told[FALLBACK])} if FALLBACK in told else {}
    return {**told, **failures}


def _surfaces(path: Path, said: Json) -> tuple[str, ...]:
    listed = said if isinstance(said, list) else [said]
    for surface in listed:
        if surface not in SURFACES:
            raise BadProfile(f"{path}: surface {surface!r}: one of {', '.join(SURFACES)}")
    return tuple(listed)


def _limits(path: Path, told: Json) -> dict[str, Json]:
    limits = {name: told[name] for name in LIMITS & told.keys()}
    for name, said in limits.items():
        if not isinstance(said, int | float) or isinstance(said, bool) or not 0 < said < math.inf:
            raise BadProfile(f"{path}: {name} {said!r}: a number of seconds above 0 is needed")
    return limits


def _sizes(path: Path, told: Json) -> dict[str, Json]:
    sizes = {name: told[name] for name in SIZES & told.keys()}
    for name, said in sizes.items():
        if not isinstance(said, int) or isinstance(said, bool) or said <= 0:
            raise BadProfile(f"{path}: {name} {said!r}: a number of bytes above 0 is needed")
    return sizes


def _lookahead(path: Path, said: Json) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise BadProfile(f"{path}: lookahead {said!r}: a number of events, 0 or more, is needed")
    return said


def _deviation(path: Path, rule: str, said: Json) -> Deviation:
    try:
        deviation = Deviation(**said)
        re.compile(deviation.only)
    except (TypeError, re.error) as error:
        need = "reason and source are needed, only (a regular expression) may be given"
        raise BadProfile(f"{path}: deviation {rule!r}: {error}; {need}") from error
    return deviation
