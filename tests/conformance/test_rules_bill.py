"""Rules on bills: exchanges whose bill breaks each, exchanges whose bill does not."""

from dataclasses import replace

import pytest

from conformance.exchange import Bill, End, Exchange, Json, Trial
from conformance.profiles.profile import load
from conformance.rules import RULES
from conformance.verdicts import Kind, Verdict, judge
from tests.conformance.made import Case, label, script, streamed, text, told

USAGE: Json = {"usage": {"input": 7, "output": 5, "cached": 3, "reasoning": 2}}
SCRIPT = script({"say": "a"}, {"finish": "stop"}, USAGE)
RIGHT = Bill(7, 5, 3, None, 2, status="complete", failed=False)
GONE = Bill(trouble="still 'open' after 2 s")
UNNAMED = Bill(trouble="the answer has no header x-request-id to ask by", unnamed=True)
NO_POLICY = "no one policy fits what was charged where clients left"
CHARGED = "output tokens charged, by the policy"
NO_BILL = "no bill: still 'open' after 2 s"


def charged(bill: Bill | None) -> Exchange:
    return text("a", scenario=SCRIPT, bill=bill)


def left(
    output: int | None, policy: str = "unspecified", got: int = 2, written: int = 3
) -> Exchange:
    """Return a stream of four pieces that its client left when it had some of them."""
    pieces = [{"say": word} for word in ("one", " two", " three", " four")]
    entry = {"sent": {"tokens": 3}}
    return replace(
        streamed(text(*(each["say"] for each in pieces[:got]), end=b"").body),
        end=End.LEFT,
        journal=(entry,),
        scenario=script(*pieces),
        policy={"cancel-bill": policy},
        bill=Bill(output=output),
    )


def numbers(got: int = 2) -> str:
    return f"the client got {got}, the provider had written 3 when it left, the whole answer has 4"


#: What is asked of the usage that a client gets, and of that on a bill.
COUNTED = (
    "usage.upstream-preferred", "usage.cumulative-not-summed", "usage.merge-across-events",
)  # fmt: skip


def on_the_bill(rule: str) -> list[Case]:
    """Return cases in which the client gets no usage, which is not what is looked at here."""
    return [
        (rule, "as counted", charged(RIGHT), []),
        (
            rule,
            "another number",
            charged(replace(RIGHT, output=9)),
            ["9 output tokens, the provider counted 5"],
        ),
        (
            rule,
            "no number",
            charged(replace(RIGHT, output=None)),
            ["no output tokens, the provider counted 5"],
        ),
    ]


def uncounted(bill: Bill) -> Exchange:
    return text("a", scenario=script({"say": "a"}, {"finish": "stop"}), bill=bill)


FAILED = replace(charged(Bill(status="failed", failed=True)), end=End.CUT)

