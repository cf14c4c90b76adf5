"""Each rule on usage: bytes that break it, bytes that do not, and what it says."""

import json

import pytest

from conformance.exchange import Exchange, Json, Request, Trial
from conformance.rules import RULES

SAID: Json = {"input": 1009, "output": 60, "cached": 401, "cache_write": 211, "reasoning": 29}
SCRIPT: Json = {"step": [{"say": "Hi"}, {"finish": "stop"}, {"usage": SAID}]}
SILENT: Json = {"step": [{"say": "Hi"}, {"finish": "stop"}]}
FULL: Json = {
    "prompt_tokens": 1009,
    "completion_tokens": 60,
    "total_tokens": 1069,
    "prompt_tokens_details": {"cached_tokens": 401, "cache_write_tokens": 211},
    "completion_tokens_details": {"reasoning_tokens": 29},
}
ZEROS: Json = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
ASKED: Json = {"stream_options": {"include_usage": True}}

TEXT: Json = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}}]}
FINISH: Json = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
WITH_FINISH: Json = {"usage-place": "with-finish"}
ALWAYS: Json = {"usage-when": "always"}


def usage(value: Json, choices: Json = ()) -> Json:
    return {"choices": list(choices), "usage": value}


def stream(*chunks: Json, ask: Json = ASKED, scenario: Json = SCRIPT, **members: Json) -> Exchange:
    lines = [*map(json.dumps, chunks), "[DONE]"]
    body = "".join(f"data: {line}\n\n" for line in lines).encode()
    request = Request("POST", "http://router/v1/chat/completions", (), ask)
    members = {"status": 200, **members}
    return Exchange("chat", "stream", request, body=body, scenario=scenario, **members)


def plain(value: Json, scenario: Json = SCRIPT) -> Exchange:
    body = json.dumps({"choices": [], "usage": value} if value else {"choices": []}).encode()
    return Exchange("chat", "plain", status=200, body=body, scenario=scenario)


NOTHING = "prompt_tokens 0, completion_tokens 0, total_tokens 0"
SUMMED = "input 2018 where the provider's is 1009, output 91 where the provider's is 60"

HEALTHY = stream(TEXT, FINISH, usage(FULL))
NONE = stream(TEXT, FINISH)
REFUSED = stream(status=502)

ABSENT = "prompt_tokens absent, completion_tokens absent, total_tokens absent"

