"""What the user asked for, checked: values in, a `Settings` or one clear complaint out."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.drive.capture import Limits
from conformance.drive.target import BadTarget, Target, target
from conformance.exchange import SURFACES
from conformance.expected.choosing import Expectations, expectations
from conformance.expected.reading import BadExpected
from conformance.options import OPTIONS
from conformance.plan import cases
from conformance.probes import PROBES
from conformance.profiles import profile as profiles
from conformance.profiles.policy import FALLBACK
from conformance.profiles.profile import BadProfile, Profile
from conformance.rules import RULES

KEY_VARIABLE = "ROUTER_KEY"
PORTS = range(1 << 16)
CROWDS = range(1, 1001)
# A secret, and what makes no difference to a verdict.
UNTOLD = ("--router-key", "--run-dir", "--update-expected")


class WrongUsage(ValueError):
    """Something the user gave cannot be right; the message says what and what would be."""


@dataclass(frozen=True, slots=True)
class Settings:
    target: Target
    profile: Profile
    limits: Limits
    run_dir: Path
    surfaces: tuple[str, ...] = ("chat",)
    mock_port: int = 9100
    mock_url: str = ""
    second_mock_port: int = 9102
    second_mock_url: str = ""
    black_box: bool = False
    strict: bool = False
    clients: bool = False
    expected: Expectations = field(default_factory=Expectations)
    given: tuple[tuple[str, Any], ...] = ()  # the options that differ from their defaults
    command: str = ""  # what was run, where it was neither `conformance run` nor pytest

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys that may be in nothing that is written down."""
        bill = self.profile.bill
        return self.target.key, *(bill.secrets if bill else ())


def named(args: Any) -> Settings:  # noqa: ANN401  (argparse's Namespace)
    """Check the values of a command, which takes the URL without its flag too."""
    if args.url and args.conformance_router_url:
        raise WrongUsage("the router's URL is given twice: say it once")
    args.conformance_router_url = args.url or args.conformance_router_url
    return settings(args)


def settings(options: Any) -> Settings:  # noqa: ANN401  (argparse's Namespace, or pytest's)
    """Check the values of `OPTIONS` as argparse or pytest has parsed them."""
    told = {option.flag: getattr(options, option.dest) for option in OPTIONS}
    key = told["--router-key"] or os.environ.get(KEY_VARIABLE, "")
    if not (key.isascii() and (not key or key.isprintable())):
        raise WrongUsage("--router-key: a key is printable ASCII; the one given is not")
    if told["--black-box"] and told["--mock-url"]:
        raise WrongUsage("--black-box and --mock-url exclude each other: give one of them")
    for flag in ("--mock-port", "--second-mock-port"):
        if told[flag] not in PORTS:
            right = "0 to 65535, where 0 takes any free one"
            raise WrongUsage(f"{flag} {told[flag]}: a port is {right}")
    for flag in ("--deadline", "--patience"):
        if not (told[flag] > 0 and math.isfinite(told[flag])):
            raise WrongUsage(f"{flag} {told[flag]:g}: a number of seconds above 0 is needed")
    if told["--crowd"] not in CROWDS:
        raise WrongUsage(f"--crowd {told['--crowd']}: a number of clients is 1 to {CROWDS[-1]}")
    promised = profile(told["--router-profile"])
    for flag in ("--second-mock-port", "--second-mock-url"):
        if _differs(flag, told) and promised.lacks([FALLBACK]):
            why = f"profile {promised.name} declares no fallback; see docs/profiles.md"
            raise WrongUsage(f"{flag}: {why}")
    return Settings(
        _target(promised, told["--router-url"], key, told["--router-model"]),
        promised,
        Limits(deadline=told["--deadline"], patience=told["--patience"], crowd=told["--crowd"]),
        Path(told["--run-dir"]),
        _surfaces(told["--surface"]) or promised.surfaces,
        told["--mock-port"],
        _control("--mock-url", told["--mock-url"] or ""),
        told["--second-mock-port"],
        _control("--second-mock-url", told["--second-mock-url"] or ""),
        told["--black-box"],
        told["--strict-should"],
        told["--clients"],
        expected(
            told["--expected-failures"],
            told["--router-profile"],
            told["--router-version"] or "",
            told["--update-expected"],
        ),
        tuple((flag, told[flag]) for flag in told if flag not in UNTOLD and _differs(flag, told)),
    )


def expected(file: str | None, profile: str, version: str, owner: str | None) -> Expectations:
    """Return the failures that are expected: those of the file, or of one that lies there."""
    suite = {case.id for case in cases(RULES.values(), PROBES.values())}
    try:
        return expectations(file, profile, suite, version, owner)
    except BadExpected as error:
        raise WrongUsage(str(error)) from error


def _differs(flag: str, told: Mapping[str, Any]) -> bool:
    plain = next(option.how.get("default") for option in OPTIONS if option.flag == flag)
    return bool(told[flag]) and told[flag] != plain


def _target(profile: Profile, url: str | None, key: str, model: str | None) -> Target:
    where = url or profile.url
    if not where:
        raise WrongUsage("no router to judge: give --router-url http://HOST:PORT/v1")
    try:
        return target(where, key, model or profile.model, address=profile.address)
    except BadTarget as error:
        raise WrongUsage(str(error)) from error


def _surfaces(text: str | None) -> tuple[str, ...]:
    named = tuple((text or "").replace(",", " ").split())
    for name in named:
        if name not in SURFACES:
            raise WrongUsage(f"--surface {name!r}: no such surface; right is {', '.join(SURFACES)}")
    return named


def _control(flag: str, url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        right = "the control_url that mockprovider serve prints, such as http://127.0.0.1:9101"
        raise WrongUsage(f"{flag} {url!r}: not an http URL; right would be {right}")
    return url.rstrip("/")


def profile(name: str, flag: str = "--router-profile") -> Profile:
    """Return a shipped profile, or the one in a TOML file."""
    try:
        return profiles.read(Path(name)) if name.endswith(".toml") else profiles.load(name)
    except BadProfile as error:
        raise WrongUsage(f"{flag}: {error}") from error
