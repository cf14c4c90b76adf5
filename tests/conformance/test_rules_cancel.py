"""Rules on clients that leave: journals that break each, journals that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import cancel
from tests.conformance.made import REFUSED, Case, label, streamed, text, told, unbroken

OPEN = None


def left(end: str | None, policy: Json = None) -> Exchange:
    entry = {"end": end and {"kind": end}, "sent": {"events": 3}}
    return streamed(b"", end=End.LEFT, journal=(entry,), policy=policy or {})


RUNS_ON = "after 3 events the client left, and 2 s later the request upstream was open still"
COMPLETED = "after 3 events the client left, and 2 s later the request upstream ended as 'complete'"
LEAVING = (
    "cancel.upstream-closed",
    "cancel.upstream-closed-before-first-byte",
    "cancel.nonstream-upstream-closed",
)
CLOSED, HANGING, AFTER = left("peer-fin"), left(OPEN), text("a")


def crowd(*clients: Exchange, after: Exchange = AFTER) -> dict[str, Exchange]:
    return {**{f"left.{at}": each for at, each in enumerate(clients)}, "after": after}


CASES: list[Case] = [
    *(
        (rule, what, exchange, messages)
        for rule in LEAVING
        for what, exchange, messages in (
            ("FIN", CLOSED, []),
            ("RST", left("peer-rst"), []),
            ("half close", left("half-close"), []),
            ("open", HANGING, [RUNS_ON]),
            ("to the end", left("complete"), [COMPLETED]),
            ("the policy is to drain", left("complete", {"cancel-upstream": "drains"}), []),
            ("never left", AFTER, []),
        )
    ),
    ("cancel.no-resource-leak", "all closed", crowd(CLOSED, CLOSED), []),
    ("cancel.no-resource-leak", "none closed is another rule's", crowd(HANGING, HANGING), []),
    (
        "cancel.no-resource-leak",
        "one not closed",
        crowd(CLOSED, HANGING, CLOSED),
        ["1 of 3 requests upstream were open after their clients left"],
    ),
    ("cancel.slot-released", "served", crowd(CLOSED), []),
    (
        "cancel.slot-released",
        "refused",
        crowd(CLOSED, CLOSED, after=REFUSED),
        ["after 2 clients had left, a request was answered 502"],
    ),
    (
        "cancel.slot-released",
        "not answered",
        crowd(CLOSED, after=replace(AFTER, end=End.TIMEOUT)),
        ["after 1 clients had left, a request was timeout"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_client_that_leaves_is_noticed_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_journal_and_not_by_another() -> None:
    assert unbroken(CASES, cancel) == set()
