"""Rules that all surfaces share, on Responses: streams that break each, streams that do not."""

from dataclasses import replace

import pytest

from conformance.exchange import Exchange, Json, Request
from tests.conformance.made import Case, label, script, told
from tests.conformance.made_responses import (
    USAGE,
    added,
    call,
    changed,
    done,
    ending,
    framed,
    life,
    message,
    numbered,
    opening,
    plain,
    raw,
    response,
    streamed,
    text_part,
    thought,
)

LIMIT = {"reason": "max_output_tokens"}
ERROR: Json = {"type": "error", "error": {"type": "server_error", "code": "c", "message": "no"}}
FLAT: Json = {"type": "error", "code": "c", "message": "no", "param": None}
FAILED: Json = {
    "type": "response.failed",
    "response": response("failed", error={"code": "c", "message": "no"}),
}
BROKE = script({"say": "a"}, {"error": {"message": "no", "type": "server_error"}})
ASKED = Request("POST", "", (), {"top_logprobs": 1})
ROW: Json = {"token": "a", "logprob": -0.1, "top_logprobs": [{"token": "a", "logprob": -0.1}]}


def limited(status: str, scenario: Json) -> Exchange:
    details = LIMIT if status == "incomplete" else None
    return streamed(life(message("a"), status=status, incomplete_details=details),
                    scenario=scenario)  # fmt: skip


def used(scenario: Json, **counts: Json) -> Exchange:
    """Return an answer with these counts in its usage."""
    return streamed(life(message("a"), usage={**USAGE, **counts}), scenario=scenario)


def erring(*events: Json) -> Exchange:
    return streamed([*opening(), *message("a"), *events], scenario=BROKE)


def rated(rows: Json) -> Exchange:
    events = changed(life(message("a")), "text.delta", logprobs=rows)
    body = b"".join(map(framed, numbered(events)))
    return Exchange("responses", "stream", ASKED, 200, body=body, scenario=script({"say": "a"}))


def sealed(content: Json) -> Exchange:
    item = {"type": "reasoning", "id": "rs_0", "summary": [], "encrypted_content": content}
    events = [*opening(), added(0, item), done(0, item), ending([done(0, item)])]
    return streamed(events, scenario=script({"think": "c2VhbA==", "redacted": True}))


def same_model(name: str) -> dict[str, Exchange]:
    """Return a stream of the provider's model m, and a plain answer of the model of this name."""
    scenario = script({"say": "a"}, model="m")
    alias = Request("POST", "", (), {"model": "alias"})
    told = plain(response("completed", model=name), scenario=scenario)
    return {
        "stream": replace(streamed(life(message("a")), scenario=scenario), request=alias),
        "plain": replace(told, request=alias),
    }


LOST = "at character 0: the end where 'a' was expected"
NO_JSON = "Expecting property name enclosed in double quotes at character 1"
COUNTED = script({"say": "a"}, {"usage": {"input": 7, "output": 3, "cached": 2, "reasoning": 1}})
CUT = script({"say": "a"}, {"finish": "length"})
CALLED = script({"call": {"id": "c", "name": "find", "arguments": ["{", "}"]}})
THOUGHT = script({"think": "Hm"}, {"say": "a"}, {"finish": "stop"})

