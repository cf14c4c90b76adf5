"""Rules on the terminator: streams that break each, streams that do not."""

import pytest

from conformance.exchange import End, Exchange, HoldSeen
from conformance.rules import done
from tests.conformance import made_gemini as gemini
from tests.conformance import made_messages as messages
from tests.conformance.made import (
    DONE,
    REFUSED,
    Case,
    body,
    event,
    label,
    said,
    streamed,
    text,
    told,
    unbroken,
)

WHOLE = text("a")
OPEN = text("a", end=b"")
FAILED = streamed(body(said("a"), event({"error": {"message": "no [DONE]"}})))


def held(lag: int) -> Exchange:
    """Return a stream during which the provider kept its connection open."""
    return text("a", holds=(HoldSeen("open", "", lag),))


CASES: list[Case] = [
    ("done.present", "message_stop", messages.whole(), []),
    (
        "done.present",
        "no message_stop",
        messages.stream(messages.begin(), messages.end()),
        ["the body ended without message_stop"],
    ),
    (
        "done.exactly-once",
        "a ping after it",
        messages.stream(messages.begin(), messages.end(), messages.OVER, messages.PING),
        [],
    ),
    (
        "done.exactly-once",
        "message_stop twice",
        messages.stream(messages.begin(), messages.end(), messages.OVER, messages.OVER),
        ["a second message_stop after message_stop"],
    ),
    ("done.foreign-surface", "none", messages.whole(), []),
    (
        "done.foreign-surface",
        "one",
        messages.stream(messages.begin(), messages.end(), messages.OVER, DONE),
        ["data: [DONE], which is of another API"],
    ),
    ("done.foreign-surface", "none on Gemini's", gemini.streamed(*gemini.said("a")), []),
    (
        "done.foreign-surface",
        "one on Gemini's",
        gemini.exchange(gemini.events(gemini.said("a")) + DONE),
        ["data: [DONE], which is of another API"],
    ),
    ("done.present", "present", WHOLE, []),
    ("done.present", "cut", streamed(OPEN.body, end=End.CUT), []),
    ("done.present", "an error", FAILED, []),
    ("done.present", "absent", OPEN, ["the body ended without data: [DONE]"]),
    ("done.present", "nothing at all", streamed(b""), ["the body ended without data: [DONE]"]),
    ("done.exactly-once", "once", WHOLE, []),
    ("done.exactly-once", "never is another rule's", OPEN, []),
    ("done.exactly-once", "twice", text("a", end=DONE + DONE), ["a second [DONE] after [DONE]"]),
    (
        "done.exactly-once",
        "cost after it",
        text("a", end=DONE + event({"choices": [], "cost": "0"})),
        ["a note after [DONE]"],
    ),
    ("done.ends-stream", "ended", held(0), []),
    (
        "done.ends-stream",
        "went on",
        held(1),
        [f"no end of the stream while the provider held 'open', after {len(WHOLE.body)} bytes"],
    ),
    ("done.missing-tolerated", "made up for", {"baseline": WHOLE, "missing": WHOLE}, []),
    (
        "done.missing-tolerated",
        "handed on",
        {"baseline": WHOLE, "missing": OPEN},
        ["data: [DONE] never came; undisturbed it does"],
    ),
    (
        "done.missing-tolerated",
        "an error",
        {"baseline": WHOLE, "missing": FAILED},
        ["the stream failed: 'no [DONE]'; undisturbed it succeeds"],
    ),
    ("done.upstream-done-tolerated", "read", {"baseline": WHOLE, "space": OPEN}, []),
    (
        "done.upstream-done-tolerated",
        "handed on",
        {"baseline": WHOLE, "space": text("a", end=b"data: [DONE] \n\n")},
        [],
    ),
    (
        "done.upstream-done-tolerated",
        "an error",
        {"baseline": WHOLE, "space": FAILED, "named": REFUSED},
        [
            "the stream failed: 'no [DONE]'; undisturbed it succeeds",
            "was answered 502, undisturbed it is 200",
        ],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, done) == set()
