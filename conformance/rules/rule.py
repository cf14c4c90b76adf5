"""The rule mechanism: a decorator that turns a check into a value.

The check's docstring is the requirement, word for word as reports print it. A rule belongs to one
family, the part of its id before the dot, and each family is one module.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from inspect import cleandoc

from conformance.exchange import SURFACES, Exchange, Trial
from conformance.findings import Basis, Finding, Level

Check = Callable[[Exchange], Iterator[Finding]]
Comparison = Callable[[Trial], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    level: Level
    basis: Basis
    on: frozenset[str]  # kinds of exchange, such as chat.stream
    probes: frozenset[str]  # tags: it judges every probe that has one of them
    needs: frozenset[str]  # head, request, upstream: what must be at hand to judge
    policy: str  # the contested choice it follows; unspecified there means it only informs
    cites: tuple[str, ...]
    bugs: tuple[str, ...]
    text: str
    check: Comparison

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]


def rule(  # noqa: PLR0913  (a rule's head is all that is known of it)
    id: str,
    level: Level,
    *,
    on: str,
    cites: str,
    basis: Basis = Basis.VENDOR_DOC,
    probes: str = "healthy",
    needs: str = "",
    policy: str = "",
    bugs: str = "",
) -> Callable[[Check], Rule]:
    """Make a rule that judges every exchange of a trial that is of a kind named in `on`.

    `on`, `probes`, `needs` and `bugs` are words separated by spaces, `cites` by semicolons. A form
    without a surface, such as `stream`, stands for that form on every surface.
    """
    kinds = _kinds(on)

    def decorate(check: Check) -> Rule:
        def each(trial: Trial) -> Iterator[Finding]:
            for name, exchange in trial.exchanges.items():
                if exchange.kind in kinds:
                    for finding in check(exchange):
                        yield replace(finding, exchange=name)

        text = cleandoc(check.__doc__ or "")
        return Rule(
            id, level, basis, kinds, _words(probes), _words(needs), policy,
            _parts(cites), tuple(bugs.split()), text, each,
        )  # fmt: skip

    return decorate


def comparison(  # noqa: PLR0913  (as above)
    id: str,
    level: Level,
    *,
    on: str,
    cites: str,
    probes: str,
    basis: Basis = Basis.VENDOR_DOC,
    needs: str = "upstream",
    policy: str = "",
    bugs: str = "",
) -> Callable[[Comparison], Rule]:
    """Make a rule that compares the exchanges of a trial with one another."""

    def decorate(check: Comparison) -> Rule:
        text = cleandoc(check.__doc__ or "")
        return Rule(
            id, level, basis, _kinds(on), _words(probes), _words(needs), policy,
            _parts(cites), tuple(bugs.split()), text, check,
        )  # fmt: skip

    return decorate


def _kinds(on: str) -> frozenset[str]:
    forms = [word for word in on.split() if "." not in word]
    everywhere = {f"{surface}.{form}" for surface in SURFACES for form in forms}
    return _words(on) - frozenset(forms) | everywhere


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())
