"""What a malformed stream is, what a client was to get of it, and what an SDK makes of it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from conformance import lint
from conformance.exchange import Exchange, Json, Request
from conformance.profiles.profile import load
from conformance.rules import RULES

GENERIC = load("generic")


class Said(NamedTuple):
    """One choice: its text, why it ended, its calls as id, name and arguments."""

    text: str = "Hello world"
    finish: str | None = "stop"
    calls: tuple[tuple[str, str, str], ...] = ()


class Meant(NamedTuple):
    choices: tuple[Said, ...] = (Said(),)
    usage: int | None = None  # tokens in all
    error: bool = False  # what was to reach the client is that the provider failed


class Case(NamedTuple):
    name: str
    body: bytes
    meant: Meant = Meant()
    #: Why it is in order though an official SDK trips over it; empty where it is not in order.
    legal: str = ""


def lacks(told: Json, *names: str) -> Json:
    return {name: value for name, value in told.items() if name not in names}


def asked(surface: str, case: Case) -> Json:
    """Return the body of a request that a stream may be the answer to."""
    if surface != "chat":
        return {} if surface == "gemini" else {"model": "m", "stream": True}
    choices = {"n": len(case.meant.choices)} if len(case.meant.choices) > 1 else {}
    options = {"stream_options": {"include_usage": True}} if case.meant.usage else {}
    return {"model": "m", "stream": True, **choices, **options}


def harm(told: Mapping[str, Json], meant: Meant) -> list[str]:
    """Return what became of a stream in an SDK where it is not as it was meant.

    `told` has for each way to read it what was read, or the `error` that was thrown; `api` marks
    the SDK's own word for a failure of the provider.
    """
    return [f"{way}: {lost}" for way, read in told.items() for lost in _lost(read, meant)]


def _lost(read: Json, meant: Meant) -> Iterator[str]:
    if "error" in read:
        if not (meant.error and read["api"]):
            yield read["error"]
    elif meant.error:
        yield "the failure is lost"
    elif len(read["choices"]) != len(meant.choices):
        yield f"{len(read['choices'])} choices of {len(meant.choices)}"
    else:
        for got, said in zip(read["choices"], meant.choices, strict=True):
            yield from _different(got, said)
        if meant.usage is not None and read["usage"] != meant.usage:
            yield f"usage is {read['usage']}"


def _different(got: Json, said: Said) -> Iterator[str]:
    wanted = {**said._asdict(), "calls": [[*call] for call in said.calls]}
    for name, value in wanted.items():
        if name in got and got[name] != value:
            yield f"{name} is {got[name]!r}, not {value!r}"


def findings(surface: str, body: bytes, ask: Json) -> list[str]:
    """Return what the rules say of a stream by itself, with what was asked for at hand."""
    exchange = Exchange(
        surface, "stream", Request("POST", "", (), ask), body=body, policy=GENERIC.policy
    )
    return [
        f"{rule.id}: {finding.message}"
        for rule, verdict in lint.judgements(RULES.values(), exchange, GENERIC)
        for finding in verdict.findings
    ]
