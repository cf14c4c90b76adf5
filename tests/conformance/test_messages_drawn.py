"""Messages streams drawn at random: lawful ones break nothing, and nothing breaks the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.exchange import Exchange, Json, Trial
from conformance.rules import RULES
from tests.conformance.made_messages import (
    HELLO,
    OVER,
    PING,
    bare,
    begin,
    block,
    end,
    fail,
    named,
    pass_in,
    say,
    signed,
    stop,
    stream,
    think,
    thought,
    tool,
)

#: The rules that need nothing but what a client reads.
RULES_OF_THE_CLIENT = [
    rule for rule in RULES.values() if not rule.needs and "healthy" in rule.probes
]
TEXT = st.text(max_size=5)
DEEP: Json = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
EVENTS = [begin(), *HELLO, tool(1), pass_in("{}", 1), stop(1), end(), OVER, PING, fail()]


@st.composite
def lives(draw: st.DrawFn) -> list[Json]:
    """Return the events of some blocks, one after the other, with pings anywhere."""
    events: list[Json] = []
    for index in range(draw(st.integers(0, 4))):
        match draw(st.sampled_from(["text", "tool", "thinking", "redacted", "later"])):
            case "text":
                pieces = [block(index), *(say(each, index) for each in draw(st.lists(TEXT)))]
            case "tool":
                pieces = [tool(index), pass_in("", index), pass_in('{"a":1}', index)]
            case "thinking":
                pieces = [think(index), thought(draw(TEXT), index), signed("c2ln", index)]
            case "redacted":
                pieces = [block(index, type="redacted_thinking", data="cmVk")]
            case _:
                pieces = [block(index, type="later", light=draw(DEEP))]
        events += [*pieces, stop(index)]
    for at in draw(st.lists(st.integers(0, len(events)), max_size=3)):
        events.insert(at, PING)
    return events


@st.composite
def torn(draw: st.DrawFn) -> Exchange:
    """Return a stream of events in any order, some without members or with others."""
    events: list[bytes] = []
    for event in draw(st.lists(st.sampled_from(EVENTS), max_size=8)):
        name = draw(st.sampled_from(sorted(event)))
        changed = {**event, name: draw(DEEP)}
        kept = {key: value for key, value in changed.items() if draw(st.integers(0, 9))}
        told = kept.get("type")
        events.append(named(kept) if isinstance(told, str) and told.isascii() else bare(kept))
    return stream(*events)


def broken(exchange: Exchange) -> set[str]:
    trial = Trial("drawn", {"stream": exchange, "baseline": exchange})
    judging = (rule for rule in RULES_OF_THE_CLIENT if exchange.kind in rule.on)
    return {rule.id for rule in judging if list(rule.check(trial))}


@pytest.mark.slow
@given(lives())
def test_lawful_blocks_break_no_rule(events: list[Json]) -> None:
    assert broken(stream(begin(), *events, end(), OVER)) == set()


@pytest.mark.slow
@given(torn())
def test_a_rule_has_something_to_say_of_any_event(exchange: Exchange) -> None:
    assert broken(exchange) <= set(RULES)
