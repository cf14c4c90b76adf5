"""Probes as a whole: each can be played, and is asked for by name."""

from collections import Counter

import pytest
from jsonschema import Draft202012Validator

from conformance.plan import SILENT
from conformance.probes import MODULES
from conformance.probes.probe import Probe
from conformance.resources import FIXTURES
from conformance.rules import RULES
from conformance.wire.json import parse

SCHEMA = Draft202012Validator(parse((FIXTURES / "schemas/scenario.schema.json").read_bytes()))
LISTED = [probe for module in MODULES for probe in module.PROBES]


def test_no_two_probes_share_an_id() -> None:
    counted = Counter(probe.id for probe in LISTED)

    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("probe", LISTED, ids=lambda probe: probe.id)
def test_what_a_probe_has_played_is_a_scenario(probe: Probe) -> None:
    wrong = {
        name: error.message
        for name in probe.sends
        for error in SCHEMA.iter_errors(probe.document(name))
    }

    assert wrong == {}


def test_every_tag_is_one_that_some_rule_asks_for() -> None:
    wanted = {SILENT, *(tag for rule in RULES.values() for tag in rule.probes)}

    assert {tag for probe in LISTED for tag in probe.tags.split()} - wanted == set()
