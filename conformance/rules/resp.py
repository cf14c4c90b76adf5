"""OpenAI Responses: the order in which a response, its items and their texts begin and end.

The rules divide what is out of order among them: what was never begun or is over already, what is
begun twice or left undone, and the end of the response itself.
"""

from collections.abc import Iterator

from conformance.exchange import Exchange
from conformance.findings import Finding, Level
from conformance.protocols import read, responses, responses_order
from conformance.protocols.grammar import END, Violation
from conformance.protocols.responses import DONE, TERMINAL
from conformance.protocols.surface import Data
from conformance.rules.resp_items import departed, lost
from conformance.rules.rule import rule
from conformance.rules.shape import once_each

OAS = "OpenAI OpenAPI 2.3.0"
RECORDED = "recorded: 567 of 568 OpenAI streams"
#: What is said of an item or a text that has to have begun and not to have ended.
SAID = ("delta", "mark", "inner")
#: Items that the model itself makes; of those of hosted tools OpenAI leaves some undone.
OWN = ("message", "reasoning", "function_call", "custom_tool_call")


@rule(
    "resp.item-announced",
    Level.MUST,
    on="responses.stream",
    cites=f"{OAS}, ResponseStreamEvent: output_item.added and content_part.added; {RECORDED}; "
    "measured: the helpers of both official SDKs throw on a delta of what was not added",
    bugs="Wei-Shaw/sub2api#2875 maximhq/bifrost#5959 BerriAI/litellm#32777 BerriAI/litellm#24445",
)
def a_delta_is_of_something_open(exchange: Exchange) -> Iterator[Finding]:
    """Each delta is of an item and of a part that have been added and are not done yet.

    Reasoning text and the arguments of a call need no part.
    """
    for at, violation in _within(exchange):
        if unannounced(violation):
            name = violation.token.value.get("type")
            when = "ahead of what it is of" if violation.state == "start" else "after it was done"
            yield Finding(f"{name} of item {at} {when}", violation.token.span)


def unannounced(violation: Violation) -> bool:
    state, token = violation
    return token.kind in SAID or (state == "start" and token.kind in ("done", "told", "close"))


def _within(exchange: Exchange) -> Iterator[tuple[int, Violation]]:
    """Yield what is out of order within each item; of an item that was not added nothing else."""
    texts = responses_order.text_violations(exchange)
    for at, found in responses_order.item_violations(exchange).items():
        yield from ((at, violation) for violation in found)
        if not any(map(unannounced, found)):
            yield from ((at, violation) for violation in texts[at])


@rule(
    "resp.lifecycle-complete",
    Level.MUST,
    on="responses.stream",
    probes="healthy resp.lifecycle-complete",
    cites=f"{OAS}, ResponseStreamEvent; {RECORDED} open with response.created, end each item and "
    "part, and say their deltas once more when they are done; measured: without response.created "
    "the helpers of both official SDKs throw",
    bugs="KochC/opencode-llm-proxy#48 maximhq/bifrost#895 experientiallabs/experiential#792",
)
def what_begins_is_ended(exchange: Exchange) -> Iterator[Finding]:
    """The response is created, then its items are added one by one and each is done.

    Items and their parts count 0, 1, 2. What is done holds the whole of its deltas, in the part,
    the item and the response. Items of a kind the router does not know arrive like others.
    """
    yield from _opening(exchange)
    for at, violation in _within(exchange):
        if not unannounced(violation) and (what := _undone(exchange, at, violation)):
            yield Finding(what, violation.token.span)
    yield from _numbering(exchange)
    yield from once_each(departed(exchange))
    yield from lost(exchange)


def _opening(exchange: Exchange) -> Iterator[Finding]:
    for state, token in responses_order.response_violations(exchange):
        if state == "start" and token.kind not in (END, "sentinel"):
            yield Finding(f"the stream begins with {_shown(token.kind)}", token.span)
        elif token.kind in ("created", "queued", "in_progress") and state != "closed":
            yield Finding(f"response.{token.kind} where the response is {state}", token.span)


def _shown(kind: str) -> str:
    return kind if kind in ("item", "other", "done") else f"response.{kind}"


def _undone(exchange: Exchange, at: int, violation: Violation) -> str:
    state, token = violation
    item = responses.grown(exchange)[at]
    name = f"{item.value.get('type')} item {at}"
    if token.kind == END:
        own = item.value.get("type") in OWN
        return f"{name} is left {_left(state)}" if own else ""
    if token.kind == "added":
        return f"{name} is added twice"
    return f"{token.value.get('type')} of {name} where its text is {_left(state)}"


def _left(state: str) -> str:
    return {"open": "open", "told": "without the end of its part"}.get(state, "over already")


def _numbering(exchange: Exchange) -> Iterator[Finding]:
    indexes = list(responses.grown(exchange))
    whole = responses.output(responses.terminal(exchange))
    if whole and not indexes:
        yield Finding(f"none was streamed of the items that the response has: {len(whole)}")
    if indexes != list(range(len(indexes))):
        yield Finding(f"output_index counts {', '.join(map(str, indexes))}; right is 0, 1, 2")
    for at, events in responses_order.by_item(exchange).items():
        for counter in ("content_index", "summary_index"):
            parts = sorted({e.place[1] for e in events if e.place and e.place[0] == counter})
            if parts != list(range(len(parts))):
                shown = ", ".join(map(str, parts))
                yield Finding(f"{counter} of item {at} counts {shown}; right is 0, 1, 2")


@rule(
    "resp.single-terminal",
    Level.MUST,
    on="responses.stream",
    cites=f"{OAS}, response.completed, response.incomplete and response.failed; recorded: "
    "568 of 568 OpenAI streams end with one of them and nothing follows it",
    bugs="router-for-me/CLIProxyAPI#4683 looplj/axonhub#2318 pydantic/pydantic-ai#7911 "
    "openai/openai-agents-python#3107",
)
def the_response_ends_once(exchange: Exchange) -> Iterator[Finding]:
    """One event ends the response, by the name of its status, and only one [DONE] may follow.

    What is incomplete says why. An error event may stand in place of the end.
    """
    for state, token in responses_order.response_violations(exchange):
        if state in ("closed", "over"):
            what = DONE if token.kind == "sentinel" else _shown(token.kind)
            yield Finding(f"{what} after the end of the response", token.span)
        elif token.kind in (END, "sentinel") and not read.failed(exchange):
            yield Finding("the stream ended without response.completed", token.span)
            return
    yield from _contradictions(exchange)


def _contradictions(exchange: Exchange) -> Iterator[Finding]:
    for event in responses.events(exchange):
        if isinstance(event, Data) and (due := TERMINAL.get(responses.kind(event))):
            told = responses.response(event.value)
            if "status" in told and told["status"] != due:
                what = f"{responses.kind(event)} of a response with status {told['status']!r}"
                yield Finding(what, event.span)
            elif due == "incomplete" and not responses.reason(told, due):
                yield Finding("an incomplete response does not say why", event.span)
