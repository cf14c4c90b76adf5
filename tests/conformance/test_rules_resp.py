"""Rules on Responses: streams that break each, streams that do not."""

import pytest

from conformance.exchange import Exchange, Json
from conformance.rules import resp, resp_events, resp_items, resp_shape
from conformance.rules.shape import COUNT
from tests.conformance.made import Case, label, script, told, unbroken
from tests.conformance.made_responses import (
    USAGE,
    Events,
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
    twice,
    without,
)

AT = "the output_text of item 0 departs {} at character {}: the end where '{}' was expected"
LOST = "at character 0: the end where 'Hm' was expected"
SENTINEL = b"data: [DONE]\n\n"
WHOLE = life(thought("Hm"), message("a", "b", at=1), call("{", "}", at=2))
GOOD = streamed(WHOLE)
SAID = life(message("a", "b"))
CALLED = life(call("{", "}"))
LIMIT = {"reason": "max_output_tokens"}
ERROR: Json = {"type": "error", "error": {"type": "t", "code": "c", "message": "m"}}
FAILED: Json = ending((), "failed", error={"code": "c", "message": "m"}, usage=None)
HOSTED: Events = [
    added(0, {"id": "ws_0", "type": "web_search_call", "status": "in_progress"}),
    {"type": "response.web_search_call.searching", "item_id": "ws_0", "output_index": 0},
    done(0, {"id": "ws_0", "type": "web_search_call", "status": "completed"}),
]
SEARCHED = life(HOSTED, message("a", at=1))
RAW = script({"raw": b"".join(map(framed, numbered(SEARCHED))).decode()})


def named(events: Events, name: str) -> Exchange:
    return raw(b"".join(framed(event, name) for event in numbered(events)))


def counted(*numbers: Json) -> Exchange:
    """Return the opening events with these numbers; None leaves one out."""
    events = [
        {**({} if number is None else {"sequence_number": number}), **event}
        for number, event in zip(numbers, opening() * 2, strict=False)
    ]
    return raw(b"".join(map(framed, events)))


def last(**members: Json) -> Exchange:
    """Return a stream whose terminal event has this response."""
    return streamed([*SAID[:-1], {**SAID[-1], "response": SAID[-1]["response"] | members}])


def item(kind: str, **members: Json) -> Exchange:
    """Return a stream of one item that is done like this."""
    return streamed([*opening(), added(0, {"type": kind}), done(0, {"type": kind, **members})])


