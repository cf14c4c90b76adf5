"""The members that the events of a response, its items and their parts must have."""

from collections.abc import Iterator, Mapping

from conformance.exchange import Exchange, Json
from conformance.findings import Finding, Level, Span
from conformance.protocols import responses
from conformance.protocols.responses_items import parts
from conformance.protocols.surface import Data, answer
from conformance.rules.rule import rule
from conformance.rules.shape import COUNT, LIST, OBJECT, TEXT, Member, lacking, once_each

OAS = "OpenAI OpenAPI 2.3.0"

Members = Mapping[str, Member]

STRING = Member(lambda value: isinstance(value, str), "a text")
NUMBER = Member(lambda value: isinstance(value, int | float), "a number")
FLAG = Member(lambda value: isinstance(value, bool), "true or false")
GIVEN = Member(lambda value: True, "there, if only null")


def _word(*words: str) -> Member:
    return Member(lambda value: value in words, " or ".join(map(repr, words)))


ENVELOPE: Members = {"response": OBJECT}
OF_ITEM: Members = {"item_id": TEXT, "output_index": COUNT}
IN_CONTENT: Members = {**OF_ITEM, "content_index": COUNT}
IN_SUMMARY: Members = {**OF_ITEM, "summary_index": COUNT}
BRACKET: Members = {"output_index": COUNT, "item": OBJECT}
DELTA: Members = {"delta": STRING}
# What an event has besides its type and number. Those that are not here may have what they like.
EVENTS: Mapping[str, Members] = {
    **dict.fromkeys((*responses.OPENING, *responses.TERMINAL), ENVELOPE),
    "response.output_item.added": BRACKET,
    "response.output_item.done": BRACKET,
    "response.content_part.added": {**IN_CONTENT, "part": OBJECT},
    "response.content_part.done": {**IN_CONTENT, "part": OBJECT},
    "response.output_text.delta": {**IN_CONTENT, **DELTA},
    "response.output_text.done": {**IN_CONTENT, "text": STRING},
    "response.output_text.annotation.added": {
        **IN_CONTENT, "annotation_index": COUNT, "annotation": OBJECT,
    },
    "response.refusal.delta": {**IN_CONTENT, **DELTA},
    "response.refusal.done": {**IN_CONTENT, "refusal": STRING},
    "response.reasoning_text.delta": {**IN_CONTENT, **DELTA},
    "response.reasoning_text.done": {**IN_CONTENT, "text": STRING},
    "response.reasoning_summary_part.added": {**IN_SUMMARY, "part": OBJECT},
    "response.reasoning_summary_part.done": {**IN_SUMMARY, "part": OBJECT},
    "response.reasoning_summary_text.delta": {**IN_SUMMARY, **DELTA},
    "response.reasoning_summary_text.done": {**IN_SUMMARY, "text": STRING},
    "response.function_call_arguments.delta": {**OF_ITEM, **DELTA},
    "response.function_call_arguments.done": {**OF_ITEM, "arguments": STRING},
    "response.custom_tool_call_input.delta": {**OF_ITEM, **DELTA},
    "response.custom_tool_call_input.done": {**OF_ITEM, "input": STRING},
}  # fmt: skip
STATUSES = ("completed", "failed", "in_progress", "cancelled", "queued", "incomplete")
RESPONSE: Members = {
    "id": TEXT, "object": _word("response"), "created_at": NUMBER, "status": _word(*STATUSES),
    "model": TEXT, "output": LIST, "parallel_tool_calls": FLAG, "tools": LIST,
    **dict.fromkeys(("error", "incomplete_details", "instructions", "metadata", "temperature",
                     "tool_choice", "top_p"), GIVEN),
}  # fmt: skip
ERROR: Members = {"code": TEXT, "message": TEXT}
ITEMS: Mapping[str, Members] = {
    "message": {"id": TEXT, "role": _word("assistant"), "status": TEXT, "content": LIST},
    "reasoning": {"id": TEXT, "summary": LIST},
    "function_call": {"call_id": TEXT, "name": TEXT, "arguments": STRING},
    "custom_tool_call": {"call_id": TEXT, "name": TEXT, "input": STRING},
}
PARTS: Mapping[str, Members] = {
    "output_text": {"text": STRING, "annotations": LIST},
    "refusal": {"refusal": STRING},
    "reasoning_text": {"text": STRING},
    "summary_text": {"text": STRING},
}


