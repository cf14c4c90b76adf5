"""Profiles: TOML in, frozen values out; every value with its source."""

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange import SURFACES, Json
from conformance.profiles import bill
from conformance.profiles.bill import BadBill, BillSource

DIRECTORY = Path(__file__).parent

#: Contested behaviour and the positions one may declare; `unspecified` makes its rules only inform.
POLICIES: Mapping[str, tuple[Json, ...]] = {
    "role": ("first", "every", "unspecified"),
    "unknown-finish": ("map", "pass", "unspecified"),
    "finish-place": ("own-chunk", "last-content", "unspecified"),
    "usage-place": ("own-chunk", "with-finish", "unspecified"),
    "commit": ("first-event", "at-once", "unspecified"),
    "unfinished": ("error", "forward", "unspecified"),
    "model-name": ("upstream", "requested", "unspecified"),
    "id": ("upstream", "own", "unspecified"),
    "malformed-event": ("skip", "error", "unspecified"),
    "cancel-upstream": ("closes", "drains", "unspecified"),
    "cancel-bill": ("emitted", "generated", "full", "none", "unspecified"),
    "done-after-error": ("always", "never", "unspecified"),
    "gemini-framing": ("google", "standard", "unspecified"),
}
UNSPECIFIED = "unspecified"
#: Seconds a router may declare: of its upstream's silence until it gives up, of its own silence
#: towards a client, of a whole request.
LIMITS = frozenset({"idle-limit", "keepalive-limit", "request-limit"})
BILL = "bill"
#: Rules about these are not applicable where a profile does not declare them.
DECLARED = LIMITS | {BILL}
LOOKAHEAD = "lookahead"  # events a router may keep back; rules find it beside the policies


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
    policy: Mapping[str, Json] = field(default_factory=dict)
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    surfaces: tuple[str, ...] = ("chat",)
    bill: BillSource | None = None

    @property
    def declared(self) -> set[str]:
        return {*self.policy, *([BILL] if self.bill else [])}

    def lacks(self, needs: Iterable[str]) -> str:
        """Return one of these that has to be declared and is not, if there is one."""
        return min(DECLARED.intersection(needs) - self.declared, default="")

    def chosen(self, policy: str) -> Json:
        return self.policy.get(policy, UNSPECIFIED)


def names() -> list[str]:
    return sorted(path.stem for path in DIRECTORY.glob("*.toml"))


def load(name: str) -> Profile:
    """Read a shipped profile by its name."""
    path = DIRECTORY / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names())}"
        raise BadProfile(f"no profile {name!r}; {hint}")
    return read(path)


def read(path: Path) -> Profile:
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadProfile(f"{path}: {error}") from error
    for member in ("title", "source"):
        if not isinstance(told.get(member), str):
            raise BadProfile(f"{path}: {member!r} is missing: a text is needed")
    policy = told.get("policy", {})
    for key, value in policy.items():
        if value not in POLICIES.get(key, ()):
            right = POLICIES.get(key)
            hint = f"one of {', '.join(map(str, right))}" if right else "no such policy"
            raise BadProfile(f"{path}: policy {key!r} = {value!r}: {hint}")
    return Profile(
        path.stem,
        told["title"],
        told["source"],
        {
            **policy,
            **_limits(path, told),
            LOOKAHEAD: _lookahead(path, told.get(LOOKAHEAD, 1)),
        },
        {rule: _deviation(path, rule, said) for rule, said in told.get("deviations", {}).items()},
        _surfaces(path, told.get("surfaces", ["chat"])),
        _bill(path, told.get("bill")),
    )


def _bill(path: Path, said: Json) -> BillSource | None:
    try:
        return None if said is None else bill.read(said)
    except BadBill as error:
        raise BadProfile(f"{path}: {error}") from error


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
