"""What becomes of a stream whose every byte is known: as it was, or where it parts."""

import pytest

from conformance.exchange import Exchange, Json
from conformance.rules import transparency
from tests.conformance.made import Case, label, streamed, told, unbroken

RULE = "content.transparency"
WROTE = ": sorrel\n\n", 'data:{"b":1.0}\r\n\r\n', "event: ping\ndata: {}\n\n", "data: [DONE]\n\n"
SCRIPT: Json = {"step": [*({"raw": piece} for piece in WROTE), {"close": "clean"}]}
ALL = "".join(WROTE).encode()


def read(body: bytes, policy: str) -> Exchange:
    return streamed(body, scenario=SCRIPT, policy={"transparency": policy})


CASES: list[Case] = [
    (RULE, "all of it", read(ALL, "bytes"), []),
    (
        RULE,
        "without the comment",
        read(ALL.removeprefix(b": sorrel\n\n"), "bytes"),
        [
            f"at byte 0: {ALL[10:34]!r} where the provider wrote {ALL[:24]!r}",
        ],
    ),
    (
        RULE,
        "cut short",
        read(ALL[:-3], "bytes"),
        ["at byte 61: nothing where the provider wrote b']\\n\\n'"],
    ),
    (
        RULE,
        "with more after it",
        read(ALL + b": mint\n\n", "bytes"),
        ["at byte 64: b': mint\\n\\n' where the provider wrote nothing"],
    ),
    (
        RULE,
        "every event",
        read(b'data: {"b":1.0}\n\nevent: ping\ndata: {}\n\ndata: [DONE]\n\n', "events"),
        [],
    ),
    (
        RULE,
        "an event made anew",
        read(b'data: {"b":1}\n\nevent: ping\ndata: {}\n\ndata: [DONE]\n\n', "events"),
        ["event 1 is not '{\"b\":1.0}' as the provider wrote it"],
    ),
    (
        RULE,
        "one without its name",
        read(b'data: {"b":1.0}\n\ndata: {}\n\ndata: [DONE]\n\n', "events"),
        ["event 2 is not '{}' as the provider wrote it"],
    ),
    (
        RULE,
        "one more",
        read(ALL + b"data: 7\n\n", "events"),
        ["4 events came, the provider wrote 3"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_stream_is_compared_with_what_was_written(case: Case) -> None:
    assert told(case) == case[3]


def test_the_rule_is_broken_and_kept_here() -> None:
    assert unbroken(CASES, transparency) == set()
