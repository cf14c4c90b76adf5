"""Rules on costs, on limits, and on bills of answers that do not end as most do."""

from dataclasses import replace
from decimal import Decimal

import pytest

from conformance.exchange import Bill, End, Exchange, Json
from conformance.rules import bill, bill_cancel, bill_ends
from tests.conformance.made import Case, label, plain, script, streamed, text, told, unbroken
from tests.conformance.test_rules_bill import CASES as OF_TOKENS

USAGE: Json = {"usage": {"input": 7, "output": 5, "cached": 3, "reasoning": 2}}
SCRIPT = script({"say": "a"}, {"finish": "stop"}, USAGE)
# Four of input, three cached, three of output and two of reasoning.
PRICES = {
    "input": Decimal(5),
    "output": Decimal(11),
    "cached": Decimal(2),
    "reasoning": Decimal(13),
}
DUE = Decimal(85)
SUM = "due is 85: 4 input at 5 + 3 output at 11 + 3 cached at 2 + 2 reasoning at 13"
TOKENS = Bill(7, 5, 3, None, 2)
GONE = Bill(trouble="still 'open' after 2 s")


def charged(made: Bill | None, **policy: Json) -> Exchange:
    return text("a", scenario=SCRIPT, bill=made, policy=policy)


def costing(cost: object, *fields: str, made: Bill = TOKENS) -> Exchange:
    policy = {"bill": fields} if fields else {}
    return charged(replace(made, cost=Decimal(str(cost))), prices=PRICES, **policy)


def answered(cost: str | None) -> Exchange:
    return replace(plain({"id": "x"}, bill=Bill(cost=Decimal(cost) if cost else None)), policy={})


def priced(cost: str) -> Exchange:
    """Return a stream whose profile tells no prices."""
    return charged(Bill(cost=Decimal(cost)), bill=("cost",))


def said(
    *pairs: tuple[str, str], trailers: tuple[tuple[str, str], ...] = (), usage: Json = None
) -> dict[str, Exchange]:
    """Return a stream that tells its cost, and the same answer plain, which costs a half."""
    policy = {"cost-header": "X-Cost"}
    body = text("a").body if usage is None else streamed(_usage(usage)).body
    stream = replace(streamed(body, headers=pairs, trailers=trailers), policy=policy)
    return {
        "stream": stream,
        "plain": replace(plain({"id": "x"}, headers=(("x-cost", "0.5"),)), policy=policy),
    }


def _usage(usage: Json) -> bytes:
    return text("a", end=b"").body + f'data: {{"choices":[],"usage":{usage}}}\n\n'.encode()


def limited(after: Exchange, stream: Exchange | None = None) -> dict[str, Exchange]:
    policy = {"token-limit": 10}
    return {"stream": replace(stream or charged(TOKENS), policy=policy), "after": after}


def ended(made: Bill | None, whole: Bill = TOKENS, surface: str = "chat") -> dict[str, Exchange]:
    """Return the bills of an answer read to its end and of one that was not."""
    cut = replace(charged(made), surface=surface, end=End.CUT)
    return {"whole": replace(charged(whole), surface=surface), "cut": cut}


def retried(output: int) -> Exchange:
    attempts = [script({"error": {"message": "no"}}), script({"say": "a"}, USAGE)]
    journal = ({"attempt": 1}, {"attempt": 2})
    return replace(text("a", bill=Bill(7, output)), scenario={"attempt": attempts}, journal=journal)


REFUSED = Exchange("chat", "stream", status=429, body=b'{"error":{"message":"no"}}')
BOTH = (("input", 7), ("output", 5))
LATER = "the provider had written 2 when it left, the whole answer has 2"
MISTAKES = [
    (79, "the 3 cached tokens are not charged"),
    (91, "the 3 output tokens are charged as reasoning or the 3 cached tokens are charged twice"),
    (94, "the 3 cached tokens are charged as input"),
    (52, "the 3 output tokens are not charged"),
    (111, "the 2 reasoning tokens are charged twice"),
    (81, "the 2 reasoning tokens are charged as output"),
]

