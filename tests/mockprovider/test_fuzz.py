"""Whatever it is told, the mock answers or says what is wrong: it never trips."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockprovider import rendering, scenario
from mockprovider.faults import CATALOGUE
from mockprovider.routing import SURFACES
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import BadScenario
from mockprovider.surfaces.chat.reading import read
from mockprovider.surfaces.chat.request import REQUEST
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import ENDS

VALID = Draft202012Validator(scenario.schema()).is_valid
FILLING = Filling("r1-1-1", "m", 5)
text = st.sampled_from(["a", "b c", "", "{", "stop"])
small = st.integers(0, 3)
call = st.sampled_from(["c", "d"])


def table(verb: str, value: st.SearchStrategy[Json], **more: Json) -> st.SearchStrategy[Json]:
    """Draw steps of a verb, with some of its modifiers."""
    return st.fixed_dictionaries({verb: value}, optional=more)


# What is merged into a delta may be anything, and looks most like what is there.
odd: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | small | text | st.just([]) | st.just({"a": "b"})
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "id": odd,
        "function": odd | st.fixed_dictionaries({}, optional={"name": odd, "arguments": odd}),
    },
)
extra = st.fixed_dictionaries(
    {},
    optional={
        "tool_calls": odd | st.lists(odd | calls, max_size=2),
        "signature": odd, "text": odd, "content": odd, "type": odd,
    },
)  # fmt: skip
steps = st.lists(
    st.one_of(
        table("say", text, choice=small, tokens=small, repeat=st.integers(1, 3), extra=extra),
        table("think", text, signature=text, redacted=st.booleans(), choice=small),
        table(
            "call",
            st.fixed_dictionaries(
                {"id": call, "name": text}, optional={"arguments": text | st.lists(text)}
            ),
            choice=small,
        ),
        st.fixed_dictionaries({"arguments": text, "of": call}),
        table("refuse", text, choice=small),
        table("finish", text, say=text, choice=small, extra=extra),
        table(
            "usage",
            st.just({"input": 3, "output": 2}),
            where=st.sampled_from(["chunk", "finish", "every", "no-choices"]),
            unasked=st.booleans(),
        ),
        st.sampled_from([
            {"ping": True}, {"comment": "c"}, {"hold": "h"}, {"await_close": 1}, {"raw": "x"},
            {"error": {"message": "m"}}, {"cite": {"url": "u"}}, {"raw_base64": "AAE="},
            {"reset": True}, {"close": "cut"}, {"stall": True}, {"sya": 1}, {}, {"say": 5},
        ]),
    ),
    max_size=7,
)  # fmt: skip
habits = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(shape["enum"])
        for name, shape in scenario.schema()["$defs"]["chat"]["properties"].items()
        if "enum" in shape
    },
)
asks = st.builds(
    Ask,
    stream=st.booleans(),
    n=st.integers(1, 3),
    limit=st.none() | st.integers(1, 3),
    stop=st.lists(text.filter(bool), max_size=2).map(tuple),
    logprobs=st.none() | small,
    parallel=st.booleans(),
    usage=st.booleans(),
    obfuscation=st.booleans(),
    given=st.just("{}"),
)
# Byte by byte, what another fault has made long takes its time.
faults = st.lists(st.sampled_from(sorted({*CATALOGUE} - {"drip"})), max_size=3) | st.just(["drip"])
documents = st.fixed_dictionaries(
    {
        "summary": st.just(""),
        "step": steps,
        "fault": faults,
        "write": st.sampled_from(["event", "burst", "segments"]),
        "chat": habits,
    }
)


def told(document: Json) -> Scenario | str:
    """Build a scenario, or return what is wrong with it."""
    try:
        return scenario.built(document, "x.toml")
    except BadScenario as error:
        return str(error)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(documents, asks, st.sampled_from(SURFACES))
def test_a_document_is_played_to_an_end_or_explained(
    document: Json, ask: Ask, surface: Surface
) -> None:
    built = told(document)
    if isinstance(built, str):
        assert built.startswith("x.toml: ")
        return
    script = built.scripts[0]
    rendered = rendering.render(built, script, surface, ask).filled(FILLING)

    timeline = rendering.faulty(script, rendered, built.write)

    assert VALID(document)
    assert isinstance(timeline[-1], ENDS)


members = st.sampled_from([*REQUEST["properties"], "role", "content", "type", "text", "function"])
words = st.sampled_from(["user", "assistant", "tool", "text", "function", "image_url", "auto", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 130) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=5),
    max_leaves=12,
)
turns = st.fixed_dictionaries(
    {"role": words}, optional={"content": values, "tool_calls": values, "tool_call_id": values}
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(members, values, max_size=5), st.lists(turns, max_size=4))
def test_a_request_is_understood_or_refused(body: Json, messages: list[Json]) -> None:
    for sent in (body, {"model": "m", "messages": messages, **body}):
        reading = read(sent)

        assert (reading.refusal is None) == (not reading.objections)
