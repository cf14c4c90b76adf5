"""Many clients side by side: what is of one does not come to another."""

import re
from collections.abc import Iterator
from dataclasses import replace

from conformance.exchange import Exchange, Json, Trial
from conformance.findings import Basis, Finding, Level
from conformance.protocols import read
from conformance.protocols.outcome import Call, Choice, Outcome
from conformance.rules.difference import choices_parted
from conformance.rules.rule import comparison

#: Each kind of client, and the same request where nobody is beside it.
ALONE = {"text": "alone", "large": "alone-large", "tool": "alone-tool"}
MINE = "*"


@comparison(
    "isolation.no-cross-talk",
    Level.MUST,
    on="stream left error unanswered",
    probes="isolation.no-cross-talk",
    basis=Basis.POLICY,
    cites="what was said to one client is nobody else's; measured by the bug reports named here",
    bugs="OpenRIAServices/OpenRiaServices#553 Coolhand-Labs/coolhand-ruby#125 "
    "fr0ster/llm-agent#213 modelcontextprotocol/typescript-sdk#742 "
    "modelcontextprotocol/python-sdk#3137 anthropics/claude-code#79241 "
    "zoedsoupe/anubis-mcp#144 nesquena/hermes-webui#1584",
)
def each_gets_its_own(trial: Trial) -> Iterator[Finding]:
    """With many streams at once each client gets what it gets alone, and nothing of another's.

    Neither in the head nor in the body of its answer, nor with its request at the provider, is
    anything that belongs to another client: no text, no call, no cookie, no header.
    """
    mark = marks(trial)
    for name, exchange in trial.exchanges.items():
        where = next(strange(exchange, mark), "")
        if not where and exchange.form == "stream" and not read.failed(exchange):
            where = parted(exchange, trial.exchanges.get(ALONE.get(name.partition(".")[0], "")))
        if where:
            yield Finding(where, exchange=name)


def marks(trial: Trial) -> re.Pattern[str]:
    """Return what finds the marks of this trial's clients: all begin alike."""
    nonces = [exchange.nonce for exchange in trial.exchanges.values()]
    common = nonces[0].rpartition(".")[0]
    return re.compile(rf"{re.escape(common)}\.[a-z_]+(?:\.\d+)?")


def strange(exchange: Exchange, mark: re.Pattern[str]) -> Iterator[str]:
    """Say where an exchange has what is another's."""
    for where, text in _places(exchange):
        for found in mark.findall(text):
            if found != exchange.nonce:
                yield f"{found} in {where} of {exchange.nonce}"


def _places(exchange: Exchange) -> Iterator[tuple[str, str]]:
    yield "the body", exchange.body.decode("latin-1")
    yield "the head", str(exchange.headers)
    for entry in exchange.journal:
        yield "the request upstream", _asked(entry["request"])


def _asked(request: Json) -> str:
    return f"{request['target']} {request['headers']} {request.get('body', '')}"


def parted(exchange: Exchange, alone: Exchange | None) -> str:
    """Say how an answer departs from what there is alone, marks aside."""
    if alone is None or alone.form != "stream" or read.failed(alone):
        return ""
    wanted, got = unmarked(alone), unmarked(exchange)
    if what := choices_parted(wanted.choices, got.choices):
        return f"{what}, as it is alone"
    if alone.scenario and read.scripted(alone).usage is None:  # what is made up is of the prompt
        return ""
    return "" if wanted.usage == got.usage else f"usage is {got.usage}, alone it is {wanted.usage}"


def unmarked(exchange: Exchange) -> Outcome:
    """Return what a client ends up with, its own mark replaced."""
    told = read.outcome(exchange)
    return replace(told, choices=tuple(_unmarked(each, exchange.nonce) for each in told.choices))


def _unmarked(choice: Choice, nonce: str) -> Choice:
    calls = tuple(Call(each.name, each.arguments.replace(nonce, MINE)) for each in choice.calls)
    return replace(choice, text=choice.text.replace(nonce, MINE), calls=calls)
