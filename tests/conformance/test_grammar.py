from conformance.findings import Span
from conformance.protocols.grammar import END, Table, Token, Violation, violations

DOOR: Table = {
    "open": {"shut": "shut"},
    "shut": {"open": "open", "lock": "locked", END: "shut"},
    "locked": {"unlock": "shut"},
}


def tokens(*kinds: str) -> list[Token]:
    return [Token(kind, Span(at, at + 1)) for at, kind in enumerate(kinds)]


def test_a_walk_along_the_table_breaks_nothing() -> None:
    assert list(violations(DOOR, tokens("shut", "lock", "unlock", END))) == []


def test_an_absent_key_is_the_violation_and_the_state_stays() -> None:
    order = tokens("lock", "shut", "lock", END)

    assert list(violations(DOOR, order)) == [
        Violation("open", order[0]),
        Violation("locked", order[3]),
    ]


def test_a_reader_may_recover_so_that_one_mistake_is_one_violation() -> None:
    order = tokens("lock", "lock", "unlock", END)

    assert list(violations(DOOR, order, recover={"open": "shut"})) == [Violation("open", order[0])]
