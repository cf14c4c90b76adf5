"""Which rule judges which probe: the cases of a run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.probes.probe import Probe
from conformance.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Case:
    rule: Rule
    probe: Probe
    surface: str

    @property
    def id(self) -> str:
        return f"{self.rule.id}[{self.surface}-{self.probe.id}]"

    @property
    def trial(self) -> tuple[str, str]:
        return self.surface, self.probe.id


def cases(rules: Iterable[Rule], probes: Iterable[Probe]) -> Iterator[Case]:
    """Yield every rule with every probe that bears one of its tags and can yield what it judges."""
    listed = list(probes)
    for rule in rules:
        for probe in listed:
            if rule.probes & set(probe.tags.split()):
                for surface in probe.surfaces.split():
                    if rule.on & kinds(probe, surface):
                        yield Case(rule, probe, surface)


def kinds(probe: Probe, surface: str) -> set[str]:
    modes = {send.mode for send in probe.sends.values()}
    return {f"{surface}.{mode}" for mode in modes | {"error"}}