CASES: list[Case] = [
    ("bill.token-classes-priced", "as due", costing(DUE), []),
    ("bill.token-classes-priced", "rounded in binary", costing("85.0000000000000001"), []),
    *(
        ("bill.token-classes-priced", why, costing(cost), [f"cost {cost}, {SUM}; {why}"])
        for cost, why in MISTAKES
    ),
    ("bill.token-classes-priced", "by no single mistake", costing(1), [f"cost 1, {SUM}"]),
    (
        "bill.token-classes-priced",
        "other tokens are another rule's",
        costing(1, made=replace(TOKENS, output=9)),
        [],
    ),
    (
        "bill.token-classes-priced",
        "the money alone",
        costing(96, "cost", made=Bill()),
        [f"cost 96, {SUM}"],
    ),
    (
        "bill.token-classes-priced",
        "without prices, as plain",
        {"stream": priced("0.5"), "plain": answered("0.50")},
        [],
    ),
    (
        "bill.token-classes-priced",
        "without prices, not as plain",
        {"stream": priced("0.7"), "plain": answered("0.5")},
        ["cost 0.7, the same answer plain cost 0.5"],
    ),
    ("bill.stream-recorded", "the money alone", costing(DUE, "cost", made=Bill()), []),
    (
        "bill.stream-recorded",
        "no money",
        charged(TOKENS, bill=("output", "cost")),
        ["the bill has no cost"],
    ),
    (
        "bill.not-double-counted",
        "twice the money",
        costing(170, "cost", made=Bill()),
        [f"cost 170, {SUM}"],
    ),
    ("bill.not-double-counted", "the attempt that succeeded", retried(5), []),
    (
        "bill.not-double-counted",
        "both attempts",
        retried(9),
        ["9 output tokens, the provider counted 5"],
    ),
    ("bill.limits-count-streams", "refused", limited(REFUSED), []),
    ("bill.limits-count-streams", "refused from the start", limited(REFUSED, REFUSED), []),
    ("bill.limits-count-streams", "not on the books at all", limited(text("a"), charged(GONE)), []),
    (
        "bill.limits-count-streams",
        "answered",
        limited(text("a")),
        ["after a stream of 7 + 5 tokens with a key for 10, the next request was answered 200"],
    ),
    ("hdr.cost-on-streams", "nowhere", said(), []),
    ("hdr.cost-on-streams", "the same in the head", said(("x-cost", "0.50")), []),
    ("hdr.cost-on-streams", "the same in a trailer", said(trailers=(("x-cost", "0.5"),)), []),
    ("hdr.cost-on-streams", "the same in usage", said(usage='{"cost":0.5}'), []),
    ("hdr.cost-on-streams", "plain tells none", {"stream": said(("x-cost", "1"))["stream"]}, []),
    *(
        (
            "hdr.cost-on-streams",
            f"another in {place}",
            exchanges,
            [f"{place} says a cost of {cost}, the same answer plain one of 0.5"],
        )
        for place, cost, exchanges in (
            ("the head", "0", said(("x-cost", "0"))),
            ("the head", "dear", said(("x-cost", "dear"))),
            ("a trailer", "1", said(trailers=(("X-Cost", "1"),))),
            ("usage", "0.25", said(usage='{"cost":0.25}')),
        )
    ),
    *(
        case
        for rule, surface in (
            ("bill.complete-then-close", "chat"),
            ("bill.terminal-event-usage", "responses"),
        )
        for case in (
            (rule, "in full", ended(TOKENS, surface=surface), []),
            (rule, "whole ones are wrong too", ended(Bill(), Bill(), surface), []),
            (
                rule,
                "nothing",
                ended(Bill(0, 0), surface=surface),
                [f"0 {name} tokens, the provider counted {n}" for name, n in BOTH],
            ),
            (
                rule,
                "no bill",
                ended(GONE, surface=surface),
                ["no bill: still 'open' after 2 s"],
            ),
        )
    ),
    ("bill.partial-usage-kept-on-cut", "kept", ended(TOKENS), []),
    ("bill.partial-usage-kept-on-cut", "not charged", ended(Bill()), []),
    (
        "bill.partial-usage-kept-on-cut",
        "estimated",
        ended(Bill(100, 1)),
        ["100 input tokens, the provider counted 7", "no cached tokens, the provider counted 3"],
    ),
    (
        "bill.partial-usage-kept-on-cut",
        "a bill that never says it",
        ended(Bill(7, 1), replace(TOKENS, cached=None)),
        [],
    ),
    (
        "bill.failed-stream-not-estimated",
        "money for nothing",
        charged(Bill(cost=Decimal("0.1"))),
        ["a cost of 0.1 for a stream that failed without usage"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_bill_is_right_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


def test_every_rule_is_broken_by_one_bill_and_not_by_another() -> None:
    assert unbroken([*OF_TOKENS, *CASES], bill, bill_cancel, bill_ends) == set()


def left(cost: object, policy: str) -> Exchange:
    """Return a stream that its client left after one of its two tokens, of which both were due."""
    return replace(
        text("one", end=b""),
        end=End.LEFT,
        journal=({"sent": {"tokens": 2}},),
        scenario=script({"say": "one"}, {"say": " two"}, USAGE),
        policy={"cancel-bill": policy, "prices": PRICES, "bill": ("cost",)},
        bill=Bill(cost=Decimal(str(cost))),
    )


@pytest.mark.parametrize(
    ("cost", "messages"),
    [
        (22, []),  # the output alone
        (26 + 22, []),  # and the input
        (26 + 33, [f"3 output tokens charged; the client got 1, {LATER}"]),
        (25, []),  # whatever that is
    ],
)  # fmt: skip
def test_money_alone_tells_how_much_of_a_cancelled_stream_was_charged(
    cost: int, messages: list[str]
) -> None:
    case = ("bill.cancel-not-overbilled", "by its cost", left(cost, "generated"), messages)

    assert told(case) == messages
