"""Rules on what goes round from turn to turn, on surfaces that only carry it."""

import json

import pytest

from conformance.exchange import Exchange, Json
from conformance.rules import gem_signatures
from tests.conformance import made_gemini as gemini
from tests.conformance import made_messages as messages
from tests.conformance.made import (
    REFUSED,
    Case,
    answered,
    body,
    choice,
    chunk,
    label,
    plain,
    script,
    streamed,
    told,
    unbroken,
)

STOP = {"finish": "stop"}
SEAL = {"type": "reasoning.encrypted", "data": "c2VhbA=="}
BLOCK = {"type": "redacted_thinking", "data": "c2VhbA=="}
SEALED = script(
    {"think": "c2VhbA==", "redacted": True}, STOP, chat={"reasoning": ["reasoning_details"]}
)
PLACELESS = script({"think": "c2VhbA==", "redacted": True}, STOP)
BLOCKS = script({"say": "a", "extra": {"thinking_blocks": [BLOCK]}}, STOP)
NOT_SEALED = "the sealed reasoning is [], the provider's is ['c2VhbA==']"

SIGNED = {"extra_content": {"google": {"thought_signature": "c2lnbmVk"}}}
FUNCTION = {"name": "find_herb", "arguments": "{}"}
CALL = {"id": "a", "type": "function", "function": FUNCTION}
CALLED = script({"say": "", "extra": {"tool_calls": [{**CALL, **SIGNED}]}}, STOP)
SPOKEN = script({"say": "a", "extra": SIGNED}, STOP)
LOST = "the signatures are none; the provider's are 'c2lnbmVk' on the call of find_herb"
ELSEWHERE = (
    "the signatures are 'c2lnbmVk' on the call of find_herb; the provider's are 'c2lnbmVk' on a "
    "text"
)
USE = {"type": "tool_use", "id": "a", "name": "find_herb", "input": {}, "signature": "c2lnbmVk"}
USED = script({"think": "", "signature": "c2lnbmVk"}, {"call": CALL | FUNCTION}, STOP)


def said(delta: Json, scenario: Json, **members: Json) -> Exchange:
    return streamed(body([chunk(choice(delta)), chunk(choice({}, "stop"))]), scenario=scenario,
                    **members)  # fmt: skip


def sent(heard: Json, **turn: Json) -> Exchange:
    """Return an exchange whose client brings a turn, of which the provider heard this."""
    ask = {"messages": [{"role": "assistant", **turn}]}
    journal = ({"request": {"body": heard if isinstance(heard, str) else json.dumps(heard)}},)
    return said({"content": "a"}, script({"say": "a"}, STOP), ask=ask, journal=journal)


def brought(**turn: Json) -> Json:
    return {"messages": [{"role": "assistant", **turn}]}


def with_block(block: Json, scenario: Json) -> Exchange:
    start = messages.block(0, **block)
    return messages.whole(start, messages.stop(), reason="tool_use", scenario=scenario)


COPIED: Json = {
    "content": "a",
    "thinking_blocks": [BLOCK],
    "provider_specific_fields": {"thinking_blocks": [BLOCK]},
}

CASES: list[Case] = [
    *(
        ("anth.redacted-thinking-kept", what, exchange, wrong)
        for what, exchange, wrong in [
            ("a detail", said({"reasoning_details": [SEAL]}, SEALED), []),
            ("no detail", said({"content": "a"}, SEALED), [NOT_SEALED]),
            ("a provider without a place", said({"content": "a"}, PLACELESS), []),
            ("a block", said({"content": "a", "thinking_blocks": [BLOCK]}, BLOCKS), []),
            ("a block and its copy", said(COPIED, BLOCKS), []),
            ("no block", said({"content": "a"}, BLOCKS), [NOT_SEALED]),
            ("plain", plain(answered({"reasoning_details": [SEAL]}), scenario=SEALED), []),
            ("none, plain", plain(answered({"content": "a"}), scenario=SEALED), [NOT_SEALED]),
            ("an error is another rule's", REFUSED, []),
            ("a turn", sent(brought(reasoning_details=[SEAL]), reasoning_details=[SEAL]), []),
            (
                "a turn without it",
                sent(brought(content="a"), reasoning_details=[SEAL]),
                [f"the provider got reasoning.encrypted []; the client sent {[SEAL]}"],
            ),
        ]
    ),
    *(
        ("gem.thought-signature-kept", what, exchange, wrong)
        for what, exchange, wrong in [
            ("a call", said({"tool_calls": [{"index": 0, **CALL, **SIGNED}]}, CALLED), []),
            ("unsigned", said({"tool_calls": [{"index": 0, **CALL}]}, CALLED), [LOST]),
            ("a text", said({"content": "a", **SIGNED}, SPOKEN), []),
            (
                "the text's on the call",
                said({"tool_calls": [CALL | SIGNED]}, SPOKEN),
                [ELSEWHERE],
            ),
            ("plain", plain(answered({"tool_calls": [CALL | SIGNED]}), scenario=CALLED), []),
            ("none, plain", plain(answered({"tool_calls": [CALL]}), scenario=CALLED), [LOST]),
            ("an error", REFUSED, ["answered 502 where a signature was due"]),
            (
                "a turn",
                sent(brought(tool_calls=[CALL | SIGNED]), tool_calls=[CALL | SIGNED]),
                [],
            ),
            (
                "a turn without it",
                sent(brought(tool_calls=[CALL]), tool_calls=[CALL | SIGNED]),
                [
                    "the provider got none; the client sent 'c2lnbmVk' on the call of find_herb",
                ],
            ),
            (
                "no JSON",
                sent("half", tool_calls=[CALL | SIGNED]),
                [
                    "the provider got none; the client sent 'c2lnbmVk' on the call of find_herb",
                ],
            ),
            ("a block", with_block(USE, USED), []),
            ("an unsigned block", with_block({**USE, "signature": ""}, USED), [LOST]),
            (
                "on Gemini's own",
                gemini.streamed(*gemini.said("a"), scenario=script({"say": "a"}, STOP)),
                [],
            ),
        ]
    ),
]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_what_a_client_has_to_bring_back_goes_round(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, gem_signatures) == set()
