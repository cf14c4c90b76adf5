"""Profiles: TOML in, frozen values out; every value with its source."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.exchange import SURFACES, Json
from conformance.profiles import address, bill, grounds, policy, rows
from conformance.profiles.address import Address, BadAddress
from conformance.profiles.bill import OFFERS, BadBill, BillSource
from conformance.profiles.grounds import BadGround, Ground
from conformance.profiles.policy import (
    BILL,
    FEATURES,
    LIMITS,
    LOOKAHEAD,
    SIZES,
    UNSPECIFIED,
    BadPolicy,
)
from conformance.profiles.rows import ROWS, BadRow

DIRECTORY = Path(__file__).parent

AUTH, TRANSPARENCY = "auth", "transparency"
#: Where a stream is made anew there is nothing to hold against what the provider wrote.
MADE_ANEW = "normalised"
#: Rules about these are not applicable where a profile does not declare them.
DECLARED = LIMITS | FEATURES.keys() | ROWS.keys() | OFFERS | {BILL, AUTH, TRANSPARENCY}
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
        promised = policy.read(told)
    except (BadGround, BadAddress, BadRow, BadBill, BadPolicy) as error:
        raise BadProfile(f"{path}: {error}") from error
    return Profile(
        path.stem,
        whole["title"],
        whole["source"],
        {**promised, **listed, **(asked.told if asked else {})},
        _deviations(path, told.get("deviations", {})),
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


def _surfaces(path: Path, said: Json) -> tuple[str, ...]:
    listed = said if isinstance(said, list) else [said]
    for surface in listed:
        if surface not in SURFACES:
            raise BadProfile(f"{path}: surface {surface!r}: one of {', '.join(SURFACES)}")
    return tuple(listed)


def _deviations(path: Path, told: Json) -> dict[str, Deviation]:
    if not isinstance(told, dict):
        raise BadProfile(f"{path}: deviations {told!r}: a table is needed")
    return {rule: _deviation(path, rule, said) for rule, said in told.items()}


def _deviation(path: Path, rule: str, said: Json) -> Deviation:
    try:
        deviation = Deviation(**said)
        re.compile(deviation.only)
    except (TypeError, re.error) as error:
        need = "reason and source are needed, only (a regular expression) may be given"
        raise BadProfile(f"{path}: deviation {rule!r}: {error}; {need}") from error
    return deviation