@rule(
    "resp.schema-required-fields",
    Level.MUST,
    on="responses.stream responses.plain",
    probes="healthy parity error-forms",
    cites=f"{OAS}, ResponseStreamEvent, Response and OutputItem: required; measured: both official "
    "SDKs throw on an event without type, output_index or content_index",
    bugs="diegosouzapw/OmniRoute#13964 farion1231/cc-switch#6438 maximhq/bifrost#6487 "
    "7836246/cursor2api#116",
)
def nothing_required_is_missing(exchange: Exchange) -> Iterator[Finding]:
    """Events, the response, its items and their parts have what their schemas require.

    Numbers, usage and the errors' own form are other rules'; kinds that no schema knows are free.
    """
    yield from once_each(ill_formed(exchange))


def ill_formed(exchange: Exchange) -> Iterator[Finding]:
    """Yield what an answer lacks of what its schemas require, as often as it does."""
    if exchange.form == "plain":
        told = answer(exchange)
        if told is not None and not ("error" in told and "object" not in told):
            yield from _response(told, Span(0, len(exchange.body)))
        return
    for event in responses.events(exchange):
        if isinstance(event, Data) and not responses.in_stream(event):
            yield from _event(event)


def _event(event: Data) -> Iterator[Finding]:
    kind = responses.kind(event)
    if not kind:
        yield Finding(f"an event without type: {str(event.value)[:60]}", event.span)
    yield from lacking(event.value, EVENTS.get(kind, {}), event.span, f"{kind} ")
    if isinstance(told := event.value.get("response"), dict) and kind in EVENTS:
        yield from _response(told, event.span)
    if isinstance(item := event.value.get("item"), dict):
        yield from _item(item, event.span)
    if isinstance(part := event.value.get("part"), dict):
        yield from _part(part, event.span)


def _response(told: dict[str, Json], span: Span) -> Iterator[Finding]:
    yield from lacking(told, RESPONSE, span, "response ")
    if isinstance(error := told.get("error"), dict):
        yield from lacking(error, ERROR, span, "response error ")
    for item in responses.output(told):
        yield from _item(item, span)


def _item(item: dict[str, Json], span: Span) -> Iterator[Finding]:
    kind = str(item.get("type"))
    yield from lacking(item, {"type": TEXT, **ITEMS.get(kind, {})}, span, f"{kind} item ")
    for part in parts(item):
        yield from _part(part, span)


def _part(part: dict[str, Json], span: Span) -> Iterator[Finding]:
    kind = str(part.get("type"))
    yield from lacking(part, {"type": TEXT, **PARTS.get(kind, {})}, span, f"{kind} part ")


@rule(
    "resp.usage-shape",
    Level.MUST,
    on="responses.stream responses.plain",
    probes="usage parity",
    cites=f"{OAS}, ResponseUsage: all members are required; recorded: 568 of 568 OpenAI streams",
    bugs="exo-explore/exo#1885 jundot/omlx#1008 pingmike2/freebuff2api-wokers#10 "
    "diegosouzapw/OmniRoute#6906",
)
def usage_has_all_its_members(exchange: Exchange) -> Iterator[Finding]:
    """The usage has input, output and total tokens, those cached and those of reasoning.

    With a script at hand, that there is usage at all is under `usage`.
    """
    yield from unshaped(exchange)
    told = responses.terminal(exchange)
    lost = told.get("status") == responses.COMPLETED and not isinstance(told.get("usage"), dict)
    if lost and exchange.scenario is None:
        yield Finding(f"usage is {told.get('usage')!r:.60} in a completed response")


TOKENS = ("input_tokens", "output_tokens", "total_tokens")
DETAILS = {
    "input_tokens_details": {"cached_tokens": COUNT},
    "output_tokens_details": {"reasoning_tokens": COUNT},
}
USAGE: Members = {**dict.fromkeys(TOKENS, COUNT), **dict.fromkeys(DETAILS, OBJECT)}


def unshaped(exchange: Exchange) -> Iterator[Finding]:
    """Yield what the usage of a response lacks of its members, or has as something else."""
    usage = responses.terminal(exchange).get("usage") if exchange.surface == "responses" else None
    if not isinstance(usage, dict):
        return
    whole = Span(0, len(exchange.body))
    yield from lacking(usage, USAGE, whole, "usage ")
    for name, members in DETAILS.items():
        if isinstance(details := usage.get(name), dict):
            yield from lacking(details, members, whole, f"usage {name} ")
