"""Rules on clients that leave: journals that break each, journals that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import cancel
from tests.conformance.made import REFUSED, Case, label, script, streamed, text, told, unbroken

OPEN = None


SCRIPT = script(*({"say": word} for word in ("one", " two", " three", " four")))


def left(end: str | None, policy: Json = None, later: int = 0) -> Exchange:
    """Return a stream left after three tokens; `later` were written when its hold was released."""
    entry = {
        "end": end and {"kind": end},
        "sent": {"events": 3, "tokens": 3 + later},
        "holds": [{"released": 5 if later else None}],
        "writes": [[4, 0, 1, 3], [6, 1, 1, 3 + later]],
    }
    return streamed(b"", end=End.LEFT, journal=(entry,), policy=policy or {}, scenario=SCRIPT)


AFTER_THREE = "the client left after 3 of 4 tokens"
RUNS_ON = f"{AFTER_THREE}, and 2 s later the request upstream was open still"
COMPLETED = f"{AFTER_THREE}, and 2 s later the request upstream had ended as 'complete'"
DRAINS = {"cancel-upstream": "drains"}
OPEN_POLICY = {"cancel-upstream": "provider-dependent"}
WASTED = "1 more were written for nobody"
NOT_DRAINED = (
    f"{AFTER_THREE}, and the request upstream was ended; "
    "by the policy 'drains' it is read to its end"
)
LEAVING = (
    "cancel.upstream-closed",
    "cancel.upstream-closed-before-first-byte",
    "cancel.nonstream-upstream-closed",
)
CLOSED, HANGING, AFTER = left("peer-fin"), left(OPEN), text("a")


def crowd(*clients: Exchange, after: Exchange = AFTER) -> dict[str, Exchange]:
    return {**{f"left.{at}": each for at, each in enumerate(clients)}, "after": after}


SAID = text("one", " two", " three")


def beside(stream: Exchange) -> dict[str, Exchange]:
    return {"beside": stream, "left": CLOSED, "alone": SAID}


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
            ("to the end, for nobody", left("complete", later=1), [f"{RUNS_ON}; {WASTED}"]),
            ("only when it was written to", left("peer-rst", later=1), [f"{RUNS_ON}; {WASTED}"]),
            ("the policy is to drain", left("complete", DRAINS, later=1), []),
            ("the policy was to drain", left("peer-fin", DRAINS), [NOT_DRAINED]),
            ("left to the provider", left("complete", OPEN_POLICY), []),
            (
                "left to the provider, and not always the same",
                {"one": left("complete", OPEN_POLICY), "two": left("peer-fin", OPEN_POLICY)},
                ["requests upstream were ended (two) or ran on (one)"],
            ),
            (
                "left to the provider, which was not asked each time",
                {
                    "one": replace(left("complete", OPEN_POLICY), journal=()),
                    "two": left("peer-fin", OPEN_POLICY),
                },
                [],
            ),
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
    (
        "cancel.upstream-closed",
        "open after the terminator",
        replace(AFTER, journal=HANGING.journal, scenario=SCRIPT),
        [RUNS_ON],
    ),
    ("cancel.upstream-closed", "closed after it", replace(AFTER, journal=CLOSED.journal), []),
    ("cancel.others-undisturbed", "all of it", beside(SAID), []),
    (
        "cancel.others-undisturbed",
        "a piece of it",
        beside(replace(text("one", " two", end=b"", finish=None), end=End.CUT)),
        ["the stream beside them ended as cut with 'one two', alone it is 'one two three'"],
    ),
    (
        "cancel.others-undisturbed",
        "nothing of it",
        beside(REFUSED),
        ["the stream beside them was error (complete)"],
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
