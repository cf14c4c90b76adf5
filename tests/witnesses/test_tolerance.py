"""Where an official SDK breaks over a stream, or silently loses something, a rule says so."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from conformance.exchange import Json
from tests.witnesses import (
    malformed_chat,
    malformed_gemini,
    malformed_messages,
    malformed_responses,
)
from tests.witnesses.malformed import Case, asked, findings, harm
from tests.witnesses.reading import READERS

AskNode = Callable[[str, str, Json], Mapping[str, Json]]

CASES: Mapping[str, list[Case]] = {
    "chat": malformed_chat.CASES,
    "responses": malformed_responses.CASES,
    "messages": malformed_messages.CASES,
    "gemini": malformed_gemini.CASES,
}
EACH = [
    pytest.param(surface, case, id=f"{surface}: {case.name}")
    for surface, cases in CASES.items()
    for case in cases
]


@cache
def found(surface: str, case: Case) -> list[str]:
    return findings(surface, case.body, asked(surface, case))


@pytest.mark.parametrize(("surface", "case"), EACH)
def test_what_harms_a_python_sdk_is_found(surface: str, case: Case) -> None:
    harmed = harm(READERS[surface](case.body), case.meant)

    assert found(surface, case) or not harmed or case.legal, harmed
    assert not (case.legal and found(surface, case)), "not as legal as its reason says"


@pytest.mark.parametrize("surface", CASES)
def test_a_whole_stream_harms_nobody_and_breaks_no_rule(surface: str) -> None:
    whole = CASES[surface][0]

    assert harm(READERS[surface](whole.body), whole.meant) == []
    assert found(surface, whole) == []


@pytest.mark.slow
@pytest.mark.parametrize("surface", CASES)
def test_what_harms_a_node_sdk_is_found(ask_node: AskNode, surface: str) -> None:
    cases = [{"name": case.name, "body": b64encode(case.body).decode()} for case in CASES[surface]]
    told = ask_node("tolerance.mjs", "openai", {"surface": surface, "cases": cases})

    harmed = {case.name: harm(_ways(told[case.name]), case.meant) for case in CASES[surface]}
    missed = [case.name for case in CASES[surface] if not (found(surface, case) or case.legal)]
    assert {name: harmed[name] for name in missed if harmed[name]} == {}
    assert [
        case.name
        for case in CASES[surface]
        if case.legal
        if not (harmed[case.name] or harm(READERS[surface](case.body), case.meant))
    ] == [], "no reason is needed for what harms no SDK"


def _ways(told: Json) -> Json:
    return {way: read for way, read in told.items() if way != "name"}