CASES: list[Case] = [
    ("finish.present", "a limit", limited("incomplete", CUT), []),
    (
        "finish.present",
        "a limit that is called complete",
        limited("completed", CUT),
        ["choice 0 ended with 'completed', the provider said 'length'"],
    ),
    ("finish.enum-value", "a limit", {"baseline": limited("incomplete", CUT)}, []),
    (
        "content.complete",
        "all of it",
        streamed(life(message("a", "b")), scenario=script({"say": "ab"})),
        [],
    ),
    (
        "content.complete",
        "less of it",
        streamed(life(message("a")), scenario=script({"say": "ab"})),
        ["the text of choice 0 departs at character 1: the end where 'b' was expected"],
    ),
    ("tool.args-reassemble", "whole", streamed(life(call("{", "}")), scenario=CALLED), []),
    (
        "tool.args-reassemble",
        "cut",
        streamed(life(call("{")), scenario=CALLED),
        ["choice 0 has find({), the provider sent find({})"],
    ),
    ("tool.args-reassemble", "no JSON", streamed(life(call("{"))), [
        f"the arguments of 'find' are no JSON: {NO_JSON}"]),
    ("usage.totals-add-up", "a sum", used(COUNTED), []),
    (
        "usage.totals-add-up",
        "no sum",
        used(COUNTED, total_tokens=11),
        ["7 + 3 tokens, and the total is 11"],
    ),
    ("usage.totals-add-up", "another rule's", used(COUNTED, total_tokens=None), []),
    (
        "usage.reasoning-included",
        "lost",
        used(COUNTED, output_tokens_details={"reasoning_tokens": 0}),
        ["the reasoning tokens are 0, the provider sent 1"],
    ),
    ("usage.reasoning-included", "another rule's", used(COUNTED, output_tokens_details={}), []),
    ("reason.passthrough", "a summary", streamed(life(thought("Hm"), message("a", at=1)),
                                                 scenario=THOUGHT), []),
    (
        "reason.passthrough",
        "nothing",
        streamed(life(message("a")), scenario=THOUGHT),
        ["the reasoning 'Hm' did not arrive"],
    ),
    (
        "reason.not-duplicated",
        "twice",
        streamed(life(thought("Hm", "Hm"), message("a", at=1)), scenario=THOUGHT),
        ["the reasoning 'Hm' came 2 times in reasoning_summary_text"],
    ),
    ("choice.logprobs-kept", "one", rated([ROW]), []),
    (
        "choice.logprobs-kept",
        "none",
        rated([]),
        [f"the tokens with log probabilities of choice 0 depart {LOST}"],
    ),
    (
        "choice.logprobs-kept",
        "in the part of a plain answer",
        plain(
            response("completed", [{
                "type": "message", "content": [text_part("a") | {"logprobs": [ROW]}],
            }]),
            scenario=script({"say": "a"}),
        ),
        ["a token of choice 0 has not the 0 top_logprobs asked for"],
    ),
    ("anth.redacted-thinking-kept", "kept", sealed("c2VhbA=="), []),
    (
        "anth.redacted-thinking-kept",
        "lost",
        sealed(None),
        ["the encrypted content of reasoning is [], the provider's is ['c2VhbA==']"],
    ),
    (
        "anth.redacted-thinking-kept",
        "wrapped by who translates",
        replace(sealed('[{"data":"c2VhbA=="}]'), journal=({"surface": "messages"},)),
        [],
    ),
    (
        "anth.redacted-thinking-kept",
        "wrapped by who does not",
        sealed("[c2VhbA==]"),
        ["the encrypted content of reasoning is ['[c2VhbA==]'], the provider's is ['c2VhbA==']"],
    ),
    ("chunk.identity-policy", "one model", same_model("m"), []),
    (
        "chunk.identity-policy",
        "two models",
        same_model("alias"),
        ["model-name is requested in a plain answer, not upstream"],
    ),
    ("err.surface-native-shape", "as it is sent", erring(ERROR, FAILED), []),
    ("err.surface-native-shape", "as it is documented", erring(FLAT), []),
    ("err.surface-native-shape", "in the response", erring(FAILED), []),
    (
        "err.surface-native-shape",
        "as chat has it",
        raw(b'data: {"error":{"message":"no"}}\n\n'),
        ["the error is in an event of type None; right is 'error'"],
    ),
    (
        "err.surface-native-shape",
        "without a message",
        erring({"type": "error", "error": {"code": "c"}}),
        ["error has no message: {'code': 'c'}"],
    ),
    (
        "err.surface-native-shape",
        "a text",
        erring({"type": "error", "error": "no"}),
        ["error is 'no'; right is an object with message and code"],
    ),
    (
        "err.surface-native-shape",
        "a response that failed for no reason",
        erring(FAILED | {"response": response("failed")}),
        ["response.failed has error None; right is an object with a message"],
    ),
    (
        "err.surface-native-shape",
        "no JSON",
        raw(b"data: no\n\n", scenario=BROKE),
        ["the error is not JSON (Expecting value at character 0): 'no'"],
    ),
    ("err.inband-error-forwarded", "told", erring(FAILED), []),
    (
        "err.inband-error-forwarded",
        "not told",
        erring(),
        ["the provider sent an error, the client's stream ended without one"],
    ),
    ("err.detail-kept", "the type too", erring(ERROR), []),
    ("err.detail-kept", "where there is no type", erring(FAILED), []),
    (
        "err.detail-kept",
        "another",
        erring({"type": "error", "error": {"type": "oops", "message": "no"}}),
        ["the type is 'oops', the provider's is 'server_error'"],
    ),
    (
        "pre.error-shape",
        "no code",
        Exchange("responses", "stream", None, 400, (("content-type", "application/json"),),
                 b'{"error":{"message":"no","type":"t"}}'),
        ["error lacks code: {'message': 'no', 'type': 't'}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_on_responses(case: Case) -> None:
    assert told(case) == case[-1]