CASES: list[Case] = [
    ("resp.item-announced", "a whole answer", GOOD, []),
    ("resp.item-announced", "a hosted tool", streamed(SEARCHED), []),
    (
        "resp.item-announced",
        "reasoning text without a part",
        streamed(
            [
                *opening(),
                added(0, {"type": "reasoning"}),
                {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "a"},
                done(0, {"type": "reasoning"}),
            ]
        ),
        [],
    ),
    (
        "resp.item-announced",
        "no item",
        streamed(without(SAID, "item.added")),
        ["response.content_part.added of item 0 ahead of what it is of"],
    ),
    (
        "resp.item-announced",
        "no part",
        streamed(without(SAID, "part.added")),
        ["response.output_text.delta of item 0 ahead of what it is of"],
    ),
    (
        "resp.item-announced",
        "text after its part is done",
        streamed([*SAID[:-2], SAID[4], *SAID[-2:]]),
        ["response.output_text.delta of item 0 after it was done"],
    ),
    (
        "resp.item-announced",
        "text after its item is done",
        streamed([*SAID[:-1], SAID[4], SAID[-1]]),
        ["response.output_text.delta of item 0 after it was done"],
    ),
    ("resp.lifecycle-complete", "a whole answer", GOOD, []),
    ("resp.lifecycle-complete", "in the background", streamed([opening()[0], {
        "type": "response.queued", "response": response("queued")}, *SAID[1:]]), []),
    ("resp.lifecycle-complete", "cut short", streamed(SAID[:5]), []),
    ("resp.lifecycle-complete", "without in_progress", streamed([SAID[0], *SAID[2:]]), []),
    (
        "resp.lifecycle-complete",
        "not created",
        streamed(SAID[1:]),
        ["the stream begins with response.in_progress"],
    ),
    (
        "resp.lifecycle-complete",
        "begins with a keep-alive",
        streamed([{"type": "keepalive"}, *SAID]),
        ["the stream begins with other"],
    ),
    (
        "resp.lifecycle-complete",
        "created twice",
        streamed(twice(SAID, "created")),
        ["response.created where the response is created"],
    ),
    (
        "resp.lifecycle-complete",
        "an item twice",
        streamed(twice(SAID, "item.added")),
        ["message item 0 is added twice"],
    ),
    (
        "resp.lifecycle-complete",
        "an item left open",
        streamed(without(SAID, "item.done")),
        ["message item 0 is left open"],
    ),
    (
        "resp.lifecycle-complete",
        "a hosted item left open",
        streamed(without(life(HOSTED), "item.done")),
        [],
    ),
    (
        "resp.lifecycle-complete",
        "a part left open",
        streamed(without(SAID, "part.done")),
        ["message item 0 is left without the end of its part"],
    ),
    (
        "resp.lifecycle-complete",
        "a text left open",
        streamed(without(SAID, "text.done")),
        ["response.content_part.done of message item 0 where its text is open"],
    ),
    (
        "resp.lifecycle-complete",
        "a part done twice",
        streamed(twice(SAID, "part.done")),
        ["response.content_part.done of message item 0 where its text is over already"],
    ),
    (
        "resp.lifecycle-complete",
        "arguments left open",
        streamed(without(CALLED, "arguments.done")),
        ["function_call item 0 is left open"],
    ),
    (
        "resp.lifecycle-complete",
        "an item left out",
        streamed(life(message("a", at=1))),
        ["output_index counts 1; right is 0, 1, 2"],
    ),
    (
        "resp.lifecycle-complete",
        "a part left out",
        streamed([
            {**event, **({"content_index": 1} if "content_index" in event else {})}
            for event in life(message("a"))
        ]),
        ["content_index of item 0 counts 1; right is 0, 1, 2"],
    ),
    (
        "resp.lifecycle-complete",
        "an item that is there in the end only",
        streamed([*opening(), life(message("a"))[-1]]),
        ["none was streamed of the items that the response has: 1"],
    ),
    (
        "resp.lifecycle-complete",
        "another text when it is done",
        streamed(changed(SAID, "text.done", text="")),
        [AT.format("in its done event", 0, "ab")],
    ),
    (
        "resp.lifecycle-complete",
        "another text in the part",
        streamed(changed(SAID, "part.done", part=text_part("a"))),
        [AT.format("in its part", 1, "b")],
    ),
    (
        "resp.lifecycle-complete",
        "another text in the item",
        streamed(changed(SAID, "item.done", item=message("a")[-1]["item"])),
        [AT.format("when it is done", 1, "b")],
    ),
    (
        "resp.lifecycle-complete",
        "another text in the response",
        streamed([*SAID[:-1], life(message("a"))[-1]]),
        [AT.format("in the response", 1, "b")],
    ),
    (
        "resp.lifecycle-complete",
        "a text that is not the script's either",
        streamed([*SAID[:-1], life(message("a"))[-1]], scenario=script({"say": "a"})),
        [],
    ),
    ("resp.lifecycle-complete", "a hosted item", streamed(SEARCHED, scenario=RAW), []),
    (
        "resp.lifecycle-complete",
        "a hosted item lost",
        streamed(life(message("a")), scenario=RAW),
        ["the items are message, not web_search_call, message"],
    ),
    (
        "resp.lifecycle-complete",
        "a hosted item that fails the stream",
        streamed([*opening(), ERROR], scenario=RAW),
        ["the stream failed where items web_search_call, message were due"],
    ),
    ("resp.single-terminal", "a whole answer", GOOD, []),
    ("resp.single-terminal", "with [DONE]", streamed(WHOLE, SENTINEL), []),
    ("resp.single-terminal", "an error", streamed([*opening(), ERROR]), []),
    ("resp.single-terminal", "an error, and failed", streamed([*opening(), ERROR, FAILED]), []),
    ("resp.single-terminal", "incomplete", streamed(life(
        message("a"), status="incomplete", incomplete_details=LIMIT)), []),
    (
        "resp.single-terminal",
        "no end",
        streamed(SAID[:-1]),
        ["the stream ended without response.completed"],
    ),
    (
        "resp.single-terminal",
        "[DONE] for an end",
        streamed(SAID[:-1], SENTINEL),
        ["the stream ended without response.completed"],
    ),
    (
        "resp.single-terminal",
        "two ends",
        streamed([*SAID, SAID[-1]]),
        ["done after the end of the response"],
    ),
    (
        "resp.single-terminal",
        "[DONE] twice",
        streamed(SAID, SENTINEL * 2),
        ["[DONE] after the end of the response"],
    ),
    (
        "resp.single-terminal",
        "an error after the end",
        streamed([*SAID, ERROR]),
        ["response.error after the end of the response"],
    ),
    (
        "resp.single-terminal",
        "another status",
        last(status="incomplete"),
        ["response.completed of a response with status 'incomplete'"],
    ),
    (
        "resp.single-terminal",
        "incomplete for no reason",
        streamed(life(message("a"), status="incomplete")),
        ["an incomplete response does not say why"],
    ),
    ("resp.sequence-number", "from 0", GOOD, []),
    ("resp.sequence-number", "with gaps", counted(4, 9, 10), []),
    (
        "resp.sequence-number",
        "absent",
        counted(0, None, None, 1),
        ["sequence_number of response.in_progress is absent",
         "sequence_number of response.created is absent"],
    ),
    (
        "resp.sequence-number",
        "a text",
        counted("0"),
        ["sequence_number of response.created is '0'"],
    ),
    ("resp.sequence-number", "the same twice", counted(1, 1, 1), ["sequence_number 1 after 1"]),
    ("resp.event-names", "the type", GOOD, []),
    ("resp.event-names", "none", named(SAID, ""), []),
    (
        "resp.event-names",
        "one for all",
        named(SAID, "message"),
        ["response.created is named 'message'"],
    ),
    ("resp.id-stable", "one each", GOOD, []),
    (
        "resp.id-stable",
        "another response",
        last(id="resp_2"),
        ["the response has id 'resp_2', it began as 'resp_1'"],
    ),
    (
        "resp.id-stable",
        "another item when it is done",
        streamed(changed(SAID, "item.done", item=message("a")[-1]["item"] | {"id": "msg_9"})),
        ["item 0 has id 'msg_9' when it is done, 'msg_0' before"],
    ),
    (
        "resp.id-stable",
        "another item in a delta",
        streamed(changed(SAID, "text.delta", item_id="msg_9")),
        ["item 0 is called 'msg_9', it was added as 'msg_0'"],
    ),
    (
        "resp.id-stable",
        "another call",
        streamed(changed(CALLED, "item.done", item=CALLED[-2]["item"] | {"call_id": "call_9"})),
        ["item 0 has call_id 'call_9' when it is done, 'call_0' before"],
    ),
    (
        "resp.items-faithful",
        "repeats dropped",
        {"baseline": GOOD, "repeated": GOOD},
        [],
    ),
    (
        "resp.items-faithful",
        "repeats handed on",
        {"baseline": streamed(SAID), "repeated": streamed(twice(SAID, "text.delta"))},
        ["item 0 is ('message', {'output_text': 'aabb'}), not ('message', {'output_text': 'ab'})"],
    ),
    (
        "resp.items-faithful",
        "a baseline that failed",
        {"baseline": streamed([*opening(), ERROR]), "repeated": GOOD},
        [],
    ),
    ("resp.items-faithful", "as written", streamed(SEARCHED, scenario=RAW), []),
    (
        "resp.items-faithful",
        "two made one",
        streamed(life(message("a")), scenario=RAW),
        ["1 items came, not 2"],
    ),
    ("resp.empty-terminal-output", "all of it", GOOD, []),
    ("resp.empty-terminal-output", "failed", streamed([*opening(), *message("a"), FAILED]), []),
    (
        "resp.empty-terminal-output",
        "none of it",
        last(output=[]),
        ["the terminal event lists 0 items, 1 were streamed"],
    ),
    ("chunk.odd-upstream-tolerated", "all the same", {"baseline": GOOD, "unnamed": GOOD}, []),
    (
        "chunk.odd-upstream-tolerated",
        "less of it",
        {"baseline": GOOD, "unnamed": streamed(SAID)},
        [f"choice 0: reasoning departs {LOST}, as it is undisturbed"],
    ),
    ("chunk.odd-upstream-repaired", "whole", {"baseline": GOOD, "bare": GOOD}, []),
    (
        "chunk.odd-upstream-repaired",
        "as it came",
        {"baseline": GOOD, "bare": last(output=None)},
        ["response output is None; right is a list"],
    ),
    ("resp.schema-required-fields", "a whole answer", GOOD, []),
    ("resp.schema-required-fields", "what no schema knows", streamed(
        [*SAID[:-1], {"type": "keepalive"}, added(1, {"type": "foo"}), SAID[-1]]), []),
    ("resp.schema-required-fields", "an error", streamed([*opening(), ERROR, FAILED]), []),
    ("resp.schema-required-fields", "plain", plain(WHOLE[-1]["response"]), []),
    ("resp.schema-required-fields", "no answer", plain({"error": {"message": "no"}}), []),
    (
        "resp.schema-required-fields",
        "plain without output",
        plain({k: v for k, v in response("completed").items() if k != "output"}),
        ["response output is missing; right is a list"],
    ),
    (
        "resp.schema-required-fields",
        "no type",
        raw(b'data: {"response":{}}\n\n'),
        ["an event without type: {'response': {}}"],
    ),
    (
        "resp.schema-required-fields",
        "no place",
        streamed(changed(SAID, "text.delta", content_index=None)),
        ["response.output_text.delta content_index is None; right is an integer of 0 or more"],
    ),
    (
        "resp.schema-required-fields",
        "a message without content",
        item("message", id="m", role="assistant", status="completed"),
        ["message item id is missing; right is a text that is not empty",
         "message item role is missing; right is 'assistant'",
         "message item status is missing; right is a text that is not empty",
         "message item content is missing; right is a list"],
    ),
    (
        "resp.schema-required-fields",
        "a part without annotations",
        streamed(changed(SAID, "part.done", part={"type": "output_text", "text": "ab"})),
        ["output_text part annotations is missing; right is a list"],
    ),
    (
        "resp.schema-required-fields",
        "an error without code",
        streamed([*opening(), ending((), "failed", error={"message": "m"})]),
        ["response error code is missing; right is a text that is not empty"],
    ),
    ("resp.usage-shape", "all of it", GOOD, []),
    ("resp.usage-shape", "none scripted", last(usage=None) , [
        "usage is None in a completed response"]),
    ("resp.usage-shape", "lost", streamed(
        [*SAID[:-1], {**SAID[-1], "response": response("completed")}],
        scenario=script({"say": "ab"})), []),
    (
        "resp.usage-shape",
        "chat's names",
        last(usage={"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}),
        ["usage input_tokens is missing; right is an integer of 0 or more",
         "usage output_tokens is missing; right is an integer of 0 or more",
         "usage input_tokens_details is missing; right is an object",
         "usage output_tokens_details is missing; right is an object"],
    ),
    (
        "resp.usage-shape",
        "no count of reasoning",
        plain(response("completed", usage={**USAGE, "output_tokens_details": {}})),
        [f"usage output_tokens_details reasoning_tokens is missing; right is {COUNT.right}"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=label)
def test_a_rule_tells_what_breaks_it_and_nothing_else(case: Case) -> None:
    assert told(case) == case[-1]


def test_each_rule_has_a_case_on_either_side() -> None:
    assert unbroken(CASES, resp, resp_events, resp_items, resp_shape) == set()
