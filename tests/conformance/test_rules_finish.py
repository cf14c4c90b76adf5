"""Rules on how a choice ends: answers that break each, answers that do not."""

import pytest

from conformance.exchange import End, Exchange, Json
from conformance.rules import finish as family
from tests.conformance.made import (
    REFUSED,
    Case,
    answered,
    body,
    choice,
    chunk,
    label,
    plain,
    said,
    script,
    streamed,
    text,
    told,
    unbroken,
)

WORDS = "stop, length, tool_calls, content_filter, function_call"


def ended(*reasons: Json, **members: Json) -> Exchange:
    """Return a text whose last chunks state these reasons."""
    last = [chunk(choice({}, reason)) for reason in reasons]
    return streamed(body([*said("a", finish=None), *last]), **members)


def at_once(reason: Json, **members: Json) -> Exchange:
    return plain(answered({"content": "a"}, reason), **members)


def by(reason: str) -> Json:
    """Return the script of a provider that ends like this."""
    return script({"say": "a"}, {"finish": reason})


def then(*deltas: Json) -> Exchange:
    """Return a text with more of these after its finish reason."""
    return streamed(body([*said("a"), *(chunk(choice(delta)) for delta in deltas)]))


BESIDE = streamed(body([*said(finish=None), chunk(choice({"content": "a"}, "stop"))]))
MIXED_UP = streamed(body([chunk(choice({"content": "a"}, "stop", 7)), *said("a")]))
CUT = streamed(body(said("a", finish=None), b""), scenario=by("stop"), end=End.CUT)

CASES: list[Case] = [
    ("finish.present", "stated", ended("length", scenario=by("length")), []),
    ("finish.present", "stated, plain", at_once("stop", scenario=by("stop")), []),
    ("finish.present", "stated, no script", ended("stop"), []),
    ("finish.present", "cut", CUT, []),
    ("finish.present", "mixed up is another rule's", MIXED_UP, []),
    (
        "finish.present",
        "another vendor's word is another rule's",
        ended("eos", scenario=by("stop")),
        [],
    ),
    (
        "finish.present",
        "a call's reason is another rule's",
        ended("stop", scenario=by("tool_calls")),
        [],
    ),
    ("finish.present", "none", ended(), ["choice 0 ended without a finish reason"]),
    ("finish.present", "none, plain", at_once(None), ["choice 0 ended without a finish reason"]),
    (
        "finish.present",
        "another",
        ended("stop", scenario=by("length")),
        ["choice 0 ended with 'stop', the provider said 'length'"],
    ),
    ("finish.present", "nobody to state one", streamed(body([])), ["no choice ever came"]),
    ("finish.present", "as little as was sent", streamed(body([]), scenario=script()), []),
    ("finish.exactly-once", "once", ended("stop"), []),
    ("finish.exactly-once", "mixed up is another rule's", MIXED_UP, []),
    (
        "finish.exactly-once",
        "twice",
        ended("tool_calls", "stop"),
        ["choice 0 states a finish reason again: 'stop'"],
    ),
    ("finish.tool-calls-value", "kept", ended("tool_calls", scenario=by("tool_calls")), []),
    (
        "finish.tool-calls-value",
        "kept, then doubled",
        ended("tool_calls", "stop", scenario=by("tool_calls")),
        [],
    ),
    ("finish.tool-calls-value", "the provider says stop", ended("stop", scenario=by("stop")), []),
    (
        "finish.tool-calls-value",
        "stop, plain",
        at_once("stop", scenario=by("tool_calls")),
        ["choice 0 ended with 'stop', the provider said 'tool_calls'"],
    ),
    (
        "finish.content-filter-kept",
        "kept",
        ended("content_filter", scenario=by("content_filter")),
        [],
    ),
    (
        "finish.content-filter-kept",
        "stop",
        ended("stop", scenario=by("content_filter")),
        ["choice 0 ended with 'stop', the provider said 'content_filter'"],
    ),
    ("finish.enum-value", "a word", ended("function_call"), []),
    ("finish.enum-value", "none is another rule's", ended(), []),
    (
        "finish.enum-value",
        "another vendor's word",
        ended("end_turn", scenario=by("stop")),
        [f"choice 0 ended with 'end_turn'; right is one of {WORDS}"],
    ),
    (
        "finish.enum-value",
        "the provider's own word, handed on or mapped",
        {
            "baseline": ended("stop", scenario=by("stop")),
            "eos": ended("eos", scenario=by("eos")),
            "end.turn": ended("stop", scenario=by("end_turn")),
        },
        [],
    ),
    (
        "finish.enum-value",
        "the provider's own word, to be mapped",
        {
            "baseline": ended("stop", scenario=by("stop")),
            "eos": ended("eos", scenario=by("eos"), policy={"unknown-finish": "map"}),
        },
        [f"choice 0 ended with 'eos'; right is one of {WORDS}"],
    ),
    (
        "finish.enum-value",
        "the provider's own word, lost",
        {"baseline": ended("stop", scenario=by("stop")), "eos": ended(scenario=by("eos"))},
        ["after the provider's own 'eos' the answer is not complete"],
    ),
    (
        "finish.enum-value",
        "all reasons lost is another rule's",
        {"baseline": ended(scenario=by("stop")), "eos": ended(scenario=by("eos"))},
        [],
    ),
    ("finish.nothing-after", "nothing", text("a"), []),
    ("finish.nothing-after", "an empty delta", then({}), []),
    ("finish.nothing-after", "text beside it", BESIDE, []),
    ("finish.nothing-after", "mixed up is another rule's", MIXED_UP, []),
    ("finish.nothing-after", "refused", REFUSED, []),
    (
        "finish.nothing-after",
        "text and reasoning",
        then({"content": "b"}, {"reasoning": "c"}),
        [
            "choice 0 gets content after its finish reason",
            "choice 0 gets reasoning after its finish reason",
        ],
    ),
    ("finish.place-policy", "its own chunk", text("a"), []),
    ("finish.place-policy", "beside text", BESIDE, ["the finish reason is stated beside content"]),
    (
        "finish.place-policy",
        "beside text, as declared",
        streamed(BESIDE.body, policy={"finish-place": "last-content"}),
        [],
    ),
    (
        "finish.place-policy",
        "its own chunk, against what is declared",
        text("a", policy={"finish-place": "last-content"}),
        ["the finish reason is stated in a chunk without content"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, family) == set()
