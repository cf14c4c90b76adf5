"""Every scenario on the Responses surface: what it becomes fits the published shapes."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockprovider import rendering, scenario
from mockprovider.scenario import Scenario
from mockprovider.shapes import Json
from mockprovider.slots import Filling
from mockprovider.steps import Error, Raw
from mockprovider.surfaces import completions, embeddings, responses
from mockprovider.surfaces.surface import Ask, Surface
from mockprovider.timeline import ENDS, Send

Faults = Callable[[str, Json], dict[str, str]]
FOLDER = Path(__file__).parents[2] / "fixtures" / "scenarios"
FILLING = Filling("r1-1-1", "m", 1_770_000_000)
SCENARIOS = {path.stem: scenario.load(path) for path in sorted(FOLDER.glob("*.toml"))}
STREAM = Ask(stream=True, usage=True, obfuscation=True)

# state -> the event that may come next -> the state it leads to, of the stream and of one item
STREAMS = {
    "start": {"response.created": "created"},
    "created": {"response.in_progress": "open"},
    "open": {"keepalive": "open", "response.completed": "over", "response.incomplete": "over",
             "error": "broken"},
    "broken": {"response.failed": "over"},
    "over": {},
}  # fmt: skip
PARTS = {
    "response.content_part.added": "part", "response.reasoning_summary_part.added": "part",
}  # fmt: skip
ITEMS = {
    "new": {"response.output_item.added": "open"},
    "open": {**PARTS, "response.function_call_arguments.delta": "open",
             "response.function_call_arguments.done": "said", "response.output_item.done": "done"},
    "part": {"response.output_text.delta": "part", "response.output_text.annotation.added": "part",
             "response.refusal.delta": "part", "response.reasoning_summary_text.delta": "part",
             "response.output_text.done": "told", "response.refusal.done": "told",
             "response.reasoning_summary_text.done": "told"},
    "told": {"response.content_part.done": "said", "response.reasoning_summary_part.done": "said"},
    "said": {**PARTS, "response.output_item.done": "done"},
    "done": {},
}  # fmt: skip


def neutral(played: Scenario) -> bool:
    """Tell whether a scenario has no bytes of its own, which would be those of another surface."""
    return not any(
        script.head.body or any(isinstance(step, Raw) for step in script.steps)
        for script in played.scripts
    )


NEUTRAL = [name for name, played in SCENARIOS.items() if neutral(played)]
STREAMED = [name for name in NEUTRAL if SCENARIOS[name].scripts[0].head.status < 400]


def ended(name: str) -> bool:
    """Tell whether the scenario says the answer to its end."""
    steps = [step for script in SCENARIOS[name].scripts for step in script.steps]
    return not any(isinstance(step, ENDS) for step in steps)


def sent(name: str, ask: Ask, surface: Surface = responses.SURFACE) -> Iterator[bytes]:
    for script in SCENARIOS[name].scripts:
        timeline = rendering.render(SCENARIOS[name], script, surface, ask).filled(FILLING)
        yield from (step.data for step in timeline if isinstance(step, Send))


def events(name: str) -> list[Json]:
    found = [event.decode() for event in sent(name, STREAM) if event[:1] != b":"]
    lines = [event.removesuffix("\n\n").split("\n") for event in found]
    told = [json.loads(data.removeprefix("data: ")) for _, data in lines]
    assert [line for line, _ in lines] == [f"event: {data['type']}" for data in told]
    return told


@pytest.mark.parametrize("name", STREAMED)
def test_every_event_fits_the_published_shape(name: str, faults: Faults) -> None:
    told = events(name)

    assert [faults("openai-responses-event", data) for data in told] == [{}] * len(told)
    assert [data["sequence_number"] for data in told] == list(range(len(told)))


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_plain_answer_fits_the_published_shape(name: str, faults: Faults) -> None:
    steps = [step for script in SCENARIOS[name].scripts for step in script.steps]
    failed = any(isinstance(step, Error) for step in steps)
    shape = "openai-error" if failed else "openai-responses-response"

    answers = [json.loads(body) for body in sent(name, Ask(usage=True)) if failed or ended(name)]

    assert [faults(shape, answer) for answer in answers] == [{}] * len(answers)


@pytest.mark.parametrize("name", STREAMED)
def test_the_events_come_in_the_order_of_the_grammar(name: str) -> None:
    state, items = "start", defaultdict[int, str](lambda: "new")

    for event in events(name):
        index = event.get("output_index")
        if index is None:
            state = STREAMS[state][event["type"]]
        else:
            items[index] = ITEMS[items[index]][event["type"]]

    assert list(items) == list(range(len(items)))
    assert (state == "over" and set(items.values()) <= {"done"}) or not ended(name)


@pytest.mark.parametrize("name", [name for name in STREAMED if ended(name)])
def test_a_stream_adds_up_to_the_plain_answer(name: str) -> None:
    told = events(name)
    texts = defaultdict[str, str](str)
    for event in told:
        texts[event.get("item_id", "")] += event.get("delta", "")
    last = told[-1].get("response", {})

    plain = [json.loads(body) for body in sent(name, Ask(usage=True))]

    assert last == plain[-1] or last["status"] == "failed"
    assert [said(item) for item in last["output"]] == [texts[each["id"]] for each in last["output"]]


def said(item: Json) -> str:
    if item["type"] == "function_call":
        return str(item["arguments"])
    parts = [*item.get("content", ()), *item.get("summary", ())]
    return "".join(part.get("text", part.get("refusal")) for part in parts)


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_scenario_is_played_by_the_plain_routes_too(name: str, faults: Faults) -> None:
    steps = [step for script in SCENARIOS[name].scripts for step in script.steps]
    failed = any(isinstance(step, Error) for step in steps)
    whole = failed or ended(name)

    texts = [json.loads(each) for each in sent(name, Ask(), completions.SURFACE) if whole]
    vectors = [json.loads(each) for each in sent(name, Ask(), embeddings.SURFACE) if whole]
    shapes = ["openai-error"] * 2 if failed else ["openai-completion", "openai-embeddings"]

    assert [faults(shapes[0], answer) for answer in texts] == [{}] * len(texts)
    assert [faults(shapes[1], answer) for answer in vectors] == [{}] * len(vectors)