# rule, what is sent, the exchange, what the rule says
CASES: list[tuple[str, str, Exchange, list[str]]] = [
    *(
        (rule, "as OpenAI sends it", HEALTHY, [])
        for rule in RULES
        if rule.startswith("usage.") and rule != "usage.not-invented"
    ),
    (
        "usage.delivered-when-asked",
        "none",
        NONE,
        ["the provider sent usage (1009 + 60 tokens), the client got none"],
    ),
    ("usage.delivered-when-asked", "none, not asked for", stream(TEXT, FINISH, ask={}), []),
    ("usage.delivered-when-asked", "none, none sent", stream(TEXT, FINISH, scenario=SILENT), []),
    (
        "usage.delivered-when-asked",
        "an error",
        REFUSED,
        ["answered 502 where the provider sent its usage"],
    ),
    (
        "usage.only-when-asked",
        "not asked for",
        stream(TEXT, FINISH, usage(FULL), ask={}),
        ["usage, and include_usage was not set"],
    ),
    (
        "usage.delivered-when-asked",
        "none, not asked for, and it is promised always",
        stream(TEXT, FINISH, ask={}, policy=ALWAYS),
        ["the provider sent usage (1009 + 60 tokens), the client got none"],
    ),
    (
        "usage.only-when-asked",
        "not asked for, and it is promised always",
        stream(TEXT, FINISH, usage(FULL), ask={}, policy=ALWAYS),
        [],
    ),
    (
        "usage.only-when-asked",
        "null, not asked for",
        stream(TEXT | {"usage": None}, FINISH, ask={}),
        [],
    ),
    (
        "usage.single-final-chunk",
        "twice",
        stream(TEXT, FINISH, *2 * [usage(FULL)]),
        ["usage again"],
    ),
    (
        "usage.single-final-chunk",
        "before the finish",
        stream(TEXT, usage(FULL), FINISH),
        ["more of a choice after the usage"],
    ),
    (
        "usage.single-final-chunk",
        "before the moderation",
        stream(TEXT, FINISH, usage(FULL), {"choices": [], "moderation": {}}),
        [],
    ),
    (
        "usage.chunk-shape",
        "beside the finish",
        stream(TEXT, FINISH | {"usage": FULL}),
        ["the usage chunk has choices [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]"],
    ),
    (
        "usage.chunk-shape",
        "beside the finish, as declared",
        stream(TEXT, FINISH | {"usage": FULL}, policy=WITH_FINISH),
        [],
    ),
    (
        "usage.chunk-shape",
        "without choices",
        stream(TEXT, FINISH, {"usage": FULL}),
        ["the usage chunk has choices absent"],
    ),
    (
        "usage.chunk-shape",
        "no object elsewhere",
        stream(TEXT | {"usage": 0}, FINISH, usage(FULL)),
        ["usage is '0'; right is null or an object"],
    ),
    (
        "usage.totals-add-up",
        "a wrong total",
        stream(TEXT, FINISH, usage(FULL | {"total_tokens": 1098})),
        ["1009 + 60 tokens, and the total is 1098"],
    ),
    (
        "usage.totals-add-up",
        "a wrong total of a plain answer",
        plain(FULL | {"total_tokens": 0}),
        ["1009 + 60 tokens, and the total is 0"],
    ),
    (
        "usage.totals-add-up",
        "no total",
        stream(TEXT, FINISH, usage({"prompt_tokens": 7, "completion_tokens": None})),
        ["usage lacks a count: prompt_tokens 7, completion_tokens None, total_tokens absent"],
    ),
    (
        "usage.totals-add-up",
        "nothing in it",
        stream(TEXT, FINISH, usage({})),
        [f"usage lacks a count: {ABSENT}"],
    ),
    ("usage.not-invented", "none", stream(TEXT, FINISH, scenario=SILENT), []),
    ("usage.not-invented", "none of a plain answer", plain(None, SILENT), []),
    ("usage.not-invented", "as sent", HEALTHY, []),
    ("usage.not-invented", "an error has none", stream(scenario=SILENT, status=500), []),
    (
        "usage.not-invented",
        "zeros",
        stream(TEXT, FINISH, usage(ZEROS), scenario=SILENT),
        [f"the provider sent no usage, the client got {NOTHING}"],
    ),
    *(
        (
            "usage.not-invented",
            f"{count} where Messages has to have a count",
            stream(
                TEXT,
                FINISH,
                usage({"completion_tokens": count}),
                scenario=SILENT,
                journal=({"surface": "messages"},),
            ),
            said,
        )
        for count, said in (
            (0, []),
            (25, ["the provider sent no usage, the client got completion_tokens 25"]),
        )
    ),
    (
        "usage.not-invented",
        "a marked estimate",
        stream(TEXT, FINISH, usage(ZEROS | {"estimated": True}), scenario=SILENT),
        [],
    ),
    (
        "usage.upstream-preferred",
        "a count of its own",
        stream(TEXT, FINISH, usage(FULL | {"completion_tokens": 1})),
        ["usage is 1009 + 1 tokens, the provider sent 1009 + 60 tokens"],
    ),
    ("usage.upstream-preferred", "none is another rule's", NONE, []),
    (
        "usage.cache-details-kept",
        "no details",
        stream(TEXT, FINISH, usage(FULL | {"prompt_tokens_details": None})),
        [
            "prompt_tokens_details.cached_tokens is absent, the provider sent 401",
            "prompt_tokens_details.cache_write_tokens is absent, the provider sent 211",
        ],
    ),
    (
        "usage.cache-details-kept",
        "Gemini has no count of what is written",
        stream(
            TEXT,
            FINISH,
            usage(FULL | {"prompt_tokens_details": {"cached_tokens": 401}}),
            journal=({"surface": "gemini"},),
        ),
        [],
    ),
    (
        "usage.cache-details-kept",
        "altered counts are another rule's",
        stream(TEXT, FINISH, usage(ZEROS)),
        [],
    ),
    (
        "usage.reasoning-included",
        "zero",
        stream(
            TEXT,
            FINISH,
            usage(FULL | {"completion_tokens_details": {"reasoning_tokens": 0}}),
        ),
        ["completion_tokens_details.reasoning_tokens is 0, the provider sent 29"],
    ),
]

# These hold the usage of an answer against the script, each for another oddity of the provider.
ODD = ["usage.cumulative-not-summed", "usage.merge-across-events"]
ANSWERS: list[tuple[str, Exchange, list[str]]] = [
    (
        "sums",
        stream(TEXT, FINISH, usage(FULL | {"prompt_tokens": 2018, "completion_tokens": 91})),
        [f"usage has {SUMMED}"],
    ),
    ("none", NONE, ["the provider sent usage (1009 + 60 tokens), the client got none"]),
    ("an error", REFUSED, ["answered 502 where the provider's usage was due"]),
]


@pytest.mark.parametrize(
    ("rule", "exchange", "said"),
    [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule, what, *rest in CASES]
    + [pytest.param(rule, *rest, id=f"{rule}: {what}") for rule in ODD for what, *rest in ANSWERS],
)
def test_a_rule_says_what_is_wrong_with_the_usage(
    rule: str, exchange: Exchange, said: list[str]
) -> None:
    findings = RULES[rule].check(Trial("made", {"only": exchange}))

    assert [finding.message for finding in findings] == said
