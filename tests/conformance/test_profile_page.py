"""The page on profiles names what a profile may say."""

import re
from pathlib import Path

from conformance.profiles.bill import FIELDS, SOURCES
from conformance.profiles.grounds import BASES
from conformance.profiles.policy import FEATURES, LIMITS, POLICIES, UNSPECIFIED
from conformance.profiles.rows import ROWS

PAGE = Path(__file__).parents[2] / "docs/profiles.md"


def test_the_page_has_every_policy_and_its_values() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (`.*?`) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {name: set(re.findall(r"`([a-z0-9-]+)`", values)) for name, values in rows}

    assert told == {name: set(values) - {UNSPECIFIED} for name, values in POLICIES.items()}


def test_the_page_has_every_feature_kind_of_row_and_basis() -> None:
    page = PAGE.read_text("utf-8")
    told = set(re.findall(r"^\| `([a-z-]+)` \| [^`|]* \|", page, re.MULTILINE))

    assert told >= FEATURES.keys()
    assert set(re.findall(r"^    \[\[([a-z-]+)\]\]", page, re.MULTILINE)) == ROWS.keys()
    assert set(re.findall(r"`([a-z-]+)`", page)) >= set(BASES)


def test_the_page_has_every_limit_and_all_of_a_bill() -> None:
    named = set(re.findall(r"`([a-z_-]+)`", PAGE.read_text("utf-8")))
    shown = set(re.findall(r"^    ([a-z-]+) +=", PAGE.read_text("utf-8"), re.MULTILINE))

    assert shown >= LIMITS
    assert {*FIELDS, *SOURCES} <= named