CASES: list[Case] = [
    ("bill.stream-recorded", "right", charged(RIGHT), []),
    ("bill.stream-recorded", "nobody was asked", charged(None), []),
    ("bill.stream-recorded", "never settled", charged(GONE), [NO_BILL]),
    ("bill.stream-recorded", "not to be asked for", charged(UNNAMED), []),
    (
        "bill.stream-recorded",
        "another number",
        charged(replace(RIGHT, input=8)),
        ["8 input tokens, the provider counted 7"],
    ),
    (
        "bill.stream-recorded",
        "no output",
        charged(replace(RIGHT, output=None)),
        ["the bill has no output tokens"],
    ),
    ("bill.not-double-counted", "once", charged(RIGHT), []),
    (
        "bill.not-double-counted",
        "twice",
        charged(replace(RIGHT, output=10)),
        ["10 output tokens, the provider counted 5"],
    ),
    ("usage.split-event-counted", "counted", charged(RIGHT), []),
    (
        "usage.split-event-counted",
        "missed",
        charged(replace(RIGHT, output=None)),
        ["no output tokens, the provider counted 5"],
    ),
    ("bill.token-classes-priced", "each", charged(RIGHT), []),
    (
        "bill.token-classes-priced",
        "none",
        charged(replace(RIGHT, cached=None, reasoning=None)),
        [
            "no cached tokens, the provider counted 3",
            "no reasoning tokens, the provider counted 2",
        ],
    ),
    ("bill.cancel-recorded", "recorded", left(2), []),
    ("bill.cancel-recorded", "never settled", replace(left(2), bill=GONE), [NO_BILL]),
    (
        "bill.cancel-recorded",
        "without a number",
        left(None),
        ["the bill has no output tokens"],
    ),
    ("bill.cancel-not-overbilled", "as much as was written", left(3), []),
    ("bill.cancel-not-overbilled", "in full, as declared", left(4, "full"), []),
    ("bill.cancel-not-overbilled", "more", left(4), [f"4 output tokens charged; {numbers()}"]),
    ("bill.cancel-policy-declared", "emitted", left(2, "emitted"), []),
    ("bill.cancel-policy-declared", "emitted, one more on its way", left(3, "emitted"), []),
    ("bill.cancel-policy-declared", "generated", left(3, "generated"), []),
    ("bill.cancel-policy-declared", "full", left(4, "full"), []),
    ("bill.cancel-policy-declared", "none", left(0, "none"), []),
    ("bill.cancel-policy-declared", "undeclared", left(2), []),
    (
        "bill.cancel-policy-declared",
        "undeclared, and always what was written",
        {"first": left(3), "later": left(3, got=0)},
        [],
    ),
    (
        "bill.cancel-policy-declared",
        "undeclared, and once in full and once not",
        {"first": left(4), "later": left(0, got=1)},
        [f"{NO_POLICY}: first: 4 charged, {numbers()}; later: 0 charged, {numbers(1)}"],
    ),
    (
        "bill.cancel-policy-declared",
        "left to the provider, and none that there is",
        left(1, "provider-dependent"),
        [f"{NO_POLICY}: stream: 1 charged, {numbers()}"],
    ),
    ("bill.cancel-not-overbilled", "left to the provider", left(4, "provider-dependent"), []),
    ("bill.cancel-policy-declared", "more is another rule's", left(9, "emitted"), []),
    ("bill.cancel-policy-declared", "nothing has come", left(1, "emitted", got=0), []),
    *(
        (
            "bill.cancel-policy-declared",
            f"not {policy}",
            left(wrong, policy),
            [f"{wrong} {CHARGED} {policy!r} it is {right}; {numbers()}"],
        )
        for policy, wrong, right in (
            ("emitted", 1, 2), ("generated", 2, 3), ("full", 3, 4), ("none", 1, 0),
        )
    ),
    ("bill.failed-stream-not-estimated", "nothing", FAILED, []),
    (
        "bill.failed-stream-not-estimated",
        "an estimate",
        replace(FAILED, bill=Bill(input=100, output=8)),
        ["108 tokens of a stream that failed without usage"],
    ),
    *(case for rule in COUNTED for case in on_the_bill(rule)),
    ("usage.not-invented", "no count", uncounted(Bill(status="complete")), []),
    ("usage.not-invented", "an estimate of its own", uncounted(Bill(7, 5)), []),
    (
        "usage.not-invented",
        "nothing",
        uncounted(Bill(0, 0)),
        ["0 input and output tokens of an answer that the provider has not counted"],
    ),
    ("usage.not-invented", "nothing, as counted", charged(Bill(0, 0)), []),
    (
        "usage.not-invented",
        "nothing, as an API says that always counts",
        replace(uncounted(Bill(0, 0)), journal=({"surface": "messages"},)),
        [],
    ),
    ("usage.not-invented", "nobody could be asked", uncounted(GONE), []),
    ("err.recorded-as-failure", "failed", FAILED, []),
    ("err.recorded-as-failure", "no word for it", replace(FAILED, bill=Bill(status="x")), []),
    (
        "err.recorded-as-failure",
        "complete",
        replace(FAILED, bill=RIGHT),
        ["the status is 'complete', which is none of a failure"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_bill_is_right_or_the_rule_says_so(case: Case) -> None:
    assert told(case) == case[-1]


@pytest.mark.parametrize(
    ("profile", "exchange", "kind", "reason"),
    [
        ("generic", charged(None), Kind.NOT_APPLICABLE, "the profile declares no bill"),
        ("reference", charged(RIGHT), Kind.PASS, ""),
        ("reference", charged(UNNAMED), Kind.INCONCLUSIVE, UNNAMED.trouble),
    ],
)
def test_without_a_bill_there_is_no_pass(
    profile: str, exchange: Exchange, kind: Kind, reason: str
) -> None:
    trial = Trial("bill", {"stream": exchange})

    verdict = judge(RULES["bill.stream-recorded"], trial, load(profile), frozenset({"upstream"}))

    assert (verdict.kind, verdict.reason) == (kind, reason)


def test_who_judges_usage_and_bill_does_not_pass_what_it_has_not_seen() -> None:
    rule, trial = RULES["usage.upstream-preferred"], Trial("bill", {"stream": charged(UNNAMED)})

    verdict = judge(rule, trial, load("reference"), frozenset({"upstream", "request"}))

    assert verdict == Verdict(Kind.INCONCLUSIVE, UNNAMED.trouble)
